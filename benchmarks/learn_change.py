"""Does the test for a change in the rate of return keep its promises? Simulated returns with a known rate and a known day of change."""

from datetime import date, timedelta

import numpy as np

from tocsin.learn import change_point, fell_after

SINCE, DONE, UNTIL = date(2005, 1, 1), date(2015, 1, 1), date(2025, 1, 1)
DAYS, BEFORE = (UNTIL - SINCE).days, (DONE - SINCE).days


def returns(rng: np.random.Generator, per_year: float, ratio: float, changes_on: int = BEFORE) -> list[date]:
    """Returns of a Poisson process whose rate is multiplied by `ratio` from the day `changes_on` on."""
    early = rng.integers(0, changes_on, rng.poisson(per_year * changes_on / 365.25))
    late = rng.integers(changes_on, DAYS, rng.poisson(per_year * ratio * (DAYS - changes_on) / 365.25))
    return [SINCE + timedelta(days=int(d)) for d in np.concatenate([early, late])]


def bench_change(times: int = 400) -> None:
    """Level and power of `fell_after`, coverage of its interval; how often `change_point` claims a change, and coverage of its interval for the day."""
    rng = np.random.default_rng(2026)
    for per_year in (1, 3):
        steady = [fell_after(returns(rng, per_year, 1), since=SINCE, done=DONE, until=UNTIL) for _ in range(times)]
        halved = [fell_after(returns(rng, per_year, 0.5), since=SINCE, done=DONE, until=UNTIL) for _ in range(times)]
        level = np.mean([f.p_fall <= 0.05 for f in steady])
        power = np.mean([f.p_fall <= 0.05 for f in halved])
        covered = np.mean([f.low <= 1 <= f.high for f in steady] + [f.low <= 0.5 <= f.high for f in halved])
        print(
            f"learn: fell_after, {per_year} a year, {times} times: called a fall where none was {level:.3f} (promised: 0.05 at most), "
            f"where the rate was halved {power:.2f}; 95 % interval held the true ratio {covered:.3f}"
        )
    for per_year in (1, 3):
        steady = [change_point(returns(rng, per_year, 1), since=SINCE, until=UNTIL) for _ in range(times)]
        chosen = [int(rng.integers(1, DAYS)) for _ in range(times)]
        fallen = [(on, change_point(returns(rng, per_year, 0.2, on), since=SINCE, until=UNTIL)) for on in chosen]
        claimed = np.mean([c.chance > 0.95 for c in steady])
        covered = np.mean([c.low <= SINCE + timedelta(days=on) <= c.high for on, c in fallen])
        seen = np.mean([c.chance > 0.95 and c.fell > 0.95 for _, c in fallen])
        print(
            f"learn: change_point, {per_year} a year, {times} times: over 95 % sure of a change where none was {claimed:.3f}; rate cut to a fifth on any "
            f"day: sure of it {seen:.2f}, 95 % interval held the day {covered:.3f}"
        )


if __name__ == "__main__":
    bench_change()
