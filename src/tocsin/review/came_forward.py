"""What cases that came forward by themselves allow to say of all, and what they do not.

Families who come forward are not a random sample. Nothing is known of the others, so the share among all lies between two bounds, and
only an assumption, said aloud, narrows them. Source: Manski, Partial Identification of Probability Distributions (2003), chapter 1.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumed:
    """Bounds under one assumption, which the sentence says."""

    lowest: float
    highest: float
    sentence: str


@dataclass(frozen=True, slots=True)
class CameForward:
    """share: among those who came forward. lowest, highest: among all such outcomes, with nothing assumed; None where all are not counted.

    per_1000_births: at least so many a 1,000 births; None without births. sentences: all of it, to be read as they stand.
    """

    share: float | None
    lowest: float | None
    highest: float | None
    assumed: tuple[Assumed, ...]
    per_1000_births: float | None
    sentences: tuple[str, ...]


def came_forward(
    forward: int,
    avoidable: int,
    *,
    outcomes: int | None = None,
    births: int | None = None,
    times: float = 3.0,
    provider: str = "the provider",
) -> CameForward:
    """Bounds and sentences. forward: cases that came forward and were graded. avoidable: of these. outcomes: all such outcomes in the time.

    births: all births in the time. times: how much more likely (in odds) a family is taken to come forward when the outcome was avoidable,
    at the most, for the last assumption. Raises ValueError for counts that cannot be.
    """
    if (
        not 0 <= avoidable <= forward
        or (outcomes is not None and outcomes < forward)
        or (births is not None and births < (outcomes or forward))
    ):
        raise ValueError(f"{avoidable} avoidable of {forward} that came forward, of {outcomes} outcomes, of {births} births cannot be")
    if not times >= 1:
        raise ValueError(f"times must be at least 1, got {times!r}")
    said = [
        f"{avoidable} of {forward} cases that came forward might or would have ended otherwise."
        if forward
        else "No case came forward, so nothing is known.",
        "Families came forward themselves. They are not a random sample, and no interval of chance turns their share into that of all.",
    ]
    share = avoidable / forward if forward else None
    lowest = highest = per_1000 = None
    assumed: list[Assumed] = []
    if outcomes:
        rest = outcomes - forward
        lowest, highest = avoidable / outcomes, (avoidable + rest) / outcomes
        said.append(
            f"Of all {outcomes:,} such outcomes at {provider}, at least {avoidable:,} ({_percent(lowest)}) and at most {avoidable + rest:,} "
            f"({_percent(highest)}) might or would have ended otherwise: nothing is known of the {rest:,} others."
        )
        if share is not None and rest:
            assumed = _assume(avoidable, forward, rest, times)
            said += [a.sentence for a in assumed]
    if births:
        per_1000 = 1000 * avoidable / births
        said.append(f"That is at least {per_1000:.2g} in 1,000 births, whoever else there was.")
    if outcomes and forward < outcomes:
        said.append("To know the share among all, draw cases at random from the list of all such outcomes and grade those.")
    elif outcomes is None:
        said.append("How many such outcomes there were in all is not given, so nothing can be said of their share among all.")
    return CameForward(share, lowest, highest, tuple(assumed), per_1000, tuple(said))


def _assume(avoidable: int, forward: int, rest: int, times: float) -> list[Assumed]:
    whole = forward + rest
    share = avoidable / forward
    least = share / (share + times * (1 - share))
    up = (avoidable + rest * share) / whole
    low = (avoidable + rest * least) / whole
    return [
        Assumed(
            avoidable / whole, up,
            f"If avoidable cases are at least as likely to come forward as others, the share among all is at most {_percent(up)}.",
        ),
        Assumed(
            low, up,
            f"If, besides, they are at most {times:g} times as likely (in odds), the share among all is at least {_percent(low)}.",
        ),
    ]  # fmt: skip


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
