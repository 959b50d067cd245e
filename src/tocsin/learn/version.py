"""Written by tocsin.learn.train: vectors and values made under one version cannot be compared with those of another."""

MEASURE_VERSION = "2026.3-8d3ff42c"
