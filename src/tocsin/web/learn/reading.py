"""The background work on a report: read in a process of its own, link to failings, measure; progress and problems are said on its page."""

import logging

import numpy as np
from django.db import transaction

from tocsin import learn
from tocsin.learn import Correction, Kind
from tocsin.web.learn import measuring, proposing
from tocsin.web.learn.actions import store_reading
from tocsin.web.learn.doing import tell
from tocsin.web.learn.models import Item, Link, Passage, Reading, Report
from tocsin.web.record import files, keys
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.again import LOST
from tocsin.web.record.moment import now

_log = logging.getLogger(__name__)
BATCH = 24
LIMITS = learn.Limits()


def read(number: int) -> None:
    """Read one report, as Tocsin. A file that cannot be read stays as it was given."""
    with acting_as(TOCSIN):
        report = Report.objects.select_related("file", "body", "provider").get(pk=number)
        if report.state == Reading.READ or report.file is None:
            return
        Report.objects.filter(pk=number).update(state=Reading.READING, progress=2, problem="")
        report.state, report.progress = Reading.READING, 2
        try:
            found = learn.read(files.read(report.file), LIMITS, corrections=_corrections(report))
        except learn.Unreadable as error:
            _unreadable(report, str(error).replace("the file:", f"{report.file_name}:", 1))
            return
        except (keys.Unreadable, OSError) as error:
            _unreadable(report, f"{report.file_name}: the kept file cannot be opened: {error}")
            return
        except LOST:
            raise
        except Exception:
            _log.exception("A report could not be read")
            _unreadable(report, f"{report.file_name}: it could not be read; those who run Tocsin find the reason in its log.")
            return
        if not found.passages:
            _unreadable(report, f"{report.file_name}: no text of a sentence or more was found in it.")
            return
        report.progress = 40
        store_reading(report=report, found=found)
        total = max(1, Item.objects.filter(report=report).exclude(measure=measuring.VERSION).count())
        done = 0
        while batch := _next(report):
            _measure(batch)
            done += len(batch)
            Report.objects.filter(pk=number).update(progress=min(99, 40 + 60 * done // total))
        proposing.propose(Item.objects.filter(report=report).values_list("pk", flat=True))
        Report.objects.filter(pk=number).update(state=Reading.READ, progress=100)


def measure() -> int:
    """Link and measure every item that lacks it, and propose what may be the same. Returns how many."""
    done: list[int] = []
    with acting_as(TOCSIN):
        while batch := _next(None):
            _measure(batch)
            done += [i.pk for i in batch]
        proposing.propose(done)
    return len(done)


def anything_to_measure() -> bool:
    """Whether some item lacks its vector and its failings. One query."""
    with acting_as(TOCSIN):
        return Item.objects.exclude(measure=measuring.VERSION).filter(withdrawn=None).exists()


def _next(report: Report | None) -> list[Item]:
    waiting = Item.objects.exclude(measure=measuring.VERSION).filter(withdrawn=None)
    return list((waiting if report is None else waiting.filter(report=report)).order_by("pk")[:BATCH])


def _measure(items: list[Item]) -> None:
    texts = [i.text for i in items]
    vectors = measuring.vectors(texts)
    proposed = learn.link(texts)
    with transaction.atomic():
        for item, vector, links in zip(items, vectors, proposed, strict=True):
            item.vector = vector.astype(np.float32) if vector.any() else None
            item.measure = measuring.VERSION
            item.save(update_fields=["vector", "measure"])
            if item.print:
                continue  # shipped items are coded by hand
            Link.objects.filter(item=item, state="proposed").exclude(failing__in=[x.failing for x in links]).delete()
            for link in links:
                reason = {"example": link.reason.example, "voice": link.reason.voice, "words": list(link.reason.words)}
                Link.objects.update_or_create(item=item, failing=link.failing, defaults={"score": round(link.score, 4), "reason": reason})


def _corrections(report: Report) -> list[Correction]:
    """What people corrected in this body's reports and in open ones, newest last."""
    found = Passage.objects.exclude(corrected_by=None)
    found = found.filter(report__body=report.body) | found.exclude(report__opened=None)
    rows = list(found.order_by("-pk").values_list("text", "kind")[:400])
    return [Correction(text, Kind(kind)) for text, kind in reversed(rows)]


def _unreadable(report: Report, words: str) -> None:
    with transaction.atomic():
        Report.objects.filter(pk=report.pk).update(state=Reading.UNREADABLE, problem=words[:500], progress=100)
        tell(report, "unreadable", at=now(), by=None, why=words[:500])
