import io
import json
import sys
import types
import zipfile

import pytest
from PIL import Image
from weasyprint import HTML

from reports import EVIDENCE, FAILING, RECOMMENDATION, docx, html, pdf, pictures_only, second_page_scanned
from tocsin.learn import Correction, Kind, Limits, Unreadable, read, reading
from tocsin.learn.parse import parse, recogniser
from tocsin.learn.passages import classify, paragraphs


def test_a_pdf_gives_its_title_date_provider_and_passages_each_with_its_page():
    report = read(pdf())

    assert report.title.value == "Independent review of a maternity unit"
    assert (report.date.value, report.date.page) == ("14 May 2019", 1)
    assert report.provider.value == "Northshire Hospitals NHS Foundation Trust"
    found = {p.kind: p for p in report.passages}
    assert found[Kind.FAILING].page == 2
    assert found[Kind.FAILING].text.startswith(FAILING)
    assert (found[Kind.RECOMMENDATION].page, found[Kind.RECOMMENDATION].number) == (3, "1")
    assert [a.value for a in report.addressees] == ["Trust"]


def test_heads_and_feet_that_repeat_on_the_pages_are_removed():
    said = " ".join(p.text for p in read(pdf()).passages)

    assert "final version" not in said
    assert "Page 3" not in said


@pytest.mark.parametrize("data", [docx(), html(), f"{FAILING}\n\n{RECOMMENDATION}".encode()], ids=["docx", "html", "text"])
def test_other_formats_give_the_same_recommendation_and_failing(data):
    kinds = {p.text: p.kind for p in read(data).passages}

    assert kinds[FAILING] is Kind.FAILING
    assert kinds[RECOMMENDATION] is Kind.RECOMMENDATION


def test_a_report_is_plain_values_for_json():
    assert json.loads(json.dumps(read(html()).as_json()))["passages"][0]["text"] == FAILING


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (60 * 1024**2))
    return out.getvalue()


def entities() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx())) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "word/document.xml":
                data = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + data.split(b"?>", 1)[1]
            new.writestr(entry.filename, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (pdf()[:700], "broken"),
        (pdf(password="secret"), "encrypted"),
        (pictures_only(), "picture"),
        (b"PK\x03\x04 nonsense", "broken"),
        (b"\x7fELF\0\0\0\0", "neither"),
        (bomb(), "unpacked"),
        (entities(), "entities"),
    ],
    ids=["empty", "cut", "encrypted", "pictures", "broken-zip", "binary", "zip-bomb", "entity-bomb"],
)
def test_a_file_that_cannot_be_read_says_why(data, says):
    with pytest.raises(Unreadable, match=says):
        read(data)


def test_limits_on_pages_size_and_memory_hold():
    with pytest.raises(Unreadable, match="4 pages"):
        read(pdf(), Limits(pages=3))
    with pytest.raises(Unreadable, match="larger than"):
        read(b"x" * (2 * 1024**2), Limits(file_mb=1))
    with pytest.raises(Unreadable, match=r"limits|memory|broke"):
        read(docx(), Limits(memory_mb=30))


def test_a_missing_file_is_said_by_name(tmp_path):
    with pytest.raises(Unreadable, match=r"gone\.pdf"):
        read(tmp_path / "gone.pdf")


def test_paragraphs_of_a_pdf_are_told_apart_by_the_space_between_them():
    # each ends in a line that is nearly full, so that the words alone do not tell
    texts = [f"{' '.join(['word'] * n)} ends the {n}th." for n in range(30, 50)]
    report = read(HTML(string="".join(f"<p>{text}</p>" for text in texts)).write_pdf())

    assert [p.text for p in report.passages] == texts


def test_words_broken_at_the_end_of_a_line_are_joined():
    assert paragraphs(["The recom-\nmendation was accepted by the\nboard."]) == [(1, "The recommendation was accepted by the board.")]


def test_a_passage_that_tells_of_a_witness_is_evidence():
    assert classify(EVIDENCE).kind is Kind.EVIDENCE


def test_a_correction_decides_the_next_reading_of_the_same_and_of_much_the_same_words():
    correction = Correction(FAILING, Kind.EVIDENCE)
    nearly = FAILING.replace("unwell", "poorly")

    assert classify(FAILING, [correction]).kind is Kind.EVIDENCE
    assert classify(nearly, [correction]).kind is Kind.EVIDENCE
    assert classify(nearly).kind is Kind.FAILING


def test_corrections_shift_the_rules_for_other_words():
    asked = "All managers should be glad of the new building."
    corrections = [Correction(f"Everyone should enjoy {w}.", Kind.BACKGROUND) for w in ("breakfast", "gardens", "music", "sunlight")]

    assert classify(asked).kind is Kind.RECOMMENDATION
    assert classify(asked, corrections).kind is Kind.BACKGROUND


def test_pages_that_are_pictures_are_said_where_nothing_can_recognise_words(monkeypatch):
    monkeypatch.setattr(reading, "can_recognise", lambda: False)
    report = read(second_page_scanned())

    assert (report.scanned_pages, report.recognised_pages) == ((2,), ())
    assert report.passages[0].text == FAILING


def test_pages_that_are_pictures_are_read_with_their_numbers_where_something_recognises_words():
    answer = parse(second_page_scanned(), "pdf", 10, 10_000, lambda picture: f"{picture.width > 500}")

    assert [page[1:] for page in answer["pages"]] == [[False, False], [False, True]]
    assert answer["pages"][1][0] == "True"


def test_a_picture_without_words_stays_a_picture():
    assert parse(second_page_scanned(), "pdf", 10, 10_000, lambda picture: " ")["pages"][1][1:] == [True, False]


def test_recognised_lines_are_put_from_top_to_bottom_and_left_to_right(monkeypatch):
    def box(left, top):
        return [[left, top], [left + 50, top], [left + 50, top + 10], [left, top + 10]]

    lines = [(box(0, 200), "third", 1.0), (box(300, 101), "second", 1.0), (box(0, 100), "first", 1.0)]
    fake = types.SimpleNamespace(RapidOCR=lambda: lambda picture: (lines, None))
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", fake)

    assert recogniser()(Image.new("RGB", (400, 300))) == "first\nsecond\nthird"


def test_without_the_optional_package_there_is_no_recogniser(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)

    assert recogniser() is None
