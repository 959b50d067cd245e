"""What happened, as sentences that anybody understands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from tocsin.web.people.permissions import Act
from tocsin.web.record.models import Entry

KINDS = {
    "outcome-signal": "more harm than expected", "care-below-standard": "care below the agreed standard", "conduct": "how somebody behaved",
    "bullying-harassment-discrimination": "bullying, harassment or discrimination", "speak-up-detriment": "harm to somebody who spoke up",
    "failed-candour": "not being told the truth", "leadership-governance": "leadership and governance",
    "hr-process-unfit": "an HR process that is unfit for purpose", "recurrence": "a failing that has come back",
    "data-quality": "figures that cannot be trusted",
}  # fmt: skip
"""Kinds of concern, in plain words."""
WHY = {
    "deadline-passed": "it did not act in time", "refusal": "it refused", "conflict-of-interest": "it has a conflict of interest",
    "insufficient-power": "what it could do was not enough", "repeat": "the same thing has happened before", "severity": "it is severe",
    "unreachable": "nobody there could be reached",
}  # fmt: skip
PHASES = {
    "to act": "must act", "effect awaited": "has acted; its effect is awaited", "refused": "has refused", "taken over": "has taken over",
    "closed": "closed",
}  # fmt: skip
REMINDERS = {
    "not-acknowledged": "half of the time is over, and nobody has acknowledged it; the last day is", "last-day": "it has not acted, and the last day is",
    "effect": "the effect must be shown by", "review": "what was taken over was to be reviewed on",
}  # fmt: skip
_OPEN_TO_RAISERS = {
    Act.RAISED, Act.SIGNAL_JOINED, Act.REVIEWED, Act.ACKNOWLEDGED, Act.ACTED, Act.REFUSED, Act.CONFLICT, Act.EXTENDED, Act.HANDED_OVER, Act.TAKEN_OVER,
    Act.HANDED_BACK, Act.CLOSED, Act.PASSED, Act.EFFECT_SHOWN, Act.CRITERION_MET, Act.MERGED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline. what, body: as in the entry. words: what was written with it, '' where nothing was."""

    seq: int
    at: datetime
    day: date
    who: str
    sentence: str
    words: str
    hash: str
    what: str
    body: str


def kind(word: str) -> str:
    return KINDS.get(word, word.replace("-", " "))


def timeline(entries: list[Entry], bodies: Mapping[str, str], for_raiser: bool = False) -> list[Line]:
    """Entries as lines, oldest first. bodies: names by code and by id in the map. for_raiser: only what those outside may know."""
    return [_line(e, bodies, for_raiser) for e in entries if not for_raiser or e.what in _OPEN_TO_RAISERS]


def _line(entry: Entry, bodies: Mapping[str, str], for_raiser: bool) -> Line:
    said = json.loads(entry.payload)
    who = bodies.get(entry.body, entry.body or "Somebody outside")
    day = date.fromisoformat(said["day"]) if entry.what == Act.PASSED else entry.at.date()
    sentence, words = _says(entry.what, said, who, bodies)
    return Line(entry.seq, entry.at, day, who, sentence, "" if for_raiser and entry.what not in (Act.CLOSED,) else words, entry.hash, entry.what, entry.body)


def _says(what: str, said: dict, who: str, bodies: Mapping[str, str]) -> tuple[str, str]:
    def name(key: str) -> str:
        return bodies.get(said.get(key) or "", said.get(key) or "nobody")

    match what:
        case Act.RAISED:
            return f"{_first(who)} raised a concern about {kind(said['kind'])}.", said.get("words", "")
        case Act.SIGNAL_JOINED:
            return (
                ("A signal ended.", "")
                if said.get("ended")
                else (f"A signal was {said['was']} and is now {said['level']}.", said.get("sentence", ""))
                if said.get("was")
                else (f"{_first(said.get('by') or who)} gave a {said.get('level', '')} signal.", said.get("sentence", ""))
            )
        case Act.NOTED:
            if "closed" in said:
                return f"Somebody who raised concern {said['closed']} says that it is not resolved.", ""
            if "raiser" in said:
                return f"{'A family' if said.get('group') == 'family' else 'A member of staff'} told what happened.", ""
            return f"{who} made a note.", said.get("words", "")
        case Act.EVIDENCE_GIVEN:
            return f"{who} gave a file.", said.get("name", "")
        case Act.ACKNOWLEDGED:
            return f"{who} said that it has taken this up.", ""
        case Act.ACTED:
            return f"{who} acted.", said.get("words", "")
        case Act.DONE:
            return f"{who} did what it owed.", said.get("words", "")
        case Act.REFUSED:
            return f"{who} refused. It passes on with the next day.", said.get("reason", "")
        case Act.CONFLICT:
            return f"{who} declared a conflict of interest.", said.get("reason", "")
        case Act.EXTENSION_ASKED:
            return f"{who} asked for more time, until {_day(said['until'])}.", said.get("reason", "")
        case Act.EXTENDED:
            return f"{who} moved the deadline to {_day(said['until'])}.", said.get("reason", "")
        case Act.HANDED_OVER:
            return f"{who} passed it to {name('to')}.", said.get("reason", "")
        case Act.PASSED:
            if said.get("to") is None:
                return f"It stays with {name('from')}, overdue: {WHY.get(said['why'], said['why'])}, and the map names nobody after it.", ""
            return f"It passed from {name('from')} to {name('to')}, because {WHY.get(said['why'], said['why'])}.", ""
        case Act.TAKEN_OVER:
            powers = ", ".join(p["power"].replace("-", " ") for p in said["powers"])
            return f"{who} took over: {powers}, over {said['scope']}.", "Until: " + "; ".join(said["criteria"])
        case Act.UNREACHABLE:
            return f"Nobody who may act for {name('as')} could be reached.", ""
        case Act.REMINDED:
            return f"{name('holder')} was reminded: {REMINDERS.get(said['why'], said['why'])} {_day(said['day'])}.", ""
        case Act.REVIEWED:
            words = f" The next review is on {_day(said['following'])}." if said.get("following") else ""
            return f"{who} reviewed what it has taken over.{words}", said.get("words", "")
        case Act.CRITERION_MET:
            return f"{who} checked that a criterion is met: {said.get('what', '')}", said.get("evidence", "")
        case Act.HANDED_BACK:
            return f"{who} handed back what it had taken over. Its effect is awaited.", said.get("reason", "")
        case Act.PLANNED:
            return f"{who} added an action to the plan: {said['what']}", f"Measure: {said['measure']}"
        case Act.PLAN_CHANGED:
            return f"{_about(said)} is now {said['state'].replace('-', ' ')}.", said.get("effect", "")
        case Act.ACTION_REPORTED:
            return f"{who} says of its action: {said.get('what', '')}: {said['state'].replace('-', ' ')}.", said.get("effect", "")
        case Act.ACTION_CHECKED:
            words = "it worked" if said["state"] == "shown-to-work" else "it did not work"
            return f"{who} checked what the measure of an action shows, and {words}: {said.get('what', '')}", said.get("effect", "")
        case Act.INFORMATION_ASKED:
            return f"{who} asked the provider: {said['subject']}", said.get("detail", "")
        case Act.INFORMATION_JOINED:
            how = "uses the answer that was given" if said.get("answered") else "joined the question"
            return f"{who} {how} instead of asking again: {said['subject']}", ""
        case Act.INFORMATION_GIVEN:
            return f"{who} answered.", said.get("answer", "")
        case Act.EFFECT_SHOWN:
            return f"{who} measured the effect: it {'worked' if said['worked'] else 'did not work'}.", said.get("what", "")
        case Act.TOLD:
            return f"{who} told those who raised it ({said['told']}).", said.get("words", "")
        case Act.ANSWERED:
            answers = {"resolved": "that it is resolved", "not-resolved": "that it is not resolved"}
            return f"Somebody who raised it said {answers.get(said.get('answer', ''), 'more')}.", ""
        case Act.CLOSED:
            return f"It was closed. {bodies.get(said.get('signed_by', ''), who)} signed.", said.get("words", "")
        case Act.MERGED:
            return f"It was merged into concern {said['into']}.", said.get("reason", "")
        case Act.SPLIT:
            return f"Part of it became concern {said['into']}.", ""
        case Act.LINKED if "merged" in said:
            with_it = [
                f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((len(said.get("raisers", ())), "account"), (len(said.get("files", ())), "file")) if n
            ]
            return f"Concern {said['merged']} was merged into this one{', with ' + ' and '.join(with_it) if with_it else ''}.", said.get("why", "")
        case Act.LINKED:
            return f"It was linked with concern {said['other']}.", said.get("why", "")
        case Act.RESTRICTED:
            return f"{who} restricted it: it is about people.", said.get("reason", "")
        case Act.PUBLISHED:
            return f"{who} published: {said['title']}", said.get("words", "")
        case Act.ERASED:
            return "What was known of one who raised it was erased.", said.get("reason", "")
    return what.replace("-", " "), ""


def _about(said: dict) -> str:
    return f"An action of the plan ({said['what']})" if said.get("what") else "An action of the plan"


def _first(who: str) -> str:
    return {"family": "A family", "staff": "A member of staff"}.get(who, who[:1].upper() + who[1:])


def _day(word: str) -> str:
    day = date.fromisoformat(word)
    return f"{day.day} {day:%B %Y}"
