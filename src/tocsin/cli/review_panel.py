"""Commands for the work of a panel: cases in, a sample drawn, graders given, and what their gradings say."""

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tocsin import review
from tocsin.cli.review_files import AsJson, ScaleName, day, gradings, number, or_exit, rows, scale_of
from tocsin.signal import ProviderRef

Seed = Annotated[int, typer.Option(help="Draws the same again. Write it down.")]
_MET = {"yes": True, "no": False, "unknown": None, "": None}


def fit(
    file: Annotated[Path, typer.Argument(help="CSV file with columns case, reviewer, grade; and weight if cases stand for more than one.")],
    scale: ScaleName = "confidential-enquiry",
    group_by: Annotated[str | None, typer.Option(help="Column to tell apart by: outcome, provider, stratum ...")] = None,
    population: Annotated[
        Path | None, typer.Option(help="CSV file with columns group and cases: all cases of each group, of which these are a random sample.")
    ] = None,
    half_width: Annotated[float | None, typer.Option(help="Say what it takes to know the share within so much, as 0.05.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Say what it takes to tell the share from this one, as 0.25.")] = None,
    level: Annotated[float, typer.Option(help="Chance that an interval holds the truth.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Draws the same again.")] = 1,
    as_json: AsJson = False,
) -> None:
    """How avoidable: shares corrected for who graded and how cases were drawn, with what would settle them.

    Examples:

      tocsin review fit gradings.csv --group-by outcome

      tocsin review fit gradings.csv --group-by stratum --population sizes.csv --half-width 0.05

      tocsin review fit gradings.csv --threshold 0.25 --json
    """

    def answer() -> tuple[review.Avoidability, review.Needed | None]:
        given, weights = gradings(file, scale_of(scale), group_by)
        sizes = None if population is None else {r["group"]: number(r["cases"], f"{population}:{n}") for n, r in rows(population, ("group", "cases"))}
        found = review.avoidability(given, scale_of(scale), population=sizes, weights=None if sizes else weights, level=level, seed=seed)
        asked = half_width is not None or threshold is not None
        return found, review.needed(found, half_width=half_width, threshold=threshold) if asked else None

    found, more = or_exit(answer)
    if as_json:
        plain = {
            name: _plain(getattr(found, name))
            for name in (
                "level", "cases", "gradings", "reviewers", "counted", "typical", "graded", "panel", "settled", "severity", "groups",
                "reliability", "sd_cases", "sd_reviewers", "sd_groups", "by_case", "notes", "effective",
            )
        }  # fmt: skip
        print(json.dumps({**plain, "scale": found.scale.id, "needed": None if more is None else asdict(more)}, ensure_ascii=False))
        return
    percent = f"{100 * found.level:g} %"
    print(f"{found.cases:,} cases, {found.gradings:,} gradings, {found.reviewers} reviewers; scale {found.scale.id}\n")
    print(f"{'':36} {'Would':>18} {'Might or would':>18}")
    print(f"{'as counted, over gradings':36} {100 * found.counted[0]:>16.0f} % {100 * found.counted[1]:>16.0f} %")
    for name, shares in (
        ("as a typical reviewer would grade", found.typical),
        ("  of the graded cases alone", found.graded),
        ("by the average of these reviewers", found.panel),
        ("cases a very large panel agrees on", found.settled),
    ):
        print(f"{name:36} {_of(shares.would):>18} {_of(shares.might_or_would):>18}")
    if len(found.groups) > 1:
        print(f"\nAs a typical reviewer would grade, by {group_by}:")
        for g in found.groups:
            of = f" of {g.population:,.0f}" if g.population is not None else ""
            print(f"  {g.name:24} {str(g.graded) + of:>12} {_of(g.shares.would):>18} {_of(g.shares.might_or_would):>18}")
    print("\nReviewers: share of these cases of which each would say 'might' or 'would'")
    for s in sorted(found.severity, key=lambda s: -s.severity.value):
        print(f"  {s.reviewer:24} {s.gradings:>6} gradings {_of(s.gives):>18}")
    one, two, three = (f"{r.value:.2f}" for r in found.reliability)
    print(f"\nReliability of one reviewer {one}, of two {two}, of three {three}")
    print(f"All in 100, with {percent} intervals; they rest on {found.effective:,.0f} even draws.")
    for note in found.notes:
        print(f"Note: {note}")
    if more is not None:
        print(f"\n{more.sentence}")


def sample(
    file: Annotated[Path, typer.Argument(help="CSV file with columns case and stratum: every case there is.")],
    seed: Seed,
    cases: Annotated[int | None, typer.Option(help="How many cases to draw in all.")] = None,
    half_width: Annotated[float | None, typer.Option(help="Instead: draw what it takes to know the share within so much.")] = None,
    guess: Annotated[float, typer.Option(help="About what share is expected. 0.5 needs most.")] = 0.5,
    guesses: Annotated[
        Path | None, typer.Option(help="CSV file with columns stratum and share: what is expected of each, instead of --guess.")
    ] = None,
    how: Annotated[
        Literal["proportional", "equal", "neyman"],
        typer.Option(help="How to divide the cases among strata. neyman looks more where less is known, and needs --guesses."),
    ] = "proportional",
    as_json: AsJson = False,
) -> None:
    """Draw cases at random from each stratum, so that they stand for all.

    Examples:

      tocsin review sample cases.csv --half-width 0.1 --seed 2024

      tocsin review sample cases.csv --cases 60 --how equal --seed 2024 --json

      tocsin review sample cases.csv --half-width 0.1 --how neyman --guesses shares.csv --seed 2024
    """

    def answer() -> tuple[review.Sample, float]:
        if (cases is None) == (half_width is None):
            raise ValueError("give --cases or --half-width, one of the two")
        if how == "neyman" and guesses is None:
            raise ValueError("--how neyman needs --guesses, a CSV file with columns stratum and share")
        strata: dict[str, str] = {}
        for line, row in rows(file, ("case", "stratum")):
            if row["case"] in strata:
                raise ValueError(f"{file}:{line}: case '{row['case']}' stands there twice")
            strata[row["case"]] = row["stratum"]
        sizes: dict[str, int] = {}
        for stratum in strata.values():
            sizes[stratum] = sizes.get(stratum, 0) + 1
        expected = dict.fromkeys(sizes, guess)
        for line, row in rows(guesses, ("stratum", "share")) if guesses else ():
            if row["stratum"] not in sizes:
                raise ValueError(f"{guesses}:{line}: stratum '{row['stratum']}' is not in {file}")
            expected[row["stratum"]] = number(row["share"], f"{guesses}:{line}, column 'share'")
        if half_width is None:
            wanted = review.allocate(sizes, cases or 0, how, guesses=expected)
        else:
            wanted = review.size_for(sizes, half_width, how, guesses=expected)
        return review.sample(strata, wanted, seed=seed), review.expected_half_width(sizes, wanted, expected)

    drawn, reach = or_exit(answer)
    if as_json:
        print(json.dumps(asdict(drawn) | {"expected_half_width": reach}, ensure_ascii=False))
        return
    print(f"{sum(map(len, drawn.cases.values()))} of {sum(drawn.population.values())} cases, seed {drawn.seed}")
    print(f"If shares are as expected, that of all will be known within {100 * reach:.0f} in 100 either way.")
    for stratum, chosen in drawn.cases.items():
        print(f"\n{stratum}: {len(chosen)} of {drawn.population[stratum]}, each stands for {drawn.weight[stratum]:.2f}")
        for case in chosen:
            print(f"  {case}")


def assign(
    cases: Annotated[Path, typer.Argument(help="CSV file with columns case, providers and carers; several in one cell with ; between.")],
    reviewers: Annotated[Path, typer.Argument(help="CSV file with columns reviewer, employers and interests; and share and most if wanted.")],
    seed: Seed,
    per_case: Annotated[int, typer.Option(help="Reviewers for each case.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Give each case its reviewers: at random, evenly, nobody in their own cause. Exit status 1 if a case lacks reviewers.

    Example: tocsin review assign cases.csv reviewers.csv --per-case 3 --seed 2024
    """

    def answer() -> review.Assignment:
        to_grade = [
            review.ToGrade(r["case"], _set(r.get("providers", "")), _set(r.get("carers", "")))
            for _, r in rows(cases, ("case",), ("providers", "carers"))
        ]
        people = [
            review.Reviewer(
                r["reviewer"], _set(r.get("employers", "")), _set(r.get("interests", "")),
                number(r.get("share") or "1", f"{reviewers}:{n}, column 'share'"),
                int(number(r["most"], f"{reviewers}:{n}, column 'most'")) if r.get("most") else None,
            )
            for n, r in rows(reviewers, ("reviewer",), ("employers", "interests", "share", "most"))
        ]  # fmt: skip
        return review.assign(to_grade, people, per_case, seed=seed)

    found = or_exit(answer)
    if as_json:
        together = [{"reviewers": pair, "cases": n} for pair, n in found.together.items()]
        print(json.dumps({**asdict(found), "together": together}, ensure_ascii=False))
    else:
        for case, graders in found.graders.items():
            print(f"{case}: {', '.join(graders)}")
        print("\nCases of each reviewer: " + ", ".join(f"{r} {n}" for r, n in found.load.items()))
        if len(found.apart) > 1:
            print("No case links these groups, so their severities cannot be compared: " + "; ".join(", ".join(g) for g in found.apart))
        for u in found.unassigned:
            print(f"Case {u.case}: {u.reason}")
        for note in found.notes:
            print(f"Note: {note}")
    raise typer.Exit(1 if found.unassigned else 0)


def cases(
    file: Annotated[Path, typer.Argument(help="CSV file, or FHIR R4 bundle (.json).")],
    quarantine: Annotated[Path | None, typer.Option(help="Write the rows that were put aside to this CSV file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read cases and say what in the file cannot be used, by line. Exit status 1 if something was put aside.

    Examples:

      tocsin review cases cases.csv --quarantine aside.csv

      tocsin review cases bundle.json --json
    """
    kind: Literal["csv", "fhir"] = "fhir" if file.suffix == ".json" else "csv"
    good, faults = or_exit(lambda: review.read_cases(file, kind, today=datetime.now().astimezone().date()))
    aside = [f for f in faults if f.aside]
    if quarantine is not None:
        or_exit(lambda: _quarantine(quarantine, aside))
    if as_json:
        shown = [{"reference": c.reference, "kind": c.kind, "event": c.event.isoformat(), "provider": c.provider, "line": c.line} for c in good]
        told = [{"line": f.line, "column": f.column, "reason": f.reason, "aside": f.aside} for f in faults]
        print(json.dumps({"cases": shown, "faults": told}, ensure_ascii=False))
    else:
        for fault in faults:
            print(f"{fault}{'' if fault.aside else ' (it came in; look at it)'}")
        print(f"{len(good)} {'case' if len(good) == 1 else 'cases'} can be used, {len({f.line for f in aside})} put aside.")
    raise typer.Exit(1 if aside else 0)


def days(
    file: Annotated[Path, typer.Argument(help="CSV file with columns case, event and finding; finding empty while there is none.")],
    as_of: Annotated[str | None, typer.Option(help="Day asked about, as 2024-12-03. Today if not given.")] = None,
    as_json: AsJson = False,
) -> None:
    """How long from the event to the finding, cases still open counted with the days they have waited.

    Example: tocsin review days cases.csv --as-of 2022-10-19
    """

    def answer() -> review.Waits:
        at = day(as_of, "--as-of") if as_of else datetime.now().astimezone().date()
        given = [
            (r["case"], day(r["event"], f"{file}:{n}, column 'event'"), day(r["finding"], f"{file}:{n}, column 'finding'") if r["finding"] else None)
            for n, r in rows(file, ("case", "event", "finding"))
        ]
        return review.waits(given, at)

    found = or_exit(answer)
    if as_json:
        print(json.dumps(asdict(found), ensure_ascii=False))
        return
    if found.median is not None:
        ends = " to ".join("not reached yet" if d is None else f"{d:,}" for d in (found.lower, found.upper))
        print(f"Half of all had a finding within {found.median:,} days, {found.median / 365.25:.1f} years (95 % interval {ends} days).")
    else:
        print("Half of all have no finding yet.")
    if found.open:
        print(f"{found.open} of {len(found.waits)} still wait; the longest for {found.longest_open:,} days.")
    for w in found.waits:
        print(f"  {w.case:24} {w.days:>7,} days{' and still open' if w.open else ''}")


def came_forward(
    forward: Annotated[int, typer.Option(help="Cases that came forward and were graded.")],
    avoidable: Annotated[int, typer.Option(help="Of these, graded 'might' or 'would'.")],
    outcomes: Annotated[int | None, typer.Option(help="All such outcomes in the time.")] = None,
    births: Annotated[int | None, typer.Option(help="All births in the time.")] = None,
    times: Annotated[float, typer.Option(help="How much likelier, in odds, a family comes forward if it was avoidable, at most.")] = 3.0,
    as_json: AsJson = False,
) -> None:
    """What families who came forward by themselves allow to say of all.

    Example: tocsin review came-forward --forward 202 --avoidable 97
    """
    found = or_exit(lambda: review.came_forward(forward, avoidable, outcomes=outcomes, births=births, times=times))
    if as_json:
        print(json.dumps(asdict(found), ensure_ascii=False))
        return
    for sentence in found.sentences:
        print(sentence)


def findings(
    file: Annotated[Path, typer.Argument(help="CSV file with columns case, provider, reviewer and grade.")],
    standards: Annotated[
        Path | None, typer.Option(help="CSV file with columns case, provider, standard and met (yes, no, unknown), as agreed.")
    ] = None,
    scale: ScaleName = "confidential-enquiry",
    tolerated: Annotated[float, typer.Option(help="Share of cases up to which an unmet standard is not a national finding.")] = 0.05,
    as_json: AsJson = False,
) -> None:
    """Providers that stand out from the others, and standards unmet again and again. Exit status 1 if something does.

    Example: tocsin review findings gradings.csv --standards met.csv
    """

    def answer() -> tuple[tuple[review.Compared, ...], tuple[review.Unmet, ...]]:
        given, _ = gradings(file, scale_of(scale), "provider")
        if len(providers := {g.group for g in given}) < review.LEAST_PROVIDERS:
            raise ValueError(f"{file}: to compare providers takes at least {review.LEAST_PROVIDERS}, got {len(providers)}")
        compared = review.compare(review.avoidability(given, scale_of(scale)))
        met = []
        for line, row in rows(standards, ("case", "provider", "standard", "met")) if standards else ():
            if row["met"] not in _MET:
                raise ValueError(f"{standards}:{line}, column 'met': '{row['met']}' is not one of yes, no, unknown")
            met.append(review.Met(row["case"], row["provider"], row["standard"], _MET[row["met"]]))
        return compared, review.unmet_again(met, tolerated=tolerated)

    compared, unmet = or_exit(answer)
    codes = {c.provider for c in compared} | {u.provider for u in unmet if u.provider}
    providers = {code: ProviderRef(code, code) for code in codes}
    nation = ProviderRef("", "the whole country")
    raised = review.signals(compared, unmet, providers, {}, nation=nation, raised_on=datetime.now().astimezone().date(), since=None, address="")
    if as_json:
        plain = [{**asdict(s), "raised_on": s.raised_on.isoformat()} for s in raised]
        print(json.dumps({"compared": [asdict(c) for c in compared], "unmet": [asdict(u) for u in unmet], "signals": plain}, ensure_ascii=False))
    else:
        print(f"{'Provider':16} {'Cases':>6} {'Might or would':>15} {'Others lead to':>15} {'95 % of others':>15} {'q':>7}")
        for c in compared:
            print(
                f"{c.provider:16} {c.cases:>6} {100 * c.share:>13.0f} % {100 * c.expected:>13.0f} % "
                f"{f'{100 * c.lower:.0f} to {100 * c.upper:.0f}':>15} {c.q:>7.3f}"
            )
        print()
        for s in raised:
            print(f"{s.level.upper()}: {s.sentence}")
        if not raised:
            print("No provider stands out from the others, and no standard was unmet again and again.")
    raise typer.Exit(1 if raised else 0)


def factors(as_json: AsJson = False) -> None:
    """Contributory factors that a panel may link to a grade, by framework.

    Example: tocsin review factors --json
    """
    known = review.frameworks().values()
    if as_json:
        print(json.dumps([f.model_dump() for f in known], ensure_ascii=False))
        return
    for framework in known:
        print(f"\n{framework.name}\n  {framework.source}\n  {framework.address}")
        for f in framework.factors:
            print(f"  {f.id}: {f.name}. {f.asks}")


def add_to(app: typer.Typer) -> None:
    """Give the commands of this module to review's own."""
    for name, command in (
        ("cases", cases), ("sample", sample), ("assign", assign), ("fit", fit), ("days", days), ("came-forward", came_forward),
        ("findings", findings), ("factors", factors),
    ):  # fmt: skip
        app.command(name)(command)


def _of(e: review.Estimate) -> str:
    return f"{100 * e.value:.0f} ({100 * e.lower:.0f} to {100 * e.upper:.0f})"


def _set(cell: str) -> frozenset[str]:
    return frozenset(part.strip() for part in cell.split(";") if part.strip())


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value


def _quarantine(path: Path, faults: Iterable[review.Fault]) -> None:
    put_aside = list(faults)
    columns = list(dict.fromkeys(c for f in put_aside for c in f.row))
    with path.open("w", encoding="utf-8", newline="") as opened:
        out = csv.writer(opened)
        out.writerow(["line", "column", "reason", *columns])
        for f in put_aside:
            out.writerow([f.line, f.column, f.reason, *(f.row.get(c, "") for c in columns)])
