"""Each language has every word, with the same gaps to fill; browsers get the one that they like best."""

import re
import string

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot import language


def gaps(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}


def test_english_is_the_default_and_french_is_there() -> None:
    assert language.codes()[0] == language.DEFAULT == "en"
    assert "fr" in language.codes()


@pytest.mark.parametrize("code", language.codes())
def test_a_language_has_every_word(code: str) -> None:
    expected, words = language.load("en"), language.load(code)
    assert sorted(words) == sorted(expected), f"bot/languages/{code}.yaml: keys missing or too many"
    for key, english in expected.items():
        assert words[key], f"{code}: {key} is empty"
        assert gaps(words[key]) == gaps(english), f"{code}: {key} has other gaps than in English"
    assert len(words["common.months"].split()) == 12
    assert words["common.direction"] in ("ltr", "rtl")


@pytest.mark.parametrize("code", language.codes())
def test_no_word_is_read_as_anything_but_words(code: str) -> None:
    groups = yaml.safe_load((language._FOLDER / f"{code}.yaml").read_text(encoding="utf-8"))
    for group, entries in groups.items():
        for name, words in entries.items():
            assert isinstance(words, str), f"{code}: {group}.{name}: put it in quotes"


@pytest.mark.parametrize(
    ("accept", "code"),
    [
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("de,fr;q=0.5,en;q=0.4", "fr"),
        ("de-DE", "en"),
        ("*", "en"),
        ("en;q=0.3, *;q=0.1, fr;q=0.7", "fr"),
        ("FR", "fr"),
        ("fr;q=0", "en"),
        ("", "en"),
        (None, "en"),
        ("../../etc/passwd", "en"),
        ("fr;q=nonsense", "en"),
    ],
)
def test_the_browser_gets_the_language_it_likes_best(accept: str | None, code: str) -> None:
    assert language.pick(accept) == code


@given(st.text())
def test_any_header_picks_a_language(accept: str) -> None:
    assert language.pick(accept) in language.codes()


def test_an_unknown_language_is_the_default() -> None:
    assert language.load("xx") == language.load("en")
    assert language.load("../en") == language.load("en")


def test_numbers_and_dates_are_written_as_in_the_language() -> None:
    english, french = language.load("en"), language.load("fr")
    assert language.many(english, "common.document", 1) == "1 document"
    assert language.many(english, "common.word", 12345) == "12,345 words"
    assert re.fullmatch(r"12\s345 mots", language.many(french, "common.word", 12345))
    assert language.day(english, "2022-12-14") == "14 December 2022"
    assert language.day(french, "2022-12-14") == "14 décembre 2022"
    assert language.day(french, "2022-12") == "décembre 2022"
    assert language.day(english, "soon") == "soon"
    assert language.day(english, "2022-99-01") == "2022-99-01"
