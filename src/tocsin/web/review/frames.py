"""Which cases a panel looks at when it cannot look at all: the list of all, how many of each stratum, and a draw that anybody can repeat."""

import csv
import hashlib
import io
import json
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction

from tocsin.review import How, allocate, expected_half_width, sample, size_for
from tocsin.web.people.models import Member, Provider
from tocsin.web.people.names import put_names
from tocsin.web.record.seal import opened, seal
from tocsin.web.review.doing import Invalid, begin_panel, needed
from tocsin.web.review.importing import bring as bring_file
from tocsin.web.review.models import Frame, FrameList, Import, Panel, Sampling
from tocsin.web.review.permissions import NotPermitted, PanelAct, who_is

MOST_BYTES, MOST_CASES, MOST_STRATA = 5_000_000, 100_000, 60
LONGEST = 100
"""Letters of the name of a stratum."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a draw would take. sizes: by stratum. half_width: of the interval of the share of all, in [0, 1], were the guesses true."""

    sizes: dict[str, int]
    half_width: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """Cases of one stratum in the order drawn: rows of the list, or places on it where the list itself stays elsewhere."""

    stratum: str
    population: int
    references: tuple[str, ...]
    weight: float


def frame_of(panel: Panel) -> Frame | None:
    """The list in use. One query."""
    found = Frame.objects.filter(panel=panel, ended=None).first()
    put_names(([found], "by"))
    return found


@transaction.atomic
def give_list(
    *, panel: int, name: str, upload: UploadedFile | None, column: str, typed: str, by: Member, request: UUID | None = None
) -> Frame:  # fmt: skip
    """The list of all cases comes to a panel: as a CSV file, one a row, divided by a column; or only how many there are in each stratum.

    A list takes the place of the one before, unless a sample was drawn from that. Raises Invalid, NotPermitted.
    """
    doing = begin_panel(panel, PanelAct.LISTED, by, request=request)
    if doing.panel.sampling != Sampling.RANDOM:
        raise Invalid("", "The cases of this panel are not drawn at random, as it was said when the panel was made.")
    name = needed("name", name, "Say of what it is the list, and over which time.", 200)
    before = Frame.objects.select_for_update().filter(panel=doing.panel, ended=None).first()
    if before is not None and before.seed is not None:
        raise Invalid("", "A sample was drawn from the list that is here. It is kept, so that the draw can be repeated.")
    header, rows = _read(upload, column.strip() or "stratum") if upload else ([], [])
    strata = _counted(rows) if upload else _typed(typed)
    providers = sorted({r["provider"] for r in rows})
    unknown = set(providers) - set(Provider.objects.filter(pk__in=providers).values_list("pk", flat=True))
    if unknown:
        raise Invalid("upload", f"'{min(unknown)[:20]}' is no provider that is known here. Give the codes of the register in the column 'provider'.")
    if who_is(by).ties & set(providers):
        raise NotPermitted("You are tied to a provider on this list, so somebody else gives it.")
    salt = secrets.token_hex(16)
    digest = _digest(rows, salt) if rows else ""
    doing.tell(name=name, strata=strata, digest=digest, providers=providers)
    if before is not None:
        before.ended = doing.at
        before.save()
    made = Frame.objects.create(panel=doing.panel, by=by, at=doing.at, name=name, providers=providers, strata=strata, digest=digest)
    if rows:
        sealed = seal(f"review-frame:{made.pk}", json.dumps({"salt": salt, "header": header, "rows": rows}))
        # nothing is asked back: who may read it is said by the list to which it belongs
        FrameList(frame=made, rows=sealed).save(force_insert=True)
    return made


def planned(frame: Frame, *, cases: int | None, half_width: float | None, how: How, guesses: dict[str, float]) -> Plan:
    """How many of each stratum, for so many in all or for a wanted precision; no fewer than were drawn before. Raises Invalid."""
    if how not in ("proportional", "equal", "neyman"):
        raise Invalid("how", "Choose how the cases are divided.")
    if (cases is None) == (half_width is None):
        raise Invalid("cases", "Say how many cases, or how closely the share is to be known: one of the two.")
    strange = set(guesses) - set(frame.strata)
    if strange:
        raise Invalid("guesses", f"There is no stratum '{min(strange)}' on the list.")
    expected = {s: guesses.get(s, 0.5) for s in frame.strata}
    try:
        if half_width is not None:
            sizes = size_for(frame.strata, half_width, how, guesses=expected)
        else:
            sizes = allocate(frame.strata, cases or 0, how, guesses=expected)
    except ValueError as error:
        raise Invalid("cases" if half_width is None else "half_width", f"{str(error)[0].upper()}{str(error)[1:]}.") from None
    sizes = {s: max(n, frame.sizes.get(s, 0)) for s, n in sizes.items()}
    return Plan(sizes, expected_half_width(frame.strata, sizes, expected))


@transaction.atomic
def draw(
    *, panel: int, cases: int | None, half_width: float | None, how: How, guesses: dict[str, float], by: Member, seed: int | None = None,
    request: UUID | None = None,
) -> Frame:  # fmt: skip
    """Draw at random from each stratum. The seed stands in the record; who draws more later goes on with it, and nobody drawn is let go.

    Raises Invalid, NotPermitted.
    """
    doing = begin_panel(panel, PanelAct.DRAWN, by, request=request)
    frame = Frame.objects.select_for_update().filter(panel=doing.panel, ended=None).first()
    if frame is None:
        raise Invalid("", "Give the list of all cases first.")
    plan = planned(frame, cases=cases, half_width=half_width, how=how, guesses=guesses)
    if plan.sizes == frame.sizes:
        raise Invalid("cases", "As many as that are drawn already.")
    if frame.seed is None:
        frame.seed = secrets.randbelow(2**31) if seed is None else seed
    frame.sizes, frame.drawn = plan.sizes, doing.at
    doing.tell(seed=frame.seed, sizes=plan.sizes, how=how, guesses=guesses, expected_half_width=round(plan.half_width, 4), digest=frame.digest)
    frame.save()
    return frame


def drawn(frame: Frame) -> list[Drawn]:
    """What was drawn; empty for somebody who may not read the list. Three queries."""
    if frame.seed is None:
        return []
    if frame.digest:
        listed = _listed(frame)
        if listed is None:
            return []
        cases = {r["reference"]: r["stratum"] for r in listed["rows"]}
    else:
        width = len(str(max(frame.strata.values(), default=1)))
        # a stratum's own numbers, from 1; told apart from those of others by its name
        cases = {f"{s}\x1f{n:0{width}d}": s for s, size in frame.strata.items() for n in range(1, size + 1)}
    found = sample(cases, frame.sizes, seed=frame.seed)
    return [
        Drawn(s, frame.strata[s], tuple(c.rpartition("\x1f")[2].lstrip("0") if not frame.digest else c for c in of), found.weight[s])
        for s, of in found.cases.items()
    ]  # fmt: skip


def drawn_csv(frame: Frame, drawn_: list[Drawn], *, for_people: bool = True, but: dict[str, int] | None = None) -> str:
    """The cases drawn, as they stand on the list, with their stratum; in the form in which cases come in. Two queries.

    for_people: with how many each stands for, and safe to open: a cell that begins like a formula is not run by a spreadsheet. but: how many
    of each stratum are left out, from the first drawn.
    """
    listed = _listed(frame) if frame.digest else None
    rows = {r["reference"]: r["cells"] for r in listed["rows"]} if listed else {}
    own = ("stratum", "weight")
    header = [h for h in (listed["header"] if listed else ["reference"]) if h not in own]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*header, *(own if for_people else own[:1])])
    for d in drawn_:
        for reference in d.references[(but or {}).get(d.stratum, 0) :]:
            cells = [(rows[reference].get(h, "") if listed else reference) for h in header] + [d.stratum]
            writer.writerow([f"'{c}" if c[:1] in "=+-@\t\r" and c else c for c in [*cells, f"{d.weight:.6g}"]] if for_people else cells)
    return out.getvalue()


@transaction.atomic
def take(*, panel: int, by: Member, request: UUID | None = None) -> str:
    """The cases drawn as a file, with what stands on the list beside each; that it was taken stands in the record. Raises Invalid, NotPermitted."""
    doing = begin_panel(panel, PanelAct.TAKEN, by, request=request)
    frame = frame_of(doing.panel)
    of = drawn(frame) if frame else []
    if frame is None or not of:
        raise Invalid("", "There is nothing drawn that you may read.")
    doing.tell(cases=sum(len(d.references) for d in of))
    return drawn_csv(frame, of)


@transaction.atomic
def bring(*, panel: int, by: Member, request: UUID | None = None) -> Import:
    """The cases drawn come into the panel from the list itself, those that did not come before. Raises Invalid, NotPermitted."""
    doing = begin_panel(panel, PanelAct.BROUGHT, by, request=request)
    frame = Frame.objects.select_for_update().filter(panel=doing.panel, ended=None).first()
    of = drawn(frame) if frame else []
    if frame is None or not frame.digest or not of:
        raise Invalid("", "There is no list with cases drawn from it that you may read. Bring the cases from a file, with a column 'stratum'.")
    fresh = {d.stratum: len(d.references) for d in of}
    if fresh == frame.brought:
        raise Invalid("", "Every case that was drawn has been brought already.")
    text = drawn_csv(frame, of, for_people=False, but=frame.brought)
    doing.tell(cases=sum(fresh.values()) - sum(frame.brought.values()))
    frame.brought = fresh
    frame.save()
    return bring_file(panel=panel, upload=SimpleUploadedFile("drawn.csv", text.encode(), "text/csv"), by=by)


def shares(words: str) -> dict[str, float]:
    """'Term: 30' a line, in 100, as shares. Raises Invalid."""
    found = {}
    for line in filter(None, (w.strip() for w in words.splitlines())):
        name, _, number = line.rpartition(":")
        try:
            found[name.strip()] = float(number.strip().removesuffix("%")) / 100
        except ValueError:
            raise Invalid("guesses", f"'{line[:60]}' is not a stratum and a number of 100. Write one a line, such as 'Born early: 30'.") from None
        if not 0 <= found[name.strip()] <= 1:
            raise Invalid("guesses", f"'{line[:60]}': the number is of 100, so from 0 to 100.")
    return found


def _listed(frame: Frame) -> dict[str, Any] | None:
    found = FrameList.objects.filter(frame=frame).first()
    words = opened(found.rows) if found else None
    return json.loads(words) if words else None


def _read(upload: UploadedFile, column: str) -> tuple[list[str], list[dict[str, Any]]]:
    if not upload.size or upload.size > MOST_BYTES:
        raise Invalid("upload", "The file is empty, or larger than 5 MB.")
    try:
        text = upload.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("upload", "The file is not UTF-8 text. Save it as CSV (UTF-8).") from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    reader = csv.DictReader(io.StringIO(lines), delimiter=max(",;\t", key=lines.split("\n", 1)[0].count))
    header = [h.strip() for h in reader.fieldnames or []]
    reader.fieldnames = header
    for wanted in ("reference", "provider", column):
        if wanted not in header:
            raise Invalid("column" if wanted == column else "upload", f"{upload.name}:1: there is no column '{wanted}'. There are: {', '.join(header)[:200]}.")
    rows, seen = [], {}
    for row in reader:
        cells = {k: (v or "").replace("\0", "").strip() for k, v in row.items() if isinstance(k, str) and isinstance(v, str | None)}
        reference, stratum, at = cells.get("reference", ""), cells.get(column, ""), reader.line_num
        if not any(cells.values()):
            continue
        for name, value in (("reference", reference), ("provider", cells.get("provider", "")), (column, stratum)):
            if not value or len(value) > LONGEST:
                raise Invalid("upload", f"{upload.name}:{at}, column '{name}': it is empty, or longer than {LONGEST} letters. Every case needs it.")
        if reference in seen:
            raise Invalid("upload", f"{upload.name}:{at}: the reference stands on line {seen[reference]} too. Each case stands on the list once.")
        seen[reference] = at
        rows.append({"reference": reference, "stratum": stratum, "provider": cells["provider"], "cells": cells})
        if len(rows) > MOST_CASES:
            raise Invalid("upload", f"There are more than {MOST_CASES:,} cases on the list.")
    return header, rows


def _counted(rows: list[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for r in rows:
        found[r["stratum"]] = found.get(r["stratum"], 0) + 1
    return _few(found, "upload")


def _typed(words: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in filter(None, (w.strip() for w in words.replace("\0", "").splitlines())):
        name, _, number = line.rpartition(":")
        name, number = name.strip()[:LONGEST], number.strip().replace(",", "")
        if not name or not (number.isascii() and number.isdigit() and 0 < int(number) <= MOST_CASES):
            raise Invalid("typed", f"'{line[:60]}' is not a stratum and how many cases it has. Write one a line, such as 'Born early: 120'.")
        if name in found:
            raise Invalid("typed", f"'{name}' stands there twice.")
        found[name] = int(number)
    return _few(found, "typed")


def _few(found: dict[str, int], field: str) -> dict[str, int]:
    if not found:
        raise Invalid(field, "Give a file, or write each stratum with how many cases it has.")
    if len(found) > MOST_STRATA:
        raise Invalid(field, f"There are {len(found)} strata. Divide the cases into at most {MOST_STRATA}.")
    return dict(sorted(found.items()))


def _digest(rows: list[dict[str, Any]], salt: str) -> str:
    """What the record is told of a list: it gives nothing away, and no other list fits it."""
    lines = sorted(f"{r['reference']}\x1f{r['stratum']}" for r in rows)
    return hashlib.sha256("\n".join([salt, *lines]).encode()).hexdigest()
