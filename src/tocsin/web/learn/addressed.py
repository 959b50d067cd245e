"""Whom the words of a report mean: a kind of body of the map, or one body."""

import re
from collections.abc import Iterable

from tocsin.web.learn.identity import identity
from tocsin.web.people.models import Body, Provider

_KINDS = (
    (
        re.compile(
            r"(?i)\b(?:trusts?|hospitals?|maternity (?:units?|services?|providers?)|providers?|health boards?|boards? of trusts?)\b"
        ),
        "trust",
    ),
    (re.compile(r"(?i)\bintegrated care (?:boards?|systems?)\b|\bicbs?\b|\bcommissioners?\b"), "icb"),
    (re.compile(r"(?i)\bsecretary of state\b|\bminister|\bgovernment\b|\bdepartment of health\b"), "sos"),
)


def whom(words: str, provider: Provider | None, bodies: Iterable[Body]) -> tuple[str, int | None]:
    """(kind, id of the one body or None); ('', None) where the words name nobody that is known here."""
    plain = _plain(words)
    known = list(bodies)
    named = [b for b in known if len(_plain(b.name)) > 3 and re.search(rf"\b{re.escape(_plain(b.name))}\b", plain)]
    if named:
        best = max(named, key=lambda b: len(b.name))
        return best.kind, best.pk
    for pattern, kind in _KINDS:
        if pattern.search(words):
            if (
                kind == "trust"
                and provider is not None
                and not re.search(r"(?i)\b(?:all|every|each|trusts|providers|hospitals|units|services)\b", words)
            ):
                own = next((b for b in known if b.provider_id == provider.pk), None)
                if own is not None:
                    return own.kind, own.pk
            return kind, None
    return "", None


def asked(name: str, provider: Provider | None, bodies: Iterable[Body], words: str = "") -> dict[str, str | int | None]:
    """What is kept of an addressee beside the name: kind, body_id, and who it is. words: as they stand in the text, where they say more."""
    known = list(bodies)
    kind, body = whom(words or name, provider, known)
    own = next((b.name for b in known if b.pk == body), name)
    return {"kind": kind, "body_id": body, "who": identity(own).id}


def provider_named(words: str, providers: Iterable[Provider]) -> Provider | None:
    """The provider whose name stands in the words, the longest one where several do."""
    plain = _plain(words)
    found = [p for p in providers if _plain(p.name) and _plain(p.name) in plain]
    return max(found, key=lambda p: len(p.name)) if found else None


def _plain(words: str) -> str:
    return re.sub(r"^the ", "", re.sub(r"\W+", " ", words.lower()).strip())
