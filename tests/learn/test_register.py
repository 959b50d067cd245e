"""The register is checked at the door; every fault is said with file and line; histories run through `earlier`."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register_files import item, report
from tocsin.learn.register import Accepted, RegisterError, Status, When, read_register, register
from tocsin.learn.taxonomy import load


def faults(texts):
    with pytest.raises(RegisterError) as wrong:
        read_register(texts)
    return wrong.value.faults


def test_what_a_report_says_once_holds_for_its_recommendations():
    found = read_register(report(item(), item("r2", more="  addressees: [A regulator]\n  page: 7\n")))

    assert found["2015-one/r1"].addressees == ("A trust",)
    assert found["2015-one/r2"].addressees == ("A regulator",)
    assert found["2015-one/r2"].page == 7
    assert found["2015-one/r1"].page is None
    assert found["2015-one/r1"].page_why == "No page numbers on the page that was seen."
    assert found["2015-one/r1"].reply.accepted is Accepted.UNKNOWN


@pytest.mark.parametrize(
    ("items", "line", "says"),
    [
        (item(failing="no-such"), 18, "no failing 'no-such'"),
        (item(failing="handover-poor, handover-poor"), 18, "twice"),
        (item(source="elsewhere"), 17, "no source is called 'elsewhere'"),
        (item(source="reply"), 14, "unconfirmed: true"),
        (item() + item(text="Another text that is long enough."), 19, "'2015-one/r1' already stands in line 14"),
        (
            item(text="The same words as before, again.") + item("r2", text="The same words as before, again."),
            21,
            "already stands in line 16",
        ),
        (item(more="  source: report\n"), 19, "'source' stands there twice"),
        (item(more="  page: none\n"), 19, "page"),
        (item(more="  wrong: 1\n"), 19, "wrong"),
        (item(more="  reply: {accepted: yes please, source: reply}\n"), 19, "accepted"),
        (item(more="  reply: {accepted: accepted}\n"), 19, "without a page it is 'unknown'"),
        (item(more="  reply: {accepted: accepted, source: reply, on: 2015-02-30}\n"), 19, "day"),
        (item(more="  reply: {accepted: accepted, source: reply, on: 2014}\n"), 19, "comes before the report"),
        (
            item(more="  reply: {accepted: accepted, source: reply, by: A trust, grade: acceptable, graded_by: A trust}\n"),
            19,
            "its own reply",
        ),
        (item(more="  evidence: {status: acting, why: They say so.}\n"), 19, "'source' and 'on' are needed"),
        (item(more="  evidence: {status: acting, why: They say so., on: 2014-01, source: reply}\n"), 19, "comes before the report"),
        (
            item(more="  evidence: {status: acting, why: They say so., on: 2017-01, source: reply}\n  next_review: 2016\n"),
            14,
            "before the day",
        ),
        (item(more="  next_review: 2015-01-01\n"), 19, "is not after the report"),
        (item(more="  earlier: [2015-one/r1]\n"), 19, "of the same report"),
        (item(more="  earlier: [2010-none/r1]\n"), 19, "not in the register"),
        (item(more="  evidence: {status: merged, why: In another., on: 2017, source: reply}\n"), 14, "by what"),
        (item(more="  actions: [{what: A form., by: A trust, source: nowhere}]\n"), 19, "no source is called 'nowhere'"),
        (item(id="R 1"), 14, "pattern"),
    ],
)
def test_a_fault_is_said_with_file_and_line(items, line, says):
    (fault,) = faults(report(items))

    assert fault.startswith(f"2015-one.yaml:{line}: ")
    assert says.lower() in fault.lower()


def test_faults_of_all_files_are_said_at_once():
    texts = report(item(failing="a")) | report(item(failing="b"), id="2016-two", published="2016") | {"2017-three.yaml": "- a\n- list"}

    assert [fault.partition(": ")[0] for fault in faults(texts)] == ["2017-three.yaml:1", "2015-one.yaml:18", "2016-two.yaml:18"]


@pytest.mark.parametrize(
    ("text", "line"),
    [("id: [", 2), ("id: 2015-one\n\tx: 1", 2), ("", 1), ("id: !!python/object:os.system x", 1), ("a: &a [*a]", 1)],
)
def test_what_is_not_a_report_is_refused_without_harm(text, line):
    assert faults({"2015-one.yaml": text})[0].startswith(f"2015-one.yaml:{line}: ")


def test_a_file_has_the_name_of_its_report_and_the_year_of_its_day():
    (texts,) = report(item(), published="2014-03").values()

    assert [fault.split(": ")[0] for fault in faults({"2015-other.yaml": texts})] == ["2015-other.yaml:1", "2015-other.yaml:4"]


def test_earlier_must_be_earlier_and_histories_run_through_any_number_of_steps():
    first = report(item(), item("r2"))
    second = report(item(more="  earlier: [2015-one/r1]\n"), id="2016-two", published="2016")
    third = report(item(more="  earlier: [2016-two/r1]\n"), id="2017-three", published="2017-05")
    found = read_register(third | second | first)

    assert [report.id for report in found.reports] == ["2015-one", "2016-two", "2017-three"]
    assert [item.id for item in found.family("2016-two/r1")] == ["2015-one/r1", "2016-two/r1", "2017-three/r1"]
    assert [(f.failing, [item.id for item in f.items]) for f in found.families()] == [
        ("handover-poor", ["2015-one/r1", "2016-two/r1", "2017-three/r1"])
    ]
    assert found.family("2015-one/r2") == (found["2015-one/r2"],)
    back = report(item(more="  earlier: [2016-two/r1]\n"))
    assert "later than" in faults(back | report(item(), id="2016-two", published="2016"))[0]


def test_a_history_stays_with_its_failing_where_an_item_between_is_about_two():
    first = report(item(failing="handover-poor"))
    second = report(item(failing="handover-poor, records-poor", more="  earlier: [2015-one/r1]\n"), id="2016-two", published="2016")
    third = report(item(failing="records-poor", more="  earlier: [2016-two/r1]\n"), id="2017-three", published="2017")
    found = read_register(first | second | third)

    assert [i.id for i in found.family("2015-one/r1")] == ["2015-one/r1", "2016-two/r1"]
    assert [i.id for i in found.family("2016-two/r1")] == ["2015-one/r1", "2016-two/r1", "2017-three/r1"]
    assert [f.failing for f in found.families()] == ["handover-poor", "records-poor"]


def test_items_that_say_the_same_share_a_failing():
    second = report(item(failing="records-poor", more="  earlier: [2015-one/r1]\n"), id="2016-two", published="2016")

    assert faults(report(item()) | second) == (
        "2016-two.yaml:19: 'earlier' names '2015-one/r1', which shares no failing with this item; "
        "code one of them anew, or they do not say the same",
    )


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_date_is_read_as_it_is_written_and_a_month_or_year_holds_each_of_its_days(day: date):
    for written in (day.isoformat(), day.isoformat()[:7], day.isoformat()[:4]):
        when = When.of(written)

        assert str(when) == written
        assert when.first <= day <= when.last
        assert (when.last - when.first).days + 1 in {10: (1,), 7: (28, 29, 30, 31), 4: (365, 366)}[len(written)]


def test_the_shipped_register_is_whole():
    found = register()
    failings = {failing.id for failing in load().failings}

    assert sum(report.maternity for report in found.reports) >= 50
    assert sum(not report.maternity for report in found.reports) >= 20
    assert sum(len(report.items) for report in found.reports if not report.maternity) >= 120
    assert len({item.id for item in found.items}) == len(found.items) >= 500
    assert all(set(item.failings) <= failings for item in found.items)
    assert all(found.report(item.id).source(item.source).address.startswith("http") for item in found.items)
    assert all(item.evidence.source for item in found.items if item.evidence.status is not Status.UNKNOWN)
