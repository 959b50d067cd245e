"""The room is tested as the app's role, which owns nothing and is bound by row-level security."""

import pytest
from django.db import connection

import panels
from hall import Moment, build
from tocsin.web.record.acting import act_as


@pytest.fixture
def moment(monkeypatch):
    made = Moment(monkeypatch)
    for where in ("doing", "panels", "cases", "grading", "families", "standards"):
        monkeypatch.setattr(f"tocsin.web.review.{where}.now", lambda: made.at)
    monkeypatch.setattr("tocsin.web.people.tries.now", lambda: made.at)
    return made


@pytest.fixture
def hall(db, moment):
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE tocsin_app")
    made = build()
    yield made
    act_as(None)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.fixture
def table(hall):
    return panels.build(hall)
