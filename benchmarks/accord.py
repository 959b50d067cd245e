"""How long the checker takes for a national map, and how that grows with the number of bodies."""

import resource
import time
from datetime import date, timedelta
from itertools import pairwise

from tocsin.accord.check import check
from tocsin.accord.language import read_map
from tocsin.accord.model import AccordMap


def national(bodies: int, concerns: int = 12, providers: int = 6, years: int = 20, changes_a_year: int = 2) -> AccordMap:
    """A lawful map: for each kind of provider a ladder of bodies, the lower ones different for each; lines change with the years."""
    since = date(2006, 1, 1)
    until = since + timedelta(days=round(365.25 * years))
    kinds, places = [f"c{i}" for i in range(concerns)], [f"p{i}" for i in range(providers)]
    lines = ["accord: 1", "name: National", f"since: {since}", f"until: {until}", "binding-days: 400"]
    lines += [f"concern-kinds: [{', '.join(kinds)}]", f"provider-kinds: [{', '.join(places)}]", "bodies:"]
    names = [f"b{i}" for i in range(bodies)]
    lines += [f"- {{id: {b}, name: Body {b}, tier: {1 + i % 5}}}" for i, b in enumerate(names)]
    top, ladders = names[-1], {}
    per = (bodies - 1) // providers
    for k, p in enumerate(places):
        ladders[p] = names[k * per : (k + 1) * per]
    powers, duties, handovers, tellings = ["powers:"], ["duties:"], ["handovers:"], ["tellings:"]
    powers += [f"- {{body: {top}, power: take-over-or-close, basis: b, source: s}}"]
    duties += [f"- {{body: {top}, role: lead, must: take over, within: 20 working days, review: 90 calendar days, basis: b, source: s}}"]
    steps = years * changes_a_year
    edges = [since + (until - since) * i // steps for i in range(steps + 1)]
    for p, ladder in ladders.items():
        for c in range(concerns):
            # each kind of concern takes its own way up six bodies of the provider's ladder, the last of which binds
            way = [ladder[(c + i * max(1, len(ladder) // 6)) % len(ladder)] for i in range(min(6, len(ladder)))]
            way = list(dict.fromkeys(way))
            scope = f"concerns: [c{c}], providers: [{p}], basis: b, source: s"
            powers += [f"- {{body: {way[-1]}, power: require-action, {scope}}}"]
            for i, body in enumerate(way):
                first = "first: true, " if i == 0 else ""
                duties += [f"- {{body: {body}, role: lead, {first}must: act, within: 10 working days, review: 28 calendar days, {scope}}}"]
                to = way[i + 1] if i + 1 < len(way) else top
                handovers += [f"- {{body: {body}, to: {to}, when: [deadline-passed, insufficient-power], {scope}}}"]
            tellings += [f"- {{body: {way[0]}, within: 10 working days, {scope}}}"]
    for i, (a, b) in enumerate(pairwise(edges)):
        powers += [f"- {{body: {names[i % bodies]}, power: advise, since: {a}, until: {b}, basis: b, source: s}}"]
    endings = ["endings:", f"- {{body: {top}, criteria: measured, basis: b, source: s}}"]
    return read_map({"national.yaml": "\n".join([*lines, *powers, *duties, *handovers, *tellings, *endings])})


def bench_accord() -> None:
    """All properties, any two silent, 12 kinds of concern x 6 kinds of provider x 20 years of half-yearly changes, on one core."""
    for bodies in (70, 200, 500, 1000):
        map_ = national(bodies)
        began, cpu = time.perf_counter(), time.process_time()
        report = check(map_)
        taken, cpu = time.perf_counter() - began, time.process_time() - cpu
        days = (map_.until - map_.since).days
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        size = f"{bodies} bodies, {report.cases} kinds of concern, {report.stretches} stretches of {days:,} days"
        said = f"{taken:.2f} s ({cpu:.2f} s of CPU), {len(report.findings)} findings, at most {memory} MiB"
        print(f"accord: {size}: {said}")
