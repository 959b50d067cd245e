"""One body, one name: whatever spelling a report uses, the same body has one page. Who is who stands in bodies.yaml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from django.utils.text import slugify


@dataclass(frozen=True, slots=True)
class Identity:
    """A body, or a group that is asked as a whole. id: as in its address. became: the id of who took its work over, where it is no more."""

    id: str
    name: str
    names: tuple[str, ...] = ()
    group: bool = False
    why: str = ""
    source: str = ""
    became: str = ""


def identity(name: str) -> Identity:
    """Whom a name means. A name that nobody has entered is a body of its own; spellings that differ only in marks are the same."""
    found = _by_name().get(plain(name))
    if found is not None:
        return found
    slug = slugify(plain(name))[:80].strip("-")
    return _known().get(slug) or Identity(slug or "nobody-named", name.strip())


def known(id: str) -> Identity | None:
    """The body with this id, where it was entered."""
    return _known().get(id)


def before(id: str) -> tuple[Identity, ...]:
    """Bodies whose work this one took over."""
    return tuple(i for i in _known().values() if i.became == id)


def plain(name: str) -> str:
    """Without case, marks, articles and the legal form, in which spellings of one name differ."""
    words = re.sub(r"[^\w ]+", " ", name.lower().replace("&", " and ").replace("’", "").replace("'", ""))
    words = re.sub(r"\b(?:nhs )?foundation trust\b", "nhs trust", words)
    words = re.sub(r"^(?:the|all of the) |^(?:an?) ", "", re.sub(r"\s+", " ", words).strip())
    return words.strip()


@cache
def _known() -> Mapping[str, Identity]:
    rows = yaml.safe_load((files("tocsin.web.learn") / "bodies.yaml").read_text("utf-8"))
    return {row["id"]: Identity(**row | {"names": tuple(row.get("names", ()))}) for row in rows}


@cache
def _by_name() -> Mapping[str, Identity]:
    out: dict[str, Identity] = {}
    for body in _known().values():
        for name in (body.name, *body.names):
            other = out.setdefault(plain(name), body)
            if other is not body:
                raise ValueError(f"bodies.yaml: {name!r} stands for both {other.id!r} and {body.id!r}; keep it in one of them")
    return out
