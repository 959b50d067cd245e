"""How often the same body was asked for the same thing: recommendations that say the same, by whom they address."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tocsin.learn.encoders import Encoder
from tocsin.learn.similarity import similarity

SAYS_THE_SAME = 0.5
"""From this similarity on two items count as saying the same.

Of pairs of items from two reports of the shipped register that are at least so alike, 6 in 10 were coded with a failing in common, and 47 in 100 of
the pairs that were linked by hand are at least so alike: it counts too few rather than too many.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One recommendation and the bodies that it asks. report: what makes two askings two."""

    id: str
    text: str
    report: str
    on: date
    bodies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same recommendation made to one body in at least two reports. items: their ids, oldest first; times: reports, not items."""

    body: str
    items: tuple[str, ...]
    times: int
    first: date
    last: date


def repeats(asked: Sequence[Asked], *, least: float = SAYS_THE_SAME, encoder: Encoder | None = None) -> tuple[Repeat, ...]:
    """Each body's repeated recommendations, the most often repeated first.

    Items of one body belong together if a chain of items of other reports, each at least `least` alike, joins them (single linkage).
    """
    texts = list(dict.fromkeys(item.text for item in asked))
    number = {text: i for i, text in enumerate(texts)}
    alike = similarity(texts, texts, encoder=encoder) >= least if texts else np.zeros((0, 0), bool)
    by_body: dict[str, list[Asked]] = defaultdict(list)
    for item in asked:
        for body in dict.fromkeys(item.bodies):
            by_body[body].append(item)
    found = []
    for body, items in by_body.items():
        near = alike[np.ix_([number[i.text] for i in items], [number[i.text] for i in items])]
        for group in _joined(near, [i.report for i in items]):
            together = sorted((items[i] for i in group), key=lambda item: (item.on, item.id))
            times = len({item.report for item in together})
            if times > 1:
                found.append(Repeat(body, tuple(i.id for i in together), times, together[0].on, together[-1].on))
    return tuple(sorted(found, key=lambda r: (-r.times, r.body, r.first, r.items)))


def _joined(near: NDArray[np.bool_], reports: Sequence[str]) -> list[list[int]]:
    """Groups of items that a chain joins; each step of a chain leads to another report."""
    group = list(range(len(reports)))

    def root(i: int) -> int:
        while group[i] != i:
            group[i] = group[group[i]]
            i = group[i]
        return i

    for i, j in zip(*np.nonzero(np.triu(near, 1)), strict=True):
        if reports[i] != reports[j]:
            group[root(int(j))] = root(int(i))
    out: dict[int, list[int]] = defaultdict(list)
    for i in range(len(reports)):
        out[root(i)].append(i)
    return list(out.values())
