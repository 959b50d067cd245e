"""Laws of the language, against brute force over every completion of what is not known."""

from datetime import date, datetime
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.review import ExpressionError, FactError, Truth, evaluate
from tocsin.review.standards.expression import settle
from tocsin.review.standards.syntax import DEPTH, LENGTH, parse

at = datetime.fromisoformat
YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN
ORDER = {NO: 0, UNKNOWN: 1, YES: 2}
FLAGS = ("a", "b", "c", "d")
NUMBERS = ("p", "q", "r")
DOMAIN = {**dict.fromkeys(FLAGS, (True, False)), **dict.fromkeys(NUMBERS, (0, 1, 2))}


def atoms(names):
    numbers = [n for n in names if n in NUMBERS]
    flags = [f for f in names if f in FLAGS]
    shapes = []
    if flags:
        shapes.append(st.sampled_from(flags))
    if numbers:
        one = st.sampled_from(numbers)
        shapes.append(st.tuples(one, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.just("1")).map(" ".join))
        shapes.append(one.map(lambda n: f"{n} in (0, 2)"))
        shapes.append(one.map(lambda n: f"{n} not in (1, 2)"))
    return st.one_of(shapes)


def trees(leaf):
    return st.recursive(
        leaf,
        lambda of: st.one_of(
            of.map(lambda x: f"not ({x})"),
            st.tuples(of, st.sampled_from(["and", "or"]), of).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        ),
        max_leaves=8,
    )


@st.composite
def read_once(draw):
    """A formula in which each fact occurs once."""
    names = list(draw(st.permutations([*FLAGS, *NUMBERS])))[: draw(st.integers(1, 7))]
    parts = [draw(atoms([name])) for name in names]
    while len(parts) > 1:
        at = draw(st.integers(0, len(parts) - 2))
        joined = f"({parts[at]}) {draw(st.sampled_from(['and', 'or']))} ({parts[at + 1]})"
        parts[at : at + 2] = [f"not ({joined})" if draw(st.booleans()) else joined]
    return parts[0]


partial = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in DOMAIN.items()})


def completions(facts):
    open_ = [name for name in DOMAIN if name not in facts]
    for values in product(*(DOMAIN[name] for name in open_)):
        yield {**facts, **dict(zip(open_, values, strict=True))}


@pytest.mark.parametrize("a", list(Truth))
@pytest.mark.parametrize("b", list(Truth))
def test_the_connectives_are_those_of_kleene(a, b):
    assert (a & b, a | b, ~a) == (
        min(a, b, key=ORDER.__getitem__),
        max(a, b, key=ORDER.__getitem__),
        {YES: NO, NO: YES, UNKNOWN: UNKNOWN}[a],
    )


@given(trees(atoms([*FLAGS, *NUMBERS])), partial)
@settings(max_examples=150, deadline=None)
def test_a_settled_answer_is_that_of_every_way_in_which_the_unknown_could_turn_out(formula, facts):
    answers = {evaluate(formula, whole) for whole in completions(facts)}

    assert UNKNOWN not in answers
    assert evaluate(formula, facts) is UNKNOWN or answers == {evaluate(formula, facts)}


@given(read_once(), partial)
@settings(max_examples=150, deadline=None)
def test_where_each_fact_occurs_once_unknown_means_that_it_could_turn_out_either_way(formula, facts):
    answers = {evaluate(formula, whole) for whole in completions(facts)}

    assert evaluate(formula, facts) is (answers.pop() if len(answers) == 1 else UNKNOWN)


@given(
    trees(st.one_of(atoms([*FLAGS, *NUMBERS]), st.sampled_from(["known(a)", "known(p)"]))),
    partial,
    st.sampled_from(list(DOMAIN)),
    st.data(),
)
@settings(deadline=None)
def test_telling_one_more_fact_never_turns_an_answer_round(formula, facts, name, data):
    before = evaluate(formula, facts)

    after = evaluate(formula, {**facts, name: facts.get(name, data.draw(st.sampled_from(DOMAIN[name])))})

    assert before in (UNKNOWN, after)


@given(trees(atoms([*FLAGS, *NUMBERS])), partial, st.data())
@settings(deadline=None)
def test_the_facts_that_are_missing_settle_it_and_no_others_matter(formula, facts, data):
    truth, missing = settle(formula, facts)
    told = {name: data.draw(st.sampled_from(DOMAIN[name])) for name in missing}
    others = {n: data.draw(st.sampled_from(DOMAIN[n])) for n in DOMAIN if n not in missing and n not in facts}

    assert (missing == ()) is (truth is not UNKNOWN)
    assert evaluate(formula, {**facts, **told}) is not UNKNOWN
    assert evaluate(formula, {**facts, **others}) is truth


CASE = {
    "age": 39, "breech": False, "mode": "forceps", "risks": frozenset({"diabetes"}), "on": date(2014, 5, 1), "temperature": 36.4,
    "decided": at("2014-05-01T23:50"), "born": at("2014-05-02T00:20"), "unasked": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("37 <= age < 42", YES),
        ("not breech and age == 39", YES),
        ("breech == false", YES),
        ('mode in ("forceps", "ventouse")', YES),
        ('mode not in ("forceps", "ventouse")', NO),
        ('"diabetes" in risks', YES),
        ('"asthma" in risks', NO),
        ("minutes(decided, born) <= 30", YES),
        ("minutes(decided, born) < 30", NO),
        ("minutes(born, decided) == -30", YES),
        ("hours(decided, born) == 0.5", YES),
        ("days(on, born) == 1", YES),
        ("weeks(2014-04-24, on) == 1", YES),
        ("on < 2014-05-02 and born >= 2014-05-02", YES),
        ("decided < 2014-05-01T23:51", YES),
        ("temperature >= 36.5", NO),
        ("known(age)", YES),
        ("known(unasked)", UNKNOWN),
        ("not known(unasked)", UNKNOWN),
        ("unasked", UNKNOWN),
        ("unasked or age > 36", YES),
        ("unasked and age > 40", NO),
        ("breech or unasked and true", UNKNOWN),
        ("minutes(decided, never) <= 30", UNKNOWN),
        ("", YES),
        ("true", YES),
    ],
)
def test_an_expression_says_of_a_case_what_a_reader_would(expression, answer):
    assert evaluate(expression, CASE) is answer


@pytest.mark.parametrize(
    ("expression", "column", "words"),
    [
        ("age >", 6, "found the end"),
        ("age > 37 weeks", 10, "found 'weeks'; expected 'and', 'or', or the end"),
        ('__import__("os")', 11, "found '('; expected 'and', 'or', or the end"),
        ("age > 'x'", 7, "found ''x''"),
        ('mode == "forceps', 9, "a text without closing quotes"),
        ("age.real > 1", 4, "found '.real'"),
        ("minutes(decided, born)", 23, "a comparison, as '<= 30'"),
        ("minutes(decided, minutes(a, b)) > 1", 18, "a day or a time"),
        ("on > 2014-02-30", 6, "a day that exists"),
        ("37", 3, "a comparison"),
        ("known(37)", 7, "the name of a fact"),
        ("mode in (age)", 10, "found a fact"),
        ("and", 1, "found 'and'"),
        ("(age > 37", 10, "')'"),
        ("a == b)", 7, "the end"),
        ("lambda: 0", 7, "found ':'"),
        ("(" * (DEPTH + 1) + "a" + ")" * (DEPTH + 1), DEPTH + 1, "levels of brackets"),
        ("not " * 400 + "a", 4 * DEPTH + 1, "levels of brackets"),
        ("a or " * LENGTH + "a", LENGTH + 1, "at most 2,000"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_column(expression, column, words):
    with pytest.raises(ExpressionError) as raised:
        parse(expression)

    assert raised.value.column == column
    assert words in str(raised.value)


def column_refused(text):
    try:
        parse(text)
    except ExpressionError as error:
        return error.column
    return None


@given(st.text(alphabet="ab12 ()<>=!,.\"'-:_notandrikw\n\t\\é", max_size=80))
@settings(deadline=None)
def test_no_text_does_more_than_be_read_or_refused(text):
    assert column_refused(text) is None or 1 <= column_refused(text) <= len(text) + 1


@pytest.mark.parametrize(
    ("expression", "facts", "words"),
    [
        ("breech", {"breech": 1}, "fact 'breech': found 1; expected true or false"),
        ("age > 37", {"age": "39"}, "fact 'age': found '39'; expected a number"),
        ("age > 37", {"age": float("nan")}, "fact 'age': found nan; expected a number"),
        (
            "minutes(a, b) < 3",
            {"a": date(2014, 1, 1), "b": at("2014-01-01T00:00")},
            "fact 'a': found datetime.date(2014, 1, 1); expected a time of day",
        ),
        ("days(a, b) < 3", {"a": date(2014, 1, 1), "b": "x"}, "fact 'b': found 'x'; expected a day or a time"),
        ('"x" in a', {"a": "xyz"}, "fact 'a': found 'xyz'; expected a set of texts"),
    ],
)
def test_a_fact_of_the_wrong_kind_is_named(expression, facts, words):
    with pytest.raises(FactError) as raised:
        evaluate(expression, facts)

    assert words in str(raised.value)
