"""A failing that returns is told to the hall: one signal for each failing of a report, once people have confirmed it and the report is open."""

from dataclasses import replace
from datetime import date

from django.urls import reverse

from tocsin.learn import Earlier, signal_of
from tocsin.learn import Item as Said
from tocsin.learn import load as taxonomy
from tocsin.signal import ProviderRef
from tocsin.web.concerns.actions import raise_signal
from tocsin.web.concerns.doing import AccordRefuses
from tocsin.web.learn.models import Item, Link, LinkState, Report
from tocsin.web.learn.near import Near, earlier
from tocsin.web.record.acting import TOCSIN, acting_as

BY = "learning"


def ring_the_hall(number: int) -> int:
    """Returns how many failings of a report ring. None where it names no provider, is not open, or no map is in force.

    It rings where an earlier open report about the same provider said the same, or where an earlier recommendation against it was marked as done.
    """
    with acting_as(TOCSIN):
        report = Report.objects.select_related("provider").get(pk=number)
        if report.opened is None or report.provider is None or report.on is None:
            return 0
        links = Link.objects.filter(item__report=report, item__withdrawn=None, state=LinkState.CONFIRMED).order_by("-score", "pk")
        by_failing: dict[str, int] = {}
        for link in links:
            by_failing.setdefault(link.failing, link.item_id)
        items = {i.pk: i for i in Item.objects.filter(pk__in=set(by_failing.values())).select_related("report")}
        before = earlier(list(items.values()), top=40)
        rung = 0
        for failing, item in by_failing.items():
            near = [n for n in before[item] if (n.same or failing in n.shared) and n.item.open]
            telling = [n for n in near if n.item.provider_id == report.provider_id or n.after_done]
            if not telling or not _rings(report, items[item], failing, telling):
                continue
            rung += 1
    return rung


def _rings(report: Report, item: Item, failing: str, near: list[Near]) -> bool:
    assert report.provider is not None
    assert report.on is not None
    said = [Earlier(_said(n), round(n.similarity, 3), n.after_done) for n in near]
    address = reverse("learn:item", args=[item.code])
    signal = signal_of(item.text, said, ProviderRef(report.provider.code, report.provider.name), on=report.on, address=address)
    if signal is None:
        return False
    name = taxonomy()[failing].name
    signal = replace(signal, sentence=f"{name}: {signal.sentence}", evidence={**signal.evidence, "indicator": failing})
    try:
        raise_signal(signal, by=BY, key=f"{BY}|{report.provider_id}|{failing}|{report.slug}")
    except AccordRefuses:
        return False
    return True


def _said(near: Near) -> Said:
    assert isinstance(near.item.on, date)
    return Said(near.item.code, near.item.text, near.item.report.title, near.item.on, near.item.provider_id, near.done_on)
