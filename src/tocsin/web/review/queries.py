"""What the pages of the room read. Each is a fixed number of queries, however many rows there are."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q

from tocsin.review import Listed, Scale, Standing, scales
from tocsin.web.people.models import Member
from tocsin.web.people.names import put_names
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Attachment, Entry
from tocsin.web.record.moment import now
from tocsin.web.record.seal import all_opened
from tocsin.web.review import figures, standards
from tocsin.web.review.doing import chain
from tocsin.web.review.models import (
    AgreedFactor,
    AgreedStandard,
    Answer,
    Assignment,
    CareEvent,
    Case,
    Consensus,
    Family,
    Findings,
    Frame,
    Grading,
    Import,
    Panel,
    Position,
    Question,
    Seat,
    SeatRole,
    Tie,
)

PAGE = 50
ANTENATAL = ("antenatal", "reduced-movements", "growth")
"""Areas of care that was given before the day of the event."""
STANDINGS = {
    Standing.NOT_MET: "Not met, as the facts stand", Standing.MET: "Met, as the facts stand",
    Standing.TO_JUDGE: "Applies; the facts do not settle whether it was met",
    Standing.MAY_APPLY: "Not known whether it applies", Standing.DOES_NOT_APPLY: "Does not apply",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list. state: where it stands, in words. final of given: gradings."""

    case: Case
    given: int
    final: int
    waiting: int
    state: str
    days: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a family with what was answered and said to it: [(from the family, words, when)]."""

    id: Any
    words: str
    asked: datetime
    state: str
    said: tuple[tuple[bool, str, datetime], ...]


@dataclass(slots=True)
class Whole:
    """A case as its page shows it."""

    case: Case
    scale: Scale
    events: list[CareEvent]
    applying: list[Listed]
    aside: list[Listed]
    counted: Counter[Standing]
    care_from: date
    assignments: list[Assignment]
    seats: list[Seat]
    own: Assignment | None
    family: Family | None
    account: str
    questions: list[Asked]
    files: list[Attachment]
    gradings: list[Grading]
    positions: list[Position]
    consensus: Consensus | None
    agreed: list[AgreedStandard]
    factors: list[AgreedFactor]
    openings: list[tuple[datetime, str]]
    library: Any
    titles: dict[str, str] = field(default_factory=dict)
    strata: dict[str, int] = field(default_factory=dict)


def panels_of(member: Member) -> list[tuple[Panel, list[str], dict[str, int]]]:
    """Panels in which a member sits, with their roles and how far each is. Two queries."""
    roles: dict[int, list[str]] = {}
    found: dict[int, Panel] = {}
    for seat in Seat.objects.filter(member=member, ended=None).select_related("panel__body").order_by("-panel_id"):
        roles.setdefault(seat.panel_id, []).append(SeatRole(seat.role).label)
        found[seat.panel_id] = seat.panel
    far, none = figures.progress_of_mine(), {"cases": 0, "agreed": 0, "unanswered": 0}
    return [(panel, roles[number], far.get(number, none)) for number, panel in found.items()]


def to_grade(member: Member) -> list[Assignment]:
    """What is given to a member, not yet graded for good first. One query."""
    rows = Assignment.objects.filter(seat__member=member, seat__ended=None, withdrawn=None).select_related("case__panel", "case__provider")
    return sorted(rows, key=lambda a: (a.final is not None, a.at))[:200]


def listed_cases(panel: Panel, page: int = 1) -> tuple[list[CaseLine], int]:
    """Cases of a panel that one may see, with how far each is. Two queries."""
    every = Case.objects.filter(panel=panel)
    total = every.count()
    rows = (
        every.select_related("provider").order_by("id").annotate(
            given=Count("assignment", filter=Q(assignment__withdrawn=None), distinct=True),
            final=Count("assignment", filter=Q(assignment__withdrawn=None, assignment__final__isnull=False), distinct=True),
            waiting=Count("question", filter=Q(question__state__in=("open", "not-resolved")), distinct=True),
        )[(page - 1) * PAGE : page * PAGE]
    )  # fmt: skip
    today = now().date()
    return [CaseLine(c, c.given, c.final, c.waiting, state(c), ((c.agreed.date() if c.agreed else today) - c.event_on).days) for c in rows], total


def state(case: Case) -> str:
    if case.finished:
        return "Finished"
    if case.agreed:
        return "Agreed; the family is to be told" if not case.plain else "Agreed"
    if case.blind_ended:
        return "To be talked over"
    return "Being graded" if getattr(case, "given", 1) else "Waits for graders"


def care_from(case: Case, events: list[CareEvent]) -> date:
    """Day of care for the areas of pregnancy: the first on the timeline, if that lies before the event."""
    first = min((e.at.date() for e in events), default=case.event_on)
    return min(first, case.event_on)


def beside(case: Case, events: list[CareEvent], of: Any) -> tuple[Listed, ...]:
    return standards.beside(case, of, dict.fromkeys(ANTENATAL, care_from(case, events)))


def whole(number: int, by: Member) -> Whole:
    """Everything on a case that a member may see. Raises Case.DoesNotExist. A fixed number of queries."""
    case = Case.objects.select_related("panel__body", "provider").get(pk=number)
    of = standards.library_for(case.panel)
    events = list(CareEvent.objects.filter(case=case, struck=None).order_by("at", "id"))
    found = beside(case, events, of)
    order = (Standing.NOT_MET, Standing.TO_JUDGE, Standing.MET, Standing.MAY_APPLY)
    assignments = list(Assignment.objects.filter(case=case).select_related("seat").order_by("at", "id"))
    gradings = list(Grading.objects.filter(case=case, assignment__withdrawn=None).exclude(final=None).order_by("final"))
    consensus = Consensus.objects.filter(case=case).order_by("-id").first()
    family = Family.objects.filter(case=case, erased=None).first()
    questions, account = asked_of(family)
    with acting_as(TOCSIN):
        opened = list(Entry.objects.filter(chain=chain(case), what="identity-opened").order_by("-id").values_list("at", "member")[:20])
        names = dict(Member.objects.filter(pk__in={m for _, m in opened}).values_list("pk", "name"))
    seats = list(Seat.objects.filter(panel=case.panel, ended=None))
    positions = list(Position.objects.filter(case=case).select_related("assignment__seat").order_by("id"))
    put_names(
        (assignments, "seat.member"), (gradings, "member"), ([consensus], "by"), (seats, "member"), (positions, "assignment.seat.member")
    )
    return Whole(
        case, scales()[case.panel.scale], events, sorted((x for x in found if x.standing in order), key=lambda x: order.index(x.standing)),
        [x for x in found if x.standing is Standing.DOES_NOT_APPLY], Counter(x.standing for x in found), care_from(case, events), assignments,
        seats,
        next((a for a in assignments if a.seat.member_id == by.pk and a.withdrawn is None), None), family, account, questions,
        list(Attachment.objects.filter(chain=chain(case)).select_related("file").order_by("id")), gradings,
        positions, consensus,
        list(AgreedStandard.objects.filter(consensus=consensus).order_by("id")) if consensus else [],
        list(AgreedFactor.objects.filter(consensus=consensus).order_by("id")) if consensus else [],
        [(at, names.get(m, "")) for at, m in opened], of, {s.key: s.title for s in of.standards},
        strata_of(case.panel),
    )  # fmt: skip


def asked_of(family: Family | None) -> tuple[list[Asked], str]:
    """A family's questions with their answers, and its account, in the open. Three queries."""
    if family is None:
        return [], ""
    questions = list(Question.objects.filter(family=family).order_by("asked", "id"))
    answers = list(Answer.objects.filter(question__in=questions).order_by("at", "id"))
    sealed: list[Any] = [family.account, *(q.words for q in questions), *(a.words for a in answers)]
    words = [w or "" for w in all_opened(sealed)]
    of = dict(zip([q.pk for q in questions], words[1:], strict=False))
    said: dict[Any, list[tuple[bool, str, datetime]]] = {}
    for a, text in zip(answers, words[1 + len(questions) :], strict=True):
        said.setdefault(a.question_id, []).append((a.from_family, text, a.at))
    return [Asked(q.pk, of[q.pk], q.asked, q.state, tuple(said.get(q.pk, ()))) for q in questions], words[0]


def strata_of(panel: Panel) -> dict[str, int]:
    """How many cases each stratum of the panel's list has; empty without a list. One query."""
    return Frame.objects.filter(panel=panel, ended=None).values_list("strata", flat=True).first() or {}


@dataclass(slots=True)
class Board:
    """A panel as its page shows it. Names follow who may see them."""

    panel: Panel
    scale: Scale
    progress: dict[str, int]
    seats: list[Seat]
    ties: list[Tie]
    imports: list[Import]
    findings: list[Findings]
    convenes: bool
    own: list[Seat]
    strata: dict[str, int]


def board(number: int, by: Member) -> Board:
    """Raises Panel.DoesNotExist. Seven queries."""
    panel = Panel.objects.select_related("body").get(pk=number)
    seats = list(Seat.objects.filter(panel=panel, ended=None).order_by("role", "began", "id"))
    own = [s for s in seats if s.member_id == by.pk]
    convenes = any(s.role == SeatRole.CONVENER for s in own)
    ties = Tie.objects.filter(member__in=[s.member_id for s in seats], ended=None).select_related("provider").order_by("id")
    ties = list(ties if convenes else ties.filter(member=by))
    findings = list(Findings.objects.filter(panel=panel).order_by("-id")[:5])
    put_names((seats, "member"), (ties, "member"), (findings, "by"))
    return Board(
        panel, scales()[panel.scale], figures.progress(number), seats, ties, list(Import.objects.filter(panel=panel).order_by("-at")[:10]), findings,
        convenes, own, strata_of(panel),
    )  # fmt: skip
