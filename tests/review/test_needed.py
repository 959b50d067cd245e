"""What would settle a question, against panels that are really that large."""

from math import ceil

import numpy as np
import pytest

from tocsin.review import avoidability, half_width_of, needed, scales
from tocsin.review.simulated import simulated_panel as panel

SCALE = scales()["confidential-enquiry"]
EVEN = [0.4, 0.25, 0.2, 0.15]


@pytest.fixture(scope="module")
def small():
    return avoidability(panel(3, 100, 8, 2, EVEN)[0], SCALE)


@pytest.mark.parametrize(("cases", "reviewers", "per_case"), [(200, 16, 2), (400, 8, 2), (100, 24, 2)])
def test_the_width_foretold_is_the_width_that_a_panel_of_that_size_has(cases, reviewers, per_case):
    foretold, had = [], []
    for seed in range(3):
        now = avoidability(panel(seed, 100, 8, 2, EVEN)[0], SCALE, draws=400)
        foretold.append(half_width_of(now, cases=cases, reviewers=reviewers, per_case=per_case))
        then = avoidability(panel(50 + seed, cases, reviewers, per_case, EVEN)[0], SCALE, draws=400).typical.might_or_would
        had.append((then.upper - then.lower) / 2)

    assert np.mean(foretold) == pytest.approx(np.mean(had), rel=0.25)


def test_what_is_asked_for_is_the_least_that_is_enough(small):
    found = needed(small, half_width=0.09)
    cases, reviewers = (100 + found.both[0], 8 + found.both[1])

    assert not found.settled
    assert half_width_of(small, cases=cases, reviewers=reviewers, per_case=2) <= 0.09
    assert half_width_of(small, cases=cases - 1, reviewers=ceil((cases - 1) * 2 / 25), per_case=2) > 0.09


def test_more_cases_alone_do_not_settle_what_hangs_on_who_grades(small):
    found = needed(small, half_width=0.04)

    assert found.more_cases is None
    assert "More cases alone would not do" in found.sentence


def test_a_threshold_outside_the_interval_is_settled_and_one_at_the_share_never_will_be(small):
    share = small.typical.might_or_would

    assert needed(small, threshold=share.upper + 0.05).settled
    assert not needed(small, threshold=share.value + 0.001).settled
    assert needed(small, threshold=share.value + 0.001).both is None


def test_no_more_cases_are_asked_for_than_there_are():
    rows = panel(5, 60, 8, 2, EVEN)[0]
    whole = avoidability([g.__class__(g.case, g.reviewer, g.grade, "s") for g in rows], SCALE, population={"s": 90})
    found = needed(whole, half_width=0.02)

    assert found.more_cases is None
    assert found.both is None or found.both[0] <= 30


@pytest.mark.parametrize("bad", [{}, {"half_width": 0.1, "threshold": 0.2}, {"half_width": 0.9}, {"threshold": 1.0}])
def test_a_question_that_cannot_be_is_refused(small, bad):
    with pytest.raises(ValueError, match=r"half_width|threshold"):
        needed(small, **bad)
