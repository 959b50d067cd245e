"""The register that comes with Tocsin, brought into the database. What was changed by hand stays; what nobody touched follows a new version."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from tocsin.learn.register import Item as ShippedItem
from tocsin.learn.register import Register, register
from tocsin.learn.register import Report as ShippedReport
from tocsin.web.learn import measuring, proposing, shipped_vectors
from tocsin.web.learn.addressed import asked, provider_named
from tocsin.web.learn.doing import tell
from tocsin.web.learn.identity import identity
from tocsin.web.learn.models import Addressee, Family, Item, Link, LinkState, Origin, Relation, Report, StatusEntry
from tocsin.web.people.models import Body, Provider
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now

Progress = Callable[[str, int, int], Any]


def load(given: Register | None = None, progress: Progress | None = None) -> int:
    """Bring the shipped register in. Returns how many reports were new or had changed; a second call returns 0."""
    whole = given or register()
    told = progress or (lambda what, done, of: None)
    changed = 0
    with acting_as(TOCSIN):
        known = dict(Report.objects.filter(origin=Origin.SHIPPED).values_list("slug", "print"))
        bodies, providers = list(Body.objects.select_related("provider")), list(Provider.objects.all())
        for at, report in enumerate(whole.reports):
            told("Loading the register", at, len(whole.reports))
            if known.get(report.id) != _print(report):
                _report(report, bodies, providers)
                changed += 1
        if changed:
            _families(whole)
        _identify()
        _measure(told)
        told("Loaded the register", 1, 1)
    return changed


@transaction.atomic
def _report(given: ShippedReport, bodies: list[Body], providers: list[Provider]) -> None:
    at = now()
    report = Report.objects.filter(slug=given.id).first() or Report(slug=given.id, origin=Origin.SHIPPED, taken_in=at, opened=at)
    names = ", ".join(p.name for p in given.providers)
    provider = next((p for g in given.providers for p in providers if p.code == g.ods), None) or (
        provider_named(names, providers) if names else None
    )
    values = {
        "title": given.title,
        "on": given.published.first,
        "on_words": str(given.published),
        "author": given.body[:300],
        "provider_name": names[:300],
        "provider": provider if len(given.providers) == 1 else None,
        "addressees": list(given.addressees),
    }
    for name, value in values.items():
        if name not in report.touched:
            setattr(report, name, value)
    report.kind, report.note, report.print = given.kind, given.note or "", _print(given)
    report.sources = [[s.document, s.address, s.seen] for s in given.sources]
    new = report.pk is None
    report.save()
    kept = {i.code: i for i in Item.objects.filter(report=report)}
    for entry in given.items:
        item = kept.pop(entry.id, None)
        if item is None or item.print != _print(entry) or item.on != report.on or item.provider_id != report.provider_id:
            _item(item or Item(code=entry.id), entry, given, report, bodies, at)
    for gone in kept.values():
        if gone.print and not gone.touched:
            gone.withdrawn = at
            gone.save(update_fields=["withdrawn"])
    tell(report, "shipped" if new else "shipped-anew", at=at, by=None, print=report.print, items=len(given.items))


def _item(item: Item, given: ShippedItem, of: ShippedReport, report: Report, bodies: list[Body], at: datetime) -> None:
    source = of.source(given.source)
    if item.text != given.text and "text" not in item.touched:
        item.text, item.measure = given.text, ""
    item.report, item.kind, item.number, item.page, item.page_why = report, given.kind, given.number or "", given.page, given.page_why or ""
    item.source, item.unconfirmed, item.withdrawn = [source.document, source.address], given.unconfirmed, None
    item.open, item.on, item.provider, item.print = True, report.on, report.provider, _print(given)
    if "reply" not in item.touched:
        reply = given.reply
        item.accepted, item.accepted_on = reply.accepted, reply.on.first if reply.on else None
        item.reply = {
            "by": list(reply.by),
            "says": reply.says or "",
            "grade": reply.grade or "",
            "graded_by": reply.graded_by or "",
            "source": _where(of, reply.source),
        }
    for name, value in (
        ("owner", given.owner or ""),
        ("cost", given.cost or ""),
        ("next_review", given.next_review.first if given.next_review else None),
    ):
        if name not in item.touched:
            setattr(item, name, value)
    if "actions" not in item.touched:
        item.actions = [
            {"what": a.what, "by": list(a.by), "on": str(a.on) if a.on else "", "source": _where(of, a.source)} for a in given.actions
        ]
    if "status" not in item.touched:
        item.status = given.evidence.status
    item.save()
    evidence = given.evidence
    values = {
        "status": evidence.status,
        "on": evidence.on.first if evidence.on else None,
        "on_words": str(evidence.on or ""),
        "evidence": evidence.why,
        "source": _where(of, evidence.source),
        "at": at,
    }
    StatusEntry.objects.update_or_create(item=item, shipped=True, defaults=values)
    for name in given.addressees:
        Addressee.objects.update_or_create(item=item, name=name[:300], defaults=asked(name, report.provider, bodies))
    Addressee.objects.filter(item=item).exclude(name__in=[n[:300] for n in given.addressees]).delete()
    for failing in given.failings:
        Link.objects.get_or_create(item=item, failing=failing, defaults={"reason": {"by": "register"}, "state": LinkState.CONFIRMED})


@transaction.atomic
def _families(whole: Register) -> None:
    at = now()
    ids = {i.code: i for i in Item.objects.filter(report__origin=Origin.SHIPPED).defer("vector")}
    for grown in whole.families():
        members = [ids[i.id] for i in grown.items if i.id in ids]
        if len(members) < 2:
            continue
        family = next((m.family for m in members if m.family_id), None) or Family.objects.create(
            name=members[0].text[:300], made=at, shipped=True
        )
        Item.objects.filter(pk__in=[m.pk for m in members if m.family_id != family.pk and "family" not in m.touched]).update(family=family)
    for entry in whole.items:
        for other in entry.earlier:
            if entry.id in ids and other in ids:
                Relation.objects.get_or_create(
                    one=ids[entry.id], other=ids[other], kind="same", defaults={"why": "The register says so.", "at": at}
                )


def _identify() -> None:
    """Who is who may have changed in bodies.yaml since an addressee was kept."""
    for found in Addressee.objects.select_related("body"):
        who = identity(found.body.name if found.body else found.name).id
        if who != found.who:
            Addressee.objects.filter(pk=found.pk).update(who=who)


def _measure(told: Progress) -> None:
    waiting = list(Item.objects.filter(report__origin=Origin.SHIPPED, withdrawn=None).exclude(measure=measuring.VERSION).only("pk", "text"))
    for begun in range(0, len(waiting), 64):
        told("Measuring the register", begun, len(waiting))
        batch = waiting[begun : begun + 64]
        for item, vector in zip(batch, shipped_vectors.vectors([i.text for i in batch]), strict=True):
            item.vector, item.measure = vector if vector.any() else None, measuring.VERSION
            item.save(update_fields=["vector", "measure"])
    told("Comparing recommendations", 0, 1)
    proposing.propose(i.pk for i in waiting)


def _where(of: ShippedReport, source: str | None) -> list[str]:
    if source is None:
        return []
    found = of.source(source)
    return [found.document, found.address]


def _print(given: ShippedReport | ShippedItem) -> str:
    return hashlib.sha256(given.model_dump_json().encode()).hexdigest()
