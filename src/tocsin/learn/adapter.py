"""What was learnt on the taxonomy's failings and is added to both language models: two thin matrices for each linear map, kept in adapter.npz.

Built by tools/train_adapter.py. Source of the idea: Hu et al., LoRA: Low-Rank Adaptation of Large Language Models (2021).
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Adapter = Mapping[tuple[int, str], tuple[Floats, Floats]]
"""(layer, map) -> (rank, inputs) and (outputs, rank); their product is added to the map's weights. Maps are named as in `network.Layer`."""
NOTHING: Adapter = {}


@cache
def shipped(model: str) -> Adapter:
    """The adapter that comes with Tocsin for the model "e5" or "minilm"."""
    with as_file(files("tocsin.learn") / "adapter.npz") as path:
        return load(path, model)


def load(path: Path, model: str) -> Adapter:
    """One model's part of a file that `save` wrote."""
    found = {}
    with np.load(path) as kept:
        for name in kept.files:
            of, layer, linear, side = name.split(".")
            if of == model and side == "down":
                up = kept[f"{of}.{layer}.{linear}.up"]
                found[int(layer), linear] = (kept[name].astype(np.float32), up.astype(np.float32))
    return found


def save(path: Path, adapters: Mapping[str, Adapter]) -> None:
    """Model -> its adapter, in half the digits."""
    arrays = {}
    for model, adapter in adapters.items():
        for (layer, linear), (down, up) in adapter.items():
            arrays[f"{model}.{layer}.{linear}.down"], arrays[f"{model}.{layer}.{linear}.up"] = down.astype(np.float16), up.astype(np.float16)
    np.savez(path, **arrays)  # type: ignore[arg-type]
