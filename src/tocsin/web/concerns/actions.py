"""What may happen to a concern. Each is one transaction: permission, validation, change, entry.

`by` is the member who acts, `body` the body for which they act where there is a choice, `stamp` the last entry that their page showed,
`request` a number of the form or call, so that it is done once. All raise NotPermitted, Stale, AccordRefuses, Invalid, ledger.DoneBefore.
"""

from dataclasses import asdict
from datetime import date
from textwrap import shorten
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from tocsin.accord.clock import What
from tocsin.signal import Signal
from tocsin.web.accord.queries import in_force
from tocsin.web.concerns import clockwork
from tocsin.web.concerns.doing import AccordRefuses, Doing, Invalid, begin
from tocsin.web.concerns.models import Concern, InformationRequest, JoinedSignal, Publication, TakeOver
from tocsin.web.concerns.turning import pass_by
from tocsin.web.people.models import Body, Member, Provider
from tocsin.web.people.permissions import Act, NotPermitted, may_raise, who_is
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.files import keep
from tocsin.web.record.models import Attachment
from tocsin.web.record.moment import now

JOINING = (
    "A signal or an account joins the open concern about the same provider, of the same kind, at the same place, so that one body answers for all "
    "of it. Where there is none, it opens one. What is about people never joins another, and nothing joins a restricted concern."
)
"""The rule by which signals join, as it is shown to those who read."""
LEVELS = ("", "amber", "red")
"""Of a concern, weakest first."""
RESTRICTED_KINDS = frozenset({"conduct", "bullying-harassment-discrimination", "speak-up-detriment"})
"""Concerns about people: others are shown only that one exists."""


@transaction.atomic
def raise_signal(signal: Signal, *, by: str, key: str | None = None, member: Member | None = None, request: UUID | None = None) -> Concern:
    """A room has seen something: it joins the open concern of the same provider, kind and place, or opens one.

    by: the room ('the watch'), or the code of the body whose program tells it (member, request). The same signal told twice joins once; a
    stronger or longer sentence of it takes the place of the earlier. An unknown provider is taken in under its code, so that no signal is lost
    for want of a register.
    """
    key = key or _key(signal, by)
    with acting_as(TOCSIN):
        provider = Provider.objects.get_or_create(
            code=signal.provider.code, defaults={"name": signal.provider.name, "kind": _default_kind()}
        )[0]
        _one_after_another(provider, str(signal.kind))
        known = JoinedSignal.objects.select_related("concern").filter(key=key).first()
        if known is not None:
            return _told_again(known, signal, member, request)
        concern = _open_one(provider, str(signal.kind))
        if concern is None:
            concern = _opened(
                provider, str(signal.kind), title=shorten(signal.sentence, 200, placeholder=" ..."), restricted=signal.kind in RESTRICTED_KINDS, severe=False,
                level=str(signal.level), who={"by": by}, opener=None, by=member,
            )  # fmt: skip
        doing = begin(concern.pk, Act.SIGNAL_JOINED, None, request=request)
        doing.by = member
        JoinedSignal.objects.create(
            concern=doing.concern, key=key, site=signal.provider.site or "", site_name=signal.provider.site_name or "", level=signal.level,
            raised_on=signal.raised_on, since=signal.since, sentence=signal.sentence, address=signal.address,
            evidence=dict(signal.evidence), joined=doing.at,
        )  # fmt: skip
        doing.concern.level = max(doing.concern.level, str(signal.level), key=LEVELS.index)
        doing.tell(
            by=by, key=key, level=str(signal.level), sentence=signal.sentence, address=signal.address, evidence=_plain(asdict(signal))
        )
        return doing.concern


def signals_of(by: str) -> set[str]:
    """Keys of the signals of a room that have not ended. One query."""
    with acting_as(TOCSIN):
        return set(JoinedSignal.objects.filter(key__startswith=f"{by}|", ended=None, concern__closed=None).values_list("key", flat=True))


@transaction.atomic
def signal_ended(*, key: str, day: date) -> None:
    """A signal is no longer given: its concern stays, the signal is marked."""
    with acting_as(TOCSIN):
        known = JoinedSignal.objects.filter(key=key, ended=None).first()
        if known is None or known.concern.closed:
            return
        doing = begin(known.concern_id, Act.SIGNAL_JOINED, None)
        known.ended = day
        known.save()
        doing.tell(key=key, ended=day.isoformat())


@transaction.atomic
def raise_concern(
    *,
    provider: Provider,
    kind: str,
    title: str,
    words: str,
    by: Member,
    body: Body,
    severe: bool = False,
    place: str = "",
    request: UUID | None = None,
) -> Concern:
    """A member raises a concern for their body, or adds to the open one of the same provider, kind and place."""
    if not may_raise(who_is(by), provider.code) or not _works_for(by, body):
        raise NotPermitted("You may raise a concern about a provider for which your body answers.")
    if not title.strip():
        raise Invalid("title", "Say in a few words what the concern is.")
    current = in_force()
    if current is None or kind not in clockwork.map_from(current).concerns:
        raise Invalid("kind", "Choose a kind of concern that the map in force names.")
    restricted = kind in RESTRICTED_KINDS
    concern = _open_one(provider, kind, place)
    if concern is not None:
        doing = begin(concern.pk, Act.NOTED, by, body=body, request=request)
        doing.tell(words=f"{title.strip()}: {words.strip()}".strip(": "))
        return doing.concern
    return _opened(
        provider, kind, title=title.strip()[:200], restricted=restricted, severe=severe, level="", who={"words": words.strip()},
        opener=body, by=by, place=place, request=request,
    )  # fmt: skip


@transaction.atomic
def acknowledge(*, concern: int, by: Member, **given: Any) -> Concern:
    """The holder says that it has taken it up. This moves no deadline: acknowledging is not acting."""
    doing = begin(concern, Act.ACKNOWLEDGED, by, **given)
    if doing.concern.acknowledged:
        raise Invalid("", "The holder has acknowledged this already.")
    doing.concern.acknowledged = doing.at
    doing.tell()
    return doing.concern


@transaction.atomic
def act(*, concern: int, words: str, by: Member, **given: Any) -> Concern:
    """The holder has done what the map asks of it; from now its effect is awaited."""
    doing = begin(concern, Act.ACTED, by, **given)
    words = needed("words", words, "Say what was done.")
    if doing.standing.holder and doing.standing.holder.phase.value != "to act":
        raise AccordRefuses("The holder has acted; now its effect is awaited.")
    doing.ask_the_accord(What.ACTED)
    doing.concern.acknowledged = doing.concern.acknowledged or doing.at
    doing.tell(words=words)
    return doing.concern


@transaction.atomic
def obligation_done(*, concern: int, words: str, by: Member, **given: Any) -> Concern:
    """A body that does not hold the concern has done what it owes."""
    doing = begin(concern, Act.DONE, by, **given)
    if doing.body and doing.body.kind == doing.concern.holder_kind:
        raise AccordRefuses("The holder's own duty is met by acting.")
    doing.tell(words=needed("words", words, "Say what was done."))
    return doing.concern


@transaction.atomic
def refuse(*, concern: int, reason: str, by: Member, **given: Any) -> Concern:
    """The holder refuses: the concern passes on with the next day, and the refusal stays visible."""
    doing = begin(concern, Act.REFUSED, by, **given)
    reason = needed("reason", reason, "Say why the holder refuses; the reason stays visible.")
    doing.ask_the_accord(What.REFUSED)
    doing.tell(reason=reason)
    return doing.concern


@transaction.atomic
def declare_conflict(*, concern: int, reason: str, by: Member, **given: Any) -> Concern:
    """The holder declares a conflict of interest: the concern passes on at once.

    What it had taken over passes from it too: whoever holds the concern next decides afresh, on its own powers. Where nobody comes next, it stays.
    """
    doing = begin(concern, Act.CONFLICT, by, **given)
    reason = needed("reason", reason, "Say what the conflict is.")
    doing.ask_the_accord(What.CONFLICT)
    was = doing.concern.holder_id
    doing.tell(reason=reason)
    made = TakeOver.objects.filter(concern=doing.concern, body_id=was, ended=None).first()
    if made is not None and doing.concern.holder_id != was:
        made.ended = clockwork.today(clockwork.map_of(doing.concern), doing.at)
        made.save()
        words = "What was taken over has passed from this body with its conflict of interest. Who holds the concern next decides afresh."
        doing.tell(Act.NOTED, take_over=made.pk, words=words)
    return doing.concern


@transaction.atomic
def ask_extension(*, concern: int, until: date, reason: str, by: Member, **given: Any) -> Concern:
    """A body asks for more time. This moves nothing: only another body, whom the deadline does not bind, may grant it."""
    doing = begin(concern, Act.EXTENSION_ASKED, by, **given)
    reason = needed("reason", reason, "Say why more time is needed.")
    if doing.concern.due is None or until <= doing.concern.due:
        raise Invalid("until", "Choose a day after the present deadline.")
    doing.tell(until=until.isoformat(), reason=reason)
    return doing.concern


@transaction.atomic
def extend(*, concern: int, until: date, reason: str, by: Member, **given: Any) -> Concern:
    """Another body than the holder and the provider moves the deadline, with a reason."""
    doing = begin(concern, Act.EXTENDED, by, **given)
    reason = needed("reason", reason, "Say why the deadline moves; the reason stays visible.")
    doing.ask_the_accord(What.EXTENDED, until=until.isoformat(), reason=reason)
    doing.tell(until=until.isoformat(), reason=reason)
    return doing.concern


@transaction.atomic
def hand_over(*, concern: int, to: str, reason: str, by: Member, **given: Any) -> Concern:
    """The holder passes it to a body with more power. to: that body's id in the map."""
    doing = begin(concern, Act.HANDED_OVER, by, **given)
    reason = needed("reason", reason, "Say why it must go to a body with more power.")
    doing.ask_the_accord(What.ESCALATED, to=to, reason=reason)
    doing.tell(to=to, reason=reason)
    return doing.concern


@transaction.atomic
def note(*, concern: int, words: str, by: Member, **given: Any) -> Concern:
    """A body adds a note."""
    doing = begin(concern, Act.NOTED, by, **given)
    doing.tell(words=needed("words", words, "Write the note first."))
    return doing.concern


@transaction.atomic
def give_evidence(*, concern: int, upload: Any, by: Member, **given: Any) -> Attachment:
    """A file is given: looked at, encrypted, kept once, listed in the record. Raises files.FileRefused."""
    doing = begin(concern, Act.EVIDENCE_GIVEN, by, **given)
    file = keep(upload)
    name = "".join(c for c in (upload.name or "file") if c.isprintable())[-200:]
    written = doing.tell(sha256=file.sha256, size=file.size, kind=file.kind, name=name)
    return Attachment.objects.create(chain=clockwork.chain(doing.concern), file=file, name=name, entry_id=written.id)


@transaction.atomic
def restrict(*, concern: int, reason: str, by: Member, **given: Any) -> Concern:
    """A concern turns out to be about people: from now others are shown only that it exists, and what was published of it is withdrawn."""
    doing = begin(concern, Act.RESTRICTED, by, **given)
    reason = needed("reason", reason, "Say why it is about people.")
    doing.concern.restricted = True
    InformationRequest.objects.filter(concern=doing.concern).update(shared=False)
    with acting_as(TOCSIN):
        Publication.objects.filter(concern=doing.concern, withdrawn=None).update(withdrawn=doing.at)
    doing.tell(reason=reason)
    return doing.concern


def _open_one(provider: Provider, kind: str, place: str = "") -> Concern | None:
    """The open concern that a new signal of this kind about this provider joins, by the rule `JOINING`."""
    _one_after_another(provider, kind)
    if kind in RESTRICTED_KINDS:
        return None
    return Concern.objects.filter(provider=provider, kind=kind, place=place, closed=None, restricted=False).first()


def _one_after_another(provider: Provider, kind: str) -> None:
    """Whoever else raises the like waits until this transaction ends, so that two who come at once do not open two."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"concern|{provider.code}|{kind}"])


def _opened(
    provider: Provider, kind: str, *, title: str, restricted: bool, severe: bool, level: str, who: dict[str, Any], opener: Body | None,
    by: Member | None, place: str = "", request: UUID | None = None, reopens: Concern | None = None,
) -> Concern:  # fmt: skip
    current = in_force()
    if current is None:
        raise AccordRefuses("No map is in force, so nobody could hold a concern. Put one in force: tocsin accord put-in-force.")
    at = now()
    with acting_as(TOCSIN):
        last = Concern.objects.filter(provider=provider, kind=kind, place=place).exclude(closed=None).filter(merged_into=None)
        before = reopens or last.order_by("-closed").first()
        # whoever opens it may not yet see it: only its holder and its opener do, and both stand in the row itself
        concern = Concern.objects.create(
            provider=provider, kind=kind, place=place, title=title, restricted=restricted, severe=severe, map=current, opened=at,
            opened_by=opener, level=level, reopens=before,
        )  # fmt: skip
        said = {
            "kind": kind,
            "provider": provider.code,
            "place": place,
            "title": title,
            "severe": severe,
            "map": current.content_print,
        } | who
        if opener is not None:
            said["as"] = opener.kind
        if before is not None and before.closed is not None:
            said |= {"last": before.closed.date().isoformat(), "reopens": before.pk}
        ledger.write(
            chain=clockwork.chain(concern), what=Act.RAISED, at=at, payload={k: v for k, v in said.items() if v != ""},
            member=by.pk if by else None, body=opener.code if opener else str(who.get("by", "Tocsin")), request=request,
        )  # fmt: skip
        clockwork.reckon(concern, at)
        if concern.holder_id is None:
            # no such body is known here (of a national finding there is no one board): it never lies with nobody, not until the clock's next turn either
            pass_by(concern, at)
    return concern


def _key(signal: Signal, by: str) -> str:
    about = signal.evidence.get("indicator", "")
    return f"{by}|{signal.provider.code}|{signal.provider.site or ''}|{signal.kind}|{about}|{signal.raised_on}"


def _told_again(known: JoinedSignal, signal: Signal, member: Member | None, request: UUID | None) -> Concern:
    if known.sentence == signal.sentence and known.level == signal.level and known.ended is None:
        return known.concern
    if known.concern.closed:
        return known.concern
    doing = begin(known.concern_id, Act.SIGNAL_JOINED, None, request=request)
    doing.by = member
    was = known.level if known.level != str(signal.level) else None
    known.sentence, known.level, known.evidence, known.ended = signal.sentence, str(signal.level), dict(signal.evidence), None
    known.address = signal.address
    known.save()
    doing.concern.level = max(doing.concern.level, str(signal.level), key=LEVELS.index)
    doing.tell(key=known.key, level=str(signal.level), was=was, sentence=signal.sentence, address=signal.address)
    return doing.concern


def _default_kind() -> str:
    current = in_force()
    return clockwork.map_from(current).providers[0] if current else "nhs-trust"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def needed(field: str, words: str, message: str) -> str:
    words = words.strip()
    if not words:
        raise Invalid(field, message)
    if len(words) > 20_000:
        raise Invalid(field, "That is too long: at most 20,000 characters. Give the rest as a file.")
    return words


def _works_for(by: Member, body: Body) -> bool:
    return any(p.body == body.pk and p.role in ("lead", "member") for p in who_is(by).parts)


__all__ = ["AccordRefuses", "Doing", "Invalid"]
