import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from tocsin.review import Row, exact_interval, published, scales, tabulate

CODES = [(id_, g.code) for id_, s in scales().items() for g in s.grades]


@pytest.mark.parametrize(("as_in", "deaths", "rest"), [("report", 65, 88), ("summary", 64, 89)])
def test_the_table_of_east_kent_sums_to_its_total_as_each_source_prints_it(as_in, deaths, rest):
    table = published("east-kent-2022", as_in)

    assert [(r.might_or_would, r.cases) for r in table.rows] == [(45, deaths), (12, 17), (23, 32), (17, rest)]
    assert (table.total.might_or_would, table.total.cases) == (97, 202)
    assert sum(r.cases for r in table.rows) == table.total.cases
    assert sum(r.might_or_would for r in table.rows) == table.total.might_or_would


def test_a_number_that_no_source_confirms_stays_unknown():
    table = published("east-kent-2022")

    assert [r.would for r in table.rows] == [33, 9, None, None]
    assert table.total.would == 69


@given(st.integers(1, 80).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_exact_interval_ends_where_the_binomial_tail_is_the_chance_allowed(counts, level):
    count, of = counts
    lower, upper = exact_interval(count, of, level)

    assert lower <= count / of <= upper
    if count:
        assert binom.sf(count - 1, of, lower) == pytest.approx((1 - level) / 2)
    if count < of:
        assert binom.cdf(count, of, upper) == pytest.approx((1 - level) / 2)


@given(st.lists(st.tuples(st.sampled_from(["stillbirth", "brain-injury", "other"]), st.sampled_from("0123"))))
def test_every_graded_case_is_counted_once_in_its_row_and_once_in_the_total(graded):
    table = tabulate("trial", graded, scales()["confidential-enquiry"])

    assert sum(r.cases for r in table.rows) == table.total.cases == len(graded)
    assert table.total.would == sum(code == "3" for _, code in graded)
    assert table.total.might_or_would == sum(code in "23" for _, code in graded)
    assert sum(n for r in table.rows for _, n in r.by_grade) == len(graded)


@pytest.mark.parametrize(("scale", "code"), CODES)
def test_each_grade_of_each_scale_has_its_place(scale, code):
    of = scales()[scale]

    assert of.grades[of.position(code)].code == code


def test_a_grade_that_the_scale_does_not_have_is_refused():
    with pytest.raises(ValueError, match="'E' is not a grade of 'pmrt'; expected one of A, B, C, D"):
        tabulate("trial", [("other", "E")], scales()["pmrt"])


@pytest.mark.parametrize(("would", "either", "cases"), [(3, 2, 5), (1, 6, 5), (-1, 2, 5)])
def test_a_row_that_cannot_be_is_refused(would, either, cases):
    with pytest.raises(ValueError, match="cannot be"):
        Row("trial", cases, would, either)


def test_a_scale_whose_words_are_not_confirmed_says_so_beside_its_table():
    assert "could not be confirmed" in tabulate("trial", [("other", "A")], scales()["pmrt"]).notes[0]
    assert not tabulate("trial", [("other", "1")], scales()["hogan"]).notes
