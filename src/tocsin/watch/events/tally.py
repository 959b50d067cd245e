"""Counting by site and day while rows stream past: arrays that grow, and memories of what was already counted."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

_SPARE_DAYS = 512


class Tally:
    """Births and events of several indicators by day and site.

    births, events: int32, shape (indicators, days, sites); births come about in the order of their days, so those counted together lie
    together. first_day: day of row 0 (days since 1970-01-01). file: which file last counted a cell, -1 for none; shape (days, sites).
    """

    def __init__(self, indicators: int) -> None:
        self.births = np.zeros((indicators, 0, 0), np.int32)
        self.events = np.zeros((indicators, 0, 0), np.int32)
        self.file = np.full((0, 0), -1, np.int16)
        self.first_day = 0
        self.lowest, self.highest = 2**31 - 1, -(2**31)

    def reach(self, sites: int, low: int, high: int) -> None:
        """Make room for `sites` sites and days `low` to `high`."""
        self.lowest, self.highest = min(self.lowest, low), max(self.highest, high)
        _, days, width = self.births.shape
        if days and sites <= width and low >= self.first_day and high < self.first_day + days:
            return
        first = min(low - _SPARE_DAYS, self.first_day) if days else low
        last = max(high + _SPARE_DAYS, self.first_day + days)
        if days and low >= self.first_day:
            first = self.first_day
        if days and high < self.first_day + days:
            last = self.first_day + days
        size = max(sites if sites <= width else sites + sites // 4 + 8, width)
        offset = self.first_day - first
        for name, fill in (("births", 0), ("events", 0), ("file", -1)):
            old = getattr(self, name)
            new = np.full((*old.shape[:-2], last - first, size), fill, old.dtype)
            if days:
                new[..., offset : offset + days, :width] = old
            setattr(self, name, new)
        self.first_day = first

    def add(
        self, which: int, site: NDArray[np.int32], day: NDArray[np.int32], births: NDArray[np.float64] | None, events: NDArray[np.float64]
    ) -> None:
        """Count rows for one indicator. births: 1 each where None; NaN in either leaves the row out."""
        if births is None:
            _add_all(self.births[which], self.events[which], site, day, np.int32(self.first_day), events)
        else:
            _add(self.births[which], self.events[which], site, day, np.int32(self.first_day), births, events)

    def add_forms(
        self,
        which: int,
        owner: NDArray[np.int32],
        raw: NDArray[np.int32],
        day: NDArray[np.int32],
        form: NDArray[np.uint8],
        births: NDArray[np.float64] | None,
        events: NDArray[np.float64],
    ) -> int:
        """Count rows of which each has a form; births, events: what each form counts for. Returns how many rows had NaN in either.

        owner: site of each raw code. Otherwise as `add`.
        """
        ones = np.ones(events.shape[0]) if births is None else births
        gap = np.isnan(ones) | np.isnan(events)
        b = np.where(gap, 0, ones).astype(np.int32)
        e = np.where(gap | (ones == 0), 0, events).astype(np.int32)
        # a form that counts for nothing, as most do for an event, costs no write
        _add_forms(self.births[which], self.events[which], owner, raw, day, np.int32(self.first_day), form, b, e)
        return int(gap[form].sum()) if gap.any() else 0

    def touched_before(self, file: int, site: NDArray[np.int32], day: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Rows whose site and day another file has counted before."""
        seen = self.file[day - self.first_day, site]
        return np.asarray((seen >= 0) & (seen != file))

    def touch(self, file: int, site: NDArray[np.int32], day: NDArray[np.int32]) -> None:
        self.file[day - self.first_day, site] = file

    def clear(self, site: NDArray[np.int32], day: NDArray[np.int32]) -> None:
        self.births[:, day - self.first_day, site] = 0
        self.events[:, day - self.first_day, site] = 0

    def touched(self, sites: int) -> NDArray[np.bool_]:
        """Site-days that a file has counted, shape (sites, days), as `finished` cuts them."""
        a, b = self.lowest - self.first_day, self.highest - self.first_day + 1
        return np.asarray(self.file[a:b, :sites].T >= 0)

    def finished(self, sites: int) -> tuple[int, NDArray[np.int32], NDArray[np.int32]]:
        """First day, births and events by (indicator, site, day), cut to the sites and days that were seen; views, not copies."""
        a, b = self.lowest - self.first_day, self.highest - self.first_day + 1
        return self.lowest, self.births[:, a:b, :sites].transpose(0, 2, 1), self.events[:, a:b, :sites].transpose(0, 2, 1)


@njit(cache=True, nogil=True)
def _add_all(births, events, site, day, first, new_events):  # type: ignore[no-untyped-def]
    for i in range(site.shape[0]):
        e = new_events[i]
        if e == e:
            births[day[i] - first, site[i]] += 1
            if e != 0.0:
                events[day[i] - first, site[i]] += np.int32(e)


@njit(cache=True, nogil=True)
def _add(births, events, site, day, first, new_births, new_events):  # type: ignore[no-untyped-def]
    for i in range(site.shape[0]):
        b, e = new_births[i], new_events[i]
        if b == b and e == e and b != 0.0:
            births[day[i] - first, site[i]] += np.int32(b)
            if e != 0.0:
                events[day[i] - first, site[i]] += np.int32(e)


@njit(cache=True, nogil=True)
def _add_forms(births, events, owner, raw, day, first, form, form_births, form_events):  # type: ignore[no-untyped-def]
    for i in range(day.shape[0]):
        f = form[i]
        b, e = form_births[f], form_events[f]
        if b != 0:
            births[day[i] - first, owner[raw[i]]] += b
        if e != 0:
            events[day[i] - first, owner[raw[i]]] += e


@njit(cache=True, nogil=True)
def add_bit(form, bits, value):  # type: ignore[no-untyped-def]
    """form += value where the bit is set."""
    for i in range(form.shape[0]):
        form[i] |= value * bits[i]


@njit(cache=True, nogil=True)
def any_after(day, raw, closed):  # type: ignore[no-untyped-def]
    """Whether any row has a day after its site closed."""
    for i in range(day.shape[0]):  # noqa: SIM110  (compiled)
        if day[i] > closed[raw[i]]:
            return True
    return False


class Seen:
    """Row ids seen so far, as 64-bit hashes with a 32-bit print of what the row said; 12 bytes a slot, at most 60 % full.

    Two different ids share a hash about once in 37 million million pairs; with 100 million rows that is less than once in 3,000 runs.
    """

    def __init__(self) -> None:
        self._keys = np.zeros(1 << 16, np.uint64)
        self._prints = np.zeros(1 << 16, np.uint32)
        self._used = 0

    def add(self, keys: NDArray[np.uint64], prints: NDArray[np.uint32]) -> NDArray[np.int8]:
        """0: new; 1: seen before, saying the same; 2: seen before, saying something else. In the order of the rows."""
        while (self._used + keys.shape[0]) * 10 > self._keys.shape[0] * 6:
            keys_before, prints_before = self._keys, self._prints
            self._keys = np.zeros(2 * keys_before.shape[0], np.uint64)
            self._prints = np.zeros(2 * keys_before.shape[0], np.uint32)
            full = keys_before != 0
            _insert(self._keys, self._prints, keys_before[full], prints_before[full])
        answer: NDArray[np.int8] = _insert(self._keys, self._prints, np.where(keys == 0, np.uint64(1), keys), prints)
        self._used += int((answer == 0).sum())
        return answer


@njit(cache=True, nogil=True)
def _insert(table, prints, keys, new_prints):  # type: ignore[no-untyped-def]
    answer = np.zeros(keys.shape[0], np.int8)
    mask = np.uint64(table.shape[0] - 1)
    for i in range(keys.shape[0]):
        key = keys[i]
        place = (key ^ (key >> np.uint64(29))) & mask
        while table[place] != np.uint64(0) and table[place] != key:
            place = (place + np.uint64(1)) & mask
        if table[place] == key:
            answer[i] = 1 if prints[place] == new_prints[i] else 2
        else:
            table[place] = key
            prints[place] = new_prints[i]
    return answer


@njit(cache=True, nogil=True)
def hash_bytes(offsets, data):  # type: ignore[no-untyped-def]
    """64-bit hash of each string between `offsets`: FNV-1a, finished as in SplitMix64."""
    out = np.empty(offsets.shape[0] - 1, np.uint64)
    for i in range(out.shape[0]):
        h = np.uint64(14695981039346656037)
        for j in range(offsets[i], offsets[i + 1]):
            h = (h ^ np.uint64(data[j])) * np.uint64(1099511628211)
        h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        out[i] = h ^ (h >> np.uint64(31))
    return out
