"""Has it been said before, does it come back, and did it come back less after somebody said 'done'?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from scipy.special import gammaln, logsumexp
from scipy.stats import beta, binom

from tocsin.learn.encoders import Encoder
from tocsin.learn.similarity import similarity
from tocsin.signal import ConcernKind, Level, ProviderRef, Signal


@dataclass(frozen=True, slots=True)
class Item:
    """A failing or recommendation of an earlier report. done_on: when it was marked as done, if it was."""

    id: str
    text: str
    report: str
    on: date
    provider: str | None = None
    done_on: date | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier item that says the same, with the measure of `tocsin.learn.similarity`. after_done: the return came after 'done'."""

    item: Item
    similarity: float
    after_done: bool


def recurs(
    passage: str,
    register_items: Sequence[Item],
    *,
    on: date | None = None,
    top: int = 10,
    least: float = 0.0,
    encoder: Encoder | None = None,
) -> tuple[Earlier, ...]:
    """Earlier items that say the same as the passage, nearest first. on: day of the passage; only items before it are considered."""
    items = [item for item in register_items if on is None or item.on < on]
    if not items:
        return ()
    near = similarity([passage], [item.text for item in items], encoder=encoder)[0]
    order = [i for i in np.argsort(-near, kind="stable")[:top] if near[i] >= least and near[i] > 0]
    return tuple(Earlier(items[i], float(near[i]), bool(on and (done := items[i].done_on) is not None and done < on)) for i in order)


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Returns before and after a day. ratio: rate after / rate before, None where nothing came before. p_fall: one-sided exact."""

    before: int
    after: int
    rate_before_per_year: float
    rate_after_per_year: float
    ratio: float | None
    low: float
    high: float
    p_fall: float


def fell_after(returns: Sequence[date], *, since: date, done: date, until: date, level: float = 0.95) -> BeforeAfter:
    """Did the rate of return fall after `done`? Exact: given the total, the number after is binomial (Przyborowski & Wilenski 1940).

    since <= returns < until; a return on the day `done` counts as after. The day must have been fixed without looking at the returns.
    """
    if not since < done < until:
        raise ValueError(f"{since}, {done}, {until} must follow one another")
    _inside(returns, since, until)
    days_before, days_after = (done - since).days, (until - done).days
    before = sum(day < done for day in returns)
    after, n = len(returns) - before, len(returns)
    share = days_after / (days_before + days_after)
    tail = (1 - level) / 2
    low = beta.ppf(tail, after, n - after + 1) if after else 0.0
    high = beta.ppf(1 - tail, after + 1, n - after) if after < n else 1.0

    def odds(p: float) -> float:
        return float("inf") if p >= 1 else float(p / (1 - p) * days_before / days_after)

    ratio = after / days_after / (before / days_before) if before else None
    year = 365.25
    return BeforeAfter(
        before,
        after,
        year * before / days_before,
        year * after / days_after,
        ratio,
        odds(low),
        odds(high),
        float(binom.cdf(after, n, share)),
    )


@dataclass(frozen=True, slots=True)
class Change:
    """When, if at all, the rate of return changed. chance: that it changed at all, 1 in 2 beforehand; fell: that it fell, given a change."""  # noqa: E501

    chance: float
    fell: float
    most_likely: date
    low: date
    high: date


def change_point(returns: Sequence[date], *, since: date, until: date, level: float = 0.95) -> Change:
    """Posterior of one change in a Poisson rate at an unknown day, all days equally likely beforehand.

    Rates before and after have the same Gamma prior with shape 1, whose mean is the rate over the whole stretch.
    Source of the model: Raftery & Akman, Biometrika 1986;73:85-89. Raises ValueError for a stretch under 30 days or a return outside.
    """
    days = (until - since).days
    if days < 30:
        raise ValueError(f"{since} to {until} is under 30 days; no change can be placed in it")
    _inside(returns, since, until)
    at = np.sort([(day - since).days for day in returns])
    n, tau = len(at), np.arange(1, days)
    before = np.searchsorted(at, tau)
    scale = days / max(n, 1)

    def evidence(count: np.ndarray, length: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.log(scale) + gammaln(count + 1) - (count + 1) * np.log(length + scale)
        return found

    split = evidence(before, tau) + evidence(n - before, days - tau)
    whole = evidence(np.array(n), np.array(days))
    changed = logsumexp(split) - np.log(len(tau))
    weight = np.exp(split - logsumexp(split))
    rng = np.random.default_rng(0)
    drawn: np.ndarray = np.asarray(rng.choice(len(tau), 4000, p=weight))
    rate_before = rng.gamma(before[drawn] + 1) / (tau[drawn] + scale)
    rate_after = rng.gamma(n - before[drawn] + 1) / (days - tau[drawn] + scale)
    cumulative, tail = np.cumsum(weight), (1 - level) / 2
    day = [since + timedelta(days=int(tau[min(int(np.searchsorted(cumulative, q)), len(tau) - 1)])) for q in (tail, 1 - tail)]
    chance = 1 / (1 + np.exp(min(float(whole - changed), 700.0)))
    return Change(float(chance), float((rate_after < rate_before).mean()), since + timedelta(days=int(tau[weight.argmax()])), *day)


def signal_of(passage: str, earlier: Sequence[Earlier], provider: ProviderRef, *, on: date, address: str) -> Signal | None:
    """A signal that a failing came back; None where nothing earlier says the same. Red where it had been marked as done before it returned."""  # noqa: E501
    if not earlier:
        return None
    after_done = [e for e in earlier if e.after_done]
    nearest, first = earlier[0], min(e.item.on for e in earlier)
    times = "once before" if len(earlier) == 1 else f"{len(earlier)} times before"
    sentence = f"The same has been said {times} since {first.year}" + (
        f", and it came back after it was marked as done ({after_done[0].item.report})." if after_done else "."
    )
    evidence: dict[str, str | int | float | None] = {
        "passage": passage,
        "earlier": nearest.item.id,
        "report": nearest.item.report,
        "similarity": round(nearest.similarity, 3),
    }
    level = Level.RED if after_done else Level.AMBER
    return Signal(provider, ConcernKind.RECURRENCE, level, on, first, sentence, address, evidence)


def _inside(returns: Sequence[date], since: date, until: date) -> None:
    for day in returns:
        if not since <= day < until:
            raise ValueError(f"the return of {day} lies outside {since} to {until}")
