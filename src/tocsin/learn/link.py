"""Which failings a passage is about, how sure, and why."""

from dataclasses import dataclass

import numpy as np

from tocsin.learn.encoders import Encoder
from tocsin.learn.metric import Metric, closeness, margins, metric_for
from tocsin.learn.taxonomy import Taxonomy, load
from tocsin.learn.words import stems


@dataclass(frozen=True, slots=True)
class Reason:
    """The taxonomy's sentence that came nearest, and the words that it shares with the passage."""

    example: str
    voice: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A passage is about a failing, with a probability. A proposal: a person confirms or refuses it.

    score: in (0, 1), calibrated on the taxonomy's own sentences, each left out in turn; on other text it is likely to be too sure.
    """

    failing: str
    score: float
    reason: Reason


def link(
    passages: list[str], taxonomy: Taxonomy | None = None, top: int = 3, *, encoder: Encoder | None = None
) -> tuple[tuple[Link, ...], ...]:
    """For each passage the `top` likeliest failings, likeliest first; none for a passage without words."""
    taxonomy = taxonomy or load()
    encoder, metric = metric_for(encoder)
    if taxonomy != load():
        raise ValueError("the metric was fitted for the shipped taxonomy; fit another with tocsin.learn.metric.fit")
    if not passages:
        return ()
    placed = metric.place_texts(passages, encoder)
    close = closeness(placed, metric.examples, metric.owner, metric.prototypes)
    slope, per_margin, constant = metric.link
    scores = 1 / (1 + np.exp(-(slope * close + per_margin * margins(close) + constant)))
    near = placed @ metric.examples.T
    return tuple(
        tuple(
            Link(taxonomy.failings[c].id, float(scores[i, c]), _reason(passage, near[i], int(c), metric, taxonomy))
            for c in np.argsort(-scores[i], kind="stable")[:top]
        )
        if placed[i].any()
        else ()
        for i, passage in enumerate(passages)
    )


def _reason(passage: str, near: np.ndarray, failing: int, metric: Metric, taxonomy: Taxonomy) -> Reason:
    mine = np.flatnonzero(metric.owner == failing)
    example = taxonomy.failings[failing].examples[int(near[mine].argmax())]
    shared = dict.fromkeys(stem for stem in stems(passage) if stem in set(stems(example.text)))
    return Reason(example.text, example.voice, tuple(shared))
