"""The watch rings the hall: each red signal of the newest run is given to it, and each that no longer rings is ended there."""

from django.db import transaction
from django.urls import reverse

from tocsin.signal import ConcernKind, Level, ProviderRef, Signal
from tocsin.web.concerns.actions import raise_signal, signal_ended, signals_of
from tocsin.web.concerns.doing import AccordRefuses
from tocsin.web.watch.models import Ring, Run

BY = "the watch"


@transaction.atomic
def ring_the_hall(run: Run) -> int:
    """Give the open red rings of a run to the hall. Returns how many ring; none where no map is in force, since nobody could hold them."""
    rings = list(
        Ring.objects.filter(run=run, detector="rise", level="red", ended=None, stream__isnull=False).select_related(
            "stream__site", "stream__indicator"
        )
    )
    keys = {_key(r): r for r in rings}
    try:
        for key, ring in keys.items():
            raise_signal(_signal(ring), by=BY, key=key)
    except AccordRefuses:
        return 0
    for key in signals_of(BY) - set(keys):
        signal_ended(key=key, day=run.as_of)
    return len(rings)


def _key(ring: Ring) -> str:
    return f"{BY}|{ring.site_code}|{ring.indicator_key}|{ring.first_day_over}"


def _signal(ring: Ring) -> Signal:
    site = ring.stream.site
    return Signal(
        ProviderRef(site.provider, site.provider_name, site.code, site.name), ConcernKind.OUTCOME_SIGNAL, Level(ring.level), ring.first_day_over,
        ring.onset, f"{ring.stream.indicator.name}: {ring.sentence}", reverse("watch:current", args=[site.code, ring.indicator_key]),
        {
            "indicator": ring.indicator_key, "events": ring.events, "expected": round(ring.expected, 2), "births": ring.births,
            "rate_ratio": round(ring.rate_ratio, 3), "rate_ratio_low": round(ring.rate_ratio_low, 3), "rate_ratio_high": round(ring.rate_ratio_high, 3),
        },
    )  # fmt: skip
