"""What may happen to a report: it is taken in, read, corrected, coded and opened. Each is one transaction: permission, validation, change, entry."""

import re
import secrets
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from tocsin.learn import Kind
from tocsin.learn import load as taxonomy
from tocsin.web.learn.addressed import asked
from tocsin.web.learn.days import day_of
from tocsin.web.learn.doing import Invalid, acts_for, needed, permit, tell
from tocsin.web.learn.models import Addressee, Coding, Item, Link, LinkState, Origin, Passage, Reading, Report
from tocsin.web.people.models import Body, Member, Provider
from tocsin.web.people.permissions import Learn, NotPermitted, may_open, may_take_in, who_is
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.files import keep
from tocsin.web.record.moment import now

TAKEN = (
    "text/html",
    "application/msword",
    "application/octet-stream",
)
"""What is kept beside the usual kinds: a file that cannot be read is kept too, and its page says why."""
TELLING = (Kind.RECOMMENDATION.value, Kind.FAILING.value)
FACTS = ("title", "on", "author", "provider", "addressees")
"""What a report says of itself, each of which can be corrected by hand."""


@transaction.atomic
def take_in(*, upload: UploadedFile, body: Body, by: Member) -> Report:
    """A member takes a report in for their body; it is read in the background. Only the body sees it until it is opened."""
    from tocsin.web.learn.tasks import read_report

    if not may_take_in(who_is(by), body.pk):
        raise NotPermitted("You may take reports in for a body that you work for.")
    file = keep(upload, also=TAKEN)
    name = "".join(c for c in (upload.name or "report") if c.isprintable())[-200:]
    at = now()
    report = Report.objects.create(
        slug=_slug(), title=name, origin=Origin.UPLOADED, body=body, by=by, taken_in=at, file=file, file_name=name, state=Reading.WAITING
    )
    tell(report, "taken-in", at=at, by=by, body=body, sha256=file.sha256, size=file.size, kind=file.kind, name=name)
    transaction.on_commit(lambda: read_report.defer(report=report.pk))
    return report


@transaction.atomic
def read_again(*, report: Report, by: Member) -> Report:
    """Read a file again, or class again what was not corrected by hand, with what corrections have taught since."""
    from tocsin.web.learn.tasks import read_report

    _works(report, by)
    if report.origin != Origin.UPLOADED or report.state in (Reading.WAITING, Reading.READING):
        raise Invalid("", "It is being read, or was not taken in as a file.")
    report.state, report.progress, report.problem = Reading.WAITING, 0, ""
    report.save(update_fields=["state", "progress", "problem"])
    tell(report, "read-again", at=now(), by=by, body=report.body)
    transaction.on_commit(lambda: read_report.defer(report=report.pk))
    return report


@transaction.atomic
def correct_report(*, report: Report, field: str, value: str, by: Member) -> Report:
    """Correct by hand what a report says of itself. What the reading found is kept beside it."""
    _works(report, by)
    if field not in FACTS:
        raise Invalid(field, "Choose what to correct.")
    before = report.on_words if field == "on" else str(getattr(report, "provider_name" if field == "provider" else field))
    fields = [field, "touched"]
    if field == "on":
        found = day_of(needed("on", value, "Give the day, such as 2019-05-14, or the month or year."))
        if found is None:
            raise Invalid("on", f"{value.strip()!r} is not a day. Write it as 2019-05-14, 2019-05 or 2019.")
        report.on, report.on_words = found
        fields.append("on_words")
    elif field == "provider":
        report.provider = Provider.objects.filter(code=value.strip()).first() if value.strip() else None
        if value.strip() and report.provider is None:
            raise Invalid("provider", "Choose a provider of the list.")
        report.provider_name = report.provider.name if report.provider else ""
        fields.append("provider_name")
    elif field == "addressees":
        report.addressees = [line.strip()[:300] for line in value.splitlines() if line.strip()]
    else:
        setattr(report, field, needed(field, value, "Write what it should be.", 500 if field == "title" else 300))
    report.touched = sorted({*report.touched, field})
    report.save(update_fields=fields)
    if field in ("on", "provider"):
        Item.objects.filter(report=report).update(on=report.on, provider=report.provider)
    tell(report, "corrected", at=now(), by=by, body=acts_for(who_is(by)), field=field, before=before, after=value.strip()[:500])
    return report


@transaction.atomic
def correct_passage(
    *, passage: Passage, kind: str, by: Member, number: str = "", text: str | None = None, page: int | None = None
) -> Passage:
    """Correct by hand what a passage is, its words, number or page. The correction is kept and teaches the next reading."""
    report = passage.report
    _works(report, by)
    if kind not in list(Kind):
        raise Invalid("kind", "Choose what the passage is.")
    before = {"kind": passage.kind, "number": passage.number, "page": passage.page}
    words = passage.text if text is None else needed("text", text, "Write what the passage says.")
    if page is not None and not 1 <= page <= max(report.pages, 1):
        raise Invalid("page", f"The report has {report.pages} pages.")
    changed = words != passage.text
    passage.kind, passage.number, passage.corrected_by, passage.why = kind, number.strip()[:40], by, "corrected by hand"
    passage.text, passage.page = words, page or passage.page
    passage.save()
    at = now()
    item = Item.objects.filter(passage=passage).first()
    if kind in TELLING:
        if item is None:
            item = _item_of(passage)
            item.save()
            _ask(item)
        else:
            item.kind, item.number, item.text, item.page, item.withdrawn = kind, passage.number, words, passage.page, None
            item.measure = "" if changed else item.measure
            item.save(update_fields=["kind", "number", "text", "page", "withdrawn", "measure"])
        transaction.on_commit(_measure_soon)
    elif item is not None:
        item.withdrawn = at
        item.save(update_fields=["withdrawn"])
    tell(
        report,
        "passage-corrected",
        at=at,
        by=by,
        body=report.body,
        passage=passage.at,
        before=before,
        kind=kind,
        number=passage.number,
        words=changed,
    )
    return passage


@transaction.atomic
def code(*, item: Item, failing: str, says: bool, by: Member) -> Link:
    """A member confirms or refuses that an item is about a failing, or names another one. Each codes for themselves."""
    who = permit(by, Learn.CODE, item, "Items are coded by the body that took the report in and, once it is open, by national bodies.")
    try:
        taxonomy()[failing]
    except KeyError:
        raise Invalid("failing", "Choose a failing of the taxonomy.") from None
    at = now()
    link = Link.objects.filter(item=item, failing=failing).first()
    if link is None:
        if not says:
            raise Invalid("failing", "It was never linked to that failing.")
        link = Link.objects.create(item=item, failing=failing, reason={"by": "hand"})
    Coding.objects.update_or_create(link=link, member=by, defaults={"says": says, "at": at})
    said = set(Coding.objects.filter(link=link).values_list("says", flat=True))
    link.state = LinkState.DISPUTED if len(said) > 1 else LinkState.CONFIRMED if True in said else LinkState.REFUSED
    link.save(update_fields=["state"])
    tell(item.report_id, "coded", at=at, by=by, body=acts_for(who, item), item=item.code, failing=failing, says=says)
    return link


@transaction.atomic
def open_report(*, report: Report, by: Member) -> Report:
    """Who leads for the body that took it in opens a report to everybody. It is not closed again: others will have cited it."""
    from tocsin.web.learn.tasks import ring

    if not may_open(who_is(by), report.body_id):
        raise NotPermitted("Only who leads for the body that took the report in opens it.")
    if report.opened:
        raise Invalid("", "It is open already.")
    if report.state != Reading.READ:
        raise Invalid("", "It has not been read yet.")
    if report.on is None:
        raise Invalid("on", "Say first on which day the report was published: without it nobody can tell what came earlier.")
    report.opened = now()
    report.save(update_fields=["opened"])
    for item in Item.objects.filter(report=report):
        item.open = True
        item.save(update_fields=["open"])
    tell(report, "opened", at=report.opened, by=by, body=report.body)
    transaction.on_commit(lambda: ring.defer(report=report.pk))
    return report


def store_reading(*, report: Report, found: Any) -> None:
    """What was read becomes passages and items; called by the background work, as Tocsin. What was corrected by hand stays."""
    with transaction.atomic():
        corrected = {p.text: p for p in Passage.objects.filter(report=report)}
        bodies, providers = list(Body.objects.select_related("provider")), list(Provider.objects.all())
        _facts(report, found, providers)
        if corrected:
            _class_again(report, found, corrected)
        else:
            passages = [
                Passage(
                    report=report,
                    at=n,
                    page=p.page,
                    text=p.text,
                    kind=p.kind,
                    kind_read=p.kind,
                    number=(p.number or "")[:40],
                    why=p.why[:300],
                )
                for n, p in enumerate(found.passages, 1)
            ]
            made = Passage.objects.bulk_create(passages, batch_size=500)
            items = Item.objects.bulk_create([_item_of(p) for p in made if p.kind in TELLING], batch_size=500)
            for item in items:
                _ask(item, bodies)
        report.save()
        tell(report, "read", at=now(), by=None, passages=len(found.passages), pages=found.pages, scanned=list(found.scanned_pages))


def _facts(report: Report, found: Any, providers: list[Provider]) -> None:
    from tocsin.web.learn.addressed import provider_named

    report.pages, report.paged = found.pages, found.paged
    report.scanned, report.recognised = list(found.scanned_pages), list(found.recognised_pages)
    for name in ("title", "date", "body", "provider"):
        value = getattr(found, name)
        if value is not None:
            report.found[name] = {"value": value.value[:500], "page": value.page, "how": value.how}
    report.found["addressees"] = [{"value": a.value[:300], "page": a.page, "how": a.how} for a in found.addressees]
    said = {name: report.found[name]["value"] for name in ("title", "date", "body", "provider") if name in report.found}
    if "title" not in report.touched and said.get("title"):
        report.title = said["title"]
    if "on" not in report.touched and (day := day_of(said.get("date", ""))):
        report.on, report.on_words = day
    if "author" not in report.touched:
        report.author = said.get("body", "")[:300]
    if "provider" not in report.touched:
        report.provider_name = said.get("provider", "")[:300]
        report.provider = provider_named(report.provider_name, providers) if report.provider_name else None
    if "addressees" not in report.touched:
        report.addressees = [a["value"] for a in report.found["addressees"]]


def _class_again(report: Report, found: Any, before: dict[str, Passage]) -> None:
    for p in found.passages:
        known = before.get(p.text)
        if known is None or known.corrected_by_id or known.kind == p.kind:
            continue
        known.kind, known.number, known.why = p.kind, (p.number or "")[:40], p.why[:300]
        known.save(update_fields=["kind", "number", "why"])
        item = Item.objects.filter(passage=known).first()
        if item is None and p.kind in TELLING:
            item = _item_of(known)
            item.save()
            _ask(item)
        elif item is not None:
            item.kind = p.kind if p.kind in TELLING else item.kind
            item.withdrawn = None if p.kind in TELLING else now()
            item.save(update_fields=["kind", "withdrawn"])


def _item_of(passage: Passage) -> Item:
    report = passage.report
    return Item(
        code=f"{report.slug}/p{passage.at}",
        report=report,
        passage=passage,
        kind=passage.kind,
        number=passage.number,
        page=passage.page,
        text=passage.text,
        open=report.opened is not None,
        body=report.body,
        on=report.on,
        provider=report.provider,
        source=[report.title, ""],
    )


_SUBJECT = re.compile(
    r"(?:^|\. )(?:Recommendation \S+:? |\d[\d.]*[.)]? )?((?:[Tt]he |[Aa]ll |[Ee]very |[Ee]ach )?[\w'’ ,&-]{2,90}?) (?:should|must|needs? to|is required to)\b"
)


def _ask(item: Item, bodies: list[Body] | None = None) -> None:
    """Whom the words of a recommendation ask."""
    found = _SUBJECT.search(item.text) if item.kind == Kind.RECOMMENDATION else None
    if found is None:
        return
    name = re.sub(r"^(?:[Tt]hat )?(?:[Tt]he )?", "", found.group(1)).strip()[:300]
    known = bodies if bodies is not None else Body.objects.select_related("provider")
    Addressee.objects.get_or_create(item=item, name=name, defaults=asked(name, item.provider, known, found.group(1)))


def _works(report: Report, by: Member) -> None:
    who = who_is(by)
    if report.body_id is None:
        if not any(p.covers is None and p.role == "lead" for p in who.parts):
            raise NotPermitted("What comes with Tocsin is corrected by who leads for a national body.")
    elif not may_take_in(who, report.body_id):
        raise NotPermitted("Only the body that took this report in corrects it.")


def _measure_soon() -> None:
    from tocsin.web.learn.tasks import measure_items

    with acting_as(TOCSIN):
        measure_items.defer()


def _slug() -> str:
    return "r-" + "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(10))
