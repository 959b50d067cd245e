"""Panels of the demo country: one with cases in several states, one that draws from a list. Every case, family and reviewer is made up."""

from datetime import date, datetime, timedelta
from typing import Any

from tocsin.web.people.models import Body, Member, Membership, Provider, Role
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now
from tocsin.web.review import cases, consensus, families, frames, grading, panels
from tocsin.web.review.models import Assignment, Case, Panel, Sampling

HOLDER = "mnsi"
CRAFTS = ("Midwife", "Obstetrician", "Neonatologist", "Lay member")
_KINDS = ("stillbirth", "neonatal-death", "brain-injury", "maternal-injury", "near-miss")
_GRADES = ("2", "3", "1", "2", "0", "3")
DRAFTED, GRADED, AGREED = 8, 6, 5
"""Of ten cases: how many are given out, how many graded by all, how many agreed."""


def make_panel() -> Panel | None:
    """The panel, with four reviewers, ten cases and a family that has asked; beside it one that draws. None where it stands already, or no
    body can hold it.
    """
    with acting_as(TOCSIN):
        body = Body.objects.filter(code=HOLDER).first()
        providers = [p.code for p in Provider.objects.order_by("code")[:3]]
        convener = Member.objects.filter(pk__in=Membership.objects.filter(body=body, role=Role.LEAD).values("member"), demo=True).first() if body else None
        if body is None or convener is None or not providers or Panel.objects.filter(body=body).exists():
            return None
        people = [_reviewer(body, craft) for craft in CRAFTS]
    with acting_as(convener.pk):
        panel = panels.make_panel(
            body=body, name="Births at three trusts", by=convener, scale="confidential-enquiry", graders=3, sampling=Sampling.CAME_FORWARD, seed=7,
            purpose="Whether care met the standards of its day, and whether other care would have changed the outcome. Made up for this demo.",
        )  # fmt: skip
        for who, craft in zip(people, CRAFTS, strict=True):
            panels.seat(panel=panel.pk, email=who.email, role="reviewer", craft=craft, by=convener)
    for who in people:
        with acting_as(who.pk):
            panels.declare(panel=panel.pk, ties=[], by=who)
    with acting_as(convener.pk):
        made = [_case(panel, providers[n % len(providers)], n, convener) for n in range(DRAFTED)]
        panels.deal(panel=panel.pk, by=convener)
        late = [_case(panel, providers[n % len(providers)], n, convener) for n in range(DRAFTED, DRAFTED + 2)]
        for case in (*made[:2], *late[:1]):
            families.invite_family(
                case=case.pk, account="I said that the baby was moving less. I was told to wait until the morning.", by=convener,
                questions=["Why did nobody look at the trace when I asked?", "Would she have lived?"],
            )  # fmt: skip
    for number, case in enumerate(made[:GRADED]):
        _grade(case, _GRADES[number])
    for number, case in enumerate(made[:AGREED]):
        _agree(case, _GRADES[number], convener)
    _answer(made[0], convener)
    _drawing(body, convener)
    return panel


def _drawing(body: Body, convener: Member) -> None:
    """A panel that cannot look at all: it draws from a list of which only the sizes are told."""
    with acting_as(convener.pk):
        panel = panels.make_panel(
            body=body, name="Deaths of babies at term and before", by=convener, scale="confidential-enquiry", graders=2, sampling=Sampling.RANDOM, seed=11,
            purpose="What share of all such deaths might have been avoided, from some that are drawn at random. Made up for this demo.",
        )  # fmt: skip
        frames.give_list(
            panel=panel.pk, name="All deaths of babies at three trusts, five years", upload=None, column="", typed="Born at term: 90\nBorn early: 160",
            by=convener,
        )  # fmt: skip
        frames.draw(
            panel=panel.pk, cases=None, half_width=0.12, how="neyman", guesses={"Born at term": 0.5, "Born early": 0.2}, by=convener, seed=2026,
        )  # fmt: skip


def _reviewer(body: Body, craft: str) -> Member:
    email = f"reviewer.{craft}@demo.invalid".lower().replace(" ", "-")
    made = Member.objects.create(email=email, name=f"Demo: grades, {craft.lower()}", demo=True, password="!")  # noqa: S106
    Membership.objects.create(member=made, body=body, role=Role.MEMBER, began=now())
    return made


def _case(panel: Panel, provider: str, number: int, by: Member) -> Case:
    day = now().date() - timedelta(days=420 + 151 * number)
    facts: dict[str, Any] = {"country": "england"}
    return cases.add_case(
        panel=panel.pk, provider=provider, outcome=_KINDS[number % len(_KINDS)], event_on=day, gestation_days=275 + number, by=by, facts=facts,
        identity={"reference": f"DEMO-{number + 1}", "notes": "Made up for the demo"}, events=_events(day),
    )  # fmt: skip


def _events(day: date) -> list[tuple[date | datetime, str]]:
    at = datetime(day.year, day.month, day.day)  # noqa: DTZ001
    return [
        (day - timedelta(days=190), "First visit in this pregnancy."), (at.replace(hour=1, minute=40), "She calls the ward: the baby moves less."),
        (at.replace(hour=6, minute=15), "She comes to the ward. The trace is begun."),
        (at.replace(hour=8, minute=5), "The trace is read as not normal. The doctor is called."), (at.replace(hour=10, minute=20), "Birth by caesarean."),
    ]  # fmt: skip


def _grade(case: Case, middle: str) -> None:
    key = _key(case)
    with acting_as(TOCSIN):
        given = list(Assignment.objects.filter(case=case, withdrawn=None).select_related("seat__member").order_by("seat_id"))
    for number, a in enumerate(given):
        who = a.seat.member
        grade = str(min(3, max(0, int(middle) + (1 if number == 2 and middle in "12" else 0))))
        with acting_as(who.pk):
            shown = grading.mine(case=case.pk, by=who)
            content: dict[str, Any] = {
                "grade": grade, "words": "From the call to the trace took more than four hours; from the trace to the birth four more.",
                "factors": {"ycff.communication-systems": {"found": True, "bears": grade > "1", "words": "Not handed over."}} if grade != "0" else {},
                "standards": {key: {"verdict": "not-met", "bears": grade > "1", "words": "The trace came late."}} if grade != "0" and key else {},
            }  # fmt: skip
            grading.save(case=case.pk, content=content, version=shown.version, tab="demo", count=1, by=who)
            grading.finish(case=case.pk, by=who)


def _agree(case: Case, grade: str, convener: Member) -> None:
    with acting_as(TOCSIN):
        given = list(Assignment.objects.filter(case=case, withdrawn=None).select_related("seat__member"))
    for a in given:
        with acting_as(a.seat.member_id):
            consensus.take_position(case=case.pk, grade=grade, why="Having heard the others on when the trace was begun.", by=a.seat.member)
    with acting_as(convener.pk):
        key = _key(case)
        unmet = {"verdict": "not-met", "bears": grade > "1", "words": "The trace came late.", "title": _title(case)}
        consensus.agree(
            case=case.pk, grade=grade, by=convener, words="She was not asked to come in when she called. The trace was begun more than four hours later.",
            standards={key: unmet} if key and grade != "0" else {},
            factors={"ycff.communication-systems": {"bears": grade > "1"}} if grade != "0" else {},
        )  # fmt: skip


def _answer(case: Case, convener: Member) -> None:
    from tocsin.web.review.models import Question

    with acting_as(TOCSIN):
        asked = Question.objects.filter(case=case).order_by("asked").first()
    with acting_as(convener.pk):
        if asked is not None:
            words = "The call was not handed over when the shift changed. Nobody knew that you waited."
            families.answer(case=case.pk, question=asked.pk, words=words, by=convener)
        families.tell_in_plain_words(
            case=case.pk, by=convener,
            words="You should have been asked to come in at once when you called. You were not. Had you been, it might have ended otherwise.",
        )  # fmt: skip


def _standard(case: Case) -> Any:
    from tocsin.review import library

    return next((s for s in library().on(case.event_on) if s.area == "reduced-movements"), None)


def _key(case: Case) -> str:
    found = _standard(case)
    return found.key if found else ""


def _title(case: Case) -> str:
    found = _standard(case)
    return found.title if found else ""
