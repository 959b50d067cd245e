"""Faulty and good files in, counts and reports out. `slow_count` is the independent way: plain Python over the same rows."""

import csv
import io
from collections import Counter
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.watch.catalogue import load_catalogue
from tocsin.watch.events import FileError, MappingError, TooManyBadRowsError, read, read_mapping, read_sites

CATALOGUE = load_catalogue()
STILL = {"term-stillbirth": CATALOGUE["term-stillbirth"]}
PLAIN = read_mapping("rows: births")


def write(folder, text, name="births.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def still(reading):
    return reading.counts["term-stillbirth"]


GOOD = "site,date,term,stillbirth\nA,2024-01-01,1,0\nA,2024-01-02,1,1\nB,2024-01-02,0,1\n"


def test_births_are_counted_by_site_and_day(tmp_path):
    reading = read([write(tmp_path, GOOD)], PLAIN, STILL)

    assert still(reading).sites == ("A", "B")
    assert still(reading).births.tolist() == [[1, 1], [0, 0]]
    assert still(reading).events.tolist() == [[0, 1], [0, 0]]
    assert (reading.report.rows, reading.report.good, reading.report.bad) == (3, 3, 0)


FAULTS = [
    ("a day that does not exist", "A,31/02/2024,1,0", "date", "is not a date"),
    ("a date of another form", "A,2024-13-01,1,0", "date", "is not a date as YYYY-MM-DD"),
    ("an empty date", "A,,1,0", "date", "is empty"),
    ("a date in the future", "A,2031-01-01,1,0", "date", "is after 2024-12-31"),
    ("a date of another century", "A,0024-01-01,1,0", "date", "is before"),
    ("an empty site", " ,2024-01-01,1,0", "site", "is empty"),
    ("a word for a number", "A,2024-01-01,1,perhaps", "stillbirth", "is neither a number nor yes or no"),
    ("infinity", "A,2024-01-01,1,inf", "stillbirth", "is neither a number"),
    ("a number too large to be one", "A,2024-01-01,1,1e999", "stillbirth", "not a finite number"),
    ("thousands with commas", 'A,2024-01-01,1,"1,200"', "stillbirth", "commas between its thousands"),
    ("too few columns", "A,2024-01-01,1", "", "3 columns where the header has 4"),
    ("too many columns", "A,2024-01-01,1,0,0", "", "5 columns where the header has 4"),
    ("the header again", "site,date,term,stillbirth", "", "header stands here again"),
    ("a quote that is never closed", 'A,"2024-01-01,1,0', "", "never closed"),
]


@pytest.mark.parametrize(("row", "column", "reason"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_bad_row_is_put_aside_with_its_place_and_reason_and_the_others_count(tmp_path, row, column, reason):
    aside = io.StringIO()
    rows = "".join(f"B,2024-03-{d:02d},1,0\n" for d in range(1, 31))
    path = write(tmp_path, f"site,date,term,stillbirth\nA,2024-01-01,1,1\n{row}\n{rows}")

    reading = read([path], PLAIN, STILL, quarantine=aside, as_of=date(2024, 12, 31))

    problem = reading.report.problems[0]
    assert (problem.file, problem.line, problem.column) == ("births.csv", 3, column)
    assert reason in problem.reason
    assert reading.report.good == 31
    assert reading.report.bad == 1
    assert list(csv.reader(io.StringIO(aside.getvalue())))[1][:3] == ["births.csv", "3", column]
    assert still(reading).births.sum() == 31


def test_over_the_allowed_share_of_bad_rows_the_run_refuses_and_says_why(tmp_path):
    path = write(tmp_path, GOOD + "A,yesterday,1,0\n")

    with pytest.raises(
        TooManyBadRowsError, match=r"1 of 4 rows \(25.0 %\).*births.csv:5, column 'date': 'yesterday' is not a date"
    ) as refused:
        read([path], PLAIN, STILL)

    assert refused.value.report.good == 3
    assert read([path], PLAIN, STILL, max_bad_share=0.3).report.good == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("date,term,stillbirth\n2024-01-01,1,0\n", "no column 'site'"),
        ("site,term,stillbirth\nA,1,0\n", "no column 'date'"),
        ("site,date,term\nA,2024-01-01,1\n", "there is no column stillbirth"),
        ("site,date,date,term\nA,2024-01-01,2024-01-01,1\n", "stands there twice"),
        ("site,date,term,stillbirth\n", "no row could be used"),
        ("PK\x03\x04abc", "spreadsheet"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_says_why(tmp_path, text, why):
    with pytest.raises((FileError, MappingError), match=why):
        read([write(tmp_path, text)], PLAIN, STILL)


def test_a_truncated_parquet_file_says_so(tmp_path):
    path = tmp_path / "births.parquet"
    pq.write_table(pa.table({"site": ["A"], "date": [date(2024, 1, 1)], "term": [True], "stillbirth": [False]}), path)
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(FileError, match="not a whole Parquet file"):
        read([path], PLAIN, STILL)


def test_utf_16_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(FileError, match="UTF-16"):
        read([write(tmp_path, GOOD, encoding="utf-16")], PLAIN, STILL)


@pytest.mark.parametrize("change", ["bom", "crlf", "semicolons", "tabs", "blank lines", "quoted", "spaces", "old mac"])
def test_the_same_rows_written_differently_are_the_same_counts(tmp_path, change):
    text = {
        "bom": "\ufeff" + GOOD,
        "crlf": GOOD.replace("\n", "\r\n"),
        "semicolons": GOOD.replace(",", ";"),
        "tabs": GOOD.replace(",", "\t"),
        "blank lines": GOOD.replace("\n", "\n\n"),
        "quoted": "\n".join(",".join(f'"{c}"' for c in line.split(",")) for line in GOOD.splitlines()),
        "spaces": GOOD.replace(",", " , "),
        "old mac": GOOD.replace("\n", "\r"),
    }[change]

    reading = read([write(tmp_path, text)], PLAIN, STILL)

    assert still(reading).births.tolist() == [[1, 1], [0, 0]]
    assert reading.report.bad == 0


def test_a_quoted_field_over_two_lines_keeps_later_line_numbers_right(tmp_path):
    text = 'site,date,term,stillbirth,note\nA,2024-01-01,1,0,"one\ntwo"\nA,never,1,0,\n' + "A,2024-01-02,1,0,\n" * 40

    assert read([write(tmp_path, text)], PLAIN, STILL).report.problems[0].line == 4


def test_a_missing_outcome_leaves_the_row_out_of_that_indicator_and_says_so(tmp_path):
    path = write(tmp_path, GOOD.replace("A,2024-01-01,1,0", "A,2024-01-01,1,"))

    reading = read([path], PLAIN, STILL)

    assert still(reading).births.sum() == 1
    assert reading.report.incomplete["term-stillbirth"] == 1
    assert any("value that it needs is missing" in note for note in reading.report.notes)


def test_empty_may_be_said_to_mean_no(tmp_path):
    path = write(tmp_path, GOOD.replace("A,2024-01-01,1,0", "A,2024-01-01,1,"))

    reading = read([path], read_mapping("empty-means-no: [stillbirth]"), STILL)

    assert still(reading).births.sum() == 2


def test_an_extract_in_its_own_words_is_read_through_the_mapping(tmp_path):
    text = "Unit;Born;37+ weeks;Outcome\nNorth;03.02.2024;J;SB\nNorth;04.02.2024;J;LB\n"
    mapping = read_mapping(
        "columns: {site: Unit, date: Born, term: 37+ weeks, result: Outcome}\ndates: '%d.%m.%Y'\nwords-for-yes: [J]\nwords-for-no: [X]\n"
        "compute: {stillbirth: \"result == 'SB'\"}\n"
    )

    reading = read([write(tmp_path, text)], mapping, STILL)

    assert still(reading).events.sum() == 1
    assert still(reading).first_day == date(2024, 2, 3)


def test_rows_with_the_same_id_count_once_and_a_contradiction_is_put_aside(tmp_path):
    text = "id,site,date,term,stillbirth\n1,A,2024-01-01,1,0\n1,A,2024-01-01,1,0\n2,A,2024-01-01,1,0\n2,A,2024-01-01,1,1\n"

    reading = read([write(tmp_path, text)], PLAIN, STILL, max_bad_share=0.5)

    assert still(reading).births.sum() == 2
    assert still(reading).events.sum() == 0
    assert (reading.report.duplicates, reading.report.bad) == (1, 1)
    assert "was read before with other values" in reading.report.problems[0].reason


def test_overlapping_deliveries_with_ids_count_each_birth_once(tmp_path):
    first = write(tmp_path, "id,site,date,term,stillbirth\n1,A,2024-01-01,1,0\n2,A,2024-01-02,1,0\n", "january.csv")
    second = write(tmp_path, "id,site,date,term,stillbirth\n2,A,2024-01-02,1,0\n3,A,2024-01-02,1,1\n", "later.csv")

    reading = read([first, second], PLAIN, STILL)

    assert still(reading).births.tolist() == [[1, 2]]


def test_the_same_file_under_two_names_is_read_once(tmp_path):
    reading = read([write(tmp_path, GOOD, "one.csv"), write(tmp_path, GOOD, "two.csv")], PLAIN, STILL)

    assert still(reading).births.sum() == 2
    assert "two.csv is the same file as one.csv; it was read once." in reading.report.notes


OTHER = "site,date,term,stillbirth\nA,2024-01-02,1,0\nA,2024-01-03,1,0\n"


def test_overlapping_files_without_ids_are_refused_until_the_mapping_says_what_is_meant(tmp_path):
    files = [write(tmp_path, GOOD, "one.csv"), write(tmp_path, OTHER, "two.csv")]

    with pytest.raises(FileError, match=r"two\.csv: has rows for site 'A' on 2024-01-02"):
        read(files, PLAIN, STILL)
    replaced = still(read(files, read_mapping("on-overlap: replace"), STILL))
    added = still(read(files, read_mapping("on-overlap: add"), STILL))

    assert (replaced.births[0].tolist(), replaced.events[0].tolist()) == ([1, 1, 1], [0, 0, 0])
    assert (added.births[0].tolist(), added.events[0].tolist()) == ([1, 2, 1], [0, 1, 0])


AGGREGATED = read_mapping("rows: aggregated\nperiod: month")


def test_counts_by_month_stand_on_the_last_day_of_the_month_and_rows_of_one_site_add(tmp_path):
    text = "site,date,type,term,stillbirth\nA,2024-02-01,1,100,2\nA,2024-02-01,2,50,1\nA,2024-03-01,1,90,0\n"

    counts = still(read([write(tmp_path, text)], AGGREGATED, STILL))

    assert counts.first_day == date(2024, 2, 29)
    assert counts.births.sum() == 240
    assert counts.births[0, 0] == 150
    assert counts.births[0, 31] == 90


def test_a_later_delivery_of_counts_replaces_the_earlier_and_says_so(tmp_path):
    first = write(tmp_path, "site,date,term,stillbirth\nA,2024-02-01,100,2\nA,2024-03-01,100,0\n", "one.csv")
    second = write(tmp_path, "site,date,term,stillbirth\nA,2024-03-01,110,3\n", "two.csv")

    reading = read([first, second], AGGREGATED, STILL)

    assert still(reading).births.sum() == 210
    assert still(reading).events.sum() == 5
    assert any("replaced by later files" in note for note in reading.report.notes)


def test_an_aggregated_row_that_repeats_another_counts_once(tmp_path):
    text = "site,date,term,stillbirth\nA,2024-02-01,100,2\nA,2024-02-01,100,2\n"

    reading = read([write(tmp_path, text)], AGGREGATED, STILL)

    assert still(reading).births.sum() == 100
    assert reading.report.duplicates == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A,2024-02-01,100,101", "more than there were"),
        ("A,2024-02-01,100,-1", "below zero"),
        ("A,2024-02-01,100,1.5", "not a whole number"),
    ],
)
def test_counts_that_cannot_be_are_put_aside(tmp_path, row, reason):
    rows = "".join(f"B,20{y}-01-01,10,0\n" for y in range(10, 24))

    reading = read([write(tmp_path, f"site,date,term,stillbirth\n{row}\n{rows}")], AGGREGATED, STILL, max_bad_share=0.1)

    assert reason in reading.report.problems[0].reason
    assert still(reading).births.sum() == 140


REGISTER = (
    "code,name,provider,provider_name,region,opened,closed,successor\n"
    "A,Old Street,P1,First,North,,2024-01-31,C\nB,New Road,P1,First,North,,2024-01-31,\nC,Hill,P1,First,North,2024-02-01,,\n"
)


def test_a_site_that_was_taken_over_is_counted_with_its_successor(tmp_path):
    path = write(tmp_path, "site,date,term,stillbirth\nA,2024-01-01,1,0\nC,2024-02-02,1,1\n")

    reading = read([path], PLAIN, STILL, sites=read_sites(REGISTER))

    assert [s.name for s in reading.sites] == ["Hill"]
    assert still(reading).births.sum() == 2


def test_a_birth_after_a_site_closed_is_put_aside(tmp_path):
    rows = "".join(f"B,2024-01-{d:02d},1,0\n" for d in range(1, 31))
    path = write(tmp_path, f"site,date,term,stillbirth\nB,2024-02-02,1,1\n{rows}")

    reading = read([path], PLAIN, STILL, sites=read_sites(REGISTER))

    assert "after site 'B' closed on 2024-01-31" in reading.report.problems[0].reason
    assert still(reading).births.sum() == 30


def test_a_site_that_the_register_lacks_is_kept_under_its_code_and_named_in_a_note(tmp_path):
    reading = read([write(tmp_path, GOOD)], PLAIN, STILL, sites=read_sites("code,name\nA,Known\n"))

    assert [s.name for s in reading.sites] == ["Known", "B"]
    assert any("'B' is not in the register" in note for note in reading.report.notes)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name\nX\n", "expected columns code"),
        ("code\nA\nA\n", "twice"),
        ("code,successor\nA,B\nB,A\n", "circle"),
        ("code,successor\nA,Z\n", "not in the register"),
        ("code,closed\nA,soon\n", "not a date"),
    ],
)
def test_a_register_with_a_fault_is_refused(text, why):
    with pytest.raises(FileError, match=why):
        read_sites(text)


BIRTH = st.tuples(
    st.sampled_from(["A", "B", "Ünit", "x y"]),
    st.dates(date(2023, 11, 1), date(2024, 3, 1)),
    st.sampled_from([True, False, None]),
    st.sampled_from([True, False, None]),
)


def slow_count(rows):
    births, events = Counter(), Counter()
    for site, day, term, stillbirth in rows:
        if term and stillbirth is not None:
            births[site, day] += 1
            events[site, day] += stillbirth
    return births, events


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(BIRTH, min_size=1, max_size=60), st.sampled_from(["csv", "parquet", "parquet dictionary"]), st.integers(1, 70))
def test_counts_are_those_of_a_plain_count_whatever_the_file_and_the_batches(tmp_path, rows, kind, batch_rows):
    sites, days, term, outcome = (list(c) for c in zip(*rows, strict=True))
    if kind == "csv":
        word = {True: "yes", False: "No", None: ""}
        lines = [f"{s},{d},{word[t]},{o if o is None else int(o)}" for s, d, t, o in rows]
        path = write(tmp_path, "site,date,term,stillbirth\n" + "\n".join(lines) + "\n")
    else:
        path = tmp_path / "births.parquet"
        names = pa.array(sites).dictionary_encode() if "dictionary" in kind else pa.array(sites)
        pq.write_table(
            pa.table({"site": names, "date": days, "term": pa.array(term, pa.bool_()), "stillbirth": pa.array(outcome, pa.bool_())}), path
        )

    reading = read([path], PLAIN, STILL, batch_rows=batch_rows)

    births, events = slow_count(rows)
    counts = still(reading)
    for s, code in enumerate(counts.sites):
        for d in range(counts.births.shape[1]):
            key = (code, counts.first_day + timedelta(days=d))
            assert (counts.births[s, d], counts.events[s, d]) == (births[key], events[key])
    assert counts.births.sum() == sum(births.values())
    assert reading.report.rows == len(rows) == reading.report.good


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["A,2024-01-01,1,0", "A,2024-01-0x,1,0", "A,2024-01-02,1", "B,2024-01-05,0,1", "B,2024-01-06,1,9x", '"A,x']),
        min_size=1,
        max_size=40,
    )
)
def test_every_row_is_accounted_for(tmp_path, lines):
    path = write(tmp_path, "site,date,term,stillbirth\nA,2024-01-01,1,0\n" + "\n".join(lines) + "\n")

    report = read([path], PLAIN, STILL, max_bad_share=1.0).report

    assert report.rows == report.good + report.bad + report.duplicates + report.left_out
    assert report.rows == len(lines) + 1


def test_risks_come_from_the_model_given_and_expected_events_are_their_sum(tmp_path):
    text = "site,date,status,score\nS,2024-01-01,0,10\nS,2024-01-01,1,30\nS,2024-01-02,0,\n"
    mapping = read_mapping("compute: {died_30: status == 1}\nrisk: {intercept: -3, weights: {score: 0.1}}")
    indicator = {"cardiac-30-day-mortality": CATALOGUE["cardiac-30-day-mortality"]}

    reading = read([write(tmp_path, text)], mapping, indicator)

    expected = reading.counts["cardiac-30-day-mortality"].expected
    assert expected[0].tolist() == pytest.approx([1 / (1 + np.exp(2)) + 0.5, 0.0])
    assert any("1 cases have no risk" in note for note in reading.report.notes)


def test_a_fitted_model_solves_the_score_equations(tmp_path):
    """At the maximum of the likelihood, expected and observed agree in sum and in weighted sum: checked by hand."""
    random = np.random.default_rng(1)
    score = random.integers(0, 40, 2000)
    died = random.random(2000) < 1 / (1 + np.exp(3.5 - 0.08 * score))
    rows = "".join(f"S,2024-01-{1 + i % 28:02d},{int(d)},{s}\n" for i, (s, d) in enumerate(zip(score, died, strict=True)))
    mapping = read_mapping("compute: {died_30: status == 1}\nrisk: {fit: {outcome: died_30, columns: [score]}}")

    reading = read([write(tmp_path, "site,date,status,score\n" + rows)], mapping, {"c": CATALOGUE["cardiac-30-day-mortality"]})

    cases = next(iter(reading.cases.values()))
    assert cases.risk.sum() == pytest.approx(died.sum())
    logit = np.log(cases.risk / (1 - cases.risk))
    assert (logit * cases.risk).sum() == pytest.approx((logit * cases.event).sum())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rowz: births", "unknown key 'rowz'; did you mean 'rows'"),
        ("rows: babies", "found 'babies'; expected one of births, aggregated"),
        ("columns: [a]", "expected names with values"),
        ("where: 'import os'", "not a condition"),
        ("where: \"__import__('os')\"", "not allowed"),
        ("compute: {x: 'a.b'}", "not allowed"),
        ("a: &x 1\nb: *x", "aliases"),
        ("rows: births\nrows: births", "given twice"),
        ("rows: [", "not YAML"),
        ("- a", "expected names with values"),
        ("day-zero: soon", "not a date"),
        ("risk: {weights: {a: much}}", "must be numbers"),
    ],
)
def test_a_mapping_with_a_fault_says_what_and_where(text, why):
    with pytest.raises(MappingError, match=why):
        read_mapping(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x: {name: X}", "'kind' is missing"),
        ("x: {name: X, kind: odd, numerator: a, reference: {national: 3}, ratio: 2, source: s}", "expected one of bernoulli"),
        ("x: {name: X, kind: poisson, numerator: a, reference: {rate: 1}, ratio: 2, source: s}", "citation"),
        ("x: {name: X, kind: poisson, numerator: a, reference: {national: 3}, ratio: 1, source: s}", "above 1"),
        ("x: {name: X, kind: bernoulli, numerator: a, reference: {national: 3}, ratio: 2, source: s}", "denominator"),
        ("x: {name: X, kind: poisson, numerator: 'a b', reference: {national: 3}, ratio: 2, source: s}", "not a condition"),
        ("x: {name: X, kind: poisson, numerator: a, reference: {national: 3}, ratio: 2, source: s, lag: {0: 1, 5: 0.5}}", "rise to 1"),
        ("x: 3", "expected the fields"),
    ],
)
def test_a_catalogue_with_a_fault_says_which_indicator_and_what(text, why):
    with pytest.raises(MappingError, match=why):
        load_catalogue([("own.yaml", text)])


def test_the_shipped_catalogue_has_the_indicators_that_maternity_care_is_judged_by():
    assert {
        "term-stillbirth", "term-neonatal-death", "term-brain-injury", "maternal-death-or-severe-injury", "postpartum-haemorrhage-1500",
        "third-fourth-degree-tear", "unplanned-term-admission", "cardiac-30-day-mortality",
    } <= set(CATALOGUE)  # fmt: skip
    assert all(i.source and i.lag.reported[-1] == 1 for i in CATALOGUE.values())


def test_a_users_indicator_is_added_and_may_replace_one_that_is_shipped():
    text = (
        "term-stillbirth: {name: Mine, kind: bernoulli, numerator: sb, denominator: '1', "
        "reference: {rate: 0.002, citation: c}, ratio: 3, source: s}"
    )

    assert load_catalogue([("own.yaml", text)])["term-stillbirth"].name == "Mine"


def test_a_dictionary_that_names_sites_without_rows_makes_no_sites(tmp_path):
    path = tmp_path / "births.parquet"
    site = pa.DictionaryArray.from_arrays(pa.array([2, 0, 2], pa.int32()), pa.array(["A", "ghost", "B"]))
    table = {"site": site, "date": [date(2024, 1, 1)] * 3, "term": [True] * 3, "stillbirth": [False] * 3}
    pq.write_table(pa.table(table), path)

    counts = still(read([path], PLAIN, STILL, batch_rows=1))

    assert counts.sites == ("A", "B")
    assert counts.births.tolist() == [[1], [2]]
