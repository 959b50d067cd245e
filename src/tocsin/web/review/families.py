"""The family of a case: a receipt and code of their own, their account, their questions, an answer to each, and the last word."""

import secrets
import uuid
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from tocsin.web.concerns.raisers import Wait
from tocsin.web.people import tries
from tocsin.web.people.models import Member
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now
from tocsin.web.record.seal import opened, seal, throw_away
from tocsin.web.review.doing import Doing, Invalid, begin, needed, not_twice
from tocsin.web.review.models import Answer, Case, Family, Question
from tocsin.web.review.permissions import Act

UNANSWERED = ("open", "not-resolved")


@transaction.atomic
def invite_family(*, case: int, account: str, questions: list[str], by: Member, **given: Any) -> tuple[Family, str]:
    """A receipt for the family of a case; the code is shown once and told by the convener. account, questions: what they said before, if anything."""
    doing = begin(case, Act.FAMILY_INVITED, by, **given)
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    number = "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(2))
    code = "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(3))
    with acting_as(TOCSIN):
        known = Family.objects.filter(case=doing.case, erased=None).first()
        if known is not None:
            # the family lost its code: a new one, and the old is no longer good
            known.receipt, known.code_hash = number, make_password(code)
            known.save()
            doing.tell(family=str(known.pk), again=True)
            return known, code
        id_ = uuid.uuid4()
        sealed = seal(f"raiser:{id_}", account.strip()[:100_000]) if account.strip() else None
        doing.tell(family=str(id_), account=sealed)
        made = Family.objects.create(id=id_, case=doing.case, receipt=number, code_hash=make_password(code), account=sealed, invited=doing.at)
        for words in questions:
            if words.strip():
                _ask(doing, made, words.strip())
        doing.keep()
    return made, code


def find(number: str, code: str, address: str = "") -> Family | None:
    """The family to which a receipt belongs; None where number and code do not fit. Raises Wait after too many wrong codes.

    address: of the computer from which it is tried.
    """
    door = tries.Door("family-receipt", number, address)
    if until := tries.begin(door):
        raise Wait(until)
    with acting_as(TOCSIN):
        found = Family.objects.filter(receipt=number.strip().upper(), erased=None).first()
    if found is None:
        # as long as a true one takes, so that the time tells nothing
        make_password(code)
        return None
    if not check_password(code.strip().upper(), found.code_hash):
        return None
    tries.right(door)
    return found


@transaction.atomic
def ask(*, family: uuid.UUID, words: str, request: uuid.UUID | None = None) -> Question:
    """The family asks something. A case that was finished is opened again."""
    not_twice(request)
    words = needed("question", words, "Write your question.")
    with acting_as(TOCSIN):
        found, doing = _familys(family, Act.ASKED, request)
        made = _ask(doing, found, words)
        _reopened(doing, "The family asked a question")
    return made


@transaction.atomic
def say(*, family: uuid.UUID, resolved: bool | None, words: str, question: uuid.UUID | None = None, request: uuid.UUID | None = None) -> None:
    """The family says whether an answer (or, without a question, the whole) is resolved, and why, in their own words.

    'Not resolved' leaves the question open: it is answered again before the case can be finished. A finished case is opened again.
    """
    not_twice(request)
    if resolved is None:
        raise Invalid("words", "Say whether it is resolved for you, or ask a question.")
    word = "resolved" if resolved else "not-resolved"
    with acting_as(TOCSIN):
        found, doing = _familys(family, Act.FAMILY_SAID, request)
        if question is not None:
            asked = Question.objects.select_for_update().filter(pk=question, family=found).exclude(state="open").first()
            if asked is None:
                raise Invalid("words", "There is no answer to this question yet.")
            doing.tell(question=str(asked.pk), answer=word)
            asked.state = word
            asked.save()
            if words.strip():
                _keep_words(doing, asked, words.strip()[:20_000], from_family=True)
        else:
            doing.tell(answer=word)
            found.last_word = word
            found.save()
            if words.strip():
                said = _ask(doing, found, words.strip()[:20_000])
                if resolved:
                    said.state = word
                    said.save()
        if not resolved:
            _reopened(doing, "The family said that it is not resolved")
        doing.keep()


@transaction.atomic
def tell_account(*, family: uuid.UUID, words: str, request: uuid.UUID | None = None) -> None:
    """The family tells what happened, or tells more."""
    not_twice(request)
    words = needed("account", words, "Write what you want to tell.", 100_000)
    with acting_as(TOCSIN):
        found, doing = _familys(family, Act.FAMILY_SAID, request)
        before = opened(found.account) if found.account else ""
        found.account = seal(f"raiser:{found.pk}", f"{before}\n\n{words}".strip() if before else words)
        doing.tell(account=found.account)
        found.save()
        doing.keep()


@transaction.atomic
def answer(*, case: int, question: uuid.UUID, words: str, by: Member, **given: Any) -> None:
    """The convener answers one question, in plain words. The family reads it on their page, and says whether that answers it."""
    doing = begin(case, Act.ANSWERED, by, **given)
    words = needed("words", words, "Write the answer.")
    with acting_as(TOCSIN):
        asked = Question.objects.select_for_update().filter(pk=question, case=doing.case).first()
        if asked is None:
            raise Invalid("question", "Choose the question.")
        doing.tell(question=str(asked.pk))
        asked.state = "answered"
        asked.save()
        _keep_words(doing, asked, words, from_family=False)
        doing.keep()


@transaction.atomic
def tell_in_plain_words(*, case: int, words: str, by: Member, **given: Any) -> Case:
    """What the panel found, in plain words, for the family."""
    doing = begin(case, Act.TOLD, by, **given)
    words = needed("words", words, "Write what the panel found, in words that the family can read.")
    doing.tell(words=words)
    with acting_as(TOCSIN):
        # they are told anew, and asked anew whether it is resolved
        Family.objects.filter(case=doing.case, erased=None).update(last_word="")
    doing.keep(plain=words)
    return doing.case


@transaction.atomic
def finish(*, case: int, by: Member, **given: Any) -> Case:
    """The case is finished. Refused while a question is unanswered, something is not resolved, or the family has not been told."""
    doing = begin(case, Act.FINISHED, by, **given)
    if missing := missing_before_finish(doing.case):
        raise Invalid("", " ".join(missing))
    doing.tell()
    doing.keep(finished=doing.at)
    return doing.case


def missing_before_finish(case: Case) -> list[str]:
    """What stands in the way of finishing a case, in words. Two queries, as Tocsin."""
    with acting_as(TOCSIN):
        waiting = Question.objects.filter(case=case, state__in=UNANSWERED).count()
        family = Family.objects.filter(case=case, erased=None).first()
    found = []
    if case.agreed is None:
        found.append("The panel has not agreed on this case yet.")
    if waiting:
        found.append(f"{waiting} question{'' if waiting == 1 else 's'} of the family {'is' if waiting == 1 else 'are'} not answered.")
    if family is not None and not case.plain:
        found.append("The family has not been told what the panel found, in plain words.")
    if family is not None and family.last_word == "not-resolved":
        found.append("The family says that it is not resolved. Answer what they wrote, and ask them again.")
    return found


@transaction.atomic
def erase(*, case: int, reason: str, by: Member, **given: Any) -> None:
    """What a family said can never be read again; the record still fits together."""
    doing = begin(case, Act.FAMILY_ERASED, by, **given)
    reason = needed("reason", reason, "Say why.", 500)
    with acting_as(TOCSIN):
        found = Family.objects.filter(case=doing.case, erased=None).first()
        if found is None:
            raise Invalid("", "There is no family on this case.")
        doing.tell(family=str(found.pk), reason=reason)
        throw_away(f"raiser:{found.pk}")
        found.erased, found.account, found.code_hash = doing.at, None, "!"
        found.save()
        doing.keep()


def account_of(family: Family | None) -> str:
    """A family's account in the open; '' where there is none. One query."""
    return (opened(family.account) or "") if family is not None and family.account else ""


def _familys(family: uuid.UUID, act: Act, request: uuid.UUID | None) -> tuple[Family, Doing]:
    found = Family.objects.select_for_update().get(pk=family, erased=None)
    Case.objects.select_for_update().only("id").get(pk=found.case_id)
    case = Case.objects.select_related("panel__body", "provider").get(pk=found.case_id)
    return found, Doing(case, act, now(), None, None, request)


def _ask(doing: Doing, family: Family, words: str) -> Question:
    made = Question(case=doing.case, family=family, words=seal(f"raiser:{family.pk}", words), asked=doing.at)
    doing.tell(Act.ASKED, question=str(made.pk))
    made.save(force_insert=True)
    doing.keep()
    return made


def _keep_words(doing: Doing, asked: Question, words: str, *, from_family: bool) -> None:
    if words:
        sealed = seal(f"raiser:{asked.family_id}", words)
        Answer(question=asked, case=doing.case, from_family=from_family, words=sealed, at=doing.at).save(force_insert=True)


def _reopened(doing: Doing, why: str) -> None:
    if doing.case.finished:
        doing.tell(Act.REOPENED, why=why)
        doing.keep(finished=None)

