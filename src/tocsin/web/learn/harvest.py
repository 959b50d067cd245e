"""What others can take away: rows for programs, and schema.org records."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from tocsin.learn import load as taxonomy
from tocsin.web.learn.models import Item, Link, Status
from tocsin.web.learn.queries import COUNTED

COLUMNS = (
    "address",
    "code",
    "kind",
    "number",
    "text",
    "report",
    "report_title",
    "by",
    "published",
    "page",
    "source",
    "source_address",
    "provider",
    "addressees",
    "failings",
    "accepted",
    "accepted_on",
    "owner",
    "actions",
    "cost",
    "status",
    "next_review",
    "unconfirmed",
)
_ACTION = {
    Status.ACTING: "ActiveActionStatus",
    Status.NOT_BEGUN: "PotentialActionStatus",
    Status.UNKNOWN: "PotentialActionStatus",
    Status.ASSERTED: "ActiveActionStatus",
    Status.WORKS: "CompletedActionStatus",
    Status.FAILS: "FailedActionStatus",
}
"""schema.org's words. What is only said to be done is not completed there either."""


def rows(items: Iterable[Item]) -> list[dict[str, Any]]:
    """Plain values. Three queries."""
    found = list(items)
    about = _failings(found)
    return [
        {
            "address": _address(i),
            "code": i.code,
            "kind": i.kind,
            "number": i.number,
            "text": i.text,
            "report": i.report.slug,
            "report_title": i.report.title,
            "by": i.report.author,
            "published": i.report.on_words,
            "page": i.page,
            "source": (i.source or [""])[0],
            "source_address": i.source[1] if len(i.source) > 1 else "",
            "provider": i.report.provider_name,
            "addressees": "; ".join(a.name for a in i.addressee_set.all()),
            "failings": "; ".join(about.get(i.pk, [])),
            "accepted": i.accepted,
            "accepted_on": i.accepted_on.isoformat() if i.accepted_on else "",
            "owner": i.owner,
            "actions": "; ".join(a["what"] for a in i.actions),
            "cost": i.cost,
            "status": i.status,
            "next_review": i.next_review.isoformat() if i.next_review else "",
            "unconfirmed": i.unconfirmed,
        }
        for i in found
    ]


def json_ld(items: Iterable[Item], names: dict[str, str]) -> dict[str, Any]:
    """A schema.org graph: each item a CreativeWork of a Report, about terms of the taxonomy, with the action that it asks for. Three queries."""
    found = list(items)
    about = _failings(found)
    terms = {f.id: f for f in taxonomy().failings}
    graph: list[dict[str, Any]] = []
    for report in {i.report_id: i.report for i in found}.values():
        graph.append(
            {
                "@type": "Report",
                "@id": f"{settings.TOCSIN_URL}/learn/reports/{report.slug}/",
                "name": report.title,
                "datePublished": report.on_words,
                "author": {"@type": "Organization", "name": report.author},
                "url": [s[1] for s in report.sources if len(s) > 1],
            }
        )
    for i in found:
        record: dict[str, Any] = {
            "@type": "CreativeWork",
            "@id": _address(i),
            "identifier": i.code,
            "genre": i.kind,
            "text": i.text,
            "datePublished": i.report.on_words,
            "position": i.number,
            "pagination": str(i.page) if i.page else "",
            "isPartOf": {"@id": f"{settings.TOCSIN_URL}/learn/reports/{i.report.slug}/"},
            "citation": [s for s in i.source if s],
            "about": [
                {
                    "@type": "DefinedTerm",
                    "@id": f"{settings.TOCSIN_URL}/learn/failings/{f}/",
                    "name": terms[f].name,
                    "inDefinedTermSet": f"{settings.TOCSIN_URL}/learn/failings/",
                }
                for f in about.get(i.pk, [])
                if f in terms
            ],
            "audience": [{"@type": "Audience", "name": a.name, "identifier": a.kind} for a in i.addressee_set.all()],
        }
        if i.kind == "recommendation" and i.status in _ACTION:
            record["potentialAction"] = {
                "@type": "Action",
                "actionStatus": f"https://schema.org/{_ACTION[Status(i.status)]}",
                "description": Status(i.status).label,
                "agent": [{"@type": "Organization", "name": names.get(a.kind, a.name)} for a in i.addressee_set.all()],
            }
        graph.append({k: v for k, v in record.items() if v not in ("", [], None)})
    return {"@context": "https://schema.org", "@graph": graph}


def _failings(items: list[Item]) -> dict[int, list[str]]:
    out: dict[int, list[str]] = {}
    for item, failing in Link.objects.filter(COUNTED, item__in=[i.pk for i in items]).order_by("pk").values_list("item_id", "failing"):
        out.setdefault(item, []).append(failing)
    return out


def _address(item: Item) -> str:
    return f"{settings.TOCSIN_URL}/learn/items/{item.code}/"
