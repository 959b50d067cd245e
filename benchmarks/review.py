"""How well the model of avoidability tells the truth on panels whose truth is known, and how long it takes.

`python -m benchmarks review`. Reviewers, cases and gradings are drawn anew for each panel. The share that a typical reviewer would give is
then known, and so is that of each reviewer. Beside the model stands what a plain reading would say: the share of gradings, with an exact
interval that takes each grading for a case of its own.
"""

import sys
import time
from pathlib import Path

import numpy as np
from scipy.special import ndtr, ndtri

from tocsin.review import Avoidability, avoidability, compare, exact_interval, half_width_of, scales

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from simulated_panels import panel

SHARES = (0.4, 0.25, 0.2, 0.15)
PANELS = ((40, 4, 2), (60, 3, 3), (200, 8, 2), (400, 20, 3))


def bench_review(panels: int) -> None:
    """Coverage over panels of four sizes; false findings among providers; widths foretold; and the time that 5,000 cases take."""
    scale = scales()["confidential-enquiry"]
    print(f"review: {panels} panels of each size; 95 % intervals; truth 35 in 100 'might or would', 15 'would'")
    for cases, reviewers, per_case in PANELS:
        held = np.zeros(3)
        plain, severities, whole, width, wide = 0, 0, 0, 0.0, 0.0
        for seed in range(panels):
            gradings, severity, _ = panel(seed, cases, reviewers, per_case, SHARES)
            found = avoidability(gradings, scale, draws=600)
            held += [_holds(found.typical.might_or_would, 0.35), _holds(found.typical.would, 0.15), _of_panel(found, severity)]
            severities += sum(_holds(s.severity, severity[int(s.reviewer[1:])]) for s in found.severity)
            whole += len(found.severity)
            count = round(found.counted[1] * found.gradings)
            low, high = exact_interval(count, found.gradings)
            plain += low <= 0.35 <= high
            width += found.typical.might_or_would.upper - found.typical.might_or_would.lower
            wide += high - low
        a, b, c = 100 * held / panels
        print(
            f"  {cases} cases, {reviewers} reviewers, {per_case} each: holds 'might or would' {a:.0f} %, 'would' {b:.0f} %, share of these very "
            f"reviewers {c:.0f} %, a reviewer's severity {100 * severities / whole:.0f} %; width {100 * width / panels:.0f} in 100. Plain reading "
            f"holds {100 * plain / panels:.0f} %, width {100 * wide / panels:.0f}"
        )
    _providers(scale, panels)
    _foretold(scale, panels)
    gradings, _, _ = panel(1, 5000, 30, 3, SHARES)
    avoidability(gradings[:300], scale)
    began = time.perf_counter()
    avoidability(gradings, scale)
    print(f"  5,000 cases, 30 reviewers, 3 each: fitted in {time.perf_counter() - began:.1f} s")


def _holds(estimate: object, truth: float) -> bool:
    return bool(estimate.lower <= truth <= estimate.upper)  # type: ignore[attr-defined]


def _of_panel(found: Avoidability, severity: np.ndarray) -> bool:
    total = np.sqrt(1 + 0.9**2)
    cut = ndtri(0.65) * total
    given = np.array([s.gradings for s in found.severity])
    at = np.array([severity[int(s.reviewer[1:])] for s in found.severity])
    return _holds(found.panel.might_or_would, float((given * ndtr((at - cut) / total)).sum() / given.sum()))


def _providers(scale: object, panels: int) -> None:
    """Twenty providers that differ as providers do and no more: how often one is named."""
    named, below = 0, 0
    for seed in range(panels):
        gradings, _, _ = panel(1000 + seed, 600, 12, 2, SHARES, groups=20, sd_groups=0.2)
        found = compare(avoidability(gradings, scale, draws=200))  # type: ignore[arg-type]
        named += found[0].q <= 0.05
        below += sum(c.p <= 0.05 for c in found)
    print(f"  20 providers, none apart: one is named in {100 * named / panels:.0f} % of panels; p <= 0.05 for {100 * below / (20 * panels):.1f} %")


def _foretold(scale: object, panels: int) -> None:
    """A panel of 100 cases and 8 reviewers says how narrow larger ones would be."""
    few = max(panels // 10, 4)
    for cases, reviewers, per_case in ((200, 16, 2), (400, 8, 2), (800, 24, 3)):
        said, had = 0.0, 0.0
        for seed in range(few):
            now = avoidability(panel(seed, 100, 8, 2, SHARES)[0], scale, draws=400)  # type: ignore[arg-type]
            said += half_width_of(now, cases=cases, reviewers=reviewers, per_case=per_case)
            then = avoidability(panel(500 + seed, cases, reviewers, per_case, SHARES)[0], scale, draws=400)  # type: ignore[arg-type]
            had += (then.typical.might_or_would.upper - then.typical.might_or_would.lower) / 2
        print(f"  half-width of {cases} cases, {reviewers} reviewers, {per_case} each: foretold {100 * said / few:.1f}, had {100 * had / few:.1f}")
