"""The properties of the rules of one day, each with a counterexample: everything of A1 to A13 that is not a matter of time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import networkx as nx

from tocsin.accord.clock import Event, What
from tocsin.accord.days import deadline
from tocsin.accord.finding import Finding
from tocsin.accord.model import AccordMap, Body, Case, Conflict, Duty, Place, Power, Reason, Role, Within
from tocsin.accord.rules import agreement, barred, binding, duty_of, first_duties, first_holder, in_force, lines_from, passes, power_of

_BY_TIME = (Reason.DEADLINE_PASSED, Reason.REFUSAL, Reason.INSUFFICIENT_POWER)


def properties(map_: AccordMap, case: Case, day: date) -> Iterator[Finding]:
    """What is not as it should be on that day for that kind of concern. map_: narrowed to the kind, or whole."""
    look = _Look(map_, case, day)
    firsts = first_duties(map_, case, day)
    if not firsts:
        yield look.found("A1", f"nobody is the first to hold {case}", [], "No line says with whom it begins.")
        return
    yield from look.one_lead(firsts)
    yield from look.own_cause(firsts)
    begins = first_holder(map_, case, day).to
    if begins is None:
        return
    reached = look.reached(begins)
    yield from look.ambiguous(reached)
    yield from look.ends(reached)
    yield from look.circles(reached)
    yield from look.powers()
    yield from look.overlaps()
    yield from look.told()
    yield from look.taken_over(reached)


@dataclass(frozen=True, slots=True)
class _Look:
    map: AccordMap
    case: Case
    day: date

    def found(self, code: str, what: str, places: Iterable[Place], story: str) -> Finding:
        zone = ZoneInfo(self.map.timezone)
        raised = f"On {say_day(self.day)} a concern is raised: {self.case}."
        event = Event("e0", What.RAISED, datetime.combine(self.day, time(12), zone))
        return Finding(code, what, tuple(places) or (self.map.place,), self.case, self.day, f"{raised} {story}", (event,))

    def name(self, body: str) -> str:
        return self.map.bodies[body].name

    def to(self, body: str, why: Reason) -> str | None:
        return passes(self.map, self.case, body, why, self.day).to

    def holds(self, line: Duty) -> bool:
        return line.holds(self.case, self.day) and self.map.bodies[line.body].dated(self.day)

    def reached(self, first: str) -> dict[str, str]:
        """Bodies that a concern can come to, each with a story of how."""
        found = {first: f"{self.name(first)} holds it."}
        waiting = [first]
        while waiting:
            body = waiting.pop(0)
            for why in Reason:
                if why in (Reason.SEVERITY, Reason.REPEAT) and not lines_from(self.map, self.case, body, why, self.day):
                    continue
                to = self.to(body, why)
                if to is not None and to not in found:
                    found[to] = f"{found[body]} By {_words(why)} it passes to {self.name(to)}."
                    waiting.append(to)
        return found

    def one_lead(self, firsts: list[Duty]) -> Iterator[Finding]:
        bodies = frozenset(d.body for d in firsts)
        if len(bodies) > 1 and agreement(self.map, self.case, bodies, self.day) is None:
            names = _and(self.name(b) for b in sorted(bodies))
            yield self.found(
                "A2",
                f"{names} would each be the first to lead on {self.case}, and no agreement says which",
                [d.place for d in firsts],
                f"{names} each lead from the first day; neither must follow the other.",
            )

    def ambiguous(self, reached: dict[str, str]) -> Iterator[Finding]:
        for body, how in reached.items():
            for why in Reason:
                lines = [h for h in self.map.handovers if h.body == body and why in h.when and h.holds(self.case, self.day)]
                targets = frozenset(t for t in (in_force(self.map, h.to, self.day) for h in lines) if t is not None)
                if len(targets) > 1 and agreement(self.map, self.case, targets, self.day) is None:
                    names = _and(self.name(t) for t in sorted(targets))
                    yield self.found(
                        "A2",
                        f"from {self.name(body)} {self.case} would pass to {names} at once ({why.value})",
                        [h.place for h in lines],
                        f"{how} By {_words(why)} it passes to {names}, and no agreement says which leads.",
                    )

    def own_cause(self, firsts: list[Duty]) -> Iterator[Finding]:
        for duty in self.map.duties:
            body = self.map.bodies[duty.body]
            if duty.role is Role.LEAD and self.holds(duty) and body.subject:
                yield self.found(
                    "A6",
                    f"{body.name} would lead on a concern about itself",
                    [duty.place],
                    f"It is about {body.name}, which by this line would hold it.",
                )
        for duty in firsts:
            why = barred(self.map, self.case, duty.body, self.day)
            if why is not None and self.to(duty.body, Reason.CONFLICT_OF_INTEREST) is None:
                yield self._no_way_round(duty.body, [duty.place, why.place], f"It begins with {self.name(duty.body)}", why)
        for line in self.map.handovers:
            to = in_force(self.map, line.to, self.day)
            if to is None or not line.holds(self.case, self.day):
                continue
            why = barred(self.map, self.case, to, self.day)
            if why is not None and any(self.to(line.body, reason) is None for reason in line.when):
                yield self._no_way_round(to, [line.place, why.place], f"{self.name(line.body)} passes it to {self.name(to)}", why)

    def _no_way_round(self, body: str, places: list[Place], how: str, why: Body | Conflict) -> Finding:
        because = why.because if isinstance(why, Conflict) else "the concern is about it"
        what = f"{self.name(body)} may not hold {self.case}, and there is no way round it"
        return self.found("A6", what, places, f"{how}, which may not hold it ({because}); no line says to whom it goes instead.")

    def ends(self, reached: dict[str, str]) -> Iterator[Finding]:
        for body, how in reached.items():
            duty = duty_of(self.map, self.case, body, self.day)
            coming = [h.place for h in self.map.handovers if in_force(self.map, h.to, self.day) == body and h.holds(self.case, self.day)]
            places = [duty.place] if duty else coming
            yield from self._waits(body, how, duty, places)
            if power_of(self.map, self.case, body, self.day) != Power.TAKE_OVER_OR_CLOSE:
                yield from self._goes_on(body, how, duty, places)

    def _waits(self, body: str, how: str, duty: Duty | None, places: list[Place]) -> Iterator[Finding]:
        name = self.name(body)
        top = power_of(self.map, self.case, body, self.day) == Power.TAKE_OVER_OR_CLOSE
        if duty is None or duty.within is None:
            lacks = "no line says what it must do" if duty is None else "its duty has no deadline"
            what = f"{name} may hold {self.case} without end: {lacks}"
            yield self.found("A9", what, places, f"{how} There it may lie for ever: {lacks}.")
        elif not top and self.to(body, Reason.DEADLINE_PASSED) is None:
            story = f"{how} {name} does nothing. Its deadline of {duty.within} passes, and no line says what then."
            yield self.found("A9", f"if {name} stays silent on {self.case}, nothing follows", places, story)

    def _goes_on(self, body: str, how: str, duty: Duty | None, places: list[Place]) -> Iterator[Finding]:
        name, power = self.name(body), power_of(self.map, self.case, body, self.day)
        weak = self.to(body, Reason.INSUFFICIENT_POWER)
        if weak is None and not binding(self.map, self.case, body, self.day):
            has = f"can at most {power.word.replace('-', ' ')}" if power else "has no power over the provider"
            story = f"{how} {name} acts, but {has}. The provider does not follow, and no line passes the concern on."
            yield self.found("A7", f"{self.case} ends at {name}, which {has}", places, story)
        elif weak is not None and duty is not None and duty.review is None:
            what = f"once {name} has acted on {self.case}, no day is set on which the effect must be seen"
            yield self.found("A9", what, places, f"{how} {name} acts in time. Nothing changes, and no line says by when it must.")

    def circles(self, reached: dict[str, str]) -> Iterator[Finding]:
        graph = nx.DiGraph()
        for body in reached:
            for why in _BY_TIME:
                step = passes(self.map, self.case, body, why, self.day)
                if step.to is not None and step.line is not None:
                    graph.add_edge(body, step.to, line=step.line.place)
        for part in nx.strongly_connected_components(graph):
            if len(part) == 1 and not graph.has_edge(*(2 * tuple(part))):
                continue
            edges = list(nx.find_cycle(graph.subgraph(part)))
            names = [self.name(a) for a, _ in edges]
            round_ = " to ".join([*names, names[0]])
            way = ", then to ".join([*names[1:], names[0]])
            yield self.found(
                "A8",
                f"{self.case} can go round from {round_}",
                [graph.edges[a, b]["line"] for a, b in edges],
                f"{reached[edges[0][0]]} From there it goes to {way}, and begins anew; nobody on the way round has to end it.",
            )

    def powers(self) -> Iterator[Finding]:
        for duty in self.map.duties:
            if duty.uses is None or not self.holds(duty):
                continue
            name, power = self.name(duty.body), duty.uses.word.replace("-", " ")
            story = f"{name} must {duty.must}, for which it relies on its power to {power}."
            ever = [h for h in self.map.powers if h.body == duty.body and h.power == duty.uses]
            held = [h for h in ever if h.holds(self.case, self.day)]
            if not held:
                what = f"{name} relies on a power to {power} that it does not hold over {self.case.provider} at that time"
                places = [duty.place, *(h.place for h in ever)]
                yield self.found("A10", what, places, f"{story} It does not hold it over such a provider on that day.")
            elif duty.within is not None and all(h.notice is not None and self._after(h.notice, duty.within) for h in held):
                what = f"{name} must use its power to {power} within {duty.within}, but it takes {held[0].notice} of notice"
                late = f"{story} It must act within {duty.within}; the power can first be used after {held[0].notice}."
                yield self.found("A10", what, [duty.place, held[0].place], late)

    def _after(self, one: Within, other: Within) -> bool:
        return deadline(self.day, one, self.map.extra_holidays) > deadline(self.day, other, self.map.extra_holidays)

    def overlaps(self) -> Iterator[Finding]:
        tasks: dict[str, list[Duty]] = defaultdict(list)
        asks: dict[str, list[Duty]] = defaultdict(list)
        for duty in self.map.duties:
            if duty.role is Role.BE_INFORMED or not self.holds(duty):
                continue
            if duty.task:
                tasks[duty.task].append(duty)
            for item in duty.asks:
                asks[item].append(duty)
        for kind, groups in (("do", tasks), ("ask for", asks)):
            for thing, duties in groups.items():
                bodies = frozenset(d.body for d in duties)
                if len(bodies) < 2 or agreement(self.map, self.case, bodies, self.day) is not None:
                    continue
                names = _and(self.name(b) for b in sorted(bodies))
                count = f"{len(duties)} requests" if kind == "ask for" else f"{len(duties)} bodies"
                yield self.found(
                    "A11",
                    f"{names} each {kind} '{thing}' on {self.case} ({count}), and no agreement says who leads",
                    [d.place for d in duties],
                    f"{names} each {kind} '{thing}'. The provider meets {count} for one thing.",
                )

    def told(self) -> Iterator[Finding]:
        lines = [t for t in self.map.tellings if t.holds(self.case, self.day) and in_force(self.map, t.body, self.day) is not None]
        soonest = min(((deadline(self.day, t.within, self.map.extra_holidays) - self.day).days for t in lines), default=None)
        if soonest is None or soonest > self.map.told_days:
            what = "no line says that those who raised it are told"
            if soonest is not None:
                what = f"those who raised it are told only after {soonest} days"
            story = f"{what[0].upper()}{what[1:]}; the map promises {self.map.told_days} days."
            yield self.found("A12", f"{what}: {self.case}", [t.place for t in lines], story)

    def taken_over(self, reached: dict[str, str]) -> Iterator[Finding]:
        takers = [b for b in reached if power_of(self.map, self.case, b, self.day) == Power.TAKE_OVER_OR_CLOSE]
        if not takers:
            story = f"{reached[list(reached)[-1]]} Nothing changes; no body that it can reach may take over or close the service."
            yield self.found("A13", f"nobody whom {self.case} can reach can take over", [], story)
        for body in takers:
            if not any(e.body == body and e.holds(self.case, self.day) and e.criteria.strip() for e in self.map.endings):
                lines = [h.place for h in self.map.powers if h.body == body and h.power == Power.TAKE_OVER_OR_CLOSE]
                what = f"{self.name(body)} can take over {self.case.provider}, but no line says on what criteria it hands back"
                story = f"{reached[body]} It takes over. No line says when, and on what criteria, the service is handed back."
                yield self.found("A13", what, lines, story)


def say_day(day: date) -> str:
    """A day for people."""
    return f"{day.day} {day:%B %Y}"


def _words(why: Reason) -> str:
    return why.value.replace("-", " ")


def _and(names: Iterable[str]) -> str:
    given = list(names)
    return given[0] if len(given) == 1 else f"{', '.join(given[:-1])} and {given[-1]}"
