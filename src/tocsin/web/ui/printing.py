"""Pages as PDF/UA-1, with nothing fetched from anywhere."""

import io
from typing import Any

import pikepdf


def pdf(html: str) -> bytes:
    """A whole page as a PDF that a screen reader can read."""
    import weasyprint

    return _mended(weasyprint.HTML(string=html, url_fetcher=_nothing).write_pdf(pdf_variant="pdf/ua-1") or b"")


def _nothing(url: str, *args: object, **kwargs: object) -> Any:
    raise ValueError(f"a printed page fetches nothing: {url[:80]}")


def _mended(made: bytes) -> bytes:
    """What PDF/UA-1 asks for beyond what the printer writes: header cells say that they head columns, links print."""
    with pikepdf.open(io.BytesIO(made)) as file:
        for thing in file.objects:
            if isinstance(thing, pikepdf.Dictionary):
                if thing.get("/S") == pikepdf.Name.TH and "/A" not in thing:
                    thing.A = pikepdf.Dictionary(O=pikepdf.Name.Table, Scope=pikepdf.Name.Column)
                if thing.get("/Subtype") == pikepdf.Name.Link:
                    thing.F = 4
        out = io.BytesIO()
        file.save(out, deterministic_id=True)
        return out.getvalue()
