"""What is answered: a concern as it stands, what belongs to it, and the answer to a call that was made before."""

import json
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Path

from tocsin.web.api import schemas as s
from tocsin.web.api.tokens import who
from tocsin.web.concerns import plain
from tocsin.web.concerns.models import Concern, Publication
from tocsin.web.concerns.queries import Whole
from tocsin.web.people.permissions import Act
from tocsin.web.record import ledger
from tocsin.web.record.models import Attachment, Entry

BIGGEST = 2**31 - 1
Number = Annotated[int, Path(ge=1, le=BIGGEST)]
Key = Annotated[UUID, Header(alias="Idempotency-Key", description="A number that you make up for this call; the same one is done once.")]
Match = Annotated[
    int, Header(alias="If-Match", ge=0, le=BIGGEST, description="The concern's last_entry that you saw; refused if it moved on.")
]
ERRORS = dict.fromkeys((400, 401, 403, 404, 409, 412, 413, 422), s.Problem)
LATEST = 200
"""Entries that are given with a concern; the rest by pages."""
_MADE = ("action", "question", "take_over", "criterion", "effect", "publication", "into", "link")
"""In an entry: the number of what it made."""


def concern(c: Concern) -> dict[str, Any]:
    return {
        "id": c.pk, "provider": c.provider_id, "kind": c.kind, "title": c.title, "restricted": c.restricted, "level": c.level,
        "holder": c.holder.code if c.holder else None, "phase": c.phase, "power": c.power, "binding": c.binding, "due": c.due, "passes_on": c.leaves,
        "acknowledged": c.acknowledged, "opened": c.opened, "closed": c.closed, "merged_into": c.merged_into_id, "last_entry": c.last_entry,
    }  # fmt: skip


def whole(found: Whole) -> dict[str, Any]:
    """As the concern's page shows it. What families and staff told is for people to read, and not here."""
    c = found.concern
    return {
        "concern": concern(c),
        "obligations": [{"body": o.body, "must": o.must, "due": o.due, "done": o.done, "basis": o.basis} for o in found.standing.obligations],
        "ahead": [{"day": p.day, "body": p.body, "to": p.to, "why": p.reason.value} for p in found.standing.ahead],
        "signals": [{f: getattr(g, f) for f in s.SignalOut.model_fields} for g in found.signals],
        "actions": [
            {"id": a.pk, "what": a.what, "owner": a.owner.kind, "strength": a.strength, "measure": a.measure, "due": a.due, "state": a.state,
             "effect": a.effect, "checked_by": a.checked_by.code if a.checked_by else None} for a in found.actions
        ],
        "questions": [
            {"id": q.pk, "subject": q.subject, "detail": q.detail, "asked_by": q.asked_by.code, "joined_by": [b.code for b in q.joined_by.all()],
             "due": q.due, "answer": q.answer or None, "answered": q.answered} for q in found.questions
        ],
        "take_overs": [
            {"id": t.pk, "body": t.body.code, "powers": [p["power"] for p in t.powers], "scope": t.scope, "began": t.began, "ended": t.ended,
             "reviews": t.reviews, "reviewed": [{"day": r["day"], "planned_for": r["for"], "words": r["words"]} for r in t.reviewed],
             "criteria": [
                 {"id": k.pk, "what": k.what, "evidence": k.evidence or None, "checked_by": k.checked_by.code if k.checked_by else None,
                  "checked": k.checked} for k in t.criterion_set.all()
             ]} for t in found.take_overs
        ],
        "effects": [{"id": e.pk, "way": e.way, "what": e.what, "worked": e.worked, "body": e.by_body.code, "at": e.at} for e in found.effects],
        "files": [{"id": f.pk, "name": f.name, "size": f.file.size, "kind": f.file.kind, "sha256": f.file.sha256} for f in found.files],
        "links": [{"other": k.other_id if k.one_id == c.pk else k.one_id, "why": k.why} for k in found.links],
        "merged": found.merged,
        "published": [publication(p) for p in found.publications],
        "before_closing": [{"what": k.what, "missing": k.missing or None} for k in found.conditions],
        "entries": [line(told) for told in found.lines[-LATEST:]],
    }  # fmt: skip


def line(told: plain.Line) -> dict[str, Any]:
    return {
        "seq": told.seq, "at": told.at, "body": told.body, "what": told.what, "sentence": told.sentence, "words": told.words or None, "hash": told.hash,
    }  # fmt: skip


def publication(p: Publication) -> dict[str, Any]:
    return {"id": p.pk, "provider": p.provider_id, "title": p.title, "words": p.words, "at": p.at}


def once(request: HttpRequest, number: int | None, act: Act, given: dict[str, Any], run: Callable[[], Any]) -> dict[str, Any]:
    """Do it and answer with the concern as it stands, and the number of what was made; where this key has done the same before, do nothing.

    number: of the concern that is acted on; None where one is raised. given: what was said, to compare with what was said before.
    Raises DoneBefore where the key was used for something else, or by somebody else.
    """
    made: int | None
    try:
        done = run()
    except ledger.DoneBefore as before:
        found = Entry.objects.filter(pk=before.entry_id, member=who(request)[0].pk).first()
        if found is None or not _same(found, number, act, given):
            raise
        number, said = int(found.chain[8:]), json.loads(found.payload)
        made = next((said[k] for k in _MADE if isinstance(said.get(k), int)), None)
        made = made or Attachment.objects.filter(entry=found).values_list("pk", flat=True).first()
    else:
        raised = done.pk if number is None else number
        itself = isinstance(done, int) or (isinstance(done, Concern) and done.pk == raised)
        made = None if itself else done.pk
        number = raised
    return concern(Concern.objects.select_related("holder").get(pk=number)) | {"made": made}


def _same(entry: Entry, number: int | None, act: Act, given: dict[str, Any]) -> bool:
    """Whether an entry tells of this very call. What an action shortened is compared as far as it was kept."""
    if number is None:
        if entry.what not in (act, Act.NOTED) or not entry.chain.startswith("concern:"):
            return False
    elif entry.what != act or entry.chain != f"concern:{number}":
        return False
    said = json.loads(entry.payload)
    for name, value in given.items():
        kept = said.get(name)
        if isinstance(value, str) and isinstance(kept, str) and not value.strip().startswith(kept):
            return False
        if isinstance(value, int) and isinstance(kept, int) and value != kept:
            return False
    return True
