"""Concerns that have to do with each other: the same (merge), two in one (split), or near to one another (link). Actions as in actions.py."""

from typing import Any

from django.db import transaction

from tocsin.web.concerns import clockwork
from tocsin.web.concerns.actions import LEVELS, RESTRICTED_KINDS, _open_one, _opened, needed
from tocsin.web.concerns.doing import AccordRefuses, Invalid, begin
from tocsin.web.concerns.models import Concern, InformationRequest, JoinedSignal, Link, PlannedAction, Raiser, TakeOver
from tocsin.web.people.models import Member
from tocsin.web.people.permissions import Act
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Attachment


@transaction.atomic
def merge(*, concern: int, into: int, reason: str, by: Member, **given: Any) -> Concern:
    """The holder of both says that two concerns about one provider are the same: one goes on, with the earlier deadline of the two.

    With it go the signals, those who raised the other and must be told, the actions of its plan, a question that is open, and the files, which
    are from then on read by whoever may see the concern that goes on. The record of both tells of it.
    """
    doing = begin(concern, Act.MERGED, by, **given)
    reason = needed("reason", reason, "Say why they are the same.")
    if into == concern:
        raise Invalid("into", "Choose another concern.")
    other = begin(into, Act.LINKED, by, body=doing.body)
    if other.concern.provider_id != doing.concern.provider_id or other.concern.restricted != doing.concern.restricted:
        raise Invalid("into", "Only concerns about one provider, both restricted or both not, can be merged.")
    if doing.concern.leaves and (other.concern.leaves is None or doing.concern.leaves < other.concern.leaves):
        raise AccordRefuses("The other concern's deadline is later, and merging must not move a deadline. Merge the other one into this.")
    if TakeOver.objects.filter(concern=doing.concern, ended=None).exists():
        raise AccordRefuses("A take-over is under way here. Merge the other one into this.")
    if InformationRequest.objects.filter(concern__in=(doing.concern, other.concern), answered=None).count() > 1:
        raise AccordRefuses("Each of the two has a question that is not answered yet. Merge them when one is.")
    for part in (JoinedSignal, PlannedAction, InformationRequest):
        part.objects.filter(concern=doing.concern).update(concern=other.concern)
    files = list(Attachment.objects.filter(chain=clockwork.chain(doing.concern)).select_related("file").order_by("id"))
    with acting_as(TOCSIN):
        raisers = [str(pk) for pk in Raiser.objects.filter(concern=doing.concern).order_by("raised").values_list("pk", flat=True)]
        Raiser.objects.filter(concern=doing.concern).update(concern=other.concern)
    other.concern.level = max(doing.concern.level, other.concern.level, key=LEVELS.index)
    told = other.tell(
        other=concern, merged=concern, why=reason, raisers=raisers or None, files=[{"sha256": f.file.sha256, "name": f.name} for f in files] or None
    )
    for f in files:
        Attachment.objects.create(chain=clockwork.chain(other.concern), file=f.file, name=f.name, entry_id=told.id)
    doing.concern.merged_into, doing.concern.closed = other.concern, doing.at
    doing.tell(into=into, reason=reason)
    return other.concern


@transaction.atomic
def split(*, concern: int, kind: str, title: str, signals: list[int], by: Member, **given: Any) -> Concern:
    """Part of a concern becomes one of its own, of another kind; it begins with the first holder, and the first one's clock runs on."""
    doing = begin(concern, Act.SPLIT, by, **given)
    title = needed("title", title, "Say what the new concern is.")
    if kind == doing.concern.kind or kind not in clockwork.map_of(doing.concern).concerns:
        raise Invalid("kind", "Choose another kind of concern that the map names.")
    if _open_one(doing.concern.provider, kind, doing.concern.place):
        raise Invalid("kind", "There is an open concern of that kind about this provider; link them instead.")
    made = _opened(
        doing.concern.provider, kind, title=title[:200], restricted=doing.concern.restricted or kind in RESTRICTED_KINDS, severe=False,
        level="", who={"split_from": concern}, opener=doing.body, by=None, place=doing.concern.place,
    )  # fmt: skip
    moving = JoinedSignal.objects.filter(concern=doing.concern, pk__in=signals)
    keys = sorted(moving.values_list("key", flat=True))
    moving.update(concern=made)
    doing.concern.level = _strongest(doing.concern)
    doing.tell(into=made.pk, kind=kind, signals=keys)
    with acting_as(TOCSIN):
        made.level = _strongest(made)
        made.save()
    return made


@transaction.atomic
def link(*, concern: int, other: int, why: str, by: Member, **given: Any) -> Link:
    """Two concerns have to do with each other; both stay."""
    doing = begin(concern, Act.LINKED, by, **given)
    why = needed("why", why, "Say what they have to do with each other.")
    target = Concern.objects.filter(pk=other).exclude(pk=concern).first()
    if target is None:
        raise Invalid("other", "There is no such concern that you may see.")
    made = Link.objects.create(one=doing.concern, other=target, why=why[:300])
    doing.tell(link=made.pk, other=other, why=why)
    return made


def _strongest(concern: Concern) -> str:
    """The strongest level of a concern's signals; '' where it has none."""
    return max(JoinedSignal.objects.filter(concern=concern).values_list("level", flat=True), key=LEVELS.index, default="")
