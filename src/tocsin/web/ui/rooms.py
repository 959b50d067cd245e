"""The way from every page to every room: a few groups of links in the header. A room adds its link here, in one line."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Link:
    """One link. view: name of the address. members: only somebody who is signed in has any use for it."""

    view: str
    words: str
    members: bool = False
    args: tuple[str, ...] = ()


GROUPS: tuple[tuple[str, tuple[Link, ...]], ...] = (
    ("Signals", (
        Link("watch:overview", "What rings now"),
        Link("watch:sites", "Sites"),
        Link("watch:about", "What the signals promise"),
        Link("fhir:events", "Reported events", members=True),
    )),
    ("Concerns", (
        Link("concerns:mine", "What my bodies hold and owe", members=True),
        Link("concerns:overview", "All concerns"),
        Link("accord:overview", "Who must act"),
        Link("feeds:oversight", "How the bodies answer", members=True),
    )),
    ("Review and learn", (
        Link("review:overview", "Panels and cases", members=True),
        Link("review:standards", "Standards of care"),
        Link("review:published", "What East Kent's panel found", args=("east-kent-2022",)),
        Link("learn:front", "Learn: has it been said before?"),
        Link("learn:register", "Register of recommendations"),
        Link("learn:desk", "Drafting desk", members=True),
    )),
    ("Families and staff", (
        Link("concerns:tell-us", "Tell us what happened"),
        Link("concerns:told", "See what was done"),
        Link("review:answered", "What a panel found, and its answers"),
        Link("feeds:published", "What is published"),
    )),
)  # fmt: skip
"""Groups in the order of the header; a group without a link is not shown."""


def groups(signed_in: bool, here: str) -> Iterator[tuple[str, list[tuple[str, str, bool]], bool]]:
    """Each group with its links (address, words, whether it is the page shown), and whether the page shown is one of them or below."""
    for name, links in GROUPS:
        shown = [(reverse(link.view, args=link.args), link.words) for link in links if signed_in or not link.members]
        if shown:
            found = [(address, words, address == here) for address, words in shown]
            yield name, found, any(address == here or (address != "/" and here.startswith(address)) for address, _ in shown)
