"""The Jinja environment of all pages."""

from datetime import date
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined

from tocsin.web.ui.rooms import groups


def environment(**options: Any) -> Environment:
    options["undefined"] = StrictUndefined
    env = Environment(**options)  # noqa: S701  (Django's backend passes autoescape=True)
    env.globals.update(static=static, url=reverse, count=count, demo=settings.DEMO, rooms=groups)
    env.filters.update(day=day, month=month, number=number, count=count)
    return env


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
