"""The room is tested as the app's role, which owns nothing and is bound by row-level security."""

import pytest

import panels
from as_the_app import hall
from hall import Moment

__all__ = ["hall", "moment", "table"]


@pytest.fixture
def moment(monkeypatch):
    made = Moment(monkeypatch)
    for where in ("doing", "panels", "cases", "grading", "families", "standards"):
        monkeypatch.setattr(f"tocsin.web.review.{where}.now", lambda: made.at)
    monkeypatch.setattr("tocsin.web.people.tries.now", lambda: made.at)
    return made


@pytest.fixture
def table(hall):
    return panels.build(hall)
