"""SEE: rare-event statistics. Births and events in, calibrated signals out."""

from tocsin.watch.adjusted_runlength import risk_adjusted_arl, risk_adjusted_false_alarm, risk_adjusted_threshold
from tocsin.watch.budget import Budget, Promise, e_bh
from tocsin.watch.cusum import bernoulli_cusum, poisson_cusum, risk_adjusted_cusum
from tocsin.watch.edetector import e_detector
from tocsin.watch.ewma import ewma, ewma_arl
from tocsin.watch.funnel import funnel
from tocsin.watch.national import watch_country
from tocsin.watch.overdispersion import overdispersion
from tocsin.watch.runlength import (
    bernoulli_arl,
    bernoulli_false_alarm,
    bernoulli_run_length_cdf,
    bernoulli_threshold,
    poisson_arl,
    poisson_false_alarm,
    poisson_threshold,
)
from tocsin.watch.spc import spc
from tocsin.watch.vlad import vlad

__all__ = [
    "Budget",
    "Promise",
    "bernoulli_arl",
    "bernoulli_cusum",
    "bernoulli_false_alarm",
    "bernoulli_run_length_cdf",
    "bernoulli_threshold",
    "e_bh",
    "e_detector",
    "ewma",
    "ewma_arl",
    "funnel",
    "overdispersion",
    "poisson_arl",
    "poisson_cusum",
    "poisson_false_alarm",
    "poisson_threshold",
    "risk_adjusted_arl",
    "risk_adjusted_cusum",
    "risk_adjusted_false_alarm",
    "risk_adjusted_threshold",
    "spc",
    "vlad",
    "watch_country",
]
