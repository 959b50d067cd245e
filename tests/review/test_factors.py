import pytest

from tocsin.review import Linked, contributed, factor, frameworks, scales


def test_both_frameworks_are_whole_and_each_yorkshire_factor_has_its_place_in_seips():
    seips, yorkshire = frameworks()["seips"], frameworks()["ycff"]

    assert (len(seips.factors), len(yorkshire.factors)) == (6, 19)
    assert {f.within for f in yorkshire.factors} <= {f.id for f in seips.factors}
    assert all(f.asks.endswith(".") for framework in (seips, yorkshire) for f in framework.factors)


def test_factors_are_counted_with_the_grades_they_bore_on():
    linked = [
        Linked("1", "3", "ycff.team-factors", True),
        Linked("2", "1", "ycff.team-factors", True),
        Linked("3", "2", "ycff.team-factors", False),
        Linked("3", "2", "seips.tasks", True),
    ]
    first, second = contributed(linked, scales()["confidential-enquiry"])

    assert (first.factor.name, first.found, first.bore, first.might_or_would) == ("Team factors", 3, 2, 1)
    assert first.by_grade == {"3": 1, "1": 1, "2": 1}
    assert (second.factor.id, second.might_or_would) == ("seips.tasks", 1)


@pytest.mark.parametrize("id_", ["ycff.weather", "weather", ""])
def test_a_factor_that_is_not_there_is_refused(id_):
    with pytest.raises(ValueError, match="there is no factor"):
        factor(id_)


def test_a_factor_named_twice_in_a_case_is_refused():
    with pytest.raises(ValueError, match=r"case '1' has factor 'seips\.tasks' twice"):
        contributed([Linked("1", "3", "seips.tasks", True)] * 2, scales()["confidential-enquiry"])
