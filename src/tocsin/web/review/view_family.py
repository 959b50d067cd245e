"""HTTP only: the page of a case's family. Nobody signs in; number and code open it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tocsin.web.concerns.outside import ask_for_the_receipt
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.ledger import DoneBefore
from tocsin.web.review import families, forms, queries
from tocsin.web.review.doing import Invalid
from tocsin.web.review.models import Family
from tocsin.web.review.queries import state


@never_cache
def answered(request: HttpRequest) -> HttpResponse:
    """What the family asked, what was answered, what the panel found, and the last word."""
    family = _family(request)
    if family is None:
        return ask_for_the_receipt(request, find=families.find, key="family", template="review/ask_receipt.jinja", onward="review:answered")
    problem, field = "", ""
    if request.method == "POST":
        post = {k: v.replace("\0", "") for k, v in request.POST.items()}
        try:
            _, once = forms.once(request)
            do = post.get("do", "")
            if do == "ask":
                families.ask(family=family.pk, words=post.get("question", ""), request=once)
            elif do == "account":
                families.tell_account(family=family.pk, words=post.get("account", ""), request=once)
            else:
                resolved = {"resolved": True, "not-resolved": False}.get(do)
                families.say(family=family.pk, resolved=resolved, words=post.get("words", ""), question=_uuid(post.get("of", "")), request=once)
            return redirect("review:answered")
        except DoneBefore:
            return redirect("review:answered")
        except Invalid as error:
            problem, field = str(error), error.field
    with acting_as(TOCSIN):
        family = Family.objects.select_related("case__panel__body", "case__provider").get(pk=family.pk)
        questions, account = queries.asked_of(family)
    return render(request, "review/answered.jinja", {
        "family": family, "c": family.case, "questions": questions, "account": account, "problem": problem, "field": field, "given": request.POST,
        "request_number": forms.number(), "state": state(family.case),
    }, status=422 if problem else 200)  # fmt: skip


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Forget on this computer who looked."""
    request.session.flush()
    return redirect("review:answered")


def _family(request: HttpRequest) -> Family | None:
    id_ = _uuid(request.session.get("family", ""))
    if id_ is None:
        return None
    with acting_as(TOCSIN):
        return Family.objects.filter(pk=id_, erased=None).first()


def _uuid(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None
