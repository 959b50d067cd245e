"""Search as one types: words and the beginnings of words, meaning, and, where no item has a word, words that look alike."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

from django.db import connection, transaction
from pgvector import HalfVector

from tocsin.web.learn import measuring, search_sql

RANKED = 200
"""So many hits are put in order by words and meaning together; what else has the words follows, newest first."""
WORDED, NEAREST, NEAREST_OF_SOME = 500, 200, 60
"""How many candidates are looked at: some that have the words; the nearest in meaning, in all of the register or among some of it."""
ALONE = 60
"""So many are shown for their meaning alone."""
FEW = 10
"""With fewer items in which every word stands, those with some of the words are looked at too."""
FAR = 0.27
"""What shares no word and is not even so near only fills the page."""
BEGUN = 4
"""Fewer letters than these mean nothing yet."""


@dataclass(frozen=True)
class Choices:
    """What else a reader chose. same: values of columns; since, until: days of publication; narrow: (SQL, values) of a question that gives ids."""

    same: dict[str, str] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None
    narrow: tuple[str, tuple[Any, ...]] | None = None

    @property
    def any(self) -> bool:
        return bool(self.same or self.since or self.until or self.narrow)

    def sql(self, item: str, id: str) -> str:
        """The choices as conditions on a table. Column names are those of COLUMNS, never what a reader wrote."""
        out = [f"{item}.{name} = %(same_{name})s" for name in COLUMNS if name in self.same]
        out += [f'{item}."on" {sign} %({name})s' for name, sign in (("since", ">="), ("until", "<=")) if getattr(self, name)]
        if self.narrow:
            numbers = count()
            out.append(f"{id} IN ({re.sub('%s', lambda _: f'%(n{next(numbers)})s', self.narrow[0])})")
        return "".join(f" AND {one}" for one in out)

    def values(self) -> dict[str, Any]:
        found: dict[str, Any] = {f"same_{name}": value for name, value in self.same.items()} | {"since": self.since, "until": self.until}
        return found | {f"n{i}": value for i, value in enumerate(self.narrow[1] if self.narrow else ())}


COLUMNS = ("kind", "status", "accepted")
NONE = Choices()


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that fits. cosine: nearness in meaning; words: rank of the words that fit, 0 where none does."""

    item: int
    score: float
    cosine: float
    words: float


@dataclass(frozen=True, slots=True)
class Found:
    """One page of hits. total: how many are known; whole: whether that is all; more: whether a next page follows; read_as: for a misspelt word."""

    items: list[int]
    total: int
    whole: bool
    more: bool
    read_as: dict[str, list[str]]


def page_of(text: str, page: int, size: int, *, within: Sequence[int] | None = None, choices: Choices = NONE) -> Found:
    """One page of what fits, in an order that stays. Two queries, up to five where words are rare or misspelt and on pages after the first RANKED.

    within: only among these few; choices: only what fits them.
    """
    hits, query, read_as = _ranked(text, within, choices)
    first, last = (page - 1) * size, page * size
    shown = [h.item for h in hits[first:last]]
    whole = within is not None or len(hits) < RANKED
    if whole or last < len(hits):
        return Found(shown, len(hits), whole, last < len(hits), read_as)
    lacking = size - len(shown)
    rest = _rest(query, [h.item for h in hits], choices, max(0, first - len(hits)), lacking + 1)
    return Found([*shown, *rest[:lacking]], len(hits), False, len(rest) > lacking, read_as)


def find(text: str, *, within: Sequence[int] | None = None, choices: Choices = NONE, limit: int = 50) -> list[Hit]:
    """Items that fit what was typed, best first, at most RANKED. Two queries, up to four where words are rare or misspelt.

    Words that fit count half, meaning the other half. Of what is closed only what the reader's own bodies took in is looked at.
    """
    return _ranked(text, within, choices)[0][:limit]


def _ranked(text: str, within: Sequence[int] | None, choices: Choices) -> tuple[list[Hit], str, dict[str, list[str]]]:
    text = text.replace("\0", " ")[:300]
    query, read_as = _tsquery(text), {}
    vector = measuring.of_query(text.strip()) if len(text.strip()) >= BEGUN else (0.0,) * measuring.DIMENSIONS
    if not query and not any(vector):
        return [], "", {}
    means = any(vector)
    most = NEAREST_OF_SOME if choices.any else NEAREST
    values: dict[str, Any] = {
        "v": HalfVector(list(vector)).to_text(),
        "q": query,
        "w": WORDED,
        "m": most if means else 0,
        "means": means,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        wide(cursor, NEAREST)
        # of a few hundred rows each is looked up: the planner cannot see how many rows have a word that is only begun, and would read every item
        names = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan")
        cursor.execute("SELECT set_config(name, 'off', true) FROM unnest(%s::text[]) name", [list(names)])
        if within is not None:
            cursor.execute(search_sql.AMONG, values | {"ids": list(within)})
            rows = cursor.fetchall()
        else:
            rows = _ask(cursor, search_sql.RANKED, values, choices)
            if query and sum(bool(r[2]) for r in rows) < FEW:
                read_as = _spelt(cursor, query)
                query = _corrected(query, read_as) if read_as else query.replace(" & ", " | ")
                rows = _best(
                    [*rows, *((i, c, 0.5 * w) for i, c, w in _ask(cursor, search_sql.RANKED, values | {"q": query, "m": 0}, choices))]
                )
    best = max((r[2] for r in rows), default=0) or 1
    hits = [Hit(i, 0.5 * max(c or 0.0, 0.0) + 0.5 * (w / best) ** 0.5, c or 0.0, w) for i, c, w in rows]
    alone = sorted((h for h in hits if not h.words), key=lambda h: (-h.cosine, h.item))[:ALONE]
    with_words = [h for h in hits if h.words]
    if with_words:
        alone = [h for h in alone if h.cosine >= FAR]
    hits = with_words + alone
    return sorted(hits, key=lambda h: (-h.score, h.item))[: RANKED if within is None else None], query, read_as


def _rest(query: str, seen: list[int], choices: Choices, skip: int, size: int) -> list[int]:
    values = {"q": query, "seen": seen, "skip": skip, "n": size}
    with connection.cursor() as cursor:
        return [row[0] for row in _ask(cursor, search_sql.REST, values, choices)]


def _ask(cursor: Any, statement: str, values: dict[str, Any], choices: Choices) -> list[tuple[Any, ...]]:
    conditions = {"narrow": choices.sql("o", "o.item_id"), "narrow_own": choices.sql("i", "i.id")}
    cursor.execute(statement.format(**conditions), values | choices.values())
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _spelt(cursor: Any, query: str) -> dict[str, list[str]]:
    """Words of the question that no open item has, each with those that look alike."""
    typed = [word.removesuffix(":*") for word in query.split(" & ")]
    cursor.execute(search_sql.SPELT, {"typed": [w for w in typed if len(w) > 3]})
    return {word: near for word, near in cursor.fetchall() if near}


def _corrected(query: str, read_as: dict[str, list[str]]) -> str:
    words = query.split(" & ")
    return " & ".join(f"({' | '.join(read_as[w.removesuffix(':*')])})" if w.removesuffix(":*") in read_as else w for w in words)


def _best(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    out: dict[int, tuple[Any, ...]] = {}
    for row in rows:
        if row[0] not in out or row[2] > out[row[0]][2]:
            out[row[0]] = row
    return list(out.values())


def _tsquery(text: str) -> str:
    """Every word must be there; the last one may still be in the making."""
    words = re.findall(r"[^\W_]+", text.lower())[:12]
    if not words:
        return ""
    *whole, last = words
    return " & ".join([*whole, last if re.search(r"\s$", text) else f"{last}:*"])


def wide(cursor: Any, candidates: int = 400) -> None:
    """How far the index of meanings is searched, for the transaction: 400 finds 99 in 100 of the ten truly nearest, 200 finds 97 (benchmarks/search.py)."""
    cursor.execute(
        "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'relaxed_order', true)", [str(candidates)]
    )
