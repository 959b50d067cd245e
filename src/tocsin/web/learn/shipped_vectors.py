"""Vectors of the register that comes with Tocsin, worked out beforehand: `tools/register_vectors.py` writes them, loading the register reads them."""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tocsin.web.learn import measuring

NAME = "register-vectors.npz"
Numbers = NDArray[np.float32]


def vectors(texts: Sequence[str]) -> Numbers:
    """As `measuring.vectors`; only texts that are not among those kept, or all where the measure has changed since, are worked out now."""
    known = _kept()
    out = np.zeros((len(texts), measuring.DIMENSIONS), np.float32)
    lacking = []
    for i, text in enumerate(texts):
        row = known.get(key(text))
        if row is None:
            lacking.append(i)
        else:
            out[i, : row.shape[0]] = row
    if lacking:
        out[lacking] = measuring.vectors([texts[i] for i in lacking])
    return out


def build(texts: Sequence[str], path: Path) -> int:
    """Work the vectors out and write them, in half precision as the database keeps them. Returns the size in bytes."""
    texts = sorted(set(texts))
    found = measuring.vectors(texts)
    width = int(np.flatnonzero(found.any(axis=0)).max()) + 1
    keys = np.array([key(text) for text in texts], "S16")
    np.savez_compressed(path, version=np.array(measuring.VERSION), keys=keys, vectors=found[:, :width].astype(np.float16))
    return path.stat().st_size


def key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).hexdigest()[:16].encode()


@cache
def _kept() -> dict[bytes, NDArray[np.float16]]:
    place = files("tocsin.web.learn") / NAME
    if not place.is_file():
        return {}
    with as_file(place) as path, np.load(path) as kept:
        if str(kept["version"]) != measuring.VERSION:
            return {}
        return dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))
