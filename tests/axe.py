"""What axe-core is asked to check."""

from pathlib import Path

AXE = (Path(__file__).parent / "browser" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
