"""What may happen: a run of the watch is taken in, in one transaction, and then is what the pages show."""

import math
from dataclasses import asdict
from datetime import date
from typing import Any

from django.db import transaction

from tocsin.watch.results import RunResult
from tocsin.web.watch.models import Indicator, QualityFlag, Ring, Run, Site, Stream


@transaction.atomic
def load_run(result: RunResult) -> Run:
    """Store a run and show it. Streams of the run before are dropped with its sites; its rings and its own row are kept."""
    Stream.objects.all().delete()
    Site.objects.all().delete()
    Indicator.objects.all().delete()
    QualityFlag.objects.all().delete()
    run = Run.objects.create(
        as_of=result.as_of, promise=result.promise, reading=dict(result.reading), listed=[list(p) for p in result.listed_today],
        list_fdr=result.list_fdr,
    )  # fmt: skip
    sites = {
        s.code: Site(
            run=run, code=s.code, name=s.name, provider=s.provider, provider_name=s.provider_name, region=s.region or "", opened=s.opened,
            closed=s.closed,
        )
        for s in result.sites
    }  # fmt: skip
    Site.objects.bulk_create(sites.values())
    indicators = {i.id: Indicator(run=run, key=i.id, name=i.name, definition=asdict(i)) for i in result.indicators}
    Indicator.objects.bulk_create(indicators.values())
    paths = {(p.site, p.indicator): p for p in result.paths}
    streams = {}
    for s in result.streams:
        path = paths[s.site, s.indicator]
        months = [[p.month.isoformat(), p.births, p.events, round(p.expected, 6), _r(p.rise), _r(p.cusum), p.settled] for p in path.months]
        streams[s.site, s.indicator] = Stream(
            run=run, site=sites[s.site], indicator=indicators[s.indicator], level=s.level or "", first_day=s.first_day, last_day=s.last_day,
            settled_to=s.settled_to, births=s.births, events=s.events, expected=s.expected, reference_rate=s.reference_rate,
            crude_ratio=_r(s.crude_ratio), adjusted_ratio=_r(s.adjusted_ratio), power_sentence=s.power.sentence,
            power_median=s.power.months_median, months=months,
            thresholds=[_r(path.rise_amber), _r(path.rise_red), _r(path.cusum_amber), _r(path.cusum_red)],
        )  # fmt: skip
    Stream.objects.bulk_create(streams.values(), batch_size=200)
    Ring.objects.bulk_create(
        [
            Ring(
                run=run, stream=streams[r.site, r.indicator], site_code=r.site, indicator_key=r.indicator,
                **{k: v for k, v in asdict(r).items() if k not in ("site", "indicator")},
            )
            for s in result.streams
            for r in s.rings
        ],
        batch_size=500,
    )  # fmt: skip
    QualityFlag.objects.bulk_create(
        [
            QualityFlag(
                run=run, site_code=f.site, indicator_key=f.indicator or "", kind=f.kind, first_day=f.first_day, last_day=f.last_day,
                sentence=f.sentence,
            )
            for f in result.quality
        ]
    )  # fmt: skip
    return run


@transaction.atomic
def keep_comparison(*, run: Run, planted: list[dict[str, Any]], unexplained: int, years: int) -> None:
    """Store what was planted in a demo country beside what the run found. The watch itself never sees what was planted."""
    rows = [{name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()} for row in planted]
    run.comparison = {"planted": rows, "unexplained": unexplained, "years": years}
    run.save(update_fields=["comparison"])


def _r(value: float | None) -> float | None:
    """JSON has no infinity."""
    return None if value is None or not math.isfinite(value) else round(value, 6)
