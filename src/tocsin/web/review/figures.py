"""What the gradings of a panel say together: its table, agreement, severity of reviewers, avoidability. No name of a case or person in it."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from tocsin.review import (
    Estimate,
    Finding,
    Grading,
    Meaning,
    OutcomeKind,
    Scale,
    Shares,
    Stratum,
    Table,
    Waits,
    avoidability,
    compare,
    estimate,
    of_cohen,
    of_fleiss,
    of_gwet,
    of_krippendorff,
    scales,
    tabulate,
    waits,
    with_interval,
)
from tocsin.review.avoidability.needed import needed
from tocsin.web.people.models import Member
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now
from tocsin.web.review.doing import Invalid
from tocsin.web.review.models import Figures, Frame, Panel, Seat
from tocsin.web.review.permissions import NotPermitted

OUTCOMES = {
    OutcomeKind.STILLBIRTH: "Stillbirth", OutcomeKind.NEONATAL_DEATH: "Death of a newborn baby", OutcomeKind.BRAIN_INJURY: "Brain injury of a baby",
    OutcomeKind.MATERNAL_DEATH: "Death of a mother", OutcomeKind.MATERNAL_INJURY: "Injury of a mother",
    OutcomeKind.NEAR_MISS: "Harm narrowly avoided", OutcomeKind.OTHER: "Another outcome",
}  # fmt: skip
SETTLED = 0.05
"""Half-width of the interval of a share that counts as settled."""
FEWEST = 2
"""Cases with two gradings or more below which nothing is worked out."""


@dataclass(frozen=True, slots=True)
class Line:
    """One case of a panel under its number in it, without what says whose it is."""

    number: int
    provider: str
    outcome: str
    event_on: date
    made: datetime
    agreed: datetime | None
    finished: datetime | None
    grade: str | None


@dataclass(frozen=True, slots=True)
class Sampled:
    """What the agreed cases that were drawn say of all on the list, by the draw alone.

    strata: (name, cases on the list, drawn, agreed). would, might_or_would: None while nothing is agreed. outside: agreed cases that were
    not drawn, and are not counted here.
    """

    strata: tuple[tuple[str, int, int, int], ...]
    would: Finding | None
    might_or_would: Finding | None
    outside: int


def lines(panel: int) -> list[Line]:
    """Every case of a panel in numbers, for whoever sits in it. One query."""
    return [Line(*row) for row in _rows("SELECT * FROM review_panel_cases(%s)", panel)]


def gradings(panel: int) -> list[tuple[int, int, int | None, str]]:
    """(case, reviewer, seat or None, grade) of each grading that is open to the graders; seats for the convener only. One query."""
    return _rows("SELECT * FROM review_panel_gradings(%s)", panel)


def progress(panel: int) -> dict[str, int]:
    """How far a panel is. One query."""
    names = ("cases", "given", "graded", "talked", "agreed", "finished", "questions", "unanswered")
    found = _rows("SELECT * FROM review_panel_progress(%s)", panel)
    return dict(zip(names, found[0] if found else (0,) * len(names), strict=True))


def progress_of_mine() -> dict[int, dict[str, int]]:
    """How far each panel is in which the acting member sits; one without cases is not there. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM review_my_progress()")
        return {panel: {"cases": cases, "agreed": agreed, "unanswered": unanswered} for panel, cases, agreed, unanswered in cursor.fetchall()}


def days_of_mine(as_of: date) -> tuple[Waits, dict[int, int]]:
    """(days from event to finding over all panels in which the acting member sits, longest wait so far by panel). One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM review_my_days()")
        rows = cursor.fetchall()
    longest: dict[int, int] = {}
    for panel, event_on, agreed in rows:
        if agreed is None:
            longest[panel] = max(longest.get(panel, 0), (as_of - event_on).days)
    return waits([(str(n), event, max(done.date(), event) if done else None) for n, (_, event, done) in enumerate(rows)], as_of), longest


def unmet(panel: int) -> list[tuple[str, str, str, int, bool]]:
    """(kind, standard or factor, provider, case, whether it bears on the grade) of what the panel agreed was not met, or contributed. One query."""
    return _rows("SELECT * FROM review_panel_unmet(%s)", panel)


def strata_of(panel: int) -> dict[int, str]:
    """From which stratum of the panel's list each case was drawn, by number; '' for none. One query."""
    return dict(_rows("SELECT * FROM review_panel_strata(%s)", panel))


def sampled(panel: Panel, frame: Frame, of: list[Line], strata: dict[int, str]) -> Sampled:
    """The agreed cases beside the list from which they were drawn. No query."""
    scale = scales()[panel.scale]
    meaning = {g.code: g.meaning for g in scale.grades}
    agreed = [(strata.get(c.number, ""), meaning[c.grade]) for c in of if c.grade]
    known = [(s, m) for s, m in agreed if s in frame.strata]

    def found(*meanings: Meaning) -> Finding | None:
        if not known:
            return None
        return estimate({
            s: Stratum(size, sum(t == s for t, _ in known), sum(t == s and m in meanings for t, m in known)) for s, size in frame.strata.items()
        })  # fmt: skip

    rows = tuple((s, size, frame.sizes.get(s, 0), sum(t == s for t, _ in known)) for s, size in frame.strata.items())
    return Sampled(rows, found(Meaning.WOULD), found(Meaning.MIGHT, Meaning.WOULD), len(agreed) - len(known))


def table(panel: Panel, of: list[Line]) -> Table:
    """Outcomes by agreed grade, as the inquiries publish it. No query."""
    order = list(OUTCOMES)
    graded = sorted(((order.index(OutcomeKind(c.outcome)), c.grade) for c in of if c.grade), key=lambda g: g[0])
    return tabulate(panel.name, [(OUTCOMES[order[kind]], grade) for kind, grade in graded], scales()[panel.scale])


def days(of: list[Line], as_of: date) -> Waits:
    """Days from each event to the finding. No query."""
    return waits([(str(c.number), c.event_on, max(c.agreed.date(), c.event_on) if c.agreed else None) for c in of], as_of)


@transaction.atomic
def ask(*, panel: int, by: Member) -> Figures:
    """Have the figures worked out. One that is under way is not begun twice. Raises Panel.DoesNotExist, NotPermitted, Invalid."""
    from tocsin.web.review.tasks import work_out

    found = Panel.objects.get(pk=panel)
    if not Seat.objects.filter(panel=found, member=by, ended=None).exists():
        raise NotPermitted("Only those who sit in the panel may do this.")
    running = Figures.objects.filter(panel=found, ended=None).first()
    if running is not None:
        return running
    counted: dict[int, int] = {}
    for case, *_ in gradings(panel):
        counted[case] = counted.get(case, 0) + 1
    if sum(n >= FEWEST for n in counted.values()) < FEWEST:
        raise Invalid("", f"At least {FEWEST} cases must have been graded by all their graders first.")
    made = Figures(panel=found, by=by, asked=now())
    made.save(force_insert=True)
    number = str(made.pk)
    transaction.on_commit(lambda: work_out.defer(number=number))
    return made


def run(number: str) -> None:
    """Work out figures that were asked for, and keep them; the worker does this."""
    with acting_as(TOCSIN):
        job = Figures.objects.select_related("panel").filter(pk=UUID(number), ended=None).first()
        if job is None:
            return
        rows, of, strata = gradings(job.panel_id), lines(job.panel_id), strata_of(job.panel_id)
        frame = Frame.objects.filter(panel=job.panel_id, ended=None).first()

    def tell(per_cent: int, **more: Any) -> None:
        with acting_as(TOCSIN):
            Figures.objects.filter(pk=job.pk).update(progress=per_cent, **more)

    tell(10)
    result = worked_out(job.panel, rows, {c.number: c.provider for c in of}, tell, strata, frame.strata if frame else {})
    tell(100, result=result, ended=now())


def worked_out(
    panel: Panel,
    rows: list[tuple[int, int, int | None, str]],
    provider: dict[int, str],
    tell: Callable[[int], Any] = lambda _: None,
    strata: dict[int, str] | None = None,
    sizes: dict[str, int] | None = None,
) -> dict[str, Any]:
    """Agreement, severity and avoidability as plain values. provider, strata: by number of the case. sizes: cases on the list by stratum."""
    scale = scales()[panel.scale]
    cases, people = sorted({r[0] for r in rows}), sorted({r[1] for r in rows})
    matrix = np.full((len(cases), len(people)), np.nan)
    for case, reviewer, _, grade in rows:
        matrix[cases.index(case), people.index(reviewer)] = scale.position(grade)
    k = len(scale.grades)
    agreement = [
        asdict(with_interval(name, parts))
        for name, parts in (
            ("Gwet's AC2, quadratic weights", of_gwet(matrix, k)),
            ("Krippendorff's alpha, ordinal", of_krippendorff(matrix, k)),
            ("Weighted kappa, quadratic weights", of_cohen(matrix, k) if len(people) == 2 else of_fleiss(matrix, k, "quadratic")),
        )
    ]
    tell(40)
    given = [Grading(str(case), str(reviewer), scale.position(grade), provider.get(case, "")) for case, reviewer, _, grade in rows]
    fit = avoidability(given, scale)
    tell(70)
    whole = _of_the_list(given, scale, strata or {}, sizes or {})
    tell(85)
    providers = {g.group for g in given}
    compared = [asdict(c) for c in compare(fit)] if len(providers) >= 5 else []
    return _plain({
        "cases": fit.cases, "gradings": fit.gradings, "reviewers": fit.reviewers, "level": fit.level, "needed": needed(fit, half_width=SETTLED).sentence,
        "counted": fit.counted, "agreement": agreement,
        "typical": _shares(fit.typical), "panel": _shares(fit.panel), "settled": _shares(fit.settled), "notes": list(fit.notes),
        "severity": [
            {"reviewer": int(s.reviewer), "gradings": s.gradings, "severity": _three(s.severity), "gives": _three(s.gives)} for s in fit.severity
        ],
        "reliability": [_three(r) for r in fit.reliability],
        "groups": [{"name": g.name, "graded": g.graded, **_shares(g.shares)} for g in fit.groups], "compared": compared,
        "sampled": whole,
    })  # fmt: skip


def _of_the_list(given: list[Grading], scale: Scale, strata: dict[int, str], sizes: dict[str, int]) -> dict[str, Any] | None:
    """The shares among all cases on the list from which the graded ones were drawn; None where none was drawn.

    unlooked: strata of which nothing is graded yet; the shares are of the others. outside: graded cases that were not drawn.
    """
    drawn = [replace(g, group=strata.get(int(g.case), "")) for g in given if strata.get(int(g.case), "") in sizes]
    if not drawn:
        return None
    held: dict[str, set[str]] = {}
    for g in drawn:
        held.setdefault(g.group, set()).add(g.case)
    fit = avoidability(drawn, scale, population={s: sizes[s] for s in held})
    return {
        **_shares(fit.typical), "population": sum(sizes[s] for s in held), "cases": fit.cases, "unlooked": {s: n for s, n in sizes.items() if s not in held},
        "outside": len({g.case for g in given}) - fit.cases, "needed": needed(fit, half_width=SETTLED).sentence,
        "strata": [{"name": g.name, "graded": g.graded, "population": sizes[g.name], **_shares(g.shares)} for g in fit.groups],
    }  # fmt: skip


def _shares(of: Shares) -> dict[str, list[float]]:
    return {"would": _three(of.would), "might_or_would": _three(of.might_or_would)}


def _three(of: Estimate) -> list[float]:
    return [of.value, of.lower, of.upper]


def _plain(value: Any) -> Any:
    """As JSON: numbers that are none become null."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def _rows(sql: str, panel: int) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [panel])
        return cursor.fetchall()
