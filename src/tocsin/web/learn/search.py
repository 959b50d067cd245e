"""Search as one types: words and the beginnings of words, meaning, and, where no word fits, words that look alike."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from pgvector import HalfVector

from tocsin.web.learn import measuring, search_sql
from tocsin.web.learn.near import _wide

WORDS, MEANING, PARTS = 300, 60, 40
"""How many candidates each way gives."""
FEW = 10
"""With fewer items in which every word stands, those with some of the words are looked at too."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that fits. cosine: nearness in meaning; words: rank of the words that fit, 0 where none does."""

    item: int
    score: float
    cosine: float
    words: float


def find(text: str, *, within: Sequence[int] | None = None, limit: int = 50) -> list[Hit]:
    """Items that fit what was typed, best first. within: only among these. Two queries, four where no word fits.

    Words that fit count half, meaning the other half; of drafts only those of the reader's own bodies are looked at.
    """
    text = text.replace("\0", " ")[:300].strip()
    if not text:
        return []
    vector = measuring.of_query(text)
    values = {
        "v": HalfVector(list(vector)).to_text(),
        "q": _tsquery(text),
        "ids": list(within) if within is not None else None,
        "t": text,
        "w": WORDS,
        "m": MEANING,
        "p": PARTS,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        _wide(cursor)
        cursor.execute(search_sql.AMONG if within is not None else search_sql.EVERYTHING, values)
        rows = cursor.fetchall()
        if within is None and sum(bool(r[2]) for r in rows) < FEW:
            cursor.execute(search_sql.EVERYTHING, values | {"q": values["q"].replace(" & ", " | ")})
            rows = _best([*rows, *((i, c, 0.5 * w) for i, c, w in cursor.fetchall())])
        if within is None and not any(r[2] for r in rows):
            cursor.execute(search_sql.PARTS, values)
            rows = _best([*rows, *cursor.fetchall()])
    best = max((r[2] for r in rows), default=0) or 1
    hits = [Hit(i, 0.5 * max(c or 0.0, 0.0) + 0.5 * (w / best) ** 0.5, c or 0.0, w) for i, c, w in rows]
    if any(h.words for h in hits):
        # what shares neither word nor meaning only fills the page
        hits = [h for h in hits if h.words or h.cosine >= 0.35]
    order = np.argsort([-h.score for h in hits], kind="stable")[:limit]
    return [hits[i] for i in order]


def _best(rows: list[tuple[int, float | None, float]]) -> list[tuple[int, float | None, float]]:
    out: dict[int, tuple[int, float | None, float]] = {}
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
