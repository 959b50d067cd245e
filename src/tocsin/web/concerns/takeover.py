"""Taking over, and handing back. Actions as in actions.py."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction

from tocsin.accord.clock import What
from tocsin.accord.model import AccordMap, Case, Power
from tocsin.web.concerns import clockwork
from tocsin.web.concerns.doing import AccordRefuses, Invalid, begin
from tocsin.web.concerns.models import Criterion, TakeOver
from tocsin.web.people.models import Member
from tocsin.web.people.permissions import Act


def powers_that_pass(map_: AccordMap, case: Case, body: str, day: date) -> list[dict[str, str]]:
    """The powers over the provider that a body holds on that day, each with its legal basis: what it can assume."""
    return [
        {"power": h.power.word, "basis": h.basis, "source": h.source, "condition": h.condition}
        for h in sorted(map_.powers, key=lambda h: h.power)
        if h.body == body and h.holds(case, day) and h.power >= Power.REQUIRE_ACTION
    ]


@transaction.atomic
def take_over(
    *, concern: int, powers: list[str], scope: str, criteria: list[str], reviews: list[date], by: Member, **given: Any
) -> TakeOver:
    """`by`'s body assumes `powers` over `scope`, reviewed on `reviews`, until every one of `criteria` is met.

    Each power must be one that the map gives this body over this provider on this day, and take-over-or-close among those it holds.
    """
    doing = begin(concern, Act.TAKEN_OVER, by, **given)
    assert doing.body is not None
    map_, case = clockwork.map_of(doing.concern), clockwork.case_of(doing.concern)
    day = clockwork.today(map_, doing.at)
    held = {p["power"]: p for p in powers_that_pass(map_, case, doing.body.kind, day)}
    if TakeOver.objects.filter(concern=doing.concern, ended=None).exists():
        raise AccordRefuses("A take-over is under way already.")
    doing.ask_the_accord(What.TAKEN_OVER)
    if not powers or not set(powers) <= set(held):
        raise Invalid("powers", f"Choose among the powers that the map gives: {', '.join(held) or 'none'}.")
    if not scope.strip():
        raise Invalid("scope", "Say over what: which service, which sites.")
    wanted = [c.strip() for c in criteria if c.strip()]
    if not wanted:
        raise Invalid("criteria", "Say what must be so before it is handed back. A take-over without an end is not begun.")
    days = sorted(set(reviews))
    if not days or days[0] <= day or days[0] > day + timedelta(days=92):
        raise Invalid("reviews", "Give the days of review; the first within three months.")
    made = TakeOver.objects.create(
        concern=doing.concern, body=doing.body, powers=[held[p] for p in powers], scope=scope.strip()[:500], began=day,
        reviews=[d.isoformat() for d in days],
    )  # fmt: skip
    for words in wanted:
        Criterion.objects.create(take_over=made, what=words[:500])
    doing.tell(
        take_over=made.pk, powers=made.powers, scope=made.scope, criteria=wanted, reviews=made.reviews,
        reason="; ".join(p["basis"] for p in made.powers),
    )  # fmt: skip
    return made


@transaction.atomic
def review(*, concern: int, words: str, following: date | None, by: Member, **given: Any) -> TakeOver:
    """The body that took over reviews it on the day that was set: what has changed, what has not. following: one more day of review.

    The last planned review of a take-over that goes on needs a following one, so that none goes on unseen.
    """
    doing = begin(concern, Act.REVIEWED, by, **given)
    made = TakeOver.objects.filter(concern=doing.concern, ended=None).first()
    if made is None:
        raise AccordRefuses("Nothing has been taken over.")
    if not words.strip():
        raise Invalid("words", "Say what the review found.")
    day = clockwork.today(clockwork.map_of(doing.concern), doing.at)
    open_ = [d for d in made.reviews if d not in {h["for"] for h in made.reviewed}]
    if following is not None and not day < following <= day + timedelta(days=92):
        raise Invalid("following", "Choose a day within three months.")
    if len(open_) <= 1 and following is None:
        raise Invalid("following", "Set the next day of review: it goes on until it is handed back.")
    held_for = open_[0] if open_ else day.isoformat()
    made.reviewed = [*made.reviewed, {"day": day.isoformat(), "for": held_for, "words": words.strip()}]
    if following is not None:
        made.reviews = sorted({*made.reviews, following.isoformat()})
    made.save()
    doing.tell(take_over=made.pk, words=words.strip(), following=following.isoformat() if following else None, **{"for": held_for})
    return made


def next_review(made: TakeOver) -> str:
    """The first day of review that has not been held; '' where there is none."""
    return next((d for d in made.reviews if d not in {h["for"] for h in made.reviewed}), "")


@transaction.atomic
def meet_criterion(*, concern: int, criterion: int, evidence: str, by: Member, **given: Any) -> Criterion:
    """Somebody independent of the holder and the provider has checked that a criterion is met, on evidence."""
    doing = begin(concern, Act.CRITERION_MET, by, **given)
    made = Criterion.objects.filter(take_over__concern=doing.concern, take_over__ended=None, pk=criterion, checked=None).first()
    if made is None:
        raise Invalid("criterion", "There is no such criterion, or it is met already.")
    if not evidence.strip():
        raise Invalid("evidence", "Say on what evidence it is met.")
    made.evidence, made.checked_by, made.checked = evidence.strip(), doing.body, doing.at
    made.save()
    doing.tell(criterion=made.pk, what=made.what, evidence=made.evidence)
    return made


@transaction.atomic
def hand_back(*, concern: int, reason: str, by: Member, **given: Any) -> TakeOver:
    """The body that took over hands back, once every criterion is met and independently checked. The effect is then awaited."""
    doing = begin(concern, Act.HANDED_BACK, by, **given)
    made = TakeOver.objects.filter(concern=doing.concern, ended=None).first()
    if made is None:
        raise AccordRefuses("Nothing has been taken over.")
    open_ = list(Criterion.objects.filter(take_over=made, checked=None).values_list("what", flat=True))
    if open_:
        raise AccordRefuses(f"Not yet met and independently checked: {'; '.join(open_)}.")
    if not reason.strip():
        raise Invalid("reason", "Say how the criteria came to be met.")
    doing.ask_the_accord(What.HANDED_BACK, reason=reason)
    made.ended = clockwork.today(clockwork.map_of(doing.concern), doing.at)
    made.save()
    doing.tell(take_over=made.pk, reason=reason.strip())
    return made
