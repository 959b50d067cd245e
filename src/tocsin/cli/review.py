"""`tocsin review`: was care given to the standards already agreed, and would other care have changed the outcome?

Exit status: 0 done; 1 a case was put aside, a case lacks reviewers, or something stands out; 2 the file or the question cannot be used (the
message says where and why).
"""

import csv
import json
import sys
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from tocsin import review
from tocsin.cli import review_panel, review_standards
from tocsin.cli.review_files import AsJson, ScaleName, gradings, known_grade, or_exit, rows, scale_of

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(review_standards.app, name="standards")
review_panel.add_to(app)


@app.callback()
def _room() -> None:
    """Was care given to the standards already agreed, and would other care have changed the outcome?"""


@app.command()
def table(
    source: Annotated[str, typer.Argument(help="east-kent-2022, or a CSV file with columns outcome and grade, one agreed grade a case.")],
    as_in: Annotated[str, typer.Option(help="Which source of a published table: report or summary.")] = "summary",
    scale: ScaleName = "confidential-enquiry",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: AsJson = False,
) -> None:
    """Outcomes by grade, with 'would' and 'might or would' and exact 95 % intervals.

    Examples:

      tocsin review table east-kent-2022

      tocsin review table cases.csv --scale pmrt --csv
    """
    found = or_exit(lambda: review.published(source, as_in) if source in review.PUBLISHED else _tabulated(source, scale))
    lines = [*found.rows, found.total]
    if as_json:
        print(json.dumps({**asdict(found), "intervals": {r.label: _intervals(r) for r in lines}}, default=str))
        return
    if as_csv:
        out = csv.writer(sys.stdout)
        grades = [code for code, _ in found.total.by_grade]
        measures = [f"{m}{part}" for m in ("would", "might_or_would") for part in ("", "_lower", "_upper")]
        out.writerow(["outcome", "cases", *[f"grade_{g}" for g in grades], *measures])
        for r in lines:
            between = _intervals(r)
            bounds = [[n, *(between[m] or ("", ""))] for m, n in (("would", r.would), ("might_or_would", r.might_or_would))]
            out.writerow([r.label, r.cases, *[n for _, n in r.by_grade], *bounds[0], *bounds[1]])
        return
    print(f"{found.name}\n")
    print(f"{'Outcome':32} {'Would have been different':>32} {'Might or would':>32}")
    for r in lines:
        print(f"{r.label:32} {_share(r, 'would', r.would):>32} {_share(r, 'might_or_would', r.might_or_would):>32}")
        if r.by_grade:
            print("   by grade: " + ", ".join(f"{code}: {n}" for code, n in r.by_grade))
    if found.waited is not None:
        w = found.waited
        print(
            f"\nA family whose baby was born in {w.births_from} waited {w.first[0]:,} to {w.first[1]:,} days for the report; one of {w.births_to}, "
            f"{w.last[0]:,} to {w.last[1]:,}."
        )
    for note in found.notes:
        print(f"\nNote: {note}")
    for of in found.sources:
        print(f"\nSource: {of}")


@app.command()
def agreement(
    file: Annotated[Path, typer.Argument(help="CSV file with columns case, reviewer and grade, one grading a row.")],
    scale: ScaleName = "confidential-enquiry",
    as_json: AsJson = False,
) -> None:
    """How far reviewers agree beyond chance: 1 is full agreement, 0 is what chance would give.

    Example: tocsin review agreement gradings.csv --scale confidential-enquiry
    """
    gradings, grades = or_exit(lambda: _gradings(file, scale))
    found = [
        review.with_interval(name, parts)
        for name, parts in (
            ("Krippendorff's alpha, ordinal", review.of_krippendorff(gradings, grades)),
            ("Krippendorff's alpha, interval", review.of_krippendorff(gradings, grades, "interval")),
            ("Krippendorff's alpha, nominal", review.of_krippendorff(gradings, grades, "nominal")),
            ("Gwet's AC2, quadratic", review.of_gwet(gradings, grades)),
            ("Gwet's AC2, linear", review.of_gwet(gradings, grades, "linear")),
            ("Gwet's AC1", review.of_gwet(gradings, grades, "identity")),
            ("Fleiss' kappa", review.of_fleiss(gradings, grades)),
        )
    ]
    if gradings.shape[1] == 2:
        both = (("quadratic", review.of_cohen(gradings, grades)), ("linear", review.of_cohen(gradings, grades, "linear")))
        found += [review.with_interval(f"Cohen's kappa, {kind}", parts) for kind, parts in both]
    if as_json:
        plain = [{k: None if isinstance(v, float) and isnan(v) else v for k, v in asdict(a).items()} for a in found]
        print(json.dumps(plain))
        return
    for a in found:
        if isnan(a.value):
            print(f"{a.name}: not defined. {a.why}")
        elif isnan(a.lower):
            print(f"{a.name}: {a.value:.3f}. {a.why}")
        else:
            print(f"{a.name}: {a.value:.3f} (95 % interval {a.lower:.3f} to {a.upper:.3f}; {a.cases} cases with two gradings or more)")


def _intervals(r: review.Row) -> dict[str, tuple[float, float] | None]:
    counts = {"would": r.would, "might_or_would": r.might_or_would}
    return {m: None if n is None else review.exact_interval(n, r.cases) for m, n in counts.items()}


def _share(r: review.Row, measure: str, count: int | None) -> str:
    between = _intervals(r)[measure]
    if count is None or between is None:
        return "not confirmed"
    if not r.cases:
        return "no cases"
    return f"{count}/{r.cases} {100 * count / r.cases:.0f} % ({100 * between[0]:.0f} to {100 * between[1]:.0f})"


def _tabulated(source: str, scale: str) -> review.Table:
    of = scale_of(scale)
    kinds = {k.value for k in review.OutcomeKind}
    graded = []
    for line, row in rows(Path(source), ("outcome", "grade")):
        if row["outcome"] not in kinds:
            raise ValueError(f"{source}:{line}, column 'outcome': '{row['outcome']}' is not one of {', '.join(sorted(kinds))}")
        graded.append((row["outcome"], known_grade(of, row["grade"], source, line)))
    return review.tabulate(Path(source).stem, graded, of)


def _gradings(file: Path, scale: str) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], int]:
    of = scale_of(scale)
    given, _ = gradings(file, of)
    cases, reviewers = ({name: i for i, name in enumerate(dict.fromkeys(names))} for names in ([g.case for g in given], [g.reviewer for g in given]))
    x = np.full((len(cases), len(reviewers)), np.nan)
    for g in given:
        x[cases[g.case], reviewers[g.reviewer]] = g.grade
    return x, len(of.grades)
