"""`tocsin demo`: a synthetic country, watched and served."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tocsin.cli.db import bring_up_to_date, data_folder
from tocsin.cli.serve import refuse_taken
from tocsin.postgres import empty, ensure, stop

_console = Console()


def command(
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the demo's data away and begin anew.")] = False,
    port: Annotated[int, typer.Option(help="Port to serve on.")] = 8000,
) -> None:
    """Build the demo country, run the watch over it, load what it says and serve it on http://localhost:8000. Ctrl-C stops everything.

    A second start finds the same data. Examples:

      tocsin demo

      tocsin demo --fresh --port 8001
    """
    refuse_taken("127.0.0.1", port)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.web.settings")
    os.environ["TOCSIN_DEMO"] = "1"
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    # a shell that starts us in the background lets us ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    running: list[subprocess.Popen[bytes]] = []
    try:
        ensure(folder)
        if fresh:
            empty(folder)
        bring_up_to_date()
        _prepare(folder, fresh)
        env = os.environ | {"TOCSIN_WATCH_FOLDER": str(folder / "demo" / "data"), "TOCSIN_WITH_PARENT": "1"}
        for part in (["serve", "--port", str(port)], ["worker"]):
            running.append(subprocess.Popen([sys.executable, "-m", "tocsin.cli", *part], start_new_session=True, env=env))  # noqa: S603
        server = running[0]
        _wait_for(port, server)
        _console.print(f"\nTocsin is serving on http://localhost:{port} (Ctrl-C stops it)", highlight=False)
        while all(part.poll() is None for part in running):
            time.sleep(0.5)
        print("The server or the worker ended by itself; what it said stands above.", file=sys.stderr)
        raise typer.Exit(1)
    except KeyboardInterrupt:
        _console.print("\nStopping ...")
    finally:
        _end(running)
        stop(folder)
    _console.print("Stopped.")


def _end(running: "list[subprocess.Popen[bytes]]") -> None:
    """Let each finish what it is doing, for at most ten seconds."""
    for part in running:
        if part.poll() is None:
            part.send_signal(signal.SIGINT)
    for part in running:
        try:
            part.wait(10)
        except subprocess.TimeoutExpired:
            part.kill()


def _prepare(folder: Path, fresh: bool) -> None:
    """Build, watch and load, unless this version of the demo already stands in the database."""
    import django

    django.setup()
    from tocsin.accord import shipped
    from tocsin.web.accord.actions import put_in_force
    from tocsin.web.concerns import demo_stories
    from tocsin.web.concerns.demo import begin
    from tocsin.web.learn.shipped import load as load_register
    from tocsin.web.people.demo import make_country
    from tocsin.web.review.demo import make_panel
    from tocsin.web.watch.actions import keep_comparison, load_run
    from tocsin.web.watch.models import Run
    from tocsin.web.watch.ringing import ring_the_hall
    from tocsin.web.watch.tasks import mark_seen, signature

    done = folder / "demo" / "loaded"
    wanted = _version()
    if not fresh and done.exists() and done.read_text() == wanted and Run.objects.exists():
        return
    done.unlink(missing_ok=True)
    data = folder / "demo" / "data"
    keep = folder / "watch"
    shutil.rmtree(keep, ignore_errors=True)
    if fresh:
        shutil.rmtree(data, ignore_errors=True)
    from tocsin.demo import truth
    from tocsin.demo.country import build
    from tocsin.watch.nightly import run_folder

    with _bar() as bar:
        build(data, progress=_teller(bar, "country"))
        result = run_folder(data, keep, progress=_teller(bar, "watch"))
        told = _teller(bar, "load")
        told("Loading the signals", 0, 1)
        run = load_run(result)
        told("Loaded the signals", 1, 1)
    rows, false_reds = truth.compare(truth.read_truth(data), result)
    keep_comparison(run=run, planted=[asdict(row) for row in rows], unexplained=len(false_reds), years=12)
    mark_seen(signature(data))
    put_in_force(files=shipped("tocsin-proposed"), by="the demo")
    new = begin(demo_stories.START)
    make_country((s.provider, s.provider_name, s.region or "") for s in result.sites)
    if new:
        with _bar() as bar:
            told = _teller(bar, "stories")
            demo_stories.play(lambda done, of: told("Letting concerns take their course", done, of))
            told("The concerns have taken their course", 1, 1)
    ring_the_hall(run)
    make_panel()
    with _bar() as bar:
        load_register(progress=_teller(bar, "register"))
    (folder / "demo" / "found.md").write_text(truth.table(rows, false_reds, 12) + "\n")
    _console.print(f"What was found, beside what was planted: {folder / 'demo' / 'found.md'}", highlight=False)
    done.write_text(wanted)


def _version() -> str:
    """Changes with the code that makes the demo's data and signals."""
    root = Path(__file__).resolve().parent.parent
    found = hashlib.sha256()
    parts = (
        "demo/*.py",
        "watch/**/*.py",
        "watch/**/*.yaml",
        "web/watch/*.py",
        "web/concerns/*.py",
        "web/people/*.py",
        "web/review/demo.py",
        "accord/maps/*.yaml",
        "learn/**/*.yaml",
        "learn/metric.npz",
        "web/learn/shipped.py",
    )
    for path in sorted(path for part in parts for path in root.glob(part)):
        found.update(path.read_bytes())
    return found.hexdigest()


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise typer.Exit(2)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    print("The server did not answer within 30 seconds.", file=sys.stderr)
    raise typer.Exit(2)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(), console=_console
    )


def _teller(bar: Progress, _: str) -> Callable[[str, int, int], Any]:
    task = bar.add_task("", total=None)

    def tell(what: str, done: int, of: int) -> None:
        bar.update(task, description=what, completed=done, total=of)

    return tell
