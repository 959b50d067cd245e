"""HTTP only: the hall's pages for members."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import vl_convert
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tocsin.web.accord.queries import in_force
from tocsin.web.concerns import clockwork, closing, forms, plain, plan, queries, takeover
from tocsin.web.concerns.actions import JOINING, raise_concern
from tocsin.web.concerns.doing import AccordRefuses, Invalid, Stale, why_not
from tocsin.web.concerns.models import Concern
from tocsin.web.people.models import Body, Provider
from tocsin.web.people.permissions import NotPermitted, may, may_raise, who_is
from tocsin.web.people.signed_in import members_only
from tocsin.web.record import export, files, keys
from tocsin.web.record.ledger import DoneBefore
from tocsin.web.record.models import Attachment
from tocsin.web.ui import ladder as ladder_chart

_HELD, _HOLDS, _NEXT = "has held it", "holds it now", "will hold it if nobody acts"


@members_only
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    wanted = queries.Wanted(**{k: request.GET.get(k, d).replace("\0", "").strip() for k, d in (
        ("text", ""), ("kind", ""), ("holder", ""), ("state", "open"), ("sort", "due"))})  # fmt: skip
    page = _page(request)
    rows, total = queries.listed(wanted, page)
    current = in_force()
    map_ = clockwork.map_from(current) if current else None
    query = request.GET.copy()
    query.pop("page", None)
    return render(request, "concerns/overview.jinja", {
        "rows": rows, "total": total, "page": page, "pages": max(1, -(-total // queries.PAGE)), "wanted": wanted, "counted": queries.counted(),
        "hidden": queries.hidden(), "kinds": plain.KINDS, "phases": plain.PHASES, "query": query.urlencode(), "today": queries.now().date(),
        "holders": {k: b.name for k, b in map_.bodies.items() if not b.subject} if map_ else {},
    })  # fmt: skip


@members_only
@require_safe
def my_bodies(request: HttpRequest) -> HttpResponse:
    who = who_is(request.user)
    bodies = list(Body.objects.filter(pk__in={p.body for p in who.parts}).order_by("name"))
    found = queries.of_bodies(b.pk for b in bodies)
    return render(
        request,
        "concerns/my_bodies.jinja",
        found | {"bodies": bodies, "kinds": plain.KINDS, "phases": plain.PHASES, "hidden": queries.hidden()},
    )


@members_only
@require_safe
def concern(request: HttpRequest, number: int) -> HttpResponse:
    return _concern_page(request, number)


def _concern_page(request: HttpRequest, number: int, problem: str = "", status: int = 200) -> HttpResponse:
    whole = _whole(number)
    who = who_is(request.user)
    offered = [f for f in forms.FORMS.values() if may(who, f.act, whole.about) and f.offered(whole)]
    return render(request, "concerns/concern.jinja", {
        "whole": whole, "c": whole.concern, "kind": plain.kind(whole.concern.kind), "phases": plain.PHASES, "why": plain.WHY,
        "offered": offered, "days_left": _left(whole), "burden": plan.burden(whole.questions), "joining": JOINING,
        "next_review": takeover.next_review, "iso_day": date.fromisoformat,
        "strong": any(a.strength == "strong" and a.state != "dropped" for a in whole.actions),
        "strengths": dict(forms.Strength.choices),
        "problem": problem, "reopened": closing.reopened_soon(whole.concern), "own": any(p.provider == whole.concern.provider_id for p in who.parts),
    }, status=status)  # fmt: skip


@members_only
def do(request: HttpRequest, number: int, slug: str) -> HttpResponse:
    form = forms.FORMS.get(slug)
    if form is None:
        raise Http404("There is no such action.")
    if request.method == "POST":
        return _done(request, number, form)
    whole, who = _whole(number), who_is(request.user)
    if not may(who, form.act, whole.about):
        return _concern_page(request, number, why_not(who, form.act, whole.about), 403)
    return _form(request, whole, form)


def _done(request: HttpRequest, number: int, form: forms.Form) -> HttpResponse:
    try:
        stamp, once = forms.once(request)
        form.run(concern=number, by=request.user, stamp=stamp, request=once, **forms.given(form, request))
    except Concern.DoesNotExist:
        raise Http404("There is no such concern.") from None
    except DoneBefore:
        messages.info(request, "This was done already; it was not done again.")
    except (Invalid, files.FileRefused) as error:
        return _form(request, _whole(number), form, getattr(error, "field", "upload"), str(error), 422)
    except AccordRefuses as error:
        return _form(request, _whole(number), form, "", str(error), 409)
    except Stale as error:
        return _concern_page(request, number, str(error), 409)
    except NotPermitted as error:
        return _concern_page(request, number, str(error), 403)
    else:
        messages.info(request, f"Done: {form.label[0].lower()}{form.label[1:]}.")
    return redirect("concerns:concern", number)


def _form(
    request: HttpRequest, whole: queries.Whole, form: forms.Form, field: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    return render(request, "concerns/do.jinja", {
        "whole": whole, "c": whole.concern, "form": form, "wrong": field, "problem": problem, "given": request.POST,
        "request_number": request.POST.get("request") if problem else str(uuid4()), "kind": plain.kind(whole.concern.kind),
        "choices": {f.name: f.choices(whole) for f in form.fields if f.choices},
    }, status=status)  # fmt: skip


@members_only
def raise_one(request: HttpRequest) -> HttpResponse:
    who = who_is(request.user)
    bodies = list(Body.objects.filter(pk__in={p.body for p in who.parts if p.role in ("lead", "member")}).order_by("name"))
    providers = [p for p in Provider.objects.order_by("name") if may_raise(who, p.code)]
    current = in_force()
    kinds = clockwork.map_from(current).concerns if current else ()
    problem, field, status = "", "", 200
    if request.method == "POST":
        try:
            _, once = forms.once(request)
            made = raise_concern(
                provider=next((p for p in providers if p.code == request.POST.get("provider")), None) or _choose("provider", "Choose the provider."),
                body=next((b for b in bodies if str(b.pk) == request.POST.get("body", "")), None) or _choose("body", "Choose your body."),
                kind=request.POST.get("kind", ""), title=request.POST.get("title", "").replace("\0", ""),
                words=request.POST.get("words", "").replace("\0", ""), severe=request.POST.get("severe") == "yes", by=request.user, request=once,
            )  # fmt: skip
            return redirect("concerns:concern", made.pk)
        except DoneBefore:
            messages.info(request, "This was raised already; it was not raised again.")
            return redirect("concerns:overview")
        except Invalid as error:
            problem, field, status = str(error), error.field, 422
        except (AccordRefuses, NotPermitted) as error:
            problem, status = str(error), 403
    return render(request, "concerns/raise_one.jinja", {
        "bodies": bodies, "providers": providers, "kinds": {k: plain.kind(k) for k in kinds}, "given": request.POST, "problem": problem,
        "field": field, "request_number": str(uuid4()),
    }, status=status)  # fmt: skip


def _choose(field: str, message: str) -> Any:
    raise Invalid(field, message)


@members_only
@require_safe
def picture(request: HttpRequest, number: int) -> HttpResponse:
    whole = _whole(number)
    names, today = whole.names, whole.today
    rows = []
    tenures = whole.standing.tenures
    for at, tenure in enumerate(tenures):
        last = at == len(tenures) - 1
        end = whole.standing.ahead[0].day if last and whole.standing.ahead else today + timedelta(days=1) if last else tenures[at + 1].since
        rows.append(
            (names.get(tenure.body, tenure.body), tenure.since, max(end, tenure.since + timedelta(days=1)), _HOLDS if last else _HELD)
        )
    for at, passing in enumerate(whole.standing.ahead):
        if passing.to:
            following = whole.standing.ahead[at + 1].day if at + 1 < len(whole.standing.ahead) else passing.day + timedelta(days=28)
            rows.append((names.get(passing.to, passing.to), passing.day, following, _NEXT))
    spec = ladder_chart.spec(rows, {_HELD: "#aeb7bd", _HOLDS: "#003087", _NEXT: "#8fb8de"}, mark=today)
    return HttpResponse(vl_convert.vegalite_to_svg(json.dumps(spec)), content_type="image/svg+xml", headers={"Cache-Control": "private"})


@members_only
@require_safe
def evidence(request: HttpRequest, number: int, attachment: int) -> HttpResponse:
    found = Attachment.objects.filter(chain=f"concern:{number}", pk=attachment).select_related("file").first()
    if found is None:
        raise Http404("There is no such file.")
    try:
        content = files.read(found.file)
    except keys.Unreadable:
        return render(
            request,
            "concerns/problem.jinja",
            {"title": "This file cannot be opened", "words": "It was erased, or it was changed."},
            status=410,
        )
    response = HttpResponse(content, content_type=found.file.kind)
    response.headers["Content-Disposition"] = "attachment; filename*=UTF-8''" + _quoted(found.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@members_only
@require_safe
def history(request: HttpRequest, number: int) -> HttpResponse:
    try:
        packed = export.of_concern(number)
    except LookupError:
        raise Http404("There is no such concern.") from None
    response = HttpResponse(packed, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="concern-{number}.zip"'
    return response


@require_safe
def public_key(request: HttpRequest) -> HttpResponse:
    return HttpResponse(keys.public_pem(), content_type="application/x-pem-file")


@require_POST
def move_clock(request: HttpRequest) -> HttpResponse:
    """Only in a demo: let working days pass."""
    from tocsin.web.concerns.demo import let_pass

    days = request.POST.get("days", "")
    let_pass(int(days) if days in ("1", "8", "40") else 8)
    return redirect(request.POST.get("back", "/") if request.POST.get("back", "").startswith("/concerns/") else "concerns:overview")


def _whole(number: int) -> queries.Whole:
    try:
        return queries.whole(number)
    except Concern.DoesNotExist:
        raise Http404("There is no such concern.") from None


def _left(whole: queries.Whole) -> int | None:
    return (whole.concern.due - whole.today).days if whole.concern.due else None


def _page(request: HttpRequest) -> int:
    word = request.GET.get("page", "1")
    return int(word) if word.isascii() and word.isdigit() and 0 < int(word) < 100_000 else 1


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
