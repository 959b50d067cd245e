"""How well the model of avoidability tells the truth on panels whose truth is known, what it can find, and how long it takes.

`python -m benchmarks review --panels N`. Reviewers, cases and gradings are drawn anew for each panel. The share that a typical reviewer
would give is then known, and so is that of each reviewer. Beside the model stands what a plain reading would say: the share of gradings,
with an exact interval that takes each grading for a case of its own.
"""

import time

import numpy as np
from scipy.special import ndtr, ndtri

from tocsin.review import Avoidability, Compared, Scale, Stratum, avoidability, compare, estimate, exact_interval, half_width_of, scales
from tocsin.review.simulated import move_to, simulated_panel

SHARES = (0.4, 0.25, 0.2, 0.15)
MIGHT, WOULD = 0.35, 0.15
PANELS = ((40, 4, 2), (60, 3, 3), (200, 8, 2), (400, 20, 3))
PROVIDERS, SPREAD = 20, 0.2
APART = ((15, 0.65), (15, 0.8), (30, 0.5), (30, 0.65), (30, 0.8), (60, 0.5), (60, 0.65))
"""(cases of each provider, true share of the one that stands out; the others' is 35 in 100 in the middle)."""
STRATA = {"few": (60, 0.6), "some": (200, 0.3), "many": (500, 0.1)}
"""(cases in all, true share) by stratum."""
WALK = 0.5
"""Seconds of walks: comparing providers needs no more than a rough idea of how far reviewers differ."""


def bench_review(panels: int) -> None:
    """Coverage over panels of four sizes; false findings and power among providers; widths foretold; and the time that 5,000 cases take."""
    scale, began_all = scales()["confidential-enquiry"], time.process_time()
    print(f"review: {panels} panels of each size; 95 % intervals; truth 35 in 100 'might or would', 15 'would'", flush=True)
    for cases, reviewers, per_case in PANELS:
        _coverage(scale, panels, cases, reviewers, per_case)
    _strata(panels)
    _providers(scale, panels)
    _power(scale, max(panels // 3, 4))
    _foretold(scale, panels)
    gradings, _, _ = simulated_panel(1, 5000, 30, 3, SHARES)
    avoidability(gradings[:300], scale)
    began = time.perf_counter()
    avoidability(gradings, scale)
    print(f"  5,000 cases, 30 reviewers, 3 each: fitted in {time.perf_counter() - began:.1f} s")
    print(f"  all of this took {(time.process_time() - began_all) / 60:.1f} minutes of CPU")


def _coverage(scale: Scale, panels: int, cases: int, reviewers: int, per_case: int) -> None:
    held = np.zeros(3)
    plain, severities, whole, width, wide = 0, 0, 0, 0.0, 0.0
    for seed in range(panels):
        gradings, severity, _ = simulated_panel(seed, cases, reviewers, per_case, SHARES)
        found = avoidability(gradings, scale, draws=600)
        held += [_holds(found.typical.might_or_would, MIGHT), _holds(found.typical.would, WOULD), _of_panel(found, severity)]
        severities += sum(_holds(s.severity, severity[int(s.reviewer[1:])]) for s in found.severity)
        whole += len(found.severity)
        count = round(found.counted[1] * found.gradings)
        low, high = exact_interval(count, found.gradings)
        plain += low <= MIGHT <= high
        width += found.typical.might_or_would.upper - found.typical.might_or_would.lower
        wide += high - low
    a, b, c = 100 * held / panels
    print(
        f"  {cases} cases, {reviewers} reviewers, {per_case} each: holds 'might or would' {a:.0f} %, 'would' {b:.0f} %, share of these very "
        f"reviewers {c:.0f} %, a reviewer's severity {100 * severities / whole:.0f} %; width {100 * width / panels:.0f} in 100. Plain reading "
        f"holds {100 * plain / panels:.0f} %, width {100 * wide / panels:.0f}",
        flush=True,
    )


def _holds(estimate: object, truth: float) -> bool:
    return bool(estimate.lower <= truth <= estimate.upper)  # type: ignore[attr-defined]


def _of_panel(found: Avoidability, severity: np.ndarray) -> bool:
    total = np.sqrt(1 + 0.9**2)
    cut = ndtri(1 - MIGHT) * total
    given = np.array([s.gradings for s in found.severity])
    at = np.array([severity[int(s.reviewer[1:])] for s in found.severity])
    return _holds(found.panel.might_or_would, float((given * ndtr((at - cut) / total)).sum() / given.sum()))


def _strata(panels: int) -> None:
    """Three strata drawn at rates far apart: the design's own interval beside the plain share of the cases drawn."""
    random = np.random.default_rng(1)
    times = 50 * panels
    held = plain = 0
    for _ in range(times):
        have = {s: int(random.binomial(n, p)) for s, (n, p) in STRATA.items()}
        drawn = {s: Stratum(n, 25, int(random.hypergeometric(have[s], n - have[s], 25))) for s, (n, _) in STRATA.items()}
        truth = sum(have.values()) / sum(n for n, _ in STRATA.values())
        held += _holds(estimate(drawn), truth)
        low, high = exact_interval(sum(s.found for s in drawn.values()), 75)
        plain += low <= truth <= high
    print(
        f"  25 cases from each of 3 strata of {', '.join(str(n) for n, _ in STRATA.values())}, {times:,} draws: the design's interval holds "
        f"{100 * held / times:.1f} %, the plain share's {100 * plain / times:.1f} %",
        flush=True,
    )


def _compared(scale: Scale, seed: int, each: int, moved: dict[int, float]) -> tuple[Compared, ...]:
    gradings, _, _ = simulated_panel(seed, each * PROVIDERS, 12, 2, SHARES, groups=PROVIDERS, sd_groups=SPREAD, moved=moved)
    return compare(avoidability(gradings, scale, draws=200, walk_seconds=WALK))


def _providers(scale: Scale, panels: int) -> None:
    """Twenty providers that differ as providers do and no more: how often one is named."""
    named, below = 0, 0
    for seed in range(panels):
        found = _compared(scale, 1000 + seed, 30, {})
        named += found[0].q <= 0.05
        below += sum(c.p <= 0.05 for c in found)
    print(
        f"  {PROVIDERS} providers, none apart: one is named in {100 * named / panels:.0f} % of panels; p <= 0.05 for "
        f"{100 * below / (PROVIDERS * panels):.1f} %",
        flush=True,
    )


def _power(scale: Scale, panels: int) -> None:
    """One of twenty providers stands out: how often it is named, and how often another is."""
    for each, share in APART:
        named, others = 0, 0
        for seed in range(panels):
            found = _compared(scale, 2000 + seed, each, {0: move_to(share, MIGHT)})
            named += any(c.provider == "g0" and c.q <= 0.05 for c in found)
            others += any(c.provider != "g0" and c.q <= 0.05 for c in found)
        print(
            f"  one of {PROVIDERS} providers at {100 * share:.0f} in 100, {each} cases each: named in {100 * named / panels:.0f} % of {panels} "
            f"panels, another one in {100 * others / panels:.0f} %",
            flush=True,
        )


def _foretold(scale: Scale, panels: int) -> None:
    """A panel of 100 cases and 8 reviewers says how narrow larger ones would be."""
    few = max(panels // 10, 4)
    for cases, reviewers, per_case in ((200, 16, 2), (400, 8, 2), (800, 24, 3)):
        said, had = 0.0, 0.0
        for seed in range(few):
            now = avoidability(simulated_panel(seed, 100, 8, 2, SHARES)[0], scale, draws=400)
            said += half_width_of(now, cases=cases, reviewers=reviewers, per_case=per_case)
            then = avoidability(simulated_panel(500 + seed, cases, reviewers, per_case, SHARES)[0], scale, draws=400)
            had += (then.typical.might_or_would.upper - then.typical.might_or_would.lower) / 2
        print(
            f"  half-width of {cases} cases, {reviewers} reviewers, {per_case} each: foretold {100 * said / few:.1f}, had {100 * had / few:.1f}",
            flush=True,
        )
