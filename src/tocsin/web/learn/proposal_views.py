"""HTTP only: what may be the same or in conflict, and a person's word on it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tocsin.web.learn import asking, outcomes, proposing
from tocsin.web.learn.doing import Invalid
from tocsin.web.learn.models import Proposal, Status
from tocsin.web.people.permissions import NotPermitted, who_is
from tocsin.web.people.signed_in import members_only

PAGE = 20
KINDS = {"same": "May be the same", "conflict": "May be in conflict"}


@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, problem: str = "", wrong: int = 0, status: int = 200) -> HttpResponse:
    kind, page = request.GET.get("kind", ""), asking.page(request)
    who = who_is(request.user if request.user.is_authenticated else None)
    rows = list(proposing.undecided(kind)[(page - 1) * PAGE : page * PAGE + 1])
    return render(
        request,
        "learn/proposals.jinja",
        {
            "rows": rows[:PAGE],
            "more": len(rows) > PAGE,
            "page": page,
            "kind": kind,
            "kinds": KINDS,
            "statuses": dict(Status.choices),
            "may": any(p.role in ("lead", "member") for p in who.parts),
            "query": asking.kept(request, "page"),
            "problem": problem,
            "wrong": wrong,
        },
        status=status,
    )


@require_POST
@members_only
def decide(request: HttpRequest, number: int) -> HttpResponse:
    found = Proposal.objects.select_related("one__report", "one__family", "other__report", "other__family").filter(pk=number).first()
    if found is None:
        raise Http404("There is no such proposal that you may see.")
    says = asking.word(request, "says")
    try:
        if says not in ("yes", "no"):
            raise Invalid("says", "Say yes or no.")
        kind = found.kind if says == "yes" else f"not-{found.kind}"
        outcomes.relate(one=found.one, other=found.other, kind=kind, why=asking.word(request, "why", 501) or found.why, by=request.user)
    except Invalid as error:
        return _page(request, str(error), number, 422)
    except NotPermitted as error:
        return _page(request, str(error), number, 403)
    messages.info(request, "Recorded. Both pages show it.")
    back = asking.word(request, "back")
    return redirect("learn:item", found.one.code) if back == "item" else redirect("learn:proposals")
