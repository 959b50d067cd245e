"""Reading: files of births and outcomes in, counts by site and day out."""

from tocsin.watch.events.mapping import Mapping, MappingError, read_mapping
from tocsin.watch.events.read import read
from tocsin.watch.events.report import Earlier, Problem, Reading, Report, TooManyBadRowsError
from tocsin.watch.events.rows import FileError
from tocsin.watch.events.sites import read_sites

__all__ = [
    "Earlier",
    "FileError",
    "Mapping",
    "MappingError",
    "Problem",
    "Reading",
    "Report",
    "TooManyBadRowsError",
    "read",
    "read_mapping",
    "read_sites",
]
