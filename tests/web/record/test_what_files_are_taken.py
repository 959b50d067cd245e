"""What is given as evidence is what it seems: macros, other kinds under a good name, bombs, passwords and files of two kinds are refused.

The files are made by the libraries that write such files for people (python-docx, fpdf2, pikepdf, zipfile), so they are real ones.
"""

import zipfile
from io import BytesIO

import docx
import pikepdf
import pytest
from fpdf import FPDF

from tocsin.web.record import looking
from tocsin.web.record.looking import FileRefused, Trap, look

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"\xff\xdb\x00\x43\x00" + b"\x08" * 64 + b"\xff\xd9"


def word():
    made = BytesIO()
    document = docx.Document()
    document.add_paragraph("What happened on the ward.")
    document.save(made)
    return made.getvalue()


def packed(content, **more):
    """An Office file with more parts, or other words in its own."""
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, more.pop(part.filename, old.read(part)))
        for name, words in more.items():
            new.writestr(name, words)
    return made.getvalue()


def pdf(password="", owner="", action=None):
    paper = FPDF()
    paper.add_page()
    paper.set_font("helvetica", size=12)
    paper.cell(text="What happened on the ward.")
    made = BytesIO()
    with pikepdf.open(BytesIO(bytes(paper.output()))) as file:
        if action:
            file.Root.OpenAction = file.make_indirect(pikepdf.Dictionary(S=pikepdf.Name(action), JS=pikepdf.String("app.alert(1)")))
        file.save(made, encryption=pikepdf.Encryption(user=password, owner=owner or password) if password or owner else None)
    return made.getvalue()


def zipped(**parts):
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, words in parts.items():
            file.writestr(name, words)
    return made.getvalue()


TAKEN = {
    "letter.docx": (word(), WORD), "letter": (word(), WORD), "report.pdf": (pdf(), "application/pdf"), "scan.png": (PNG, "image/png"),
    "scan.JPG": (JPEG, "image/jpeg"), "notes.txt": (b"What happened", "text/plain"), "rota.csv": (b"day,staff\n1,2\n", "text/csv"),
    # may be read by everybody, only not printed
    "owner.pdf": (pdf(owner="secret"), "application/pdf"),
    "about.txt": (b"The word %PDF- stands in this text.", "text/plain"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_only_what_it_seems_is_taken(name):
    content, kind = TAKEN[name]

    assert look(content, name) == kind


REFUSED = {
    "macros": ("letter.docx", packed(word(), **{"word/vbaProject.bin": b"\xd0\xcf\x11\xe0"}), "holds macros"),
    "macros under another name": ("letter.docx", packed(word(), **{"word/VBAPROJECT.BIN": b"x"}), "holds macros"),
    "a macro sheet": ("book.xlsx", zipped(**{"[Content_Types].xml": "x", "xl/workbook.xml": "x", "xl/macrosheets/sheet1.xml": "x"}), "holds macros"),
    "a kind with macros": (
        "letter.docx", packed(word(), **{"[Content_Types].xml": b"application/vnd.ms-word.document.macroEnabled.main+xml"}), "holds macros"
    ),
    "a picture called a PDF": ("report.pdf", PNG, "called '.pdf', and it is PNG picture"),
    "a PDF called a picture": ("scan.png", pdf(), "called '.png', and it is PDF"),
    "a Word file called a PDF": ("report.pdf", word(), "called '.pdf', and it is Word document"),
    "a text called a Word file": ("letter.docx", b"What happened", "called '.docx', and it is plain text"),
    "a PDF with a password": ("report.pdf", pdf(password="secret"), "needs a password"),
    "a broken PDF": ("report.pdf", b"%PDF-1.7\nnothing of a PDF", "damaged"),
    "a PDF with a script": ("report.pdf", pdf(action="/JavaScript"), "a program that runs"),
    "an archive": ("letters.zip", zipped(a="x"), "Tocsin takes"),
    "an archive called a Word file": ("letter.docx", zipped(a="x"), "Tocsin takes"),
    "an archive that only names a Word part": ("letter.docx", zipped(**{"word/document.xml": "x"}), "Tocsin takes"),
    "a picture that is an archive": ("scan.png", PNG + zipped(a="x"), "holds an archive as well"),
    "a PDF that is an archive": ("report.pdf", pdf() + zipped(a="x"), "holds an archive as well"),
    "a picture with a PDF in it": ("scan.jpg", JPEG[:20] + b"\xff\xfe\x00\x10%PDF-1.4 ...." + JPEG[20:], "holds a PDF as well"),
    "a picture with something behind it": ("scan.png", PNG + b"<script>alert(1)</script>", "something behind the picture"),
    "a Word file with something behind it": ("letter.docx", word() + b"MZ and a program", "as well"),
    "a program": ("letter.docx", b"MZ" + b"\0" * 300, "Tocsin takes"),
    "an old Office file": ("letter.doc", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "of the old kind"),
    "a page": ("notes.txt", b"<html><script>alert(1)</script>", "text/html"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_could_do_harm_or_be_read_in_two_ways_is_refused_with_what_to_do(what):
    name, content, words = REFUSED[what]

    with pytest.raises(FileRefused, match=words.replace(".", r"\.")):
        look(content, name)


def test_a_bomb_is_refused_before_it_is_unpacked_whole(monkeypatch):
    monkeypatch.setattr(looking, "MOST_UNPACKED", 3 * 1024 * 1024)
    assert look(packed(word(), **{"word/media/a.txt": b"\0" * 2 * 1024 * 1024}), "letter.docx") == WORD
    bomb = packed(word(), **{"word/media/a.txt": b"\0" * 4 * 1024 * 1024})
    assert len(bomb) < 100_000

    with pytest.raises(Trap, match="comes to more than 3 MB"):
        look(bomb, "letter.docx")


def test_a_bomb_that_lies_about_its_size_does_not_pass(monkeypatch):
    monkeypatch.setattr(looking, "MOST_UNPACKED", 3 * 1024 * 1024)
    size = 4 * 1024 * 1024
    bomb = packed(word(), **{"word/media/a.txt": b"\0" * size})
    lying = bomb.replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != bomb

    with pytest.raises(FileRefused):
        look(lying, "letter.docx")


def test_an_office_file_of_a_great_many_parts_is_refused(monkeypatch):
    monkeypatch.setattr(looking, "MOST_PARTS", 40)

    with pytest.raises(Trap, match="more than 40 parts"):
        look(packed(word(), **{f"word/media/{n}.txt": b"x" for n in range(40)}), "letter.docx")


def test_two_parts_of_one_name_are_refused():
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in ("[Content_Types].xml", "word/document.xml"):
            file.writestr(name, "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("word/document.xml", "another")

    with pytest.raises(Trap, match="same name"):
        look(made.getvalue(), "letter.docx")


def test_a_room_that_takes_anything_is_given_what_is_broken_but_no_trap():
    also = ("text/html", "application/octet-stream")

    assert look(b"%PDF-1.7\nnothing of a PDF", "report.pdf", also) == "application/pdf"
    assert look(pdf(password="secret"), "report.pdf", also) == "application/pdf"
    assert look(b"PK\x03\x04" + bytes(range(256)) * 8, "noise.docx", also) == "application/octet-stream"
    with pytest.raises(Trap, match="holds macros"):
        look(packed(word(), **{"word/vbaProject.bin": b"x"}), "letter.docx", also)
