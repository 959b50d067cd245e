"""Tocsin: the bell that is rung when care is failing."""

__version__ = "0.1.0"
