import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.learn import MEASURE_VERSION, encoders, link, load, similarity, vectors
from tocsin.learn.encoders import Shipped
from tocsin.learn.metric import WEIGHTS, fit, sentences, shipped
from tocsin.learn.minilm import numbers as word_pieces
from tocsin.learn.train import version_of
from tocsin.learn.words import in_sentences, neutral, tfidf

NOT_CALLED = "The registrar was never telephoned although the labour had stalled for hours."
LATE_CALL = "Juniors hesitated to ring somebody more experienced and soldiered on."
ROOF = "Rain came through the ceiling of the delivery suite and the lift was out of order."


class Hashed:
    """A stand-in for another model: 16 numbers that depend on the letters alone."""

    def encode(self, texts):
        rows = [np.frombuffer(hashlib.sha256(t.encode("utf-8", "replace")).digest()[:16], np.uint8) for t in texts]
        return np.array(rows, np.float32).reshape(len(texts), 16) / 255


def test_the_same_failing_in_other_words_is_nearer_than_another_failing():
    near, far = similarity([NOT_CALLED], [LATE_CALL, ROOF])[0]

    assert near > far


def test_a_value_for_a_pair_does_not_depend_on_what_else_is_asked():
    alone = similarity([NOT_CALLED], [LATE_CALL])[0, 0]
    among = similarity([ROOF, NOT_CALLED], [ROOF, LATE_CALL, "Something else entirely, at much greater length than the others."])[1, 1]

    assert abs(alone - among) < 1e-9


@given(st.lists(st.text(max_size=30), max_size=4), st.lists(st.text(max_size=30), max_size=4))
def test_any_texts_give_a_matrix_in_range_that_is_symmetric_and_highest_for_itself(a, b):
    found = similarity(a, b, encoder=HASHED)

    assert found.shape == (len(a), len(b))
    assert np.all((found >= -1) & (found <= 1))
    np.testing.assert_allclose(found, similarity(b, a, encoder=HASHED).T, atol=1e-9)
    if a:
        itself = similarity(a, a, encoder=HASHED)
        assert np.all(itself.diagonal() >= itself.max(axis=1) - 1e-9)


HASHED = Hashed()


def test_empty_lists_empty_texts_odd_letters_and_long_texts_are_answered():
    texts = ["", "   ", "\0\ud800", "🙂", "é" * 5000, "Care was poor. " * 900, NOT_CALLED]
    found = similarity(texts, texts)

    assert similarity([], texts).shape == (0, 7)
    assert similarity(texts, []).shape == (7, 0)
    assert np.isfinite(found).all()
    assert not found[0].any()
    assert found[6, 6] == found[6].max() == pytest.approx(1)


def test_arrays_of_texts_other_languages_and_repeated_texts_are_answered_alike():
    texts = [NOT_CALLED, "Die Ärztin wurde nicht gerufen.", "لم يتم استدعاء الطبيب", NOT_CALLED, ROOF]
    found = similarity(np.array(texts), np.array(texts))

    np.testing.assert_array_equal(found, similarity(texts, texts))
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(found[0], found[3])
    assert found[0, 3] == 1
    assert similarity(np.array([], dtype=str), np.array(texts)).shape == (0, 5)
    assert vectors(np.array(texts)).shape == (5, 397)


def test_a_kept_vector_is_the_one_that_was_made_and_few_are_kept(monkeypatch):
    monkeypatch.setattr(encoders, "_KEEP", 2)
    first = Shipped().encode([NOT_CALLED, ROOF, LATE_CALL])

    np.testing.assert_allclose(Shipped().encode([NOT_CALLED, LATE_CALL]), first[[0, 2]], atol=1e-6)
    assert len(encoders._kept) == 2


def test_names_places_dates_and_numbers_do_not_count():
    one = "On 3 May 2011 Dr Anne Smith of Northshire General Hospital did not examine her."
    other = "On 19 July 2020 Dr Peter Jones of West Vale Hospital did not examine her."

    assert neutral(one) == neutral(other)
    assert similarity([one], [other])[0, 0] > 0.999


def test_rebuilding_the_metric_from_its_sentences_gives_what_is_shipped():
    texts, owner, family_of = sentences(load())
    kept = shipped()
    sample = list(range(0, len(texts), 60))
    again = kept.place(Shipped().encode([texts[i] for i in sample]))

    assert np.all((again * kept.examples[sample]).sum(axis=1) > 0.999)
    rebuilt = fit(RAW, owner, family_of, texts)
    assert np.all((rebuilt.examples * kept.examples).sum(axis=1) > 0.9999)
    np.testing.assert_allclose(rebuilt.link, kept.link, rtol=1e-2)


def test_vectors_multiply_to_the_measure_without_its_part_for_words():
    texts = [NOT_CALLED, LATE_CALL, ROOF, ""]
    found = vectors(texts)
    words = tfidf([neutral(t) for t in texts], shipped().words, {})
    expected = (found @ found.T * sum(WEIGHTS[:3]) + WEIGHTS[3] * (words @ words.T).toarray()) / sum(WEIGHTS)

    assert found.shape == (4, 397)
    assert found.dtype == np.float32
    assert vectors([]).shape == (0, 397)
    assert not found[3].any()
    np.testing.assert_allclose(np.linalg.norm(found[:3], axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(similarity(texts, texts), np.clip(expected, -1, 1), atol=1e-5)


def test_the_version_of_the_measure_changes_with_any_number_that_it_depends_on():
    kept = shipped()

    assert version_of(kept) == MEASURE_VERSION
    assert version_of(replace(kept, mean=kept.mean + 0.01)) != MEASURE_VERSION
    assert version_of(replace(kept, words=kept.words | {"midwif": 9.0})) != MEASURE_VERSION


def test_a_passage_that_says_several_things_is_near_to_each_of_them():
    both = f"{NOT_CALLED} {ROOF}"
    about_call, about_roof, about_neither = similarity([both], [LATE_CALL, "The building leaked.", "Parents had no bereavement room."])[0]

    assert in_sentences(both) == [NOT_CALLED, ROOF]
    assert about_call > about_neither
    assert about_roof > about_neither


def _raw():
    from importlib.resources import as_file, files

    with as_file(files("tocsin.learn") / "metric.npz") as path, np.load(path) as kept:
        return kept["raw"].astype(np.float32)


RAW = _raw()


def test_the_word_pieces_of_a_sentence_are_those_that_the_model_was_made_with():
    # "hello world": 7592 and 2088 in the published vocabulary, between 101 and 102; accents and case do not count
    assert word_pieces("Hello wörld") == word_pieces("hello world") == [101, 7592, 2088, 102]


def test_a_passage_is_linked_to_its_failing_with_the_sentence_and_the_words_that_matched():
    (first, *_), nothing = link(["A wet trace was read as normal; the CTG was pathological and no one interpreted it.", ""])

    assert first.failing == "trace-misread"
    assert 0.5 < first.score < 1
    assert "trace" in first.reason.words
    assert first.reason.example in {e.text for e in load()["trace-misread"].examples}
    assert nothing == ()


def test_probabilities_of_links_fall_from_first_to_last():
    for links in link([NOT_CALLED, LATE_CALL, ROOF], top=5):
        scores = [x.score for x in links]
        assert len(scores) == 5
        assert scores == sorted(scores, reverse=True)
