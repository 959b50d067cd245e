"""HTTP only: joining, one's own account and sessions, and the bodies."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tocsin.web.people import actions, queries
from tocsin.web.people.actions import Refused
from tocsin.web.people.address import address_of
from tocsin.web.people.bodies import reachable
from tocsin.web.people.models import Body, Declaration, Member, Membership, Provider, Role, Token
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.people.signed_in import members_only
from tocsin.web.people.signin import enter, has_second_factor
from tocsin.web.record.acting import TOCSIN, acting_as


def sign_in(request: HttpRequest) -> HttpResponse:
    """In a demo one click makes a visitor somebody; elsewhere with password and second factor."""
    address = request.get_full_path().partition("?")[2]
    return redirect(("/demo/people/" if settings.DEMO else "/account/login/") + (f"?{address}" if address else ""))


def no_reset(request: HttpRequest) -> HttpResponse:
    return render(request, "people/no_reset.jinja")


@never_cache
def join(request: HttpRequest) -> HttpResponse:
    problem, field = "", ""
    if request.method == "POST":
        try:
            given = {k: request.POST.get(k, "").replace("\0", "")[:300] for k in ("email", "code", "name", "password")}
            member = actions.join(**given, address=address_of(request))
        except Refused as error:
            problem, field = str(error), error.field
        else:
            if has_second_factor(member):
                # a code and a password are one factor: who has another is asked for it
                messages.info(request, "It is done. Sign in now with your password and your second factor.")
                return redirect("people:sign-in")
            enter(request, member)
            return redirect("people:account")
    return render(request, "people/join.jinja", {"problem": problem, "field": field, "given": request.POST}, status=422 if problem else 200)


@members_only
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    problem, shown = "", ""
    if request.method == "POST":
        try:
            shown = _change(request) or ""
        except (Refused, NotPermitted) as error:
            problem = str(error)
        if not problem and not shown:
            return redirect("people:account")
    leads = Body.objects.filter(membership__member=request.user, membership__ended=None, membership__role=Role.LEAD)
    return render(request, "people/account.jinja", {
        "member": request.user, "roles": Membership.objects.filter(member=request.user, ended=None).select_related("body"),
        "role_words": dict(Role.choices), "interests": Declaration.objects.filter(member=request.user, ended=None).select_related("provider"),
        "providers": Provider.objects.order_by("name"), "tokens": Token.objects.filter(member=request.user, ended=None).select_related("body"),
        "leads": leads, "scopes": actions.SCOPES, "problem": problem, "shown": shown,
    }, status=422 if problem else 200)  # fmt: skip


def _change(request: HttpRequest) -> str | None:
    post = request.POST
    match post.get("what"):
        case "declare":
            provider = Provider.objects.filter(code=post.get("provider", "").replace("\0", "")).first()
            if provider is None:
                raise Refused("provider", "Choose the provider.")
            actions.declare_interest(provider=provider, reason=post.get("reason", "").replace("\0", ""), by=request.user)
        case "end-interest":
            actions.end_interest(declaration=_number(post.get("number")), by=request.user)
        case "token":
            body = Body.objects.filter(pk=_number(post.get("body"))).first()
            if body is None:
                raise Refused("body", "Choose the body.")
            return actions.make_token(
                body=body, name=post.get("name", "").replace("\0", ""), scopes=post.getlist("scopes"), by=request.user
            )[1]
        case "end-token":
            actions.end_token(token=_number(post.get("number")), by=request.user)
        case "end-role":
            actions.end_membership(membership=_number(post.get("number")), by=request.user)
        case _:
            raise Refused("", "Choose what to do.")
    return None


@members_only
def bodies(request: HttpRequest) -> HttpResponse:
    found = list(Body.objects.order_by("-national", "kind", "name"))
    return render(request, "people/bodies.jinja", {"bodies": found, "reachable": reachable(b.pk for b in found)})


@members_only
@never_cache
def body(request: HttpRequest, code: str) -> HttpResponse:
    found = get_object_or_404(Body, code=code)
    problem, field, code_shown = "", "", ""
    if request.method == "POST":
        try:
            code_shown = _change_body(request, found) or ""
        except (Refused, NotPermitted) as error:
            problem, field = str(error), getattr(error, "field", "")
        if not problem and not code_shown:
            return redirect("people:body", code)
    return render(request, "people/body.jinja", {
        "shown": queries.body_shown(found, request.user), "reachable": bool(reachable([found.pk])), "roles": Role.choices,
        "role_words": dict(Role.choices), "problem": problem, "field": field, "code_shown": code_shown, "given": request.POST,
    }, status=422 if problem else 200)  # fmt: skip


def _change_body(request: HttpRequest, found: Body) -> str | None:
    post = request.POST
    match post.get("what"):
        case "end-role":
            actions.end_membership(membership=_number(post.get("number")), by=request.user)
        case "withdraw":
            actions.withdraw_invitation(invitation=_uuid(post.get("invitation", "")), by=request.user)
        case "end-token":
            actions.end_token(token=_number(post.get("number")), by=request.user)
        case "renew":
            return actions.renew_password(membership=_number(post.get("number")), by=request.user)[1]
        case "invite":
            email = post.get("email", "").replace("\0", "")
            return actions.invite(body=found, email=email, role=post.get("role", ""), by=request.user)[1]
        case _:
            raise Refused("", "Choose what to do.")
    return None


@members_only
@never_cache
def sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in, and out of it."""
    problem = ""
    if request.method == "POST":
        try:
            if request.POST.get("what") == "others":
                actions.end_other_sessions(key=request.session.session_key or "", by=request.user)
            else:
                actions.end_session(session=_number(request.POST.get("number")), by=request.user)
            return redirect("people:sessions")
        except Refused as error:
            problem = str(error)
    shown = queries.sessions_of(request.session.session_key)
    return render(request, "people/sessions.jinja", {"sessions": shown, "problem": problem}, status=422 if problem else 200)


def demo_people(request: HttpRequest) -> HttpResponse:
    """In a demo only: whom one can be. Read as Tocsin itself, because nobody is signed in yet."""
    if not settings.DEMO:
        raise Http404
    text = request.GET.get("text", "").replace("\0", "").strip()
    with acting_as(TOCSIN):
        found = Member.objects.filter(demo=True, is_active=True).order_by("name")
        if text:
            found = found.filter(name__icontains=text)
        members = list(found[:60])
    return render(request, "people/demo.jinja", {"members": members, "next": request.GET.get("next", ""), "text": text})


@require_POST
def be(request: HttpRequest, member: str) -> HttpResponse:
    """In a demo only: be this member."""
    if not settings.DEMO:
        raise Http404
    with acting_as(TOCSIN):
        found = get_object_or_404(Member, pk=member, demo=True, is_active=True)
    enter(request, found)
    messages.info(request, f"You are now {found.name}.")
    wanted = request.POST.get("next", "")
    return redirect(wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else "concerns:mine")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("watch:overview")


def _number(word: str | None) -> int:
    return int(word) if word and word.isascii() and word.isdigit() and len(word) < 16 else 0


def _uuid(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None
