"""One embedded PostgreSQL for a whole test run, in a folder of its own; one small run of the watch for all pages."""

import os

import pytest
from hypothesis import settings

import run_folder
from country import country, indicator, register

# the first call of a compiled function takes as long as compiling it
settings.register_profile("tocsin", deadline=None)
settings.load_profile("tocsin")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The app's rights, as after migrating; and emptying tables between browser tests, which the record refuses to everybody else."""
    from django.db import connection
    from django.db.backends.postgresql.operations import DatabaseOperations

    from tocsin.postgres.server import GRANTS

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for statement in GRANTS:
            cursor.execute(statement)
    emptying = DatabaseOperations.sql_flush

    def sql_flush(self, style, tables, **options):
        kept = ("record_entry", "record_checkpoint")
        own = ["record_chain", "record_told", "record_demo_clock", "concerns_exists", "learn_open"]
        truncate = emptying(self, style, [*tables, *own] if "record_entry" in tables else tables, **options)
        off = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in kept]
        return [*off, *truncate, *(s.replace("DISABLE", "ENABLE") for s in off)] if truncate else truncate

    DatabaseOperations.sql_flush = sql_flush
    yield
    DatabaseOperations.sql_flush = emptying


def pytest_sessionfinish(session):
    # workers of one run share the server; only the one who began the run ends it
    if not os.environ.get("PYTEST_XDIST_WORKER"):
        run_folder.remove(run_folder.own())


@pytest.fixture(scope="session")
def small_run():
    """Twenty sites, one of them (S03) with a threefold rise, and a flag for its data."""
    from datetime import date

    from tocsin.watch.national import watch_country
    from tocsin.watch.results import QualityFlag

    counts = country(sites=20, days=4 * 365, rises=[(3, 900, 3.0)])
    flag = QualityFlag("S05", None, "no-births", date(2017, 1, 1), date(2017, 1, 31), "In January 2017 nothing was recorded at S05.")
    return watch_country({"stillbirth": counts}, {"stillbirth": indicator()}, register(20), quality=[flag], reading={"rows": 1})


@pytest.fixture
def loaded(db, small_run):
    from tocsin.web.watch.actions import load_run

    return load_run(small_run)


def pytest_addoption(parser):
    parser.addoption("--pictures", default="", help="Folder in which the browser's story leaves a picture of each page")
