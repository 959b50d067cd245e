"""Steps of the log-likelihood-ratio CUSUMs."""

import math


def llr_weights(p0: float, ratio: float) -> tuple[float, float]:
    """Steps of a Bernoulli CUSUM for one birth without and with an event.

    p0: chance of an event per birth while all is well, in (0, 1). ratio: odds ratio worth detecting, > 1.
    Returns (down, up) in nats, down < 0 < up. Raises ValueError outside those ranges.
    Source: Steiner, Cook, Farewell & Treasure, Biostatistics 1 (2000), eq. 2.
    """
    if not 0 < p0 < 1:
        raise ValueError(f"p0 must be a probability strictly between 0 and 1, got {p0!r}")
    _check_ratio(ratio)
    down = -math.log1p(p0 * (ratio - 1))
    return down, math.log(ratio) + down


def poisson_weights(mean: float, ratio: float) -> tuple[float, float]:
    """Steps of a Poisson CUSUM: (for one period, for one event), in nats; the first is below and the second above zero.

    mean: events expected in a period while all is well, > 0. ratio: rate ratio worth detecting, > 1.
    """
    if not (mean > 0 and math.isfinite(mean)):
        raise ValueError(f"mean must be a finite number of events above 0, got {mean!r}")
    _check_ratio(ratio)
    return -(ratio - 1) * mean, math.log(ratio)


def _check_ratio(ratio: float) -> None:
    if not (ratio > 1 and math.isfinite(ratio)):
        raise ValueError(f"ratio must be a finite number above 1, got {ratio!r}")
