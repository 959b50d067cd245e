"""The pages under load: `make bench-web`. Prints queries, times at the 50th and 95th percentile, and the database's own share.

A database of its own, with the demo's country, 10,000 concerns and 1,000,000 entries; 50 members of every kind of body at
20 requests a second by locust against `tocsin serve`. The aim: the 95th percentile of each page under 200 ms.
They come two a second, and what is counted begins when all are there. Each waits as long as chance has it, so that requests come as from people
who know nothing of each other, and not in step.
TOCSIN_BENCH_CONCERNS, TOCSIN_BENCH_ENTRIES and TOCSIN_BENCH_SECONDS make it smaller or larger.
"""

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from itertools import zip_longest
from pathlib import Path

CONCERNS = int(os.environ.get("TOCSIN_BENCH_CONCERNS", "10000"))
ENTRIES = int(os.environ.get("TOCSIN_BENCH_ENTRIES", "1000000"))
SECONDS = int(os.environ.get("TOCSIN_BENCH_SECONDS", "60"))

SEED = """
INSERT INTO concerns_concern (provider_id, kind, place, title, restricted, severe, map_id, opened, holder_id, holder_kind, since, phase, due, leaves,
    power, binding, level, reminded, last_entry, closed)
SELECT p.code, 'outcome-signal', 'place ' || n, 'Concern ' || n, n % 20 = 0, false, (SELECT max(id) FROM web_accord_mapinforce),
    timestamptz '2026-01-05 09:00+00', b.id, 'icb', date '2026-01-05', 'to act', date '2026-01-15', date '2026-01-16' + (n % 30)::int, 'advise', false,
    'red', '', 0, CASE WHEN n % 3 = 0 THEN timestamptz '2026-01-06 09:00+00' END
FROM generate_series(1, %(concerns)s) n
JOIN (SELECT code, row_number() OVER (ORDER BY code) - 1 AS i, count(*) OVER () AS k FROM people_provider) p ON p.i = n %% p.k
JOIN people_coverage c ON c.provider_id = p.code JOIN people_body b ON b.id = c.body_id AND b.kind = 'icb';
"""
OPENING = """
INSERT INTO record_entry (chain, seq, at, body, what, payload, previous, hash, transaction)
SELECT 'concern:' || c.id, 0, c.opened, 'the watch', 'raised', '{"kind":"outcome-signal","provider":"' || c.provider_id || '"}', '', '', 0
FROM concerns_concern c ORDER BY c.id;
INSERT INTO concerns_owed (concern_id, kind, body_id, must, basis, due, done)
SELECT c.id, k.kind, b.id, 'do what it owes', '', date '2026-02-01', NULL FROM concerns_concern c
CROSS JOIN (VALUES ('trust'), ('mnsi'), ('mbrrace'), ('nhsr')) k (kind)
JOIN people_body b ON b.kind = k.kind AND (b.national OR b.provider_id = c.provider_id);
INSERT INTO concerns_signal (concern_id, key, site, site_name, level, raised_on, sentence, address, evidence, joined)
SELECT c.id, 'bench ' || c.id, '', '', 'red', date '2026-01-04', 'A rise', '/', '{}', c.opened FROM concerns_concern c;
"""
NOTES = """
INSERT INTO record_entry (chain, seq, at, body, what, payload, previous, hash, transaction)
SELECT 'concern:' || c.id, 0, c.opened, 'nhse', 'noted', '{"words":"Note ' || n || '"}', '', '', 0
FROM concerns_concern c CROSS JOIN generate_series(%s, %s) n;
"""


def main() -> None:
    """Seed, serve, load, print."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-bench-web-"))
    os.environ |= {"TOCSIN_DATA": str(folder), "TOCSIN_DEMO": "1", "DJANGO_SETTINGS_MODULE": "tocsin.web.settings"}
    from tocsin.cli.db import bring_up_to_date
    from tocsin.postgres import ensure, stop

    server = ensure(folder)
    try:
        bring_up_to_date()
        seed(server)
        pages = addresses()
        in_process(pages)
        under_load()
    finally:
        stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def seed(server: object) -> None:
    import django

    django.setup()
    from tocsin.accord import shipped
    from tocsin.web.accord.actions import put_in_force
    from tocsin.web.concerns import demo
    from tocsin.web.people.demo import make_country

    began = time.perf_counter()
    demo.begin()
    put_in_force(files=shipped("tocsin-proposed"), by="the benchmark")
    regions = ("North", "South", "East", "West", "Middle", "Capital", "Coast")
    make_country((f"X{i:03d}", f"Provider {i}", regions[i % 7]) for i in range(120))
    with server.connect("tocsin_owner") as connection:
        connection.autocommit = False
        connection.execute("SELECT set_config('tocsin.acting', 'tocsin', false)")
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
        connection.execute(SEED.replace("%(concerns)s", str(CONCERNS)).replace("%%", "%"))
        connection.execute(OPENING)
        connection.commit()
        each = max(0, ENTRIES // CONCERNS - 1)
        for first in range(1, each + 1, 10):
            connection.execute(NOTES % (first, min(first + 9, each)))
            connection.commit()
    with server.connect("tocsin_owner") as connection:
        connection.execute("VACUUM ANALYZE")
        total = connection.execute("SELECT last_value FROM record_entry_number").fetchone()[0]
    print(f"bench-web: {CONCERNS:,} concerns, {total:,} entries written through the ledger in {time.perf_counter() - began:.0f} s")


def addresses() -> dict[str, str]:
    from tocsin.web.concerns.models import Concern
    from tocsin.web.record.acting import TOCSIN, acting_as

    with acting_as(TOCSIN):
        number = Concern.objects.filter(closed=None, restricted=False).order_by("id").values_list("id", flat=True)[10]
    return {"overview": "/concerns/", "concern": f"/concerns/{number}/", "my body": "/concerns/mine/"}


def in_process(pages: dict[str, str]) -> None:
    """How many queries a page makes and how much of its time is the database's."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from tocsin.web.people.models import Member
    from tocsin.web.record.acting import TOCSIN, acting_as

    client = Client(HTTP_HOST="localhost")
    with acting_as(TOCSIN):
        client.force_login(Member.objects.get(membership__body__kind="nhse", membership__role="lead"), "tocsin.web.people.signin.Backend")
    for name, address in pages.items():
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            began = time.perf_counter()
            answer = client.get(address)
            took = time.perf_counter() - began
        database = sum(float(q["time"]) for q in captured.captured_queries)
        slowest = max(captured.captured_queries, key=lambda q: float(q["time"]))
        print(f"bench-web: {name}: {len(captured)} queries, {took * 1000:.0f} ms, database's share {database / took:.0%}, status {answer.status_code}; "
              f"slowest {float(slowest['time']) * 1000:.0f} ms: {slowest['sql'][:90]}")  # fmt: skip


def answers(address: str) -> None:
    """Wait until the pages are served, a minute at most."""
    for _ in range(240):
        try:
            with urllib.request.urlopen(address) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.25)
    raise SystemExit(f"{address} does not answer")


LOCUST = """
import json, os, random, re
from locust import HttpUser, task
PEOPLE = json.loads(os.environ["BENCH_PEOPLE"])
PAGES = {"overview": "/concerns/", "my body": "/concerns/mine/", "overview, page 20": "/concerns/?page=20", "searched": "/concerns/?text=Provider+7"}

class Reader(HttpUser):
    def wait_time(self):
        return random.expovariate(1 / 2.4)

    def on_start(self):
        page = self.client.get("/demo/people/?text=acts", name="sign in").text
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page)[1]
        self.client.post("/demo/people/" + PEOPLE.pop() + "/", {"csrfmiddlewaretoken": token}, name="sign in", headers={"Referer": self.host})
        lists = self.client.get("/concerns/mine/", name="sign in").text + self.client.get("/concerns/", name="sign in").text
        self.concerns = sorted(set(re.findall(r'href="(/concerns/[0-9]+/)', lists)))

    @task(3)
    def read(self):
        name = random.choice(list(PAGES))
        self.client.get(PAGES[name], name=name)

    @task(2)
    def look_closer(self):
        if self.concerns:
            self.client.get(random.choice(self.concerns), name="concern")
"""


def under_load() -> None:
    from tocsin.web.people.models import Member
    from tocsin.web.record.acting import TOCSIN, acting_as

    # members of every kind of body, nobody twice: the national ones, who see all, and then the others in turn
    leads = Member.objects.filter(demo=True, membership__role="lead").order_by("-membership__body__national", "pk")
    of_kind: dict[str, list[str]] = {}
    with acting_as(TOCSIN):
        for pk, kind in leads.values_list("pk", "membership__body__kind"):
            of_kind.setdefault(kind, []).append(str(pk))
    people = [pk for turn in zip_longest(*of_kind.values()) for pk in turn if pk][:50]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    serving = subprocess.Popen([sys.executable, "-m", "tocsin.cli", "serve", "--port", port])
    try:
        answers(f"http://localhost:{port}/health/")
        with tempfile.TemporaryDirectory() as place:
            file = Path(place) / "reader.py"
            file.write_text(LOCUST)
            env = os.environ | {"BENCH_PEOPLE": json.dumps(people)}
            command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "-u", "50", "-r", "2", "-t", f"{SECONDS + 25}s",
                       "--host", f"http://localhost:{port}", "--csv", f"{place}/out", "--only-summary", "--reset-stats", "--loglevel", "WARNING"]  # fmt: skip
            said = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
            if "Traceback" in said.stderr:
                print(said.stderr[said.stderr.index("Traceback") :][:1500])
            print((Path(place) / "out_failures.csv").read_text()[:1500].partition("\n")[2], end="")
            with (Path(place) / "out_stats.csv").open() as rows:
                for row in csv.DictReader(rows):
                    name = row["Name"]
                    if re.fullmatch("overview.*|my body|searched|concern|Aggregated", name):
                        print(f"bench-web: {name}: {row['Request Count']} requests, {float(row['Requests/s']):.1f} a second, median {row['50%']} ms, "
                              f"95th percentile {row['95%']} ms ({int(row['95%']) / 200:.2f} of the aim), failures {row['Failure Count']}")  # fmt: skip
    finally:
        serving.terminate()
        serving.wait(10)


if __name__ == "__main__":
    main()
