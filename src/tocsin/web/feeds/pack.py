"""The board pack: one provider's concerns, clocks, actions and their effect, as a page and as a PDF of the same words.

A board meets in public: restricted concerns and what families and staff told are not in it, and small numbers of people are left out of what was written.
"""

import json
from datetime import date, timedelta
from typing import Any

import vl_convert
from django.conf import settings
from django.template.loader import render_to_string

from tocsin.watch import chart as draw
from tocsin.web.concerns import plain, queries
from tocsin.web.concerns.models import Concern, Publication, Strength
from tocsin.web.concerns.small_numbers import BELOW, without_small_numbers
from tocsin.web.concerns.takeover import next_review
from tocsin.web.feeds.models import BoardPack
from tocsin.web.people.models import Provider
from tocsin.web.record import keys
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.master import Kept, wrapped_anew
from tocsin.web.record.moment import now
from tocsin.web.ui import ladder as ladder_chart
from tocsin.web.ui import printing
from tocsin.web.ui.effect_chart import Month, in_words, rolling
from tocsin.web.ui.effect_chart import spec as effect_spec
from tocsin.web.watch.models import Stream


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
        "phases": plain.PHASES, "kinds": plain.KINDS, "pictures": [_picture(w) for w in wholes], "effects": [_effects(w) for w in wholes],
        "owed": [(w, o) for w in wholes if w.concern.closed is None for o in w.standing.obligations if _own(w, o.body) and o.done is None],
        "planned": [(w, a) for w in wholes if w.concern.closed is None for a in w.actions
                    if a.owner.provider_id == provider.pk and a.state in ("planned", "begun")],
        "asked": [(w, q) for w in wholes for q in w.questions if q.answered is None],
        "burden": queries.burden(provider.pk), "plain": without_small_numbers, "strengths": {k: v.split(":")[0] for k, v in Strength.choices},
        "iso_day": date.fromisoformat, "next_review": next_review,
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
        BoardPack.objects.filter(pk=number).update(content=keys.keep(made, str(pack.pk).encode()), progress=100)


def opened(pack: BoardPack) -> bytes:
    return keys.open_kept(bytes(pack.content or b""), str(pack.pk).encode())


def _own(whole: queries.Whole, kind: str) -> bool:
    """Whether a body of the map is the provider's own."""
    body = whole.bodies.get(kind)
    return body is not None and body.provider_id == whole.concern.provider_id


def _effects(whole: queries.Whole) -> list[tuple[str, str]]:
    """For each of the watch's indicators that rang: a picture of the rate before and since, and its words. None where small counts are held back."""
    if settings.SUPPRESS_BELOW:
        return []
    found = []
    for site, key in dict.fromkeys((s.site, s.evidence.get("indicator", "")) for s in whole.signals if s.site and s.evidence.get("indicator")):
        stream = Stream.objects.filter(site__code=site, indicator__key=key).select_related("site", "indicator").order_by("-run").first()
        if stream is None:
            continue
        about = stream.indicator.definition
        months = [Month(date.fromisoformat(m), b, e, x) for m, b, e, x, _, _, settled in stream.months if settled]
        points = rolling(months, about["per"], BELOW)
        if not points:
            continue
        unit = f"in {about['per']:,} {about['births']}"
        marks = [(whole.concern.opened.date(), "raised")]
        for t in whole.take_overs:
            marks += [(t.began, "taken over"), *([(t.ended, "handed back")] if t.ended else [])]
        shown = [m for m in marks if points[0].month <= m[0] <= points[-1].month]
        title = f"{stream.indicator.name} at {stream.site.name}, over twelve months at a time"
        words = f"{title}: {in_words(points, unit)}"
        found.append((draw.svg(effect_spec(points, shown, title, unit), words), words))
    return found


def _picture(whole: queries.Whole) -> str:
    tenures = whole.standing.tenures
    following = [*(t.since for t in tenures[1:]), whole.concern.closed.date() if whole.concern.closed else whole.today]
    # a bar of a day at least, so that it is seen
    rows = [
        (whole.names.get(t.body, t.body), t.since, max(end, t.since + timedelta(days=1)), "held it")
        for t, end in zip(tenures, following, strict=True)
    ]  # fmt: skip
    svg = vl_convert.vegalite_to_svg(json.dumps(ladder_chart.spec(rows, {"held it": "#003087"}, mark=whole.today)))
    title = f"<title>Who has held concern {whole.concern.pk}, from day to day</title>"
    return svg.replace(">", f' role="img">{title}', 1)


def _anew(value: bytes, number: Any) -> bytes:
    bound = str(number).encode()
    return value if keys.under_the_newest(value, bound) else keys.keep(keys.open_kept(value, bound), bound)


KEPT = (Kept("feeds_board_pack", "id", "content", _anew), Kept("feeds_subscription", "id", "secret", wrapped_anew))
"""What is under the master key of packs and webhooks."""
