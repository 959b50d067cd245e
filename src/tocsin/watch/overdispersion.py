"""Over-dispersion: how much more sites differ than chance alone would make them.

Source: Spiegelhalter, Statistics in Medicine 24 (2005) 1185-1202, appendix; Spiegelhalter, Sherlaw-Johnson, Bardsley, Blunt,
Wood & Grigg, Journal of the Royal Statistical Society A 175 (2012) 1-47; DerSimonian & Laird, Controlled Clinical Trials 7 (1986).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata


@dataclass(frozen=True, slots=True)
class Overdispersion:
    """phi: mean of the squared z scores after the extremes were tamed; 1 where sites differ by chance alone.

    tau2: between-site variance on the scale on which `standard_error` was given, never negative. used: how many z scores counted.
    Both are NaN and 0 where no site has a z score.
    """

    phi: float
    tau2: float
    used: int


def winsorised(z: ArrayLike, share: float) -> NDArray[np.float64]:
    """z with the lowest and highest `share` (0 to 0.5) drawn in to the quantiles at `share` and 1 - `share`; NaN stays NaN.

    Quantiles by straight lines between order statistics (R's type 7, NumPy's 'linear').
    """
    values = np.asarray(z, dtype=np.float64)
    _check_share(share)
    if not np.isfinite(values).any():
        return values.copy()
    low, high = np.nanquantile(values, [share, 1 - share])
    return np.clip(values, low, high)


def truncated(z: ArrayLike, share: float) -> NDArray[np.float64]:
    """z with the lowest and highest `share` (0 to 0.5) set to NaN, as the Summary Hospital-level Mortality Indicator does.

    A value of rank r among n (ties share the mean rank) falls into group floor(r k / (n + 1)) of k = 1 / share groups; the first
    and the last group are left out. share = 0 leaves all.
    """
    values = np.asarray(z, dtype=np.float64).copy()
    _check_share(share)
    present = np.isfinite(values)
    if share == 0 or not present.any():
        return values
    groups = 1 / share
    group = np.floor(rankdata(values[present]) * groups / (present.sum() + 1))
    kept = values[present]
    kept[(group <= 0) | (group >= groups - 1)] = np.nan
    values[present] = kept
    return values


def overdispersion(
    z: ArrayLike, standard_error: ArrayLike, *, winsorise: float | None = 0.1, truncate: float | None = None
) -> Overdispersion:
    """Multiplicative phi and additive tau2 from naive z scores and the standard errors under the reference, one of each a site.

    winsorise: share drawn in at each end (None or 0: none). truncate: share left out at each end instead; it then replaces winsorising.
    tau2 is the moment estimate (I phi - (I - 1)) / (sum w - sum w^2 / sum w), w = 1 / standard_error^2, over the I scores used;
    0 where I phi < I - 1. Sites whose z or standard error is NaN are left out. Raises ValueError on unlike lengths or
    shares outside [0, 0.5).
    """
    scores = np.asarray(z, dtype=np.float64)
    errors = np.asarray(standard_error, dtype=np.float64)
    if scores.shape != errors.shape:
        raise ValueError(f"z and standard_error must have the same shape, got {scores.shape} and {errors.shape}")
    scores = np.where(np.isfinite(scores) & np.isfinite(errors) & (errors > 0), scores, np.nan)
    tamed = truncated(scores, truncate) if truncate is not None else winsorised(scores, winsorise or 0.0)
    present = np.isfinite(tamed)
    count = int(present.sum())
    if count == 0:
        return Overdispersion(float("nan"), 0.0, 0)
    phi = float(np.mean(tamed[present] ** 2))
    weights = errors[present] ** -2.0
    spread = float(weights.sum() - (weights**2).sum() / weights.sum())
    excess = count * phi - (count - 1)
    tau2 = excess / spread if count > 1 and excess > 0 and spread > 0 else 0.0
    return Overdispersion(phi, float(tau2), count)


def _check_share(share: float) -> None:
    if not 0 <= share < 0.5:
        raise ValueError(f"the share of extreme scores must be at least 0 and below 0.5, got {share!r}")
