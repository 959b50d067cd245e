import numpy as np
import pytest

from tocsin.watch.power import RATES, PowerTable, power_table


@pytest.fixture(scope="module")
def table():
    return power_table(25.0, 365.25 * 2000, 365.25 * 400, 2.0, sites=60)


def test_larger_sites_see_sooner_and_nine_in_ten_take_longer_than_half(table):
    seen = np.where(np.isfinite(table.months), table.months, 1e9)

    assert (np.diff(seen[:, 0]) <= 0).all()
    assert (seen[:, 1] >= seen[:, 0]).all()


def test_a_tiny_unit_is_told_that_its_silence_means_nothing(table):
    power = table.at(0.1, "stillbirth")

    assert power.months_median is None
    assert "unseen" in power.sentence
    assert "Silence is not safety" in power.sentence


def test_between_two_sizes_the_months_lie_between_theirs():
    table = PowerTable(2.0, np.stack([np.linspace(100, 1, len(RATES)), np.linspace(110, 2, len(RATES))], axis=1))

    assert table.months[6, 0] < table.at(12.0, "stillbirth").months_median < table.months[5, 0]


def test_the_same_seed_gives_the_same_months(table):
    again = power_table.__wrapped__(25.0, 365.25 * 2000, 365.25 * 400, 2.0, sites=60)

    assert np.array_equal(again.months, table.months)
