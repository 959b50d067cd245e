"""The demo country: what it claims to be, counted."""

from datetime import date

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from tocsin.demo import country, truth
from tocsin.watch.quality import QualityFlag
from tocsin.watch.results import Detector


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("country") / "data"
    country.build(folder)
    return folder


def test_it_has_the_size_that_was_asked_for(built):
    births = sum(pq.ParquetFile(p).metadata.num_rows for p in built.glob("births*.parquet"))
    sites = (built / "sites.csv").read_text().splitlines()[1:]
    providers = {line.split(",")[2] for line in sites}

    assert 6_500_000 < births < 8_000_000
    assert len(providers) == 120
    assert 120 <= len(sites) <= 360


def test_it_is_the_same_each_time(built, tmp_path):
    country.build(tmp_path / "data")
    for path in sorted(built.glob("births*.parquet"))[:2]:
        assert pq.read_table(path).equals(pq.read_table(tmp_path / "data" / path.name))


def test_six_rises_three_faults_and_two_unseen_are_planted_beside_the_data_and_not_in_it(built):
    rows = yaml.safe_load((built.parent / "demo-truth" / "truth.yaml").read_text())

    assert [sum(r["kind"] == k for r in rows) for k in ("rise", "artefact", "unseen")] == [6, 3, 2]
    assert not list(built.glob("*truth*"))


def test_outcomes_lie_near_published_national_rates(built):
    """Term stillbirth about 1.5 in 1,000 and haemorrhage of 1,500 ml or more about 3 in 100, whose sources the country's own page gives."""
    table = pq.read_table(sorted(built.glob("births*.parquet"))[3]).to_pydict()
    columns = {name: np.array([bool(v) for v in values]) for name, values in table.items() if name not in ("site", "date", "id")}

    assert 0.0005 < (columns["stillbirth"] & columns["term"]).sum() / columns["term"].sum() < 0.004


def test_a_comparison_says_found_flagged_and_silent(small_run):
    ring = next(r for s in small_run.streams if s.site == "S03" for r in s.rings if r.detector is Detector.RISE and r.red_day)
    planted = [
        {"kind": "rise", "site": "S03", "indicator": "stillbirth", "what": "w", "first": date(2016, 6, 1), "ratio": 3.0},
        {"kind": "artefact", "site": "S05", "indicator": "stillbirth", "what": "w", "first": date(2017, 1, 1), "ratio": 1.0},
        {"kind": "unseen", "site": "S07", "indicator": "stillbirth", "what": "w", "first": date(2017, 1, 1), "ratio": 2.0},
    ]
    rows, _ = truth.compare(planted, small_run)

    assert rows[0].found.startswith("red on")
    assert rows[0].delay_days == (ring.red_day - date(2016, 6, 1)).days
    assert "flagged: no-births" in rows[1].found
    assert rows[2].found.startswith("silent") or rows[2].found.startswith("red")
    assert isinstance(small_run.quality[0], QualityFlag)
    assert "| rise: w | S03 |" in truth.table(rows, [], 4)
