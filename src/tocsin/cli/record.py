"""`tocsin record`: check the record, and take a concern's history away. Exit status: 0 good; 1 something was changed; 2 cannot be done."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)


@app.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Read the whole record and say whether anything was changed behind Tocsin's back.

    Every hash is made again, every entry must follow the one before it, every signed checkpoint must fit. Examples:

      tocsin record verify

      tocsin record verify --json
    """
    _begin()
    from tocsin.web.record import checkpoint
    from tocsin.web.record.acting import TOCSIN, acting_as
    from tocsin.web.record.models import Checkpoint

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with acting_as(TOCSIN), Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading the record", total=None)
        count, faults = checkpoint.verify(lambda done, of: bar.update(task, completed=done, total=of))
        signed = Checkpoint.objects.count()
    if as_json:
        print(json.dumps({"entries": count, "checkpoints": signed, "faults": [{"where": f.where, "what": f.what} for f in faults]}))
    else:
        for fault in faults:
            print(f"{fault.where}: {fault.what}")
        print(f"{count:,} entries, {signed:,} signed checkpoints: {f'{len(faults)} faults' if faults else 'each as it was written'}.")
    if faults:
        raise typer.Exit(1)


@app.command()
def export(
    concern: Annotated[int, typer.Argument(help="Number of the concern.")],
    to: Annotated[Path | None, typer.Option(help="File to write; default concern-NUMBER.zip.")] = None,
) -> None:
    """Write a concern's whole history to a file that anybody can verify with the public key alone, without Tocsin.

    It holds all that the record holds of the concern, also where it is restricted. Example: tocsin record export 12 --to history.zip
    """
    _begin()
    from tocsin.web.record import export as exporting
    from tocsin.web.record.acting import TOCSIN, acting_as

    place = to or Path(f"concern-{concern}.zip")
    try:
        with acting_as(TOCSIN):
            place.write_bytes(exporting.of_concern(concern))
    except (LookupError, OSError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"{place}: in it, python3 verify.py --key KEY.pem checks it")


@app.command()
def key() -> None:
    """Print the public key with which checkpoints can be checked. Example: tocsin record key > tocsin.pem"""
    _begin()
    from tocsin.web.record import keys

    print(keys.public_pem(), end="")


@app.command()
def checkpoint() -> None:
    """Sign now how every chain ends; the worker does this every ten minutes. Example: tocsin record checkpoint"""
    _begin()
    from tocsin.web.record import checkpoint as checkpoints
    from tocsin.web.record.acting import TOCSIN, acting_as
    from tocsin.web.record.moment import now

    with acting_as(TOCSIN):
        made = checkpoints.take(now())
    print(f"Checkpoint {made.pk}: {made.chains:,} chains, root {made.root}" if made else "Nothing was written since the last checkpoint.")


@app.command(name="change-key")
def change_key() -> None:
    """Sign with another key from now on, and say so in the record. Publish the new public key; keep the old ones for what they signed.

    Example: tocsin record change-key
    """
    _begin()
    from tocsin.web.record import checkpoint as checkpoints
    from tocsin.web.record import keys
    from tocsin.web.record.acting import TOCSIN, acting_as
    from tocsin.web.record.moment import now

    try:
        with acting_as(TOCSIN):
            made = checkpoints.change_key(now())
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"Checkpoint {made.pk} is signed with the new key:\n{keys.public_pem()}", end="")


@app.command(name="change-master-key")
def change_master_key(
    settled: Annotated[float, typer.Option(help="Seconds to wait for what running processes had in hand when the key changed.")] = 60,
) -> None:
    """Bring files, sealed words, second factors, webhooks and board packs under another master key, while Tocsin runs.

    It may be broken off at any moment; run again, it goes on. The old key stays in keys/master-before: copies made earlier need it.
    Exit status: 0 done; 1 something could not be opened, and the change stays open; 2 cannot be done.

    Example: tocsin record change-master-key
    """
    _begin()
    from tocsin.web.feeds import pack
    from tocsin.web.people import signin
    from tocsin.web.record import master
    from tocsin.web.record.acting import TOCSIN, acting_as
    from tocsin.web.record.moment import now

    console = Console(stderr=True)
    try:
        with acting_as(TOCSIN), console.status("Wrapping keys anew") as status:
            also = (*signin.KEPT, *pack.KEPT)
            changed, unread = master.change(
                also, now, settled=settled, progress=lambda table, count: status.update(f"{table}: {count:,} wrapped anew")
            )
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    for left in unread[:20]:
        print(f"{left.table}, {left.key}: no key here opens it")
    print(f"{changed:,} wrapped anew, {len(unread):,} that no key opens.")
    if unread:
        raise typer.Exit(1)
    print("All is under the new key. Back up keys/ again; keep keys/master-before only as long as copies made before.")


def _begin() -> Any:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.web.settings")
    import django

    django.setup()
