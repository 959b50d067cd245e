"""The kinds of facts that standards may ask for, each with its type, unit and the question for a person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tocsin.review.standards.syntax import RESERVED


class FactType(StrEnum):
    """What the value of a fact is."""

    FLAG = "flag"
    NUMBER = "number"
    DAY = "day"
    TIME = "time"
    CHOICE = "choice"
    CHOICES = "choices"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class FactKind:
    """One fact of a case. group: where a form shows it. unit: '' where the value has none. options: of a choice, code to words.

    least, most: bounds of a number that can be; a value outside them is a slip of the pen, not a fact. help: words beside the question.
    """

    name: str
    type: FactType
    question: str
    group: str
    unit: str = ""
    options: Mapping[str, str] | None = None
    least: float | None = None
    most: float | None = None
    help: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", self.name) or self.name in RESERVED:
            raise ValueError(
                f"'{self.name}' cannot be the name of a fact; expected small letters, digits and _, and no word of the language"
            )
        if (self.type in (FactType.CHOICE, FactType.CHOICES)) != bool(self.options):
            raise ValueError(f"fact '{self.name}': a choice needs options, and only a choice has them")
