"""The drafting desk: drafts that are saved as one types, and what can become of them."""

from typing import Any
from uuid import UUID

from django.db import transaction

from tocsin.learn import Kind
from tocsin.web.learn.actions import _ask, _measure_soon, _slug
from tocsin.web.learn.days import day_of
from tocsin.web.learn.doing import Invalid, needed, tell
from tocsin.web.learn.identity import identity
from tocsin.web.learn.models import Addressee, Draft, DraftVersion, Item, Origin, Push, Report
from tocsin.web.learn.outcomes import push
from tocsin.web.people.models import Body, Member
from tocsin.web.people.permissions import NotPermitted, may_take_in, who_is
from tocsin.web.record.moment import now

FIELDS = {"text": 20_000, "addressee": 60, "power": 60, "measure": 500, "cost": 300, "by_when": 100}
"""What a draft says, and how long each may be."""


@transaction.atomic
def begin(*, body: Body, by: Member) -> Draft:
    """Begin a draft. It is a working paper of the body: who works for the body reads it, nobody else."""
    if not may_take_in(who_is(by), body.pk):
        raise NotPermitted("You may write drafts for a body that you work for.")
    at = now()
    return Draft.objects.create(body=body, by=by, began=at, saved=at)


@transaction.atomic
def save(*, draft: UUID, words: dict[str, str], version: int, by: Member) -> Draft:
    """Save what stands on the page. version: of the saving that the page began from.

    Where the draft was changed in another window since, what was written here becomes a draft of its own, which is returned.
    """
    found = Draft.objects.select_for_update(of=("self",)).select_related("body").filter(pk=draft).first()
    if found is None or not may_take_in(who_is(by), found.body_id):
        raise NotPermitted("You may write drafts for a body that you work for.")
    if found.ended:
        raise Invalid("", "This draft has ended; begin another.")
    given = {name: words.get(name, "").replace("\0", "")[:most] for name, most in FIELDS.items()}
    if given == {name: getattr(found, name) for name in FIELDS}:
        return found
    at = now()
    target = found
    if version != found.version:
        target = Draft.objects.create(body=found.body, by=by, began=at, saved=at)
    for name, value in given.items():
        setattr(target, name, value)
    target.version, target.saved = target.version + 1, at
    target.save()
    DraftVersion.objects.create(draft=target, version=target.version, words=given, at=at)
    return target


def kept_apart(found: Draft, asked: UUID) -> bool:
    """Whether what was saved became a draft of its own."""
    return found.pk != asked


@transaction.atomic
def adopt(*, draft: Draft, item: Item, words: str, by: Member) -> Push:
    """Instead of making it again, take up one that was made before. The draft is kept beside it."""
    made = push(item=item, body=draft.body, words=words, by=by)
    draft.ended, draft.item = "adopted", item
    draft.save(update_fields=["ended", "item"])
    return made


@transaction.atomic
def drop(*, draft: Draft, by: Member) -> None:
    """Put a draft away."""
    if not may_take_in(who_is(by), draft.body_id):
        raise NotPermitted("You may put away drafts of a body that you work for.")
    draft.ended = "dropped"
    draft.save(update_fields=["ended"])


@transaction.atomic
def enter(*, draft: Draft, title: str, on: str, by: Member, names: dict[str, str]) -> Item:
    """Put a draft into the register as a recommendation of the body, closed to others until the body opens its report.

    title: of the report or letter that makes it. names: what the kinds of body are called, for the addressee.
    """
    if not may_take_in(who_is(by), draft.body_id):
        raise NotPermitted("Only the body whose draft it is enters it.")
    if draft.ended:
        raise Invalid("", "This draft has ended; begin another.")
    text = needed("text", draft.text, "Write the recommendation first.")
    title = needed("title", title, "Give the title of the report or letter that makes it.", 500)
    found = day_of(needed("on", on, "Give the day on which it is made."))
    if found is None:
        raise Invalid("on", f"{on.strip()!r} is not a day. Write it as 2026-05-14.")
    day, written = found
    at = now()
    report = Report.objects.filter(origin=Origin.DESK, body=draft.body, title=title, opened=None).first()
    if report is None:
        report = Report.objects.create(
            slug=_slug(),
            title=title,
            on=day,
            on_words=written,
            author=draft.body.name,
            origin=Origin.DESK,
            body=draft.body,
            by=by,
            taken_in=at,
            paged=False,
        )
    number = Item.objects.filter(report=report).count() + 1
    item = Item.objects.create(
        code=f"{report.slug}/r{number}",
        report=report,
        kind=Kind.RECOMMENDATION,
        number=str(number),
        text=_whole(draft, text),
        body=draft.body,
        on=report.on,
        source=[title, ""],
        cost=draft.cost,
        page_why="Written at the drafting desk.",
    )
    if draft.addressee:
        name = names.get(draft.addressee, draft.addressee)
        Addressee.objects.create(item=item, name=name, kind=draft.addressee, who=identity(name).id)
    else:
        _ask(item)
    draft.ended, draft.item = "entered", item
    draft.save(update_fields=["ended", "item"])
    tell(report, "entered", at=at, by=by, body=draft.body, item=item.code)
    transaction.on_commit(_measure_soon)
    return item


def _whole(draft: Draft, text: str) -> str:
    more = [f"{label}: {value.strip()}." for label, value in (("To be measured by", draft.measure), ("By", draft.by_when)) if value.strip()]
    return " ".join([text.strip(), *more])


def words_of(draft: Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in FIELDS}
