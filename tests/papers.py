"""Small real files for tests that give one."""

from fpdf import FPDF


def pdf(words: str = "What happened on the ward.") -> bytes:
    paper = FPDF()
    paper.add_page()
    paper.set_font("helvetica", size=12)
    paper.cell(text=words)
    return bytes(paper.output())
