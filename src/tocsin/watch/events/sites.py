"""The register of sites: names, providers, opening and closing, and which site took over another's work."""

import csv
import io
from datetime import date

from tocsin.watch.events.rows import FileError
from tocsin.watch.results import SiteInfo

_COLUMNS = ("code", "name", "provider", "provider_name", "region", "opened", "closed", "successor")


def read_sites(text: str, name: str = "sites.csv") -> tuple[SiteInfo, ...]:
    """Read a register from CSV with columns code, name, provider, provider_name and, where known, region, opened, closed, successor.

    Raises FileError, with all faults, where a row cannot be used: one wrong successor would pool the wrong sites.
    """
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    columns = [c.strip() for c in reader.fieldnames or []]
    reader.fieldnames = columns
    if "code" not in columns:
        raise FileError(f"{name}:1: expected columns {', '.join(_COLUMNS)}; found {', '.join(columns) or 'nothing'}")
    sites: dict[str, SiteInfo] = {}
    faults: list[str] = []
    for row in reader:
        cell = {k: (row.get(k) or "").strip() for k in _COLUMNS}
        where = f"{name}:{reader.line_num}"
        if not cell["code"]:
            faults.append(f"{where}: 'code' is empty")
            continue
        if cell["code"] in sites:
            faults.append(f"{where}: code '{cell['code']}' stands there twice")
            continue
        dates: dict[str, date | None] = {}
        for key in ("opened", "closed"):
            try:
                dates[key] = date.fromisoformat(cell[key]) if cell[key] else None
            except ValueError:
                dates[key] = None
                faults.append(f"{where}, column '{key}': '{cell[key]}' is not a date as YYYY-MM-DD")
        provider = cell["provider"] or cell["code"]
        sites[cell["code"]] = SiteInfo(
            cell["code"], cell["name"] or cell["code"], provider, cell["provider_name"] or provider, cell["region"] or None,
            dates["opened"], dates["closed"], cell["successor"] or None,
        )  # fmt: skip
    for site in sites.values():
        if site.successor is not None and site.successor not in sites:
            faults.append(f"{name}: site '{site.code}' names successor '{site.successor}', which is not in the register")
        elif _last(site.code, sites) is None:
            faults.append(f"{name}: the successors of site '{site.code}' go round in a circle")
    if faults:
        raise FileError("\n".join(faults))
    return tuple(sites.values())


def successors(sites: tuple[SiteInfo, ...]) -> dict[str, str]:
    """For each code, the code under which its births are counted today: predecessors are pooled into who took over."""
    by_code = {s.code: s for s in sites}
    return {code: _last(code, by_code) or code for code in by_code}


def unknown_site(code: str) -> SiteInfo:
    """A site that the register does not name: kept under its code."""
    return SiteInfo(code, code, code, code)


def _last(code: str, sites: dict[str, SiteInfo]) -> str | None:
    seen: set[str] = set()
    while (after := sites[code].successor) is not None and after in sites:
        if code in seen:
            return None
        seen.add(code)
        code = after
    return code
