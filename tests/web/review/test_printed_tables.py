"""The tables as PDF: what stands in them, that a screen reader is told their language and title, and that they say what the pages say."""

import io
import re

import pikepdf
import pypdfium2
import pytest

from hall import enter
from panels import graders_of
from tocsin.review import exact_interval, published
from tocsin.web.record.acting import acting_as
from tocsin.web.review import consensus

pytestmark = pytest.mark.django_db


def printed(client, address):
    """(text of all pages, the document's catalogue as words) of a PDF."""
    answer = client.get(address)
    assert answer["Content-Type"] == "application/pdf"
    pages = pypdfium2.PdfDocument(answer.content)
    words = " ".join(re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in pages)
    with pikepdf.open(io.BytesIO(answer.content)) as file:
        about = {"lang": str(file.Root.Lang), "title": str(file.docinfo["/Title"]), "tagged": bool(file.Root.MarkInfo.Marked)}
    return words, about


@pytest.mark.parametrize(("as_in", "deaths", "rest"), [("report", 65, 88), ("summary", 64, 89)])
def test_east_kents_table_prints_its_counts_sums_and_intervals(client, as_in, deaths, rest):
    words, about = printed(client, f"/review/published/east-kent-2022.pdf?as={as_in}")

    rows = {"Deaths of babies": (45, deaths), "Brain injuries of babies": (12, 17), "Deaths and injuries of mothers": (23, 32),
            "All other outcomes": (17, rest), "All": (97, 202)}  # fmt: skip
    for label, (count, of) in rows.items():
        low, high = (round(100 * x) for x in exact_interval(count, of))
        assert re.search(rf"{label} {of}\b.*?{count} \({100 * count / of:.0f}%\) {low} to {high}%", words), label
    assert sum(c for c, _ in list(rows.values())[:-1]) == 97
    assert sum(n for _, n in list(rows.values())[:-1]) == 202
    assert "The report has 65 deaths of babies, the later summary in the BMJ 64" in words
    assert "For mothers, none could be confirmed" in words
    assert "waited 4,675 to 5,039 days" in words
    assert about == {"lang": "en", "title": "East Kent, births 2009 to 2020: what the panel found", "tagged": True}


def test_the_days_of_east_kent_follow_from_the_dates_that_are_shipped():
    waited = published("east-kent-2022").waited

    # 2009 and 2020 by hand: to the end of 2022's 19 October from each end of the year, by whole years and leap days
    assert waited.first == (12 * 365 + 3 + 292, 13 * 365 + 3 + 291)
    assert waited.last == (365 + 292, 2 * 365 + 1 + 291)
    assert waited.source.count("http") == 2


def test_a_panels_table_prints_what_its_page_says(client, table):
    case = table.case()
    table.deal()
    for seat in graders_of(case):
        table.grade(seat.member, case.pk, "3")
    for seat in graders_of(case):
        with acting_as(seat.member_id):
            consensus.take_position(case=case.pk, grade="3", why="", by=seat.member)
    with acting_as(table.convener.pk):
        consensus.agree(case=case.pk, grade="3", words="x", standards={}, factors={}, by=table.convener)
    enter(client, table.convener)
    words, about = printed(client, f"/review/panels/{table.panel}/table.pdf")

    low, high = (round(100 * x) for x in exact_interval(1, 1))
    assert re.search(rf"Death of a newborn baby 1 0 0 0 1 1 \(100%\) {low} to {high}% 1 \(100%\)", words)
    assert re.search(r"Half of the families had a finding after 2,854 days", words)
    assert about == {"lang": "en", "title": "What the panel found: Trial panel", "tagged": True}
    assert "Unmistakable Name" not in words
