"""Grading blind: drafts that are saved as they are written, and the grading that is final.

A draft's savings are not told to the record, which would fill it with half sentences; the final grading is, by a digest that gives nothing away.
When the blind phase ends the record is told every grade, so that anybody can check later that none was changed.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from tocsin.review import scales
from tocsin.web.people.models import Member
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.ledger import canonical
from tocsin.web.record.moment import now
from tocsin.web.review.doing import Doing, Invalid, begin
from tocsin.web.review.models import Assignment, Case, Grading
from tocsin.web.review.permissions import Act, NotPermitted

VERDICTS = {"met": "Met", "not-met": "Not met", "unknown": "Cannot be told", "not-applicable": "Does not apply"}
LONGEST = 60_000
MOST_SET_ASIDE = 20


@dataclass(frozen=True, slots=True)
class Conflict(Exception):
    """Somebody with the same account saved from another page meanwhile. grading: as it is stored now."""

    grading: Grading


@transaction.atomic
def mine(*, case: int, by: Member) -> Grading:
    """The member's own grading of a case that is given to them, begun if it was not. Raises NotPermitted. At most three queries."""
    given = Assignment.objects.filter(case=case, seat__member=by, seat__ended=None, withdrawn=None).first()
    found = Grading.objects.filter(assignment=given).first() if given else None
    if found is not None:
        return found
    if given is None or given.final or not Case.objects.filter(pk=case).exists():
        raise NotPermitted("This case is not given to you.")
    made = Grading(assignment=given, case_id=case, member=by)
    made.save(force_insert=True)
    return made


@transaction.atomic
def save(*, case: int, content: dict[str, Any], version: int, tab: str, count: int, by: Member, over: bool = False) -> Grading:
    """Keep a draft. version: the one on which the page built; tab: which page; count: its own count of savings, so that a late one is not taken.

    Raises Conflict where another page saved meanwhile (over: then the other's text is set aside and kept), Invalid, NotPermitted.
    """
    mine(case=case, by=by)
    found = Grading.objects.select_for_update(of=("self",)).filter(case=case, member=by, assignment__withdrawn=None, final=None).first()
    if found is None:
        raise NotPermitted("Your grading is final. It is kept as it is.")
    same_page = bool(tab) and found.tab == tab
    if same_page and count <= found.count:
        # it was overtaken by a later one on its way
        return found
    if version != found.version and not same_page and not over:
        raise Conflict(found)
    fresh = cleaned(content, found.case)
    if over and found.content != fresh:
        _set_aside(found, found.content)
    found.content, found.version, found.tab, found.count, found.saved = fresh, found.version + 1, tab[:40], count, now()
    # 'final' is left alone: whoever touches it must tell the record
    found.save(update_fields=["content", "version", "tab", "count", "saved", "set_aside"])
    return found


@transaction.atomic
def set_aside(*, case: int, content: dict[str, Any], by: Member) -> Grading:
    """Keep text that its writer let go of in favour of what another device had saved."""
    mine(case=case, by=by)
    found = Grading.objects.select_for_update(of=("self",)).get(case=case, member=by, assignment__withdrawn=None)
    if found.final:
        raise NotPermitted("Your grading is final. It is kept as it is.")
    _set_aside(found, cleaned(content, found.case))
    found.save(update_fields=["set_aside"])
    return found


@transaction.atomic
def finish(*, case: int, by: Member, **given: Any) -> Case:
    """The grading is final. Raises Invalid where something is missing. When it is the last one of its case, the blind phase ends."""
    doing = begin(case, Act.GRADED, by, **given)
    found = Grading.objects.select_for_update(of=("self",)).filter(case=case, member=by, assignment__withdrawn=None).first()
    if found is None:
        raise Invalid("grade", "Choose a grade.")
    content = found.content
    _complete(content, doing.case)
    salt = secrets.token_hex(16)
    doing.tell(assignment=str(found.pk), digest=digest(content, salt))
    found.salt, found.final = salt, doing.at
    found.save()
    doing.keep()
    with acting_as(TOCSIN):
        end_blind_phase(doing.case, doing.at)
    return doing.case


def end_blind_phase(case: Case, at: datetime) -> bool:
    """Where every grading is final, and as many as the panel wants: the graders see each other's. Acting as Tocsin, inside a transaction."""
    given = list(Assignment.objects.filter(case=case, withdrawn=None))
    if case.blind_ended or len(given) < case.panel.graders or any(g.final is None for g in given):
        return False
    doing = Doing(case, Act.BLIND_ENDED, at, None, None, None)
    doing.keep(blind_ended=at)
    gradings = Grading.objects.filter(case=case, assignment__withdrawn=None).order_by("pk")
    doing.tell(
        gradings=[
            {"assignment": str(g.pk), "grade": g.content["grade"], "salt": g.salt, "digest": digest(g.content, g.salt)} for g in gradings
        ]
    )
    doing.keep()
    return True


def digest(content: dict[str, Any], salt: str) -> str:
    """What the record is told of a final grading: it gives nothing away, and nobody can make another grading that fits it."""
    return hashlib.sha256(f"{salt}\n{canonical(content)}".encode()).hexdigest()


def cleaned(content: Any, case: Case) -> dict[str, Any]:
    """A draft's content, in its own shape and without what does not belong. Raises Invalid."""
    if not isinstance(content, dict):
        raise Invalid("", "This is not a grading.")
    codes = {g.code for g in scales()[case.panel.scale].grades}
    grade = str(content.get("grade") or "")
    standards = content.get("standards") if isinstance(content.get("standards"), dict) else {}
    factors = content.get("factors") if isinstance(content.get("factors"), dict) else {}
    found: dict[str, Any] = {
        "grade": grade if grade in codes else "",
        "words": _words(content.get("words"), "words"),
        "well": _words(content.get("well"), "well"),
        "standards": {},
        "factors": {},
    }
    for key, of in list(standards.items())[:300]:
        if isinstance(of, dict):
            verdict = str(of.get("verdict") or "")
            one = {
                "verdict": verdict if verdict in VERDICTS else "", "bears": bool(of.get("bears")), "words": _words(of.get("words"), key),
            }  # fmt: skip
            if one["verdict"] or one["words"] or one["bears"]:
                found["standards"][str(key)[:110]] = one
    for key, of in list(factors.items())[:200]:
        if isinstance(of, dict):
            one = {"found": bool(of.get("found")), "bears": bool(of.get("bears")), "words": _words(of.get("words"), key)}
            if one["found"] or one["words"]:
                found["factors"][str(key)[:110]] = one
    return found


def _words(value: Any, field: str) -> str:
    words = str(value or "").replace("\0", "").replace("\r\n", "\n")
    if len(words) > LONGEST:
        raise Invalid(field, f"That is more than {LONGEST:,} characters. Shorten it; what you wrote is still on the page.")
    return words


def _complete(content: dict[str, Any], case: Case) -> None:
    if not content.get("grade"):
        raise Invalid("grade", "Choose a grade.")
    if not content.get("words", "").strip():
        raise Invalid("words", "Say what you base the grade on.")
    grades = scales()[case.panel.scale].grades
    place = next(i for i, g in enumerate(grades) if g.code == content["grade"])
    unmet = [k for k, of in content["standards"].items() if of["verdict"] == "not-met"]
    silent = next((k for k in unmet if not content["standards"][k]["words"].strip()), None)
    if silent:
        raise Invalid(f"standard-{silent}", "Say in what way this standard was not met.")
    if place > 0 and not unmet and not any(of["found"] for of in content["factors"].values()):
        raise Invalid("grade", "This grade says that care fell short. Name at least one standard that was not met, or a factor that contributed.")


def _set_aside(found: Grading, content: dict[str, Any]) -> None:
    if content:
        found.set_aside = [*found.set_aside, {"at": now().isoformat(), "content": content}][-MOST_SET_ASIDE:]


def request_number(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None
