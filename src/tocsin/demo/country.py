"""Builds the synthetic country: births by site with outcomes as known on the last day, a register of sites, and the planted truth.

What was planted stands in a file beside the data that nothing but `tocsin.demo.truth` reads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from numpy.typing import NDArray

from tocsin.watch.catalogue import load_catalogue
from tocsin.watch.indicators import Indicator

Progress = Callable[[str, int, int], None]
FIRST_YEAR = 2014
BIRTHS_A_YEAR = 600_000
SITE_SPREAD = 0.18
"""Coefficient of variation of true rates between sites while all is well."""
REGIONS = ("East", "London", "Midlands", "North East", "North West", "South East", "South West")
_HEADS = (
    "Ash",
    "Beck",
    "Cold",
    "Dun",
    "Elm",
    "Fern",
    "Glen",
    "Hazel",
    "Iron",
    "Kings",
    "Lark",
    "Mere",
    "North",
    "Oak",
    "Penn",
    "Red",
    "Stone",
    "Thorn",
)
_TAILS = ("bourne", "bridge", "combe", "field", "ford", "gate", "ham", "holme", "ley", "mouth", "stead", "ton", "wick", "worth")
# Outcome: rate among those asked (chance per birth), near figures of MBRRACE-UK, the National Maternity and Perinatal Audit, and ATAIN
RATES = {
    "stillbirth": 0.0013, "neonatal_death": 0.0006, "hie": 0.0012, "maternal_harm": 0.0010,
    "pph": 0.030, "tear": 0.033, "term_admission": 0.055,
}  # fmt: skip
INDICATOR = {
    "stillbirth": "term-stillbirth", "neonatal_death": "term-neonatal-death", "hie": "term-brain-injury",
    "maternal_harm": "maternal-death-or-severe-injury", "pph": "postpartum-haemorrhage-1500", "tear": "third-fourth-degree-tear",
    "term_admission": "unplanned-term-admission",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planted:
    """What was planted at one site. kind: rise, artefact or unseen. until: last day, or None where it goes on."""

    kind: str
    site: str
    outcome: str
    what: str
    first: date
    until: date | None
    ratio: float


def build(folder: Path, seed: int = 2022, years: int = 12, providers: int = 120, progress: Progress | None = None) -> None:
    """Write births-<year>.parquet, sites.csv and mapping.yaml into `folder`, and the truth into demo-truth beside it.

    The same arguments give the same data. Outcomes whose report would have arrived after the last day are not in the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    sites = _sites(random, providers)
    last = date(FIRST_YEAR + years - 1, 12, 31)
    codes = [s["code"] for s in sites]
    weights = np.array([float(s["weight"]) for s in sites])
    share = weights / weights.sum()
    factors = {o: random.gamma(1 / SITE_SPREAD**2, SITE_SPREAD**2, len(sites)) for o in RATES}
    planted = _plan(sites, share, last, years)
    lags = load_catalogue()
    next_id = 1
    for place in range(years):
        year = FIRST_YEAR + place
        if progress:
            progress(f"Building the demo country: {year}", place, years)
        table, next_id = _year(random, year, place, codes, share, factors, planted, last, lags, next_id, sites)
        pq.write_table(table, folder / f"births-{year}.parquet", compression="zstd")
    _write_register(folder, sites)
    (folder / "mapping.yaml").write_text("rows: births\ncolumns: {date: date, site: site, id: id}\n")
    truth = folder.parent / "demo-truth"
    truth.mkdir(exist_ok=True)
    rows = [
        {
            "kind": p.kind,
            "site": p.site,
            "indicator": INDICATOR.get(p.outcome),
            "what": p.what,
            "first": p.first,
            "until": p.until,
            "ratio": p.ratio,
        }
        for p in planted
    ]
    (truth / "truth.yaml").write_text(yaml.safe_dump(rows, sort_keys=False))
    if progress:
        progress("Built the demo country", years, years)


def _sites(random: np.random.Generator, providers: int) -> list[dict[str, Any]]:
    names = [h + t for h in _HEADS for t in _TAILS]
    random.shuffle(names)
    letters = "ABCDEFGHJKLMNPQRSTVWXYZ"
    made: list[dict[str, Any]] = []
    for p in range(providers):
        provider = f"X{letters[p // len(letters) % len(letters)]}{letters[p % len(letters)]}"
        town = names[p % len(names)]
        for s in range(int(random.choice([1, 2, 3], p=[0.55, 0.3, 0.15]))):
            code = f"{provider}{s + 1:02d}"
            # the first site of a provider is its main unit; others are smaller, some of them led by midwives
            weight = float(random.lognormal(np.log(3300), 0.45)) if s == 0 else float(random.lognormal(np.log(1100), 0.9))
            kind = ("Hospital", "Maternity Unit", "Birth Centre")[s]
            made.append(
                {
                    "code": code, "name": f"{town} {kind}", "provider": provider, "provider_name": f"{town} Hospitals",
                    "weight": min(weight, 9500.0),
                    "region": REGIONS[p % len(REGIONS)], "opened": "", "closed": "", "successor": "",
                }
            )  # fmt: skip
    return made


def _plan(sites: list[dict[str, Any]], share: NDArray[np.float64], last: date, years: int) -> list[Planted]:
    """Six rises, three artefacts, two rises at units too small to show them; one merger and one closure among untouched sites."""
    order = np.argsort(-share)
    count = len(order)

    def at(place: float) -> str:
        return str(sites[int(order[min(int(place * count), count - 1)])]["code"])

    def back(days: int) -> date:
        return last - timedelta(days=min(days, (years - 1) * 365))

    planted = [
        Planted("rise", at(0.02), "term_admission", "a modest rise at a large site", back(900), None, 1.5),
        Planted("rise", at(0.10), "stillbirth", "a rise of a rare outcome", back(1500), None, 2.5),
        Planted("rise", at(0.04), "hie", "a threefold rise of brain injury", back(1300), None, 3.0),
        Planted("rise", at(0.30), "pph", "a doubling at a site of middling size", back(700), None, 2.0),
        Planted("rise", at(0.40), "tear", "a rise that ended again", back(1600), back(700), 2.0),
        Planted("rise", at(0.15), "neonatal_death", "a threefold rise of the rarest outcome", back(1200), None, 3.5),
        Planted("artefact", at(0.05), "term_admission", "admissions not recorded for five months", back(1000), back(850), 0.0),
        Planted("artefact", at(0.12), "pph", "every birth recorded twice under new numbers for a quarter", back(820), back(730), 1.0),
        Planted("artefact", at(0.25), "tear", "a change of coding that trebles tears overnight", back(500), None, 3.0),
        Planted("unseen", at(0.97), "stillbirth", "a doubling in a small unit", back(1100), None, 2.0),
        Planted("unseen", at(0.985), "hie", "a doubling in a small unit", back(1400), None, 2.0),
    ]
    touched = {p.site for p in planted}
    free = [i for i in range(count) if sites[i]["code"] not in touched and str(sites[i]["code"]).endswith("02")]
    if len(free) >= 2 and years > 3:
        merged, shut = free[0], free[1]
        sites[merged]["closed"] = back(900).isoformat()
        sites[merged]["successor"] = str(sites[merged]["code"])[:3] + "01"
        sites[shut]["closed"] = back(1200).isoformat()
    return planted


def _year(
    random: np.random.Generator,
    year: int,
    place: int,
    codes: list[str],
    share: NDArray[np.float64],
    factors: dict[str, NDArray[np.float64]],
    planted: list[Planted],
    last: date,
    lags: dict[str, Indicator],
    next_id: int,
    sites: list[dict[str, Any]],
) -> tuple[pa.Table, int]:
    first = date(year, 1, 1)
    days = (date(year + 1, 1, 1) - first).days
    epoch = (first - date(1970, 1, 1)).days
    weekday = (np.arange(days) + first.weekday()) % 7
    daily = np.where(weekday == 5, 0.93, np.where(weekday == 6, 0.9, 1.034)) * (
        1 + 0.03 * np.sin(2 * np.pi * (np.arange(days) - 120) / 365)
    )
    mean = BIRTHS_A_YEAR * (1 - 0.01) ** place / 365 * share[:, None] * daily[None, :]
    for s, known in enumerate(sites):
        if known["closed"]:
            closed = (date.fromisoformat(str(known["closed"])) - first).days
            if known["successor"] and str(known["successor"]) in codes:
                mean[codes.index(str(known["successor"])), max(0, closed + 1) :] += mean[s, max(0, closed + 1) :]
            mean[s, max(0, closed + 1) :] = 0
    for p in planted:
        if p.kind == "artefact" and "twice" in p.what and p.until is not None:
            a, b = max(0, (p.first - first).days), max(0, (p.until - first).days + 1)
            mean[codes.index(p.site), a:b] *= 2
    births = random.poisson(mean)
    site = np.repeat(np.repeat(np.arange(len(codes), dtype=np.int32), days), births.ravel())
    day = np.repeat(np.tile(np.arange(days, dtype=np.int32), len(codes)), births.ravel())
    n = site.shape[0]
    term = random.random(n) < 0.925
    vaginal = random.random(n) < 0.62
    season = 1 + 0.04 * np.cos(2 * np.pi * day / 365)
    age = (last - first).days - day
    outcomes: dict[str, NDArray[np.bool_]] = {}
    for outcome, rate in RATES.items():
        chance = rate * (1.01 if outcome in ("pph", "term_admission") else 0.985) ** place * factors[outcome][site] * season
        for p in planted:
            if p.outcome == outcome and p.ratio != 1.0:
                a = (p.first - first).days
                b = days if p.until is None else (p.until - first).days + 1
                inside = (site == codes.index(p.site)) & (day >= a) & (day < b)
                chance = np.where(inside, chance * p.ratio, chance)
        happened = random.random(n) < chance
        lag = lags[INDICATOR[outcome]].lag
        # the report of an event arrives at an age that follows the indicator's own delay
        arrives = np.interp(random.random(n), lag.reported, lag.days)
        outcomes[outcome] = happened & ((arrives <= age) | (age >= lag.days[-1]))
    stillbirth = outcomes["stillbirth"] & term
    live = ~stillbirth
    numbers = next_id + np.arange(n, dtype=np.int64)
    order = np.argsort(day, kind="stable")
    grade = np.where(outcomes["hie"] & term & live, 2 + (random.random(n) < 0.35), 0).astype(np.int8)
    table = pa.table(
        {
            "site": pa.DictionaryArray.from_arrays(pa.array(site[order]), pa.array(codes)),
            "date": pa.array((epoch + day[order]).astype(np.int32)).cast(pa.date32()),
            "id": numbers,
            "term": term[order],
            "live": live[order],
            "vaginal": vaginal[order],
            "stillbirth": stillbirth[order],
            "neonatal_death": (outcomes["neonatal_death"] & term & live)[order],
            "hie": grade[order],
            "maternal_harm": outcomes["maternal_harm"][order],
            "pph_ml": np.where(outcomes["pph"], 1500 + random.integers(0, 1500, n), random.integers(100, 1400, n)).astype(np.int16)[order],
            "tear": np.where(outcomes["tear"] & vaginal, 3, random.integers(0, 3, n)).astype(np.int8)[order],
            "term_admission": (outcomes["term_admission"] & term & live)[order],
        }
    )
    return table, next_id + n


def _write_register(folder: Path, sites: list[dict[str, Any]]) -> None:
    columns = ("code", "name", "provider", "provider_name", "region", "opened", "closed", "successor")
    lines = [",".join(columns), *(",".join(str(s[c]) for c in columns) for s in sites)]
    (folder / "sites.csv").write_text("\n".join(lines) + "\n")
