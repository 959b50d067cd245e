"""Cases out of a CSV file, one a row. What is wrong with a row never costs the rows beside it."""

import csv
from collections.abc import Iterator, Mapping

from tocsin.review.cases import values
from tocsin.review.cases.build import Raw
from tocsin.review.cases.model import IDENTIFIERS, MOST_CASES, CasesError, Fault
from tocsin.review.cases.values import BadValueError

COLUMNS = ("reference", "outcome", "event_date", "provider", "care_from", "care_to", "gestation", "timeline", "account", "questions", "stratum")
"""Names of the columns unless a mapping says otherwise; the first four are needed. Facts stand in columns 'fact:NAME'."""

NEEDED = COLUMNS[:4]
_DATES = ("event_date", "care_from", "care_to", "date_of_birth")
_LONG, _RUNAWAYS = 100, 50
"""Rows that run on for more than so many lines, and are spoilt, after so many of which the file is given up."""


def header() -> str:
    """A first line with every column, to begin a file with."""
    return ",".join([*COLUMNS, "fact:NAME", *IDENTIFIERS])


def raws(text: str, source: str, mapping: Mapping[str, str], order: values.DateOrder) -> tuple[list[Raw], list[Fault]]:
    """Rows of a CSV file, not yet interpreted, and faults of the file. Raises CasesError.

    mapping: from Tocsin's names (or 'fact:NAME') to the file's.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    lines = text.split("\n")
    if not lines[0].strip():
        raise CasesError(f"{source}:1: the file is empty or does not begin with a line of column names, such as: {header()}")
    mark = max(",;\t|", key=lines[0].count)
    rows = _rows(lines, mark)
    _, names, wrong = next(rows, (1, [], "the line of column names cannot be read"))
    if wrong:
        raise CasesError(f"{source}:1: {wrong}")
    names = [n.strip() for n in names]
    twice = [n for n in names if n and names.count(n) > 1]
    if twice:
        raise CasesError(f"{source}:1: column '{twice[0]}' stands there twice")
    place, facts, unread = _columns(names, mapping, source)
    faults = [Fault(source, 1, n, "", "is a column that is not read; name it in a mapping or call it 'fact:NAME'", False) for n in unread]
    found: list[Raw] = []
    for line, cells, wrong in rows:
        if not wrong and len(cells) != len(names):
            wrong = f"the row has {len(cells)} columns where the header has {len(names)}"
        if wrong:
            faults.append(Fault(source, line, "", "", wrong))
            continue
        if len(found) >= MOST_CASES:
            faults.append(Fault(source, line, "", "", f"the file has more than {MOST_CASES:,} cases; split it"))
            break
        texts = {name: cells[i] for name, i in place.items()}
        questions = [q.strip() for q in texts.pop("questions", "").replace("|", "\n").split("\n") if q.strip()]
        raw = Raw(line, texts, [(names[i], fact, cells[i]) for fact, i in facts], questions=questions)
        raw.column = {name: names[i] for name, i in place.items()}
        found.append(raw)
    _doubt_dates(found, source, order)
    return found, faults


def _columns(names: list[str], mapping: Mapping[str, str], source: str) -> tuple[dict[str, int], list[tuple[str, int]], list[str]]:
    known = (*COLUMNS, *IDENTIFIERS)
    for ours, theirs in mapping.items():
        if ours not in known and not ours.startswith("fact:"):
            raise CasesError(f"mapping: '{ours}' is not a field of a case; known: {', '.join(known)}, fact:NAME")
        if theirs not in names:
            raise CasesError(f"{source}:1: there is no column '{theirs}', which the mapping names for '{ours}'")
    lower = {n.lower().replace(" ", "_"): i for i, n in reversed(list(enumerate(names)))}
    place: dict[str, int] = {}
    for name in known:
        if name in mapping:
            place[name] = names.index(mapping[name])
        elif name in lower and names[lower[name]] not in mapping.values():
            place[name] = lower[name]
    for name in NEEDED:
        if name not in place:
            raise CasesError(f"{source}:1: there is no column '{name}'; needed are {', '.join(NEEDED)}, or a mapping that names them")
    facts = [(ours[5:], names.index(theirs)) for ours, theirs in mapping.items() if ours.startswith("fact:")]
    facts += [(n[5:], i) for i, n in enumerate(names) if n.lower().startswith("fact:") and n not in mapping.values()]
    for name, _ in facts:
        try:
            values.fact_name(name)
        except BadValueError as error:
            raise CasesError(f"{source}:1, column 'fact:{name}': '{name}' {error}") from None
    read = {*place.values(), *(i for _, i in facts)}
    return place, facts, [n for i, n in enumerate(names) if i not in read and n]


def _rows(lines: list[str], mark: str) -> Iterator[tuple[int, list[str], str]]:
    """(line, cells, fault) of every row that is not empty; a quote that is never closed costs its own line only."""
    at, runaway, width = 0, 0, 0
    while at < len(lines):
        first = at
        reader = csv.reader((lines[i] + "\n" for i in range(first, len(lines))), delimiter=mark, strict=True)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            spoilt = "an opening quote is never closed" if reader.line_num > 1 or "unexpected end" in str(error) else str(error)
        else:
            # two stray quotes on two lines must not swallow what stands between them
            spoilt = "an opening quote is never closed" if width and reader.line_num > 1 and len(cells) != width else ""
        if not spoilt:
            width = width or len(cells)
            if any(c.strip() for c in cells):
                yield first + 1, cells, ""
            at = first + reader.line_num
            continue
        yield first + 1, [], spoilt
        at = first + 1
        runaway += reader.line_num > _LONG
        if runaway > _RUNAWAYS:
            yield first + 2, [], f"{runaway} quotes are never closed; the rest of the file was not read"
            return


def _doubt_dates(raws_: list[Raw], source: str, order: values.DateOrder) -> None:
    """Where one date of a column can only be read in the other order, every date of it that reads either way is put aside."""
    for name in _DATES:
        against: int | None = None
        either: list[Raw] = []
        for raw in raws_:
            pair = values.slashed(raw.texts.get(name, ""))
            if pair is None:
                continue
            first, second = pair if order == "day-first" else pair[::-1]
            if first <= 12 < second <= 31:
                against = against or raw.line
            elif first <= 12 and second <= 12 and first != second:
                either.append(raw)
        for raw in either if against else ():
            shown = "" if name in IDENTIFIERS else raw.texts[name].strip()
            reason = f"may be read in two ways, and line {against} is not written {order.replace('-', ' ')}; write it as 2019-03-04"
            raw.faults.append(Fault(source, raw.line, raw.column[name], shown, reason))
