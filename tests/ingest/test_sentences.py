"""Sentences of legal and diplomatic text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sentences import parts, spans


def split(text: str, language: str = "en") -> list[str]:
    return [text[start:end] for start, end in spans(text, language)]


@pytest.mark.parametrize(
    "sentence",
    [
        "It rests on Sec. 4 of the order, on Art. 5 and on Nos. 12 and 13.",
        "The Convention (ETS No. 185) entered into force in 2004.",
        "The U.S. Government agreed with the U.K. on it.",
        "See para. 3, cf. p. 80, and e.g. A/68/98, i.e. the report.",
        "Mr. J. R. Smith and Dr. Jane Q. Public spoke.",
        "On Jan. 3, at 6:02 P.M. EDT, they met.",
        "It cites 44 U.S.C. 3502 and 18 U.S.C. 1030(e)(1).",
        "1. The Parties shall cooperate.",
        "(a) incident handling.",
        "1.3. States should not knowingly allow it.",
        "- o GV.OC-01: The mission is understood.",
        "He said “We agree.” and left.",
        "Directive 2009/48/EC (OJ L 170, 30.6.2009, p. 1) applies.",
    ],
)
def test_one_sentence_stays_one(sentence: str) -> None:
    assert split(sentence) == [sentence]


@pytest.mark.parametrize(
    "sentences",
    [
        ["(b) The order was issued.", "It entered into force at once."],
        ["1. States met.", "They agreed.", "It was late."],
        ["Reports were made.3", "Others were not.4", "The Group met."],
        ["It ended in 2019.", "35 states joined."],
        ["It was signed in the U.S.", "The others followed."],
        ["See Annex A.", "The rest follows."],
        ["Is it in force?", "Yes!", "It is."],
        ["First: (a) one thing is done.", "(b) Another is not.", "It ends."],
    ],
)
def test_several_are_told_apart(sentences: list[str]) -> None:
    assert split(" ".join(sentences)) == sentences


def test_other_languages() -> None:
    assert split("Los Estados se reunieron. Acordaron once normas.", "es") == [
        "Los Estados se reunieron.",
        "Acordaron once normas.",
    ]
    assert split("各国开会。他们同意了。", "zh") == ["各国开会。", "他们同意了。"]


@given(st.text(max_size=400), st.sampled_from(["en", "fr", "nl", "", "xx"]))
def test_sentences_are_trimmed_in_order_and_lose_no_word(text: str, language: str) -> None:
    found = spans(text, language)
    assert all(low < high and text[low:high] == text[low:high].strip() for low, high in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assert "".join("".join(text[low:high].split()) for low, high in found) == "".join(text.split())


def test_a_long_sentence_is_cut_behind_semicolons() -> None:
    clause = " ".join(["word"] * 39) + " end;"
    text = " ".join([clause] * 10)
    pieces = [text[low:high] for low, high in parts(text, 220, 130)]
    assert len(pieces) == 4
    assert all(piece.endswith("end;") for piece in pieces)
    assert " ".join(pieces) == text


@given(st.lists(st.sampled_from(["word", "clause;", "pause,", "x"]), min_size=1, max_size=700))
def test_parts_are_short_enough_and_lose_no_word(words: list[str]) -> None:
    text = " ".join(words)
    pieces = [text[low:high] for low, high in parts(text, 220, 130)]
    assert " ".join(pieces) == text
    assert all(len(piece.split()) <= 220 for piece in pieces)
