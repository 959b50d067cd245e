"""A hall, and a clock that a test moves: as the app's role, which owns nothing and is bound by row-level security."""

import pytest
from django.db import connection

from hall import Moment, build
from tocsin.web.record.acting import act_as


@pytest.fixture
def moment(monkeypatch):
    return Moment(monkeypatch)


@pytest.fixture
def hall(db, moment):
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE tocsin_app")
    made = build()
    yield made
    act_as(None)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
