"""What is read for the pages. Each says how many queries it makes."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet

from tocsin.watch.indicators import FixedReference, Kind, Lag, NationalReference
from tocsin.watch.indicators import Indicator as Definition
from tocsin.watch.results import MonthPoint, StreamPaths
from tocsin.web.watch.models import QualityFlag, Ring, Run, Site, Stream

SORTS = {
    "level": ("-level", "-rate_ratio"),
    "site": ("stream__site__name",),
    "indicator": ("stream__indicator__name", "-rate_ratio"),
    "since": ("onset",),
    "over": ("first_day_over",),
    "ratio": ("-rate_ratio",),
}


@dataclass(frozen=True)
class Filter:
    """What a reader asks of the overview."""

    level: str = ""
    indicator: str = ""
    region: str = ""
    text: str = ""
    sort: str = "level"


def newest_run() -> Run | None:
    """One query."""
    return Run.objects.order_by("-id").first()


def current_ring(code: str, key: str) -> Ring | None:
    """The open ring of the newest run for a site and an indicator. Two queries."""
    found = Ring.objects.filter(run=newest_run(), site_code=code, indicator_key=key, detector="rise", ended=None, stream__isnull=False)
    return found.order_by("-id").first()


def newest_comparison() -> Run | None:
    """The newest run of a demo country for which what was planted is stored. One query."""
    return Run.objects.exclude(comparison=None).order_by("-id").first()


def ringing(run: Run, wanted: Filter) -> QuerySet[Ring]:
    """Rings of the rise detector that are open, with their streams and sites. One query."""
    found = Ring.objects.filter(run=run, detector="rise", ended=None, stream__isnull=False).select_related(
        "stream__site", "stream__indicator"
    )
    if wanted.level in ("red", "amber"):
        found = found.filter(level=wanted.level)
    if wanted.indicator:
        found = found.filter(indicator_key=wanted.indicator)
    if wanted.region:
        found = found.filter(stream__site__region=wanted.region)
    if wanted.text:
        words = wanted.text[:100]
        found = found.filter(
            Q(stream__site__name__icontains=words) | Q(stream__site__provider_name__icontains=words) | Q(site_code__icontains=words)
        )
    return found.order_by(*SORTS.get(wanted.sort, SORTS["level"]), "id")


def quiet(run: Run) -> dict[str, int]:
    """How many streams are quiet, and in how many a rise would go unseen. One query."""
    return Stream.objects.filter(run=run).aggregate(
        streams=Count("id"), quiet=Count("id", filter=Q(level="")), unseen=Count("id", filter=Q(level="", power_median=None))
    )


def regions(run: Run) -> list[str]:
    """One query."""
    return list(Site.objects.filter(run=run).exclude(region="").order_by("region").values_list("region", flat=True).distinct())


def flags(run: Run, site: str | None = None) -> list[QualityFlag]:
    """Newest first. One query."""
    found = QualityFlag.objects.filter(run=run).order_by("-first_day", "site_code")
    return list(found if site is None else found.filter(site_code=site))


def streams_of(site: Site) -> list[Stream]:
    """Those that ring first. One query."""
    return list(Stream.objects.filter(site=site).select_related("site", "indicator").order_by("-level", "indicator__name"))


def paths(stream: Stream) -> StreamPaths:
    """What the charts are drawn from. No query."""
    months = tuple(MonthPoint(date.fromisoformat(m), b, e, x, r, c, s) for m, b, e, x, r, c, s in stream.months)
    return StreamPaths(stream.site.code, stream.indicator.key, months, *(float("inf") if t is None else t for t in stream.thresholds))


def definition(given: dict[str, Any]) -> Definition:
    """An indicator as it was stored. No query."""
    reference = given["reference"]
    return Definition(
        **{
            **given,
            "kind": Kind(given["kind"]),
            "reference": FixedReference(**reference) if "rate" in reference else NationalReference(**reference),
            "lag": Lag(tuple(given["lag"]["days"]), tuple(given["lag"]["reported"])),
            "exclusions": tuple(given["exclusions"]),
        }
    )
