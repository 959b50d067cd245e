"""Do two passages say the same failing? The product's own measure."""

import numpy as np
from numpy.typing import NDArray

from tocsin.learn.encoders import Encoder
from tocsin.learn.metric import WEIGHTS, Matrix, metric_for
from tocsin.learn.words import neutral, tfidf


def similarity(a: list[str], b: list[str], *, encoder: Encoder | None = None) -> Matrix:
    """How much each passage of `a` says the same failing as each of `b`: shape (len(a), len(b)), values in [-1, 1].

    Meaning (a metric fitted on the taxonomy), the profile over all failings, and words, weighted. Symmetric; a text with itself
    gives 1, the highest value; a text without words gives 0 with everything. The weights of words are fixed when the metric is
    built, so that the value for a pair does not depend on what else is asked. encoder: another model; the metric is then fitted for it on the spot.
    """
    encoder, metric = metric_for(encoder)
    texts = list(dict.fromkeys([*a, *b]))
    if not a or not b:
        return np.zeros((len(a), len(b)))
    number = {text: i for i, text in enumerate(texts)}
    plain = [neutral(text) for text in texts]
    placed = metric.place(encoder.encode(plain))
    shares = np.sqrt(metric.profile(placed))
    known: dict[str, int] = {}
    words = tfidf(plain, metric.words, known)
    rows, columns = [number[t] for t in a], [number[t] for t in b]
    meaning, concept, lexical = WEIGHTS
    total = meaning * placed[rows] @ placed[columns].T + concept * shares[rows] @ shares[columns].T
    total += lexical * (words[rows] @ words[columns].T).toarray()
    found: Matrix = np.clip(total / sum(WEIGHTS), -1, 1)
    # exactly 1, so that rounding never puts another text above the very same one
    worded: NDArray[np.bool_] = np.abs(placed[rows]).sum(axis=1) > 0
    found[np.equal.outer(rows, columns) & worded[:, None]] = 1
    return found
