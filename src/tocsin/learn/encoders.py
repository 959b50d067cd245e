"""Sentences to vectors, offline. Both models come inside Python packages; nothing is fetched."""

import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tocsin.learn import e5, minilm

Vectors = NDArray[np.float32]
_AT_ONCE = 1024  # word pieces that one pass takes: enough to keep a core busy, small enough for its cache
_KEEP = 4096  # vectors, about 12 MB
_kept: dict[bytes, Vectors] = {}
_lock = Lock()
_LONGEST_WORDS = 160  # about 220 word pieces: within what both models were made for


class Encoder(Protocol):
    """Whatever turns texts into vectors: shape (len(texts), d), float32, one row for each text and, but for rounding, not dependent on the others."""

    def encode(self, texts: list[str]) -> Vectors: ...


@dataclass(frozen=True, slots=True)
class Shipped:
    """all-MiniLM-L6-v2 (int8) beside multilingual-e5-small (4 bit): 768 numbers, each half of length 1. Long texts are cut and averaged.

    adapted: with what Tocsin's own training adds to both (see `tocsin.learn.adapter`), or as their authors made them.

    The last few thousand vectors are kept, since a passage is first linked and then compared, and sentences recur; of the texts only digests.
    """

    adapted: bool = True

    def encode(self, texts: list[str]) -> Vectors:
        """shape (len(texts), 768). A text without a letter or digit gives zeros."""
        which = b"adapted" if self.adapted else b"plain"
        keys = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, person=which).digest() for text in texts]
        with _lock:
            known = {key: _kept[key] for key in keys if key in _kept}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        known |= dict(zip(new, self._encoded(list(new.values())), strict=True))
        with _lock:
            _kept.update(known)
            for key in list(_kept)[:-_KEEP]:
                del _kept[key]
        return np.array([known[key] for key in keys], np.float32).reshape(len(texts), 768)

    def _encoded(self, texts: list[str]) -> Vectors:
        pieces: list[str] = []
        owner: list[int] = []
        for i, text in enumerate(texts):
            for piece in _pieces(text):
                pieces.append(piece)
                owner.append(i)
        out = np.zeros((len(texts), 768), np.float32)
        if not pieces:
            return out
        found = _both(pieces, adapted=self.adapted)
        np.add.at(out, owner, found)
        for half in (out[:, :384], out[:, 384:]):
            half /= np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-9)
        return out


def _pieces(text: str) -> list[str]:
    words = unicodedata.normalize("NFKC", text).replace("\0", " ").encode("utf-8", "ignore").decode("utf-8").split()
    words = [word[:60] for word in words]
    if not any(c.isalnum() for word in words for c in word):
        return []
    parts = -(-len(words) // _LONGEST_WORDS)
    size = -(-len(words) // parts)
    return [" ".join(words[i : i + size]) for i in range(0, len(words), size)]


def _both(texts: list[str], *, adapted: bool) -> Vectors:
    """Rows of both models, (len(texts), 768). What is done at once is of one length, so that nothing is filled up; threads share the work."""
    out = np.empty((len(texts), 768), np.float32)
    first, second = minilm.shipped(adapted=adapted), e5.shipped(adapted=adapted)  # loaded once, before the threads ask for them

    def by_mini(rows: list[int], ids: list[list[int]]) -> None:
        out[rows, :384] = minilm.vectors(ids, first)

    def by_e5(rows: list[int], ids: list[list[int]]) -> None:
        out[rows, 384:] = e5.vectors(ids, second)

    # "query: " on both sides, as its authors advise where neither text is a question
    work = [*_batches([e5.numbers("query: " + text) for text in texts], by_e5), *_batches([minilm.numbers(text) for text in texts], by_mini)]
    if len(texts) == 1:
        for step in work:
            step()
        return out
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for done in [pool.submit(step) for step in work]:
            done.result()
    return out


def _batches(ids: list[list[int]], reads: Callable[[list[int], list[list[int]]], None]) -> list[Callable[[], None]]:
    """Steps of work, each on texts of one length."""
    same: dict[int, list[int]] = {}
    for i, row in enumerate(ids):
        same.setdefault(len(row), []).append(i)
    steps: list[Callable[[], None]] = []
    for n, rows in same.items():
        size = max(1, _AT_ONCE // n)
        for part in (rows[i : i + size] for i in range(0, len(rows), size)):
            steps.append(partial(reads, part, [ids[i] for i in part]))
    return steps
