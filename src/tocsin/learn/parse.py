"""The text of a file, page by page, in a process of its own: `python -I parse.py KIND PAGES MEGABYTES SECONDS CHARACTERS OCR`.

The file comes in on standard input; JSON goes out: {"pages": [[text, is_picture, by_recognition], ...], "title": ..., "paged": ...} or
{"error": ...}. OCR is 'ocr' where pictures are to be read too, with the optional package rapidocr-onnxruntime.
"""

import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Callable
from itertools import pairwise
from typing import Any

_UNPACKED = 40 * 1024**2  # bytes that a DOCX may grow to
_PARTS = 2000  # files within a DOCX
_BLOCKS = "h1, h2, h3, h4, h5, h6, p, li, td, th, dt, dd, blockquote, div, section, article, tr, table, ul, ol, br, figcaption, pre"
_MARK = "\x1e"
Read = Callable[[Any], str]


class Refused(Exception):
    """The file can't be read; the message says why and what to do."""


def parse(data: bytes, kind: str, pages: int, characters: int, ocr: Read | None = None) -> dict[str, Any]:
    """Pages with their text, the title that the file gives itself, and whether the format has pages. Raises Refused.

    ocr: what reads the picture of a page; None where pictures are only to be counted.
    """
    if kind == "pdf":
        return _pdf(data, pages, characters, ocr)
    return {"docx": _docx, "html": _html, "text": _text}[kind](data, pages, characters)


def recogniser() -> Read | None:
    """What reads the words of a picture, offline; None where the optional package is not installed."""
    try:
        from rapidocr_onnxruntime import RapidOCR
    except ImportError:
        return None
    engine = RapidOCR()

    def read(picture: Any) -> str:
        import numpy as np

        found, _ = engine(np.asarray(picture.convert("RGB")))
        # lines come with their corners; put in reading order, from top to bottom
        return "\n".join(words for _, words, _ in sorted(found or [], key=lambda line: (round(line[0][0][1] / 12), line[0][0][0])))

    return read


def _pdf(data: bytes, pages: int, characters: int, ocr: Read | None) -> dict[str, Any]:
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as wrong:
        if "assword" in str(wrong):
            raise Refused("the PDF is encrypted; save a copy without a password") from wrong
        raise Refused("this is not a readable PDF: it is broken or cut short") from wrong
    if len(document) > pages:
        raise Refused(f"the PDF has {len(document)} pages, more than the {pages} allowed")
    out: list[list[Any]] = []
    size = 0
    for number in range(len(document)):
        try:
            page = document[number]
            text = _spaced(page.get_textpage())
            image = not text.strip() and any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=2))
            recognised = False
            if image and ocr is not None:
                width, height = page.get_size()
                # 200 dots an inch, but never more than 12 million dots, whatever size the page says it has
                scale = min(200 / 72, (12e6 / max(width * height, 1)) ** 0.5)
                text = ocr(page.render(scale=scale, grayscale=True).to_pil())
                recognised, image = bool(text.strip()), not text.strip()
            page.close()
        except pypdfium2.PdfiumError:  # one bad page does not take the others with it
            text, image, recognised = "", False, False
        size += len(text)
        if size > characters:
            raise Refused(f"the text is longer than the {characters:,} characters allowed")
        out.append([text, image, recognised])
    return {"pages": out, "title": document.get_metadata_value("Title"), "paged": True}


def _spaced(page: Any) -> str:
    """The text of a page with an empty line where the lines stand further apart than most: there a paragraph ends."""
    # U+FFFE is how pdfium gives a hyphen at which a line was broken
    text = str(page.get_text_range()).replace("\r\n", "\n").replace("\ufffe", "-")
    lines = text.split("\n")
    tops: list[float | None] = []
    at = 0
    for line in lines:
        lead = len(line) - len(line.lstrip())
        tops.append(page.get_charbox(at + lead, loose=True)[3] if line.strip() and at + lead < page.count_chars() else None)
        at += len(line) + 2  # pdfium counts both characters of a line's end
    steps = [a - b if a is not None and b is not None else 0.0 for a, b in pairwise(tops)]
    usual = sorted(step for step in steps if step > 1)
    if len(usual) < 2:
        return text
    pitch = usual[len(usual) // 4]  # the closest lines are those within a paragraph
    return "\n".join(line + "\n" * (step > 1.3 * pitch) for line, step in zip(lines, [*steps, 0.0], strict=True))


def _docx(data: bytes, pages: int, characters: int) -> dict[str, Any]:
    import docx
    from docx.table import Table

    if data.lstrip().startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused("this is an old Word file or an encrypted one; save it as DOCX or PDF without a password")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
        if len(entries) > _PARTS or sum(entry.file_size for entry in entries) > _UNPACKED:
            raise Refused("the document grows to more than 40 MB, or 2,000 parts, when unpacked; it is not opened")
        if "word/document.xml" not in archive.namelist() and "[Content_Types].xml" not in archive.namelist():
            raise Refused("this is an archive but no DOCX, or a broken one; save the report as DOCX or PDF")
        for entry in entries:
            if entry.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in _begins(archive, entry):
                raise Refused(f"{entry.filename} declares entities, as no word processor does; the document is not opened")
        document = docx.Document(io.BytesIO(data))
        sheets, page, size = [[""]], 0, 0
        for part in document.iter_inner_content():
            texts = _cells(part) if isinstance(part, Table) else [_paragraph(part)]
            breaks = part._element.xpath(".//w:lastRenderedPageBreak | .//w:br[@w:type='page']")
            for text in texts:
                sheets[page].append(text)
                size += len(text)
            if size > characters or page + len(breaks) >= pages:
                raise Refused(f"the text is longer than the {characters:,} characters or the {pages} pages allowed")
            for _ in breaks:
                sheets.append([])
                page += 1
        title = document.core_properties.title
    except Refused:
        raise
    except (MemoryError, RecursionError):
        raise
    except Exception as wrong:  # the library raises many kinds for a broken file
        raise Refused("this is not a readable DOCX: it is broken or encrypted") from wrong
    return {"pages": [["\n\n".join(sheet), False, False] for sheet in sheets], "title": title, "paged": len(sheets) > 1}


def _begins(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as part:
        return part.read(65536)


def _paragraph(part: Any) -> str:
    listed = (part.style is not None and part.style.name.startswith("List")) or bool(part._element.xpath("./w:pPr/w:numPr"))
    return f"• {part.text}" if listed and part.text.strip() else str(part.text)


def _cells(table: Any) -> list[str]:
    """The text of each cell once, row by row; a cell that reaches over several columns is not said again."""
    seen: set[Any] = set()  # the elements themselves: a number of one that is gone may be given to another
    out = []
    for row in table.rows:
        for cell in row.cells:
            if cell._tc not in seen:
                seen.add(cell._tc)
                out.append(cell.text)
    return out


def _html(data: bytes, pages: int, characters: int) -> dict[str, Any]:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(_decoded(data, html=True))
    title = tree.css_first("title")
    said = re.sub(r"\s+", " ", title.text()).strip() if title else None
    for node in tree.css("script, style, nav, noscript, template, iframe, object, svg"):
        node.decompose()
    for node in tree.css(_BLOCKS):
        node.insert_before(f"{_MARK}• " if node.tag == "li" else _MARK)
        node.insert_after(_MARK)
    whole = tree.body.text() if tree.body else ""
    parts = (re.sub(r"\s+", " ", part).strip() for part in whole.split(_MARK))
    return _one_page("\n\n".join(part for part in parts if part), characters, said)


def _text(data: bytes, pages: int, characters: int) -> dict[str, Any]:
    if data.lstrip().startswith(b"{\\rtf"):
        raise Refused("this is an RTF file; save it as DOCX or PDF")
    text = _decoded(data)
    odd = sum(c == "\ufffd" or (c < " " and c not in "\t\n\r\f\v\x1b") for c in text[:20000])
    if "\0" in text[:20000] or odd > 0.02 * len(text[:20000]):
        raise Refused("this is neither PDF, DOCX, HTML nor plain text")
    sheets = text.split("\f")
    if len(sheets) > pages:
        raise Refused(f"the text has {len(sheets)} pages, more than the {pages} allowed")
    if len(text) > characters:
        raise Refused(f"the text is longer than the {characters:,} characters allowed")
    return {"pages": [[sheet, False, False] for sheet in sheets], "title": None, "paged": True}


def _decoded(data: bytes, html: bool = False) -> str:
    """Text by its mark, by what HTML says of itself, or as UTF-8; else as Windows-1252, which old office programs wrote."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(name, "replace")
    even, odd = data[0:2000:2].count(0), data[1:2000:2].count(0)
    if max(even, odd) > 0.4 * len(data[:2000:2]) and min(even, odd) < 0.1 * len(data[:2000:2]):
        return data.decode("utf-16-be" if even > odd else "utf-16-le", "replace")
    said = re.search(rb"(?i)charset=[\"']?([\w-]+)", data[:2048]) if html else None
    for name in ([said.group(1).decode()] if said else []) + ["utf-8"]:
        try:
            return data.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return data.decode("cp1252", "replace")


def _one_page(text: str, characters: int, title: str | None) -> dict[str, Any]:
    if len(text) > characters:
        raise Refused(f"the text is longer than the {characters:,} characters allowed")
    return {"pages": [[text, False, False]], "title": title, "paged": False}


def main() -> None:
    kind, pages, megabytes, seconds, characters = sys.argv[1], *(int(v) for v in sys.argv[2:6])
    ocr = recogniser() if sys.argv[6:] == ["ocr"] and kind == "pdf" else None
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1024**2,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = parse(sys.stdin.buffer.read(), kind, pages, characters, ocr)
    except Refused as wrong:
        answer = {"error": str(wrong)}
    except (MemoryError, RecursionError):
        answer = {"error": f"reading took more than the {megabytes} MB of memory allowed"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
