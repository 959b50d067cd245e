"""Do two passages say the same failing? The product's own measure."""

from collections.abc import Sequence

import numpy as np

from tocsin.learn.encoders import Encoder, Vectors
from tocsin.learn.metric import WEIGHTS, Matrix, Metric, metric_for
from tocsin.learn.words import neutral, tfidf


def similarity(a: Sequence[str], b: Sequence[str], *, encoder: Encoder | None = None) -> Matrix:
    """How much each passage of `a` says the same failing as each of `b`: shape (len(a), len(b)), values in [-1, 1].

    Meaning (a metric fitted on the taxonomy), the profile over all failings, that over their families, and words, weighted. Symmetric; a
    text with itself gives 1, the highest value; a text without words gives 0 with everything. The weights of words are fixed when the metric
    is built, so that the value for a pair does not depend on what else is asked. encoder: another model; the metric is then fitted for it
    on the spot.
    """
    encoder, metric = metric_for(encoder)
    if not len(a) or not len(b):  # by length, since an array of texts has no truth of its own
        return np.zeros((len(a), len(b)))
    texts = list(dict.fromkeys([*a, *b]))
    number = {text: i for i, text in enumerate(texts)}
    meaning = _meaning(metric, texts, encoder)
    known: dict[str, int] = {}
    words = tfidf([neutral(text) for text in texts], metric.words, known)
    rows, columns = [number[t] for t in a], [number[t] for t in b]
    total = meaning[rows] @ meaning[columns].T + WEIGHTS[3] * (words[rows] @ words[columns].T).toarray()
    found: Matrix = np.clip(total / sum(WEIGHTS), -1, 1)
    # exactly 1, so that rounding never puts another text above the very same one
    worded = (meaning[rows] != 0).any(axis=1)
    found[np.equal.outer(rows, columns) & worded[:, None]] = 1
    if rows == columns:
        found = (found + found.T) / 2
    return found


def vectors(texts: Sequence[str], *, encoder: Encoder | None = None) -> Vectors:
    """One row of length 1 for each text, shape (len(texts), 397), whose dot products are `similarity` without its part for words.

    For a database that finds candidates by nearness; `similarity` then ranks them. Rows made under another `MEASURE_VERSION` cannot be
    compared with these. A text without words is a row of zeros.
    """
    encoder, metric = metric_for(encoder)
    if not len(texts):
        return np.zeros((0, metric.turn.shape[1] + len(metric.prototypes) + len(metric.families)), np.float32)
    found: Vectors = (_meaning(metric, list(texts), encoder) / np.sqrt(sum(WEIGHTS[:3]))).astype(np.float32)
    return found


def _meaning(metric: Metric, texts: list[str], encoder: Encoder) -> Matrix:
    """Rows whose dot product is the weighted sum of nearness and of what two profiles share."""
    placed = metric.place_texts(texts, encoder)
    parts = (placed, np.sqrt(metric.profile(placed)), np.sqrt(metric.family_profile(placed)))
    return np.hstack([np.sqrt(weight) * part for weight, part in zip(WEIGHTS[:3], parts, strict=True)])
