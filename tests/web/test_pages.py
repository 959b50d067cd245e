import csv
import io
import re

import pytest
from django.test import override_settings

from tocsin.web.watch import queries
from tocsin.web.watch.actions import load_run
from tocsin.web.watch.models import Ring, Run, Site, Stream

pytestmark = pytest.mark.django_db


def ring_of(code="S03"):
    return Ring.objects.get(site_code=code, detector="rise", ended=None, level="red")


def test_the_overview_says_who_rings_since_when_how_big_and_what_is_promised(client, loaded):
    page = client.get("/").content.decode()

    assert "Site S03" in page
    assert "1 false red signal a year in all 20 streams" in page
    assert "Silence is not safety" in page
    assert "In January 2017 nothing was recorded at S05." in page


def test_the_overview_is_filtered_and_ordered_by_its_address(client, loaded):
    assert "Site S03" in client.get("/?level=red&text=S03&sort=ratio").content.decode()
    assert "No stream rings that fits" in client.get("/?text=nowhere").content.decode()
    assert client.get("/?sort=password&level=%00&region='").status_code == 200


def test_the_overview_makes_six_queries_however_many_rings_there_are(client, loaded, django_assert_num_queries):
    with django_assert_num_queries(6):
        client.get("/")


def test_a_site_page_shows_every_indicator_and_what_its_size_can_show(client, loaded):
    page = client.get("/sites/S04/").content.decode()

    assert "Nothing rings." in page or "since" in page
    assert "Reports are practically complete up to" in page


def test_the_signal_page_carries_the_sentence_the_promise_and_the_counts(client, loaded):
    ring = ring_of()
    page = client.get(f"/signals/{ring.id}/").content.decode()

    assert ring.sentence.split(";")[0][:60] in page
    assert "still coming" in page
    assert page.count("<tr>") == len(ring.stream.months) + 1


def test_the_counts_download_adds_up_to_the_stream(client, loaded):
    ring = ring_of()
    rows = list(csv.DictReader(io.StringIO(client.get(f"/signals/{ring.id}/months.csv").content.decode())))

    assert sum(int(r["events"]) for r in rows) == ring.stream.events
    assert sum(int(r["births"]) for r in rows) == ring.stream.births


@pytest.mark.parametrize("what", ["cusum", "rise", "excess", "control"])
def test_every_chart_is_drawn_as_svg_with_words_and_as_png(client, loaded, what):
    stream = ring_of().stream
    svg = client.get(f"/charts/{stream.id}/{what}.svg").content.decode()

    assert '<svg role="img"' in svg
    assert "<title>" in svg
    assert "Site S03" in svg
    assert client.get(f"/charts/{stream.id}/{what}.png").content[:4] == b"\x89PNG"


def test_the_funnel_has_one_point_a_site(client, loaded):
    svg = client.get("/indicators/stillbirth/funnel.svg").content.decode()

    assert svg.count('aria-roledescription="point"') == 20 or svg.count("<path") > 20


@pytest.mark.parametrize("address", ["/sites/NOPE/", "/signals/999999/", "/indicators/nope/", "/charts/1/nope.svg", "/nowhere"])
def test_what_is_not_there_is_said_in_plain_words(client, loaded, address):
    answer = client.get(address)

    assert answer.status_code == 404
    assert "This page is not here" in answer.content.decode()


def test_before_any_run_the_page_says_what_to_do(client, db):
    assert "make demo" in client.get("/").content.decode()


def test_a_new_run_replaces_what_is_shown_and_keeps_the_rings_of_the_old(loaded, small_run):
    old = Ring.objects.filter(run=loaded).count()
    new = load_run(small_run)

    assert queries.newest_run() == new
    assert Site.objects.filter(run=loaded).count() == 0
    assert Ring.objects.filter(run=loaded).count() == old
    assert Run.objects.count() == 2


def test_a_load_that_fails_leaves_the_old_run_as_it_was(loaded, small_run):
    import dataclasses

    broken = dataclasses.replace(small_run, sites=small_run.sites[:3])

    with pytest.raises(KeyError):
        load_run(broken)
    assert Stream.objects.filter(run=loaded).count() == len(small_run.streams)


@override_settings(SUPPRESS_BELOW=5)
def test_small_counts_cannot_be_read_off_public_pages(client, loaded):
    """An attack: every number on the page and in the file is read; no month with 1 to 4 events may show its count or a way to it."""
    ring = ring_of()
    page = client.get(f"/signals/{ring.id}/").content.decode()
    rows = list(csv.DictReader(io.StringIO(client.get(f"/signals/{ring.id}/months.csv").content.decode())))
    truth = {m: events for m, _, events, *_ in ring.stream.months}

    small = [m for m, events in truth.items() if 0 < events < 5]
    assert len(small) > 1
    assert all(r["events"] == "fewer than 5" for r in rows if r["month"] in small)
    assert "expected" not in rows[0]
    assert not re.search(r"\d+\.\d+ expected", page)
    assert client.get(f"/charts/{ring.stream_id}/excess.svg").status_code == 404


def test_pages_send_a_strict_policy_and_no_script_of_their_own(client, loaded):
    answer = client.get("/")

    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    scripts = re.findall(r"<script([^>]*)>([^<]*)</script>", answer.content.decode())
    assert scripts
    assert all(re.fullmatch(r' src="/static/ui/[a-z.]+" defer', how) and not inside for how, inside in scripts)
    assert not re.search(r" on[a-z]+=", answer.content.decode())


def test_the_health_page_answers(client, db):
    assert client.get("/health/").json() == {"database": "ok"}
