"""Speed as ratios within one run, and what signals cost and find. `python -m benchmarks [part ...] [--births N]`.

Parts: read, kernel, thresholds, nightly, signals, delay, accord, review, search. Each prints the limit, what Tocsin takes, and the ratio of the two.
"""

import argparse
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numba import njit

from benchmarks.accord import bench_accord
from benchmarks.review import bench_review
from benchmarks.search import bench_search
from tocsin.watch import bernoulli_threshold, poisson_arl
from tocsin.watch.budget import Budget
from tocsin.watch.catalogue import load_catalogue
from tocsin.watch.counts import Counts
from tocsin.watch.cusum import risk_adjusted_scan
from tocsin.watch.events import read, read_mapping
from tocsin.watch.national import begin, calibrate, look, settle
from tocsin.watch.reference import share_reported
from tocsin.watch.rise import CUSUM_RED, RISE_RED, RiseState, Streams, advance, design
from tocsin.watch.weights import llr_weights


def best(of: Callable[[], object], times: int = 3) -> float:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        of()
        found.append(time.perf_counter() - began)
    return min(found)


def bench_read(births: int) -> None:
    """A world-year of births of 10,000 sites from Parquet, one indicator, against merely reading the same columns."""
    random = np.random.default_rng(1)
    sites = pa.array([f"S{i:05d}" for i in range(10_000)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "births.parquet"
        chunk = 10_000_000
        writer = None
        for begun in range(0, births, chunk):
            n = min(chunk, births - begun)
            days = np.sort(random.integers(19000 + 365 * begun // births, 19000 + 365 * (begun + n) // births + 1, n)).astype(np.int32)
            site = pa.DictionaryArray.from_arrays(pa.array(random.integers(0, 10_000, n).astype(np.int32)), sites)
            columns = {"site": site, "date": pa.array(days).cast(pa.date32()), "stillbirth": pa.array(random.random(n) < 0.0015)}
            table = pa.table(columns | {"term": pa.array(np.ones(n, bool))})
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table, row_group_size=1_000_000)
        assert writer is not None
        writer.close()
        indicator = {"term-stillbirth": load_catalogue()["term-stillbirth"]}

        def merely() -> None:
            for _ in pq.ParquetFile(path, read_dictionary=["site"], memory_map=True).iter_batches(262_144):
                pass

        def counted() -> None:
            read([path], read_mapping("rows: births"), indicator)

        read([path], read_mapping("rows: births"), indicator)
        limit, taken = best(merely), best(counted)
        print(f"read: {births:,} births, 10,000 sites: reading {limit:.2f} s, counting {taken:.2f} s, ratio {taken / limit:.2f}")
        asked = f"""
import resource
from pathlib import Path
from tocsin.watch.catalogue import load_catalogue
from tocsin.watch.events import read, read_mapping
read([Path({str(path)!r})], read_mapping("rows: births"), {{"term-stillbirth": load_catalogue()["term-stillbirth"]}})
own = [int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("RssAnon")]
print(own[0] // 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
        own, most = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
        print(f"read: most memory {most} MiB, the mapped file's pages with it; own memory at the end {own} MiB")


def bench_kernel(births: int) -> None:
    """Risk-adjusted CUSUM over births in memory, against one NumPy pass that adds the same arrays."""
    random = np.random.default_rng(1)
    p = random.beta(2, 50, births)
    y = (random.random(births) < p).astype(np.int8)
    risk_adjusted_scan(y[:10], p[:10], 2.0, 4.5)
    limit = best(lambda: y + p)
    taken = best(lambda: risk_adjusted_scan(y, p, 2.0, 4.5))
    print(f"kernel: {births:,} births: adding the arrays {limit:.2f} s, risk-adjusted CUSUM {taken:.2f} s, ratio {taken / limit:.2f}")


@njit(cache=True)
def _simulated_false_alarms(p0: float, down: float, up: float, threshold: float, horizon: int, runs: int, seed: int) -> int:
    np.random.seed(seed)  # noqa: NPY002  (the generator that compiled code has)
    rung = 0
    for _ in range(runs):
        value = 0.0
        for _ in range(horizon):
            value = max(0.0, value + (up if np.random.random() < p0 else down))  # noqa: NPY002
            if value >= threshold:
                rung += 1
                break
    return rung


def bench_thresholds() -> None:
    """Exact thresholds for 1,000 sites, against simulating the promise in compiled code, as R's vlad does, and against R's spc.

    The simulation is timed for 20,000 runs at one threshold and counted up to what the same answer would need: a chance of 1 % known to
    one part in 100 takes 990,000 runs, at each of the 8 thresholds of a halving search between 3 and 6.
    """
    random = np.random.default_rng(1)
    horizons = random.integers(300, 9000, 1000)
    bernoulli_threshold(0.01, 2.0, false_alarm=0.01, horizon=100)
    p0, ratio = 0.0015, 2.0
    began = time.perf_counter()
    found = [bernoulli_threshold(p0, ratio, false_alarm=0.01, horizon=int(n)) for n in horizons[:200]]
    exact = (time.perf_counter() - began) / 200
    print(f"thresholds: exact {1000 * exact:.1f} ms a site, {1000 * exact:.1f} s for 1,000 sites")
    horizon, threshold = int(horizons[0]), found[0]
    _simulated_false_alarms(p0, *llr_weights(p0, ratio), threshold, 10, 10, 1)
    began = time.perf_counter()
    rung = _simulated_false_alarms(p0, *llr_weights(p0, ratio), threshold, horizon, 20_000, 1)
    simulated = (time.perf_counter() - began) / 20_000 * 990_000 * 8
    print(f"thresholds: simulated false alarms {100 * rung / 20_000:.2f} % where 1 % is promised; a threshold by simulation, compiled, "
          f"{simulated:.0f} s a site, {simulated / exact:,.0f} times as long")  # fmt: skip
    if shutil.which("Rscript") is None:
        print("thresholds: R is not installed, so its packages were not compared")
        return
    asked = 'cat(requireNamespace("vlad", quietly=TRUE), requireNamespace("spc", quietly=TRUE))'
    vlad, spc = subprocess.run(["Rscript", "-e", asked], capture_output=True, text=True, check=False).stdout.split()[-2:]
    if vlad != "TRUE":
        print("thresholds: R's vlad is not installed, so it was not compared itself")
    if spc != "TRUE":
        print("thresholds: R's spc is not installed, so it was not compared")
        return
    script = (
        "library(spc); mu <- 3*log(2); t <- system.time(for (i in 1:200) a <- pois.cusum.arl(mu, 3, 11, 1))[['elapsed']]; "
        "cat(format(a, digits=15), t/200)"
    )
    theirs, took = map(float, subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=True).stdout.split())
    mean = 3 * math.log(2)
    ours = poisson_arl(mean, 2.0, 11.5 * math.log(2))
    own = best(lambda: poisson_arl(mean, 2.0, 11.5 * math.log(2)))
    print(f"thresholds: Poisson ARL by spc {theirs:.10g}, ours {ours:.10g}, relative difference {abs(theirs / ours - 1):.0e}; "
          f"spc {1e6 * took:.0f} us, ours {1e6 * own:.0f} us, ratio {own / took:.2f}")  # fmt: skip


def bench_nightly(sites: int = 10_000, indicators: int = 8) -> None:
    """One new day for 10,000 sites x 8 indicators from the settled state, CPU seconds, against touching the same numbers once."""
    random = np.random.default_rng(1)
    about = load_catalogue()["postpartum-haemorrhage-1500"]
    days = 900
    births = random.poisson(6, (sites, days)).astype(np.int32)
    counts = Counts("x", tuple(map(str, range(sites))), date(2023, 1, 1), births, random.binomial(births, 0.03).astype(np.int32))
    plan = calibrate(counts, about, Budget(), sites * indicators)
    before = Counts("x", counts.sites, counts.first_day, births[:, :-1], counts.events[:, :-1])
    kept = settle(begin(plan), before, about)
    look(kept, before, about)
    began = time.process_time()
    kept = settle(kept, counts, about)
    look(kept, counts, about)
    taken = time.process_time() - began
    window = counts.births[:, kept.state.day - 1 :]
    limit = best(lambda: window.astype(np.float64) + counts.events[:, kept.state.day - 1 :])
    print(f"nightly: {sites:,} sites, one indicator {taken:.3f} s of CPU, {indicators} of them {indicators * taken:.2f} s; one pass over "
          f"the same window {limit:.4f} s, ratio {taken / limit:.0f}")  # fmt: skip


def bench_signals(sites: int = 300) -> None:
    """Delay to find a rise at an equal national budget, and false alarms against those promised; sites differ by 20 %."""
    random = np.random.default_rng(1)
    shape, streams_in_country = 25.0, 240
    print("signals: budget one false red a year in 240 streams; delays in days, median and 90th percentile; sites differ by 20 %")
    for yearly, births_a_year in ((4.5, 3000), (30.0, 3000), (150.0, 5000)):
        red = 365.25 * streams_in_country
        plan = design(yearly, red, red / 5)
        theta = random.gamma(shape, 1 / shape, sites)
        history, after = 365 * 12, 365 * 12
        quiet_days = 365 * 20

        def simulate(  # bound here, since the loop goes on
            days, ratio, onset, height, theta=theta, yearly=yearly, births=births_a_year, plan=plan
        ):
            daily = yearly / 365.25
            mean = np.repeat((daily * theta)[:, None], days, axis=1)
            mean[:, onset:] *= ratio
            events = random.poisson(mean).astype(np.int32)
            n = np.full(events.shape, max(births // 365, 1), np.int32)
            streams = Streams.of([plan] * sites, [yearly] * sites, 2.0, [np.inf] * sites, [height] * sites)
            state = RiseState.fresh(np.full(sites, shape))
            return advance(state, streams, n, np.minimum(events, n), np.full(events.shape, daily), threads=2)[0]

        # the CUSUM's threshold is set by the same budget, counted over sites that differ as these do
        low, high = 1.0, 60.0
        for _ in range(9):
            middle = (low + high) / 2
            rung = simulate(quiet_days, 1.0, 0, middle)
            false = (rung["what"] == CUSUM_RED).sum() / (sites * 20)
            low, high = (middle, high) if false > 1 / streams_in_country else (low, middle)
        quiet = simulate(quiet_days, 1.0, 0, high)
        seen = int((quiet["what"] == RISE_RED).sum())
        print(f"  {yearly:g} events a year: false reds {seen}, promised {sites * 20 / streams_in_country:.0f}")
        for ratio in (1.5, 2.0, 3.0):
            rung = simulate(history + after, ratio, history, high)
            line = []
            for what in (CUSUM_RED, RISE_RED):
                hits = rung[(rung["what"] == what) & (rung["day"] >= history)]
                first = np.full(sites, np.inf)
                np.minimum.at(first, hits["stream"], hits["day"] - history + 1)
                line.append([float(np.quantile(np.minimum(first, 1e9), q, method="higher")) for q in (0.5, 0.9)])
            said = [" ".join("never" if d > after else f"{d:.0f}" for d in pair) for pair in line]
            share = line[1][0] / line[0][0] if line[0][0] < 1e8 else 0.0
            print(f"    rise x {ratio:g}: doubling CUSUM {said[0]}; rise detector {said[1]}; ratio of medians {share:.2f}")


def bench_delay(sites: int = 240) -> None:
    """The same with reports that come in over 90 days, looked at once a week as a national team would: what is first seen, and when."""
    random = np.random.default_rng(2)
    shape, streams_in_country, history, after = 25.0, 240, 365 * 8, 365 * 8
    about = load_catalogue()["term-stillbirth"]
    lag = about.lag
    print(f"delay: reports come in over {lag.days[-1]} days; looked at each week; budget one false red a year in 240 streams")
    for yearly in (4.5, 30.0, 150.0):
        red = 365.25 * streams_in_country
        plan = design(yearly, red, red / 5)
        daily = yearly / 365.25
        theta = random.gamma(shape, 1 / shape, sites)
        streams = Streams.of([plan] * sites, [yearly] * sites, 2.0, [np.inf] * sites, [np.inf] * sites)
        for ratio in (1.0, 2.0):
            mean = np.repeat((daily * theta)[:, None], history + after, axis=1)
            mean[:, history:] *= ratio
            events = random.poisson(mean).astype(np.int32)
            site, day = np.nonzero(events)
            site, day = (np.repeat(a, events[site, day]) for a in (site, day))
            came = day + np.ceil(np.interp(random.random(site.shape[0]), lag.reported, lag.days)).astype(int)
            order = np.argsort(came, kind="stable")
            site, day, came = site[order], day[order], came[order]
            known = np.zeros(events.shape, np.int32)
            state = RiseState.fresh(np.full(sites, shape))
            first: dict[int, int] = {}
            reds: set[tuple[int, int]] = set()
            taken = 0
            for now in range(lag.days[-1] + 7, history + after, 7):
                upto = int(np.searchsorted(came, now, side="right"))
                np.add.at(known, (site[taken:upto], day[taken:upto]), 1)
                taken = upto
                old, settled = state.day, now + 1 - lag.days[-1]
                births = np.full((sites, now + 1 - old), 100_000, np.int32)
                found = [
                    advance(state, streams, births[:, : settled - old], known[:, old:settled], np.full((sites, settled - old), daily))[0]
                ]
                ahead = state.copy()
                share = share_reported(lag, now + 1, settled)
                new = np.broadcast_to(daily * share, (sites, now + 1 - settled)).copy()
                found.append(advance(ahead, streams, births[:, settled - old :], known[:, settled : now + 1], new)[0])
                for ring in np.concatenate(found):
                    if ring["what"] == RISE_RED:
                        reds.add((int(ring["stream"]), int(ring["onset"]) // 200))
                        if ring["day"] >= history:
                            first.setdefault(int(ring["stream"]), now - history + 1)
            if ratio == 1.0:
                promised = sites * (history + after) / 365.25 / streams_in_country
                print(f"  {yearly:g} events a year: false reds ever shown {len(reds)}, promised {promised:.0f}")
            else:
                waits = np.array([first.get(s, 1 << 30) for s in range(sites)])
                said = ["never" if (d := np.quantile(waits, q, method="higher")) > after else f"{d:.0f}" for q in (0.5, 0.9)]
                print(f"    rise x {ratio:g}: days until red is shown, median {said[0]}, 90th percentile {said[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks")
    parser.add_argument("parts", nargs="*", default=["kernel", "thresholds", "nightly", "signals", "delay", "accord", "search", "read"])
    parser.add_argument("--births", type=int, default=130_000_000)
    parser.add_argument("--panels", type=int, default=60)
    given = parser.parse_args()
    for part in given.parts:
        match part:
            case "read":
                bench_read(given.births)
            case "kernel":
                bench_kernel(min(given.births, 100_000_000))
            case "thresholds":
                bench_thresholds()
            case "nightly":
                bench_nightly()
            case "signals":
                bench_signals()
            case "delay":
                bench_delay()
            case "accord":
                bench_accord()
            case "review":
                bench_review(given.panels)
            case "search":
                bench_search()
            case _:
                parser.error(f"there is no part '{part}'")


if __name__ == "__main__":
    main()
