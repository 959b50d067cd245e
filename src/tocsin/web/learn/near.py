"""Earlier items that say the same: candidates from the database by meaning and by failing, ranked by the measure itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import connection, transaction
from pgvector import HalfVector

from tocsin.learn.repeats import SAYS_THE_SAME
from tocsin.web.learn import measuring
from tocsin.web.learn.models import Item, Link, LinkState, Status, StatusEntry
from tocsin.web.learn.search import wide

CANDIDATES = 60
_DONE = (Status.ASSERTED, Status.WORKS)


@dataclass(frozen=True, slots=True)
class Near:
    """An item that says the same as another. shared: failings that people confirmed for both. done_on: when it was first said to be done."""

    item: Item
    similarity: float
    shared: tuple[str, ...]
    done_on: date | None
    after_done: bool

    @property
    def same(self) -> bool:
        """Whether it is counted as saying the same."""
        return self.similarity >= SAYS_THE_SAME


def earlier(items: Sequence[Item], *, top: int = 8, least: float = 0.0, later: bool = False) -> dict[int, list[Near]]:
    """For each item the earlier (or later) ones of other reports that say the same, nearest first, by item id. Six queries for any number of items.

    Only what the reader may see; an item without a day has no earlier ones.
    """
    known = [i for i in items if i.vector is not None and i.on is not None]
    if not known:
        return {i.pk: [] for i in items}
    pairs = _pairs([i.pk for i in known], ">" if later else "<")
    found = _loaded({other for _, other, _ in pairs})
    confirmed = _confirmed([*(i.pk for i in known), *found])
    done = first_done(found)
    out: dict[int, list[Near]] = {i.pk: [] for i in items}
    by_item: dict[int, list[tuple[int, float]]] = {}
    for mine, other, cosine in pairs:
        if other in found:
            by_item.setdefault(mine, []).append((other, cosine))
    # all words at once: one item after the other takes ten times as long
    numbers = {pk: n for n, pk in enumerate(dict.fromkeys([*(i.pk for i in known), *found]))}
    texts = {i.pk: i.text for i in (*found.values(), *known)}
    words = measuring.words_of([texts[pk] for pk in numbers])
    for item in known:
        rows = by_item.get(item.pk, [])
        lexical = (words[[numbers[o] for o, _ in rows]] @ words[numbers[item.pk]].T).toarray().ravel() if rows else np.zeros(0)
        scores = measuring.whole(np.array([c for _, c in rows], float), lexical)
        near = [
            Near(
                found[o],
                float(s),
                tuple(sorted(confirmed.get(item.pk, set()) & confirmed.get(o, set()))),
                done.get(o),
                bool(item.on and done.get(o) and done[o] < item.on),
            )
            for (o, _), s in zip(rows, scores, strict=True)
        ]
        near = [n for n in near if n.similarity >= least or n.shared]
        out[item.pk] = sorted(near, key=lambda n: -(n.similarity + 0.1 * bool(n.shared)))[:top]
    return out


def like(text: str, *, before: date | None = None, kind: str | None = None, top: int = 10, least: float = 0.0) -> list[Near]:
    """Items that say the same as a text that is not in the register. Five queries."""
    vector = measuring.of_query(text)
    if not any(vector):
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        wide(cursor)
        cursor.execute(
            """
            SELECT item_id, 1 - (vector <=> %(v)s::halfvec) FROM (
                (SELECT item_id, vector FROM learn_open WHERE (%(d)s::date IS NULL OR "on" < %(d)s) AND (%(k)s::text IS NULL OR kind = %(k)s)
                  ORDER BY vector <=> %(v)s::halfvec LIMIT %(n)s)
                UNION ALL
                (SELECT id, vector FROM learn_item WHERE NOT open AND withdrawn IS NULL AND vector IS NOT NULL AND body_id IN (SELECT tocsin_my_bodies())
                  AND (%(d)s::date IS NULL OR "on" < %(d)s) AND (%(k)s::text IS NULL OR kind = %(k)s) ORDER BY vector <=> %(v)s::halfvec LIMIT %(n)s)
            ) near
            """,
            {"v": HalfVector(list(vector)).to_text(), "d": before, "k": kind, "n": CANDIDATES},
        )
        rows = cursor.fetchall()
    found = _loaded({r[0] for r in rows})
    done = first_done(found)
    rows = [(o, c) for o, c in rows if o in found]
    scores = measuring.whole(np.array([c for _, c in rows], float), measuring.words_alike(text, [found[o].text for o, _ in rows]))
    near = [
        Near(found[o], float(s), (), done.get(o), bool(before and done.get(o) and done[o] < before))
        for (o, _), s in zip(rows, scores, strict=True)
    ]
    return sorted((n for n in near if n.similarity >= least), key=lambda n: -n.similarity)[:top]


def first_done(items: Iterable[int]) -> dict[int, date]:
    """The day for which each item was first said to be done, where it was. One query."""
    out: dict[int, date] = {}
    rows = StatusEntry.objects.filter(item__in=list(items), status__in=_DONE).exclude(on=None).order_by("on").values_list("item_id", "on")
    for item, on in rows:
        out.setdefault(item, on)
    return out


def _pairs(ids: list[int], compare: str) -> list[tuple[int, int, float]]:
    """(item, other item, cosine): by meaning, and among those that people linked to the same failing."""
    assert compare in ("<", ">")
    with transaction.atomic(), connection.cursor() as cursor:
        wide(cursor)
        cursor.execute(
            f"""
            SELECT i.id, o.item_id, 1 - (o.vector <=> i.vector) FROM learn_item i CROSS JOIN LATERAL (
                SELECT item_id, vector FROM learn_open WHERE "on" {compare} i."on" ORDER BY vector <=> i.vector LIMIT %(n)s) o
             WHERE i.id = ANY(%(ids)s)
            UNION
            SELECT i.id, o.id, 1 - (o.vector <=> i.vector) FROM learn_item i JOIN learn_item o
                ON NOT o.open AND o.withdrawn IS NULL AND o.body_id = i.body_id AND o.report_id <> i.report_id
               AND o."on" {compare} i."on" AND o.vector IS NOT NULL
             WHERE i.id = ANY(%(ids)s)
            UNION
            SELECT i.id, o.item_id, 1 - (o.vector <=> i.vector) FROM learn_item i
              JOIN learn_link a ON a.item_id = i.id AND a.state = 'confirmed'
              JOIN LATERAL (SELECT item_id FROM learn_link b WHERE b.failing = a.failing AND b.state = 'confirmed' LIMIT 400) b ON true
              JOIN learn_open o ON o.item_id = b.item_id AND o."on" {compare} i."on"
             WHERE i.id = ANY(%(ids)s)
            """,  # noqa: S608  (compare is one of two signs)
            {"ids": ids, "n": CANDIDATES},
        )
        rows: list[tuple[int, int, Any]] = cursor.fetchall()
    return [(a, b, float(c)) for a, b, c in rows if c is not None]


def _loaded(ids: Iterable[int]) -> dict[int, Item]:
    found = Item.objects.filter(pk__in=list(ids), withdrawn=None).select_related("report").defer("vector").prefetch_related("addressee_set")
    return {i.pk: i for i in found}


def _confirmed(ids: Iterable[int]) -> dict[int, set[str]]:
    out: dict[int, set[str]] = {}
    for item, failing in Link.objects.filter(item__in=list(ids), state=LinkState.CONFIRMED).values_list("item_id", "failing"):
        out.setdefault(item, set()).add(failing)
    return out
