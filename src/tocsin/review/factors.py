"""Contributory factors as data: what of the work system bore on care, by published frameworks, linked to the grade of a case."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from tocsin.review.grades import Meaning, Scale


class Factor(BaseModel):
    """One factor. id: of the framework and its own, 'seips.tasks'. name: as its source has it. asks: what to look for, in our words.

    within: for a factor of another framework, the element of SEIPS under which we put it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    name: str
    asks: str
    within: str | None = None


class Framework(BaseModel):
    """A published framework of contributory factors, in the order of its source."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    name: str
    source: str
    address: str
    factors: tuple[Factor, ...]

    @model_validator(mode="after")
    def _own_ids(self) -> "Framework":
        ids = [f.id for f in self.factors]
        if len(set(ids)) != len(ids) or not all(i.startswith(f"{self.id}.") for i in ids):
            raise ValueError(f"framework '{self.id}': each factor needs an id of its own that begins with '{self.id}.'")
        return self


@dataclass(frozen=True, slots=True)
class Linked:
    """A factor that a panel found in a case. grade: code of the agreed grade. bears: whether it bore on the grade."""

    case: str
    grade: str
    factor: str
    bears: bool


@dataclass(frozen=True, slots=True)
class Contributed:
    """One factor over cases. found: cases; bore: those where it bore on the grade; might_or_would: those of them graded 'might' or 'would'.

    by_grade: cases where it was found, by code of the grade.
    """

    factor: Factor
    found: int
    bore: int
    might_or_would: int
    by_grade: Mapping[str, int]


@cache
def frameworks() -> dict[str, Framework]:
    """Frameworks that come with Tocsin, by id."""
    read = yaml.safe_load((files("tocsin.review") / "factors.yaml").read_text("utf-8"))
    found = {}
    for id_, of in read.items():
        factors = tuple(Factor(id=f"{id_}.{own}", **about) for own, about in of.pop("factors").items())
        found[id_] = Framework(id=id_, factors=factors, **of)
    known = {f.id for framework in found.values() for f in framework.factors}
    for framework in found.values():
        for f in framework.factors:
            if f.within is not None and f.within not in known:
                raise ValueError(f"factor '{f.id}': there is no '{f.within}'")
    return found


def factor(id_: str) -> Factor:
    """A factor by its id. Raises ValueError."""
    for f in frameworks().get(id_.partition(".")[0], Framework(id="", name="", source="", address="", factors=())).factors:
        if f.id == id_:
            return f
    raise ValueError(f"there is no factor '{id_}'; expected one of a framework: {', '.join(frameworks())}")


def contributed(linked: Iterable[Linked], scale: Scale) -> tuple[Contributed, ...]:
    """Factors over all cases, those that were found most often first. Raises ValueError for a factor named twice in a case."""
    avoidable = {g.code for g in scale.grades if g.meaning in (Meaning.MIGHT, Meaning.WOULD)}
    rows: dict[str, dict[str, Linked]] = {}
    for x in linked:
        scale.position(x.grade)
        held = rows.setdefault(x.factor, {})
        if x.case in held:
            raise ValueError(f"case '{x.case}' has factor '{x.factor}' twice; give what was agreed, once")
        held[x.case] = x
    found = [
        Contributed(
            factor(id_), len(of), sum(x.bears for x in of.values()),
            sum(x.bears and x.grade in avoidable for x in of.values()), dict(Counter(x.grade for x in of.values())),
        )
        for id_, of in rows.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda c: (-c.found, -c.bore, c.factor.id)))
