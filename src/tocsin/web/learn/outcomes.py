"""What became of an item: what was answered, what was done, where it stands, and which others say the same. Actions as in actions.py."""

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from tocsin.web.learn.doing import Invalid, about, acts_for, needed, permit, tell
from tocsin.web.learn.models import Accepted, Family, Item, Push, Relation, Status, StatusEntry
from tocsin.web.people.models import Body, Member
from tocsin.web.people.permissions import Learn, NotPermitted, may_learn, who_is
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now

CLOSING = frozenset({Status.WORKS, Status.FAILS, Status.SUPERSEDED, Status.MERGED})
"""What only the issuer or an independent body says, never whoever was asked to act."""
RELATIONS = ("same", "conflict", "replaces", "not-same", "not-conflict")
_SAID = {
    "same": "they are the same", "not-same": "they are not the same", "conflict": "they are in conflict", "not-conflict": "they are not in conflict",
    "not-replaces": "neither replaces the other", "replaces": "one replaces the other",
}  # fmt: skip
_ANSWERS = ("accepted", "accepted_on", "says", "owner", "action", "cost", "next_review")


@transaction.atomic
def answer(*, item: Item, reason: str, by: Member, **given: Any) -> Item:
    """Say what was answered and done, each with where that can be read: by who is asked, the issuer, or a keeper of the register."""
    who = permit(by, Learn.ANSWER, item, "Who is asked, or the body that made the recommendation, says what was answered.")
    reason = needed("reason", reason, "Say why, and where it can be read.", 2000)
    unknown = set(given) - set(_ANSWERS)
    if unknown:
        raise TypeError(f"answer() does not know {unknown}")
    body, at = acts_for(who, item), now()
    said: dict[str, Any] = {}
    if given.get("accepted"):
        if given["accepted"] not in Accepted.values:
            raise Invalid("accepted", "Choose what was answered.")
        item.accepted, item.accepted_on = given["accepted"], given.get("accepted_on") or at.date()
        item.reply = item.reply | {"by": [body.name] if body else [], "says": given.get("says") or item.reply.get("says", "")}
        said |= {"accepted": item.accepted}
    for name, most in (("owner", 300), ("cost", 300)):
        if given.get(name, "").strip():
            setattr(item, name, given[name].strip()[:most])
            said[name] = getattr(item, name)
    if given.get("action", "").strip():
        item.actions = [
            *item.actions,
            {"what": given["action"].strip()[:2000], "by": [body.name] if body else [], "on": at.date().isoformat(), "source": reason},
        ]
        said["action"] = item.actions[-1]["what"]
    if given.get("next_review"):
        item.next_review = given["next_review"]
        said["next_review"] = item.next_review.isoformat()
    if not said:
        raise Invalid("", "Nothing was said that is new.")
    item.touched = sorted({*item.touched, "reply", "owner", "cost", "actions", "next_review"})
    item.save(update_fields=["accepted", "accepted_on", "reply", "owner", "cost", "actions", "next_review", "touched"])
    tell(item.report_id, "answered", at=at, by=by, body=body, item=item.code, reason=reason, **said)
    return item


@transaction.atomic
def say_status(*, item: Item, status: str, on: date, evidence: str, by: Member, source: str = "") -> StatusEntry:
    """Say where an item stands, on what evidence. What closes it is said by the issuer or an independent body, never by who was asked."""
    if status not in Status.values:
        raise Invalid("status", "Choose where it stands.")
    who = who_is(by)
    asked = about(item)
    closes = status in CLOSING
    if not may_learn(who, Learn.CLOSE, asked) and (closes or not may_learn(who, Learn.ANSWER, asked)):
        raise NotPermitted(
            "Whether it works is said by the body that made it or by an independent one, never by who was asked to act."
            if closes
            else "You may not say where this stands."
        )
    evidence = needed("evidence", evidence, "Say on what evidence: what was measured, over what time, and what it showed.")
    at = now()
    if on > at.date():
        raise Invalid("on", "That day has not come yet.")
    if item.on and on < item.on:
        raise Invalid("on", f"The report is of {item.on.isoformat()}; give a day since then.")
    body = acts_for(who, item)
    made = StatusEntry.objects.create(
        item=item,
        status=status,
        on=on,
        on_words=on.isoformat(),
        evidence=evidence,
        source=[source.strip()[:500]] if source.strip() else [],
        by_body=body,
        by=by,
        at=at,
    )
    newest = StatusEntry.objects.filter(item=item).exclude(on=None).order_by("-on", "-pk").first()
    item.status = newest.status if newest else status
    item.touched = sorted({*item.touched, "status"})
    item.save(update_fields=["status", "touched"])
    tell(
        item.report_id,
        "status-said",
        at=at,
        by=by,
        body=body,
        item=item.code,
        status=status,
        on=on.isoformat(),
        evidence=evidence[:2000],
        source=source,
    )
    return made


@transaction.atomic
def relate(*, one: Item, other: Item, kind: str, why: str, by: Member) -> Relation:
    """Say that two items are the same, contradict each other, or that one replaces the other; or that they do not, where it was proposed.

    The same ones have one history from then on. Who says 'same' where 'not the same' was said before is told so.
    """
    who = permit(by, Learn.RELATE, one, "Items are joined by the body that took the report in, and by national bodies.")
    if kind not in RELATIONS:
        raise Invalid("kind", "Choose what they have to do with each other.")
    if one.pk == other.pk:
        raise Invalid("other", "Choose another item.")
    why = needed("why", why, "Say why.", 500)
    at = now()
    opposite = kind.removeprefix("not-") if kind.startswith("not-") else f"not-{kind}"
    if Relation.objects.filter(Q(one=one, other=other) | Q(one=other, other=one), kind=opposite).exists():
        raise Invalid("kind", f"Somebody has said that {_SAID[opposite]}. Talk to each other; the record keeps who said what.")
    made, new = Relation.objects.get_or_create(
        one=one, other=other, kind=kind, defaults={"why": why, "by_body": acts_for(who, one), "at": at}
    )
    if not new:
        raise Invalid("", "That was said already.")
    if kind == "same":
        _join(one, other, who, at)
    tell(one.report_id, "related", at=at, by=by, body=made.by_body, item=one.code, other=other.code, kind=kind, why=why)
    if other.report_id != one.report_id and other.family_id:
        tell(other.report_id, "related", at=at, by=by, body=made.by_body, item=other.code, other=one.code, kind=kind, why=why)
    return made


def _join(one: Item, other: Item, who: Any, at: Any) -> None:
    if one.family_id and one.family_id == other.family_id:
        return
    if not may_learn(who, Learn.RELATE, about(other)):
        # the other one stays as it is; that they are the same is shown on both pages all the same
        return
    first = min((one, other), key=lambda i: (i.on or date.max, i.pk))
    family = one.family or other.family or _family(first, at)
    members = Item.objects.filter(family__in=[f for f in {one.family_id, other.family_id} - {None, family.pk} if f])
    for item in [*members, one, other]:
        if item.family_id != family.pk and may_learn(who, Learn.RELATE, about(item)):
            item.family = family
            item.save(update_fields=["family"])
            if item.report_id not in (one.report_id, other.report_id):
                tell(item.report_id, "joined", at=at, by=None, item=item.code, family=family.pk)


def _family(first: Item, at: Any) -> Family:
    # a history without items is seen by nobody, not even by who begins it
    with acting_as(TOCSIN):
        return Family.objects.create(name=first.text[:300], made=at)


@transaction.atomic
def push(*, item: Item, body: Body, words: str, by: Member) -> Push:
    """A body takes up a recommendation that was made before, instead of making it again."""
    if not any(p.body == body.pk and p.role == "lead" for p in who_is(by).parts):
        raise NotPermitted("Who leads for a body takes up a recommendation for it.")
    if not item.open:
        raise Invalid("", "It is not open to everybody yet.")
    words = needed("words", words, "Say what your body will do to have it carried out.", 5000)
    if Push.objects.filter(item=item, body=body).exists():
        raise Invalid("", "Your body has taken it up already.")
    at = now()
    made = Push.objects.create(item=item, body=body, by=by, words=words, at=at)
    tell(item.report_id, "taken-up", at=at, by=by, body=body, item=item.code, words=words)
    return made
