"""The smallest set of added lines that mends a finding, found by trying, and proved by checking the amended map again."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

from tocsin.accord.finding import Finding
from tocsin.accord.model import (
    BINDING,
    AccordMap,
    Agreement,
    Duty,
    Ending,
    Entry,
    Handover,
    Place,
    Power,
    Reason,
    Role,
    Telling,
    Within,
)  # fmt: skip
from tocsin.accord.rules import binding, power_of
from tocsin.accord.times import Calendar

_TRIED = 40
_PAIRED = 12
_BASIS = "to be agreed"
_ELSE = frozenset({Reason.DEADLINE_PASSED, Reason.INSUFFICIENT_POWER})
_NEW = "amendment"
_CRITERIA = "two successive quarters at the usual rate, confirmed by a body that did not take over"
_SECTION: dict[type[Any], str] = {Duty: "duties", Handover: "handovers", Agreement: "agreements", Telling: "tellings", Ending: "endings"}


def amended(map_: AccordMap, finding: Finding, calendar: Calendar, silent: int) -> str:
    """As YAML to be added to the map; '' where no one or two lines were found that mend it."""
    from tocsin.accord.check import narrowed

    one = narrowed(map_, finding.case)
    candidates = list(_candidates(one, finding))[:_TRIED]
    for size in (1, 2):
        for lines in combinations(candidates, size) if size == 1 or len(candidates) <= _PAIRED else ():
            if _mends(one, finding, lines, calendar, silent):
                return _yaml(lines)
    return ""


def _mends(map_: AccordMap, finding: Finding, lines: tuple[Entry, ...], calendar: Calendar, silent: int) -> bool:
    from tocsin.accord.check import check_case

    changed = with_lines(map_, lines)
    after, _ = check_case(changed, finding.case, calendar, silent)
    before, _ = check_case(map_, finding.case, calendar, silent)
    kinds = {(f.code, f.what) for f in before}
    return (finding.code, finding.what) not in {(f.code, f.what) for f in after} and all((f.code, f.what) in kinds for f in after)


def with_lines(map_: AccordMap, lines: tuple[Entry, ...]) -> AccordMap:
    """The map with lines added; one that stands at the place of another takes its place."""
    for line in lines:
        section = _SECTION[type(line)]
        kept = tuple(e for e in getattr(map_, section) if e.place != line.place)
        change: Any = {section: (*kept, line)}
        map_ = replace(map_, **change)
    return map_


def _candidates(map_: AccordMap, finding: Finding) -> Iterator[Entry]:
    case, day, new = finding.case, finding.day, Place(_NEW, 1)
    scope: Any = {"concerns": frozenset({case.concern}), "providers": frozenset({case.provider}), "basis": _BASIS, "unconfirmed": True}
    bodies = [b.id for b in sorted(map_.bodies.values(), key=lambda b: b.tier) if not b.subject and b.dated(day)]
    duties = [d for d in map_.duties if d.place in finding.places]

    def power(body: str) -> int:
        return power_of(map_, case, body, day) or 0

    match finding.code:
        case "A1":
            for body in bodies:
                within, review = Within(8, True), Within(28, False)
                yield Duty(place=new, body=body, role=Role.LEAD, must="look at it", first=True, within=within, review=review, **scope)
        case "A2" | "A11":
            named = frozenset(d.body for d in duties) | frozenset(h.to for h in map_.handovers if h.place in finding.places)
            for lead in sorted(named, key=power, reverse=True):
                yield Agreement(place=new, between=named, lead=lead, **scope)
        case "A6":
            for duty in duties:
                if map_.bodies[duty.body].subject:
                    yield from (replace(duty, body=body) for body in bodies)
        case "A8":
            for line in (h for h in map_.handovers if h.place in finding.places):
                yield from (replace(line, to=body) for body in bodies if power(body) > power(line.to) and body != line.body)
        case "A9":
            for duty in duties:
                if duty.within is None:
                    yield replace(duty, within=Within(10, True))
                if duty.review is None:
                    yield replace(duty, review=Within(28, False))
        case "A10":
            for duty in duties:
                yield replace(duty, uses=power_of(map_, case, duty.body, day))
                notice = max((h.notice.days for h in map_.powers if h.place in finding.places and h.notice), default=28)
                yield replace(duty, within=Within(notice + 5, False))
        case "A12":
            for body in dict.fromkeys([*(d.body for d in map_.duties if d.first), *bodies]):
                yield Telling(place=new, body=body, within=Within(max(1, min(map_.told_days, 10)), False), **scope)
        case "A13":
            for body in bodies:
                if power(body) == Power.TAKE_OVER_OR_CLOSE:
                    yield Ending(place=new, body=body, criteria=_CRITERIA, **scope)
    if finding.code in ("A3", "A4", "A5", "A6", "A7", "A9", "A13"):
        yield from _ways_on(map_, finding, bodies, scope)
    if finding.code in ("A3", "A4", "A5"):
        strong = [b for b in bodies if binding(map_, case, b, day)]
        for line in map_.handovers:
            yield from (replace(line, to=body) for body in strong if body not in (line.body, line.to))
        for duty in map_.duties:
            if duty.role is Role.LEAD and duty.review is not None and duty.review.days > 14 and power(duty.body) < BINDING:
                yield replace(duty, review=Within(14, False))


def _ways_on(map_: AccordMap, finding: Finding, bodies: list[str], scope: Any) -> Iterator[Handover]:
    """Handovers to bodies with binding power, the weakest such first."""
    case, day, round_ = finding.case, finding.day, finding.code == "A6"
    power = {b: power_of(map_, case, b, day) or 0 for b in bodies}
    begins = [d.body for d in map_.duties if d.role is Role.LEAD and d.body in power]
    if round_:
        begins = [h.to for h in map_.handovers if h.place in finding.places] + [d.body for d in map_.duties if d.place in finding.places]
    elif finding.code not in ("A9", "A13"):
        begins = [b for b in begins if power[b] < BINDING]
    when = frozenset({Reason.CONFLICT_OF_INTEREST}) if round_ else _ELSE
    for to in sorted((b for b in bodies if binding(map_, case, b, day)), key=power.__getitem__):
        for body in dict.fromkeys(begins):
            if body != to:
                yield Handover(place=Place(_NEW, 1), body=body, to=to, when=when, **scope)


def _yaml(lines: tuple[Entry, ...]) -> str:
    out = []
    for line in lines:
        said: list[str] = []
        for name in line.__dataclass_fields__:
            value = getattr(line, name)
            if name == "place" or value in (None, "", False) or value == frozenset():
                continue
            said.append(f"{name}: {_plain(value)}")
        changed = f"  # in place of the line at {line.place}" if line.place.file != _NEW else ""
        out.append(f"{_SECTION[type(line)]}:\n- {{{', '.join(said)}}}{changed}")
    return "\n".join(out)


def _plain(value: Any) -> str:
    if isinstance(value, frozenset):
        return f"[{', '.join(sorted(_plain(v) for v in value))}]"
    if isinstance(value, Power):
        return value.word
    if value is True:
        return "true"
    text = str(getattr(value, "value", value))
    return json.dumps(text, ensure_ascii=False) if set(text) & set(",:{}[]#&*!|>'\"%@`") else text
