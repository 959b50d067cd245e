from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tocsin.review import cohen, fleiss, gwet_ac2, krippendorff_alpha, with_interval
from tocsin.review.agreement import agreement_weights

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


def test_the_interval_is_the_same_for_the_same_seed_and_holds_the_coefficient():
    found = with_interval("alpha", lambda x: krippendorff_alpha(x, 5), FOUR_BY_TWELVE, draws=300)

    assert found == with_interval("alpha", lambda x: krippendorff_alpha(x, 5), FOUR_BY_TWELVE, draws=300)
    assert found.lower < found.value < found.upper
    assert found.cases == 11


@pytest.mark.parametrize("bad", [[[0, 4]], [[-1, 0]], [[0.5, 1]], [0, 1]])
def test_gradings_off_the_scale_are_refused(bad):
    with pytest.raises(ValueError, match="grading"):
        fleiss(bad, 4)


def test_weights_give_full_credit_for_the_same_grade_and_none_across_the_whole_scale():
    for kind in ("identity", "linear", "quadratic"):
        w = agreement_weights(4, kind)
        assert (np.diag(w) == 1).all()
        assert w[0, 3] == w[3, 0] == 0
