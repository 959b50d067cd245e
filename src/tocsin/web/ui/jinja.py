"""The Jinja environment of all pages."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from jinja2 import Environment, StrictUndefined

from tocsin.web.ui.rooms import groups


def environment(**options: Any) -> Environment:
    options["undefined"] = StrictUndefined
    env = Environment(**options)  # noqa: S701  (Django's backend passes autoescape=True)
    env.globals.update(static=static, url=url, count=count, demo=settings.DEMO, rooms=groups)
    env.filters.update(day=day, month=month, number=number, count=count)
    return env


def url(name: str, args: Iterable[Any] = ()) -> str:
    """The address of a page. Kept, since a page has dozens and they do not change."""
    return _address(name, tuple(args), get_script_prefix())


@lru_cache(maxsize=4096)
def _address(name: str, args: tuple[Any, ...], prefix: str) -> str:
    return reverse(name, args=args)


def day(value: date | None) -> str:
    return "" if value is None else f"{value.day} {value:%B %Y}"


def month(value: date | None) -> str:
    return "" if value is None else f"{value:%B %Y}"


def number(value: float | None, places: int = 1) -> str:
    if value is None:
        return "not known"
    return f"{value:,.{places}f}"


def count(value: int) -> str:
    """A count, or 'fewer than n' where small counts are not shown."""
    below = settings.SUPPRESS_BELOW
    return f"fewer than {below}" if 0 < value < below else f"{value:,}"
