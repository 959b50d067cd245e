"""The metric of 'the same failing': fitted on the taxonomy's sentences, kept as numbers, applied to any text."""

import json
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tocsin.learn.encoders import Encoder, Shipped, Vectors
from tocsin.learn.taxonomy import Taxonomy, load
from tocsin.learn.words import in_sentences, neutral, weights_of

Matrix = NDArray[np.float64]
Numbers = NDArray[np.int64]

# chosen by leaving out whole failings and single sentences of the taxonomy, and on passages of public reports; see the page on how it is found
SHRINKAGE = 0.8
SHARPNESS = 0.04
FAMILY_SHARPNESS = 0.05
WEIGHTS = (1.0, 1.0, 0.5, 0.3)
DIMENSIONS = 256


@dataclass(frozen=True, slots=True)
class Metric:
    """mean (d,), turn (d, k): text vector -> space where sentences of one failing come together; prototypes (failings, k) and families
    (families, k), unit rows; family_of (failings,).

    examples (n, k), unit rows, and owner (n,): number of the failing of each. link: (slope on closeness, slope on margin, constant).
    """

    mean: Matrix
    turn: Matrix
    prototypes: Matrix
    families: Matrix
    examples: Matrix
    owner: Numbers
    family_of: Numbers
    words: dict[str, float]
    link: tuple[float, float, float]

    def place(self, raw: Vectors) -> Matrix:
        """Unit rows in the metric's space; a text without words is a row of zeros."""
        there = unit((raw - self.mean) @ self.turn)
        there[~raw.any(axis=1)] = 0
        return there

    def place_texts(self, texts: list[str], encoder: Encoder) -> Matrix:
        """Unit rows (or zeros): a passage counts half as a whole and half as the mean of its sentences, since a long one says several things."""
        plain = [neutral(text) for text in texts]
        parts = [in_sentences(text) for text in plain]
        number = {piece: i for i, piece in enumerate(dict.fromkeys([*plain, *(piece for part in parts for piece in part)]))}
        placed = self.place(encoder.encode(list(number)))
        out = [placed[number[whole]] + placed[[number[p] for p in part]].mean(axis=0) for whole, part in zip(plain, parts, strict=True)]
        return unit(np.array(out).reshape(len(texts), placed.shape[1]))

    def profile(self, placed: Matrix) -> Matrix:
        """Share of each failing in each text; rows sum to 1, or to 0 for a text without words."""
        return _shares(placed, self.prototypes, SHARPNESS)

    def family_profile(self, placed: Matrix) -> Matrix:
        """Share of each family in each text; rows sum to 1, or to 0 for a text without words."""
        return _shares(placed, self.families, FAMILY_SHARPNESS)


def sentences(taxonomy: Taxonomy) -> tuple[list[str], Numbers, Numbers]:
    """All examples, names and dates made neutral; the number of each one's failing; and of each failing's family."""
    texts = [neutral(e.text) for f in taxonomy.failings for e in f.examples]
    families = [family.id for family in taxonomy.families]
    owner = np.array([i for i, f in enumerate(taxonomy.failings) for _ in f.examples])
    return texts, owner, np.array([families.index(f.family.id) for f in taxonomy.failings])


def fit(raw: Vectors, owner: Numbers, family_of: Numbers, texts: list[str]) -> Metric:
    """A metric from sentences of known failing: within-class whitening, shrunk towards a multiple of the identity, and its main directions.

    raw: (n, d). Source of the idea: linear discriminant analysis with shrinkage (Friedman, JASA 1989;84:165-175).
    """
    x = raw.astype(np.float64)
    mean = x.mean(axis=0)
    centred = x - mean
    middle = _middles(centred, owner)
    within = centred - middle[owner]
    spread = within.T @ within / (len(x) - len(middle))
    d = len(mean)
    spread = (1 - SHRINKAGE) * spread + SHRINKAGE * np.trace(spread) / d * np.eye(d)
    values, vectors = np.linalg.eigh(spread)
    turn = (vectors / np.sqrt(values)) @ vectors.T
    main = np.linalg.svd(unit(centred @ turn), full_matrices=False)[2][:DIMENSIONS]
    # kept in half the digits, and used so at once, so that what is built and what is shipped are the same
    mean, turn = mean.astype(np.float32).astype(np.float64), (turn @ main.T).astype(np.float16).astype(np.float64)
    placed = unit((x - mean) @ turn)
    prototypes, families = _prototypes(placed, owner, family_of)
    return Metric(mean, turn, prototypes, families, placed, owner, family_of, weights_of(texts), _calibrate(placed, owner))


def closeness(placed: Matrix, examples: Matrix, owner: Numbers, prototypes: Matrix) -> Matrix:
    """(texts, failings): half nearness to the failing's prototype, half to its nearest example."""
    near = placed @ examples.T
    best = np.stack([near[:, owner == c].max(axis=1, initial=-1.0) for c in range(len(prototypes))], axis=1)
    found: Matrix = (placed @ prototypes.T + best) / 2
    return found


def margins(close: Matrix) -> Matrix:
    """Closeness less that of the best other failing in the same row."""
    ordered = np.sort(close, axis=1)
    top, second = ordered[:, -1:], ordered[:, -2:-1]
    return np.where(close == top, close - second, close - top)


def unit(x: Matrix) -> Matrix:
    found: Matrix = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return found


def softmax(x: Matrix) -> Matrix:
    e = np.exp(x - x.max(axis=1, keepdims=True)) if x.size else x
    found: Matrix = e / e.sum(axis=1, keepdims=True) if x.size else x
    return found


def save(metric: Metric, raw: Vectors, path: Path) -> None:
    """Only what cannot be worked out again: the vectors of the sentences, and the metric fitted on them."""
    np.savez_compressed(
        path, raw=raw.astype(np.float16), mean=metric.mean.astype(np.float32), turn=metric.turn.astype(np.float16),
        link=np.array(metric.link), words=np.frombuffer(json.dumps(metric.words).encode(), np.uint8),
    )  # fmt: skip


@cache
def shipped() -> Metric:
    """The metric that comes with Tocsin, for the shipped encoder and taxonomy."""
    _, owner, family_of = sentences(load())
    with as_file(files("tocsin.learn") / "metric.npz") as path, np.load(path) as kept:
        if len(kept["raw"]) != len(owner):
            raise ValueError("metric.npz was built from another taxonomy; build it anew with python -m tocsin.learn.train")
        mean, turn = kept["mean"].astype(np.float64), kept["turn"].astype(np.float64)
        placed = unit((kept["raw"].astype(np.float64) - mean) @ turn)
        words = json.loads(kept["words"].tobytes())
        slope, margin, constant = (float(v) for v in kept["link"])
        prototypes, families = _prototypes(placed, owner, family_of)
        return Metric(mean, turn, prototypes, families, placed, owner, family_of, words, (slope, margin, constant))


def metric_for(encoder: Encoder | None = None) -> tuple[Encoder, Metric]:
    """The shipped metric, or one fitted on the taxonomy's sentences as another (hashable) encoder sees them, once for each encoder."""
    return (Shipped(), shipped()) if encoder is None else (encoder, _fitted(cast(Hashable, encoder)))


@lru_cache(maxsize=4)
def _fitted(encoder: Hashable) -> Metric:
    texts, owner, family_of = sentences(load())
    return fit(cast(Encoder, encoder).encode(texts), owner, family_of, texts)


def _prototypes(placed: Matrix, owner: Numbers, family_of: Numbers) -> tuple[Matrix, Matrix]:
    return unit(_middles(placed, owner)), unit(_middles(placed, family_of[owner]))


def _shares(placed: Matrix, prototypes: Matrix, sharpness: float) -> Matrix:
    found = softmax(placed @ prototypes.T / sharpness)
    found[~placed.any(axis=1)] = 0
    return found


def _middles(x: Matrix, owner: Numbers) -> Matrix:
    return np.stack([x[owner == c].mean(axis=0) for c in range(int(owner.max()) + 1)])


def _calibrate(placed: Matrix, owner: Numbers) -> tuple[float, float, float]:
    """Logistic regression of 'this is the failing' on closeness and margin, each sentence left out of its failing's prototype in turn."""
    order = np.concatenate([np.arange((owner == c).sum()) for c in range(int(owner.max()) + 1)])
    rows, truth = [], []
    for k in range(int(order.max()) + 1):
        kept, out = order != k, order == k
        close = closeness(placed[out], placed[kept], owner[kept], unit(_middles(placed[kept], owner[kept])))
        margin = margins(close)
        best = np.argsort(-close, axis=1)[:, :5]
        for i, mine in enumerate(owner[out]):
            for c in best[i]:
                rows.append((close[i, c], margin[i, c], 1.0))
                truth.append(c == mine)
    x, y, w = np.array(rows), np.array(truth, float), np.zeros(3)
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ w))
        w += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(3), x.T @ (y - p) - 1e-3 * w)
    return float(w[0]), float(w[1]), float(w[2])
