"""Texts to stored vectors. The cosine of two is the part of the measure that does not hang on words; the words are compared afterwards."""

import os
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from tocsin import learn
from tocsin.learn.metric import WEIGHTS, metric_for
from tocsin.learn.words import neutral, tfidf
from tocsin.web.learn.models import DIMENSIONS

# threads that wait by spinning hold the cores that other requests and the database need: on a busy machine ten times slower
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
VERSION = learn.MEASURE_VERSION
"""Changes with the measure; items whose vector is of another version are measured anew."""
MEANING, LEXICAL = sum(WEIGHTS[:3]), WEIGHTS[3]


def vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """Shape (len(texts), DIMENSIONS); rows of length 1, or zeros for a text without words."""
    found = learn.vectors(list(texts))
    out = np.zeros((len(texts), DIMENSIONS), np.float32)
    out[:, : found.shape[1]] = found
    return out


@lru_cache(maxsize=512)
def of_query(text: str) -> tuple[float, ...]:
    """The vector of what somebody types; the last few hundred are kept."""
    return tuple(float(v) for v in vectors([text])[0])


def words_alike(text: str, others: Sequence[str]) -> NDArray[np.float64]:
    """How much the words are alike, 0 to 1 for each of the others."""
    if not others:
        return np.zeros(0)
    rows = words_of([text, *others])
    found: NDArray[np.float64] = (rows[0] @ rows[1:].T).toarray()[0]
    return found


def words_of(texts: Sequence[str]) -> csr_matrix:
    """Rows whose dot products are how much the words of two texts are alike."""
    _, metric = metric_for()
    return tfidf([neutral(text) for text in texts], metric.words, {})


def whole(cosine: NDArray[np.float64], lexical: NDArray[np.float64]) -> NDArray[np.float64]:
    """The measure itself, as `tocsin.learn.similarity` gives it, from its two parts."""
    found: NDArray[np.float64] = np.clip((MEANING * cosine + LEXICAL * lexical) / (MEANING + LEXICAL), -1, 1)
    return found
