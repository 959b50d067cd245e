"""The board pack: one provider's concerns, clocks, actions and their effect, as a page and as a PDF of the same words."""

import json
from typing import Any

import vl_convert
from django.template.loader import render_to_string

from tocsin.web.concerns import plain, queries
from tocsin.web.concerns.models import Concern, Publication
from tocsin.web.feeds.models import BoardPack
from tocsin.web.people.models import Provider
from tocsin.web.record import keys
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now
from tocsin.web.ui import ladder as ladder_chart
from tocsin.web.ui import printing


def content(provider: Provider, progress: Any = None) -> dict[str, Any]:
    """What the pack shows, as the one who asks may see it; restricted concerns are left out, since a board meets in public."""
    found = list(
        Concern.objects.filter(provider=provider, restricted=False, merged_into=None).order_by("closed", "id").values_list("id", flat=True)
    )
    wholes = []
    for at, number in enumerate(found):
        wholes.append(queries.whole(number))
        if progress:
            progress(10 + 50 * (at + 1) // len(found))
    return {
        "provider": provider, "wholes": wholes, "open": [w for w in wholes if w.concern.closed is None], "today": now().date(),
        "phases": plain.PHASES, "kinds": plain.KINDS, "pictures": [_picture(w) for w in wholes],
        "published": list(Publication.objects.filter(provider=provider).order_by("id")),
    }  # fmt: skip


def pdf(values: dict[str, Any]) -> bytes:
    """PDF/UA-1."""
    return printing.pdf(render_to_string("feeds/pack_print.jinja", values))


def make(number: str) -> None:
    """Make a pack that was asked for, as the member who asked; say how far it is, and what went wrong."""
    with acting_as(TOCSIN):
        pack = BoardPack.objects.select_related("provider").filter(pk=number).first()
    if pack is None or pack.content:
        return

    def progress(per_cent: int) -> None:
        with acting_as(TOCSIN):
            BoardPack.objects.filter(pk=number).update(progress=per_cent)

    progress(10)
    with acting_as(pack.member_id):
        values = content(pack.provider, progress)
    progress(70)
    made = pdf(values)
    with acting_as(TOCSIN):
        BoardPack.objects.filter(pk=number).update(content=keys.encrypt(_key(), made, str(pack.pk).encode()), progress=100)


def opened(pack: BoardPack) -> bytes:
    return keys.decrypt(_key(), bytes(pack.content or b""), str(pack.pk).encode())


def _key() -> bytes:
    return keys.master()


def _picture(whole: queries.Whole) -> str:
    rows = [
        (
            whole.names.get(t.body, t.body),
            t.since,
            whole.standing.tenures[i + 1].since if i + 1 < len(whole.standing.tenures) else whole.today,
            "held it",
        )
        for i, t in enumerate(whole.standing.tenures)
    ]
    svg = vl_convert.vegalite_to_svg(json.dumps(ladder_chart.spec(rows, {"held it": "#003087"}, mark=whole.today)))
    title = f"<title>Who has held concern {whole.concern.pk}, from day to day</title>"
    return svg.replace(">", f' role="img">{title}', 1)
