"""A BERT network, its weights of 4 bits or floats, as a model for onnxruntime, written straight into ONNX's own format (a protobuf message).

Sources: ONNX IR, onnx.proto3 (Apache-2.0); operators MatMulNBits, MultiHeadAttention and SkipLayerNormalization: onnxruntime, ContribOperators.md
(MIT); the layers: Devlin et al., BERT (2018); what an adapter adds: Hu et al., LoRA (2021).
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.learn import protobuf

Floats = NDArray[np.float32]
BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])
"""32 weights of a row: their scale, then 4 bits each, less 8; a byte holds weight j below and weight j + 16 above."""
_FLOAT, _BYTE = 1, 2
_TO_INT8 = 4  # MatMulNBits: its input is rounded to 8 bits, each row by itself


@dataclass(frozen=True, slots=True)
class Linear:
    """weights: (outputs, blocks of inputs) of 4 bits, or (outputs, inputs) as floats. added: an adapter's (rank, inputs) and (outputs, rank),
    whose product is added to the weights."""

    weights: np.ndarray
    bias: Floats
    added: tuple[Floats, Floats] | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """The linear maps of one layer; gains and offsets of its two normalisations."""

    query: Linear
    key: Linear
    value: Linear
    attended: Linear
    wide: Linear
    narrow: Linear
    normal_1: tuple[Floats, Floats]
    normal_2: tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class Bert:
    """A network without its table of words. first: gain and offset of the normalisation before the layers."""

    layers: Sequence[Layer]
    first: tuple[Floats, Floats]
    heads: int
    epsilon: float


def network(bert: Bert) -> Callable[[Floats], Floats]:
    """What turns embedded pieces (texts, pieces, width) into the mean of the last layer over the pieces (texts, width)."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # several texts are read side by side; threads within a short one mostly wait
    session = onnxruntime.InferenceSession(_model(bert), options, providers=["CPUExecutionProvider"])

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


def _model(bert: Bert) -> bytes:
    nodes: list[bytes] = []
    tensors: list[bytes] = []

    def tensor(name: str, values: np.ndarray) -> str:
        kind = _BYTE if values.dtype == np.uint8 else _FLOAT
        dims = b"".join(protobuf.number(1, n) for n in values.shape)
        tensors.append(dims + protobuf.number(2, kind) + protobuf.text(8, name) + protobuf.data(9, np.ascontiguousarray(values).tobytes()))
        return name

    def node(operator: str, inputs: list[str], output: str, domain: str = "com.microsoft", **settings: float) -> str:
        named = b"".join(protobuf.data(5, _setting(name, value)) for name, value in settings.items())
        ends = b"".join(protobuf.text(1, name) for name in inputs) + protobuf.text(2, output)
        nodes.append(ends + protobuf.text(4, operator) + named + (protobuf.text(7, domain) if domain else b""))
        return output

    def times(x: str, linear: Linear, output: str) -> str:
        bias = tensor(f"{output}.b", linear.bias)
        if linear.weights.dtype != BLOCK:
            whole = linear.weights if linear.added is None else linear.weights + linear.added[1] @ linear.added[0]
            y = node("MatMul", [x, tensor(f"{output}.w", whole.T)], f"{output}.x", "")
            return node("Add", [y, bias], output, "")
        each = _each(linear.weights)
        pairs = tensor(f"{output}.w", each[..., ::2] | each[..., 1::2] << 4)
        scales = tensor(f"{output}.s", linear.weights["scale"].astype(np.float32))
        rows, columns = len(linear.weights), 32 * linear.weights.shape[1]
        inputs = [x, pairs, scales, "", "", bias]
        settings = {"K": columns, "N": rows, "bits": 4, "block_size": 32, "accuracy_level": _TO_INT8}
        if linear.added is None:
            return node("MatMulNBits", inputs, output, **settings)
        # beside the weights, not in them: it would be lost in rounding them to 4 bits again
        down, up = linear.added
        y = node("MatMulNBits", inputs, f"{output}.y", **settings)
        narrow = node("MatMul", [x, tensor(f"{output}.d", down.T)], f"{output}.n", "")
        return node("Add", [y, node("MatMul", [narrow, tensor(f"{output}.u", up.T)], f"{output}.z", "")], output, "")

    def normal(x: str, by: tuple[Floats, Floats], output: str, also: str) -> str:
        inputs = [x, also, tensor(f"{output}.g", by[0]), tensor(f"{output}.o", by[1])]
        return node("SkipLayerNormalization", inputs, output, epsilon=float(bert.epsilon))

    x = node(
        "LayerNormalization", ["placed", tensor("first.g", bert.first[0]), tensor("first.o", bert.first[1])], "first", "", epsilon=float(bert.epsilon)
    )
    for n, layer in enumerate(bert.layers):
        q, k, v = (times(x, w, f"{n}.{name}") for name, w in (("q", layer.query), ("k", layer.key), ("v", layer.value)))
        seen = node("MultiHeadAttention", [q, k, v], f"{n}.seen", num_heads=bert.heads)
        x = normal(times(seen, layer.attended, f"{n}.a"), layer.normal_1, f"{n}.1", x)
        inner = node("Gelu", [times(x, layer.wide, f"{n}.wide")], f"{n}.gelu")
        x = normal(times(inner, layer.narrow, f"{n}.narrow"), layer.normal_2, f"{n}.2", x)
    tensors.append(protobuf.number(1, 1) + protobuf.number(2, 7) + protobuf.text(8, "pieces") + protobuf.data(9, struct.pack("<q", 1)))
    node("ReduceMean", [x, "pieces"], "mean", "", keepdims=0)
    width = len(bert.first[0])
    graph = b"".join(protobuf.data(1, n) for n in nodes) + protobuf.text(2, "bert") + b"".join(protobuf.data(5, t) for t in tensors)
    graph += protobuf.data(11, _shape("placed", ["texts", "pieces", width])) + protobuf.data(12, _shape("mean", ["texts", width]))
    opsets = protobuf.data(8, protobuf.number(2, 18)) + protobuf.data(8, protobuf.text(1, "com.microsoft") + protobuf.number(2, 1))
    return protobuf.number(1, 9) + protobuf.data(7, graph) + opsets


def _shape(name: str, dims: Sequence[str | int]) -> bytes:
    sides = b"".join(protobuf.data(1, protobuf.number(1, d) if isinstance(d, int) else protobuf.text(2, d)) for d in dims)
    return protobuf.text(1, name) + protobuf.data(2, protobuf.data(1, protobuf.number(1, _FLOAT) + protobuf.data(2, sides)))


def _setting(name: str, value: float) -> bytes:
    if isinstance(value, int):
        return protobuf.text(1, name) + protobuf.number(3, value) + protobuf.number(20, 2)
    return protobuf.text(1, name) + bytes([2 << 3 | 5]) + struct.pack("<f", value) + protobuf.number(20, 1)
