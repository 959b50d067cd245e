"""ANSWER: who must act, with what power, by when, and proof that nobody can let it drop."""

from importlib.resources import files

from tocsin.accord.check import Report, check
from tocsin.accord.clock import Event, State, What, state
from tocsin.accord.language import MapError, json_schema, read_map
from tocsin.accord.model import AccordMap, Case
from tocsin.accord.replay import History, read_history, replay

__all__ = [
    "HISTORIES",
    "SHIPPED",
    "AccordMap",
    "Case",
    "Event",
    "History",
    "MapError",
    "Report",
    "State",
    "What",
    "check",
    "json_schema",
    "read_history",
    "read_map",
    "replay",
    "shipped",
    "shipped_history",
    "state",
]

SHIPPED = {
    "england-2010": ("england-2010",),
    "england-2014": ("england-2014",),
    "england-2019": ("england-2019",),
    "england-2026": ("england-2026",),
    "tocsin-proposed": ("england-2026", "tocsin-proposed"),
}
"""Maps that come with Tocsin, and of which files each is joined."""


def shipped(name: str) -> dict[str, str]:
    """Files of a map that comes with Tocsin, name to text, as `read_map` takes them. Raises KeyError."""
    folder = files("tocsin.accord") / "maps"
    return {f"{part}.yaml": (folder / f"{part}.yaml").read_text("utf-8") for part in SHIPPED[name]}


HISTORIES = ("east-kent", "morecambe-bay", "shrewsbury-and-telford")
"""Histories that come with Tocsin."""


def shipped_history(name: str) -> str:
    """Text of a history that comes with Tocsin."""
    return (files("tocsin.accord") / "histories" / f"{name}.yaml").read_text("utf-8")
