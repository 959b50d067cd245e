"""A small map, and ways to change it."""

from pathlib import Path

from tocsin.accord.language import read_map

TEXT = (Path(__file__).parent / "small.yaml").read_text()


def small(*changes):
    """The small map with pieces of its text replaced; each must be there."""
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return read_map({"small.yaml": text})


LOOSE = (
    "review: 28 calendar days, basis: b, source: s}\n- {body: region",
    "review: 200 calendar days, basis: b, source: s}\n- {body: region",
)
_UP = "{body: icb, to: region, when: [deadline-passed, insufficient-power], basis: b, source: s}"
_BODIES = ("- {id: region, name", "- {id: help, name: The helper, tier: 2}\n- {id: slow, name: The slow one, tier: 2}\n- {id: region, name")
_DUTIES = (
    "- {body: region, role: lead, must",
    "- {body: help, role: lead, must: help, within: 2 working days, review: 3 calendar days, basis: b, source: s}\n"
    "- {body: slow, role: lead, must: think, within: 100 working days, review: 3 calendar days, basis: b, source: s}\n"
    "- {body: region, role: lead, must",
)
_SLOW = "- {body: slow, to: region, when: [deadline-passed, insufficient-power], basis: b, source: s}"


def _silence(body, to):
    """Handovers of a body by which only its silence leads to `to`."""
    return (
        f"{{body: {body}, to: region, when: [refusal, conflict-of-interest, insufficient-power], basis: b, source: s}}\n"
        f"- {{body: {body}, to: {to}, when: [deadline-passed], basis: b, source: s}}"
    )


BROKEN = {
    "A1": (("first: true, ", ""),),
    "A2": (("- {body: region, role: lead, must", "- {body: region, role: lead, first: true, must"),),
    "A3": (LOOSE,),
    "A4": (_BODIES, _DUTIES, (_UP, f"{_silence('icb', 'slow')}\n{_SLOW}")),
    "A5": (_BODIES, _DUTIES, (_UP, f"{_silence('icb', 'help')}\n- {_silence('help', 'slow')}\n{_SLOW}")),
    "A6": (("tellings:", "conflicts:\n- {body: nation, because: it assured the trust}\ntellings:"),),
    "A7": (("{body: icb, to: region, when: [deadline-passed, insufficient-power]", "{body: icb, to: region, when: [deadline-passed]"),),
    "A8": (("{body: region, to: nation, when", "{body: region, to: icb, when"),),
    "A9": (("within: 10 working days, review: 28 calendar days, uses: require", "review: 28 calendar days, uses: require"),),
    "A10": (("- {body: region, power: require-action", "- {body: region, power: impose-conditions"),),
    "A11": (
        ("uses: require-action, basis", "uses: require-action, asks: [case notes], basis"),
        ("uses: take-over-or-close, basis", "uses: take-over-or-close, asks: [case notes], basis"),
    ),
    "A12": (("- {body: icb, within: 10 working", "- {body: icb, within: 50 working"),),
    "A13": (("endings:\n- {body: nation, criteria: two quarters at the usual rate, basis: b, source: s}\n", ""),),
}
"""A way to break each property of the rules."""
