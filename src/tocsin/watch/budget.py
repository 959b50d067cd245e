"""The national budget: how often the whole country may ring falsely, divided over all that is watched."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tocsin.signal import Level

DAYS_A_YEAR = 365.25


class Promise(StrEnum):
    """Over what a false-alarm promise is made."""

    NATIONAL = "national"
    """So many false red rings a year in the whole country."""
    LOCAL = "local"
    """So small a chance of a false ring at one site, for one indicator, in twelve months."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What false alarms are allowed.

    false_reds_per_year: expected in the whole country while nothing is wrong (NATIONAL). amber_factor: false ambers per false red.
    local_red, local_amber: chances within twelve months for one stream (LOCAL, and the doubling CUSUM in any case).
    """

    promise: Promise = Promise.NATIONAL
    false_reds_per_year: float = 1.0
    amber_factor: float = 5.0
    local_red: float = 0.01
    local_amber: float = 0.05

    def __post_init__(self) -> None:
        if not self.false_reds_per_year > 0:
            raise ValueError(f"the false red rings allowed in a year must be above 0, got {self.false_reds_per_year!r}")
        if not self.amber_factor >= 1:
            raise ValueError(f"amber_factor must be at least 1, got {self.amber_factor!r}")
        if not 0 < self.local_red <= self.local_amber < 1:
            raise ValueError(f"local chances must satisfy 0 < red <= amber < 1, got {self.local_red!r} and {self.local_amber!r}")

    def mean_days(self, level: Level, streams: int) -> float:
        """Mean days between false rings of one stream among `streams`."""
        if self.promise is Promise.NATIONAL:
            days = DAYS_A_YEAR * streams / self.false_reds_per_year
            return days if level is Level.RED else days / self.amber_factor
        chance = self.local_red if level is Level.RED else self.local_amber
        return DAYS_A_YEAR / float(-np.log1p(-chance))

    def words(self, level: Level, streams: int) -> str:
        """The promise beside a signal of the rise detector, in words."""
        years = self.mean_days(level, streams) / DAYS_A_YEAR
        here = f"in this one stream a false {level} signal about once in {_round(years)} years"
        if self.promise is Promise.LOCAL:
            return f"If nothing had changed here, one would expect {here}."
        yearly = streams / years
        return (
            f"If nothing had changed anywhere, one would expect {_round(yearly)} false {level} "
            f"{'signal' if _round(yearly) == '1' else 'signals'} a year in all {streams:,} streams watched, and {here}."
        )

    def cusum_words(self, level: Level) -> str:
        """The promise beside a signal of the doubling CUSUM, in words."""
        chance = self.local_red if level is Level.RED else self.local_amber
        return (
            f"If this site were at the reference rate, the chance of a false {level} signal of this chart within 12 months would be "
            f"{100 * chance:g} %."
        )


def e_bh(e_values: ArrayLike, fdr: float) -> NDArray[np.bool_]:
    """Which e-values are listed so that at most a share `fdr` of the list is expected to be false, however they depend on each other.

    e_values: >= 0, one a hypothesis. Returns a mask of the same shape. Source: Wang & Ramdas, JRSS B 84 (2022) 822-852.
    """
    values = np.asarray(e_values, dtype=np.float64)
    if values.ndim != 1 or not (values >= 0).all():
        raise ValueError("e_values must be a list of numbers of 0 or more")
    if not 0 < fdr < 1:
        raise ValueError(f"fdr must lie strictly between 0 and 1, got {fdr!r}")
    order = np.argsort(-values, kind="stable")
    ranks = np.arange(1, values.shape[0] + 1)
    passing = np.flatnonzero(values[order] >= values.shape[0] / (fdr * ranks))
    listed = np.zeros(values.shape[0], bool)
    if passing.shape[0]:
        listed[order[: passing[-1] + 1]] = True
    return listed


def _round(value: float) -> str:
    """Two significant figures, as a person would write them."""
    if value < 10:
        return f"{value:.2g}"
    digits = len(str(int(value)))
    return f"{round(value, 2 - digits):,.0f}"
