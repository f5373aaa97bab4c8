"""Regular expressions of a suite, bounded in time: one that backtracks for ever stops with a message, not the run."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import lru_cache

import regex  # type: ignore[import-untyped, unused-ignore]

from ingest.documents import LibraryError

SECONDS = 2.0
_NASTY = ("a" * 4000 + "!", "1" * 4000 + "x", " " * 4000 + "x", "ab " * 1500 + "!", "1,2 " * 1000 + "!")


class BadPattern(LibraryError):
    """A pattern that does not compile, or that takes too long."""


@lru_cache(maxsize=8192)
def compiled(pattern: str) -> regex.Pattern[str]:
    """The pattern, case-insensitive; it must be one that Python's own `re` knows too. BadPattern when it is not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern, re.IGNORECASE)
            return regex.compile(pattern, regex.IGNORECASE | regex.VERSION0)
    except (re.error, regex.error, OverflowError, RecursionError) as error:
        raise BadPattern(f"pattern {pattern!r} does not compile: {error}") from None


def found(pattern: str, text: str, seconds: float = SECONDS) -> bool:
    """Whether the pattern occurs in `text`. BadPattern when that takes longer than `seconds`."""
    try:
        return compiled(pattern).search(text, timeout=seconds) is not None
    except TimeoutError:
        raise BadPattern(
            f"pattern {pattern!r} takes more than {seconds:g} s: it backtracks too much. Avoid nested repeats."
        ) from None


def any_found(patterns: Iterable[str], text: str) -> bool:
    """Whether one of the patterns occurs in `text`."""
    return any(found(pattern, text) for pattern in patterns)


def check(pattern: str) -> None:
    """BadPattern when the pattern does not compile, matches the empty text or backtracks on texts made for that."""
    if compiled(pattern).search("") is not None:
        raise BadPattern(f"pattern {pattern!r} matches an empty text: it would match every answer.")
    for text in (*_NASTY, *_provoking(pattern)):
        found(pattern, text, seconds=0.5)


def _provoking(pattern: str) -> list[str]:
    """Texts that repeat what the pattern itself looks for."""
    plain = re.sub(r"\\[a-zA-Z]|[^\w ]", "", pattern)[:40]
    return [plain * 100 + "!", *(character * 2000 + "!" for character in sorted(set(plain))[:12])]
