"""What a panel finds becomes a signal, with its evidence: a provider's share, and the same standard unmet in one provider or in several."""

from dataclasses import asdict

import pytest

from hall import MONDAY, enter
from panels import graders_of
from tocsin.review import avoidability, compare, scales
from tocsin.review.simulated import simulated_panel
from tocsin.web.concerns.models import Concern, JoinedSignal
from tocsin.web.people.models import Provider
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.review import consensus, publishing
from tocsin.web.review.models import Case, Figures

pytestmark = pytest.mark.django_db
STANDARD = {"mnsi.trace@1": {"verdict": "not-met", "bears": True, "words": "late", "title": "Begin the trace"}}


def agree(table, case, standards, grade="2"):
    for seat in graders_of(case):
        table.grade(seat.member, case.pk, grade)
    for seat in graders_of(case):
        with acting_as(seat.member_id):
            consensus.take_position(case=case.pk, grade=grade, why="", by=seat.member)
    with acting_as(table.convener.pk):
        consensus.agree(case=case.pk, grade=grade, words="Found", by=table.convener, factors={}, standards=standards)


def rung():
    with acting_as(TOCSIN):
        return {s.concern.provider_id: s for s in JoinedSignal.objects.filter(key__startswith="the review|").select_related("concern")}


def publish(table, words="What the panel found"):
    with acting_as(table.convener.pk):
        return publishing.publish(panel=table.panel, words=words, by=table.convener)


def test_a_providers_share_of_avoidable_outcomes_becomes_a_signal_with_its_evidence(client, table):
    # a panel of the size that it takes is simulated: provider XAA is far worse than seven others
    case = table.case("XAA")
    table.deal()
    agree(table, case, {})
    gradings, _, _ = simulated_panel(3, 400, 10, 2, (0.4, 0.25, 0.2, 0.15), groups=8, sd_groups=0.1, moved={0: 1.7})
    compared = compare(avoidability(gradings, scales()["confidential-enquiry"], draws=300, walk_seconds=0.3))
    codes = {f"g{n}": code for n, code in enumerate(["XAA", "XAB", "XAC", "XAD", "XAE", "XAF", "XAG", "XAH"])}
    with acting_as(TOCSIN):
        for code in list(codes.values())[2:]:
            Provider.objects.create(code=code, name=f"Provider {code}", kind="nhs-trust", region="North")
    with acting_as(table.convener.pk):
        job = Figures(panel_id=table.panel, by=table.convener, asked=MONDAY)
        job.save(force_insert=True)
    result = {"compared": [asdict(c) | {"provider": codes[c.provider]} for c in compared], "typical": {"might_or_would": [0.4, 0.3, 0.5]}}
    with acting_as(TOCSIN):
        Figures.objects.filter(pk=job.pk).update(result=result, ended=MONDAY, progress=100)

    made = publish(table)

    found = rung()
    assert (made.signals, set(found)) == (1, {"XAA"})
    one = found["XAA"]
    assert one.evidence["share"] > one.evidence["upper"] > one.evidence["expected"]
    assert one.evidence["q"] <= 0.05
    assert one.evidence["cases"] == 50
    assert one.address == f"/review/panels/{table.panel}/table/#provider-XAA"
    assert "might or would have ended otherwise; the other providers lead one to expect" in one.sentence
    enter(client, table.convener)
    assert 'id="provider-XAA"' in client.get(f"/review/panels/{table.panel}/table/").content.decode()
    drawn = client.get(f"/review/panels/{table.panel}/providers.svg")
    assert drawn["Content-Type"] == "image/svg+xml"
    assert "Provider XAA (50)" in drawn.content.decode()
    assert drawn.content.decode().count("#b00020") == 1
    enter(client, table.hall.icb)
    assert client.get(f"/review/panels/{table.panel}/providers.svg").status_code == 404
    # the same finding published again joins once
    assert publish(table).signals == 1
    assert len(rung()) == 1


def test_a_standard_unmet_more_in_one_provider_than_in_all_others_is_about_that_provider(client, table):
    bad = [table.case("XAA") for _ in range(5)]
    good = [table.case("XAB") for _ in range(6)]
    table.deal()
    for case in bad:
        agree(table, case, STANDARD)
    for case in good:
        agree(table, case, {"mnsi.trace@1": STANDARD["mnsi.trace@1"] | {"verdict": "met", "words": ""}}, grade="0")

    publish(table)

    found = rung()
    assert set(found) == {"XAA"}
    assert {k: found["XAA"].evidence[k] for k in ("unmet", "applied", "others_unmet", "others_applied")} == {
        "unmet": 5, "applied": 5, "others_unmet": 0, "others_applied": 6,
    }  # fmt: skip
    assert "'Begin the trace' was not met at Provider XAA in 5 of 5 cases" in found["XAA"].sentence
    enter(client, table.convener)
    page = client.get(f"/review/panels/{table.panel}/table/").content.decode()
    assert found["XAA"].address.partition("#")[2] in page


def test_a_standard_unmet_in_several_providers_is_a_national_finding_that_says_how_many_share_it(table):
    cases = [table.case("XAA") for _ in range(3)] + [table.case("XAB") for _ in range(3)]
    table.deal()
    for case in cases:
        agree(table, case, STANDARD)

    publish(table)

    found = rung()
    assert set(found) == {"ALL"}
    assert "2 of 2 providers share this" in found["ALL"].sentence
    assert (found["ALL"].evidence["providers"], found["ALL"].evidence["unmet"]) == (2, 6)
    with acting_as(TOCSIN):
        assert Concern.objects.get(provider_id="ALL").holder_kind
        assert Case.objects.filter(finished=None).count() == 6


def test_what_stands_out_in_no_way_rings_nothing(table):
    case = table.case()
    table.deal()
    agree(table, case, STANDARD)

    assert publish(table).signals == 0
    assert rung() == {}
