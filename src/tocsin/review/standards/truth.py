"""Three-valued truth: what is not known stays not known unless the rest settles it."""

from collections.abc import Iterable
from enum import StrEnum


class Truth(StrEnum):
    """YES, NO or UNKNOWN, with Kleene's strong connectives. Source: Kleene, Introduction to Metamathematics (1952), section 64."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, value: bool | None) -> "Truth":
        """None is UNKNOWN."""
        return cls.UNKNOWN if value is None else cls.YES if value else cls.NO

    def __invert__(self) -> "Truth":
        return {Truth.YES: Truth.NO, Truth.NO: Truth.YES}.get(self, Truth.UNKNOWN)

    def __and__(self, other: "Truth") -> "Truth":
        return every((self, other))

    def __or__(self, other: "Truth") -> "Truth":
        return some((self, other))


def every(values: Iterable[Truth]) -> Truth:
    """NO as soon as one is NO; YES only if all are YES, also of none."""
    found = set(values)
    return Truth.NO if Truth.NO in found else Truth.UNKNOWN if Truth.UNKNOWN in found else Truth.YES


def some(values: Iterable[Truth]) -> Truth:
    """YES as soon as one is YES; NO only if all are NO, also of none."""
    return ~every(~v for v in values)
