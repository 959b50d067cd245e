"""Whatever a file holds: a right reading or a clear refusal, within limits, and nothing else harmed."""

import contextlib
import io
import os
import zipfile

import pytest
from docx import Document
from fpdf import FPDF
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports import FAILING, RECOMMENDATION, docx, html, pdf, pictures_only
from tocsin.learn import Kind, Limits, Unreadable, read
from tocsin.learn.parse import Refused, parse

SEEDS = {"pdf": pdf(2), "docx": docx(), "html": html(), "text": f"{FAILING}\n\n{RECOMMENDATION}".encode()}


def tried(data, limits):
    """The report, or why there is none."""
    try:
        return read(data, limits), ""
    except Unreadable as refused:
        return None, str(refused)


def kinds(data):
    return {passage.text: passage.kind for passage in read(data).passages}


@pytest.mark.parametrize(
    "data",
    [
        f"{FAILING}\n\n{RECOMMENDATION}".encode("utf-16"),
        f"{FAILING}\n\n{RECOMMENDATION}".encode("utf-16-be"),
        f"{FAILING}\n\n{RECOMMENDATION}".encode("utf-16-le"),
        f"{FAILING}\n\n{RECOMMENDATION}".encode("utf-8-sig"),
        b"\xef\xbb\xbf" + html(),
        html().decode().encode("utf-16"),
    ],
    ids=["utf-16", "utf-16-be", "utf-16-le", "utf-8-bom", "html-bom", "html-utf-16"],
)
def test_text_is_read_in_whichever_unicode_it_was_written(data):
    assert kinds(data) == {FAILING: Kind.FAILING, RECOMMENDATION: Kind.RECOMMENDATION}


def test_text_of_old_office_programs_keeps_its_quotes_and_pounds():
    (passage,) = read("Staff failed to act: “no beds”, a cost of £5 – it was said.".encode("cp1252")).passages

    assert passage.text == "Staff failed to act: “no beds”, a cost of £5 – it was said."


def test_html_in_the_letters_that_it_names_itself_is_read_so():
    page = "<html><head><meta charset=iso-8859-1></head><body><p>The café’s staff failed to call.</p></body></html>".replace("’", "'")

    assert read(page.encode("iso-8859-1")).passages[0].text == "The café's staff failed to call."


def test_words_in_nested_html_are_said_once_and_scripts_not_at_all():
    page = f"<div><ul><li><p>{FAILING}</p></li></ul><table><tr><td><p>{RECOMMENDATION}</p></td></tr></table><script>alert('x y z w')</script></div>"

    assert [p.text for p in read(f"<html><body>{page}</body></html>".encode()).passages] == [FAILING, RECOMMENDATION]


def test_pages_of_a_word_document_are_counted_by_its_page_breaks():
    document = Document()
    document.add_paragraph(FAILING)
    document.add_page_break()
    document.add_paragraph(RECOMMENDATION)
    out = io.BytesIO()
    document.save(out)
    report = read(out.getvalue())

    assert report.paged
    assert [p.page for p in report.passages] == [1, 2]


def test_a_merged_cell_is_said_once_and_tables_stand_where_they_stand():
    document = Document()
    document.add_paragraph(FAILING)
    table = document.add_table(1, 3)
    table.cell(0, 0).merge(table.cell(0, 2)).text = RECOMMENDATION
    document.add_paragraph("The unit was established in the town long ago.")
    out = io.BytesIO()
    document.save(out)

    assert [p.text for p in read(out.getvalue()).passages] == [FAILING, RECOMMENDATION, "The unit was established in the town long ago."]


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def many_pages(count: int) -> bytes:
    document = FPDF()
    for _ in range(count):
        document.add_page()
    return bytes(document.output())


def loop() -> bytes:
    """A PDF whose tree of pages holds itself."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R]/Count 5>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF"
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (os.urandom(5000).replace(b"%PDF-", b"12345"), "neither|broken"),
        (b"%PDF-1.7\n" + b"\xff" * 5000, "broken"),
        (loop(), "broken|no text"),
        (many_pages(2100), "pages"),
        (archive(**{"mimetype": b"application/vnd.oasis.opendocument.text"}), "no DOCX"),
        (archive(**{f"x{i}": b"" for i in range(2100)}), "2,000 parts"),
        (b"{\\rtf1\\ansi " + FAILING.encode() + b"}", "RTF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Word"),
        (b"GIF89a" + b"\0" * 300, "neither"),
        (b" \n\t ", "empty"),
        (b"<html><body></body></html>", "no text"),
    ],
    ids=["noise", "pdf-noise", "pdf-loop", "pdf-pages", "odt", "parts", "rtf", "ole", "gif", "blank", "empty-html"],
)
def test_a_file_that_is_no_report_is_refused_in_words(data, says):
    with pytest.raises(Unreadable, match=says):
        read(data)


@pytest.mark.parametrize("depth", [2_000, 30_000])
def test_html_nested_without_end_is_read_or_refused_within_its_limits(depth):
    page = b"<html><body>" + b"<div>" * depth + FAILING.encode() + b"</div>" * depth + b"</body></html>"
    report, refused = tried(page, Limits(cpu_seconds=3))

    assert [p.text for p in report.passages] == [FAILING] if report else any(word in refused for word in ("limits", "memory", "too long"))


def test_a_picture_that_claims_to_be_huge_takes_no_memory():
    huge = pictures_only().replace(b"/Width 200", b"/Width 90000").replace(b"/Height 200", b"/Height 90000")

    with pytest.raises(Unreadable):
        read(huge, Limits(memory_mb=512))


def test_scripts_in_a_pdf_are_not_run_and_its_words_are_read():
    action = b"/OpenAction<</S/JavaScript/JS(while(1){app.alert('x')})>>"
    assert any(p.kind is Kind.FAILING for p in read(pdf().replace(b"/Type /Catalog", b"/Type /Catalog " + action)).passages)


@pytest.mark.parametrize("name", ["pdf", "docx", "html", "text"])
def test_the_name_of_a_file_does_not_decide_what_it_is(tmp_path, name):
    (tmp_path / "report.png").write_bytes(SEEDS[name])

    assert read(tmp_path / "report.png").passages


@st.composite
def mutated(draw):
    """A real file with some bytes changed, cut out, said twice or put in."""
    kind = draw(st.sampled_from(sorted(SEEDS)))
    data = bytearray(SEEDS[kind])
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.integers(1, 64))
        piece = draw(st.one_of(st.binary(max_size=64), st.just(bytes(data[at : at + length])), st.just(b"")))
        data[at : at + draw(st.sampled_from([0, length]))] = piece
    return kind, bytes(data)


@settings(max_examples=int(os.environ.get("TOCSIN_FUZZ", "150")), deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated().filter(lambda made: made[0] != "pdf"))
def test_a_damaged_file_gives_text_or_a_refusal_and_never_another_error(made):
    kind, data = made
    with contextlib.suppress(Refused):
        assert all(isinstance(page[0], str) for page in parse(data, kind, 50, 100_000)["pages"])


@settings(max_examples=int(os.environ.get("TOCSIN_FUZZ", "150")) // 10, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_a_damaged_file_read_as_a_whole_gives_passages_or_says_why_not(made):
    report, refused = tried(made[1], Limits(pages=50, cpu_seconds=10))

    assert all(1 <= p.page <= report.pages for p in report.passages) if report else "the file: " in refused
