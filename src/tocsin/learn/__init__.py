"""REMEMBER: reports in, recurring failings out. Knows no network, no clock, no Django."""

from tocsin.learn.encoders import Encoder
from tocsin.learn.link import Link, Reason, link
from tocsin.learn.similarity import similarity
from tocsin.learn.taxonomy import Failing, Taxonomy, load

__all__ = ["Encoder", "Failing", "Link", "Reason", "Taxonomy", "link", "load", "similarity"]
