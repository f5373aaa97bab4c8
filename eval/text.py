"""How texts are compared: letters only, or word for word; where a span lies in a document; which marks a text holds."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

MIN_SHARE = 0.6  # of the shorter text, that must be common for a quote to count as quoting a span
MIN_LETTERS = 24

_NO_LETTER = re.compile(r"[\W_]+")
_MARK = re.compile(r"\\?\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\\?\]")
_LINE_HYPHEN = re.compile(r"(?<=\w)[-‐\u00ad]\s*\n\s*(?=\w)")
_TYPOGRAPHY = str.maketrans(
    {**dict.fromkeys("‘’‛′`´", "'"), **dict.fromkeys("“”„«»″", '"'), **dict.fromkeys("‐‑‒–—−", "-"), "\u00ad": None}
)

Interval = tuple[int, int]


@lru_cache(maxsize=65536)
def letters(text: str) -> str:
    """Letters and digits only, lower case: line breaks, hyphenation and punctuation do not count."""
    return _NO_LETTER.sub("", text.lower())


def covers(text: str, span: str) -> bool:
    """Whether `text` quotes `span`: one holds the other, or most of the shorter runs through both."""
    return _covers(letters(text), letters(span))


@lru_cache(maxsize=262144)
def _covers(text: str, span: str) -> bool:
    if not text or not span:
        return False
    if span in text or (len(text) >= MIN_LETTERS and text in span):
        return True
    size = math.ceil(max(MIN_LETTERS, MIN_SHARE * min(len(text), len(span))))
    if size > min(len(text), len(span)):
        return False
    windows = {span[i : i + size] for i in range(len(span) - size + 1)}
    return any(text[i : i + size] in windows for i in range(len(text) - size + 1))


def flat(text: str) -> str:
    """`text` for comparing word for word: quotation marks, dashes and white space made one; case and script kept."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY).split())


def same(quote: str, source: str) -> bool:
    """Whether the two are equal word for word; a word that a line end divides may be whole in the other."""
    return bool(quote.strip()) and bool(_forms(quote) & _forms(source))


def stands_in(quote: str, source: str) -> bool:
    """Whether `quote` stands in `source` word for word."""
    return bool(quote.strip()) and any(_whole(form, held) for form in _forms(quote) for held in _forms(source))


def _forms(text: str) -> set[str]:
    return {flat(text), flat(_LINE_HYPHEN.sub("", text)), flat(_LINE_HYPHEN.sub("-", text))}


def _whole(part: str, text: str) -> bool:
    """Whether `part` is in `text` without cutting a word or number at its ends."""
    before = r"(?<!\w)" if part[:1].isalnum() else ""
    after = r"(?!\w)" if part[-1:].isalnum() else ""
    return part in text and re.search(before + re.escape(part) + after, text) is not None


@lru_cache(maxsize=512)
def _lettered(text: str) -> tuple[str, tuple[int, ...]]:
    """The letters of `text`, and the offset in `text` of each."""
    kept: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(text):
        for letter in _NO_LETTER.sub("", character.lower()):
            kept.append(letter)
            offsets.append(offset)
    return "".join(kept), tuple(offsets)


@lru_cache(maxsize=65536)
def locate(span: str, text: str) -> tuple[Interval, ...]:
    """Every place of `span` in `text` as (start, end); punctuation, case and white space aside."""
    wanted = _lettered(span)[0]
    held, offsets = _lettered(text)
    found: list[Interval] = []
    at = held.find(wanted) if wanted else -1
    while at >= 0:
        found.append((offsets[at], offsets[at + len(wanted) - 1] + 1))
        at = held.find(wanted, at + len(wanted))
    return tuple(found)


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same characters as disjoint intervals in order, so that none is counted twice."""
    whole: list[Interval] = []
    for start, end in sorted(intervals):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        elif end > start:
            whole.append((start, end))
    return whole


def length(intervals: Iterable[Interval]) -> int:
    """How many characters the intervals cover."""
    return sum(end - start for start, end in merged(intervals))


def common(one: Iterable[Interval], other: Iterable[Interval]) -> list[Interval]:
    """The characters that both cover, as disjoint intervals."""
    second = merged(other)
    return [(max(a, c), min(b, d)) for a, b in merged(one) for c, d in second if max(a, c) < min(b, d)]


def marks(text: str) -> list[int]:
    """The numbers of the citation marks in `text`, in order: [1], [2, 3], escaped or not."""
    return [int(number) for match in _MARK.finditer(text) for number in re.findall(r"\d+", match.group(1))]


def without_marks(text: str) -> str:
    """`text` without its citation marks."""
    return _MARK.sub("", text)


def words(text: str) -> int:
    """How many words `text` has, white space between them."""
    return len(text.split())


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first names, and how many more there are: for messages."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
