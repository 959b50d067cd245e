"""Where a failing stands in published schemes (SEIPS, HFACS, the Yorkshire framework), as versioned data with sources."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from tocsin.learn.taxonomy import Failing, Taxonomy, load


@dataclass(frozen=True, slots=True)
class Scheme:
    """A published scheme: its elements, where it was published, and what of the taxonomy lies outside it ('' where nothing does)."""

    id: str
    name: str
    elements: tuple[str, ...]
    sources: tuple[str, ...]
    outside: str


@dataclass(frozen=True, slots=True)
class Place:
    """The element of a scheme to which a failing belongs, by our own reading."""

    scheme: Scheme
    element: str


@dataclass(frozen=True, slots=True)
class Crosswalks:
    """All schemes of one version; places: (scheme, failing) -> element. unmapped: (scheme, why it is not mapped)."""

    version: str
    schemes: tuple[Scheme, ...]
    places: dict[tuple[str, str], str]
    unmapped: tuple[tuple[str, str], ...]

    def of(self, failing: Failing) -> tuple[Place, ...]:
        """Where the failing stands, one place at most in each scheme, in the schemes' order."""
        found = ((scheme, self.places.get((scheme.id, failing.id))) for scheme in self.schemes)
        return tuple(Place(scheme, element) for scheme, element in found if element)

    def without(self, failing: Failing) -> tuple[Scheme, ...]:
        """Schemes that have no place for the failing and say why."""
        return tuple(scheme for scheme in self.schemes if scheme.outside and (scheme.id, failing.id) not in self.places)


@cache
def crosswalks() -> Crosswalks:
    """The crosswalks that come with Tocsin, for its taxonomy."""
    return read_crosswalks((files("tocsin.learn") / "crosswalks.yaml").read_text("utf-8"), load())


def read_crosswalks(text: str, taxonomy: Taxonomy) -> Crosswalks:
    """From YAML. Raises ValueError that names scheme and entry: no source, an element that the scheme lacks, an unknown family or failing."""
    data: dict[str, Any] = yaml.safe_load(text)
    schemes: list[Scheme] = []
    places: dict[tuple[str, str], str] = {}
    for row in data["schemes"]:
        if not row.get("sources"):
            raise ValueError(f"crosswalks: {row['id']}: has no source; say where the scheme was published")
        scheme = Scheme(row["id"], row["name"], tuple(row["elements"]), tuple(row["sources"]), row.get("outside", ""))
        by_family, by_failing = row.get("families", {}), row.get("failings", {})
        for kind, named, known in (
            ("family", by_family, {f.id for f in taxonomy.families}),
            ("failing", by_failing, {f.id for f in taxonomy.failings}),
        ):
            if wrong := sorted(set(named) - known):
                raise ValueError(f"crosswalks: {scheme.id}: {kind} {wrong[0]!r} is not in version {taxonomy.version} of the taxonomy")
        for failing in taxonomy.failings:
            element = by_failing[failing.id] if failing.id in by_failing else by_family.get(failing.family.id)
            if other := row.get("of"):
                element = other["map"].get(places.get((other["scheme"], failing.id)))
            if element and element not in scheme.elements:
                raise ValueError(f"crosswalks: {scheme.id}: {failing.id}: {element!r} is not an element of the scheme")
            if element:
                places[scheme.id, failing.id] = element
        schemes.append(scheme)
    return Crosswalks(str(data["version"]), tuple(schemes), places, tuple((row["name"], row["why"]) for row in data.get("unmapped", ())))
