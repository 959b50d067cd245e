"""Outcome kinds, and grading scales as data: what each grade says of whether other care would have changed the outcome."""

from enum import StrEnum
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, model_validator


class OutcomeKind(StrEnum):
    """What happened."""

    STILLBIRTH = "stillbirth"
    NEONATAL_DEATH = "neonatal-death"
    BRAIN_INJURY = "brain-injury"
    MATERNAL_DEATH = "maternal-death"
    MATERNAL_INJURY = "maternal-injury"
    NEAR_MISS = "near-miss"
    OTHER = "other"


class Meaning(StrEnum):
    """What a grade says. In the order of rising avoidability."""

    NONE = "none"
    NO_DIFFERENCE = "no-difference"
    MIGHT = "might"
    WOULD = "would"


class Grade(BaseModel):
    """One grade of a scale: its code on the form, what it means for the outcome, and its words."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str
    meaning: Meaning
    says: str


class Scale(BaseModel):
    """A published grading scale, its grades from the least to the most avoidable. unconfirmed: no page that was read prints its words."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    name: str
    source: str
    address: str
    unconfirmed: bool = False
    grades: tuple[Grade, ...]

    @model_validator(mode="after")
    def _ordered(self) -> "Scale":
        order = [list(Meaning).index(g.meaning) for g in self.grades]
        if order != sorted(order) or len({g.code for g in self.grades}) != len(order):
            raise ValueError(f"scale '{self.id}': grades must have codes of their own and go from the least to the most avoidable")
        return self

    def position(self, code: str) -> int:
        """Place of a grade on the scale, from 0. Raises ValueError for a code that the scale doesn't have."""
        codes = [g.code for g in self.grades]
        if code not in codes:
            raise ValueError(f"'{code}' is not a grade of '{self.id}'; expected one of {', '.join(codes)}")
        return codes.index(code)


@cache
def scales() -> dict[str, Scale]:
    """Scales that come with Tocsin, by id."""
    read = yaml.safe_load((files("tocsin.review") / "scales.yaml").read_text("utf-8"))
    return {id_: Scale(id=id_, **of) for id_, of in read.items()}
