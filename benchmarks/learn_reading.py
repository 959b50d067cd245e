"""How well a report is read: what is a recommendation and what a failing found, in reports laid out as different bodies lay them out."""

import io
from html import escape
from pathlib import Path
from typing import Any

import yaml
from docx import Document
from weasyprint import HTML

from tocsin.learn import Kind, read

KINDS = {"R": Kind.RECOMMENDATION, "F": Kind.FAILING, "E": Kind.EVIDENCE, "B": Kind.BACKGROUND}


def styled(unseen: bool = False) -> list[tuple[str, bytes, list[tuple[Kind, str | None, str]]]]:
    """Name, file, and the truth of each report: kind, own number of a recommendation, text. unseen: those written after the rules were settled."""
    out = []
    for report in yaml.safe_load((Path(__file__).parent / "data/learn-styles.yaml").read_text("utf-8")):
        if report.get("unseen", False) is not unseen:
            continue
        truth, blocks = [], []
        for kind, text in report["blocks"]:
            if kind == "T":
                truth += [(Kind.RECOMMENDATION, None, cell[3:]) for row in text for cell in row if cell.startswith("R: ")]
                blocks.append((kind, [[cell.removeprefix("R: ") for cell in row] for row in text]))
                continue
            number, _, rest = text[1:].partition("] ") if kind == "R" and text.startswith("[") else ("", "", text)
            blocks.append((kind, rest))
            if kind != "H":
                truth.append((KINDS[kind], number or None, rest))
        out.append((report["id"], _made(report["format"], blocks, report.get("columns", 1)), truth))
    return out


def found(data: bytes, truth: list[tuple[Kind, str | None, str]], kind: Kind) -> tuple[int, int, int]:
    """Rightly found, wrongly found, missed of one kind. A passage is right if it has the words of one of that kind and of no other passage."""
    passages = [_plain(p.text) for p in read(data).passages if p.kind is kind]
    wanted, others = [_plain(t) for k, _, t in truth if k is kind], [_plain(t) for k, _, t in truth if k is not kind]
    right = sum(any(w in p for p in passages) for w in wanted)
    wrong = sum(any(o in p for o in others) or not any(w in p for w in wanted) for p in passages)
    return right, wrong, len(wanted) - right


def numbers_right(data: bytes, truth: list[tuple[Kind, str | None, str]]) -> tuple[int, int]:
    """Of the recommendations that carry a number: how many are found with it, and how many there are."""
    by_text = {_plain(p.text): p.number for p in read(data).passages}
    numbered = [(number, _plain(text)) for _, number, text in truth if number]
    return sum(by_text.get(text) == number for number, text in numbered), len(numbered)


def bench_reading() -> None:
    """Precision and recall over all styles, for recommendations and failings, and numbers kept; apart, those on which nothing was settled."""
    for unseen, name in ((False, "styles on which the rules were settled"), (True, "styles written afterwards")):
        reports = styled(unseen)
        for kind in (Kind.RECOMMENDATION, Kind.FAILING):
            right, wrong, missed = (sum(n) for n in zip(*(found(data, truth, kind) for _, data, truth in reports), strict=True))
            share, of = right / max(right + wrong, 1), right + missed
            print(f"learn: {kind.value}s in {len(reports)} {name}: precision {share:.2f}, recall {right / of:.2f} of {of}")
        kept, of = (sum(n) for n in zip(*(numbers_right(data, truth) for _, data, truth in reports), strict=True))
        print(f"learn: recommendations with their own number in {len(reports)} {name}: {kept} of {of}")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _made(form: str, blocks: list[tuple[str, Any]], columns: int) -> bytes:
    if form == "text":
        return "\n\n".join(text for _, text in blocks).encode()
    if form == "docx":
        document = Document()
        for kind, text in blocks:
            if kind == "T":
                table = document.add_table(len(text), len(text[0]))
                for i, row in enumerate(text):
                    for j, cell in enumerate(row):
                        table.cell(i, j).text = cell
            elif kind == "H":
                document.add_heading(text, 1)
            else:
                document.add_paragraph(text)
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()
    body = "".join(f"<h2>{escape(text)}</h2>" if kind == "H" else f"<p>{escape(text)}</p>" for kind, text in blocks)
    page = f"<html><head><style>body {{ columns: {columns}; font-size: 11pt }}</style></head><body>{body}</body></html>"
    return page.encode() if form == "html" else HTML(string=page).write_pdf()


if __name__ == "__main__":
    bench_reading()
    for name, data, truth in styled() + styled(unseen=True):
        for passage in read(data).passages:
            kinds = [k for k, _, text in truth if _plain(text) in _plain(passage.text)]
            if kinds != [passage.kind]:
                print(name, passage.kind.value, [k.value for k in kinds], passage.text)
