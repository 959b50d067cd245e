"""The reference of the map's language and of the properties, made from what the reader and the checker go by."""

from inspect import getdoc

from tocsin.accord import clock
from tocsin.accord.finding import LAWS, PROPERTIES
from tocsin.accord.language import HEAD, HEAD_REQUIRED, POWERS, SECTIONS
from tocsin.accord.model import BINDING, WRITTEN, Role
from tocsin.signal import ConcernKind

_KINDS = {
    "text": "text", "count": "whole number", "flag": "true or false", "date": "day, as 2026-01-31",
    "within": "time, as 8 working days or 28 calendar days", "power": "a power", "role": "a role", "body": "id of a body",
    "bodies": "list of ids", "concerns": "list of kinds of concern", "providers": "list of kinds of provider", "places": "list of places",
    "texts": "list of texts", "dates": "list of days", "reasons": "list of reasons",
}  # fmt: skip


def reference_text() -> str:
    """In Markdown."""
    out = [
        "# The accord: language, properties and clock",
        "",
        "Made by `tocsin accord reference`; a test keeps it the same as the code.",
        "",
    ]
    out += ["## A map", "", "One YAML file, or several joined: the first gives the head, and lines of later files go before earlier lines."]
    out += ["A line holds for all concerns, providers and places unless it names some, from `since` up to the day before `until`."]
    out += ["Each line needs a `basis`, and a `source` or `unconfirmed: true`. Anchors and aliases are not allowed.", ""]
    out += ["| head | | needed |", "| --- | --- | --- |"]
    out += [f"| {k} | {_KINDS[v]} | {'yes' if k in HEAD_REQUIRED else ''} |" for k, v in HEAD.items()]
    for section, (cls, fields, required) in SECTIONS.items():
        about = " ".join((getdoc(cls) or "").split())
        out += ["", f"### {section}", "", about, "", "| field | | needed |", "| --- | --- | --- |"]
        out += [f"| {k} | {_KINDS[v]} | {'yes' if k in required else ''} |" for k, v in fields.items()]
    out += ["", "Kinds of concern, unless the head names others: " + ", ".join(k.value for k in ConcernKind) + "."]
    out += ["", "Powers, weakest first: " + ", ".join(POWERS) + f". From {BINDING.word} on a provider must obey."]
    out += ["", "Roles: " + ", ".join(r.value for r in Role) + ". Reasons: " + ", ".join(r.value for r in WRITTEN) + "."]
    out += ["", "A refusal or a conflict without a line of its own goes the way of a passed deadline.", "", "## Properties", ""]
    out += ["| code | property | if broken |", "| --- | --- | --- |"]
    out += [f"| {c} | {words} | {'error' if c in LAWS else 'warning'} |" for c, words in PROPERTIES.items()]
    out += [
        "",
        "A3 to A5 count calendar days from raising to the day on which a body that the provider must obey comes to hold the concern, at",
    ]
    out += [
        "worst: each body that is not silent acts, without effect, or refuses, on whichever allowed day is the worst.",
        "",
        "## The clock",
        "",
    ]
    rules = (clock.__doc__ or "").split("\n\n", 1)[1]
    out += [rules.strip(), "", "What can happen: " + ", ".join(w.value for w in clock.What) + ".", ""]
    return "\n".join(out)
