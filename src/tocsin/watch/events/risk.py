"""The risk of each case, from a logistic model that is given or fitted on the first rows."""

from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from tocsin.watch.counts import Cases
from tocsin.watch.events.mapping import MappingError, RiskModel
from tocsin.watch.events.report import Report
from tocsin.watch.events.view import View

_EPOCH = date(1970, 1, 1)


class Collected:
    """Cases of risk-adjusted indicators, kept one by one while rows stream past."""

    def __init__(self, model: RiskModel) -> None:
        self.model = model
        self._parts: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]] = []
        self._counted: list[list[tuple[NDArray[np.float64] | None, NDArray[np.float64]]]] = []
        self._weights: NDArray[np.float64] | None = None

    def add(
        self,
        site: NDArray[np.int32],
        day: NDArray[np.int32],
        lines: NDArray[np.int64],
        keep: NDArray[np.bool_],
        values: list[tuple[NDArray[np.float64] | None, NDArray[np.float64]]],
        view: View,
    ) -> None:
        columns = np.stack([np.broadcast_to(view.number(c), keep.shape)[keep] for c in self.model.weights], axis=1)
        outcome = np.zeros(site.shape[0])
        if self.model.outcome is not None:
            outcome = np.broadcast_to(self.model.outcome.value(view.number, view.text), keep.shape)[keep]
        self._parts.append((site, day, lines, columns, outcome))
        self._counted.append([(None if b is None else b[keep], e[keep]) for b, e in values])

    def cases(
        self, which: int, indicator: str, codes: tuple[str, ...], order: NDArray[np.intp], first: int, first_day: date, report: Report
    ) -> Cases:
        """Cases of one indicator with their risks, sorted by site, day and the order in which they were read."""
        site, day, _, columns, outcome = (np.concatenate([p[i] for p in self._parts]) for i in range(5))
        events = np.concatenate([v[which][1] for v in self._counted])
        births = np.concatenate([np.ones(v[which][1].shape) if (b := v[which][0]) is None else b for v in self._counted])
        if self._weights is None:
            self._weights = self._fit(day, columns, outcome, report)
        risk = expit(self._weights[0] + columns @ self._weights[1:])
        known = np.isfinite(risk) & (births == 1) & np.isfinite(events)
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        place = rank[site[known]]
        sorted_ = np.lexsort((np.arange(place.shape[0]), day[known], place))
        without = int((~np.isfinite(risk) & (births == 1)).sum())
        if without:
            report.notes.append(
                f"{indicator}: {without:,} cases have no risk because a value of the model is missing; none are expected of them."
            )
        return Cases(
            indicator, codes, first_day, place[sorted_], (day[known] - first)[sorted_].astype(np.int32),
            (events[known] != 0)[sorted_].astype(np.int8), risk[known][sorted_],
        )  # fmt: skip

    def _fit(
        self, day: NDArray[np.int32], columns: NDArray[np.float64], outcome: NDArray[np.float64], report: Report
    ) -> NDArray[np.float64]:
        model = self.model
        if model.outcome is None:
            return np.array([model.intercept, *model.weights.values()])
        train = np.isfinite(columns).all(axis=1) & np.isfinite(outcome)
        if model.until is not None:
            try:
                until = (date.fromisoformat(model.until) - _EPOCH).days
            except ValueError:
                raise MappingError(f"risk: fit: until: '{model.until}' is not a date as YYYY-MM-DD") from None
            train &= day < until
        x, y = columns[train], (outcome[train] != 0).astype(np.float64)
        if not 0 < y.sum() < y.shape[0]:
            raise MappingError(f"risk: fit: the {y.shape[0]:,} rows to fit on must hold cases with and without the outcome")
        weights = logistic(x, y)
        words = " + ".join(f"{w:.4f} x {name}" for w, name in zip(weights[1:], model.weights, strict=True))
        report.notes.append(f"Risk model fitted on {y.shape[0]:,} cases: log odds = {weights[0]:.4f} + {words}.")
        return weights


def logistic(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Maximum-likelihood logistic regression. x: shape (cases, columns). y: 0 or 1. Returns intercept and weights."""
    centre, spread = x.mean(axis=0), np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    design = np.column_stack([np.ones(x.shape[0]), (x - centre) / spread])

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = design @ w
        return -float((y * log_expit(z) + (1 - y) * log_expit(-z)).sum()), -design.T @ (y - expit(z))

    w = np.asarray(minimize(loss, np.zeros(design.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-8}).x, np.float64)
    for _ in range(5):  # Newton's last steps to full precision
        p = expit(design @ w)
        w += np.linalg.lstsq(design.T @ (design * (p * (1 - p))[:, None]), design.T @ (y - p), rcond=None)[0]
    weights = w[1:] / spread
    return np.concatenate([[w[0] - float((weights * centre).sum())], weights])


def expected_by_day(cases: Cases, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Sum of risks by site and day."""
    cells = cases.site.astype(np.int64) * shape[1] + cases.day
    return np.asarray(np.bincount(cells, weights=cases.risk, minlength=shape[0] * shape[1]), np.float64).reshape(shape)
