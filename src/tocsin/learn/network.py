"""A BERT network with 4-bit weights as a model for onnxruntime, written straight into ONNX's own format (a protobuf message).

Sources: ONNX IR, onnx.proto3 (Apache-2.0); operators MatMulNBits, MultiHeadAttention and SkipLayerNormalization: onnxruntime, ContribOperators.md
(MIT); the layers: Devlin et al., BERT (2018).
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])
"""32 weights of a row: their scale, then 4 bits each, less 8; a byte holds weight j below and weight j + 16 above."""
Weights = tuple[NDArray[np.void], Floats]
_FLOAT, _BYTE = 1, 2
_TO_INT8 = 4  # MatMulNBits: its input is rounded to 8 bits, each row by itself


@dataclass(frozen=True, slots=True)
class Layer:
    """Weights (outputs, blocks of inputs) and biases of one layer; gains and offsets of its two normalisations."""

    query: Weights
    key: Weights
    value: Weights
    attended: Weights
    wide: Weights
    narrow: Weights
    normal_1: tuple[Floats, Floats]
    normal_2: tuple[Floats, Floats]


def network(layers: Sequence[Layer], first: tuple[Floats, Floats], heads: int, epsilon: float) -> Callable[[Floats], Floats]:
    """What turns embedded pieces (texts, pieces, width) into the mean of the last layer over the pieces (texts, width)."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # several texts are read side by side; threads within a short one mostly wait
    session = onnxruntime.InferenceSession(_model(layers, first, heads, epsilon), options, providers=["CPUExecutionProvider"])

    def run(placed: Floats) -> Floats:
        found: Floats = session.run(None, {"placed": placed})[0]
        return found

    return run


def unpacked(blocks: NDArray[np.void]) -> Floats:
    """(rows, blocks of 32) of 4-bit weights as (rows, weights)."""
    found: Floats = (_each(blocks).astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[..., None]
    return found.reshape(len(blocks), -1)


def _each(blocks: NDArray[np.void]) -> NDArray[np.uint8]:
    pairs = blocks["pairs"]
    return np.concatenate([pairs & 15, pairs >> 4], axis=-1)


def _model(layers: Sequence[Layer], first: tuple[Floats, Floats], heads: int, epsilon: float) -> bytes:
    nodes: list[bytes] = []
    tensors: list[bytes] = []

    def tensor(name: str, values: np.ndarray) -> str:
        kind = _BYTE if values.dtype == np.uint8 else _FLOAT
        dims = b"".join(_number(1, n) for n in values.shape)
        tensors.append(dims + _number(2, kind) + _text(8, name) + _field(9, np.ascontiguousarray(values).tobytes()))
        return name

    def node(operator: str, inputs: list[str], output: str, domain: str = "com.microsoft", **settings: float) -> str:
        named = b"".join(_field(5, _setting(name, value)) for name, value in settings.items())
        ends = b"".join(_text(1, name) for name in inputs) + _text(2, output)
        nodes.append(ends + _text(4, operator) + named + (_text(7, domain) if domain else b""))
        return output

    def times(x: str, weights: Weights, output: str) -> str:
        blocks, bias = weights
        each = _each(blocks)
        pairs = tensor(f"{output}.w", each[..., ::2] | each[..., 1::2] << 4)
        scales = tensor(f"{output}.s", blocks["scale"].astype(np.float32))
        inputs = [x, pairs, scales, "", "", tensor(f"{output}.b", bias)]
        rows, columns = len(blocks), 32 * blocks.shape[1]
        return node("MatMulNBits", inputs, output, K=columns, N=rows, bits=4, block_size=32, accuracy_level=_TO_INT8)

    def normal(x: str, by: tuple[Floats, Floats], output: str, also: str) -> str:
        inputs = [x, also, tensor(f"{output}.g", by[0]), tensor(f"{output}.o", by[1])]
        return node("SkipLayerNormalization", inputs, output, epsilon=float(epsilon))

    x = node(
        "LayerNormalization", ["placed", tensor("first.g", first[0]), tensor("first.o", first[1])], "first", "", epsilon=float(epsilon)
    )
    for n, layer in enumerate(layers):
        q, k, v = (times(x, w, f"{n}.{name}") for name, w in (("q", layer.query), ("k", layer.key), ("v", layer.value)))
        seen = node("MultiHeadAttention", [q, k, v], f"{n}.seen", num_heads=heads)
        x = normal(times(seen, layer.attended, f"{n}.a"), layer.normal_1, f"{n}.1", x)
        inner = node("Gelu", [times(x, layer.wide, f"{n}.wide")], f"{n}.gelu")
        x = normal(times(inner, layer.narrow, f"{n}.narrow"), layer.normal_2, f"{n}.2", x)
    tensors.append(_number(1, 1) + _number(2, 7) + _text(8, "pieces") + _field(9, struct.pack("<q", 1)))
    node("ReduceMean", [x, "pieces"], "mean", "", keepdims=0)
    width = len(first[0])
    graph = b"".join(_field(1, n) for n in nodes) + _text(2, "bert") + b"".join(_field(5, t) for t in tensors)
    graph += _field(11, _shape("placed", ["texts", "pieces", width])) + _field(12, _shape("mean", ["texts", width]))
    opsets = _field(8, _number(2, 18)) + _field(8, _text(1, "com.microsoft") + _number(2, 1))
    return _number(1, 9) + _field(7, graph) + opsets


def _shape(name: str, dims: Sequence[str | int]) -> bytes:
    sides = b"".join(_field(1, _number(1, d) if isinstance(d, int) else _text(2, d)) for d in dims)
    return _text(1, name) + _field(2, _field(1, _number(1, _FLOAT) + _field(2, sides)))


def _setting(name: str, value: float) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    return _text(1, name) + bytes([2 << 3 | 5]) + struct.pack("<f", value) + _number(20, 1)


def _varint(n: int) -> bytes:
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes([*out, n])


def _number(field: int, n: int) -> bytes:
    return _varint(field << 3) + _varint(n)


def _field(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _field(field, text.encode())
