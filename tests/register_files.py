"""Reports of a register, as files say them."""

REPORT = """\
id: {id}
title: A review
body: A panel
published: {published}
kind: independent-review
nations: England
maternity: true
addressees: [A trust]
page_why: No page numbers on the page that was seen.
sources:
- {{id: report, document: The report, address: "https://example.org/{id}"}}
- {{id: reply, document: The reply, address: "https://example.org/{id}/reply", seen: not-seen}}
items:
"""
ITEM = """\
- id: {id}
  kind: recommendation
  text: {text}
  source: {source}
  failings: [{failing}]
"""


def report(*items, id="2015-one", published="2015-03-03"):
    return {f"{id}.yaml": REPORT.format(id=id, published=published) + "".join(items)}


def item(id="r1", text=None, source="report", failing="handover-poor", more=""):
    return ITEM.format(id=id, text=text or f"Hand over in writing at each change of shift ({id}).", source=source, failing=failing) + more
