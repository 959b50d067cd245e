"""Kill -9 of web, worker and database in turn, while programs, members and families act: `python -m benchmarks.kill --times 100`.

A database of its own in a folder of its own, `tocsin serve` and `tocsin worker` as they are installed. Clients act all the time: programs by the API
with idempotency keys, members and families by the forms, a visitor who lets days pass. Whoever gets no answer sends the same again,
as people and programs do. In the end every answer that was given must stand in the record exactly once, what was refused must not, nothing
may be half done, and `tocsin record verify` must find nothing. Exit status: 0 all of that holds; 1 it does not, and each fault is printed.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import requests

PATIENCE = 120
"""Seconds after which something that does not come back counts as gone."""
PARTS = ("web", "worker", "database")
REGIONS = ("North", "South")


@dataclass
class Attempt:
    """One thing that a client wanted done. answer: 'done', 'refused', '' while it is not known. tries: how often it was sent."""

    what: str
    words: str
    key: UUID = field(default_factory=uuid4)
    answer: str = ""
    tries: int = 0
    status: int = 0
    receipt: tuple[str, str] | None = None


class Service:
    """Web, worker and database, each started, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self.port = trial.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.ended_itself: Counter[str] = Counter()
        self.log = (folder / "said.log").open("ab")

    def start(self, part: str) -> None:
        if part == "database":
            subprocess.run([sys.executable, "-m", "tocsin.cli", "db", "start"], check=True, stdout=subprocess.DEVNULL)
            return
        words = ["serve", "--port", str(self.port)] if part == "web" else ["worker"]
        env = os.environ | {"TOCSIN_WITH_PARENT": "1"}
        self.running[part] = subprocess.Popen(
            [sys.executable, "-m", "tocsin.cli", *words], env=env, start_new_session=True, stdout=self.log, stderr=self.log
        )

    def kill(self, part: str, chance: random.Random) -> None:
        """With SIGKILL: web and worker with all that they started; of the database the first process, or all of them."""
        if part == "database":
            from tocsin.postgres import status

            first = psutil.Process(status(self.folder)["pid"])
            victims = [first, *(first.children(recursive=True) if chance.random() < 0.5 else [])]
            for process in victims:
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    continue
            first.wait(PATIENCE)
            return
        os.killpg(self.running[part].pid, signal.SIGKILL)
        self.running[part].wait(PATIENCE)

    def keep_up(self) -> None:
        """Start again what ended by itself, as a supervisor does."""
        for part, process in list(self.running.items()):
            if process.poll() is not None:
                self.ended_itself[part] += 1
                self.start(part)

    def wait(self) -> None:
        """Until the pages answer and reach the database."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            self.keep_up()
            try:
                if requests.get(f"{self.address}/health/", timeout=5).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.05)
        raise SystemExit(f"kill: the pages did not come back within {PATIENCE} seconds; what was said: {self.folder / 'said.log'}")

    def end(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(PATIENCE)


class Client(threading.Thread):
    """Acts until told to stop, one thing after another; what gets no answer is sent again as it was."""

    def __init__(self, service: Service, country: dict[str, Any], seed: int) -> None:
        super().__init__(daemon=True)
        self.service, self.country, self.chance = service, country, random.Random(seed)
        self.session = requests.Session()
        self.attempts: list[Attempt] = []
        self.stopping = threading.Event()
        self.failure = ""

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                self.act()
                time.sleep(self.chance.random() * 0.02)
        except Exception as error:
            self.failure = f"{type(self).__name__}: {error!r}"

    def act(self) -> None:
        raise NotImplementedError

    def until_answered(self, attempt: Attempt, send: Callable[[], requests.Response]) -> requests.Response:
        """Send until the answer is one: not a lost connection, not 'something is broken here'."""
        self.attempts.append(attempt)
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            attempt.tries += 1
            try:
                answer = send()
            except requests.RequestException:
                time.sleep(0.1)
                continue
            if answer.status_code < 500:
                attempt.status = answer.status_code
                return answer
            time.sleep(0.1)
        raise RuntimeError(f"no answer for {PATIENCE} seconds to {attempt}")

    def read(self, address: str) -> requests.Response:
        """A page, however long it takes to come back."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            try:
                answer = self.session.get(self.service.address + address, timeout=20)
            except requests.RequestException:
                time.sleep(0.1)
                continue
            if answer.status_code < 500:
                return answer
            time.sleep(0.1)
        raise RuntimeError(f"no page for {PATIENCE} seconds: {address}")


class Program(Client):
    """Acts by the API, with an idempotency key for each call."""

    def act(self) -> None:
        word = uuid4().hex
        concern = self.chance.choice(self.country["concerns"])
        # one in eight asks about what it may not see, and must be refused
        tokens = self.country["tokens"]["" if self.chance.random() < 0.125 else concern[1]]
        name, body, what = self.chance.choice(
            (
                *[("note", {"words": word}, "noted")] * 6, ("acknowledge", {}, "acknowledged"),
                ("act", {"words": word}, "acted"), ("refuse", {"reason": word}, "refused"), ("done", {"words": word}, "obligation-done"),
                ("actions", {"what": word, "owner": "trust", "strength": "strong", "measure": "m", "due": "2199-01-01"}, "action-planned"),
                ("questions", {"subject": word, "detail": "", "due": "2199-01-01"}, "information-asked"),
                ("", {"provider": concern[1], "kind": "failed-candour", "title": word, "words": ""}, "raised"),
            )
        )  # fmt: skip
        attempt = Attempt(what, word if body else "")
        address = f"{self.service.address}/api/v1/concerns" + (f"/{concern[0]}/{name}" if name else "")
        headers = {"Authorization": f"Bearer {self.chance.choice(tokens)}", "Idempotency-Key": str(attempt.key)}
        answer = self.until_answered(attempt, lambda: requests.post(address, json=body, headers=headers, timeout=20))
        attempt.answer = "done" if answer.status_code < 300 else "refused"


class Person(Client):
    """A member with a browser: opens a form, fills it in, sends it; and sends it again where nothing came back."""

    who = ""

    def act(self) -> None:
        if "sessionid" not in self.session.cookies:
            self.sign_in()
        number = self.chance.choice(self.country["concerns"] if self.chance.random() < 0.125 else self.country["seen"][self.who])[0]
        word = uuid4().hex
        slug, fields, what = self.chance.choice(
            (*[("note", {"words": word}, "noted")] * 4, ("act", {"words": word}, "acted"), *[("evidence", {}, "evidence-given")] * 2)
        )  # fmt: skip
        page = self.read(f"/concerns/{number}/do/{slug}/")
        hidden = dict(re.findall(r'name="(csrfmiddlewaretoken|request|stamp)" value="([^"]*)"', page.text))
        if "request" not in hidden:
            # signed out, as after a kill within signing in
            self.session.cookies.clear()
            return
        attempt = Attempt(what, word, UUID(hidden["request"]))
        address = f"{self.service.address}/concerns/{number}/do/{slug}/"

        def send() -> requests.Response:
            files = {"upload": (f"{word}.txt", word.encode(), "text/plain")} if slug == "evidence" else None
            return self.session.post(address, hidden | fields, files=files, headers={"Referer": address}, allow_redirects=False, timeout=20)

        answer = self.until_answered(attempt, send)
        attempt.answer = "done" if answer.status_code == 302 and "sign-in" not in answer.headers["Location"] else "refused"

    def sign_in(self) -> None:
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', self.read("/demo/people/?text=acts").text)
        self.who = self.chance.choice(list(self.country["seen"]))
        address = f"{self.service.address}/demo/people/{self.who}/"
        try:
            self.session.post(address, {"csrfmiddlewaretoken": token[1] if token else ""}, headers={"Referer": address}, timeout=20)
        except requests.RequestException:
            self.session.cookies.clear()


class Family(Client):
    """Tells what happened; and sends it again where no receipt came back."""

    def act(self) -> None:
        self.session.cookies.clear()
        page = self.read("/tell-us/").text
        hidden = dict(re.findall(r'name="(csrfmiddlewaretoken|request|stamp)" value="([^"]*)"', page))
        attempt = Attempt("noted", uuid4().hex, UUID(hidden["request"]))
        provider = self.chance.choice(self.country["concerns"])[1]
        form = hidden | {"group": "family", "provider": provider, "kind": "outcome-signal", "account": attempt.words, "contact": ""}
        address = f"{self.service.address}/tell-us/"
        answer = self.until_answered(attempt, lambda: self.session.post(address, form, headers={"Referer": address}, timeout=20))
        found = [re.search(rf'id="{name}">([^<]+)', answer.text) for name in ("number", "code")]
        if answer.status_code == 200 and all(found):
            attempt.answer, attempt.receipt = "done", (found[0][1], found[1][1])  # type: ignore[index]
        else:
            attempt.answer = "refused"
        time.sleep(0.2)


class Board(Client):
    """Asks for a board pack now and then; each must be made in the end, whatever became of the worker that began it."""

    def __init__(self, service: Service, country: dict[str, Any], seed: int) -> None:
        super().__init__(service, country, seed)
        self.packs: list[str] = []

    def act(self) -> None:
        page = self.read("/demo/people/?text=acts").text
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page)
        data = {"csrfmiddlewaretoken": token[1] if token else ""}
        for address in (f"/demo/people/{self.country['nation']}/", f"/providers/{self.country['concerns'][0][1]}/board-pack/"):
            where = self.service.address + address
            try:
                answer = self.session.post(where, data, headers={"Referer": where}, allow_redirects=False, timeout=20)
            except requests.RequestException:
                self.session.cookies.clear()
                return
            data["csrfmiddlewaretoken"] = self.session.cookies.get("csrftoken", "")
        found = re.search(r"/board-packs/([0-9a-f-]{36})/", answer.headers.get("Location", ""))
        if found:
            self.packs.append(found[1])
        self.stopping.wait(20)


class Visitor(Client):
    """Lets a working day pass every few seconds, so that holders fall silent and concerns pass on while everything else goes on."""

    def act(self) -> None:
        page = self.read("/demo/people/").text
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page)
        address = f"{self.service.address}/demo/clock/"
        data = {"days": "1", "back": "/concerns/", "csrfmiddlewaretoken": token[1] if token else ""}
        try:
            self.session.post(address, data, headers={"Referer": address}, allow_redirects=False, timeout=20)
        except requests.RequestException:
            return
        self.stopping.wait(4)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=100, help="how often something is killed (default 100)")
    parser.add_argument("--seed", type=int, default=1, help="of chance: what is done, and when it is killed")
    given = parser.parse_args()
    # so that what was started is stopped, also when this is told to end
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="tocsin-kill-"))
    os.environ |= {"TOCSIN_DATA": str(folder), "TOCSIN_DEMO": "1", "DJANGO_SETTINGS_MODULE": "tocsin.web.settings"}
    os.environ.pop("DATABASE_URL", None)
    from tocsin.postgres import stop

    service = Service(folder)
    clients: list[Client] = []
    try:
        country = settle(folder)
        for part in ("web", "worker"):
            service.start(part)
        service.wait()
        kinds: tuple[type[Client], ...] = (Program, Program, Person, Person, Family, Visitor)
        if given.times >= len(PARTS) * 5:
            kinds = (*kinds, Board)
        clients = [kind(service, country, given.seed * 100 + n) for n, kind in enumerate(kinds)]
        for client in clients:
            client.start()
        back = kill_in_turn(service, clients, given.times, random.Random(given.seed))
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(PATIENCE + 30)
        faults = [c.failure for c in clients if c.failure] + [f"{type(c).__name__} did not end" for c in clients if c.is_alive()]
        packs = [pack for c in clients if isinstance(c, Board) for pack in c.packs]
        if packs:
            faults += list(not_made(packs, service))
        service.end()
        faults += list(what_is_wrong([a for c in clients for a in c.attempts]))
        faults += verified()
        report(given.times, [a for c in clients for a in c.attempts], back, service)
    finally:
        for client in clients:
            client.stopping.set()
        service.end()
        stop(folder)
    for fault in faults[:50]:
        print(f"kill: FAULT: {fault}")
    print(f"kill: {f'{len(faults)} faults; what the parts said: {folder}' if faults else 'no fault'}")
    if not faults:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(Path("/var/lib") / service_folder(folder), ignore_errors=True)
    return 1 if faults else 0


def service_folder(folder: Path) -> str:
    import hashlib

    return "tocsin-" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]


def settle(folder: Path) -> dict[str, Any]:
    """A small country: its providers, bodies and members, tokens of some of them, and a concern about each provider."""
    from tocsin.cli.db import bring_up_to_date
    from tocsin.postgres import ensure

    ensure(folder)
    bring_up_to_date()
    import django

    django.setup()
    from datetime import date

    from tocsin.accord import shipped
    from tocsin.signal import ConcernKind, Level, ProviderRef, Signal
    from tocsin.web.accord.actions import put_in_force
    from tocsin.web.concerns import demo
    from tocsin.web.concerns.actions import raise_signal
    from tocsin.web.people.actions import make_token
    from tocsin.web.people.demo import make_country
    from tocsin.web.people.models import Membership
    from tocsin.web.people.permissions import may_raise, who_is
    from tocsin.web.record.acting import TOCSIN, acting_as

    put_in_force(files=shipped("tocsin-proposed"), by="the kill test")
    demo.begin()
    providers = [(f"X{i:02d}", f"Provider {i}", REGIONS[i % 2]) for i in range(8)]
    make_country(providers)
    concerns, seen, tokens = [], {}, {"": []}
    for code, name, _ in providers:
        rise = Signal(ProviderRef(code, name), ConcernKind.OUTCOME_SIGNAL, Level.RED, date(2026, 1, 4), None, "A rise", "/", {})
        concerns.append((raise_signal(rise, by="the watch").pk, code))
    with acting_as(TOCSIN):
        leads = Membership.objects.filter(role="lead", body__kind__in=("icb", "region", "nhse", "cqc", "trust"))
        nation = str(leads.get(body__kind="nhse").member_id)
        for lead in leads.select_related("member", "body"):
            who, token = who_is(lead.member), make_token(body=lead.body, name="kill", scopes=["read", "raise", "act"], by=lead.member)[1]
            seen[str(lead.member.pk)] = [c for c in concerns if may_raise(who, c[1])]
            for _, code in (*seen[str(lead.member.pk)], (0, "")):
                tokens.setdefault(code, []).append(token)
    return {"concerns": concerns, "tokens": tokens, "seen": seen, "nation": nation}


def kill_in_turn(service: Service, clients: list[Client], times: int, chance: random.Random) -> dict[str, list[float]]:
    """Kill web, worker, database, web ... ; after each the pages must answer again and clients must get something done."""
    back: dict[str, list[float]] = {part: [] for part in PARTS}
    for at in range(times):
        part = PARTS[at % len(PARTS)]
        done_before = sum(a.answer == "done" for c in clients for a in c.attempts)
        time.sleep(0.2 + chance.random() * 1.5)
        service.kill(part, chance)
        killed = time.monotonic()
        service.start(part)
        service.wait()
        back[part].append(time.monotonic() - killed)
        began = time.monotonic()
        while sum(a.answer == "done" for c in clients for a in list(c.attempts)) < done_before + 5:
            service.keep_up()
            if time.monotonic() - began > PATIENCE:
                raise SystemExit(f"kill: after the {part} was killed nothing was done for {PATIENCE} seconds")
            time.sleep(0.05)
        if (at + 1) % 10 == 0:
            print(
                f"kill: {at + 1} of {times} kills, {sum(a.answer == 'done' for c in clients for a in list(c.attempts))} answers", flush=True
            )
    return back


def not_made(packs: list[str], service: Service) -> Iterator[str]:
    """Wait until the worker, which may have been killed within each of them, has made every board pack that was asked for."""
    from django.db import connection

    from tocsin.web.feeds.models import BoardPack
    from tocsin.web.record.acting import TOCSIN, acting_as

    began, waiting = time.monotonic(), set(packs)
    while waiting and time.monotonic() - began < 4 * PATIENCE:
        service.keep_up()
        time.sleep(1)
        connection.close()
        with acting_as(TOCSIN):
            waiting -= {str(p) for p in BoardPack.objects.filter(pk__in=waiting, progress=100).values_list("pk", flat=True)}
    print(
        f"kill: {len(packs) - len(waiting)} of {len(packs)} board packs were made, the last {time.monotonic() - began:.0f} s after the end"
    )
    yield from (f"a board pack was asked for and never made: {pack}" for pack in waiting)


def what_is_wrong(attempts: list[Attempt]) -> Iterator[str]:
    """Each fault in words: an answer that is not in the record once, a refusal that is, a row without its entry or an entry without its row."""
    from django.db import connection

    from tocsin.web.concerns.raisers import accounts_of, find
    from tocsin.web.record.acting import TOCSIN, acting_as
    from tocsin.web.record.models import Entry

    connection.close()
    with acting_as(TOCSIN):
        found = Counter(Entry.objects.exclude(request=None).values_list("request", flat=True))
        entries = {e.request: e for e in Entry.objects.exclude(request=None)}
    for attempt in attempts:
        entry = entries.get(attempt.key)
        if attempt.answer == "done" and (found[attempt.key] != 1 or entry is None):
            yield f"acknowledged and stands in the record {found[attempt.key]} times: {attempt}"
        elif attempt.answer == "refused" and entry is not None:
            yield f"refused, and yet in the record as '{entry.what}': {attempt}"
        elif entry is not None and entry.what != attempt.what and not (attempt.what == "raised" and entry.what == "noted"):
            yield f"in the record as '{entry.what}': {attempt}"
        elif entry is not None and attempt.words and attempt.receipt is None and attempt.words not in entry.payload:
            yield f"in the record with other words: {attempt}"
        elif not attempt.answer:
            yield f"never answered: {attempt}"
        if attempt.receipt:
            raiser = find(*attempt.receipt)
            if raiser is None or accounts_of([raiser])[0][1] != attempt.words:
                yield f"a receipt that opens nothing, or another account: {attempt}"
    known = {a.key for a in attempts}
    yield from (f"in the record, and nobody asked for it: {e.what} {e.chain}" for key, e in entries.items() if key not in known)
    with acting_as(TOCSIN):
        yield from half_done()


def half_done() -> Iterator[str]:
    """Where what is stored of a concern and what the record says of it differ."""
    from tocsin.web.concerns import clockwork
    from tocsin.web.concerns.models import Concern, InformationRequest, JoinedSignal, Passed, PlannedAction, Publication, Raiser
    from tocsin.web.record import files, ledger
    from tocsin.web.record.models import Attachment

    for concern in Concern.objects.select_related("provider", "map", "holder"):
        chain = clockwork.chain(concern)
        entries = ledger.entries(chain)
        where = f"concern {concern.pk}"
        if not entries or entries[0].what != "raised":
            yield f"{where} has no beginning in the record"
            continue
        if concern.last_entry != entries[-1].seq:
            yield f"{where} knows of entry {concern.last_entry}, the record of {entries[-1].seq}"
        if [e.seq for e in entries] != list(range(1, len(entries) + 1)):
            yield f"{where} has a gap in its entries"
        said = Counter(e.what for e in entries)
        told = [json.loads(e.payload) for e in entries if e.what == "noted"]
        rows: tuple[tuple[str, int, int], ...] = (
            ("passings", Passed.objects.filter(concern=concern).count(), said["passed"]),
            ("actions", PlannedAction.objects.filter(concern=concern).count(), said["action-planned"]),
            ("questions", InformationRequest.objects.filter(concern=concern).count(), said["information-asked"]),
            ("publications", Publication.objects.filter(concern=concern).count(), said["published"]),
            ("signals", JoinedSignal.objects.filter(concern=concern).count(), said["signal-joined"]),
            ("files", Attachment.objects.filter(chain=chain).count(), said["evidence-given"]),
            ("accounts", Raiser.objects.filter(concern=concern).count(), sum("raiser" in t for t in told)),
        )
        yield from (f"{where}: {there} {name} stored, {wanted} in the record" for name, there, wanted in rows if there != wanted)
        passings = list(Passed.objects.filter(concern=concern).order_by("number"))
        if [p.number for p in passings] != list(range(1, len(passings) + 1)) or any(b.day < a.day for a, b in pairwise(passings)):
            yield f"{where}: its passings do not follow each other"
        state = clockwork.standing(concern, entries[-1].at, entries)
        holder = state.holder
        if holder is None or (holder.body, holder.since, holder.phase.value) != (concern.holder_kind, concern.since, concern.phase):
            yield f"{where} is stored as held by {concern.holder_kind} ({concern.phase}); by the record it is {holder}"
        for attachment in Attachment.objects.filter(chain=chain).select_related("file"):
            if f"{files.read(attachment.file).decode()}.txt" != attachment.name:
                yield f"{where}: a file is not the one that was given: {attachment.name}"


def verified() -> list[str]:
    """What `tocsin record verify` says against it."""
    done = subprocess.run([sys.executable, "-m", "tocsin.cli", "record", "verify"], capture_output=True, text=True, check=False)
    print(f"kill: tocsin record verify: {done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr[-300:]}")
    return [f"tocsin record verify: {done.stdout[-500:]}"] if done.returncode else []


def report(times: int, attempts: list[Attempt], back: dict[str, list[float]], service: Service) -> None:
    answers = Counter(a.answer for a in attempts)
    again = sum(a.tries > 1 for a in attempts)
    print(f"kill: {times} kills; {answers['done']} acknowledged, {answers['refused']} refused, {again} sent more than once, "
          f"{max((a.tries for a in attempts), default=0)} times at most")  # fmt: skip
    for part, seconds in back.items():
        if seconds:
            median = sorted(seconds)[len(seconds) // 2]
            print(
                f"kill: after a kill of the {part} the pages answered again after {median:.1f} s (median), {max(seconds):.1f} s (longest)"
            )
    print(f"kill: ended by themselves and were started again: {dict(service.ended_itself) or 'none'}")


if __name__ == "__main__":
    sys.exit(main())
