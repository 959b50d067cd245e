"""Each property: kept by a good map, refuted by a broken one with a true counterexample; and times, against every behaviour played out."""

import itertools
import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps import BROKEN, small
from tocsin.accord.check import check, narrowed
from tocsin.accord.clock import Event, Phase, What, state
from tocsin.accord.language import read_map
from tocsin.accord.rules import binding, first_holder
from tocsin.accord.times import Calendar, worst_of

ZONE = ZoneInfo("Europe/London")
BEHAVIOURS = ("silent", "act early", "act between", "act late", "refuse early", "refuse between", "refuse late")


def test_a_good_map_has_no_finding():
    report = check(small())

    assert report.findings == ()
    assert report.lawful


@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_property_is_found_with_a_story_and_its_lines(code):
    report = check(small(*BROKEN[code]))
    found = [f for f in report.findings if f.code == code]

    assert found, [f.code for f in report.findings]
    assert all(f.places and f.story.startswith("On ") and f.cases == 2 for f in found)


@pytest.mark.parametrize("code", [c for c in BROKEN if c not in ("A6",)])
def test_an_amendment_that_is_offered_mends_the_finding(code):
    finding = next(f for f in check(small(*BROKEN[code])).findings if f.code == code)

    assert finding.amendment, finding.what


@pytest.mark.parametrize(("code", "silent"), [("A4", 1), ("A5", 2)])
def test_harm_that_only_silence_does_is_found_as_that_and_nothing_else(code, silent):
    report = check(small(*BROKEN[code]))
    worst = next(iter(report.worst.values()))

    assert [f.code for f in report.findings] == [code]
    assert all(w.days <= 90 for w in worst[:silent])
    assert worst[silent].days > 90
    assert "stays silent" in report.findings[0].story


def test_a_lead_that_a_merger_brings_round_in_a_circle_is_found():
    report = check(
        small(
            ("- {id: nation", "- {id: region2, name: The new region, tier: 3, predecessor: region, since: 2027-01-01}\n- {id: nation"),
            ("{id: region, name: The region, tier: 3}", "{id: region, name: The region, tier: 3, until: 2027-01-01}"),
            ("handovers:", "handovers:\n- {body: region2, to: region, when: [deadline-passed, insufficient-power], basis: b, source: s}"),
        )
    )

    assert "A8" in {f.code for f in report.findings}
    assert min(f.since for f in report.findings if f.code == "A8") == date(2027, 1, 1)


@pytest.mark.parametrize("code", ["A3", "A4", "A5", "A7"])
def test_the_counterexample_of_a_time_is_what_the_clock_says_when_it_is_played(code):
    map_ = small(*BROKEN[code])
    for finding in check(map_, amend=False).findings:
        if finding.code not in ("A3", "A4", "A5"):
            continue
        after = datetime.combine(finding.day + timedelta(days=map_.binding_days), time(23, 59), ZONE)
        assert not state(map_, finding.case, finding.events, after).binding


@st.composite
def maps(draw):
    """Random maps of two to five bodies, whose handovers go anywhere, with a change in the middle."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    names = [f"b{i}" for i in range(rng.randint(2, 5))]
    lines = ["accord: 1", "name: Random", "since: 2026-01-01", "until: 2026-07-01", "concern-kinds: [conduct]", "provider-kinds: [p]"]
    lines += ["bodies:", *(f"- {{id: {b}, name: {b}, tier: 1}}" for b in names), "powers:"]
    lines += [f"- {{body: {b}, power: {rng.choice(['advise', 'inspect', 'require-action'])}, basis: b, source: s}}" for b in names]
    lines += ["duties:"]
    for i, b in enumerate(names):
        unit = rng.choice(["working", "calendar"])
        first = "first: true, " if i == 0 else ""
        lines.append(
            f"- {{body: {b}, role: lead, {first}must: act, within: {rng.randint(1, 5)} {unit} days, "
            f"review: {rng.randint(1, 6)} calendar days, basis: b, source: s}}"
        )
    lines += ["handovers:"]
    for b in names:
        for why in ("deadline-passed", "insufficient-power", "refusal"):
            if rng.random() < 0.8:
                until = ", until: 2026-03-10" if rng.random() < 0.3 else ""
                lines.append(f"- {{body: {b}, to: {rng.choice([n for n in names if n != b])}, when: [{why}]{until}, basis: b, source: s}}")
    return read_map({"random.yaml": "\n".join(lines)})


def played(map_, case, day, behaviours):
    """First day of binding power when each body always does the same: by the clock alone, event by event."""
    moment = datetime.combine(day, time(12), ZONE)
    history = [Event("0", What.RAISED, moment)]
    end = datetime.combine(day + timedelta(days=700), time(12), ZONE)
    for number in range(1, 60):
        now = state(map_, case, history, moment)
        if now.holder is None or now.binding:
            break
        did = behaviours[now.holder.body]
        if did == "silent" or now.holder.phase is not Phase.TO_ACT:
            if now.holder.due is None:
                return None
            moment = datetime.combine(now.holder.due + timedelta(days=1), time(0, 1), ZONE)
        else:
            early = max(now.holder.since, moment.date())
            between = early + (now.holder.due - early) // 2
            when = {"late": now.holder.due, "between": between, "early": early}[did.split()[1]]
            moment = max(moment, datetime.combine(when, time(12), ZONE) + timedelta(seconds=number))
            history.append(Event(str(number), What.ACTED if did.startswith("act") else What.REFUSED, moment, now.holder.body))
        if moment > end or len(now.passed) > 15:
            return "unfinished"
    return state(map_, case, history, end).first_binding_day(map_, case)


@settings(max_examples=60)
@given(maps(), st.integers(0, 120))
def test_the_worst_time_is_never_beaten_by_any_behaviour_played_out_and_is_reached_by_its_own_story(map_, offset):
    case = map_.cases()[0]
    calendar = Calendar(map_)
    worst = worst_of(narrowed(map_, case), case, calendar, 2)
    day = map_.since + timedelta(days=offset)
    free = [b for b in map_.bodies if not binding(map_, case, b, day)]
    for choice in itertools.islice(
        itertools.product(("silent", "act early", "act late", "refuse early", "refuse late"), repeat=len(free)), 300
    ):
        behaviours = dict(zip(free, choice, strict=True)) | {b: "silent" for b in map_.bodies if b not in free}
        silent = choice.count("silent")
        if silent > 2 or first_holder(map_, case, day).to is None:
            continue
        reached = played(map_, case, day, behaviours)
        if reached == "unfinished":
            continue
        if reached is not None and worst[silent].days is not None:
            assert (reached - day).days <= worst[silent].days
        if reached is None:
            assert worst[silent].days is None
    for w in worst:
        after = datetime.combine(w.raised + timedelta(days=900), time(12), ZONE)
        first = state(map_, case, w.events, after).first_binding_day(map_, case)
        waited = None if first is None else (first - w.raised).days
        if w.days is None:
            assert waited is None or waited > map_.binding_days
        else:
            assert waited == w.days
