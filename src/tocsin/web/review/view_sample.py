"""HTTP only: which cases a panel looks at, when it cannot look at all."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tocsin.web.people.signed_in import members_only
from tocsin.web.record.ledger import DoneBefore
from tocsin.web.review import figures, forms, frames
from tocsin.web.review.doing import Invalid
from tocsin.web.review.models import Frame, Panel, Sampling
from tocsin.web.review.permissions import NotPermitted, PanelAct, may_in, who_is

HOW = {
    "proportional": "As large strata, so many", "neyman": "More where less is known (Neyman)", "equal": "As many from each",
}  # fmt: skip


@members_only
@never_cache
def sample(request: HttpRequest, number: int) -> HttpResponse:
    """The list, what a draw would take, and what was drawn. 'plan' in the address shows a plan without drawing."""
    panel = _panel(number)
    frame = frames.frame_of(panel)
    convenes = may_in(who_is(request.user), PanelAct.DRAWN, number, panel.body_id)
    problem, field, status, plan = "", "", 200, None
    given: Any = request.POST if request.method == "POST" else request.GET
    try:
        if request.method == "POST":
            return _done(request, number)
        if "plan" in given and frame is not None:
            plan = frames.planned(frame, **_wanted(given))
    except DoneBefore:
        return redirect("review:sample", number)
    except Invalid as error:
        problem, field, status = str(error), error.field, 422
    except NotPermitted as error:
        problem, status = str(error), 403
    drawn = frames.drawn(frame) if frame and convenes else []
    return render(request, "review/sample.jinja", {
        "p": panel, "frame": frame, "plan": plan, "given": given, "problem": problem, "field": field, "convenes": convenes, "how": HOW,
        "drawn": drawn, "random": panel.sampling == Sampling.RANDOM, "request_number": forms.number(),
        "sampled": figures.sampled(panel, frame, figures.lines(number), figures.strata_of(number)) if frame else None,
        "fresh": bool(frame and drawn and frame.digest and {d.stratum: len(d.references) for d in drawn} != frame.brought),
    }, status=status)  # fmt: skip


@members_only
@require_POST
@never_cache
def sample_csv(request: HttpRequest, number: int) -> HttpResponse:
    """The cases drawn, for whoever convenes the panel and is tied to none of their providers; each taking stands in the record."""
    _panel(number)
    try:
        content = frames.take(panel=number, by=request.user)
    except Invalid as error:
        raise Http404(str(error)) from None
    except NotPermitted as error:
        return render(request, "review/problem.jinja", {"title": "Not for you to do", "words": str(error)}, status=403)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="panel-{number}-drawn.csv"'
    return response


def _done(request: HttpRequest, number: int) -> HttpResponse:
    _, once = forms.once(request)
    post = {k: v.replace("\0", "") for k, v in request.POST.items()}
    match post.get("do"):
        case "list":
            frames.give_list(
                panel=number, name=post.get("name", ""), upload=request.FILES.get("upload"), column=post.get("column", ""), typed=post.get("typed", ""),
                by=request.user, request=once,
            )  # fmt: skip
            messages.info(request, "The list is kept.")
        case "draw":
            found: Frame = frames.draw(panel=number, **_wanted(post), by=request.user, request=once)
            messages.info(request, f"Drawn: {sum(found.sizes.values())} of {sum(found.strata.values())} cases. The seed stands in the record.")
        case "bring":
            job = frames.bring(panel=number, by=request.user, request=once)
            return redirect("review:import", job.pk)
        case _:
            raise Invalid("", "This form is not whole. Open the page again.")
    return redirect("review:sample", number)


def _wanted(given: Any) -> dict[str, Any]:
    """What a draw is asked for, as its form has it. Raises Invalid."""
    of = given.get("of", "cases")
    cases, within = given.get("cases", "").strip(), given.get("within", "").strip()
    half_width = None
    if of == "cases" and not (cases.isascii() and cases.isdigit() and len(cases) < 7):
        raise Invalid("cases", "Say how many cases in all, as a number.")
    if of == "within":
        try:
            half_width = float(within) / 100
        except ValueError:
            half_width = 0.0
        if not 0 < half_width < 1:
            raise Invalid("within", "Say how closely, as a number of 100 such as 10.")
    return {
        "cases": int(cases) if of == "cases" else None, "half_width": half_width, "how": given.get("how", "proportional"),
        "guesses": frames.shares(given.get("guesses", "").replace("\0", "")),
    }  # fmt: skip


def _panel(number: int) -> Panel:
    found = Panel.objects.select_related("body").filter(pk=number).first()
    if found is None:
        raise Http404("There is no such panel.")
    return found
