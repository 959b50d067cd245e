"""What a request asks, read and checked: days, numbers, what a reader wants of the register."""

from datetime import date
from urllib.parse import urlencode

from django.http import Http404, HttpRequest

from tocsin.web.learn.days import day_of
from tocsin.web.learn.doing import Invalid
from tocsin.web.learn.models import Item, Report
from tocsin.web.learn.queries import Wanted


def word(request: HttpRequest, name: str, most: int = 300) -> str:
    """One value of a form or an address, without what cannot be kept."""
    given = request.POST if request.method == "POST" else request.GET
    return given.get(name, "").replace("\0", "").strip()[:most]


def as_of(request: HttpRequest) -> date | None:
    """The day as of which everything is shown; None for today. What is no day counts as today."""
    found = day_of(word(request, "as_of")) if word(request, "as_of") else None
    return found[0] if found else None


def day(request: HttpRequest, name: str, *, may_lack: bool = False) -> date | None:
    """A day of a form. Raises Invalid."""
    text = word(request, name)
    if not text and may_lack:
        return None
    found = day_of(text)
    if found is None:
        raise Invalid(name, "Give a day, such as 2026-03-31.")
    return found[0]


def wanted(request: HttpRequest) -> Wanted:
    names = ("text", "kind", "status", "accepted", "failing", "family", "report", "addressee", "year")
    return Wanted(
        **{n: request.GET.get(n, "").replace("\0", "")[:300] for n in names}, as_of=as_of(request), sort=word(request, "sort") or "newest"
    )  # type: ignore[arg-type]


def kept(request: HttpRequest, *without: str) -> str:
    """The address's question without some of its parts, to go on with."""
    return urlencode([(k, v) for k, v in request.GET.items() if k not in without and v])


def page(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 100_000 else 1


def report(slug: str) -> Report:
    """Raises Http404 where there is none that the reader may see. One query."""
    found = Report.objects.select_related("body", "provider", "file").filter(slug=slug).first()
    if found is None:
        raise Http404("There is no such report that you may see.")
    return found


def item(code: str) -> Item:
    """Raises Http404. One query and its parts."""
    from tocsin.web.learn.queries import item as one

    found = one(code)
    if found is None:
        raise Http404("There is no such item that you may see.")
    return found
