"""The room is tested as the app's role, which owns nothing and is bound by row-level security."""

import sys
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from as_the_app import hall
from hall import Moment
from tocsin.web.learn import actions, reading
from tocsin.web.learn.models import Item, Report
from tocsin.web.record.acting import TOCSIN, acting_as

__all__ = ["DAY", "REPORT", "data_apart", "draft_report", "hall", "moment", "opened", "recommendation", "take_in"]
sys.path.insert(0, str(Path(__file__).parents[2] / "learn"))


@pytest.fixture
def moment(monkeypatch):
    found = Moment(monkeypatch)
    for where in ("actions", "outcomes", "desk", "shipped", "reading", "views", "register_views", "desk_views"):
        monkeypatch.setattr(f"tocsin.web.learn.{where}.now", lambda: found.at)
    return found


@pytest.fixture(autouse=True)
def data_apart(settings, tmp_path):
    settings.DATA = tmp_path


def take_in(hall, content, name="report.txt", who="trust", body="trust"):
    """A file is taken in and read."""
    member = hall.members[who]
    with acting_as(member.pk):
        made = actions.take_in(upload=SimpleUploadedFile(name, content), body=hall.bodies[body], by=member)
    reading.read(made.pk)
    with acting_as(TOCSIN):
        return Report.objects.select_related("body").get(pk=made.pk)


REPORT = """Review of maternity care at Provider XAA

14 May 2019

This review looked at care at Provider XAA between 2015 and 2018.

Staff failed to call a consultant when the baby's heart rate fell, and nobody came until it was too late.

The families were not listened to; what mothers said was dismissed by staff.

One midwife told us: there were 12 women and two of us that night.

Recommendation 1 The Trust must ensure that consultants attend in person whenever a colleague asks them to come.

Recommendation 2 The Care Quality Commission should publish each year how many units have too few midwives.
"""


@pytest.fixture
def draft_report(hall):
    """A report that the trust took in and that only the trust sees."""
    return take_in(hall, REPORT.encode())


@pytest.fixture
def opened(hall, draft_report):
    """The same, open to everybody."""
    with acting_as(hall.trust.pk):
        return actions.open_report(report=draft_report, by=hall.trust)


@pytest.fixture
def recommendation(opened):
    return Item.objects.select_related("report", "family").get(report=opened, number="1")


DAY = date(2026, 1, 4)
