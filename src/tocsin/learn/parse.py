"""The text of a file, page by page, in a process of its own: `python -I parse.py KIND PAGES MEGABYTES SECONDS CHARACTERS`.

The file comes in on standard input; JSON goes out: {"pages": [[text, has_image], ...], "title": ...} or {"error": ...}.
"""

import io
import json
import re
import resource
import sys
import zipfile
from typing import Any


class Refused(Exception):
    """The file can't be read; the message says why and what to do."""


def parse(data: bytes, kind: str, pages: int, characters: int) -> dict[str, Any]:
    """Pages with their text, and the title that the file gives itself. Raises Refused."""
    return {"pdf": _pdf, "docx": _docx, "html": _html, "text": _text}[kind](data, pages, characters)


def _pdf(data: bytes, pages: int, characters: int) -> dict[str, Any]:
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
    out, size = [], 0
    for page in document:
        text = page.get_textpage().get_text_range()
        size += len(text)
        if size > characters:
            raise Refused(f"the text is longer than the {characters:,} characters allowed")
        image = not text.strip() and any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=2))
        out.append([text, image])
    return {"pages": out, "title": document.get_metadata_value("Title")}


def _docx(data: bytes, pages: int, characters: int) -> dict[str, Any]:
    import docx

    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        if sum(entry.file_size for entry in archive.infolist()) > 40 * 1024**2:
            raise Refused("the document grows to more than 40 MB when unpacked; it is not opened")
        for entry in archive.infolist():
            if entry.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.read(entry)[:4096]:
                raise Refused(f"{entry.filename} declares entities, as no word processor does; the document is not opened")
        document = docx.Document(io.BytesIO(data))
    except Refused:
        raise
    except Exception as wrong:  # the library raises many kinds for a broken file
        raise Refused("this is not a readable DOCX: it is broken or encrypted") from wrong
    parts = [p.text for p in document.paragraphs]
    parts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return _one_page("\n\n".join(parts), characters, document.core_properties.title)


def _html(data: bytes, pages: int, characters: int) -> dict[str, Any]:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(data)
    for node in tree.css("script, style, nav, noscript, template"):
        node.decompose()
    parts = [re.sub(r"\s+", " ", n.text()).strip() for n in tree.css("h1, h2, h3, h4, h5, h6, p, li, td, blockquote")]
    title = tree.css_first("title")
    whole = tree.body.text(separator="\n") if tree.body else ""
    return _one_page("\n\n".join(part for part in parts if part) or whole, characters, title.text() if title else None)


def _text(data: bytes, pages: int, characters: int) -> dict[str, Any]:
    if b"\0" in data[:10000]:
        raise Refused("this is neither PDF, DOCX, HTML nor plain text")
    sheets = data.decode("utf-8-sig", "replace").split("\f")
    if len(sheets) > pages:
        raise Refused(f"the text has {len(sheets)} pages, more than the {pages} allowed")
    if len(data) > 4 * characters:
        raise Refused(f"the text is longer than the {characters:,} characters allowed")
    return {"pages": [[sheet, False] for sheet in sheets], "title": None}


def _one_page(text: str, characters: int, title: str | None) -> dict[str, Any]:
    if len(text) > characters:
        raise Refused(f"the text is longer than the {characters:,} characters allowed")
    return {"pages": [[text, False]], "title": title}


def main() -> None:
    kind, pages, megabytes, seconds, characters = sys.argv[1], *(int(v) for v in sys.argv[2:6])
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1024**2,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = parse(sys.stdin.buffer.read(), kind, pages, characters)
    except Refused as wrong:
        answer = {"error": str(wrong)}
    except (MemoryError, RecursionError):
        answer = {"error": f"reading took more than the {megabytes} MB of memory allowed"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
