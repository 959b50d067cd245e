"""Files of an organisation's own standards."""

import csv
import io

GOOD = """standards:
  - id: local.example
    version: 1
    area: caesarean
    title: Example
    statement: It is done soon.
    applies: mode_of_birth == "unplanned-caesarean"
    met: minutes(decision_at, born_at) <= 30
    source: {body: We, document: Our rules, section: '1', address: https://example.org, published: 2011-01-01}
    in_force_from: 2011-01-01
"""
SECOND = """  - id: local.second
    version: 1
    area: growth
    title: Second
    statement: It is measured.
    source: {body: We, document: Our rules, address: https://example.org}
    in_force_from: 2012-01-01
"""


def row(**changes):
    values = {
        "id": "local.example", "version": "1", "area": "caesarean", "title": "Example", "statement": "It is done soon.",
        "applies": 'mode_of_birth == "unplanned-caesarean"', "source_body": "We", "source_document": "Our rules",
        "source_address": "https://example.org", "in_force_from": "2011-01-01",
    }  # fmt: skip
    return values | changes


def as_csv(*rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
