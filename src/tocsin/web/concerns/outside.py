"""HTTP only: the door for families and staff, and their own page."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from tocsin.web.accord.queries import in_force
from tocsin.web.concerns import clockwork, plain, queries, raisers
from tocsin.web.concerns.doing import Invalid
from tocsin.web.concerns.forms import once
from tocsin.web.concerns.models import Raiser
from tocsin.web.people.address import address_of
from tocsin.web.people.models import Provider
from tocsin.web.people.tries import words
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.ledger import DoneBefore


@never_cache
def tell_us(request: HttpRequest) -> HttpResponse:
    """A family or a member of staff raises a concern; nobody signs in."""
    current = in_force()
    kinds = {k: plain.kind(k) for k in clockwork.map_from(current).concerns if k not in ("recurrence", "data-quality")} if current else {}
    providers = list(Provider.objects.order_by("name"))
    problem, field, status = "", "", 200
    if request.method == "POST":
        try:
            _, number = once(request)
            provider = next((p for p in providers if p.code == request.POST.get("provider")), None)
            if provider is None:
                raise Invalid("provider", "Choose the hospital or trust.")
            receipt = raisers.raise_from_outside(
                provider=provider, kind=request.POST.get("kind", "") if request.POST.get("kind") in kinds else "",
                group=request.POST.get("group", ""), account=request.POST.get("account", "").replace("\0", ""),
                contact=request.POST.get("contact", "").replace("\0", "")[:300], request=number,
            )  # fmt: skip
            return render(request, "concerns/receipt.jinja", {"receipt": receipt})
        except DoneBefore:
            words = "What this form held was kept when it was sent first, with a receipt. To tell more, open the page of your receipt, or a new form."
            return render(request, "concerns/problem.jinja", {"title": "This was sent already", "words": words}, status=409)
        except Invalid as error:
            problem, field, status = str(error), error.field, 422
    return render(request, "concerns/tell_us.jinja", {
        "providers": providers, "kinds": kinds, "given": request.POST, "problem": problem, "field": field, "request_number": str(uuid4()),
    }, status=status)  # fmt: skip


@never_cache
def told(request: HttpRequest) -> HttpResponse:
    """The raiser's own page: what happened, what is next, and the last word."""
    raiser = _raiser(request)
    if raiser is None:
        return ask_for_the_receipt(request, find=raisers.find, key="raiser", template="concerns/ask_receipt.jinja", onward="concerns:told")
    problem = ""
    if request.method == "POST" and "answer" in request.POST:
        try:
            with transaction.atomic():
                raisers.answer(
                    raiser=raiser.pk, resolved={"resolved": True, "not-resolved": False}.get(request.POST["answer"]),
                    words=request.POST.get("words", "").replace("\0", "")[:20_000], request=_uuid(request.POST.get("request", "")),
                )  # fmt: skip
        except DoneBefore:
            pass
        except Invalid as error:
            problem = str(error)
        if not problem:
            return redirect("concerns:told")
    found = queries.for_raiser(raiser)
    return render(request, "concerns/told.jinja", {
        "raiser": raiser, "found": found, "letters": raisers.letters(raiser), "account": raisers.accounts_of([raiser])[0][1], "problem": problem,
        "request_number": str(uuid4()),
    }, status=422 if problem else 200)  # fmt: skip


def leave(request: HttpRequest) -> HttpResponse:
    """Forget on this computer who looked."""
    if request.method == "POST":
        request.session.flush()
    return redirect("concerns:told")


def ask_for_the_receipt(request: HttpRequest, *, find: Callable[[str, str, str], Any], key: str, template: str, onward: str) -> HttpResponse:
    """The form that asks for number and code, and opens the page of whom they belong to; also for the families of a panel's cases.

    find: by number, code and address of the computer, None where they do not fit; may raise Wait. key: under which the session keeps whose
    page it is, for an hour. onward: name of that page.
    """
    problem, status = "", 200
    # what was sent from a page that has been left meanwhile is no try
    if request.method == "POST" and "number" in request.POST:
        number, code = request.POST.get("number", "")[:20].replace("\0", ""), request.POST.get("code", "")[:40].replace("\0", "")
        try:
            found = find(number, code, address_of(request))
        except raisers.Wait as wait:
            found, status = None, 429
            problem = f"There were too many wrong codes. Nothing was looked at, and nothing is lost; try again after {words(wait.until)}."
        else:
            problem, status = "This number and code do not fit together. Look at your receipt; after some wrong tries you have to wait.", 403
        if found is not None:
            request.session.cycle_key()
            request.session[key] = str(found.pk)
            request.session.set_expiry(3600)
            return redirect(onward)
    return render(request, template, {"problem": problem}, status=status)


def _raiser(request: HttpRequest) -> Raiser | None:
    id_ = _uuid(request.session.get("raiser", ""))
    if id_ is None:
        return None
    with acting_as(TOCSIN):
        return Raiser.objects.filter(pk=id_, erased=None).first()


def _uuid(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None
