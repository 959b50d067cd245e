"""A register of two reports, eleven years apart, that say the same."""

from tocsin.learn import load as taxonomy
from tocsin.learn.register import read_register

FAILING = next(f.id for f in taxonomy().failings if "consultant" in f.id)
EARLY = """
id: 2001-early-review
title: An early review
body: Early reviewers
published: 2001-05
kind: inquiry
nations: England
maternity: true
providers: [{name: Provider XAA, ods: XAA}]
sources: [{id: report, document: The early review, address: "https://example.org/early"}]
items:
- id: r1
  kind: recommendation
  text: Consultants should come to the labour ward in person whenever a colleague asks them to attend.
  source: report
  page: 7
  addressees: [Trusts]
  failings: [consultant-absent]
  reply: {accepted: accepted, on: 2002-01-05, by: The department, source: report}
  evidence: {status: done-by-assertion, why: The trust wrote that it was done., on: 2003-04-01, source: report}
"""
LATE = """
id: 2012-late-review
title: A late review
body: Late reviewers
published: 2012-09-01
kind: inquiry
nations: England
maternity: true
sources: [{id: report, document: The late review, address: "https://example.org/late"}]
items:
- id: f1
  kind: failing
  text: Consultants did not come to the labour ward when they were asked to attend by colleagues.
  source: report
  page: 9
  failings: [consultant-absent]
  earlier: [2001-early-review/r1]
"""


def read(early=EARLY, late=LATE):
    """The two as a register."""
    texts = {"2001-early-review.yaml": early, "2012-late-review.yaml": late}
    return read_register({name: text.replace("consultant-absent", FAILING) for name, text in texts.items()})
