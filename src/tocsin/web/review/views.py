"""HTTP only: panels and cases, for those who sit in a panel."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from tocsin.review import AREAS, PUBLISHED, published, scales
from tocsin.web.people.models import Body, Provider
from tocsin.web.people.signed_in import members_only
from tocsin.web.record import files, keys
from tocsin.web.record.ledger import DoneBefore
from tocsin.web.record.models import Attachment
from tocsin.web.review import cases, families, figures, forms, importing, panels, queries
from tocsin.web.review.doing import Invalid, Stale
from tocsin.web.review.figures import OUTCOMES
from tocsin.web.review.models import Case, Import, Panel, Sampling
from tocsin.web.review.permissions import NotPermitted, about, may, may_in, sees_gradings, who_is


@members_only
@require_safe
@never_cache
def overview(request: HttpRequest) -> HttpResponse:
    """What one has to do in the room."""
    days, longest = figures.days_of_mine(queries.now().date())
    return render(request, "review/overview.jinja", {
        "waits": days, "longest": longest, "beside": published(PUBLISHED[0]),
        "panels": queries.panels_of(request.user), "given": queries.to_grade(request.user), "leads": bool(who_is(request.user).leads), "outcomes": OUTCOMES,
    })  # fmt: skip


@members_only
@never_cache
def new_panel(request: HttpRequest) -> HttpResponse:
    bodies = list(Body.objects.filter(pk__in=who_is(request.user).leads).order_by("name"))
    problem, field, status = "", "", 200
    if request.method == "POST":
        post = {k: v.replace("\0", "").strip() for k, v in request.POST.items()}
        try:
            body = next((b for b in bodies if str(b.pk) == post.get("body")), None)
            if body is None:
                raise Invalid("body", "Choose the body that holds the panel.")
            graders = post.get("graders", "")
            if not (graders.isascii() and graders.isdigit() and len(graders) < 3):
                raise Invalid("graders", "Two to nine people grade each case.")
            _, once = forms.once(request)
            made = panels.make_panel(
                body=body, name=post.get("name", ""), purpose=post.get("purpose", ""), scale=post.get("scale", ""), graders=int(graders),
                sampling=post.get("sampling", ""), by=request.user, request=once,
            )  # fmt: skip
            return redirect("review:panel", made.pk)
        except DoneBefore:
            return redirect("review:overview")
        except Invalid as error:
            problem, field, status = str(error), error.field, 422
        except NotPermitted as error:
            problem, status = str(error), 403
    return render(request, "review/new_panel.jinja", {
        "bodies": bodies, "scales": scales().values(), "samplings": Sampling.choices, "given": request.POST, "problem": problem, "field": field,
        "request_number": forms.number(),
    }, status=status)  # fmt: skip


@members_only
@never_cache
def panel(request: HttpRequest, number: int) -> HttpResponse:
    return _panel_page(request, number)


def _panel_page(request: HttpRequest, number: int, problem: str = "", status: int = 200) -> HttpResponse:
    board = _board(request, number)
    who = who_is(request.user)
    page = page_of(request)
    rows, total = queries.listed_cases(board.panel, page)
    offered = [f for f in forms.PANEL_FORMS.values() if may_in(who, f.act, number, board.panel.body_id) and f.offered(board)]
    return render(request, "review/panel.jinja", {
        "board": board, "p": board.panel, "rows": rows, "total": total, "page": page, "pages": max(1, -(-total // queries.PAGE)), "offered": offered,
        "outcomes": OUTCOMES, "problem": problem, "undeclared": [s for s in board.own if s.declared is None], "ties": panels.TIES,
        "sampling": Sampling(board.panel.sampling),
    }, status=status)  # fmt: skip


@members_only
@never_cache
def panel_do(request: HttpRequest, number: int, slug: str) -> HttpResponse:
    form = forms.PANEL_FORMS.get(slug)
    if form is None:
        raise Http404("There is no such action.")
    board = _board(request, number)
    if not may_in(who_is(request.user), form.act, number, board.panel.body_id):
        return _panel_page(request, number, "Only somebody who convenes this panel may do this.", 403)
    problem, field, status = "", "", 200
    if request.method == "POST":
        try:
            _, once = forms.once(request)
            values = forms.given(form, request)
            # a seat is of its panel, which is not asked again
            more = {} if slug == "unseat" else {"panel": number}
            made = form.run(**more, by=request.user, request=once, **values)
        except DoneBefore:
            messages.info(request, "This was done already; it was not done again.")
            return redirect("review:panel", number)
        except (Invalid, files.FileRefused) as error:
            problem, field, status = str(error), getattr(error, "field", "upload"), 422
        except NotPermitted as error:
            return _panel_page(request, number, str(error), 403)
        else:
            if isinstance(made, Import):
                return redirect("review:import", made.pk)
            if isinstance(made, Case):
                return redirect("review:case", made.pk)
            messages.info(request, f"Done: {form.label[0].lower()}{form.label[1:]}.")
            return redirect("review:panel", number)
    return _form(request, form, board, f"Panel: {board.panel.name}", ("review:panel", number), 0, field, problem, status)


@members_only
@never_cache
def declare(request: HttpRequest, number: int) -> HttpResponse:
    """What binds oneself: asked of everybody before they see a case."""
    board = _board(request, number)
    if not board.own:
        raise Http404("You do not sit in this panel.")
    problem, field, status = "", "", 200
    if request.method == "POST":
        chosen = {k: [v.replace("\0", "") for v in request.POST.getlist(k) if v] for k in panels.TIES}
        words = request.POST.get("words", "").replace("\0", "")
        ties = [{"kind": k, "provider": p, "words": words} for k, of in chosen.items() for p in of]
        try:
            _, once = forms.once(request)
            if request.POST.get("all") != "yes":
                raise Invalid("all", "Say that this is all that binds you.")
            panels.declare(panel=number, ties=ties, by=request.user, request=once)
            messages.info(request, "Your declaration is kept. You can add to it at any time.")
            return redirect("review:panel", number)
        except DoneBefore:
            return redirect("review:panel", number)
        except Invalid as error:
            problem, field, status = str(error), error.field, 422
        except NotPermitted as error:
            problem, status = str(error), 403
    return render(request, "review/declare.jinja", {
        "board": board, "p": board.panel, "providers": list(Provider.objects.order_by("name")), "ties": panels.TIES, "problem": problem, "field": field,
        "given": request.POST, "own": [t for t in board.ties if t.member_id == request.user.pk], "request_number": forms.number(),
    }, status=status)  # fmt: skip


@members_only
@require_safe
@never_cache
def import_page(request: HttpRequest, number: UUID) -> HttpResponse:
    job = _import(number)
    part = "review/import_progress.jinja" if request.headers.get("HX-Request") else "review/import.jinja"
    return render(request, part, {"job": job, "aside": importing.aside_of(job)[:200] if job.ended else []})


@members_only
@require_safe
@never_cache
def import_aside(request: HttpRequest, number: UUID) -> HttpResponse:
    response = HttpResponse(importing.aside_csv(_import(number)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="put-aside.csv"'
    return response


@members_only
@never_cache
def case(request: HttpRequest, number: int) -> HttpResponse:
    return case_page(request, number)


def case_page(request: HttpRequest, number: int, problem: str = "", status: int = 200, identity: dict[str, str] | None = None) -> HttpResponse:
    whole = whole_of(request, number)
    who, of = who_is(request.user), about(whole.case)
    offered = [f for f in forms.CASE_FORMS.values() if may(who, f.act, of) and f.offered(whole)]
    return render(request, "review/case.jinja", {
        "whole": whole, "c": whole.case, "offered": offered, "outcomes": OUTCOMES, "problem": problem, "standings": queries.STANDINGS, "areas": AREAS,
        "identity": identity, "identity_words": cases.IDENTITY, "state": queries.state(whole.case), "convenes": whole.case.panel_id in who.convenes,
        "sees_gradings": sees_gradings(who, of), "facts": _facts(whole), "request_number": forms.number(),
        "missing": families.missing_before_finish(whole.case) if whole.case.agreed and not whole.case.finished else [],
        "today": queries.now().date(), "gestation": _gestation(whole.case),
    }, status=status)  # fmt: skip


@members_only
@never_cache
def case_do(request: HttpRequest, number: int, slug: str) -> HttpResponse:
    form = forms.CASE_FORMS.get(slug)
    if form is None:
        raise Http404("There is no such action.")
    whole = whole_of(request, number)
    if not may(who_is(request.user), form.act, about(whole.case)):
        return case_page(request, number, "This is not for you to do, or not now.", 403)
    problem, field, status = "", "", 200
    if request.method == "POST":
        try:
            stamp, once = forms.once(request)
            made = form.run(case=number, by=request.user, stamp=stamp, request=once, **forms.given(form, request))
        except DoneBefore:
            messages.info(request, "This was done already; it was not done again.")
            return redirect("review:case", number)
        except (Invalid, files.FileRefused) as error:
            problem, field, status = str(error), getattr(error, "field", "upload"), 422
        except Stale as error:
            return case_page(request, number, str(error), 409)
        except NotPermitted as error:
            return case_page(request, number, str(error), 403)
        else:
            if slug == "family":
                found, code = made
                return render(request, "review/receipt.jinja", {"family": found, "code": code, "c": whole.case})
            messages.info(request, f"Done: {form.label[0].lower()}{form.label[1:]}.")
            return redirect("review:overview") if slug == "step-back" else redirect("review:case", number)
    return _form(request, form, whole, f"Case {whole.case.pseudonym}", ("review:case", number), whole.case.last_entry, field, problem, status)


@members_only
@never_cache
def facts(request: HttpRequest, number: int) -> HttpResponse:
    """The facts of a case, as questions; what is left empty is not known."""
    whole = whole_of(request, number)
    if not may(who_is(request.user), forms.Act.CHANGED, about(whole.case)):
        return case_page(request, number, "Only somebody who convenes this panel changes facts, before the case is agreed.", 403)
    problem, field, status = "", "", 200
    asked = _asked_facts(whole)
    if request.method == "POST":
        # a fact that the form does not show keeps the value that it has
        kept = {k: v for k, v in whole.case.facts.items() if k not in asked}
        sent = {k: request.POST.getlist(f"fact-{k}") if kind.type == "choices" else request.POST.get(f"fact-{k}", "") for k, kind in asked.items()}
        plain = {k: v if isinstance(v, list) else ("yes" if v is True else "no" if v is False else str(v)) for k, v in kept.items()}
        try:
            stamp, once = forms.once(request)
            cases.change_facts(case=number, given=plain | sent, by=request.user, stamp=stamp, request=once)
            messages.info(request, "The facts are kept. The standards beside them follow.")
            return redirect("review:case", number)
        except DoneBefore:
            return redirect("review:case", number)
        except Invalid as error:
            problem, field, status = str(error), error.field, 422
        except Stale as error:
            return case_page(request, number, str(error), 409)
        except NotPermitted as error:
            return case_page(request, number, str(error), 403)
    groups: dict[str, list[Any]] = {}
    for kind in asked.values():
        groups.setdefault(kind.group, []).append(kind)
    return render(request, "review/facts.jinja", {
        "c": whole.case, "groups": groups, "given": request.POST if problem else None, "problem": problem, "field": field,
        "request_number": forms.number(),
    }, status=status)  # fmt: skip


@members_only
@require_POST
@never_cache
def identity(request: HttpRequest, number: int) -> HttpResponse:
    """Whose case it is; each opening is told to the record."""
    try:
        found = cases.open_identity(case=number, by=request.user)
    except Case.DoesNotExist:
        raise Http404("There is no such case.") from None
    except NotPermitted as error:
        return case_page(request, number, str(error), 403)
    return case_page(request, number, identity=found)


@members_only
@require_safe
@never_cache
def document(request: HttpRequest, number: int, attachment: int) -> HttpResponse:
    if not Case.objects.filter(pk=number).exists():
        raise Http404("There is no such case.")
    found = Attachment.objects.filter(chain=f"review:case:{number}", pk=attachment).select_related("file").first()
    if found is None:
        raise Http404("There is no such file.")
    try:
        content = files.read(found.file)
    except keys.Unreadable:
        return case_page(request, number, "This file cannot be opened: it was erased, or it was changed.", 410)
    response = HttpResponse(content, content_type=found.file.kind)
    response.headers["Content-Disposition"] = "attachment; filename*=UTF-8''" + quote(found.name, safe="")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def page_of(request: HttpRequest) -> int:
    word = request.GET.get("page", "1")
    return int(word) if word.isascii() and word.isdigit() and 0 < int(word) < 100_000 else 1


def whole_of(request: HttpRequest, number: int) -> queries.Whole:
    try:
        return queries.whole(number, request.user)
    except Case.DoesNotExist:
        raise Http404("There is no such case.") from None


def _board(request: HttpRequest, number: int) -> queries.Board:
    try:
        return queries.board(number, request.user)
    except Panel.DoesNotExist:
        raise Http404("There is no such panel.") from None


def _import(number: UUID) -> Import:
    found = Import.objects.select_related("panel").filter(pk=number).first()
    if found is None:
        raise Http404("There is no such file.")
    return found


def _form(
    request: HttpRequest, form: forms.Form, shown: Any, over: str, back: tuple[str, int], stamp: int, field: str, problem: str, status: int
) -> HttpResponse:
    return render(request, "review/do.jinja", {
        "form": form, "over": over, "back": back, "stamp": stamp, "wrong": field, "problem": problem, "given": request.POST,
        "request_number": request.POST.get("request") if problem else forms.number(),
        "choices": {f.name: f.choices(shown) for f in form.fields if f.choices},
    }, status=status)  # fmt: skip


def _facts(whole: queries.Whole) -> list[tuple[str, str]]:
    """The facts that are known, each as a question and its answer."""
    said = []
    for name, value in whole.case.facts.items():
        kind = whole.library.facts.get(name)
        if kind is not None:
            options = kind.options or {}
            words = [options.get(str(v), str(v)) for v in (value if isinstance(value, list) else [value])]
            plain = {"True": "Yes", "False": "No"}
            said.append((kind.question, ", ".join(plain.get(w, w) for w in words) + (f" {kind.unit}" if kind.unit else "")))
    return said


def _asked_facts(whole: queries.Whole) -> dict[str, Any]:
    """Facts that the standards beside the case still ask for, and those that are known; all of them where asked."""
    wanted = {m for x in whole.applying for m in x.missing} | set(whole.case.facts)
    return {k: kind for k, kind in whole.library.facts.items() if k in wanted}


def _gestation(of: Case) -> str:
    return "" if of.gestation_days is None else f"{of.gestation_days // 7}+{of.gestation_days % 7}"


