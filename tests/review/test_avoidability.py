"""The model against other routes: quadrature, weighted draws from the prior, R's `ordinal`, and limits with a closed form."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import norm

from tocsin.review import Grading, avoidability, compare, scales
from tocsin.review.avoidability import posterior
from tocsin.review.avoidability.gradings import gather
from tocsin.review.avoidability.posterior import PRIOR_REVIEWERS, Posterior, draw
from tocsin.review.simulated import simulated_panel as panel

SCALE = scales()["confidential-enquiry"]
EVEN = [0.4, 0.25, 0.2, 0.15]
some_gradings = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=14).map(
    lambda rows: [Grading(f"c{c}", f"r{r}", g, f"g{c % 2}") for (c, r), g in {(c, r): g for c, r, g in rows}.items()]
)


@pytest.fixture(autouse=True)
def _short_walks(monkeypatch):
    monkeypatch.setattr(posterior, "_WALK_SECONDS", 0.8)


@settings(max_examples=25, deadline=None)
@given(some_gradings, st.integers(0, 9))
def test_the_likelihood_is_the_product_over_cases_of_integrals_done_by_quadrature(gradings, seed):
    data = gather(gradings, 4)
    post = Posterior(data)
    x = post.begin() + np.random.default_rng(seed).normal(0, 0.4, post.size)
    cuts, sd, _ = post.natural(x)
    edges = [-np.inf, *cuts, np.inf]
    severity = dict(zip(data.reviewers, x[4 : 4 + post.reviewers], strict=True))
    place = dict(zip(data.groups, x[4 + post.reviewers :] if post.groups else [0.0], strict=True))

    def chance(u, case):
        p = norm.pdf(u)
        for g in gradings:
            if g.case == case:
                at = sd * u + severity[g.reviewer] + place[g.group]
                p *= ndtr(edges[g.grade + 1] - at) - ndtr(edges[g.grade] - at)
        return p

    by_hand = sum(np.log(quad(chance, -9, 9, (case,), points=[0])[0]) for case in data.cases)
    spreads = np.log([0.5, 0.3])

    assert post.density(x, spreads) - post.prior(x, spreads)[0] == pytest.approx(by_hand, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(some_gradings, st.integers(0, 9))
def test_slope_and_curvature_are_those_of_small_differences(gradings, seed):
    post = Posterior(gather(gradings, 4))
    x, spreads, step = post.begin() + np.random.default_rng(seed).normal(0, 0.3, post.size), np.log([0.5, 0.3]), 1e-5
    _, slope, bend = post._bend(x, spreads)
    ways = step * np.eye(post.size)

    assert [(post.density(x + w, spreads) - post.density(x - w, spreads)) / (2 * step) for w in ways] == pytest.approx(slope, abs=1e-5)
    assert np.array([(post._bend(x + w, spreads)[1] - post._bend(x - w, spreads)[1]) / (2 * step) for w in ways]) == pytest.approx(
        -bend, abs=1e-4
    )


def test_a_small_panel_gives_what_draws_from_the_prior_give_when_weighted_by_their_likelihood():
    gradings = [
        Grading(f"c{i}", f"r{r}", g) for i, pair in enumerate([(0, 1), (0, 0), (3, 2), (1, 0), (2, 3), (0, 0)]) for r, g in enumerate(pair)
    ]
    random, n = np.random.default_rng(1), 60_000
    shares = random.dirichlet([0.5] * 4, n)
    ratio = random.random(n)
    sd = np.sqrt(ratio / (1 - ratio))
    spread = np.abs(random.normal(0, PRIOR_REVIEWERS, n))
    severity = spread[:, None] * random.normal(size=(n, 2))
    cuts = norm.ppf(np.clip(np.cumsum(shares, 1)[:, :3], 1e-12, 1 - 1e-12)) * np.sqrt(1 + sd**2)[:, None]
    edges = np.concatenate([np.full((n, 1), -np.inf), cuts, np.full((n, 1), np.inf)], 1)
    u = np.linspace(-5, 5, 33)
    node = norm.pdf(u) / norm.pdf(u).sum()
    chance = np.zeros((2, 4, n, 33))
    for r in range(2):
        at = sd[:, None] * u + severity[:, r, None]
        for g in range(4):
            chance[r, g] = ndtr(edges[:, g + 1, None] - at) - ndtr(edges[:, g, None] - at)
    log_weight = np.zeros(n)
    for i in range(6):
        first, second = (g.grade for g in gradings if g.case == f"c{i}")
        log_weight += np.log(np.maximum((chance[0, first] * chance[1, second]) @ node, 1e-300))
    weight = np.exp(log_weight - log_weight.max())
    assert weight.sum() ** 2 / (weight**2).sum() > 400

    def middle(values):
        order = np.argsort(values)
        return np.interp([0.1, 0.5, 0.9], np.cumsum(weight[order]) / weight.sum(), values[order])

    found = avoidability(gradings, SCALE, level=0.8, draws=3000)
    might = found.typical.might_or_would
    assert [might.lower, might.value, might.upper] == pytest.approx(middle(shares[:, 2:].sum(1)), abs=0.035)
    assert [found.sd_reviewers.lower, found.sd_reviewers.value, found.sd_reviewers.upper] == pytest.approx(middle(spread), abs=0.08)
    alone = sd**2 / (sd**2 + spread**2 + 1)
    assert [found.reliability[0].lower, found.reliability[0].value, found.reliability[0].upper] == pytest.approx(middle(alone), abs=0.05)


def test_walks_and_weighted_draws_come_to_the_same(monkeypatch):
    data = gather(panel(3, 80, 5, 2, EVEN)[0], 4)
    weighted = draw(data, (2, 1), 2000, 1)
    monkeypatch.setattr(posterior, "_FAIR", 2.0)
    walked = draw(data, (2, 1), 2000, 1)

    for values in (lambda d: ndtr(-d.cuts[:, 1] / np.sqrt(1 + d.sd_cases**2)), lambda d: d.sd_cases, lambda d: d.severity[:, 2]):
        a, b = values(weighted), values(walked)
        mean, spread = weighted.weight @ a, np.sqrt(weighted.weight @ (a - weighted.weight @ a) ** 2)
        assert b.mean() == pytest.approx(mean, abs=0.25 * spread)
        assert b.std() == pytest.approx(spread, rel=0.25)


def test_cuts_spreads_and_severities_are_near_those_of_the_mixed_model_in_r():
    # R 4.2.2, ordinal 2022.11-16: clmm(grade ~ 1 + (1 | case) + (1 | reviewer), link = "probit") on this very panel
    found = avoidability(panel(7, 400, 8, 3, EVEN, 1.0, 0.5)[0], SCALE)
    severity = np.array([s.severity.value for s in found.severity])
    in_r = np.array([0.072107, 0.24407, -0.16665, -0.39941, -0.18139, -0.38058, 0.22532, 0.75982])

    assert found.draws.weight @ found.draws.cuts == pytest.approx([-0.25905611, 0.61326634, 1.46077612], abs=0.04)
    assert found.sd_cases.value == pytest.approx(0.92060999, abs=0.04)
    # eight reviewers say little of their spread: the likelihood is highest at 0.39, and larger spreads are as likely as smaller ones
    assert found.sd_reviewers.lower < 0.39097656 < found.sd_reviewers.value < found.sd_reviewers.upper
    assert severity - severity.mean() == pytest.approx(in_r - in_r.mean(), abs=0.06)


def test_the_bitterness_of_wine_is_as_the_mixed_model_in_r_has_it():
    # R 4.2.2, ordinal 2022.11-16: clmm(rating ~ 1 + (1 | bottle) + (1 | judge), wine, link = "probit"); Randall (1989), 8 bottles, 9 judges
    by_judge = ["23344455", "12132354", "23325544", "32323253", "23433333", "32322454", "11222323", "22233334", "12323244"]
    bitter = [Grading(f"b{b}", f"j{j}", int(r) - 1) for j, row in enumerate(by_judge) for b, r in enumerate(row)]
    five = SCALE.model_copy(update={"grades": (*SCALE.grades[:1], SCALE.grades[0].model_copy(update={"code": "0+"}), *SCALE.grades[1:])})
    found = avoidability(bitter, five)
    severity = np.array([s.severity.value for s in found.severity])
    in_r = np.array([0.897, -0.364, 0.590, -0.011, 0.157, 0.232, -1.035, -0.142, -0.322])
    cuts = found.draws.weight @ found.draws.cuts

    # few bottles and judges: what is thought beforehand shows, and the spreads lie above the likelihood's peak
    assert np.diff(cuts) == pytest.approx(np.diff([-2.2239, -0.4997, 0.9735, 1.9913]), rel=0.15)
    assert found.sd_cases.lower < 0.9545 < found.sd_cases.upper
    assert found.sd_reviewers.lower < 0.6494 < found.sd_reviewers.upper
    assert np.corrcoef(severity, in_r)[0, 1] > 0.99
    assert severity - severity.mean() == pytest.approx(in_r - in_r.mean(), abs=0.12)


def test_where_reviewers_do_not_differ_the_share_is_the_plain_one_with_the_plain_interval():
    found = avoidability(panel(2, 1500, 15, 1, EVEN, 0.9, 0.0)[0], SCALE)
    plain = found.counted[1]
    half = 1.96 * np.sqrt(plain * (1 - plain) / 1500)

    assert found.typical.might_or_would.value == pytest.approx(plain, abs=0.008)
    assert found.panel.might_or_would.upper - found.panel.might_or_would.lower == pytest.approx(2 * half, rel=0.12)


def test_a_severe_reviewer_who_saw_one_provider_only_does_not_make_it_look_worse():
    random = np.random.default_rng(4)
    gradings = []
    for i in range(400):
        at, group = 0.9 * random.normal(), i % 2
        for r in (0, 1) if group else (0, 2):
            z = at + (1.5 if r == 1 else 0.0) + random.normal()
            gradings.append(Grading(f"c{i}", f"r{r}", int((z > np.array([-0.4, 0.5, 1.3])).sum()), f"g{group}"))
    counted = [np.mean([g.grade >= 2 for g in gradings if g.group == name]) for name in ("g0", "g1")]
    first, second = (g.shares.might_or_would for g in avoidability(gradings, SCALE).groups)

    assert counted[1] - counted[0] > 0.15
    assert abs(second.value - first.value) < 0.05


def test_one_grade_only_gives_a_wide_honest_answer():
    none = avoidability([Grading(f"c{i}", f"r{j}", 0) for i in range(40) for j in range(3)], SCALE)
    one = avoidability([Grading("c", "r", 3)], SCALE)

    assert none.typical.might_or_would.value < 0.05
    assert 0.03 < none.typical.might_or_would.upper < 0.35
    assert "Every grading is the same grade" in " ".join(none.notes)
    assert one.typical.might_or_would.upper - one.typical.might_or_would.lower > 0.6
    assert one.by_case[0].grades == (3,)


def test_when_all_cases_were_graded_only_the_grading_is_uncertain():
    gradings = [replace(g, group="s") for g in panel(5, 150, 6, 3, EVEN, 1.0, 0.05)[0]]
    widths = [
        (lambda e: e.upper - e.lower)(avoidability(gradings, SCALE, population=p).typical.might_or_would)
        for p in ({"s": 150}, {"s": 300}, {"s": 150_000}, None)
    ]

    assert widths[0] < widths[1] < widths[2]
    assert widths[2] == pytest.approx(widths[3], rel=0.1)


def test_strata_drawn_at_different_rates_count_by_the_cases_they_stand_for():
    random = np.random.default_rng(6)
    often, seldom = panel(8, 120, 5, 2, [0.1, 0.1, 0.3, 0.5])[0], panel(9, 120, 5, 2, [0.7, 0.2, 0.07, 0.03])[0]
    rows = [replace(g, case=f"a{g.case}", group="a") for g in often] + [replace(g, case=f"b{g.case}", group="b") for g in seldom]
    random.shuffle(rows)
    size = {"a": 120, "b": 12_000}
    by_size = avoidability(rows, SCALE, population=size).typical.might_or_would
    by_weight = avoidability(rows, SCALE, weights={g.case: size[g.group] / 120 for g in rows}).typical.might_or_would
    plain = avoidability(rows, SCALE).typical.might_or_would

    assert plain.value > 0.35
    assert by_size.value < 0.25
    assert by_weight.value == pytest.approx(by_size.value, abs=0.005)


def test_the_order_of_gradings_changes_nothing_and_the_seed_gives_the_same_again():
    gradings = panel(10, 40, 4, 2, EVEN)[0]
    first = avoidability(gradings, SCALE)

    assert first.typical == avoidability(gradings[::-1], SCALE).typical
    assert first.severity == avoidability(gradings, SCALE).severity


def test_two_reviewers_are_more_reliable_than_one_by_spearman_and_browns_rule():
    found = avoidability(panel(11, 60, 5, 2, EVEN)[0], SCALE)
    one, two, three = (r.lower for r in found.reliability)

    assert two == pytest.approx(2 * one / (1 + one))
    assert three == pytest.approx(3 * one / (1 + 2 * one))


def test_every_case_is_shown_with_all_its_grades():
    gradings = panel(12, 30, 4, 2, EVEN)[0]
    found = avoidability(gradings, SCALE)

    assert {c.case: c.grades for c in found.by_case} == {
        name: tuple(sorted(g.grade for g in gradings if g.case == name)) for name in {g.case for g in gradings}
    }
    assert all(0 <= c.would <= c.might_or_would <= 1 for c in found.by_case)


def test_hogans_scale_of_six_grades_is_fitted_too():
    gradings = panel(13, 80, 5, 2, [0.5, 0.2, 0.1, 0.1, 0.06, 0.04])[0]
    found = avoidability(gradings, scales()["hogan"])

    assert found.typical.would.lower < 0.2 < found.typical.would.upper
    assert found.typical.might_or_would.value > found.typical.would.value


def test_a_provider_that_stands_out_is_found_and_the_others_are_not():
    gradings, _, _ = panel(14, 900, 12, 2, EVEN, 0.9, 0.4, groups=15, sd_groups=0.15)
    worse = [replace(g, grade=min(g.grade + 1, 3)) if g.group == "g7" else g for g in gradings]
    found = compare(avoidability(worse, SCALE))

    assert found[0].provider == "g7"
    assert found[0].q < 0.05 < found[1].q
    assert found[0].share > found[0].upper


@pytest.mark.parametrize(
    ("gradings", "more", "words"),
    [
        ([], {}, "there are no gradings"),
        ([Grading("c", "r", 4)], {}, "must be from 0 to 3"),
        ([Grading("c", "r", 1), Grading("c", "r", 2)], {}, "graded case 'c' twice"),
        ([Grading("c", "r", 1, "a"), Grading("c", "s", 2, "b")], {}, "stands in two groups"),
        ([Grading("c", "r", 1, "a")], {"population": {"a": 1, "b": 5}}, "stratum 'b'"),
        ([Grading("c", "r", 1, "a")], {"population": {"a": 0}}, "stratum 'a' has 1 graded"),
        ([Grading("c", "r", 1)], {"weights": {"c": 0.5}}, "case 'c': its weight"),
        ([Grading("c", "r", 1)], {"weights": {}, "population": {}}, "not both"),
        ([Grading("c", "r", 1)], {"level": 1.0}, "level must be"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_words(gradings, more, words):
    with pytest.raises(ValueError, match=words):
        avoidability(gradings, SCALE, **more)


def test_too_few_providers_are_not_compared():
    with pytest.raises(ValueError, match="at least 5"):
        compare(avoidability(panel(1, 40, 4, 2, EVEN, groups=3)[0], SCALE))
