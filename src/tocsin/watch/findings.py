"""From what happened to the detectors to what is said: rings with their onset, size, promise and sentence."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tocsin.signal import Level
from tocsin.watch.budget import Budget
from tocsin.watch.counts import Counts
from tocsin.watch.evidence import Rise, assess
from tocsin.watch.indicators import Indicator
from tocsin.watch.results import Detector, Ring, SiteInfo
from tocsin.watch.rise import CUSUM_AMBER, CUSUM_CLEAR, CUSUM_RED, RISE_AMBER, RISE_CLEAR, RISE_OVER, RISE_RED, RiseState

if TYPE_CHECKING:
    from tocsin.watch.national import Calibration

_LOOK_BACK = 10 * 365
"""A rise older than ten years is the site's usual by now."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look through the days found.

    happened: rows of EVENT, by stream and then day. rise, cusum: log R and CUSUM at month ends, shape (sites, months). state: at the end.
    """

    happened: NDArray[np.void]
    rise: NDArray[np.float64]
    cusum: NDArray[np.float64]
    state: RiseState


@dataclass(slots=True)
class _Episode:
    detector: Detector
    amber: int
    red: int | None = None
    ended: int | None = None
    value: float = 0.0


def rings_of(
    stream: int,
    counts: Counts,
    expected: NDArray[np.float64],
    indicator: Indicator,
    calibration: "Calibration",
    found: Findings,
    budget: Budget,
    site: SiteInfo,
    present: NDArray[np.intp],
) -> list[Ring]:
    """Rings of one stream, oldest first. `present`: days with births. Past ambers that cleared by themselves are left out."""
    low, high = np.searchsorted(found.happened["stream"], [stream, stream + 1])
    episodes = _episodes(found.happened[low:high])
    days = counts.births.shape[1]
    rings = []
    base = int(present[0])
    for episode in episodes:
        if episode.red is None and episode.ended is not None:
            continue
        day = episode.red if episode.red is not None else episode.amber
        end = min(episode.ended + 1 if episode.ended is not None and episode.detector is Detector.RISE else days, days)
        if episode.detector is Detector.DOUBLING:
            end = day + 1
        rise = assess(
            counts.births[stream], counts.events[stream], expected, calibration.shape, max(base, day - _LOOK_BACK), min(day, end - 1), end
        )
        rings.append(_ring(episode, rise, counts, indicator, calibration, budget, site, stream, day))
        if episode.detector is Detector.RISE and episode.red is not None and episode.ended is not None:
            base = episode.ended + 1
    return rings


def _episodes(happened: NDArray[np.void]) -> list[_Episode]:
    done: list[_Episode] = []
    rise: _Episode | None = None
    cusum: _Episode | None = None
    for row in happened:
        day, what, value = int(row["day"]), int(row["what"]), float(row["value"])
        if what == RISE_AMBER and rise is None:
            rise = _Episode(Detector.RISE, day, value=value)
            done.append(rise)
        elif what == RISE_CLEAR and rise is not None and rise.red is None:
            rise.ended, rise = day, None
        elif what == RISE_RED:
            if rise is None:
                rise = _Episode(Detector.RISE, day)
                done.append(rise)
            rise.red, rise.value = day, value
        elif what == RISE_OVER and rise is not None:
            rise.ended, rise = day, None
        elif what == CUSUM_AMBER:
            cusum = _Episode(Detector.DOUBLING, day, value=value)
            done.append(cusum)
        elif what == CUSUM_CLEAR and cusum is not None:
            cusum.ended, cusum = day, None
        elif what == CUSUM_RED:
            if cusum is None:
                cusum = _Episode(Detector.DOUBLING, day)
                done.append(cusum)
            cusum.red, cusum.value, cusum.ended = day, value, day
            cusum = None
    return done


def _ring(
    episode: _Episode,
    rise: Rise,
    counts: Counts,
    indicator: Indicator,
    calibration: "Calibration",
    budget: Budget,
    site: SiteInfo,
    stream: int,
    day: int,
) -> Ring:
    level = Level.AMBER if episode.red is None else Level.RED
    settings = calibration.streams
    if episode.detector is Detector.RISE:
        threshold = settings.log_red[stream] if episode.red is not None else settings.log_amber[stream]
        promise = budget.words(level, calibration.countrywide)
    else:
        threshold = settings.cusum_red[stream] if episode.red is not None else settings.cusum_amber[stream]
        promise = budget.cusum_words(level)

    def at(column: int) -> date:
        return counts.first_day + timedelta(days=column)

    return Ring(
        counts.sites[stream], indicator.id, episode.detector, level, at(day), at(episode.amber),
        None if episode.red is None else at(episode.red),
        at(rise.onset), at(rise.onset_low), at(rise.onset_high), rise.ratio, rise.ratio_low, rise.ratio_high,
        rise.events, rise.expected, rise.births, episode.value, float(threshold),
        None if episode.ended is None else at(episode.ended), promise,
        _sentence(rise, indicator, site, at(rise.onset), None if episode.ended is None else at(episode.ended)),
    )  # fmt: skip


def _sentence(rise: Rise, indicator: Indicator, site: SiteInfo, onset: date, ended: date | None) -> str:
    until = f"{onset:%B %Y}" if ended is None else f"{onset:%B %Y} to {ended:%B %Y}"
    span = f"Since about {until}" if ended is None else f"From about {until}"
    among = f" among {rise.births:,} {indicator.births}" if indicator.denominator is not None else ""
    what = indicator.event if rise.events == 1 else indicator.events
    verb = "was" if rise.events == 1 else "were"
    wanted = f"{rise.expected:.0f}" if rise.expected >= 10 else f"{rise.expected:.1f}"
    return (
        f"{span} there {verb} {rise.events:,} {what}{among} at {site.name}; from its own past and the rest of the country "
        f"about {wanted} would be expected. The rate is most likely {rise.ratio:.1f} times what it was "
        f"(95 % interval {rise.ratio_low:.1f} to {rise.ratio_high:.1f})."
    )
