"""Panels that judge care against agreed standards: cases, blind gradings, what was agreed, and the family's answers."""
