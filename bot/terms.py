"""What people say and what the texts say for it: plain words and questions in French or Spanish, put into terms of art."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

import yaml

from bot.names import fold

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ELIDED = re.compile(r"(?<!\w)(?:[ldsncjmt]|qu)'(?=\w)")  # l'accord
_COMMON = {
    "es": frozenset(
        "el la los las de del en que y por para con una un se su es al lo cual cuales segun cuantos cuando como quien".split()
    ),
    "fr": frozenset(
        "le la les des du de en et est une un pour dans par au aux qui que quels quelles selon combien quand comment ont ete".split()
    ),
    "en": frozenset(
        "the of and to in is was what which who how did does by on for with from at are were must can may be".split()
    ),
}


@cache
def _lists() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(resources.files("bot").joinpath("terms.yaml").read_text(encoding="utf-8"))
    return loaded


@cache
def _plain() -> tuple[tuple[re.Pattern[str], str], ...]:
    rows: list[list[str]] = _lists()["plain"]
    return tuple((re.compile(rf"\b(?:{row[0].replace(' ~ ', r' (?:[^ ]+ ){0,3}')})\b"), row[1]) for row in rows)


@cache
def _glossary(language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    rows: dict[str, str] = _lists()[language]
    english = _countries(language) | {
        phrase: meaning for phrases, meaning in rows.items() for phrase in phrases.split("|")
    }
    longest_first = sorted(english, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"), english


def _countries(language: str) -> dict[str, str]:
    """What countries are called in a language, folded, and in English."""
    from babel import Locale

    names, english = (Locale(code).territories for code in (language, "en"))
    return {fold(name): english[code] for code, name in names.items() if code.isalpha() and len(name) > 3}


def language_of(text: str) -> str:
    """`en`, `es` or `fr`, by the small words of `text`; English when in doubt."""
    words = _WORD.findall(fold(text))
    counts = {language: sum(word in common for word in words) for language, common in _COMMON.items()}
    best = max(("en", "es", "fr"), key=lambda language: counts[language])
    return best if counts[best] > counts["en"] else "en"


def in_english(text: str, language: str) -> str:
    """`text` word by word in English as far as the glossary goes; names and unknown words stay."""
    if language == "en":
        return text
    pattern, english = _glossary(language)
    glossed = _ELIDED.sub("", pattern.sub(lambda match: english[match.group()], fold(text)))
    return " ".join(word for word in glossed.split() if fold(word) not in _COMMON[language] - _COMMON["en"])


def terms_for(text: str) -> tuple[str, ...]:
    """The terms of art for the plain words in `text`, in the order of the list."""
    folded = fold(text)
    return tuple(term for pattern, term in _plain() if pattern.search(folded))
