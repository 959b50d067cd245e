"""The register for others: whole as JSON, flat as CSV, and as schema.org JSON-LD that can be harvested."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from tocsin.learn.register.model import Accepted, Item, Report
from tocsin.learn.taxonomy import load

COLUMNS = (
    "id", "kind", "text", "number", "page", "paragraph", "page_why", "failings", "addressees", "report", "title", "body", "published", "report_kind", "nations",
    "providers", "ods", "source", "source_address", "source_seen", "accepted", "accepted_on", "accepted_by", "accepted_says", "accepted_source",
    "grade", "graded_by", "actions", "owner", "cost", "status", "status_on", "status_why", "status_source", "next_review", "earlier", "unconfirmed",
)  # fmt: skip


def as_json(reports: Iterable[Report]) -> dict[str, Any]:
    """Everything, as it can be read again: `Report.model_validate(as_json(...)["reports"][0])`."""
    return {"taxonomy": load().version, "reports": [report.model_dump(mode="json") for report in reports]}


def as_csv(reports: Iterable[Report]) -> str:
    """One line an item, with its report's particulars. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for report in reports:
        for item in report.items:
            writer.writerow({name: _harmless(value) for name, value in _row(report, item).items()})
    return out.getvalue()


def as_jsonld(reports: Iterable[Report], base: str = "urn:tocsin:register:") -> dict[str, Any]:
    """A schema.org graph: a Dataset of Reports, their items, and the taxonomy's failings as DefinedTerms.

    base: what comes before ids, such as the address under which the items are shown. Reply and evidence are Comments on the item, since
    schema.org has no words for them.
    """
    reports = list(reports)
    about = {failing for report in reports for item in report.items for failing in item.failings}
    graph: list[dict[str, Any]] = [
        {
            "@id": f"{base}dataset",
            "@type": "Dataset",
            "name": "Register of recommendations and failings",
            "description": "What inquiries and reviews of health care recommended or found wrong, restated, with sources and what became of it.",
            "license": "https://www.apache.org/licenses/LICENSE-2.0",
            "isAccessibleForFree": True,
            "hasPart": [{"@id": f"{base}{report.id}"} for report in reports],
        },
        {"@id": f"{base}taxonomy", "@type": "DefinedTermSet", "name": "Taxonomy of failings", "version": load().version},
    ]
    graph += [
        {
            "@id": f"{base}failing/{failing.id}",
            "@type": "DefinedTerm",
            "name": failing.name,
            "description": failing.definition,
            "termCode": failing.id,
            "inDefinedTermSet": {"@id": f"{base}taxonomy"},
        }
        for failing in load().failings
        if failing.id in about
    ]
    for report in reports:
        graph.append(_report(report, base))
        graph += [_item(report, item, base) for item in report.items]
    return {"@context": "https://schema.org", "@graph": graph}


def _row(report: Report, item: Item) -> dict[str, object]:
    source, reply, evidence = report.source(item.source), item.reply, item.evidence
    return {
        "id": item.id,
        "kind": item.kind,
        "text": item.text,
        "number": item.number,
        "page": item.page,
        "paragraph": item.paragraph,
        "page_why": item.page_why,
        "failings": item.failings,
        "addressees": item.addressees,
        "report": report.id,
        "title": report.title,
        "body": report.body,
        "published": report.published,
        "report_kind": report.kind,
        "nations": report.nations,
        "providers": tuple(provider.name for provider in report.providers),
        "ods": tuple(provider.ods for provider in report.providers if provider.ods),
        "source": source.document,
        "source_address": source.address,
        "source_seen": source.seen,
        "accepted": reply.accepted,
        "accepted_on": reply.on,
        "accepted_by": reply.by,
        "accepted_says": reply.says,
        "accepted_source": report.source(reply.source).address if reply.source else None,
        "grade": reply.grade,
        "graded_by": reply.graded_by,
        "actions": tuple(f"{a.what} ({', '.join(a.by)}{f', {a.on}' if a.on else ''})" for a in item.actions),
        "owner": item.owner,
        "cost": item.cost,
        "status": evidence.status,
        "status_on": evidence.on,
        "status_why": evidence.why,
        "status_source": report.source(evidence.source).address if evidence.source else None,
        "next_review": item.next_review,
        "earlier": item.earlier,
        "unconfirmed": "yes" if item.unconfirmed else "no",
    }


def _harmless(value: object) -> str:
    text = "" if value is None else "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _report(report: Report, base: str) -> dict[str, Any]:
    return {
        "@id": f"{base}{report.id}",
        "@type": "Report",
        "identifier": report.id,
        "name": report.title,
        "author": {"@type": "Organization", "name": report.body},
        "datePublished": str(report.published),
        "genre": report.kind.value,
        "spatialCoverage": [{"@type": "Place", "name": nation.value} for nation in report.nations],
        "about": [
            {"@type": "Organization", "name": provider.name}
            | ({"identifier": {"@type": "PropertyValue", "propertyID": "ODS", "value": provider.ods}} if provider.ods else {})
            for provider in report.providers
        ],
        "citation": [{"@type": "CreativeWork", "name": source.document, "url": source.address} for source in report.sources],
        "hasPart": [{"@id": f"{base}{item.id}"} for item in report.items],
    }


def _item(report: Report, item: Item, base: str) -> dict[str, Any]:
    comments: list[dict[str, Any]] = []
    if item.reply.accepted is not Accepted.UNKNOWN or item.reply.says:
        comments.append(
            {"@type": "Comment", "name": f"Reply: {item.reply.accepted.value}"}
            | ({"text": item.reply.says} if item.reply.says else {})
            | ({"dateCreated": str(item.reply.on)} if item.reply.on else {})
            | ({"author": [{"@type": "Organization", "name": name} for name in item.reply.by]} if item.reply.by else {})
            | ({"url": report.source(item.reply.source).address} if item.reply.source else {})
        )
    comments.append(
        {"@type": "Comment", "name": f"Status on evidence: {item.evidence.status.value}", "text": item.evidence.why}
        | ({"dateCreated": str(item.evidence.on)} if item.evidence.on else {})
        | ({"url": report.source(item.evidence.source).address} if item.evidence.source else {})
    )
    return {
        "@id": f"{base}{item.id}",
        "@type": "CreativeWork",
        "genre": item.kind.value,
        "identifier": item.id,
        "text": item.text,
        "isPartOf": {"@id": f"{base}{report.id}"},
        "about": [{"@id": f"{base}failing/{failing}"} for failing in item.failings],
        "audience": [{"@type": "Audience", "name": name} for name in item.addressees],
        "isBasedOn": report.source(item.source).address,
        "citation": [{"@id": f"{base}{id}"} for id in item.earlier],
        "creativeWorkStatus": item.evidence.status.value,
        "comment": comments,
    } | ({"position": item.number} if item.number else {})
