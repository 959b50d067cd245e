"""What a file is, by its content; and what is not taken, because it could do harm to whoever opens it or could be read in two ways.

Nothing here looks for viruses: an organisation's own scanner does that (docs/how-to/run-tocsin.md). What is taken is only ever given out
as a download under the kind that was found here.
"""

import zlib
from collections.abc import Iterable
from io import BytesIO
from pathlib import PurePath
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

import filetype
import pikepdf

ALLOWED = {
    "application/pdf": "PDF", "image/png": "PNG picture", "image/jpeg": "JPEG picture", "text/plain": "plain text", "text/csv": "CSV",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel workbook",
}  # fmt: skip
ENDINGS = {
    "pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "csv": "text/csv", "txt": "text/plain",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
"""What a name promises. Other endings promise nothing that is taken here."""
MOST_PARTS = 5_000
MOST_UNPACKED = 300 * 1024 * 1024
"""Bytes that an Office file may come to when it is unpacked. A file of 25 MB that comes to more was made to fill a disk."""
_OFFICE = (
    ("word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
)
_PROGRAMS = ("vbaproject.bin", "vbadata.xml", "/activex/", "/macrosheets/", "/dialogsheets/")


class FileRefused(ValueError):
    """A file is too large, empty, or not of a kind that is taken. The message says what to do."""


class Trap(FileRefused):
    """A file that was made so that it does something to whoever opens it, or could be read in two ways. No room takes it."""


def look(content: bytes, name: str, also: Iterable[str] = ()) -> str:
    """The media type of a file. Raises FileRefused where that kind is not taken, or where the file is not only what it seems.

    name: tells texts apart; where its ending promises another kind than the content is, the file is refused. also: kinds taken beside
    ALLOWED; 'application/octet-stream' stands for whatever cannot be recognised.
    """
    allowed = {*ALLOWED, *also}
    kind = "application/zip"
    try:
        kind = _kind(content, name)
        if kind in ALLOWED:
            _whole(content, name, kind)
    except Trap:
        raise
    except FileRefused:
        # a room that takes what cannot be recognised says itself what is wrong with it
        if "application/octet-stream" not in allowed:
            raise
    if kind not in allowed and "application/octet-stream" in allowed:
        return "application/octet-stream"
    if kind not in allowed:
        raise FileRefused(f"This file is {_said(kind)}. Tocsin takes {', '.join(sorted(ALLOWED.values()))}.")
    return kind


def _whole(content: bytes, name: str, kind: str) -> None:
    """Whether it is what its name says, only that, and can be opened. Raises FileRefused."""
    _one_kind_only(content, kind)
    promised = ENDINGS.get(_ending(name))
    # texts are told apart by their name alone
    if promised is not None and promised != kind and not (promised.startswith("text/") and kind.startswith("text/")):
        raise FileRefused(
            f"This file is called '.{_ending(name)}', and it is {_said(kind)}. Look whether it is the one that you mean, and give it its right name."
        )
    if kind == "application/pdf":
        _pdf(content)


def _kind(content: bytes, name: str) -> str:
    if content.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        return "application/x-ole-storage"
    guess = filetype.guess(content[:8192])
    if guess is not None:
        return (_office(content) or "application/zip") if content.startswith(b"PK\x03\x04") else str(guess.mime)
    if _is_text(content):
        return "text/csv" if _ending(name) == "csv" else "text/plain"
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        return "text/html"
    return "of no known kind"


def _ending(name: str) -> str:
    return PurePath(name).suffix.lower().lstrip(".")


def _said(kind: str) -> str:
    if kind in ("application/x-ole-storage", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"):
        return "an Office file of the old kind, or one that needs a password"
    return ALLOWED.get(kind, kind)


def _office(content: bytes) -> str | None:
    """The kind of an Office file; None where the archive is something else. Raises FileRefused where it holds programs, or is a trap."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            kind = next((k for part, k in _OFFICE if part in names), None)
            if kind is None or "[Content_Types].xml" not in names:
                return None
            if len(parts) > MOST_PARTS:
                raise Trap(f"This file is made of more than {MOST_PARTS:,} parts. Save it as PDF and give that.")
            if any(part.flag_bits & 1 for part in parts):
                raise FileRefused("This file needs a password, so nobody here could read it. Save it without one.")
            if len(names) < len(parts):
                raise Trap("Two parts of this file have the same name, so programs differ in what they show. Save it as PDF and give that.")
            _unpacks(archive, parts)
            types = archive.read("[Content_Types].xml").lower()
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, OSError):
        raise FileRefused("This file is damaged: it cannot be unpacked. Save it again, or as PDF, and give that.") from None
    if b"macroenabled" in types or b"vbaproject" in types or any(mark in f"/{name.lower()}" for name in names for mark in _PROGRAMS):
        raise Trap("This file holds macros: programs that run when somebody opens it. Save it without them (.docx, .xlsx) or as PDF.")
    return kind


def _unpacks(archive: ZipFile, parts: list[ZipInfo]) -> None:
    """Each part is unpacked and counted, because what an archive says of its sizes may be made up."""
    left = MOST_UNPACKED
    for part in parts:
        with archive.open(part) as file:
            left = _counted(file, left)


def _counted(file: IO[bytes], left: int) -> int:
    while piece := file.read(1024 * 1024):
        left -= len(piece)
        if left < 0:
            raise Trap(
                f"Unpacked, this file comes to more than {MOST_UNPACKED // 1024**2} MB. Save it as PDF, or in several parts, and give those."
            )
    return left


def _one_kind_only(content: bytes, kind: str) -> None:
    """Refuse what another program would take for another kind: a picture that is an archive too, a text or picture with a PDF in it."""
    other = None
    if "openxmlformats" in kind:
        # whatever stands before or behind the archive is not part of the document
        if not content.startswith(b"PK\x03\x04") or b"PK\x05\x06" not in content[-22:][:4]:
            other = "something else before or behind the document"
    elif is_zipfile(BytesIO(content)):
        other = "an archive"
    elif kind != "application/pdf" and not kind.startswith("text/") and b"%PDF-" in content[:2048]:
        # programs look for the beginning of a PDF in the first thousand bytes
        other = "a PDF"
    elif kind == "image/png" and not content.rstrip(b"\0\r\n").endswith(b"IEND\xaeB`\x82"):
        other = "something behind the picture"
    if other is not None:
        raise Trap(f"This file is {_said(kind)} and holds {other} as well. Save it again by itself and give that.")


def _pdf(content: bytes) -> None:
    try:
        with pikepdf.open(BytesIO(content)) as file:
            if not len(file.pages):
                raise FileRefused("This PDF has no pages.")
            root = file.Root
            started = [root[name] for name in ("/OpenAction", "/AA") if name in root]
            named = "/Names" in root and "/JavaScript" in root.Names
            if named or any(_runs(action) for action in started):
                raise Trap("This PDF holds a program that runs when somebody opens it. Print it to a new PDF and give that.")
    except pikepdf.PasswordError:
        raise FileRefused("This PDF needs a password, so nobody here could read it. Save it without one.") from None
    except pikepdf.PdfError:
        raise FileRefused("This PDF is damaged: it cannot be read. Save it again and give that.") from None


def _runs(action: pikepdf.Object) -> bool:
    words = repr(action)
    return "/JavaScript" in words or "/JS" in words or "/Launch" in words


def _is_text(content: bytes) -> bool:
    try:
        words = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\0" not in words and not words.lstrip("\ufeff \t\r\n").lower().startswith(
        ("<!doctype html", "<html", "<svg", "<script", "<?xml")
    )
