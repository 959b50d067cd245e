"""Reports in; title, date, body, provider, addressees and classed passages out, each with its page and how it was found."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tocsin.learn import parse
from tocsin.learn.passages import Correction, Kind, classify, paragraphs, recommendation_number
from tocsin.learn.sections import BULLET, heading, sections


class Unreadable(ValueError):
    """A file that can't be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may take. recognised_pages: pictures of pages of one file that are read by character recognition, at most."""

    file_mb: int = 60
    pages: int = 2000
    memory_mb: int = 768
    cpu_seconds: int = 20
    characters: int = 8_000_000
    recognised_pages: int = 200


@dataclass(frozen=True, slots=True)
class Found:
    """Something the report says of itself, the page, and how it was found."""

    value: str
    page: int
    how: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph. number: the recommendation's own number, if it has one. why: the rules that decided, or the correction."""

    text: str
    page: int
    kind: Kind
    number: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was read. paged: False where the format has no pages.

    scanned_pages: pages that are pictures, from which nothing was read; recognised_pages: pictures whose words were recognised, with errors likely.
    """

    title: Found | None
    date: Found | None
    body: Found | None
    provider: Found | None
    addressees: tuple[Found, ...]
    passages: tuple[Passage, ...]
    pages: int
    paged: bool
    scanned_pages: tuple[int, ...]
    recognised_pages: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values for json.dumps."""
        found: dict[str, Any] = asdict(self)
        return found


def read(source: str | Path | bytes, limits: Limits = Limits(), *, corrections: Sequence[Correction] = ()) -> Report:
    """Read a PDF, DOCX, HTML or text report in a process of its own. Raises Unreadable: broken, encrypted, hostile, too large, only pictures.

    corrections: made by hand on this or earlier reports; they decide for the same and much the same words, and shift the rules' weights.
    """
    name = "the file" if isinstance(source, bytes) else str(source)
    if not isinstance(source, bytes):
        try:
            size = Path(source).stat().st_size
            source = Path(source).read_bytes() if size <= limits.file_mb * 1024**2 else b"\0" * (limits.file_mb * 1024**2 + 1)
        except OSError as wrong:
            raise Unreadable(f"{name}: cannot be opened: {wrong.strerror}") from wrong
    if not source.strip():
        raise Unreadable(f"{name}: is empty")
    if len(source) > limits.file_mb * 1024**2:
        raise Unreadable(f"{name}: larger than the {limits.file_mb} MB allowed")
    kind = _kind(source)
    answer = _in_a_child(source, kind, limits, name)
    scanned = tuple(i for i, page in enumerate(answer["pages"], 1) if page[1])
    if scanned and len(scanned) <= limits.recognised_pages and can_recognise():
        answer = _in_a_child(source, kind, limits, name, pictures=len(scanned))
        scanned = tuple(i for i, page in enumerate(answer["pages"], 1) if page[1])
    pages = [page[0] for page in answer["pages"]]
    if not any(page.strip() for page in pages):
        raise Unreadable(f"{name}: {_PICTURES if scanned else 'no text on any page'}")
    placed = paragraphs(pages)
    parts = [
        Passage(plain, page, found.kind, recommendation_number(text) if found.kind is Kind.RECOMMENDATION else None, found.why)
        for (page, text), section in zip(placed, sections([text for _, text in placed]), strict=True)
        if heading(text) is None
        for plain in [BULLET.sub("", text)]
        for found in [classify(plain, corrections, section)]
    ]
    return Report(
        _title(answer["title"], pages), _first(_DATE, pages, "first date on the opening pages"), _most(_BODY, pages[:5], "named on the opening pages"),
        _most(_PROVIDER, pages, "named most often"), _addressees(parts), tuple(parts), len(pages), answer["paged"], scanned,
        tuple(i for i, page in enumerate(answer["pages"], 1) if page[2]),
    )  # fmt: skip


def can_recognise() -> bool:
    """Whether the optional package for character recognition is installed: `pip install tocsin[ocr]`."""
    return find_spec("rapidocr_onnxruntime") is not None


_PICTURES = "every page is a picture; install tocsin[ocr], or read it with character recognition first"


_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)? )?(?:{_MONTHS}),? (?:19|20)\d\d\b|\b(?:19|20)\d\d-\d\d-\d\d\b|\b\d{{1,2}}/\d{{1,2}}/(?:19|20)\d\d\b"
)
_BODY = re.compile(
    r"\b(?:Care Quality Commission|Health Services Safety Investigations Body|Healthcare Safety Investigation Branch|Maternity and Newborn "
    r"Safety Investigations|Department of Health(?: and Social Care)?|NHS England|NHS Resolution|MBRRACE-UK|Parliamentary and Health Service "
    r"Ombudsman|Royal College of [A-Z][a-z]+(?:,? (?:and )?[A-Z][a-z]+)*|H\.?M\.? (?:Senior |Area |Assistant )?Coroner|Senior Coroner|House of Commons)\b"
)
_PROVIDER = re.compile(
    r"\b(?:[A-Z][\w'’&-]+ (?:(?:and|of|the|upon) )?){1,6}(?:(?:University )?(?:Hospitals? )?NHS (?:Foundation )?Trust|Health Board)\b"
)
_ADDRESSEE = re.compile(
    r"(?:\brecommends? that |^)(?:Recommendation \S+ |\d[\d.]*[.)]? )?((?:[Tt]he |[Aa]ll |[Ee]very |[Ee]ach )?[A-Z]?[\w'’ ,&-]{2,80}?) (?:should|must|needs? to|is required to)\b"  # noqa: E501
)


def _kind(data: bytes) -> str:
    head = data[:2048].removeprefix(b"\xef\xbb\xbf").lstrip()
    if b"%PDF-" in data[:1024]:
        return "pdf"
    # the last is an old or encrypted Word file, which the parser says
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")):
        return "docx"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.replace(b"\0", b"")[2:]
    return (
        "html" if re.match(rb"(?is)(<!doctype html|<html|<\?xml|<body|<head|<!--|<(?:p|div|h1|article|main|table)[ >])", head) else "text"
    )


def _in_a_child(data: bytes, kind: str, limits: Limits, name: str, pictures: int = 0) -> dict[str, Any]:
    """pictures: how many pages are to be read by character recognition, which takes more time and memory; 0 for none."""
    seconds, memory = limits.cpu_seconds + 20 * pictures, limits.memory_mb + (3072 if pictures else 0)
    command = [sys.executable, "-I", str(Path(parse.__file__)), kind]
    command += [str(v) for v in (limits.pages, memory, seconds, limits.characters)] + ["ocr"] * bool(pictures)
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=3 * seconds + 10, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as wrong:
        raise Unreadable(f"{name}: reading took too long and was ended") from wrong
    if done.returncode:
        raise Unreadable(f"{name}: reading went over its limits ({seconds} s, {memory} MB) or broke down, and was ended")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "error" in answer:
        raise Unreadable(f"{name}: {answer['error']}")
    return answer


def _title(said: str | None, pages: list[str]) -> Found | None:
    if said and len(said.split()) > 1 and not re.search(r"(?i)microsoft word|\.docx?$|untitled", said):
        return Found(said.strip(), 1, "the file's own title")
    for line in pages[0].splitlines():
        if len(line.split()) > 2:
            return Found(line.strip(), 1, "first line of three words or more")
    return None


def _first(pattern: re.Pattern[str], pages: list[str], how: str) -> Found | None:
    for number, page in enumerate(pages[:4], 1):
        if found := pattern.search(page):
            return Found(found.group(), number, how)
    return None


def _most(pattern: re.Pattern[str], pages: list[str], how: str) -> Found | None:
    first: dict[str, int] = {}
    seen: Counter[str] = Counter()
    for number, page in enumerate(pages, 1):
        for found in pattern.finditer(page):
            value = re.sub(r"^(?:The|At|In|Of|For|By) ", "", re.sub(r"\s+", " ", found.group()))
            first.setdefault(value, number)
            seen[value] += 1
    return Found(value := seen.most_common(1)[0][0], first[value], how) if seen else None


def _addressees(passages: list[Passage]) -> tuple[Found, ...]:
    out: dict[str, Found] = {}
    for passage in passages:
        if passage.kind is Kind.RECOMMENDATION and (found := _ADDRESSEE.search(passage.text)):
            value = re.sub(r"^(?:[Tt]hat )?(?:[Tt]he )?", "", found.group(1)).strip()
            out.setdefault(value.lower(), Found(value, passage.page, "subject of a recommendation"))
    return tuple(out.values())
