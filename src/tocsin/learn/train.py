"""Builds metric.npz from the taxonomy's sentences: `python -m tocsin.learn.train`. No chance is involved: the same in, the same out."""

from pathlib import Path

import numpy as np

from tocsin.learn.encoders import Shipped
from tocsin.learn.metric import fit, save, sentences
from tocsin.learn.taxonomy import load


def build(path: Path) -> None:
    """Encode, fit, write. About half a minute on two cores."""
    texts, owner = sentences(load())
    raw = Shipped().encode(texts).astype(np.float16).astype(np.float32)
    save(fit(raw, owner, texts), raw, path)


if __name__ == "__main__":
    build(Path(__file__).parent / "metric.npz")
