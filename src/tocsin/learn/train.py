"""Builds metric.npz and version.py from the taxonomy's sentences: `python -m tocsin.learn.train`. No chance is involved: the same in, the same out."""

import hashlib
from pathlib import Path

import numpy as np

from tocsin.learn import metric
from tocsin.learn.encoders import Shipped
from tocsin.learn.metric import Metric, fit, save, sentences
from tocsin.learn.taxonomy import load


def build(folder: Path) -> None:
    """Encode, fit, write. About a minute on two cores."""
    texts, owner, family_of = sentences(load())
    raw = Shipped().encode(texts).astype(np.float16).astype(np.float32)
    fitted = fit(raw, owner, family_of, texts)
    save(fitted, raw, folder / "metric.npz")
    (folder / "version.py").write_text(
        '"""Written by tocsin.learn.train: vectors and values made under one version cannot be compared with those of another."""\n\n'
        f'MEASURE_VERSION = "{version_of(fitted)}"\n'
    )


def version_of(fitted: Metric) -> str:
    """The taxonomy's version and a digest of all numbers that a value depends on."""
    numbers = [fitted.mean, fitted.turn, fitted.prototypes, fitted.families]
    digest = hashlib.sha256(b"".join(n.astype(np.float16).tobytes() for n in numbers))
    digest.update(repr((metric.WEIGHTS, metric.SHARPNESS, metric.FAMILY_SHARPNESS, sorted(fitted.words.items()))).encode())
    return f"{load().version}-{digest.hexdigest()[:8]}"


if __name__ == "__main__":
    build(Path(__file__).parent)
