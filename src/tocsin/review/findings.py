"""What a review found, as signals to the hall: each with its counts, what they were held against, and the page that shows it.

Why not the watch's funnel: no room on the ground floor knows another, and a funnel of counted shares would take a severe reviewer for a
bad provider. The comparison is the model's own (see `avoidability.compare`).
"""

from collections.abc import Iterable, Mapping
from datetime import date

from tocsin.review.avoidability.compare import Compared
from tocsin.review.unmet import Unmet
from tocsin.signal import ConcernKind, Level, ProviderRef, Signal

AMBER, RED = 0.05, 0.01
"""Shares of false findings among those named at each level."""
FEWEST_SHOWN = 5
"""A share of fewer cases than this is told in words, so that no family can be picked out."""


def signal_of_share(c: Compared, provider: ProviderRef, *, raised_on: date, since: date | None, address: str) -> Signal | None:
    """A signal where the provider's share of avoidable outcomes is above what the others lead one to expect; None where it is not."""
    if c.q > AMBER or c.share <= c.expected:
        return None
    return Signal(
        provider,
        ConcernKind.CARE_BELOW_STANDARD,
        Level.RED if c.q <= RED else Level.AMBER,
        raised_on,
        since,
        f"Of 100 cases at {provider.name}, about {100 * c.share:.0f} might or would have ended otherwise; the other providers lead one to "
        f"expect {100 * c.expected:.0f}, and between {100 * c.lower:.0f} and {100 * c.upper:.0f} for one with {c.cases} cases looked at.",
        address,
        {
            "cases": c.cases, "share": round(c.share, 4), "expected": round(c.expected, 4), "lower": round(c.lower, 4),
            "upper": round(c.upper, 4), "p": c.p, "q": c.q,
        },
    )  # fmt: skip


def signal_of_unmet(u: Unmet, provider: ProviderRef, title: str, *, raised_on: date, since: date | None, address: str) -> Signal:
    """A signal that a standard went unmet again and again. provider: for a national finding, the body that answers for the country."""
    few = u.applied < FEWEST_SHOWN
    counted = "in most of the few cases" if few else f"in {u.unmet} of {u.applied} cases"
    tolerated = f"up to {100 * u.tolerated:.0f} in 100 would not have been named"
    where = f"at {provider.name}"
    if u.provider is None:
        held, where = f". {u.providers} of {u.of_providers} providers share this; {tolerated}", "nationally"
    elif not u.others_applied:
        held = f"; no other provider was looked at, and {tolerated}"
    else:
        held = f"; in all other providers, in {u.others_unmet} of {u.others_applied}"
    return Signal(
        provider,
        ConcernKind.CARE_BELOW_STANDARD,
        Level.RED if u.q <= RED else Level.AMBER,
        raised_on,
        since,
        f"'{title}' was not met {where} {counted} to which it applied{held}.",
        address,
        {
            "standard": u.standard, "unmet": u.unmet, "applied": u.applied, "not_told": u.not_told, "lower": round(u.lower, 4),
            "upper": round(u.upper, 4), "providers": u.providers, "of_providers": u.of_providers, "others_unmet": u.others_unmet,
            "others_applied": u.others_applied, "p": u.p, "q": u.q,
        },
    )  # fmt: skip


def signals(
    compared: Iterable[Compared],
    unmet: Iterable[Unmet],
    providers: Mapping[str, ProviderRef],
    titles: Mapping[str, str],
    *,
    nation: ProviderRef | None,
    raised_on: date,
    since: date | None,
    address: str,
) -> tuple[Signal, ...]:
    """Every signal of a review. providers: by code. titles: of standards, by id. nation: who answers for national findings, None for nobody.

    address: page of the review; the finding's place on it is added. Raises ValueError for a provider that is not known.
    """
    out = []
    for c in compared:
        found = signal_of_share(
            c, _known(providers, c.provider), raised_on=raised_on, since=since, address=f"{address}#provider-{c.provider}"
        )
        out += [found] if found else []
    for u in unmet:
        about = nation if u.provider is None else _known(providers, u.provider)
        if about is not None:
            title = titles.get(u.standard, u.standard)
            out.append(signal_of_unmet(u, about, title, raised_on=raised_on, since=since, address=f"{address}#standard-{u.standard}"))
    return tuple(out)


def _known(providers: Mapping[str, ProviderRef], code: str) -> ProviderRef:
    if code not in providers:
        raise ValueError(f"provider '{code}' is not in the register")
    return providers[code]
