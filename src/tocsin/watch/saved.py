"""What one night leaves for the next: counts so far, the year's calibration, and where each detector stands. As plain arrays, to be kept.

The next night reads only new files and goes through new days only. Where a file changes a day that was already settled, the days are gone
through again from the first under the same calibration; a new calendar year, site, indicator or budget calls for a new calibration.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.watch.budget import Budget
from tocsin.watch.counts import Counts
from tocsin.watch.indicators import Indicator
from tocsin.watch.national import Calibration, Settled, begin
from tocsin.watch.power import PowerTable
from tocsin.watch.rise import RiseState, Streams

VERSION = 1

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Saved:
    """counts: by indicator id. counted: site-days that some file had rows for, shape (sites, days). settled: by indicator id.

    files: SHA-256 of the content of each file read so far. terms: what the calibration rests on, as `terms_of` says it.
    """

    counts: dict[str, Counts]
    counted: NDArray[np.bool_]
    settled: dict[str, Settled]
    files: tuple[str, ...]
    terms: str


def terms_of(counts: Mapping[str, Counts], indicators: Mapping[str, Indicator], budget: Budget) -> str:
    """What a calibration rests on: sites, first and last calendar year, indicators, budget. A change of it calls for a new one."""
    one = next(iter(counts.values()))
    last = one.first_day + timedelta(days=one.births.shape[1] - 1)
    return json.dumps(
        [one.sites, one.first_day.isoformat(), last.year, {name: asdict(indicators[name]) for name in sorted(counts)}, asdict(budget)],
        default=_plain,
        sort_keys=True,
    )


def take_up(before: Saved | None, counts: Mapping[str, Counts], terms: str) -> tuple[dict[str, Settled], str]:
    """States from which to go on with these counts, and a sentence that says how much of what was saved could be used."""
    if before is None:
        return {}, "The watch begins: nothing was saved before."
    if before.terms != terms:
        return {}, "The watch was calibrated anew, because the year, the sites, the indicators or the budget changed."
    states = {}
    again = False
    for name, settled in before.settled.items():
        then, now, day = before.counts[name], counts[name], settled.state.day
        same = np.array_equal(then.births[:, :day], now.births[:, :day]) and np.array_equal(then.events[:, :day], now.events[:, :day])
        again |= not same
        states[name] = settled if same else begin(settled.calibration)
    if again:
        return states, "Rows came in for days that were settled; all days were gone through again."
    return states, "Only the days since the last run were gone through."


def to_arrays(saved: Saved) -> Arrays:
    """As arrays without Python objects, for `numpy.savez`."""
    found: Arrays = {"counted": saved.counted}
    meta = {"version": VERSION, "files": saved.files, "terms": saved.terms, "indicators": {}}
    one = next(iter(saved.counts.values()))
    meta["sites"], meta["first_day"] = one.sites, one.first_day.isoformat()
    for number, (name, counts) in enumerate(saved.counts.items()):
        found[f"{number}.births"], found[f"{number}.events"] = counts.births, counts.events
        settled = saved.settled.get(name)
        about: dict[str, object] = {"id": name}
        if settled is not None:
            calibration, state = settled.calibration, settled.state
            about |= {
                "shape": calibration.shape,
                "countrywide": calibration.countrywide,
                "day": state.day,
                "ratio": calibration.power.ratio,
            }
            found[f"{number}.rates"], found[f"{number}.yearly"] = calibration.rates, calibration.yearly
            found[f"{number}.months"] = calibration.power.months
            for field in fields(Streams):
                found[f"{number}.streams.{field.name}"] = getattr(calibration.streams, field.name)
            for name_ in _STATE:
                found[f"{number}.state.{name_}"] = getattr(state, name_)
            for name_ in ("happened", "rise", "cusum"):
                found[f"{number}.{name_}"] = getattr(settled, name_)
        meta["indicators"][number] = about  # type: ignore[index]
    found["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    return found


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Saved:
    """Undo `to_arrays`. Raises ValueError where the arrays are of another version or are not whole."""
    try:
        meta = json.loads(bytes(np.asarray(arrays["meta"])).decode())
        if meta["version"] != VERSION:
            raise ValueError(f"it was saved by another version of Tocsin (form {meta['version']}, this one reads form {VERSION})")
        counts, settled = {}, {}
        for number, about in meta["indicators"].items():
            name = about["id"]
            births, events = _int32(arrays[f"{number}.births"]), _int32(arrays[f"{number}.events"])
            counts[name] = Counts(name, tuple(meta["sites"]), date.fromisoformat(meta["first_day"]), births, events)
            if "day" not in about:
                continue
            streams = Streams(**{f.name: arrays[f"{number}.streams.{f.name}"] for f in fields(Streams)})
            state = RiseState(**{n: arrays[f"{number}.state.{n}"] for n in _STATE}, day=about["day"])
            calibration = Calibration(
                arrays[f"{number}.rates"], about["shape"], arrays[f"{number}.yearly"], streams,
                PowerTable(about["ratio"], arrays[f"{number}.months"]), about["countrywide"],
            )  # fmt: skip
            settled[name] = Settled(
                calibration, state, np.asarray(arrays[f"{number}.happened"]), arrays[f"{number}.rise"], arrays[f"{number}.cusum"]
            )
        return Saved(counts, np.asarray(arrays["counted"], bool), settled, tuple(meta["files"]), meta["terms"])
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"it is not whole ({error!r})") from None


_STATE = ("starts_x", "starts_e", "integers", "numbers")


def _int32(array: NDArray[Any]) -> NDArray[np.int32]:
    return np.asarray(array, np.int32)


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value.isoformat() if isinstance(value, date) else str(value)
