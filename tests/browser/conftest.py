"""A real Chromium, and a site to walk in."""

import importlib.util
import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="module")
def chromium():
    spec = importlib.util.spec_from_file_location("browser", Path(__file__).parents[2] / "tools" / "browser.py")
    finder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(finder)
    with sync_playwright() as p:
        # any request to another host fails, so a page that needs one shows it
        rules = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost"
        yield p.chromium.launch(executable_path=finder.find(), args=[rules, "--no-sandbox"])


@pytest.fixture
def site(transactional_db, live_server, small_run):
    from tocsin.web.watch.actions import load_run

    load_run(small_run)
    return live_server.url


@pytest.fixture
def open_page(chromium, site):
    """Opens pages; when the test is over they have nothing left to ask for, so that no request meets the emptying of the tables."""
    opened = []

    def opening(**options):
        page = chromium.new_context(**options).new_page()
        page.failures = []
        page.on("requestfailed", lambda r: page.failures.append(r.url))
        opened.append(page)
        return page

    yield opening
    for page in opened:
        if page.is_closed():
            continue
        page.wait_for_load_state("networkidle")
        page.goto("about:blank")
        page.wait_for_timeout(300)
        page.context.close()
