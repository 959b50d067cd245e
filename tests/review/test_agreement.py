from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tocsin.review import cohen, fleiss, gwet_ac2, krippendorff_alpha, of_cohen, of_fleiss, of_gwet, of_krippendorff, with_interval
from tocsin.review.agreement import ALWAYS, NO_PAIRS, ONE_CASE, ONE_GRADE, agreement_weights

N = np.nan
FOUR_BY_TWELVE = (
    np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
            [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
        ]
    ).T
    - 1
)
FOURTEEN_BY_TEN = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip
two_full_reviewers = arrays(int, st.tuples(st.integers(2, 25), st.just(2)), elements=st.integers(0, 3))
some_gradings = arrays(float, st.tuples(st.integers(2, 9), st.integers(2, 4)), elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, N]))


@pytest.mark.parametrize(("metric", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)])
def test_alpha_is_that_of_krippendorffs_worked_example_of_2011(metric, alpha):
    assert krippendorff_alpha(FOUR_BY_TWELVE, 5, metric, first=1) == pytest.approx(alpha, abs=0.0005)


def test_gwets_ac1_and_fleiss_kappa_are_those_of_gwets_four_raters_and_twelve_subjects():
    assert gwet_ac2(FOUR_BY_TWELVE, 5, "identity") == pytest.approx(0.77544, abs=5e-6)
    assert fleiss(FOUR_BY_TWELVE, 5) == pytest.approx(0.76117, abs=5e-6)


def test_weighted_coefficients_are_those_that_the_r_package_irrcac_prints_for_gwets_four_raters():
    # irrCAC 1.0, vignette 'weighting', dataset cac.raw4raters, quadratic weights
    assert gwet_ac2(FOUR_BY_TWELVE, 5) == pytest.approx(0.914, abs=5e-6)
    assert fleiss(FOUR_BY_TWELVE, 5, "quadratic") == pytest.approx(0.86494, abs=5e-6)
    assert krippendorff_alpha(FOUR_BY_TWELVE, 5, "interval") == pytest.approx(0.84911, abs=5e-6)
    assert krippendorff_alpha(FOUR_BY_TWELVE, 5, "nominal") == pytest.approx(0.74342, abs=5e-6)


def test_two_abstractors_of_a_hundred_pregnancies_agree_as_irrcac_prints():
    # irrCAC 1.0, vignettes 'overview' and 'weighting', dataset cont3x3abstractors (Gwet's handbook)
    counts = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    x = [(a, b) for a in range(3) for b in range(3) for _ in range(counts[a, b])]

    assert cohen(x, 3, "identity") == pytest.approx(0.7964094, abs=5e-8)
    assert cohen(x, 3, "quadratic") == pytest.approx(0.8921569, abs=5e-8)
    assert fleiss(x, 3) == pytest.approx(0.7962397, abs=5e-8)
    assert gwet_ac2(x, 3, "identity") == pytest.approx(0.8493305, abs=5e-8)
    assert gwet_ac2(x, 3) == pytest.approx(0.9402369, abs=5e-8)
    assert krippendorff_alpha(x, 3, "nominal") == pytest.approx(0.7972585, abs=5e-8)
    assert krippendorff_alpha(x, 3, "interval") == pytest.approx(0.8926487, abs=5e-8)


@given(two_full_reviewers)
def test_quadratic_kappa_is_fleiss_and_cohens_intraclass_correlation_of_two_reviewers(x):
    # Fleiss & Cohen, Educational and Psychological Measurement 33 (1973) 613-619
    a, b = x[:, 0].astype(float), x[:, 1].astype(float)
    below = a.var() + b.var() + (a.mean() - b.mean()) ** 2
    assume(below > 0)

    assert cohen(x, 4, "quadratic") == pytest.approx(2 * ((a - a.mean()) * (b - b.mean())).mean() / below)


def test_fleiss_kappa_is_that_of_the_textbook_example_of_fourteen_raters_and_ten_subjects():
    gradings = [[g for g, n in enumerate(row) for _ in range(n)] for row in FOURTEEN_BY_TEN]

    assert fleiss(gradings, 5) == pytest.approx(0.210, abs=0.0005)


@given(
    arrays(int, st.tuples(st.integers(2, 25), st.just(2)), elements=st.integers(0, 3)), st.sampled_from(["identity", "linear", "quadratic"])
)
def test_weighted_kappa_is_one_less_observed_over_expected_disagreement_pair_by_pair(x, kind):
    cost = {"identity": lambda a, b: float(a != b), "linear": lambda a, b: abs(a - b), "quadratic": lambda a, b: (a - b) ** 2}[kind]
    observed = sum(cost(int(a), int(b)) for a, b in x) / len(x)
    expected = sum(cost(int(a), int(b)) for a in x[:, 0] for b in x[:, 1]) / len(x) ** 2
    assume(expected > 0)

    assert cohen(x, 4, kind) == pytest.approx(1 - observed / expected)


@given(some_gradings)
def test_alpha_is_one_less_observed_over_expected_disagreement_pair_by_pair(x):
    units = [[g for g in row if not np.isnan(g)] for row in x]
    units = [u for u in units if len(u) >= 2]
    pooled = [g for u in units for g in u]
    assume(len(set(pooled)) > 1)
    observed = sum((a - b) ** 2 / (len(u) - 1) for u in units for a, b in permutations(u, 2)) / len(pooled)
    expected = sum((a - b) ** 2 for a, b in permutations(pooled, 2)) / (len(pooled) * (len(pooled) - 1))

    assert krippendorff_alpha(x, 4, "interval") == pytest.approx(1 - observed / expected)


@given(some_gradings, st.randoms())
def test_neither_the_order_of_cases_nor_who_is_called_first_changes_a_coefficient(x, random):
    rows, columns = list(range(x.shape[0])), list(range(x.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    other = x[rows][:, columns]

    for way in (fleiss, gwet_ac2, krippendorff_alpha):
        assert way(other, 4) == pytest.approx(way(x, 4), nan_ok=True)


def test_ac2_stays_high_where_nearly_all_agree_on_one_grade_and_kappa_does_not():
    x = np.zeros((50, 2))
    x[0], x[1] = (0, 3), (3, 0)

    assert gwet_ac2(x, 4) > 0.9
    assert fleiss(x, 4) < 0


def test_full_agreement_on_one_grade_has_no_kappa_and_is_full_by_ac2():
    x = np.zeros((5, 3))

    assert np.isnan(fleiss(x, 4))
    assert np.isnan(krippendorff_alpha(x, 4))
    assert gwet_ac2(x, 4) == 1


def test_no_case_with_two_gradings_says_nothing():
    x = [[0, N], [N, 3]]

    assert all(np.isnan(way(x, 4)) for way in (cohen, fleiss, gwet_ac2, krippendorff_alpha))


XEROMAMMOGRAMS = [[21, 12, 0, 0], [4, 17, 1, 0], [3, 9, 15, 2], [0, 0, 0, 1]]
"""Two radiologists, 85 xeromammograms: Boyd et al., Journal of the National Cancer Institute 68 (1982), as in Altman (1991) and Stata."""
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]


def pairs(table):
    return [(a, b) for a, row in enumerate(table) for b, n in enumerate(row) for _ in range(n)]


@pytest.mark.parametrize(("weights", "kappa"), [("identity", 0.4728), ("linear", 0.5684), ("quadratic", 0.6714)])
def test_weighted_kappa_is_that_of_the_radiologists_that_statas_manual_prints(weights, kappa):
    # Stata manual, entry 'kappa': kap rada radb, and with wgt(w) and wgt(w2); Altman prints 0.47 and 0.57
    assert cohen(pairs(XEROMAMMOGRAMS), 4, weights) == pytest.approx(kappa, abs=5e-5)


@pytest.mark.parametrize(
    ("parts", "error", "lower"),
    [
        (of_gwet(FOUR_BY_TWELVE, 5, "identity"), 0.14295, 0.461),
        (of_fleiss(FOUR_BY_TWELVE, 5), 0.15302, 0.424),
        (of_gwet(FOUR_BY_TWELVE, 5), 0.10396, 0.685),
        (of_fleiss(FOUR_BY_TWELVE, 5, "quadratic"), 0.14603, 0.544),
    ],
)
def test_errors_and_intervals_of_gwets_four_raters_are_those_that_irrcac_prints(parts, error, lower):
    found = with_interval("x", parts)

    assert found.error == pytest.approx(error, abs=5e-6)
    assert (round(found.lower, 3), found.upper) == (lower, 1)


def test_the_error_of_alpha_is_irrcacs_with_the_correction_for_few_gradings_kept():
    # irrCAC leaves out the factor by which alpha shrinks for 40 paired gradings: it prints 0.14557
    assert of_krippendorff(FOUR_BY_TWELVE, 5, "nominal").error / (1 - 1 / 40) == pytest.approx(0.14557, abs=2e-5)


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        (of_cohen(pairs(ABSTRACTORS), 3, "identity"), 0.05891072),
        (of_fleiss(pairs(ABSTRACTORS), 3), 0.05905473),
        (of_gwet(pairs(ABSTRACTORS), 3, "identity"), 0.04321747),
    ],
)
def test_errors_of_two_abstractors_are_those_that_irrcac_prints_for_a_table(parts, error):
    # for a table of two reviewers the package has n where it otherwise has n - 1
    assert parts.error * (99 / 100) ** 0.5 == pytest.approx(error, abs=5e-9)


def test_the_error_is_near_that_of_a_bootstrap_and_of_leaving_out_each_case():
    random = np.random.default_rng(2)
    middle = random.integers(0, 4, (150, 1))
    x = np.clip(middle + random.integers(-1, 2, (150, 3)), 0, 3).astype(float)
    x[random.random(x.shape) < 0.1] = N
    x = x[(~np.isnan(x)).sum(1) >= 2]
    for way in (of_gwet, of_fleiss, of_krippendorff):
        parts = way(x, 4)
        left_out = np.array([way(np.delete(x, i, 0), 4).value for i in range(len(x))])
        jackknife = np.sqrt((len(x) - 1) / len(x) * ((left_out - left_out.mean()) ** 2).sum())

        assert parts.error == pytest.approx(jackknife, rel=0.02)
        assert parts.error == pytest.approx(parts.bootstrap(1500).std(), rel=0.08)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    random = np.random.default_rng(3)
    chance = np.array([[0.3, 0.05, 0.02], [0.04, 0.22, 0.05], [0.02, 0.06, 0.24]])
    truth = cohen(pairs((chance * 10_000).round().astype(int)), 3)
    held = 0
    for _ in range(400):
        found = with_interval("k", of_cohen(pairs(random.multinomial(80, chance.ravel()).reshape(3, 3)), 3))
        held += found.lower <= truth <= found.upper

    assert 0.92 < held / 400 < 0.98


def test_what_is_not_defined_says_why():
    same, apart, one = np.ones((6, 3)), [[0, N], [N, 3]], [[0, 1, 2]]
    missing = np.array([[0, 1, N], [1, 1, N], [3, 2, N], [0, 0, N]])
    empty = np.empty((0, 3))

    for way in (of_fleiss, of_krippendorff):
        assert (np.isnan(with_interval("x", way(same, 4)).value), with_interval("x", way(same, 4)).why) == (True, ONE_GRADE)
    full = with_interval("AC2", of_gwet(same, 4))
    assert (full.value, np.isnan(full.lower), full.why) == (1, True, ALWAYS)
    for way in (of_gwet, of_fleiss, of_krippendorff):
        assert with_interval("x", way(apart, 4)).why == with_interval("x", way(empty, 4)).why == NO_PAIRS
        alone = with_interval("x", way(one, 4))
        assert (np.isfinite(alone.value), np.isnan(alone.upper), alone.why) == (True, True, ONE_CASE)
        # a reviewer who graded nothing changes nothing
        found = with_interval("x", way(missing, 4))
        assert found == with_interval("x", way(missing[:, :2], 4))
        assert found.why == ""
        assert np.isfinite([found.value, found.lower, found.upper, found.error]).all()
    assert with_interval("k", of_cohen(missing[:, 1:], 4)).why == NO_PAIRS


@given(some_gradings)
def test_a_coefficient_is_a_number_with_an_interval_or_says_why_not(x):
    for way in (of_gwet, of_fleiss, of_krippendorff):
        found = with_interval("x", way(x, 4))
        whole = np.isfinite([found.value, found.lower, found.upper, found.error]).all()

        assert whole == (found.why == "")
        assert not whole or found.lower <= found.value <= found.upper <= 1 + 1e-9


def test_a_grade_that_nobody_gave_counts_in_ac2_alone():
    x = [[0, 1], [1, 1], [0, 0], [1, 0], [0, 0]]

    assert fleiss(x, 2) == fleiss(x, 6) == pytest.approx(fleiss(x, 6))
    assert krippendorff_alpha(x, 2, "nominal") == pytest.approx(krippendorff_alpha(x, 6, "nominal"))
    assert gwet_ac2(x, 6, "identity") > gwet_ac2(x, 2, "identity")


def test_a_scale_of_one_grade_is_refused():
    with pytest.raises(ValueError, match="at least two grades"):
        gwet_ac2([[0, 0]], 1)


@pytest.mark.parametrize("bad", [[[0, 4]], [[-1, 0]], [[0.5, 1]], [0, 1]])
def test_gradings_off_the_scale_are_refused(bad):
    with pytest.raises(ValueError, match="grading"):
        fleiss(bad, 4)


def test_weights_give_full_credit_for_the_same_grade_and_none_across_the_whole_scale():
    for kind in ("identity", "linear", "quadratic"):
        w = agreement_weights(4, kind)
        assert (np.diag(w) == 1).all()
        assert w[0, 3] == w[3, 0] == 0
