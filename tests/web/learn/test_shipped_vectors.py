"""The vectors that come with the register are those that the measure gives today. Where they are not: python tools/register_vectors.py"""

import random
from importlib.resources import files

import numpy as np
import pytest

from tocsin.learn.register import register
from tocsin.web.learn import measuring, shipped_vectors

AGAIN = "build them anew with: python tools/register_vectors.py"


@pytest.fixture
def kept():
    with np.load(files("tocsin.web.learn") / shipped_vectors.NAME) as found:
        return {name: found[name] for name in found.files}


def test_they_are_of_this_measure_and_of_every_text(kept):
    texts = {shipped_vectors.key(item.text) for item in register().items}

    assert str(kept["version"]) == measuring.VERSION, AGAIN
    assert len(texts - set(kept["keys"].tolist())) == 0, AGAIN


def test_a_sample_worked_out_now_is_the_same(kept):
    texts = random.Random(measuring.VERSION).sample(sorted({item.text for item in register().items}), 12)

    assert shipped_vectors.vectors(texts) == pytest.approx(measuring.vectors(texts), abs=1e-3), AGAIN


def test_they_are_small_enough_to_come_with_the_package():
    assert (files("tocsin.web.learn") / shipped_vectors.NAME).stat().st_size < 3 * 2**20


def test_those_of_another_measure_are_not_used(monkeypatch):
    asked = []
    monkeypatch.setattr(measuring, "VERSION", "another")
    monkeypatch.setattr(measuring, "vectors", lambda texts: asked.extend(texts) or np.ones((len(texts), measuring.DIMENSIONS), np.float32))
    shipped_vectors._kept.cache_clear()

    found = shipped_vectors.vectors([next(iter(register().items)).text])

    assert len(asked) == 1
    assert found.all()
    shipped_vectors._kept.cache_clear()


def test_what_is_built_is_what_is_read(tmp_path):
    texts = ["Nobody called the consultant.", "The roof leaked."]
    size = shipped_vectors.build(texts, tmp_path / "v.npz")

    with np.load(tmp_path / "v.npz") as found:
        rows = dict(zip(found["keys"].tolist(), found["vectors"], strict=True))
        for text in texts:
            row = rows[shipped_vectors.key(text)]
            assert row == pytest.approx(measuring.vectors([text])[0, : len(row)], abs=1e-3)
    assert size == (tmp_path / "v.npz").stat().st_size
