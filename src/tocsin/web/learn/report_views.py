"""HTTP only: reports, from the upload to opening them to everybody."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tocsin.learn import Kind
from tocsin.learn import load as taxonomy
from tocsin.web.learn import actions, asking, near, queries
from tocsin.web.learn.doing import Invalid, chain
from tocsin.web.learn.models import Item, Passage, Reading, Report, Status
from tocsin.web.people.models import Body, Provider
from tocsin.web.people.names import put_names
from tocsin.web.people.permissions import NotPermitted, may_open, may_take_in, who_is
from tocsin.web.people.signed_in import members_only
from tocsin.web.record import files, keys, ledger

PASSAGES = 50
KINDS = {"recommendation": "Recommendation", "failing": "Failing found", "evidence": "Evidence", "background": "Background"}


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    as_of = asking.as_of(request)
    mine = [p.body for p in who_is(request.user if request.user.is_authenticated else None).parts if p.role in ("lead", "member")]
    return render(
        request,
        "learn/reports.jinja",
        {"reports": list(queries.reports(as_of)), "as_of": as_of, "may": bool(mine), "states": dict(Reading.choices)},
    )


@members_only
def upload(request: HttpRequest) -> HttpResponse:
    who = who_is(request.user)
    bodies = list(Body.objects.filter(pk__in={p.body for p in who.parts if p.role in ("lead", "member")}).order_by("name"))
    problem, field, status = "", "", 200
    if request.method == "POST":
        try:
            body = next((b for b in bodies if str(b.pk) == request.POST.get("body", "")), None) or (bodies[0] if len(bodies) == 1 else None)
            if body is None:
                raise Invalid("body", "Choose the body that takes it in.")
            if "upload" not in request.FILES:
                raise Invalid("upload", "Choose a file.")
            return redirect("learn:report", actions.take_in(upload=request.FILES["upload"], body=body, by=request.user).slug)
        except Invalid as error:
            problem, field, status = str(error), error.field, 422
        except files.FileRefused as error:
            problem, field, status = str(error), "upload", 422
        except OSError:
            problem, field, status = "The file could not be kept: the disk may be full. Those who run Tocsin can help.", "upload", 507
        except NotPermitted as error:
            problem, status = str(error), 403
    return render(request, "learn/upload.jinja", {"bodies": bodies, "problem": problem, "field": field}, status=status)


@require_safe
def report(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, asking.report(slug))


def _page(request: HttpRequest, found: Report, problem: str = "", field: str = "", status: int = 200) -> HttpResponse:
    member = request.user if request.user.is_authenticated else None
    who = who_is(member)
    works = may_take_in(who, found.body_id) if found.body_id else any(p.covers is None and p.role == "lead" for p in who.parts)
    kind = request.GET.get("kind", "")
    page = asking.page(request)
    all_ = queries.passages(found, kind if kind in list(Kind) else "")
    total = all_.count()
    shown = list(all_[(page - 1) * PASSAGES : page * PASSAGES])
    put_names((shown, "corrected_by"))
    items = [p.item for p in shown if hasattr(p, "item") and p.item.withdrawn is None] if total else []
    if not total and not kind:
        items = list(Item.objects.filter(report=found, withdrawn=None).defer("vector").order_by("pk"))
    by_page = Item.objects.filter(report=found, withdrawn=None)
    return render(
        request,
        "learn/report.jinja",
        {
            "r": found,
            "passages": shown,
            "items": items,
            "kinds": KINDS,
            "kind": kind,
            "total": total,
            "page": page,
            "pages": max(1, -(-total // PASSAGES)),
            "codings": queries.codings([i.pk for i in items], member),
            "names": queries.names_of_failings(),
            "works": works,
            "may_open": may_open(who, found.body_id),
            "numbers": {"recommendation": by_page.filter(kind="recommendation").count(), "failing": by_page.filter(kind="failing").count()},
            "agreement": queries.agreement(found) if works else None,
            "entries": ledger.entries(chain(found)),
            "statuses": dict(Status.choices),
            "providers": Provider.objects.order_by("name") if works else [],
            "problem": problem,
            "field": field,
            "query": asking.kept(request, "page"),
            "address": settings.TOCSIN_URL + request.path,
            "may_code": works or (found.opened and any(p.covers is None and p.role in ("lead", "member") for p in who.parts)),
            "bodies": dict(Body.objects.values_list("code", "name")) if works else {},
        },
        status=status,
    )


@require_safe
def progress(request: HttpRequest, slug: str) -> HttpResponse:
    found = asking.report(slug)
    if found.state in (Reading.READ, Reading.UNREADABLE):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "learn/progress.jinja", {"r": found})


@require_safe
def file(request: HttpRequest, slug: str) -> HttpResponse:
    found = asking.report(slug)
    if found.file is None:
        raise Http404("It was not taken in as a file.")
    try:
        content = files.read(found.file)
    except (keys.Unreadable, OSError):
        raise Http404("The file cannot be opened: it was erased or changed.") from None
    response = HttpResponse(content, content_type=found.file.kind if found.file.kind == "application/pdf" else "application/octet-stream")
    response.headers["Content-Disposition"] = "attachment; filename*=UTF-8''" + quote(found.file_name, safe="")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@require_POST
@members_only
def do(request: HttpRequest, slug: str, what: str) -> HttpResponse:
    found = asking.report(slug)
    try:
        if what == "correct":
            actions.correct_report(
                report=found, field=asking.word(request, "field"), value=asking.word(request, "value", 5000), by=request.user
            )
            messages.info(request, "Corrected. What the reading had found is kept beside it.")
        elif what == "open":
            actions.open_report(report=found, by=request.user)
            messages.info(request, "Everybody may see this report now.")
        elif what == "read-again":
            actions.read_again(report=found, by=request.user)
        else:
            raise Http404("There is no such action.")
    except Invalid as error:
        return _page(request, asking.report(slug), str(error), error.field or "title", 422)
    except NotPermitted as error:
        return _page(request, asking.report(slug), str(error), "", 403)
    return redirect("learn:report", slug)


@members_only
def passage(request: HttpRequest, slug: str, at: int) -> HttpResponse:
    """Correct one passage."""
    report_ = asking.report(slug)
    found = Passage.objects.select_related("report__body", "report__provider").filter(report=report_, at=at).first()
    if found is None:
        raise Http404("The report has no such passage.")
    problem, field, status = "", "", 200
    if request.method == "POST":
        try:
            page = asking.word(request, "page")
            if page and not (page.isascii() and page.isdigit() and len(page) < 6):
                raise Invalid("page", "Give the number of the page.")
            actions.correct_passage(
                passage=found,
                kind=asking.word(request, "kind"),
                number=asking.word(request, "number"),
                text=asking.word(request, "text", 20_000),
                page=int(page) if page else None,
                by=request.user,
            )
            messages.info(request, f"Passage {at} is corrected. The next reading learns from it.")
            return redirect("learn:report", slug)
        except Invalid as error:
            problem, field, status = str(error), error.field, 422
        except NotPermitted as error:
            problem, status = str(error), 403
    return render(
        request, "learn/passage.jinja", {"p": found, "r": report_, "kinds": KINDS, "problem": problem, "field": field}, status=status
    )


@require_safe
def beside(request: HttpRequest, slug: str) -> HttpResponse:
    """One report beside its ancestors: for each item the earlier ones that say the same."""
    found = asking.report(slug)
    items = list(Item.objects.filter(report=found, withdrawn=None).select_related("report").order_by("kind", "pk")[:400])
    before = near.earlier(items, top=6, least=0.22)
    ancestors: dict[int, list[Any]] = {}
    for item in items:
        for n in before[item.pk]:
            if n.same or n.shared:
                ancestors.setdefault(n.item.report_id, [n.item.report, 0])[1] += 1
    return render(
        request,
        "learn/beside.jinja",
        {
            "r": found,
            "items": items,
            "before": before,
            "statuses": dict(Status.choices),
            "again": sum(any(n.same or n.shared for n in before[i.pk]) for i in items),
            "after_done": sum(any(n.after_done and (n.same or n.shared) for n in before[i.pk]) for i in items),
            "names": queries.names_of_failings(),
            "ancestors": sorted(ancestors.values(), key=lambda a: -a[1])[:15],
            "address": settings.TOCSIN_URL + request.path,
            "families": taxonomy().families,
        },
    )
