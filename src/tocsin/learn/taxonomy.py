"""The taxonomy of failings: one language for what goes wrong, as versioned data with its own examples."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

VOICES = ("inquiry", "regulator", "coroner", "family", "staff", "strategy", "recommendation")


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence as it might be met, and who speaks."""

    voice: str
    text: str


@dataclass(frozen=True, slots=True)
class Family:
    """A group of failings. Where they stand in published schemes: `tocsin.learn.crosswalks`."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Failing:
    """One named failing: what it is, what it is not, and how it sounds."""

    id: str
    family: Family
    name: str
    definition: str
    not_: str
    examples: tuple[Example, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All failings of one version."""

    version: str
    families: tuple[Family, ...]
    failings: tuple[Failing, ...]

    def __getitem__(self, id: str) -> Failing:
        for failing in self.failings:
            if failing.id == id:
                return failing
        raise KeyError(f"no failing is called {id!r} in version {self.version} of the taxonomy")


@cache
def load() -> Taxonomy:
    """The taxonomy that comes with Tocsin."""
    return read_taxonomy((files("tocsin.learn") / "taxonomy.yaml").read_text("utf-8"), "taxonomy.yaml")


def read_taxonomy(text: str, name: str = "taxonomy") -> Taxonomy:
    """A taxonomy from YAML. Raises ValueError that names the line: unknown family or voice, an id twice, fewer than five examples."""
    data = _marked(text, name)

    def need(entry: dict[str, Any], *keys: str) -> None:
        for key in keys:
            if not entry.get(key):
                raise ValueError(f"{name}:{entry.get('__line__', 1)}: {key!r} is missing; give it one")

    need(data, "version", "families", "failings")
    families: dict[str, Family] = {}
    for entry in data["families"]:
        need(entry, "id", "name")
        families[entry["id"]] = Family(entry["id"], entry["name"])
    failings: dict[str, Failing] = {}
    for entry in data["failings"]:
        need(entry, "id", "family", "name", "definition", "not", "examples")
        where = f"{name}:{entry['__line__']}: failing {entry['id']!r}"
        if entry["id"] in failings:
            raise ValueError(f"{where} stands there twice; rename or remove one")
        if entry["family"] not in families:
            raise ValueError(f"{where}: family {entry['family']!r} is not among {', '.join(families)}")
        examples = tuple(Example(voice, said) for row in entry["examples"] for voice, said in row.items() if voice != "__line__")
        for example in examples:
            if example.voice not in VOICES:
                raise ValueError(f"{where}: voice {example.voice!r} is not among {', '.join(VOICES)}")
        if len(examples) < 5:
            raise ValueError(f"{where} has {len(examples)} examples; at least 5 are needed")
        failings[entry["id"]] = Failing(
            entry["id"], families[entry["family"]], entry["name"], entry["definition"], entry["not"], examples, entry["__line__"]
        )
    return Taxonomy(str(data["version"]), tuple(families.values()), tuple(failings.values()))


class _Loader(yaml.SafeLoader):
    pass


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {str(key): value for key, value in loader.construct_mapping(node, deep=True).items()}
    found["__line__"] = node.start_mark.line + 1
    return found


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _marked(text: str, name: str) -> dict[str, Any]:
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader that also keeps lines
    except yaml.YAMLError as wrong:
        raise ValueError(f"{name}: not readable as YAML: {wrong}") from wrong
    if not isinstance(found, dict):
        raise ValueError(f"{name}:1: a mapping with version, families and failings is expected")
    return found
