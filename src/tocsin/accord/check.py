"""Proves or refutes what a map guarantees, for every kind of concern on every day that it is meant to hold.

Between two days on which some line begins or ends, the rules are the same; so a property of the rules is looked at once for each such
stretch, and a property of times for every day (`times`). Kinds of concern to which exactly the same lines apply are looked at once.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tocsin.accord.finding import PROPERTIES, Finding
from tocsin.accord.model import AccordMap, Case, Role
from tocsin.accord.properties import properties, say_day
from tocsin.accord.times import Calendar, Worst, changes, worst_of

_SILENT = ("A3", "A4", "A5")


@dataclass(frozen=True, slots=True)
class Report:
    """findings: in the order of the properties. worst: longest time to binding power by number of silent bodies, over all concerns.

    cases: kinds of concern looked at. stretches: stretches of days with the same rules.
    """

    findings: tuple[Finding, ...]
    worst: dict[Case, tuple[Worst, ...]]
    cases: int
    stretches: int

    @property
    def lawful(self) -> bool:
        """Whether no law is broken."""
        return not any(f.severity == "error" for f in self.findings)


def check(map_: AccordMap, *, silent: int = 2, amend: bool = True, progress: Callable[[str, int, int], None] | None = None) -> Report:
    """Look at every property. silent: how many silent bodies are tried, 0 to 2. amend: look for lines that mend each finding."""
    calendar = Calendar(map_)
    found: list[Finding] = []
    worst: dict[Case, tuple[Worst, ...]] = {}
    groups: dict[tuple[int, ...], list[Case]] = defaultdict(list)
    for case in map_.cases():
        groups[tuple(i for i, e in enumerate(map_.entries()) if e.concerns_case(case))].append(case)
    for number, cases in enumerate(groups.values()):
        if progress:
            progress("Checking", number, len(groups))
        one = narrowed(map_, cases[0])
        findings, times = check_case(one, cases[0], calendar, silent)
        worst |= dict.fromkeys(cases, tuple(times))
        found += [replace(f, cases=len(cases)) for f in findings]
    if progress:
        progress("Checked", len(groups), len(groups))
    merged = _merged(found)
    if amend:
        from tocsin.accord.amend import amended

        merged = [replace(f, amendment=amended(map_, f, calendar, silent)) for f in merged]
    order = list(PROPERTIES)
    merged.sort(key=lambda f: (order.index(f.code), f.places[0].file if f.places else "", f.places[0].line if f.places else 0))
    return Report(tuple(merged), worst, len(map_.cases()), len(changes(map_)))


def narrowed(map_: AccordMap, case: Case) -> AccordMap:
    """The map with only those lines that can apply to a kind of concern."""
    kept: Any = {
        name: tuple(e for e in getattr(map_, name) if e.concerns_case(case))
        for name in ("powers", "duties", "handovers", "conflicts", "agreements", "tellings", "endings")
    }
    return replace(map_, **kept)


def check_case(map_: AccordMap, case: Case, calendar: Calendar, silent: int = 2) -> tuple[list[Finding], list[Worst]]:
    """All properties of one kind of concern. map_: narrowed to it."""
    starts = changes(map_)
    ends = [*starts[1:], map_.until]
    found = [replace(f, since=day, until=end) for day, end in zip(starts, ends, strict=True) for f in properties(map_, case, day)]
    times = worst_of(map_, case, calendar, silent)
    for before, w in zip([None, *times], times, strict=False):
        # where silence makes it no worse, the fault is not one of silence and was named before
        if (w.days is None or w.days > map_.binding_days) and (before is None or before.days != w.days):
            found.append(_too_late(map_, case, w))
    return found, times


def _too_late(map_: AccordMap, case: Case, worst: Worst) -> Finding:
    silent = ("", ", though at most one body is silent", ", though at most two bodies are silent")[worst.silent]
    took = "is never held by a body" if worst.days is None else f"is held only after {worst.days} days by a body"
    steps = [
        f"On {say_day(day)} {map_.bodies[body].name} {does if 'obeyed' in does else f'comes to hold it and {does}'}."
        for day, body, does in worst.path
    ]
    if worst.days is None:
        steps.append("From there it goes nowhere.")
    holders = {body for _, body, _ in worst.path}
    lines = tuple(d.place for d in map_.duties if d.role is Role.LEAD and d.body in holders and d.holds(case, worst.raised))
    what = f"{case} {took} that the provider must obey{silent} (the map promises {map_.binding_days} days)"
    story = f"On {say_day(worst.raised)} a concern is raised: {case}. {' '.join(steps)}"
    next_day = worst.raised + timedelta(days=1)
    return Finding(_SILENT[worst.silent], what, lines or (map_.place,), case, worst.raised, story, worst.events, 1, worst.raised, next_day)


def _merged(found: list[Finding]) -> list[Finding]:
    """One finding for each property and set of lines; the first counterexample stands for all."""
    by_key: dict[tuple[object, ...], list[Finding]] = defaultdict(list)
    for f in found:
        by_key[f.code, f.places, f.what.replace(str(f.case), "").replace(f.case.provider, "")].append(f)
    merged = []
    for group in by_key.values():
        first = min(group, key=lambda f: f.day)
        same = {f.case: f.cases for f in group}
        since = min(f.since for f in group if f.since is not None)
        until = max(f.until for f in group if f.until is not None)
        merged.append(replace(first, cases=sum(same.values()), since=since, until=until))
    return merged
