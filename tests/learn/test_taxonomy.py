import pytest

from tocsin.learn.taxonomy import load, read_taxonomy

HEAD = """version: "1"
families:
- {id: f, name: F}
failings:
"""
ONE = """- id: {id}
  family: {family}
  name: N
  definition: D
  not: X
  examples:
"""


def failing(id="a", family="f", voice="inquiry", n=5):
    return ONE.format(id=id, family=family) + "".join(f"  - {voice}: Sentence {i}.\n" for i in range(n))


def test_the_shipped_taxonomy_has_a_hundred_failings_in_a_dozen_families_each_said_in_several_voices():
    taxonomy = load()

    assert len(taxonomy.failings) >= 100
    assert len({f.family.id for f in taxonomy.failings}) >= 12
    assert all(len({e.voice for e in f.examples}) >= 3 for f in taxonomy.failings)


def test_no_sentence_stands_under_two_failings():
    texts = [e.text for f in load().failings for e in f.examples]

    assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        (failing(family="g"), 5, "family 'g'"),
        (failing(voice="nobody"), 5, "voice 'nobody'"),
        (failing(n=4), 5, "4 examples"),
        (failing() + failing(), 16, "twice"),
        (failing().replace("  name: N\n", ""), 5, "'name' is missing"),
    ],
)
def test_a_fault_is_said_with_its_line(body, line, says):
    with pytest.raises(ValueError, match=f"own.yaml:{line}: .*{says}"):
        read_taxonomy(HEAD + body, "own.yaml")
