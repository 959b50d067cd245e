"""A small imagined country for tests: counts by site and day, with the truth known."""

from datetime import date

import numpy as np

from tocsin.watch.counts import Counts
from tocsin.watch.indicators import Indicator, Kind, Lag, NationalReference
from tocsin.watch.reference import share_reported
from tocsin.watch.results import SiteInfo

LAG = Lag((0, 30, 90), (0.2, 0.8, 1.0))


def indicator(**changes) -> Indicator:
    given = {
        "id": "stillbirth",
        "name": "Stillbirth",
        "event": "stillbirth",
        "events": "stillbirths",
        "birth": "birth",
        "births": "births",
        "kind": Kind.BERNOULLI,
        "numerator": "stillbirth",
        "denominator": "births",
        "reference": NationalReference(),
        "ratio": 2.0,
        "lag": LAG,
        "per": 1000,
        "source": "made for tests",
    }
    return Indicator(**{**given, **changes})


def country(sites=20, days=6 * 365, births_a_year=2500, rate=0.004, shape=25.0, rises=(), delayed=True, seed=1) -> Counts:
    """rises: (site, first day, ratio) triples."""
    random = np.random.default_rng(seed)
    births = random.poisson(births_a_year / 365, (sites, days)).astype(np.int32)
    chance = np.repeat(rate * random.gamma(shape, 1 / shape, sites)[:, None], days, axis=1)
    for site, day, ratio in rises:
        chance[site, day:] *= ratio
    if delayed:
        chance = chance * share_reported(LAG, days)
    return Counts("stillbirth", codes(sites), date(2015, 1, 1), births, random.binomial(births, chance).astype(np.int32))


def codes(sites: int) -> tuple[str, ...]:
    return tuple(f"S{i:02d}" for i in range(sites))


def register(sites: int) -> list[SiteInfo]:
    return [SiteInfo(code, f"Site {code}", code[:2], f"Provider {code}") for code in codes(sites)]
