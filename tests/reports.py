"""Real files to read, made on the spot."""

import io

from docx import Document
from fpdf import FPDF
from PIL import Image

RECOMMENDATION = "Recommendation 1 The Trust must ensure that consultants attend in person whenever a colleague asks them to come."
FAILING = "Staff failed to recognise that the baby was unwell, and no one called a paediatrician until it was too late."
EVIDENCE = "One midwife told us: there were 12 women and two of us that night, and I described it to the manager at 02.15."


def pdf(pages: int = 4, password: str | None = None) -> bytes:
    document = FPDF()
    document.set_title("Independent review of a maternity unit")
    if password:
        document.set_encryption(owner_password="owner", user_password=password)
    for number in range(1, pages + 1):
        document.add_page()
        document.set_font("Helvetica", size=11)
        document.cell(0, 8, "Maternity review, final version", new_x="LMARGIN", new_y="NEXT")
        if number == 1:
            document.cell(0, 8, "14 May 2019", new_x="LMARGIN", new_y="NEXT")
            document.multi_cell(
                0, 6, "This report is about care at Northshire Hospitals NHS Foundation Trust.", new_x="LMARGIN", new_y="NEXT"
            )
        if number == 2:
            document.multi_cell(0, 6, FAILING, new_x="LMARGIN", new_y="NEXT")
        if number == 3:
            document.multi_cell(0, 6, RECOMMENDATION, new_x="LMARGIN", new_y="NEXT")
        if number not in (2, 3):
            document.multi_cell(0, 6, "The unit was established in the town long ago.", new_x="LMARGIN", new_y="NEXT")
        document.cell(0, 8, f"Page {number}", new_x="LMARGIN", new_y="NEXT")
    return bytes(document.output())


def pictures_only() -> bytes:
    document = FPDF()
    document.add_page()
    picture = io.BytesIO()
    Image.new("RGB", (200, 200), "grey").save(picture, "PNG")
    document.image(picture, x=10, y=10, w=150)
    return bytes(document.output())


def second_page_scanned() -> bytes:
    document = FPDF()
    document.add_page()
    document.set_font("Helvetica", size=11)
    document.multi_cell(0, 6, FAILING)
    document.add_page()
    picture = io.BytesIO()
    Image.new("RGB", (200, 200), "grey").save(picture, "PNG")
    document.image(picture, x=10, y=10, w=150)
    return bytes(document.output())


def docx() -> bytes:
    document = Document()
    document.add_heading("Learning from a death in hospital", 1)
    for text in (FAILING, RECOMMENDATION, EVIDENCE):
        document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def html() -> bytes:
    return f"<html><head><title>A short report</title></head><body><p>{FAILING}</p><p>{RECOMMENDATION}</p><script>x()</script></body></html>".encode()
