"""HTTP only: grading blind, and the talk afterwards."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tocsin.review import AREAS
from tocsin.review.factors import frameworks
from tocsin.web.people.signed_in import members_only
from tocsin.web.record.ledger import DoneBefore
from tocsin.web.review import consensus, forms, grading, queries
from tocsin.web.review.doing import Invalid, Stale
from tocsin.web.review.figures import OUTCOMES
from tocsin.web.review.models import Case
from tocsin.web.review.permissions import Act, NotPermitted, about, may, sees_gradings, who_is
from tocsin.web.review.views import case_page, whole_of


def content_of(post: Mapping[str, str]) -> dict[str, Any]:
    """A grading as its form has it: 's:KEY:verdict', 's:KEY:words', 's:KEY:bears', 'f:ID:found', 'f:ID:words', 'f:ID:bears'."""
    found: dict[str, Any] = {"grade": post.get("grade", ""), "words": post.get("words", ""), "well": post.get("well", ""), "standards": {}, "factors": {}}
    for name in post:
        kind, _, rest = name.partition(":")
        key, _, part = rest.rpartition(":")
        if kind in ("s", "f") and key and part in ("verdict", "words", "bears", "found"):
            found["standards" if kind == "s" else "factors"].setdefault(key, {})[part] = post[name]
    return found


def _place(post: Mapping[str, str]) -> tuple[int, str, int]:
    """(version, tab, count) of a form. Raises Invalid."""
    try:
        return int(post.get("version", "0") or 0), post.get("tab", "")[:40], int(post.get("count", "0") or 0)
    except ValueError:
        raise Invalid("", "This form is not whole. Open the page again; what you wrote is kept.") from None


@members_only
@never_cache
def grade(request: HttpRequest, number: int) -> HttpResponse:
    """The blind grading form. Works without JavaScript; with it, it is saved as it is written."""
    whole = whole_of(request, number)
    problem, field, status, conflict, shown = "", "", 200, None, None
    try:
        draft = grading.mine(case=number, by=request.user)
        if request.method == "POST" and not draft.final:
            shown = content_of(request.POST)
            version, tab, count = _place(request.POST)
            draft = grading.save(
                case=number, content=shown, version=version, tab=tab, count=count, by=request.user, over=request.POST.get("over") == "yes"
            )
            if request.POST.get("do") != "finish":
                messages.info(request, "Your draft is saved.")
                return redirect("review:grade", number)
            grading.finish(case=number, by=request.user)
            messages.info(request, "Your grading is final. You see the others' when all are.")
            return redirect("review:case", number)
    except grading.Conflict as error:
        conflict, draft, status = error.grading.content, error.grading, 409
        problem = "This grading was saved from another page or device meanwhile. Nothing was lost: choose below which text counts."
    except Invalid as error:
        problem, field, status = str(error), error.field, 422
    except NotPermitted as error:
        return case_page(request, number, str(error), 403)
    return render(request, "review/grade.jinja", {
        "whole": whole, "c": whole.case, "draft": draft, "content": shown if problem and shown else draft.content, "problem": problem, "field": field,
        "conflict": conflict, "verdicts": grading.VERDICTS, "frameworks": frameworks().values(),
        "outcomes": OUTCOMES, "standings": queries.STANDINGS, "areas": AREAS,
    }, status=status)  # fmt: skip


@members_only
@require_POST
@never_cache
def save(request: HttpRequest, number: int) -> HttpResponse:
    """Keep a draft as it is written. Answers {version, saved}; 409 with what is stored; 403 and 422 with words."""
    try:
        version, tab, count = _place(request.POST)
        kept = grading.save(
            case=number, content=content_of(request.POST), version=version, tab=tab, count=count, by=request.user, over=request.POST.get("over") == "yes"
        )
    except grading.Conflict as error:
        words = "This grading was saved from another page or device meanwhile."
        return JsonResponse({"problem": words, "version": error.grading.version, "content": error.grading.content}, status=409)
    except Invalid as error:
        return JsonResponse({"problem": str(error), "field": error.field}, status=422)
    except (NotPermitted, Case.DoesNotExist) as error:
        return JsonResponse({"problem": str(error) or "There is no such case."}, status=403)
    return JsonResponse({"version": kept.version, "saved": f"{kept.saved:%H:%M}"})


@members_only
@never_cache
def talk(request: HttpRequest, number: int) -> HttpResponse:
    """The gradings side by side, who moved and why, and what the panel agreed."""
    whole = whole_of(request, number)
    who, of = who_is(request.user), about(whole.case)
    if not sees_gradings(who, of):
        return case_page(request, number, "Nobody sees another's grading before all gradings of the case are final.", 403)
    problem, field, status = "", "", 200
    if request.method == "POST":
        try:
            stamp, once = forms.once(request)
            more = {"case": number, "by": request.user, "stamp": stamp, "request": once}
            if request.POST.get("do") == "agree":
                sent = content_of(request.POST)
                judged = {k: v | {"title": whole.titles.get(k, "")} for k, v in sent["standards"].items() if v.get("verdict")}
                found = {k: v for k, v in sent["factors"].items() if v.get("found")}
                consensus.agree(grade=sent["grade"], words=sent["words"].replace("\0", ""), standards=judged, factors=found, **more)
                messages.info(request, "What the panel agreed is kept.")
                return redirect("review:case", number)
            consensus.take_position(grade=request.POST.get("mine", ""), why=request.POST.get("why", "").replace("\0", ""), **more)
            messages.info(request, "Where you stand is kept, and shown to the others.")
            return redirect("review:talk", number)
        except DoneBefore:
            return redirect("review:talk", number)
        except Invalid as error:
            problem, field, status = str(error), error.field, 422
        except Stale as error:
            problem, status = str(error), 409
        except NotPermitted as error:
            problem, status = str(error), 403
        whole = whole_of(request, number)
    held = consensus.standing(whole.case)
    named = {str(g.assignment_id): g.member.name for g in whole.gradings}
    return render(request, "review/talk.jinja", {
        "whole": whole, "c": whole.case, "held": {a: held.get(a, "") for a in named}, "named": named, "problem": problem, "field": field,
        "sent": content_of(request.POST) if problem and request.POST.get("do") == "agree" else None, "given": request.POST,
        "verdicts": grading.VERDICTS, "judged": _judged(whole), "found": _found(whole), "may_move": may(who, Act.MOVED, of),
        "may_agree": may(who, Act.AGREED, of), "request_number": forms.number(), "outcomes": OUTCOMES,
        "spoken": {str(p.assignment_id) for p in whole.positions}, "own": str(whole.own.pk) if whole.own else "",
    }, status=status)  # fmt: skip


def _judged(whole: queries.Whole) -> list[dict[str, Any]]:
    """Standards on which a grader gave a verdict: what each said, and the verdict that most gave, to begin the talk with."""
    keys = list(dict.fromkeys(k for g in whole.gradings for k in g.content.get("standards", {})))
    rows = []
    for key in keys:
        said = [(g.member.name, g.content["standards"][key]) for g in whole.gradings if key in g.content.get("standards", {})]
        verdicts = [s["verdict"] for _, s in said if s["verdict"]]
        most = max(verdicts, key=verdicts.count) if verdicts else ""
        words = next((s["words"] for _, s in said if s["verdict"] == most and s["words"]), "")
        rows.append({"key": key, "title": whole.titles.get(key, key), "said": said, "most": most, "words": words, "bears": any(s["bears"] for _, s in said)})
    return rows


def _found(whole: queries.Whole) -> list[dict[str, Any]]:
    known = {f.id: f for of in frameworks().values() for f in of.factors}
    keys = list(dict.fromkeys(k for g in whole.gradings for k, v in g.content.get("factors", {}).items() if v.get("found")))
    return [
        {
            "key": k, "label": known[k].name if k in known else k,
            "said": [(g.member.name, g.content["factors"][k]) for g in whole.gradings if k in g.content.get("factors", {})],
        }
        for k in keys
    ]  # fmt: skip

