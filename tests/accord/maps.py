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
BROKEN = {
    "A1": (("first: true, ", ""),),
    "A2": (("- {body: region, role: lead, must", "- {body: region, role: lead, first: true, must"),),
    "A3": (LOOSE,),
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
