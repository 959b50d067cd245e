"""Births and outcomes in: every row is counted, left out for a stated reason, or put aside with its place and the reason."""

import csv
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tocsin.watch.counts import Cases, Counts
from tocsin.watch.events import convert, risk
from tocsin.watch.events.mapping import Mapping as ColumnMapping
from tocsin.watch.events.mapping import MappingError, OnOverlap, Period, Rows
from tocsin.watch.events.report import Earlier, Problem, Reading, Report, TooManyBadRowsError
from tocsin.watch.events.rows import BATCH_ROWS, Batch, FileError, batches, columns_of
from tocsin.watch.events.sites import successors, unknown_site
from tocsin.watch.events.tally import Seen, Tally, add_bit, any_after
from tocsin.watch.events.view import View, bits, hashes, impossible
from tocsin.watch.events.wanted import Wanted, base, columns_in_all, wanted
from tocsin.watch.indicators import Indicator, Kind
from tocsin.watch.results import SiteInfo

_EPOCH = date(1970, 1, 1)
_BITS = 8
_SHOWN = 1000
"""Problems that a report holds; the quarantine file holds all."""

Progress = Callable[[str, int, int], None]


def read(
    sources: Sequence[Path],
    mapping: ColumnMapping,
    indicators: Mapping[str, Indicator],
    *,
    sites: Sequence[SiteInfo] = (),
    as_of: date | None = None,
    max_bad_share: float = 0.05,
    quarantine: TextIO | None = None,
    progress: Progress | None = None,
    batch_rows: int = BATCH_ROWS,
    earlier: Earlier | None = None,
) -> Reading:
    """Read files (CSV or Parquet) as the mapping says, for those indicators whose columns are there.

    sites: the register; codes that it lacks are kept under their code. as_of: the last day that a date may have. max_bad_share: refuse
    the whole where more of the rows are bad. quarantine: where refused rows are written, as CSV. earlier: counts to which these are
    added; rows for a site and day that they hold already are taken as the mapping's `on-overlap` says. Raises FileError, MappingError,
    TooManyBadRowsError.
    """
    reader = _Reader(sources, mapping, indicators, sites, as_of, quarantine, batch_rows, earlier)
    sizes = [path.stat().st_size if path.exists() else 0 for path in reader.sources]
    for number, path in enumerate(reader.sources):
        if progress:
            progress(f"Reading {path.name}", sum(sizes[:number]), max(sum(sizes), 1))
        reader.file(number, path)
    if progress:
        progress("Read", sum(sizes), max(sum(sizes), 1))
    return reader.finish(max_bad_share)


class _Reader:
    def __init__(
        self,
        sources: Sequence[Path],
        mapping: ColumnMapping,
        indicators: Mapping[str, Indicator],
        sites: Sequence[SiteInfo],
        as_of: date | None,
        quarantine: TextIO | None,
        batch_rows: int,
        earlier: Earlier | None,
    ) -> None:
        self.report = Report()
        self.earlier = earlier
        self.mapping, self.batch_rows = mapping, batch_rows
        self.sources = self._each_once(sources)
        self.latest = as_of or date(2100, 1, 1)
        self.earliest = date(self.latest.year - 60, 1, 1) if as_of else date(1900, 1, 1)
        self.register = {s.code: s for s in sites}
        self.today = successors(tuple(sites))
        self.index: dict[str, int] = {}
        self.codes: list[str] = []
        self.closed = np.zeros(0, np.int32)
        self.raw: list[str] = []
        self.known_codes = convert.Codes()
        self.raw_index: dict[str, int] = {}
        self.owner = np.zeros(0, np.int32)
        self.quarantine = csv.writer(quarantine) if quarantine is not None else None
        if self.quarantine:
            self.quarantine.writerow(["file", "line", "column", "value", "reason"])
        present = columns_in_all(self.sources, mapping.delimiter)
        self.wanted = wanted(indicators, mapping, present, self.sources[0], self.report.notes)
        self.has_id = mapping.rows is Rows.BIRTHS and mapping.column("id") in present
        self.tally = Tally(len(self.wanted))
        self.seen, self.rows_seen = Seen(), Seen()
        self.cases = risk.Collected(mapping.risk) if mapping.risk else None
        self.replaced = 0
        for w in self.wanted:
            self.report.incomplete[w.indicator.id] = 0
        if earlier is not None and earlier.counts:
            self._go_on(earlier)

    def _go_on(self, earlier: Earlier) -> None:
        """Begin from what earlier runs have counted; file number 0 stands for all of theirs."""
        if set(earlier.counts) != {w.indicator.id for w in self.wanted}:
            raise MappingError(
                f"earlier runs counted {', '.join(sorted(earlier.counts))}, these files have columns for "
                f"{', '.join(sorted(w.indicator.id for w in self.wanted))}; name the indicators with --indicator, or begin anew"
            )
        one = next(iter(earlier.counts.values()))
        first, days = (one.first_day - _EPOCH).days, one.births.shape[1]
        raw = [self._raw_site(code) for code in one.sites]
        places = self.owner[raw]
        self.tally.reach(len(self.codes), first, first + days - 1)
        rows = slice(first - self.tally.first_day, first - self.tally.first_day + days)
        for which, w in enumerate(self.wanted):
            counts = earlier.counts[w.indicator.id]
            for old, place in enumerate(places):
                self.tally.births[which, rows, place] += counts.births[old]
                self.tally.events[which, rows, place] += counts.events[old]
        for old, place in enumerate(places):
            self.tally.file[rows, place] = np.where(earlier.counted[old], 0, self.tally.file[rows, place])

    def _each_once(self, sources: Sequence[Path]) -> list[Path]:
        """Files without those whose content is that of an earlier one. Only files of one size can be the same."""
        by_size: dict[int, list[tuple[Path, str]]] = {}
        kept = []
        sizes = [p.stat().st_size for p in sources if p.exists()]
        for path in sources:
            if not path.is_file():
                raise FileError(f"{path}: there is no such file")
            size = path.stat().st_size
            if sizes.count(size) > 1:
                with path.open("rb") as file:
                    print_ = hashlib.file_digest(file, "sha256").hexdigest()
                same = next((p for p, known in by_size.get(size, []) if known == print_), None)
                if same is not None:
                    self.report.notes.append(f"{path.name} is the same file as {same.name}; it was read once.")
                    continue
                by_size.setdefault(size, []).append((path, print_))
            kept.append(path)
        if not kept:
            raise FileError("no file to read")
        self.report.files = len(kept)
        return kept

    def file(self, number: int, path: Path) -> None:
        m = self.mapping
        needed = base(frozenset().union(*(w.columns for w in self.wanted)), m)
        if m.where:
            needed |= base(m.where.numbers | m.where.texts, m)
        if m.risk:
            needed |= frozenset(m.risk.weights)
            if m.risk.outcome:
                needed |= base(m.risk.outcome.numbers | m.risk.outcome.texts, m)
        columns = {m.column(c) for c in needed} | {m.column("date")}
        if m.site is None:
            columns.add(m.column("site"))
        if self.has_id:
            columns.add(m.column("id"))
        names = sorted(columns)
        if m.rows is Rows.AGGREGATED:
            names = columns_of(path, m.delimiter)
        for batch in batches(path, names, m.delimiter, self.batch_rows):
            self._batch(number, path.name, batch)

    def _batch(self, number: int, name: str, batch: Batch) -> None:
        m = self.mapping
        rows = batch.rows
        self.report.rows += rows + len(batch.faults)
        for line, text, reason in batch.faults:
            self._refuse(name, line, "", text, reason)
        if rows == 0:
            return
        if self._batch_of_forms(number, name, batch):
            return
        keep = np.ones(rows, bool)
        view = View(batch, m)
        if m.where is not None:
            keep &= m.where.value(view.number, view.text) == 1.0
            self.report.left_out += int(rows - keep.sum())
        read_columns: list[tuple[str, convert.Column]] = []
        day_column = convert.days(batch.columns[m.column("date")], m, self.earliest, self.latest)
        read_columns.append((m.column("date"), day_column))
        if m.site is None:
            site_column = convert.codes(batch.columns[m.column("site")], self._raw_site, self.known_codes)
            read_columns.append((m.column("site"), site_column))
            raw = site_column.values
        else:
            raw = np.full(rows, self._raw_site(m.site), np.int32)
        values = [self._count(w, view) for w in self.wanted]
        for c in sorted(view.numbers_read):
            read_columns.append((m.column(c), view.numbers_read[c]))
        for column, found in read_columns:
            if found.bad is not None:
                for i in np.flatnonzero(found.bad & keep):
                    self._refuse(name, int(batch.lines[i]), column, found.shown(int(i)), found.reason(int(i)))
                keep &= ~found.bad
        day = self._period_end(np.asarray(day_column.values, np.int32))
        for w, (births, events) in zip(self.wanted, values, strict=True):
            fault = impossible(w, births, events, m.rows)
            if fault is not None:
                mask, words, column = fault
                for i in np.flatnonzero(mask & keep):
                    self._refuse(name, int(batch.lines[i]), m.column(column), view.shown(column, int(i)), words)
                keep &= ~mask
        keep = self._without_closed(name, batch, np.asarray(raw, np.int32), day, keep)
        if self.has_id:
            keep = self._without_doubles(name, batch, keep, np.asarray(raw), day, values)
        elif m.rows is Rows.AGGREGATED:
            keep = self._without_repeated_rows(batch, keep, number)
        self._add(number, name, np.asarray(raw, np.int32), day, keep, values, view, batch)

    def _batch_of_forms(self, number: int, name: str, batch: Batch) -> bool:
        """Count a batch of births whose columns are all plain yes or no; False, with nothing done, where it is not one.

        Such rows have at most 256 different forms. What a form counts for is found once, by the same expressions, and each row then only
        looks up its own.
        """
        m = self.mapping
        if m.rows is not Rows.BIRTHS or m.where is not None or m.risk is not None or self.has_id or m.period is not Period.DAY:
            return False
        names = sorted({m.column(c) for c in base(frozenset().union(*(w.columns for w in self.wanted)), m)})
        columns = [batch.columns[c] for c in names]
        if len(names) > _BITS or any(not pa.types.is_boolean(c.type) or c.null_count for c in columns):
            return False
        days = convert.days(batch.columns[m.column("date")], m, self.earliest, self.latest)
        if days.bad is not None:
            return False
        rows = batch.rows
        if m.site is None:
            codes = convert.codes(batch.columns[m.column("site")], self._raw_site, self.known_codes)
            if codes.bad is not None:
                return False
            raw = np.asarray(codes.values, np.int32)
        else:
            raw = np.full(rows, self._raw_site(m.site), np.int32)
        day = np.asarray(days.values, np.int32)
        if any_after(day, raw, self.closed):
            return False
        form = np.zeros(rows, np.uint8)
        for bit, column in enumerate(columns):
            add_bit(form, bits(column), np.uint8(1 << bit))
        every = np.arange(1 << len(names))
        view = View(Batch({c: pa.array((every >> bit & 1).astype(bool)) for bit, c in enumerate(names)}, every.shape[0]), m)
        self.report.good += rows
        self.tally.reach(len(self.codes), int(day.min()), int(day.max()))
        if len(self.sources) > 1 or self.earlier is not None:
            self._overlap(number, name, self.owner[raw], day)
        for which, w in enumerate(self.wanted):
            births, events = self._count(w, view)
            self.report.incomplete[w.indicator.id] += self.tally.add_forms(which, self.owner, raw, day, form, births, events)
        return True

    def _count(self, w: Wanted, view: View) -> tuple[NDArray[np.float64] | None, NDArray[np.float64]]:
        rows = view.rows
        events = np.broadcast_to(np.asarray(w.numerator.value(view.number, view.text), np.float64), (rows,))
        single = self.mapping.rows is Rows.BIRTHS
        if w.denominator is None:
            return None, (events != 0).astype(np.float64) if single and w.indicator.kind is Kind.BERNOULLI else events
        births = np.broadcast_to(np.asarray(w.denominator.value(view.number, view.text), np.float64), (rows,))
        if single:
            births = np.where(np.isnan(births), np.nan, (births != 0).astype(np.float64))
            events = np.where(np.isnan(events), np.nan, (events != 0).astype(np.float64))
            # an outcome asked only of some births (tears, of vaginal births) may be blank for the others
            events = np.where(births == 0, 0.0, events)
        for e in w.exclusions:
            excluded = e.value(view.number, view.text)
            births = np.where(excluded == 1.0, 0.0, np.where(np.isnan(excluded), np.nan, births))
            events = np.where(excluded == 1.0, 0.0, events)
        return births, events

    def _raw_site(self, code: str) -> int:
        """Place of a code as it stands in a file."""
        if code not in self.raw_index:
            self.raw_index[code] = len(self.raw)
            self.raw.append(code)
            today = self.today.get(code, code)
            if today not in self.index:
                self.index[today] = len(self.codes)
                self.codes.append(today)
                if self.register and today not in self.register:
                    self.report.notes.append(f"Site '{code}' is not in the register; it is watched under its code.")
            if today != code:
                self.report.notes.append(f"Births of site '{code}' are counted with '{today}', which took over its work.")
            site = self.register.get(code)
            closed = (site.closed - _EPOCH).days if site is not None and site.closed and site.successor is None else 2**31 - 1
            place = self.raw_index[code]
            if place == self.owner.shape[0]:
                self.owner, self.closed = (np.concatenate([old, np.zeros(place + 64, np.int32)]) for old in (self.owner, self.closed))
            self.owner[place], self.closed[place] = self.index[today], closed
        return self.raw_index[code]

    def _without_closed(
        self, name: str, batch: Batch, raw: NDArray[np.int32], day: NDArray[np.int32], keep: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        late = keep & (day > self.closed[raw])
        for i in np.flatnonzero(late):
            when = _EPOCH + timedelta(days=int(self.closed[raw[i]]))
            column, said = self.mapping.column("date"), (_EPOCH + timedelta(days=int(day[i]))).isoformat()
            self._refuse(name, int(batch.lines[i]), column, said, f"is after site '{self.raw[raw[i]]}' closed on {when.isoformat()}")
        return keep & ~late

    def _without_doubles(
        self,
        name: str,
        batch: Batch,
        keep: NDArray[np.bool_],
        raw: NDArray[np.generic],
        day: NDArray[np.int32],
        values: list[tuple[NDArray[np.float64] | None, NDArray[np.float64]]],
    ) -> NDArray[np.bool_]:
        ids = batch.columns[self.mapping.column("id")].cast(pa.string())
        blank = np.asarray(pc.equal(pc.utf8_trim_whitespace(ids.fill_null("")), "").to_numpy(zero_copy_only=False), bool) & keep
        for i in np.flatnonzero(blank):
            self._refuse(name, int(batch.lines[i]), self.mapping.column("id"), "", "is empty; every row needs an id where the file has ids")
        keep = keep & ~blank
        places = np.flatnonzero(keep)
        prints = (np.asarray(raw, np.int64)[places] * 1_000_003 + day[places]).astype(np.uint64)
        for births, events in values:
            for part in (births, events):
                if part is not None:
                    prints = prints * np.uint64(31) + np.where(np.isnan(part[places]), 7, part[places]).astype(np.uint64)
        answer = self.seen.add(hashes(ids)[places], (prints ^ (prints >> np.uint64(32))).astype(np.uint32))
        self.report.duplicates += int((answer == 1).sum())
        for i in places[answer == 2]:
            shown = ids[int(i)].as_py()
            self._refuse(
                name, int(batch.lines[i]), self.mapping.column("id"), shown, "was read before with other values; the first row is kept"
            )
        keep = keep.copy()
        keep[places[answer > 0]] = False
        return keep

    def _without_repeated_rows(self, batch: Batch, keep: NDArray[np.bool_], number: int) -> NDArray[np.bool_]:
        """Aggregated rows that repeat a row of the same file in every column are counted once."""
        places = np.flatnonzero(keep)
        key = np.full(places.shape[0], number + 1, np.uint64)
        for column in batch.columns.values():
            plain = column.cast(pa.string()).fill_null("")
            key = key * np.uint64(1_000_003) + hashes(plain)[places]
        answer = self.rows_seen.add(key, np.zeros(key.shape[0], np.uint32))
        self.report.duplicates += int((answer > 0).sum())
        keep = keep.copy()
        keep[places[answer > 0]] = False
        return keep

    def _add(
        self,
        number: int,
        name: str,
        raw: NDArray[np.int32],
        day: NDArray[np.int32],
        keep: NDArray[np.bool_],
        values: list[tuple[NDArray[np.float64] | None, NDArray[np.float64]]],
        view: View,
        batch: Batch,
    ) -> None:
        everything = bool(keep.all())
        site = self.owner[raw if everything else raw[keep]]
        day = day if everything else day[keep]
        self.report.good += site.shape[0]
        if site.shape[0] == 0:
            return
        self.tally.reach(len(self.codes), int(day.min()), int(day.max()))
        if (not self.has_id and len(self.sources) > 1) or self.earlier is not None:
            # where rows have ids, only what earlier runs counted can overlap
            self._overlap(0 if self.has_id else number, name, site, day)
        for which, (w, (births, events)) in enumerate(zip(self.wanted, values, strict=True)):
            b = births if births is None or everything else births[keep]
            e = events if everything else events[keep]
            gaps = np.isnan(e) if b is None else np.isnan(e) | np.isnan(b)
            self.report.incomplete[w.indicator.id] += int(gaps.sum())
            self.tally.add(which, site, day, b, e)
        if self.cases is not None:
            self.cases.add(site, day, batch.lines[keep], keep, values, view)

    def _overlap(self, number: int, name: str, site: NDArray[np.int32], day: NDArray[np.int32]) -> None:
        number += 1
        before = self.tally.touched_before(number, site, day)
        if before.any():
            rule = self.mapping.on_overlap or (OnOverlap.REPLACE if self.mapping.rows is Rows.AGGREGATED else OnOverlap.REFUSE)
            first = int(np.flatnonzero(before)[0])
            where = f"site '{self.codes[site[first]]}' on {(_EPOCH + timedelta(days=int(day[first]))).isoformat()}"
            if rule is OnOverlap.REFUSE:
                raise FileError(
                    f"{name}: has rows for {where}, as an earlier file has, and nothing tells the rows of the two apart. "
                    "Say in the mapping what is meant: 'on-overlap: replace' (the later file is the better) or 'on-overlap: add'."
                )
            if rule is OnOverlap.REPLACE:
                self.tally.clear(site[before], day[before])
                self.replaced += int(np.unique(site[before].astype(np.int64) * 2**32 + day[before]).shape[0])
        self.tally.touch(number, site, day)

    def _period_end(self, day: NDArray[np.int32]) -> NDArray[np.int32]:
        m = self.mapping
        if m.period is Period.WEEK and m.week_starts:
            return day + np.int32(6)
        if m.period is Period.MONTH:
            valid = day > np.iinfo(np.int32).min + 1000
            months = np.where(valid, day, 0).astype("datetime64[D]").astype("datetime64[M]")
            return np.where(valid, ((months + 1).astype("datetime64[D]") - 1).astype(np.int32), day)
        return day

    def _refuse(self, file: str, line: int, column: str, value: str, reason: str) -> None:
        self.report.bad += 1
        if len(self.report.problems) < _SHOWN:
            self.report.problems.append(Problem(file, line, column, value, reason))
        if self.quarantine:
            self.quarantine.writerow([file, line, column, value, reason])

    def finish(self, max_bad_share: float) -> Reading:
        report = self.report
        if self.replaced:
            report.notes.append(f"{self.replaced:,} site-days of earlier files were replaced by later files.")
        for name, count in report.incomplete.items():
            if count:
                report.notes.append(f"{name}: {count:,} rows were left out because a value that it needs is missing.")
        if report.rows and report.bad > max_bad_share * report.rows:
            raise TooManyBadRowsError(report, max_bad_share)
        if not report.good:
            raise FileError("no row could be used: the files hold no data for this mapping")
        first, births, events = self.tally.finished(len(self.codes))
        order = np.argsort(np.array(self.codes, dtype=object))
        codes = tuple(self.codes[i] for i in order)
        first_day = _EPOCH + timedelta(days=first)
        counted = np.ascontiguousarray(self.tally.touched(len(self.codes))[order]) if self.earlier is not None else None
        counts: dict[str, Counts] = {}
        cases: dict[str, Cases] = {}
        for which, w in enumerate(self.wanted):
            b = np.ascontiguousarray(births[which][order])
            if w.denominator is None and self.mapping.rows is Rows.BIRTHS:
                b = np.ones_like(b)  # every day is watched, whether or not something happened
            expected = None
            if w.indicator.risk_adjusted and self.cases is not None:
                cases[w.indicator.id] = self.cases.cases(which, w.indicator.id, codes, order, first, first_day, report)
                expected = risk.expected_by_day(cases[w.indicator.id], b.shape)
            counts[w.indicator.id] = Counts(w.indicator.id, codes, first_day, b, np.ascontiguousarray(events[which][order]), expected)
        return Reading(counts, cases, tuple(self.register.get(c) or unknown_site(c) for c in codes), report, counted)
