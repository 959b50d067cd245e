"""Standards of care: those that come with Tocsin, and a body's own, each version proposed by one person and signed by another."""

import csv
import io
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from tocsin.review.standards import (
    Change,
    FactKind,
    Library,
    Listed,
    Source,
    Standard,
    StandardFault,
    diff,
    library,
    listed,
    read_facts,
    read_standards,
)
from tocsin.web.people.models import Body, Member
from tocsin.web.record import ledger
from tocsin.web.record.moment import now
from tocsin.web.review.doing import Invalid, leads, not_twice
from tocsin.web.review.models import Case, Panel, StandardVersion
from tocsin.web.review.permissions import NotPermitted

CHAIN = "review:standards"
FIELDS = (
    "id", "area", "title", "statement", "applies", "met", "evidence", "in_force_from", "in_force_to", "note", "source_body", "source_document",
    "source_section", "source_address", "source_published", "unconfirmed",
)  # fmt: skip
"""Fields of the form, named as the columns of the CSV form."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a file: versions proposed, standards that stand here word for word already, and faults with line and column."""

    proposed: list[StandardVersion]
    unchanged: int
    faults: list[StandardFault]


def library_for(panel: Panel | None) -> Library:
    """The standards by which a panel judges: those that come with Tocsin and its body's own. One query."""
    return library() if panel is None else library_of(panel.body_id)


def library_of(body: int) -> Library:
    """Those that come with Tocsin, and a body's own that are signed. One query."""
    own = own_of(body)
    return library().merged(own) if own.standards else library()


def own_of(body: int) -> Library:
    """A body's own standards as signed, each version ending when the next begins. One query."""
    return _own(StandardVersion.objects.filter(body=body).exclude(signed=None).order_by("key", "version"))


def visible() -> Library:
    """Those that come with Tocsin, and every body's own that are signed. One query."""
    own = _own(StandardVersion.objects.exclude(signed=None).order_by("key", "version"))
    return library().merged(own) if own.standards else library()


def beside(case: Case, of: Library, by_area: dict[str, date] | None = None) -> tuple[Listed, ...]:
    """The standards in force on the day of care beside a case's facts. by_area: days of areas with another one. No query."""
    return listed(of, values_of(case, of), case.event_on, by_area)


def values_of(case: Case, of: Library) -> dict[str, Any]:
    """A case's facts as conditions use them, with those that follow from the case itself. What cannot be read is left out."""
    given: dict[str, Any] = {"outcome": case.outcome, **case.facts}
    if case.gestation_days is not None:
        given.setdefault("gestation_weeks", case.gestation_days // 7)
    return read_facts({k: v for k, v in given.items() if k in of.facts}, of.facts)[0]


def facts_of(of: Library, given: dict[str, Any]) -> dict[str, Any]:
    """Facts of a form as they are stored: words, numbers and lists, each checked. Raises Invalid that names the fact."""
    plain: dict[str, Any] = {}
    for name, value in given.items():
        if name in of.facts and value not in ("", None, "unknown", []):
            plain[name] = [v for v in value if v] if isinstance(value, list) else value.replace("\0", "").strip()
    values, faults = read_facts({k: ";".join(v) if isinstance(v, list) else v for k, v in plain.items()}, of.facts)
    if faults:
        raise Invalid(f"fact-{faults[0].name}", f"{of.facts[faults[0].name].question} Give {faults[0].expected}.")
    return {k: _stored(values[k]) for k in plain if k in values}


@transaction.atomic
def take_in(*, body: Body, text: str, kind: Literal["yaml", "csv"], name: str, by: Member, request: UUID | None = None) -> TakenIn:
    """Propose every good standard of a file as a body's own; what is not good is told with line and column. Raises NotPermitted."""
    _may(body, by)
    not_twice(request)
    found, faults = read_standards(text, kind, name=name)
    proposed, unchanged = [], 0
    for standard in found:
        try:
            made = _propose(body, standard, by, f"From {name}")
        except Invalid as error:
            faults = [*faults, StandardFault(name, 1, 1, "", f"'{standard.id}'", str(error))]
            continue
        proposed += [made] if made else []
        unchanged += made is None
    if proposed:
        _tell("standards-proposed", by, body, request, versions=[f"{v.key}@{v.version}" for v in proposed], file=name)
    return TakenIn(proposed, unchanged, faults)


@transaction.atomic
def propose(*, body: Body, given: dict[str, str], why: str, by: Member, request: UUID | None = None) -> StandardVersion:
    """Propose a standard, or a new version of one, as its form has it. Raises Invalid with the field."""
    _may(body, by)
    not_twice(request)
    row = io.StringIO()
    writer = csv.DictWriter(row, ["version", *FIELDS])
    writer.writeheader()
    writer.writerow({"version": "1"} | {f: given.get(f, "").replace("\0", "") for f in FIELDS})
    found, faults = read_standards(row.getvalue(), "csv", name="the form")
    if faults:
        raise Invalid(faults[0].field or "id", f"Found {faults[0].found}; expected {faults[0].expected}.")
    made = _propose(body, found[0], by, why)
    if made is None:
        raise Invalid("statement", "Nothing differs from the version that is in force.")
    _tell("standards-proposed", by, body, request, versions=[f"{made.key}@{made.version}"], why=why)
    return made


@transaction.atomic
def sign(*, versions: list[int], by: Member, request: UUID | None = None) -> list[StandardVersion]:
    """A second person of the body signs versions; from their first day they count. Raises NotPermitted for one's own, Invalid."""
    not_twice(request)
    found = list(StandardVersion.objects.filter(pk__in=versions, signed=None, turned_down=None).select_related("body").order_by("key", "version"))
    if not found:
        raise Invalid("versions", "Choose what to sign; what was signed or turned down already is not signed again.")
    for version in found:
        _second(version, by)
    bodies = {v.body_id: v.body for v in found}
    for body in bodies.values():
        own = [v for v in found if v.body_id == body.pk]
        signed = list(StandardVersion.objects.filter(body=body).exclude(signed=None))
        try:
            library().merged(_own(sorted([*signed, *own], key=lambda v: (v.key, v.version))))
        except ValueError as error:
            raise Invalid("versions", f"These cannot stand beside the others: {error}.") from None
        _tell("standards-signed", by, body, request, versions=[f"{v.key}@{v.version}" for v in own])
        request = None
    at = now()
    for version in found:
        version.signed, version.signed_by = at, by
        version.save()
    return found


@transaction.atomic
def turn_down(*, version: int, why: str, by: Member, request: UUID | None = None) -> None:
    """A second person turns a proposal down, with the reason; it stays to be read."""
    not_twice(request)
    found = StandardVersion.objects.filter(pk=version, signed=None, turned_down=None).select_related("body").first()
    if found is None:
        raise Invalid("versions", "There is no such proposal.")
    _second(found, by)
    if not why.strip():
        raise Invalid("why", "Say why.")
    _tell("standard-turned-down", by, found.body, request, version=f"{found.key}@{found.version}", why=why.strip()[:500])
    found.turned_down = now()
    found.save()


def changes_of(version: StandardVersion) -> tuple[Change, ...]:
    """What a version changes against the one before it; empty for the first. One query."""
    before = StandardVersion.objects.filter(key=version.key, version__lt=version.version).exclude(signed=None).order_by("-version").first()
    return diff(standard_of(before), standard_of(version)) if before else ()


def with_changes(versions: list[StandardVersion]) -> list[tuple[StandardVersion, tuple[Change, ...]]]:
    """As `changes_of` for many. One query."""
    before: dict[str, StandardVersion] = {}
    for older in StandardVersion.objects.filter(key__in={v.key for v in versions}).exclude(signed=None).order_by("version"):
        before[older.key] = older
    return [(v, diff(standard_of(before[v.key]), standard_of(v)) if v.key in before else ()) for v in versions]


def standard_of(version: StandardVersion) -> Standard:
    """The standard that a stored version holds."""
    of = dict(version.content)
    source = of.pop("source")
    published = date.fromisoformat(source["published"]) if source["published"] else None
    days = {k: date.fromisoformat(of[k]) if of[k] else None for k in ("in_force_from", "in_force_to")}
    return Standard(**(of | days), source=Source(**(source | {"published": published})))


def plain(standard: Standard) -> dict[str, str]:
    """A standard as the fields of the form."""
    of = {f.name: getattr(standard, f.name) for f in fields(standard) if f.name != "source"}
    of |= {f"source_{f.name}": getattr(standard.source, f.name) for f in fields(standard.source)}
    return {k: "" if v is None else "true" if v is True else "" if v is False else str(v) for k, v in of.items()}


def questions(of: Library, listed_: tuple[Listed, ...]) -> list[tuple[str, list[FactKind]]]:
    """The facts that the applicable standards ask for, as groups of a form: those that are missing somewhere first come with their groups."""
    groups: dict[str, list[FactKind]] = {}
    for kind in of.facts.values():
        groups.setdefault(kind.group, []).append(kind)
    return list(groups.items())


def _propose(body: Body, standard: Standard, by: Member, why: str) -> StandardVersion | None:
    if library().versions(standard.id):
        raise Invalid("id", "Tocsin's own library has this id. Give yours another, such as one that begins with your body's name.")
    known = StandardVersion.objects.filter(key=standard.id).order_by("-version").first()
    if known is not None and known.body_id != body.pk:
        raise Invalid("id", "Another body has a standard with this id. Give yours another.")
    if known is not None and known.signed is None and known.turned_down is None:
        raise Invalid("id", f"Version {known.version} of it waits to be signed. Sign it or turn it down first.")
    version = known.version + 1 if known else 1
    before = StandardVersion.objects.filter(key=standard.id).exclude(signed=None).order_by("-version").first()
    fresh = replace(standard, version=version, supersedes=None)
    if before is not None:
        older = standard_of(before)
        if not [c for c in diff(older, fresh) if c.field not in ("version", "supersedes", "in_force_to")]:
            return None
        if fresh.in_force_from <= older.in_force_from:
            raise Invalid("in_force_from", f"A new version begins after {older.in_force_from}, when the one before it began.")
    return StandardVersion.objects.create(
        key=fresh.id, body=body, version=version, content=_content(fresh), title=fresh.title[:300], topic=fresh.area, why=why.strip()[:500],
        from_day=fresh.in_force_from, to_day=fresh.in_force_to, proposed=now(), proposed_by=by,
    )  # fmt: skip


def _own(versions: Any) -> Library:
    found: Library = Library((), library().facts)
    for version in versions:
        standard = standard_of(version)
        if found.versions(standard.id):
            found = found.revised(standard)
            # numbers are those under which they were signed, also where one between them was turned down
            last = found.versions(standard.id)[-1]
            rest = tuple(s for s in found.standards if s.key != last.key)
            found = Library((*rest, replace(last, version=standard.version)), found.facts)
        else:
            found = Library((*found.standards, standard), found.facts)
    return found


def _content(standard: Standard) -> dict[str, Any]:
    def words(value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    of = asdict(standard)
    return {k: {n: words(x) for n, x in v.items()} if isinstance(v, dict) else words(v) for k, v in of.items()}


def _second(version: StandardVersion, by: Member) -> None:
    if version.body is None or not leads(version.body, by):
        raise NotPermitted("Only somebody who acts for the body signs its standards.")
    if version.proposed_by_id == by.pk:
        raise NotPermitted("Somebody else signs what you proposed.")


def _may(body: Body, by: Member) -> None:
    if not leads(body, by):
        raise NotPermitted("Only somebody who acts for a body proposes standards for it.")


def _tell(what: str, by: Member, body: Body, request: UUID | None, **said: Any) -> None:
    payload = {k: v for k, v in said.items() if v}
    ledger.write(chain=CHAIN, what=what, at=now(), payload=payload, member=by.pk, body=body.code, request=request)


def _stored(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return sorted(value) if isinstance(value, frozenset) else value
