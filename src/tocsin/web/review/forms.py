"""What can be done with a case or a panel: one form an action, read and checked here, done by the actions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest

from tocsin.web.people.models import Provider
from tocsin.web.review import cases, families, importing, panels, publishing
from tocsin.web.review.doing import Invalid
from tocsin.web.review.figures import OUTCOMES
from tocsin.web.review.models import SeatRole
from tocsin.web.review.permissions import Act, PanelAct

Choices = Callable[[Any], list[tuple[str, str]]]


@dataclass(frozen=True)
class Field:
    """One field of a form. kind: text, area, long, date, time, number, select, several, lines, file."""

    name: str
    label: str
    kind: str = "area"
    hint: str = ""
    choices: Choices | None = None


@dataclass(frozen=True)
class Form:
    """An action as a form. says: what it does. offered: whether it makes sense for what the page shows (permission is asked besides)."""

    slug: str
    act: Act | PanelAct
    label: str
    says: str
    run: Callable[..., Any]
    fields: tuple[Field, ...] = ()
    offered: Callable[[Any], bool] = field(default=lambda shown: True)


def _standards(shown: Any) -> list[tuple[str, str]]:
    return [(of.standard.key, of.standard.title) for of in shown.applying]


def _events(shown: Any) -> list[tuple[str, str]]:
    return [(str(e.pk), f"{e.at:%-d %B %Y}: {e.words[:80]}") for e in shown.events]


def _questions(shown: Any) -> list[tuple[str, str]]:
    return [(str(q.id), q.words[:120]) for q in shown.questions]


def _strata(shown: Any) -> list[tuple[str, str]]:
    return [("", "It was not drawn"), *((s, s) for s in shown.strata)]


def _free_seats(shown: Any) -> list[tuple[str, str]]:
    given = {a.seat_id for a in shown.assignments if a.withdrawn is None}
    return [(str(s.pk), s.member.name) for s in shown.seats if s.role == SeatRole.REVIEWER and s.declared and s.pk not in given]


def _open_assignments(shown: Any) -> list[tuple[str, str]]:
    return [(str(a.pk), a.seat.member.name) for a in shown.assignments if a.withdrawn is None and a.final is None]


def _ties(_: Any) -> list[tuple[str, str]]:
    return [("own-care", "I took part in this care"), ("interest", "I know the family, or somebody who gave the care"), ("employer", "I work or worked there")]


def _outcomes(_: Any) -> list[tuple[str, str]]:
    return [(str(k), words) for k, words in OUTCOMES.items()]


def _providers(_: Any) -> list[tuple[str, str]]:
    return [(p.code, p.name) for p in Provider.objects.order_by("name")]


def _roles(_: Any) -> list[tuple[str, str]]:
    return [(SeatRole.REVIEWER, "Grades cases"), (SeatRole.CONVENER, "Convenes the panel")]


def _seated(shown: Any) -> list[tuple[str, str]]:
    return [(str(s.pk), f"{s.member.name}: {s.get_role_display().lower()}") for s in shown.seats]


def _declared_ties(shown: Any) -> list[tuple[str, str]]:
    return [(str(t.pk), f"{t.member.name}: {panels.TIES[t.kind].lower()}, {t.provider.name if t.provider else 'one case'}") for t in shown.ties]


_WHY = Field("why", "Why", "text", "It stays in the record.")

CASE_FORMS = {
    f.slug: f
    for f in (
        Form("event", Act.EVENT_ADDED, "Add to the timeline", "One thing that happened in the care, as a record has it. Name nobody.", cases.add_event, (
            Field("day", "Day", "date"), Field("hour", "Time", "time", "Leave it empty where only the day is known."),
            Field("words", "What happened"), Field("source", "Where it is recorded", "text", "Such as 'notes, page 14' or 'the family'."),
            Field("standards", "Standards that it bears on", "several", "", _standards))),
        Form("strike", Act.EVENT_STRUCK, "Take off the timeline", "Something that should not stand there. The record keeps it.", cases.strike_event,
             (Field("event", "What", "select", "", _events), _WHY), lambda s: bool(s.events)),
        Form("stratum", Act.CHANGED, "Say from which stratum it was drawn", "It counts for the cases of that stratum on the panel's list. One that was not "
             "drawn from the list counts in none.", cases.set_stratum, (Field("stratum", "Stratum", "select", "", _strata), _WHY),
             lambda s: bool(s.strata) and s.case.blind_ended is None),
        Form("document", Act.EVIDENCE_GIVEN, "Give a document", "PDF, Word, Excel, CSV, plain text or a picture, at most 25 MB. It is kept encrypted, and "
             "shown to those on the case. Take names out of it first.", cases.give_document, (Field("upload", "File", "file"),)),
        Form("family", Act.FAMILY_INVITED, "Give the family a receipt", "The family gets a page of its own, with a number and a code that you pass on to "
             "them. If they have one, this makes a new code, and the old one is no longer good.", families.invite_family, (
                 Field("account", "What the family has told so far", "long", "In their own words. They can add to it."),
                 Field("questions", "What the family has asked so far", "lines", "One question a line."))),
        Form("answer", Act.ANSWERED, "Answer a question of the family", "In plain words, to the point. They read it on their page and say whether it answers "
             "them.", families.answer, (Field("question", "Question", "select", "", _questions), Field("words", "Answer", "long")),
             lambda s: bool(s.questions)),
        Form("plain", Act.TOLD, "Tell the family what the panel found", "In words that a mother or a father can read: what happened, what should have "
             "happened, and whether it would have changed the outcome.", families.tell_in_plain_words, (Field("words", "What the panel found", "long"),)),
        Form("finish", Act.FINISHED, "Finish the case", "Everything is agreed, every question is answered, and the family has been told. If the family asks "
             "again, or says that it is not resolved, the case is opened again.", families.finish),
        Form("step-back", Act.RECUSED, "Step back from this case", "Something binds you to it. It is taken from you now, and not shown to you again.",
             panels.recuse, (Field("kind", "What binds you", "select", "", _ties), Field("why", "In a few words", "text", "Name nobody."))),
        Form("one-more", Act.ASSIGNED, "Give it to one more grader", "They grade blind like the others.", panels.give_to,
             (Field("seat", "To", "select", "", _free_seats),), lambda s: bool(_free_seats(s))),
        Form("withdraw", Act.WITHDRAWN, "Take it back from a grader", "Only from somebody whose grading is not final.", panels.withdraw,
             (Field("assignment", "From", "select", "", _open_assignments), _WHY), lambda s: bool(_open_assignments(s))),
        Form("erase-family", Act.FAMILY_ERASED, "Erase what the family said", "Where they ask for it. Account, questions and answers can never be read again.",
             families.erase, (Field("reason", "Reason", "text"),), lambda s: s.family is not None),
    )
}  # fmt: skip
PANEL_FORMS = {
    f.slug: f
    for f in (
        Form("case", PanelAct.CASE_ADDED, "Add a case", "It gets a pseudonym. Whose it is is kept sealed, and shown only to those on the case, each time "
             "with an entry in the record.", cases.add_case, (
                 Field("provider", "Who gave the care", "select", "", _providers),
                 Field("also", "Who else gave care", "several", "Nobody who works for one of them grades it.", _providers),
                 Field("outcome", "What happened", "select", "", _outcomes), Field("event_on", "On which day", "date"),
                 Field("stratum", "From which stratum of the panel's list it was drawn", "select", "", _strata),
                 Field("gestation", "How long the pregnancy was", "text", "Weeks and days, such as 39+2. Leave it empty where it is not known."),
                 *(Field(f"identity_{k}", words, "text") for k, words in cases.IDENTITY.items()))),
        Form("import", PanelAct.IMPORTED, "Bring cases from a file", "CSV with one case a row, or a FHIR R4 bundle (JSON). What cannot be used is put aside "
             "with its line and the reason; the rest comes in.", importing.bring, (Field("upload", "File", "file"),)),
        Form("deal", PanelAct.DEALT, "Give out the cases", "Each case that lacks graders gets them: at random, evenly, and nobody who is tied to it. The draw "
             "can be repeated from its seed, which stands in the record.", panels.deal),
        Form("seat", PanelAct.SEATED, "Seat somebody", "They grade nothing before they have declared what binds them.", panels.seat, (
            Field("email", "Their e-mail address", "text", "Of somebody who is a member of a body here."),
            Field("role", "What they do", "select", "", _roles), Field("craft", "Their profession", "text", "Such as midwife, obstetrician, lay member."))),
        Form("unseat", PanelAct.UNSEATED, "End a seat", "What they have graded for good is kept; what they have not goes to others.", panels.unseat,
             (Field("seat", "Whose", "select", "", _seated), _WHY), lambda s: bool(s.seats)),
        Form("lift", PanelAct.TIE_LIFTED, "Lift a tie that was declared by mistake", "Somebody other than the one who is tied does it.", panels.lift_tie,
             (Field("tie", "Which", "select", "", _declared_ties), _WHY), lambda s: bool(s.ties)),
        Form("publish", PanelAct.PUBLISHED, "Publish the findings", "What the panel found is kept as it stands now, and rings the hall: a share of avoidable "
             "outcomes, or a standard that is not met again and again, becomes a concern that somebody must act on.", publishing.publish,
             (Field("words", "In plain words", "long", "What the findings are, for whom they matter, and what they cannot show."),),
             lambda s: s.progress["agreed"] > 0),
    )
}  # fmt: skip
_NUMBERS = frozenset({"event", "seat", "tie"})


def given(form: Form, request: HttpRequest) -> dict[str, Any]:
    """What was sent, as the action takes it. Raises Invalid."""
    found: dict[str, Any] = {}
    for f in form.fields:
        found[f.name] = _read(f, request)
    identity = {k.removeprefix("identity_"): found.pop(k) for k in list(found) if k.startswith("identity_")}
    if identity:
        found["identity"] = identity
    if "gestation" in found:
        found["gestation_days"] = cases.gestation(found.pop("gestation"))
    return found


def once(request: HttpRequest) -> tuple[int | None, UUID | None]:
    """The stamp that the page showed, and the number of the form. Raises Invalid where the form was changed."""
    stamp, number = request.POST.get("stamp", ""), request.POST.get("request", "")
    try:
        return (int(stamp) if stamp and stamp != "0" else None), (UUID(number) if number else None)
    except ValueError:
        raise Invalid("", "This form is not whole. Open the page again.") from None


def number() -> str:
    """A number for a form, so that it is done once."""
    return str(uuid4())


def day(word: str, name: str) -> date | None:
    """A day as a form has it; None for ''. Raises Invalid."""
    try:
        return date.fromisoformat(word) if word else None
    except ValueError:
        raise Invalid(name, f"'{word[:20]}' is not a day. Give one such as 2018-03-14.") from None


def _read(f: Field, request: HttpRequest) -> Any:
    if f.kind == "file":
        return request.FILES.get(f.name)
    if f.kind == "several":
        return [v for v in request.POST.getlist(f.name) if v]
    word = request.POST.get(f.name, "").replace("\0", "").strip()
    if f.kind == "lines":
        return [line.strip() for line in word.splitlines() if line.strip()]
    if f.kind == "date":
        return day(word, f.name)
    if f.kind == "time":
        try:
            return time.fromisoformat(word) if word else None
        except ValueError:
            raise Invalid(f.name, f"'{word[:20]}' is not a time. Give one such as 14:05.") from None
    if f.name in _NUMBERS:
        if not (word.isascii() and word.isdigit() and len(word) < 16):
            raise Invalid(f.name, "Choose one.")
        return int(word)
    if f.name in ("question", "assignment"):
        try:
            return UUID(word)
        except ValueError:
            raise Invalid(f.name, "Choose one.") from None
    return word
