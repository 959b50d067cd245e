"""What a panel found, kept as it stands; and the hall is rung where it shows care below standard."""

from dataclasses import asdict
from datetime import date
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from tocsin.review import Compared, Met, Unmet, library, signals, unmet_again
from tocsin.signal import ProviderRef, Signal
from tocsin.web.concerns.actions import raise_signal
from tocsin.web.concerns.doing import AccordRefuses
from tocsin.web.people.models import Member, Provider
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.review import figures
from tocsin.web.review.doing import Invalid, begin_panel, needed
from tocsin.web.review.models import AgreedStandard, Case, Consensus, Figures, Findings, Panel
from tocsin.web.review.permissions import PanelAct

BY = "the review"
NATION = ProviderRef("ALL", "All providers together")
"""Whom a national finding is about."""


@transaction.atomic
def publish(*, panel: int, words: str, by: Member, request: UUID | None = None) -> Findings:
    """Keep the table as it stands, and give each finding that stands out to the hall. Raises Invalid, NotPermitted.

    A share of avoidable outcomes is compared with other providers' where the figures have been worked out and five providers or more were
    graded; a standard unmet again and again is told from what the panel agreed. Without a map in force nobody could hold a concern: then
    the findings are kept and none is raised.
    """
    doing = begin_panel(panel, PanelAct.PUBLISHED, by, request=request)
    words = needed("words", words, "Say in plain words what the panel found.")
    of = figures.lines(panel)
    if not any(c.grade for c in of):
        raise Invalid("words", "The panel has agreed on no case yet.")
    found = found_signals(doing.panel, doing.at.date())
    rung = _ring(doing.panel, found)
    table = asdict(figures.table(doing.panel, of)) | {"signals": [s.sentence for s in found]}
    doing.tell(words=words, agreed=sum(c.grade is not None for c in of), signals=rung)
    made = Findings(panel=doing.panel, at=doing.at, by=by, words=words, table=table, signals=rung)
    made.save(force_insert=True)
    return made


def found_signals(panel: Panel, today: date) -> tuple[Signal, ...]:
    """What stands out in a panel's findings, as signals. Five queries, as Tocsin; `figures` of the panel as they were last worked out."""
    unmet = again(panel)
    with acting_as(TOCSIN):
        last = Figures.objects.filter(panel=panel).exclude(result=None).order_by("-ended").first()
        since = Case.objects.filter(panel=panel).exclude(agreed=None).order_by("event_on").values_list("event_on", flat=True).first()
        titles = {t[0].split("@")[0]: t[1] for t in AgreedStandard.objects.filter(consensus__case__panel=panel).values_list("standard", "title") if t[1]}
    compared = [Compared(**c) for c in last.result["compared"]] if last and last.result else []
    codes = {u.provider for u in unmet if u.provider} | {c.provider for c in compared}
    providers = {p.code: ProviderRef(p.code, p.name) for p in Provider.objects.filter(pk__in=codes)}
    titles = {u.standard: _title(u.standard) for u in unmet} | titles
    return signals(
        compared, unmet, providers, titles, nation=NATION, raised_on=today, since=since,
        address=reverse("review:table", args=[panel.pk]),
    )  # fmt: skip


def again(panel: Panel) -> tuple[Unmet, ...]:
    """Standards that went unmet again and again, by what the panel agreed last of each case. Two queries, as Tocsin."""
    verdicts = {"met": True, "not-met": False, "unknown": None}
    with acting_as(TOCSIN):
        last = {c: pk for pk, c in Consensus.objects.filter(case__panel=panel).order_by("id").values_list("id", "case_id")}
        rows = list(
            AgreedStandard.objects.filter(consensus__in=list(last.values()), verdict__in=verdicts).values_list(
                "consensus__case_id", "consensus__case__provider_id", "standard", "verdict"
            )
        )
    found = {(case, key.split("@")[0]): Met(str(case), provider, key.split("@")[0], verdicts[v]) for case, provider, key, v in rows}
    return unmet_again(found.values())


def _ring(panel: Panel, found: tuple[Signal, ...]) -> int:
    rung = 0
    for signal in found:
        what = signal.evidence.get("standard", "share")
        try:
            raise_signal(signal, by=BY, key=f"{BY}|{panel.pk}|{signal.provider.code}|{what}")
        except AccordRefuses:
            continue
        rung += 1
    return rung


def _title(id_: str) -> str:
    known = library().versions(id_)
    return known[-1].title if known else id_
