"""What may be the same, or in conflict: found by the measure and by rules on words, shown with its reason, decided by a person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from tocsin.learn.conflicts import conflicts
from tocsin.learn.repeats import SAYS_THE_SAME
from tocsin.web.learn import measuring
from tocsin.web.learn.models import Addressee, Item, Link, Proposal, Relation
from tocsin.web.learn.queries import COUNTED
from tocsin.web.learn.search import wide
from tocsin.web.record.moment import now

NEAREST = 12
"""With so many of the nearest earlier ones each item is compared."""
ABOUT_THE_SAME = 0.38
"""From this likeness on two that ask the same body, or are about the same failing, are looked at for a conflict."""
SAME_TIME = timedelta(days=3 * 365)
"""Two days by which something must be done are in conflict only where the reports lie no further apart; a later one may simply ask again."""
DECIDED = {"same": ("same", "not-same"), "conflict": ("conflict", "not-conflict")}
"""What people can have said of a proposal, by its kind."""


@dataclass(frozen=True)
class _Pair:
    one: Item
    other: Item
    likeness: float


def propose(ids: Iterable[int]) -> int:
    """Propose for new or changed items what may be the same, or in conflict; as Tocsin. Returns how many proposals stand. Seven queries for any number."""
    new = set(ids)
    if not new:
        return 0
    pairs = _pairs(new)
    items = {i.pk for p in pairs for i in (p.one, p.other)}
    asked, about = _of(Addressee.objects.exclude(who=""), "who", items), _of(Link.objects.filter(COUNTED), "failing", items)
    at, made = now(), []
    for pair in pairs:
        one, other = pair.one, pair.other
        bodies, failings = asked.get(one.pk, set()) & asked.get(other.pk, set()), about.get(one.pk, set()) & about.get(other.pk, set())
        if (
            one.kind == other.kind
            and pair.likeness >= SAYS_THE_SAME
            and (one.family_id is None or one.family_id != other.family_id)
        ):
            more = " and both ask the same body" if bodies else " and both are about the same failing" if failings else ""
            made.append(Proposal(one=one, other=other, kind="same", likeness=pair.likeness, at=at, why=f"They are alike{more}."))
        if one.kind == other.kind == "recommendation" and (bodies or failings) and pair.likeness >= ABOUT_THE_SAME:
            apart = abs(one.on - other.on) if one.on and other.on else timedelta(0)
            for found in conflicts(other.text, one.text):
                if found.kind != "date" or apart <= SAME_TIME:
                    made.append(Proposal(one=one, other=other, kind="conflict", likeness=pair.likeness, at=at, why=found.why[:500]))
                    break
    with transaction.atomic():
        Proposal.objects.filter(one__in=new).delete()
        Proposal.objects.bulk_create(made, ignore_conflicts=True, batch_size=500)
    return len(made)


def undecided(kind: str = "", item: Item | None = None) -> QuerySet[Proposal]:
    """Proposals of which nobody has said anything yet, the likeliest first. One query when looked at."""
    said = Relation.objects.filter(Q(one=OuterRef("one"), other=OuterRef("other")) | Q(one=OuterRef("other"), other=OuterRef("one")))
    found = Proposal.objects.filter(one__withdrawn=None, other__withdrawn=None).select_related("one__report", "other__report")
    found = found.defer("one__vector", "other__vector")
    open_ = Q(kind="same") & ~Exists(said.filter(kind__in=DECIDED["same"])) | Q(kind="conflict") & ~Exists(
        said.filter(kind__in=DECIDED["conflict"])
    )
    found = found.filter(open_)
    if kind in DECIDED:
        found = found.filter(kind=kind)
    if item is not None:
        found = found.filter(Q(one=item) | Q(other=item))
    return found.order_by("-likeness", "pk")


def _pairs(new: set[int]) -> list[_Pair]:
    """Each new item with the nearest that are no younger, above the least likeness of any proposal."""
    with transaction.atomic(), connection.cursor() as cursor:
        wide(cursor)
        cursor.execute(
            """
            SELECT i.id, o.id, o.cosine FROM learn_item i CROSS JOIN LATERAL (
                (SELECT near.item_id AS id, 1 - (near.vector <=> i.vector) AS cosine FROM learn_open near
                  WHERE near."on" <= i."on" ORDER BY near.vector <=> i.vector LIMIT %(n)s)
                UNION
                (SELECT own.id, 1 - (own.vector <=> i.vector) FROM learn_item own
                  WHERE NOT own.open AND own.withdrawn IS NULL AND own.body_id = i.body_id AND own.vector IS NOT NULL AND own."on" <= i."on"
                  ORDER BY own.vector <=> i.vector LIMIT %(n)s)) o
             WHERE i.id = ANY(%(ids)s) AND i.vector IS NOT NULL AND i.withdrawn IS NULL AND o.id <> i.id AND o.cosine >= %(least)s
            """,
            {"ids": sorted(new), "n": NEAREST, "least": ABOUT_THE_SAME / 1.2},
        )
        rows = cursor.fetchall()
    found = {i.pk: i for i in Item.objects.filter(pk__in={x for r in rows for x in r[:2]}, withdrawn=None).defer("vector")}
    # two of one day see each other: kept once, the later number first
    seen: dict[tuple[int, int], float] = {}
    for one, other, cosine in rows:
        if one in found and other in found:
            both = (one, other) if (found[one].on, one) > (found[other].on, other) else (other, one)
            seen[both] = float(cosine)
    if not seen:
        return []
    numbers = {pk: n for n, pk in enumerate(found)}
    words = measuring.words_of([i.text for i in found.values()])
    ones, others = (np.array([numbers[pair[at]] for pair in seen]) for at in (0, 1))
    lexical = np.asarray(words[ones].multiply(words[others]).sum(axis=1)).ravel()
    likeness = measuring.whole(np.array(list(seen.values())), lexical)
    return [_Pair(found[a], found[b], float(s)) for (a, b), s in zip(seen, likeness, strict=True) if s >= ABOUT_THE_SAME]


def _of(rows: QuerySet, name: str, items: set[int]) -> dict[int, set[str]]:  # type: ignore[type-arg]
    out: dict[int, set[str]] = {}
    for item, value in rows.filter(item__in=items).values_list("item_id", name):
        out.setdefault(item, set()).add(value)
    return out
