"""How long until binding power when bodies answer as bodies do: with chances and delays, played on the clock's own rules."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from tocsin.accord.clock import acted, begin, leaving
from tocsin.accord.model import AccordMap, Case, Reason
from tocsin.accord.rules import binding, first_holder, passes

_LIMIT_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Times:
    """percentiles: days within which 10, 50, 90 and 99 of 100 came to binding power, None where fewer did. never: share that never did."""

    percentiles: dict[int, int | None]
    never: float
    runs: int


def simulate(map_: AccordMap, case: Case, *, silence: float, refusal: float, runs: int, seed: int) -> Times:
    """Imagine `runs` concerns raised on days spread over the map.

    silence: chance that a body never answers. refusal: chance that one that answers refuses. One that answers does so on a day spread
    evenly over its time, and its act has no effect. Raises ValueError for chances outside [0, 1].
    """
    if not (0 <= silence <= 1 and 0 <= refusal <= 1):
        raise ValueError(f"silence and refusal must be chances between 0 and 1, got {silence!r} and {refusal!r}")
    random = Random(seed)  # noqa: S311  (no secret hangs on it)
    waits = sorted((w is None, w or 0) for w in (_one(map_, case, random, silence, refusal) for _ in range(runs)))
    at = {q: waits[min(runs - 1, max(0, -(-q * runs // 100) - 1))] for q in (10, 50, 90, 99)}
    return Times({q: None if never else days for q, (never, days) in at.items()}, sum(n for n, _ in waits) / runs, runs)


def _one(map_: AccordMap, case: Case, random: Random, silence: float, refusal: float) -> int | None:
    raised = day = map_.since + timedelta(days=random.randrange((map_.until - map_.since).days))
    body = first_holder(map_, case, day).to
    while body is not None and (day - raised).days < _LIMIT_DAYS:
        if binding(map_, case, body, day):
            return (day - raised).days
        tenure = begin(map_, case, body, day)
        why = Reason.DEADLINE_PASSED
        if random.random() >= silence:
            if tenure.due is None:
                return None
            day += timedelta(days=random.randint(0, (tenure.due - day).days))
            if random.random() < refusal:
                day += timedelta(days=1)
                body = passes(map_, case, body, Reason.REFUSAL, day).to
                continue
            tenure = acted(map_, tenure, day)
        leaves = leaving(tenure)
        if leaves is None:
            return None
        day, why = leaves
        body = passes(map_, case, body, why, day).to
    return None
