"""Which indicators the columns of the files allow, and what they ask of a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tocsin.watch.events.expression import Expression, ExpressionError, parse
from tocsin.watch.events.mapping import Mapping as ColumnMapping
from tocsin.watch.events.mapping import MappingError
from tocsin.watch.events.rows import columns_of
from tocsin.watch.indicators import Indicator


@dataclass(frozen=True, slots=True)
class Wanted:
    """An indicator with its parts parsed."""

    indicator: Indicator
    numerator: Expression
    denominator: Expression | None
    exclusions: tuple[Expression, ...]

    @property
    def columns(self) -> frozenset[str]:
        parts = [self.numerator, *([self.denominator] if self.denominator else []), *self.exclusions]
        return frozenset().union(*(p.numbers | p.texts for p in parts))


def columns_in_all(sources: list[Path], delimiter: str | None) -> frozenset[str]:
    """Columns that every file has."""
    each = [frozenset(columns_of(path, delimiter)) for path in sources]
    return frozenset.intersection(*each)


def wanted(
    indicators: Mapping[str, Indicator], m: ColumnMapping, present: frozenset[str], first: Path, notes: list[str]
) -> list[Wanted]:
    """Those indicators whose columns are there; `notes` is told of the others. first: the file to name. Raises MappingError."""
    if m.site is None and m.column("site") not in present:
        raise MappingError(
            f"no column '{m.column('site')}' in {first.name}; name the site's column ('columns: {{site: ...}}') or give "
            f"one site for all ('site: ...'). Columns there: {', '.join(sorted(present))}"
        )
    if m.column("date") not in present:
        raise MappingError(
            f"no column '{m.column('date')}' in {first.name}; name the date's column ('columns: {{date: ...}}'). "
            f"Columns there: {', '.join(sorted(present))}"
        )
    for name in m.columns:
        if m.columns[name] not in present:
            raise MappingError(f"the mapping says '{name}' is column '{m.columns[name]}', which {first.name} does not have")
    found = []
    for indicator in indicators.values():
        try:
            one = Wanted(
                indicator,
                parse(indicator.numerator),
                parse(indicator.denominator) if indicator.denominator is not None else None,
                tuple(parse(e) for e in indicator.exclusions),
            )
        except ExpressionError as error:
            raise MappingError(f"indicator {indicator.id}: {error}") from None
        missing = [c for c in base(one.columns, m) if m.column(c) not in present]
        if missing:
            notes.append(f"{indicator.id} is not watched: there is no column {', '.join(sorted(missing))}.")
        else:
            found.append(one)
    if not found:
        raise MappingError(
            "none of the indicators asked for has its columns in the data: " + " ".join(notes) + " Name them in the mapping."
        )
    return found


def base(columns: frozenset[str], m: ColumnMapping) -> frozenset[str]:
    """Columns with computed ones replaced by what they are computed from."""
    result: set[str] = set()
    for name in columns:
        if name in m.compute:
            made = m.compute[name]
            result |= base((made.numbers | made.texts) - {name}, m)
        else:
            result.add(name)
    return frozenset(result)
