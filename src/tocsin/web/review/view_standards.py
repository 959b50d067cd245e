"""HTTP only: the library of standards, and a body's own."""

from datetime import date
from typing import Any, Literal

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tocsin.review import AREAS, diff
from tocsin.web.people.models import Body
from tocsin.web.people.names import put_names
from tocsin.web.people.signed_in import members_only
from tocsin.web.record.ledger import DoneBefore
from tocsin.web.record.moment import now
from tocsin.web.review import forms, standards
from tocsin.web.review.doing import Invalid
from tocsin.web.review.models import StandardVersion
from tocsin.web.review.permissions import NotPermitted, who_is

MOST_BYTES = 2_000_000


@require_safe
def browse(request: HttpRequest) -> HttpResponse:
    """Standards in force on a day, by area, with the words looked for."""
    get = {k: v.replace("\0", "").strip() for k, v in request.GET.items()}
    problem = ""
    try:
        on = date.fromisoformat(get["day"]) if get.get("day") else now().date()
    except ValueError:
        on, problem = now().date(), f"'{get['day'][:20]}' is not a day. Give one such as 2014-12-03. Shown is today."
    area, text = get.get("area", ""), get.get("text", "")[:100]
    of = standards.visible()
    words = text.lower().split()
    found = [
        s for s in of.on(on)
        if (not area or s.area == area) and all(w in f"{s.id} {s.title} {s.statement} {s.source}".lower() for w in words)
    ]  # fmt: skip
    return render(request, "review/standards.jinja", {
        "found": [(code, [s for s in found if s.area == code]) for code in AREAS], "areas": AREAS, "area": area, "text": text, "on": on, "total": len(found),
        "every": len(of.standards), "problem": problem, "leads": request.user.is_authenticated and bool(who_is(request.user).leads),
    }, status=422 if problem else 200)  # fmt: skip


@require_safe
def standard(request: HttpRequest, key: str) -> HttpResponse:
    """One standard, with its versions and what each changed."""
    of = standards.visible()
    versions = of.versions(key)
    if not versions:
        raise Http404("There is no such standard.")
    rows = [(s, diff(versions[i - 1], s) if i else ()) for i, s in enumerate(versions)]
    stored = {v.version: v for v in StandardVersion.objects.filter(key=key).exclude(signed=None).select_related("body")}
    put_names((stored.values(), "proposed_by"), (stored.values(), "signed_by"))
    body = next((v.body for v in stored.values()), None)
    mine = request.user.is_authenticated and body is not None and body.pk in who_is(request.user).leads
    return render(request, "review/standard.jinja", {
        "s": versions[-1], "rows": list(reversed(rows)), "stored": stored, "areas": AREAS, "body": body, "mine": mine, "today": now().date(),
    })  # fmt: skip


@members_only
@never_cache
def propose(request: HttpRequest) -> HttpResponse:
    """A standard of a body's own, or a new version of one."""
    bodies = _bodies(request)
    if not bodies:
        words = "Only somebody who acts for a body proposes standards for it."
        return render(request, "review/problem.jinja", {"title": "Not for you to do", "words": words}, status=403)
    key = request.GET.get("of", "").replace("\0", "")
    versions = standards.visible().versions(key) if key else ()
    given: Any = request.POST if request.method == "POST" else standards.plain(versions[-1]) if versions else {}
    problem, field, status = "", "", 200
    if request.method == "POST":
        try:
            body = _chosen(request, bodies)
            _, once = forms.once(request)
            values = {k: request.POST.get(k, "") for k in standards.FIELDS}
            made = standards.propose(body=body, given=values, why=request.POST.get("why", "").replace("\0", ""), by=request.user, request=once)
            messages.info(request, f"Proposed: version {made.version} of {made.key}. It counts once somebody else of {body.name} has signed it.")
            return redirect("review:standards-waiting")
        except DoneBefore:
            return redirect("review:standards-waiting")
        except Invalid as error:
            problem, field, status = str(error), error.field, 422
        except NotPermitted as error:
            problem, status = str(error), 403
    return render(request, "review/propose.jinja", {
        "bodies": bodies, "areas": AREAS, "given": given, "problem": problem, "field": field, "of": key, "fields": _LABELS, "request_number": forms.number(),
    }, status=status)  # fmt: skip


@members_only
@never_cache
def take_in(request: HttpRequest) -> HttpResponse:
    """A file of a body's own standards: good ones are proposed, faults are told by line."""
    bodies = _bodies(request)
    problem, field, status, done = "", "", 200, None
    if request.method == "POST":
        try:
            body = _chosen(request, bodies)
            _, once = forms.once(request)
            upload = request.FILES.get("upload")
            if upload is None or not upload.size:
                raise Invalid("upload", "Choose a file that is not empty.")
            if upload.size > MOST_BYTES:
                raise Invalid("upload", "The file is larger than 2 MB. Give it in parts.")
            name = (upload.name or "standards")[-200:]
            kind: Literal["yaml", "csv"] = "csv" if name.lower().endswith(".csv") else "yaml"
            try:
                text = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise Invalid("upload", "The file is not UTF-8 text. Save it as UTF-8, and give it again.") from None
            done = standards.take_in(body=body, text=text, kind=kind, name=name, by=request.user, request=once)
            status = 422 if done.faults and not done.proposed else 200
        except DoneBefore:
            return redirect("review:standards-waiting")
        except Invalid as error:
            problem, field, status = str(error), error.field, 422
        except NotPermitted as error:
            problem, status = str(error), 403
    return render(request, "review/take_in.jinja", {
        "bodies": bodies, "problem": problem, "field": field, "done": done, "request_number": forms.number(), "given": request.POST,
    }, status=status)  # fmt: skip


@members_only
@never_cache
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits to be signed by a second person, each with what it changes."""
    problem, status = "", 200
    if request.method == "POST":
        chosen = [int(v) for v in request.POST.getlist("versions") if v.isascii() and v.isdigit() and len(v) < 16]
        try:
            _, once = forms.once(request)
            if down := request.POST.get("down", ""):
                why = request.POST.get(f"why-{down}", "").replace("\0", "")
                standards.turn_down(version=int(down) if down.isascii() and down.isdigit() and len(down) < 16 else 0, why=why, by=request.user, request=once)
                messages.info(request, "Turned down, with your reason beside it.")
            else:
                signed = standards.sign(versions=chosen, by=request.user, request=once)
                messages.info(request, f"Signed: {len(signed)}. From their first day on, they count.")
            return redirect("review:standards-waiting")
        except DoneBefore:
            return redirect("review:standards-waiting")
        except Invalid as error:
            problem, status = str(error), 422
        except NotPermitted as error:
            problem, status = str(error), 403
    leads = who_is(request.user).leads
    rows = list(StandardVersion.objects.filter(body__in=leads, signed=None, turned_down=None).select_related("body").order_by("key")[:200])
    put_names((rows, "proposed_by"))
    return render(request, "review/waiting.jinja", {
        "rows": [(v, standards.standard_of(v), d) for v, d in standards.with_changes(rows)], "problem": problem, "request_number": forms.number(),
        "me": request.user.pk, "areas": AREAS,
    }, status=status)  # fmt: skip


_LABELS = (
    ("id", "Id", "text", "Small letters and digits with dots or dashes, such as 'north-trust.second-opinion'. The same over all versions."),
    ("area", "Area", "area", ""), ("title", "Title", "text", ""), ("statement", "What is to be done, in your own words", "long", ""),
    ("applies", "When it applies", "text", "A condition over the facts of a case, such as 'gestation_weeks >= 37 and labour'. Empty: always."),
    ("met", "What shows that it was met", "text", "A condition again. Empty: a person says."),
    ("evidence", "Where in the record one sees it", "text", ""), ("in_force_from", "In force from", "date", ""),
    ("in_force_to", "In force to", "date", "Empty: still."),
    ("source_body", "Who published it", "text", ""), ("source_document", "In which document", "text", ""), ("source_section", "Where in it", "text", ""),
    ("source_address", "Its address", "text", ""), ("source_published", "Published on", "date", ""), ("note", "Note", "text", ""),
    ("unconfirmed", "Unconfirmed", "text", "'true' where something in it was not looked up."),
)  # fmt: skip


def _bodies(request: HttpRequest) -> list[Body]:
    return list(Body.objects.filter(pk__in=who_is(request.user).leads).order_by("name"))


def _chosen(request: HttpRequest, bodies: list[Body]) -> Body:
    found = next((b for b in bodies if str(b.pk) == request.POST.get("body", "")), None)
    if found is None:
        raise Invalid("body", "Choose your body.")
    return found
