"""What leaves the register can be read again, and every reference in it leads somewhere."""

import csv
import io
import json
from dataclasses import asdict

from register_files import item, report
from tocsin.learn.recurrence import recurs
from tocsin.learn.register import Register, Report, Seen, as_csv, as_json, as_jsonld, count, earlier_items, read_register, register

# Properties and types as schema.org defines them (schema.org/CreativeWork, /Report, /Dataset, /DefinedTerm, /Comment, /PropertyValue).
TYPES = {
    "Audience", "Comment", "CreativeWork", "Dataset", "DefinedTerm", "DefinedTermSet", "Organization", "Place", "PropertyValue", "Report",
}  # fmt: skip
PROPERTIES = {
    "about", "audience", "author", "citation", "comment", "creativeWorkStatus", "dateCreated", "datePublished", "description", "genre", "hasPart",
    "identifier", "inDefinedTermSet", "isAccessibleForFree", "isBasedOn", "isPartOf", "license", "name", "position", "propertyID", "spatialCoverage",
    "termCode", "text", "url", "value", "version",
}  # fmt: skip


def nodes(value):
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def test_json_holds_everything_and_is_read_again_as_the_same_register():
    whole = json.loads(json.dumps(as_json(register().reports)))

    again = Register(tuple(Report.model_validate(entry) for entry in whole["reports"]))

    assert again == register()


def test_csv_has_a_line_an_item_with_its_report_and_sources():
    rows = list(csv.DictReader(io.StringIO(as_csv(register().reports))))

    assert [row["id"] for row in rows] == [item.id for item in register().items]
    for row in rows:
        of = register()[row["id"]]
        assert row["text"] == of.text
        assert row["failings"].split("; ") == list(of.failings)
        assert row["source_address"] == register().report(of.id).source(of.source).address
        assert (row["unconfirmed"] == "yes") is of.unconfirmed


def test_csv_is_harmless_in_a_spreadsheet():
    evil = item(text="'=HYPERLINK(\"https://evil.example\") is a long text'")
    (row,) = csv.DictReader(io.StringIO(as_csv(read_register(report(evil)).reports)))

    assert row["text"].startswith("'=HYPERLINK")


def test_jsonld_speaks_schema_org_and_every_reference_leads_somewhere():
    whole = json.loads(json.dumps(as_jsonld(register().reports, "https://tocsin.example/learn/register/")))
    graph = whole["@graph"]
    defined = [node["@id"] for node in graph]

    assert whole["@context"] == "https://schema.org"
    assert len(defined) == len(set(defined))
    for node in nodes(graph):
        assert set(node) - {"@id", "@type"} <= PROPERTIES
        assert node.get("@type", "Report") in TYPES
        assert set(node) != {"@id"} or node["@id"] in set(defined)
    assert sum(node["@type"] == "CreativeWork" for node in graph) == len(register().items)


def test_counts_agree_with_a_count_by_hand_and_with_each_other():
    found = register()
    counts = count(found)
    linked = {item.id for item in found.items if item.earlier} | {id for item in found.items for id in item.earlier}

    assert counts.items == counts.recommendations + counts.failings == sum(len(report.items) for report in found.reports)
    assert counts.repeated == len(linked)
    assert sum(counts.by_status.values()) == sum(counts.by_reply.values()) == counts.recommendations
    assert counts.sources_not_seen == sum(s.seen is Seen.NOT_SEEN for r in found.reports for s in r.sources)
    assert asdict(count(Register(())))["items"] == 0


def test_items_of_the_register_recur_and_only_those_of_reports_before_the_day():
    found = register()
    asked = found["2020-ockenden-first/r4"]
    items = earlier_items(found.report(id) for id in ("2016-rcog-east-kent", "2019-cwm-taf", "2025-lothian-inspection"))

    near = recurs(asked.text, items, on=found.report(asked.id).published.first, top=5)

    assert all(earlier.item.on < found.report(asked.id).published.first for earlier in near)
    assert {"2016-rcog-east-kent/r1", "2019-cwm-taf/r1"} & {earlier.item.id for earlier in near}
