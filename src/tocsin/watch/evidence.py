"""Since when, how much, how sure: the posterior of the first day and the rate ratio of a rise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

_LOG_RATIOS = np.linspace(np.log(1.02), np.log(12.0), 60)
_PRIOR_CENTRE, _PRIOR_SPREAD = np.log(1.7), 0.6
"""Rises found by inquiries and registers are mostly between a quarter and threefold; the prior keeps a lucky early count from shouting."""


@dataclass(frozen=True, slots=True)
class Rise:
    """onset, onset_low, onset_high: days (columns); 90 % interval. ratio, ratio_low, ratio_high: 95 % interval.

    events, expected, births: since the onset; expected from the site's own past and the country.
    """

    onset: int
    onset_low: int
    onset_high: int
    ratio: float
    ratio_low: float
    ratio_high: float
    events: int
    expected: float
    births: int


def assess(
    births: NDArray[np.int32], events: NDArray[np.int32], expected: NDArray[np.float64], shape: float, first: int, latest: int, end: int
) -> Rise:
    """The rise in one stream whose days `first` .. `end` - 1 are looked at, and that had begun by day `latest` at the latest.

    births, events, expected: shape (days,). shape: Gamma shape of the site factor. Every week from `first` on is a possible onset.
    """
    step = 7
    starts = np.arange(first, max(latest, first) + 1, step)
    x = np.concatenate([[0], np.cumsum(events[first:end], dtype=np.int64)])
    e = np.concatenate([[0.0], np.cumsum(expected[first:end])])
    x1, e1 = x[starts - first], e[starts - first]
    x2, e2 = x[-1] - x1, e[-1] - e1
    ratios = np.exp(_LOG_RATIOS)
    # the site factor is integrated out, as in the detector
    logs = x2[:, None] * _LOG_RATIOS[None, :] - (shape + x[-1]) * np.log1p((ratios[None, :] - 1) * (e2 / (shape + e[-1]))[:, None])
    logs = logs - 0.5 * ((_LOG_RATIOS - _PRIOR_CENTRE) / _PRIOR_SPREAD)[None, :] ** 2
    chances = np.exp(logs - logs.max())
    chances /= chances.sum()
    by_start, by_ratio = chances.sum(axis=1), chances.sum(axis=0)
    best = int(by_start.argmax())
    low, high = _interval(by_start, 0.9)
    ratio_low, ratio_high = _quantile(by_ratio, ratios, 0.025), _quantile(by_ratio, ratios, 0.975)
    onset = int(starts[best])
    usual = (shape + x1[best]) / (shape + e1[best])
    return Rise(
        onset,
        min(int(starts[low]), onset),
        max(int(min(starts[high] + step - 1, end - 1)), onset),
        _quantile(by_ratio, ratios, 0.5),
        ratio_low,
        ratio_high,
        int(x2[best]),
        float(usual * e2[best]),
        int(births[onset:end].sum()),
    )


def today_e_value(
    events: NDArray[np.int32], expected: NDArray[np.float64], shape: float, window: int, ratios: NDArray[np.float64]
) -> float:
    """Evidence of today that this stream has risen within the last `window` days: an e-value (mean at most 1 if nothing changed).

    The likelihood ratio of the detector, averaged over first days four weeks apart and over `ratios`, with nothing chosen by looking.
    """
    days = events.shape[0]
    starts = np.arange(max(0, days - window), days, 28)
    if starts.shape[0] == 0:
        return 1.0
    x = np.concatenate([[0], np.cumsum(events, dtype=np.int64)])
    e = np.concatenate([[0.0], np.cumsum(expected)])
    x2, e2 = x[-1] - x[starts], e[-1] - e[starts]
    logs = x2[:, None] * np.log(ratios)[None, :] - (shape + x[-1]) * np.log1p((ratios[None, :] - 1) * (e2 / (shape + e[-1]))[:, None])
    return float(np.exp(np.minimum(logs, 500.0)).mean())


def log_marginal(x: float, e: float, shape: float) -> float:
    """Log chance of x events where e are expected and the site factor is Gamma(shape, shape): the negative binomial. For checks."""
    return float(gammaln(shape + x) - gammaln(shape) - gammaln(x + 1) + shape * np.log(shape / (shape + e)) + x * np.log(e / (shape + e)))


def _interval(chances: NDArray[np.float64], share: float) -> tuple[int, int]:
    """Ends of the equal-tailed interval that holds at least `share`."""
    rising = np.cumsum(chances)
    low = int(np.searchsorted(rising, (1 - share) / 2))
    high = int(np.searchsorted(rising, (1 + share) / 2))
    return low, min(high, chances.shape[0] - 1)


def _quantile(chances: NDArray[np.float64], values: NDArray[np.float64], share: float) -> float:
    """Quantile on a grid, with straight lines between the middles of its steps."""
    middles = np.cumsum(chances) - chances / 2
    return float(np.interp(share, middles, values))
