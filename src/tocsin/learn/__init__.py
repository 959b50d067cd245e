"""REMEMBER: reports in, recurring failings out. Knows no network, no clock, no Django."""

from tocsin.learn.agreement import cohen_kappa, krippendorff_alpha
from tocsin.learn.crosswalks import Crosswalks, Place, Scheme, crosswalks
from tocsin.learn.drafting import Judged, Quality, Strength, judge
from tocsin.learn.encoders import Encoder
from tocsin.learn.link import Link, Reason, link
from tocsin.learn.passages import Correction, Kind
from tocsin.learn.reading import Limits, Passage, Report, Unreadable, read
from tocsin.learn.recurrence import Earlier, Item, change_point, fell_after, recurs, signal_of
from tocsin.learn.repeats import Asked, Repeat, repeats
from tocsin.learn.similarity import similarity, vectors
from tocsin.learn.taxonomy import Failing, Taxonomy, load
from tocsin.learn.version import MEASURE_VERSION

__all__ = [
    "MEASURE_VERSION",
    "Asked",
    "Correction",
    "Crosswalks",
    "Earlier",
    "Encoder",
    "Failing",
    "Item",
    "Judged",
    "Kind",
    "Limits",
    "Link",
    "Passage",
    "Place",
    "Quality",
    "Reason",
    "Repeat",
    "Report",
    "Scheme",
    "Strength",
    "Taxonomy",
    "Unreadable",
    "change_point",
    "cohen_kappa",
    "crosswalks",
    "fell_after",
    "judge",
    "krippendorff_alpha",
    "link",
    "load",
    "read",
    "recurs",
    "repeats",
    "signal_of",
    "similarity",
    "vectors",
]  # fmt: skip
