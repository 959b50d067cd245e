"""Cases from a file: good ones come in, bad ones are kept aside with their place and the reason. Large files are read in the background."""

import csv
import io
import json
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from tocsin.review import CaseIn, CasesError, read_cases
from tocsin.web.people.models import Member
from tocsin.web.record import files
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now
from tocsin.web.record.seal import opened, seal
from tocsin.web.review.cases import put_in
from tocsin.web.review.doing import Invalid, PanelDoing, begin_panel
from tocsin.web.review.families import invite_family
from tocsin.web.review.models import Import
from tocsin.web.review.permissions import NotPermitted, PanelAct
from tocsin.web.review.standards import facts_of, library_for

AT_ONCE = 100_000
"""Bytes up to which a file is read while its sender waits."""
STEP = 50
"""Cases that come in together, so that a crash loses no more than a step, and is told of."""


@transaction.atomic
def bring(*, panel: int, upload: UploadedFile | None, by: Member, request: UUID | None = None) -> Import:
    """A file of cases is given to a panel. It is read now if it is small, else by the worker. Raises Invalid, FileRefused."""
    from tocsin.web.review.tasks import read_file

    doing = begin_panel(panel, PanelAct.IMPORTED, by, request=request)
    if upload is None:
        raise Invalid("upload", "Choose a file.")
    kept = files.keep(upload)
    made = Import(panel=doing.panel, by=by, name=(upload.name or "cases")[-200:], file=kept, at=doing.at)
    doing.tell(file=kept.sha256, size=kept.size, name=made.name)
    made.save(force_insert=True)
    number = str(made.pk)
    if kept.size <= AT_ONCE:
        transaction.on_commit(lambda: run(number))
    else:
        transaction.on_commit(lambda: read_file.defer(number=number))
    return made


def run(number: str) -> None:
    """Read a file that was given, and go on where a run before was broken off."""
    with acting_as(TOCSIN):
        job = Import.objects.select_related("panel__body", "by", "file").filter(pk=number, ended=None).first()
    if job is None:
        return
    try:
        text = files.read(job.file).decode("utf-8-sig", "surrogateescape")
        kind = "fhir" if text.lstrip()[:1] in ("{", "[") else "csv"
        with acting_as(job.by_id):
            found, faults = read_cases(text, kind, today=now().date(), name=job.name)
    except (CasesError, files.keys.Unreadable) as error:
        _end(job, [], problem=str(error)[:500])
        return
    aside = [{"line": f.line, "column": f.column, "reason": str(f), "row": dict(f.row), "kept": not f.aside} for f in faults]
    _tell(job, of=len(found))
    for at in range(job.done, len(found), STEP):
        aside += _step(job, found[at : at + STEP])
        _tell(job, done=min(at + STEP, len(found)), kept=job.kept)
    _end(job, aside)


def aside_of(job: Import) -> list[dict[str, Any]]:
    """Rows that could not be used, and remarks on some that came in: [{line, column, reason, row, kept}]. One query."""
    return json.loads(opened(job.aside) or "[]") if job.aside else []


def aside_csv(job: Import) -> str:
    """The same as a file: line, column, reason, and what stood in the row, without what says whose it is."""
    rows = aside_of(job)
    names = list(dict.fromkeys(k for r in rows for k in r["row"]))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["line", "column", "reason", *names])
    for r in rows:
        # a cell that begins like a formula is not run by a spreadsheet
        cells = [r["line"], r["column"], r["reason"], *(r["row"].get(n, "") for n in names)]
        writer.writerow([f"'{c}" if isinstance(c, str) and c[:1] in "=+-@\t\r" and c else c for c in cells])
    return out.getvalue()


def _step(job: Import, found: list[CaseIn]) -> list[dict[str, Any]]:
    aside = []
    with acting_as(job.by_id):
        for one in found:
            try:
                with transaction.atomic():
                    _one(job, one)
                job.kept += 1
            except (Invalid, NotPermitted) as error:
                aside.append({"line": one.line, "column": getattr(error, "field", ""), "reason": f"{job.name}:{one.line}: {error}", "row": {}, "kept": False})
    return aside


def _one(job: Import, one: CaseIn) -> None:
    doing = PanelDoing(job.panel, PanelAct.CASE_ADDED, now(), job.by, None)
    begin_panel(job.panel_id, PanelAct.CASE_ADDED, job.by)
    facts = facts_of(library_for(job.panel), {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in one.facts.items()})
    made = put_in(
        doing, provider=one.provider, outcome=one.kind, event_on=one.event, gestation_days=one.gestation_days,
        identity={"reference": one.reference, **one.identifiers}, facts=facts, events=[(m.when, m.what) for m in one.timeline],
        stratum=one.stratum,
    )  # fmt: skip
    if one.account or one.questions:
        invite_family(case=made.pk, account=one.account, questions=list(one.questions), by=job.by)


def _tell(job: Import, **values: int) -> None:
    with acting_as(TOCSIN):
        Import.objects.filter(pk=job.pk).update(**values)


def _end(job: Import, aside: list[dict[str, Any]], problem: str = "") -> None:
    with acting_as(TOCSIN), transaction.atomic():
        job.aside = seal(f"review-import:{job.pk}", json.dumps(aside)) if aside else None
        job.aside_count, job.ended, job.problem = sum(not a["kept"] for a in aside), now(), problem
        job.save(update_fields=["aside", "aside_count", "ended", "problem"])
