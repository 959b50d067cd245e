"""HTTP only: what is published, feeds, deadlines, subscriptions, board packs, oversight."""

import base64
from datetime import timedelta
from typing import Any

import icalendar
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_safe

from tocsin.watch import chart as draw
from tocsin.web.concerns import plain
from tocsin.web.concerns.models import Concern, Owed, Publication
from tocsin.web.feeds import actions, oversight, pack
from tocsin.web.feeds.models import BoardPack, Pace, Scope, Subscription
from tocsin.web.people.actions import member_of
from tocsin.web.people.models import Body, Membership, Provider
from tocsin.web.people.signed_in import members_only
from tocsin.web.record.acting import acting_as
from tocsin.web.record.models import Entry
from tocsin.web.record.moment import now

_FORMS = {"svg": "image/svg+xml", "png": "image/png"}


def _newest(request: HttpRequest) -> Any:
    return Publication.objects.order_by("-id").values_list("at", flat=True).first()


@require_safe
def published(request: HttpRequest) -> HttpResponse:
    found = Publication.objects.select_related("provider").order_by("-id")
    wanted = request.GET.get("provider", "").replace("\0", "")
    found = found.filter(provider=wanted) if wanted else found
    return render(request, "feeds/published.jinja", {
        "published": found[:200], "providers": Provider.objects.filter(publication__isnull=False).distinct().order_by("name"), "wanted": wanted,
    })  # fmt: skip


@require_safe
def publication(request: HttpRequest, number: int) -> HttpResponse:
    return render(request, "feeds/publication.jinja", {"p": get_object_or_404(Publication.objects.select_related("provider"), pk=number)})


@require_safe
@condition(last_modified_func=_newest)
def published_atom(request: HttpRequest) -> HttpResponse:
    feed = Atom1Feed("Tocsin: what is published", f"{settings.TOCSIN_URL}/published/", "Concerns about health care, as published",
                     feed_url=f"{settings.TOCSIN_URL}/feeds/published.atom")  # fmt: skip
    for p in Publication.objects.select_related("provider").order_by("-id")[:100]:
        link = f"{settings.TOCSIN_URL}/published/{p.pk}/"
        feed.add_item(f"{p.provider.name}: {p.title}", link, p.words, unique_id=link, pubdate=p.at, updateddate=p.at)
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@require_safe
def mine_atom(request: HttpRequest) -> HttpResponse:
    """What happened to the concerns that one may see: numbers and kinds of event, no words."""
    who = _reader(request)
    if who is None:
        return _ask()
    feed = Atom1Feed("Tocsin: news", f"{settings.TOCSIN_URL}/concerns/", "News of concerns")
    with acting_as(who.pk):
        numbers = [f"concern:{n}" for n in Concern.objects.order_by("-last_entry").values_list("id", flat=True)[:200]]
        for e in Entry.objects.filter(chain__in=numbers).order_by("-id")[:100]:
            link = f"{settings.TOCSIN_URL}/concerns/{e.chain[8:]}/"
            feed.add_item(
                f"Concern {e.chain[8:]}: {e.what.replace('-', ' ')}", link, "", unique_id=f"{link}#{e.seq}", pubdate=e.at, updateddate=e.at
            )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@require_safe
def deadlines(request: HttpRequest) -> HttpResponse:
    """Deadlines of one's bodies as a calendar, to be subscribed to by a calendar program with a token."""
    who = _reader(request)
    if who is None:
        return _ask()
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Tocsin//Deadlines//EN")
    calendar.add("version", "2.0")
    with acting_as(who.pk):
        bodies = set(Membership.objects.filter(member=who, ended=None).values_list("body", flat=True))
        owed = (
            Owed.objects.filter(body__in=bodies, done=None, concern__closed=None)
            .exclude(due=None)
            .select_related("concern__provider")
            .order_by("id")
        )
        for o in owed:
            event = icalendar.Event()
            event.add("uid", f"concern-{o.concern_id}-{o.kind}-{o.due}@tocsin")
            event.add("dtstamp", o.concern.opened)
            event.add("dtstart", o.due)
            event.add("dtend", o.due + timedelta(days=1))
            event.add("summary", f"Concern {o.concern_id}: last day")
            event.add("url", f"{settings.TOCSIN_URL}/concerns/{o.concern_id}/")
            calendar.add_component(event)
    return HttpResponse(calendar.to_ical(), content_type="text/calendar; charset=utf-8")


@members_only
def subscriptions(request: HttpRequest) -> HttpResponse:
    problem = secret = ""
    if request.method == "POST":
        post = {k: v.replace("\0", "").strip() for k, v in request.POST.items()}
        if post.get("stop"):
            actions.stop_own(number=_uuid(post["stop"]), by=request.user)
            return redirect("feeds:subscriptions")
        try:
            target = post.get(post.get("scope", ""), "")
            _, secret = actions.subscribe(
                by=request.user, pace=post.get("pace", ""), scope=post.get("scope", ""), target=target, url=post.get("url", "")
            )
        except actions.Refused as error:
            problem = str(error)
        if not problem and not secret:
            return redirect("feeds:subscriptions")
    return render(request, "feeds/subscriptions.jinja", {
        "found": Subscription.objects.filter(ended=None).order_by("began"), "over": Subscription.objects.exclude(ended=None).exclude(url="")[:10],
        "paces": Pace.choices, "scopes": Scope.choices, "words": dict(Scope.choices) | dict(Pace.choices), "problem": problem, "secret": secret,
        "providers": Provider.objects.order_by("name"), "kinds": plain.KINDS, "bodies": Body.objects.order_by("name"),
    }, status=422 if problem else 200)  # fmt: skip


def hear(request: HttpRequest) -> HttpResponse:
    """Anybody may hear of what is published."""
    problem, done = "", False
    if request.method == "POST":
        try:
            actions.subscribe_in_public(
                email=request.POST.get("email", "")[:254].replace("\0", ""), provider=request.POST.get("provider", "").replace("\0", "")
            )
            done = True
        except actions.Refused as error:
            problem = str(error)
    return render(
        request,
        "feeds/hear.jinja",
        {"problem": problem, "done": done, "providers": Provider.objects.order_by("name")},
        status=422 if problem else 200,
    )


def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link shows a button; only pressing it confirms, since programs open links too."""
    good = request.method != "POST" or actions.confirm(token)
    words = ("confirm", "Yes, tell me", "From now on you hear of what is published.", "This link is too old or not whole. Ask again.")
    return render(
        request, "feeds/click.jinja", {"words": words, "done": request.method == "POST", "good": good}, status=200 if good else 410
    )


@csrf_exempt
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Mail programs post here (RFC 8058); people press the button. The token can do nothing else, so no other proof is asked."""
    good = request.method != "POST" or actions.stop(token)
    words = ("stop", "Stop these mails", "You will get no more of these mails.", "This link is not whole. Take it from the mail again.")
    return render(
        request, "feeds/click.jinja", {"words": words, "done": request.method == "POST", "good": good}, status=200 if good else 410
    )


@members_only
def board_pack(request: HttpRequest, code: str) -> HttpResponse:
    provider = get_object_or_404(Provider, code=code)
    if request.method == "POST":
        made = actions.ask_for_pack(provider=provider, by=request.user)
        return redirect("feeds:pack", made.pk)
    return render(request, "feeds/pack.jinja", pack.content(provider))


@members_only
@require_safe
def pack_page(request: HttpRequest, number: Any) -> HttpResponse:
    found = get_object_or_404(BoardPack.objects.select_related("provider").defer("content"), pk=number)
    part = "feeds/pack_progress.jinja" if request.headers.get("HX-Request") else "feeds/pack_waiting.jinja"
    return render(request, part, {"pack": found})


@members_only
@require_safe
def pack_file(request: HttpRequest, number: Any) -> HttpResponse:
    found = get_object_or_404(BoardPack, pk=number, expires__gt=now())
    if not found.content:
        raise Http404("It is not ready yet.")
    response = HttpResponse(pack.opened(found), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="board-pack-{found.provider_id}.pdf"'
    return response


@members_only
@require_safe
def overseers(request: HttpRequest) -> HttpResponse:
    found = oversight.look()
    words = {what: oversight.in_words(found, what) for what in oversight.TITLES}
    return render(request, "feeds/oversight.jinja", {
        "found": found, "few": oversight.FEW, "titles": oversight.TITLES, "words": words, "held": [r for r in found.rows if r.times],
        "said": [r for r in found.rows if r.times and not r.silence.few], "signed": [r for r in found.rows if r.back.of],
    })  # fmt: skip


@members_only
@require_safe
def overseers_picture(request: HttpRequest, what: str, form: str) -> HttpResponse:
    if what not in oversight.TITLES or form not in _FORMS:
        raise Http404("There is no such picture.")
    found = oversight.look()
    spec = oversight.picture(found, what)
    if spec is None:
        raise Http404("There is nothing to compare yet.")
    made = draw.svg(spec, oversight.in_words(found, what)).encode() if form == "svg" else draw.png(spec)
    return HttpResponse(made, content_type=_FORMS[form], headers={"Cache-Control": "private"})


def _reader(request: HttpRequest) -> Any:
    """Who reads a feed: somebody signed in, or a program with a token of the scope 'feeds' as its password or bearer."""
    if request.user.is_authenticated:
        return request.user
    kind, _, rest = request.headers.get("Authorization", "").partition(" ")
    text = rest.strip()
    if kind.lower() == "basic":
        try:
            text = base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except ValueError:
            return None
    found = member_of(text, "feeds") if text else None
    return found[0] if found else None


def _ask() -> HttpResponse:
    words = "Give a token of the scope 'feeds' as the password. You make one on your account's page."
    return HttpResponse(words, status=401, headers={"WWW-Authenticate": 'Basic realm="Tocsin"'}, content_type="text/plain")


def _uuid(word: str) -> str:
    from uuid import UUID

    try:
        return str(UUID(word))
    except ValueError:
        raise Http404 from None
