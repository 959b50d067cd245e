"""After the blind phase: each grader reads the others, stands or moves and says why, and the panel agrees. What was graded first stays."""

from collections import Counter
from typing import Any

from django.db import transaction

from tocsin.review import scales
from tocsin.web.people.models import Member
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.review.doing import Invalid, begin, needed
from tocsin.web.review.grading import VERDICTS
from tocsin.web.review.models import AgreedFactor, AgreedStandard, Assignment, Case, Consensus, Grading, Position
from tocsin.web.review.permissions import Act


@transaction.atomic
def take_position(*, case: int, grade: str, why: str, by: Member, **given: Any) -> Position:
    """A grader stands by their grade, or moves, with the reason. They may do so again until the panel agrees; every step is kept."""
    doing = begin(case, Act.MOVED, by, **given)
    own = Assignment.objects.get(case=doing.case, seat__member=by, withdrawn=None)
    before = standing(doing.case)[str(own.pk)]
    if grade not in {g.code for g in scales()[doing.case.panel.scale].grades}:
        raise Invalid("grade", "Choose a grade.")
    if grade != before:
        why = needed("why", why, "Say what made you move. It stays beside both grades.")
    doing.tell(**{"assignment": str(own.pk), "from": before, "to": grade, "why": why.strip()})
    with acting_as(by.pk):
        # the key is the database's own, and is not asked back: only what one may see is given back
        made = Position.objects.create(assignment=own, case=doing.case, from_grade=before, grade=grade, why=why.strip()[:20_000], at=doing.at)
    doing.keep()
    return made


@transaction.atomic
def agree(
    *, case: int, grade: str, words: str, standards: dict[str, dict[str, Any]], factors: dict[str, dict[str, Any]], by: Member, **given: Any
) -> Consensus:
    """The convener records what the panel agreed: the grade that all graders, or more than half of them, hold now.

    standards: {key: {verdict, bears, words}}; factors: {id: {bears, words}}. Dissent is kept beside it. Raises Invalid.
    """
    doing = begin(case, Act.AGREED, by, **given)
    now_held = standing(doing.case)
    spoken = {str(a) for a in Position.objects.filter(case=doing.case).values_list("assignment_id", flat=True)}
    # whoever has left the panel holds the grade that they gave
    here = {str(a) for a in Assignment.objects.filter(case=doing.case, seat__ended=None).values_list("pk", flat=True)}
    if silent := [a for a in now_held if a in here and a not in spoken]:
        raise Invalid("grade", f"{len(silent)} of {len(now_held)} graders have not yet said whether they stand or move.")
    counts = Counter(now_held.values())
    if grade not in {g.code for g in scales()[doing.case.panel.scale].grades}:
        raise Invalid("grade", "Choose the grade that was agreed.")
    if counts[grade] * 2 <= len(now_held):
        raise Invalid("grade", "Fewer than half of the graders hold this grade now. Talk further, or give the case to one more grader.")
    words = needed("words", words, "Say what the panel found, and what it bases that on.")
    for key, of in standards.items():
        if of.get("verdict") not in VERDICTS:
            raise Invalid(f"standard-{key}", "Choose whether this standard was met.")
        if of["verdict"] == "not-met" and not str(of.get("words", "")).strip():
            raise Invalid(f"standard-{key}", "Say in what way this standard was not met.")
    how = "unanimous" if counts[grade] == len(now_held) else "majority"
    doing.tell(
        grade=grade, how=how, held=dict(sorted(counts.items())), words=words,
        standards={k: {"verdict": of["verdict"], "bears": bool(of.get("bears"))} for k, of in standards.items()},
        factors={k: {"bears": bool(of.get("bears"))} for k, of in factors.items()},
    )  # fmt: skip
    made = Consensus.objects.create(case=doing.case, grade=grade, how=how, words=words, at=doing.at, by=by)
    AgreedStandard.objects.bulk_create(
        AgreedStandard(
            consensus=made, standard=k[:120], title=str(of.get("title", ""))[:300], verdict=of["verdict"], bears=bool(of.get("bears")),
            words=str(of.get("words", ""))[:20_000],
        )
        for k, of in standards.items()
    )
    AgreedFactor.objects.bulk_create(
        AgreedFactor(consensus=made, factor=k[:120], bears=bool(of.get("bears")), words=str(of.get("words", ""))[:20_000])
        for k, of in factors.items()
    )  # fmt: skip
    doing.keep(agreed=doing.at)
    return made


def standing(case: Case) -> dict[str, str]:
    """The grade that each grader holds now, by assignment: their last position, else what they graded blind. Two queries, as Tocsin."""
    with acting_as(TOCSIN):
        held = {
            str(g.pk): g.content["grade"]
            for g in Grading.objects.filter(case=case, assignment__withdrawn=None).exclude(final=None)
        }
        for p in Position.objects.filter(case=case).order_by("id"):
            if str(p.assignment_id) in held:
                held[str(p.assignment_id)] = p.grade
    return held
