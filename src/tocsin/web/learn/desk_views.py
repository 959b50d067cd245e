"""HTTP only: the drafting desk."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tocsin.learn import judge
from tocsin.web.concerns import powers
from tocsin.web.learn import asking, desk, near
from tocsin.web.learn.doing import Invalid
from tocsin.web.learn.models import Draft, Item, Status
from tocsin.web.people.models import Body
from tocsin.web.people.names import put_names
from tocsin.web.people.permissions import NotPermitted, who_is
from tocsin.web.people.signed_in import members_only
from tocsin.web.record.moment import now

ENOUGH = 12
"""Characters from which on earlier ones are looked for."""


@members_only
def drafts(request: HttpRequest) -> HttpResponse:
    who = who_is(request.user)
    bodies = list(Body.objects.filter(pk__in={p.body for p in who.parts if p.role in ("lead", "member")}).order_by("name"))
    problem = ""
    if request.method == "POST":
        body = next((b for b in bodies if str(b.pk) == request.POST.get("body", "")), None) or (bodies[0] if len(bodies) == 1 else None)
        if body is not None:
            return redirect("learn:draft", desk.begin(body=body, by=request.user).pk)
        problem = "Choose the body for which you write." if bodies else "You may write drafts for a body that you work for."
    found = list(Draft.objects.select_related("body", "item").order_by("-saved")[:100])
    put_names((found, "by"))
    return render(request, "learn/drafts.jinja", {"drafts": found, "bodies": bodies, "problem": problem}, status=422 if problem else 200)


@members_only
def draft(request: HttpRequest, number: UUID) -> HttpResponse:
    return _page(request, _draft(number))


def _page(request: HttpRequest, found: Draft, problem: str = "", field: str = "", status: int = 200) -> HttpResponse:
    day = now().date()
    return render(
        request,
        "learn/draft.jinja",
        _advice(found)
        | {
            "d": found,
            "bodies": powers.bodies(day),
            "ladder": powers.ladder()[1:],
            "problem": problem,
            "field": field,
            "versions": found.draftversion_set.order_by("-version")[:30],
        },
        status=status,
    )


@require_POST
@members_only
def save(request: HttpRequest, number: UUID) -> HttpResponse:
    """Save what stands on the page. Answers a page's own asking with the advice alone."""
    found = _draft(number)
    try:
        version = asking.word(request, "version")
        words = {n: request.POST.get(n, "") for n in desk.FIELDS}
        saved = desk.save(
            draft=found.pk, words=words, version=int(version) if version.isdigit() and len(version) < 9 else -1, by=request.user
        )
    except NotPermitted as error:
        raise Http404(str(error)) from None
    except Invalid as error:
        return _answer(request, found, str(error), 409)
    if saved.pk != found.pk:
        messages.info(request, "The draft was changed in another window. What you wrote is kept here as a draft of its own.")
        if request.headers.get("HX-Request"):
            response = HttpResponse(status=200)
            response.headers["HX-Redirect"] = reverse("learn:draft", args=[saved.pk])
            return response
        return redirect("learn:draft", saved.pk)
    return _answer(request, saved) if request.headers.get("HX-Request") else redirect("learn:draft", saved.pk)


@require_POST
@members_only
def end(request: HttpRequest, number: UUID, what: str) -> HttpResponse:
    found = _draft(number)
    try:
        if what == "adopt":
            item = Item.objects.select_related("report").filter(code=asking.word(request, "item")).first()
            if item is None:
                raise Invalid("item", "Choose one that was made before.")
            desk.adopt(draft=found, item=item, words=asking.word(request, "words", 5001), by=request.user)
            messages.info(request, "Your body has taken it up. It is shown on its page.")
            return redirect("learn:item", item.code)
        if what == "enter":
            made = desk.enter(
                draft=found,
                title=asking.word(request, "title", 501),
                on=asking.word(request, "on"),
                by=request.user,
                names=powers.bodies(now().date()),
            )
            messages.info(request, "It stands in the register. Others see it once your body opens its report.")
            return redirect("learn:item", made.code)
        if what == "drop":
            desk.drop(draft=found, by=request.user)
            return redirect("learn:desk")
        raise Http404("There is no such action.")
    except Invalid as error:
        return _page(request, _draft(number), str(error), error.field, 422)
    except NotPermitted as error:
        return _page(request, _draft(number), str(error), "", 403)


def _answer(request: HttpRequest, found: Draft, problem: str = "", status: int = 200) -> HttpResponse:
    return render(
        request,
        "learn/advice.jinja",
        _advice(found) | {"d": found, "problem": problem, "bodies": powers.bodies(now().date())},
        status=status,
    )


def _advice(found: Draft) -> dict[str, Any]:
    text = found.text.strip()
    day = now().date()
    names = powers.bodies(day)
    before = list(near.like(text, kind="recommendation", top=30, least=0.22)) if len(text) >= ENOUGH else []
    same = [n for n in before if n.same]
    days = [n.item.on for n in same if n.item.on]
    holders = powers.holders(found.power, day) if found.power else []
    return {
        "quality": judge(
            text,
            addressees=[names.get(found.addressee, found.addressee)] if found.addressee else (),
            measure=found.measure,
            cost=found.cost,
            by_when=found.by_when,
        )
        if text
        else None,
        "same": same,
        "like": [n for n in before if not n.same][:5],
        "since": min(days).year if days else None,
        "reports": len({n.item.report_id for n in same}),
        "became": [(Status(s).label, n) for s, n in Counter(n.item.status for n in same).most_common()],
        "holders": holders,
        "holds": [h for h in holders if h.kind == found.addressee],
        "statuses": dict(Status.choices),
        "powers": dict(powers.ladder()),
    }


def _draft(number: UUID) -> Draft:
    found = Draft.objects.select_related("body", "item").filter(pk=number).first()
    if found is None:
        raise Http404("There is no such draft that you may see.")
    return found
