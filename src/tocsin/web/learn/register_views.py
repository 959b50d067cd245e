"""HTTP only: the register, its search, one item and what can be said of it, and what others can take away."""

import csv
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_POST, require_safe

from tocsin.learn import load as taxonomy
from tocsin.web.concerns.powers import bodies as kinds_of_bodies
from tocsin.web.learn import actions, asking, harvest, histories, near, outcomes, proposing, queries, search
from tocsin.web.learn.doing import Invalid, about, chain
from tocsin.web.learn.models import Accepted, Item, Status
from tocsin.web.people.models import Body
from tocsin.web.people.permissions import Learn, NotPermitted, may_learn, who_is
from tocsin.web.people.signed_in import members_only
from tocsin.web.record import ledger
from tocsin.web.record.moment import now

MOST = 100_000


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    wanted, page = asking.wanted(request), asking.page(request)
    found = queries.listed(wanted, page)
    values = {
        "found": found,
        "wanted": wanted,
        "page": page,
        "pages": max(1, -(-found.total // queries.PAGE)) if found.whole else None,
        "query": asking.kept(request, "page"),
        "names": queries.names_of_failings(),
        "statuses": dict(Status.choices),
        "as_of": wanted.as_of,
    }
    if request.headers.get("HX-Target") == "found":
        return render(request, "learn/found.jinja", values)
    values |= {"taxonomy": taxonomy(), "accepted": Accepted.choices, "kinds_of_bodies": kinds_of_bodies(now().date())}
    return render(request, "learn/register.jinja", values)


@require_safe
def item(request: HttpRequest, code: str) -> HttpResponse:
    return _page(request, asking.item(code))


def _page(request: HttpRequest, found: Item, problem: str = "", form: str = "", status: int = 200) -> HttpResponse:
    as_of = asking.as_of(request) if request.method == "GET" else None
    if as_of and (found.on is None or found.on > as_of):
        raise Http404("It was not known on that day.")
    member = request.user if request.user.is_authenticated else None
    who, asked = who_is(member), about(found)
    family = queries.history_of_family(found, as_of)
    events = histories.history(family, as_of)
    then = [s for s in found.statusentry_set.all() if as_of is None or (s.on and s.on <= as_of)]
    return render(
        request,
        "learn/item.jinja",
        {
            "i": found,
            "r": found.report,
            "as_of": as_of,
            "statuses": dict(Status.choices),
            "accepted": dict(Accepted.choices),
            "history": then,
            "stands": then[-1].status if then and as_of else "unknown" if as_of else found.status,
            "answered": found.accepted if as_of is None or (found.accepted_on and found.accepted_on <= as_of) else "unknown",
            "acted": [a for a in found.actions if as_of is None or (a.get("on") and a["on"] <= as_of.isoformat())],
            "pushes": [p for p in found.push_set.all() if as_of is None or p.at.date() <= as_of],
            "family": family,
            "events": events,
            "returned": histories.returned_after_done(events),
            "relations": queries.relations(found, as_of),
            "proposals": [] if as_of else list(proposing.undecided(item=found)[:12]),
            "before": list(near.earlier([found], top=8, least=0.22)[found.pk]),
            "after": [
                n
                for n in near.earlier([found], top=8, least=0.22, later=True)[found.pk]
                if as_of is None or (n.item.on and n.item.on <= as_of)
            ],
            "codings": queries.codings([found.pk], member).get(found.pk, []),
            "names": queries.names_of_failings(),
            "families": taxonomy().families,
            "failings": taxonomy().failings,
            "may": {act.value: may_learn(who, act, asked) for act in Learn},
            "leads": [p.body for p in who.parts if p.role == "lead"],
            "own_bodies": Body.objects.filter(pk__in=[p.body for p in who.parts if p.role == "lead"]) if member else [],
            "entries": [
                e for e in ledger.entries(chain(found.report)) if f'"{found.code}"' in e.payload and (as_of is None or e.at.date() <= as_of)
            ],
            "problem": problem,
            "form": form,
            "address": settings.TOCSIN_URL + request.path,
            "today": now().date(),
            "closing": sorted(outcomes.CLOSING),
        },
        status=status,
    )


@require_POST
@members_only
def do(request: HttpRequest, code: str, what: str) -> HttpResponse:
    found = asking.item(code)
    by = request.user
    try:
        if what == "code":
            actions.code(item=found, failing=asking.word(request, "failing"), says=asking.word(request, "says") == "yes", by=by)
        elif what == "answer":
            given: dict[str, Any] = {n: asking.word(request, n, 2000) for n in ("accepted", "says", "owner", "action", "cost")}
            outcomes.answer(
                item=found,
                reason=asking.word(request, "reason", 2001),
                by=by,
                **given,
                accepted_on=asking.day(request, "accepted_on", may_lack=True),
                next_review=asking.day(request, "next_review", may_lack=True),
            )
        elif what == "status":
            on = asking.day(request, "on")
            assert on is not None
            outcomes.say_status(
                item=found,
                status=asking.word(request, "status"),
                on=on,
                evidence=asking.word(request, "evidence", 20_001),
                source=asking.word(request, "source", 500),
                by=by,
            )
        elif what == "relate":
            other = (
                Item.objects.select_related("report", "family")
                .filter(code=asking.word(request, "other").removeprefix(f"{settings.TOCSIN_URL}/learn/items/").strip("/"))
                .first()
            )
            if other is None:
                raise Invalid("other", "There is no such item that you may see. Give its address, such as 2015-morecambe-bay/r1.")
            outcomes.relate(one=found, other=other, kind=asking.word(request, "kind"), why=asking.word(request, "why", 501), by=by)
        elif what == "push":
            body = Body.objects.filter(pk=int(asking.word(request, "body")) if asking.word(request, "body").isdigit() else 0).first()
            if body is None:
                raise Invalid("body", "Choose your body.")
            outcomes.push(item=found, body=body, words=asking.word(request, "words", 5001), by=by)
        else:
            raise Http404("There is no such action.")
    except Invalid as error:
        return _page(request, asking.item(code), str(error), what, 422)
    except NotPermitted as error:
        return _page(request, asking.item(code), str(error), what, 403)
    if what == "code" and asking.word(request, "back") == "report":
        back = request.POST.get("page_address", "")
        return redirect(f"{back}#p-{found.pk}") if _inside(back) else redirect("learn:report", found.report.slug)
    messages.info(request, "Recorded.")
    return redirect("learn:item", code)


@require_safe
def item_json(request: HttpRequest, code: str) -> JsonResponse:
    return JsonResponse(harvest.json_ld([asking.item(code)], dict(kinds_of_bodies(now().date()))), content_type="application/ld+json")


@require_safe
def export(request: HttpRequest, form: str) -> HttpResponse | StreamingHttpResponse:
    """What the reader asks of the register, for programs: all of it where nothing is asked."""
    wanted = asking.wanted(request)
    if wanted.text:
        found = [r.item for r in queries.listed(wanted, size=search.RANKED).rows]
    else:
        found = list(queries.items(wanted).prefetch_related("addressee_set").order_by("on", "code")[:MOST])
    if form == "csv":
        response = HttpResponse(
            content_type="text/csv; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="register.csv"'}
        )
        writer = csv.DictWriter(response, harvest.COLUMNS)
        writer.writeheader()
        writer.writerows(harvest.rows(found))
        return response
    if form == "json":
        return JsonResponse({"items": harvest.rows(found)})
    return JsonResponse(harvest.json_ld(found, dict(kinds_of_bodies(now().date()))), content_type="application/ld+json")


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """A saved search: new items that fit, as a feed."""
    wanted = asking.wanted(request)
    rows = queries.listed(wanted, size=50).rows
    link = f"{settings.TOCSIN_URL}/learn/register/?{asking.kept(request)}"
    feed_ = Atom1Feed(
        "Tocsin: the register",
        link,
        "Recommendations and failings that fit a search",
        feed_url=settings.TOCSIN_URL + request.get_full_path(),
    )
    for row in rows:
        address = f"{settings.TOCSIN_URL}/learn/items/{row.item.code}/"
        at = row.item.report.opened or row.item.report.taken_in
        feed_.add_item(f"{row.item.report.title}: {row.item.kind}", address, row.item.text, unique_id=address, pubdate=at, updateddate=at)
    return HttpResponse(feed_.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def _inside(address: str) -> bool:
    return address.startswith("/learn/reports/") and "//" not in address
