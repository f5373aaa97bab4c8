"""Definitions: the term that a question wants defined, and the sentences that define it."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.names import fold
from bot.spelling import is_english

_QUOTED = re.compile(r"(?<!\w)['\"‘“]([\w][\w -]{2,60})['\"’”](?!\w)")
_WANTS = re.compile(
    r"\b(?:defin\w+|means?|meant|meaning|counts? as|counted as|understood|understand|explain\w*|describe\w*|what (?:is|are)|what's)\b"
)
_THING = r"(?:(?:the )?(?:term|word|notion|concept|phrase|expression)(?:s)? )?(?:an? |the )?['\"‘“]?(?P<term>[\w][\w -]{2,60}?)['\"’”]?"
_SCOPE = r"(?:,? (?:in|under|according to|as (?:used|defined|understood|per)|for (?:the purposes?|purposes) of|by|within|from) .{2,90})?"
_ASKED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:mean|understand|understood) by {_THING}{_SCOPE}\s*\?*$",
        rf"\b(?:what|who) (?:is |are )?(?:counts?|counted|qualif(?:y|ies)|considered|regarded|classed) as {_THING}{_SCOPE}\s*\?*$",
        rf"\b(?:definition|meaning) of {_THING}{_SCOPE}\s*\?*$",
        rf"\bdefine[sd]? {_THING}{_SCOPE}\s*\?*$",
        rf"\bwhat (?:does|do) {_THING} mean\b",
        rf"\bhow (?:is|are) {_THING} (?:defined|understood|explained)\b",
        rf"^how (?:do|does) .{{3,80}} (?:explain|understand|describe) {_THING}{_SCOPE}\s*\?*$",
        rf"^(?:(?:under|in|according to) .{{2,60}}?, ?)?(?:what is|what's|what are|who is|who are) (?:an? ){_THING}{_SCOPE}\s*\?*$",
        rf"(?:^|, ?)what (?:is|are) (?P<term>(?!(?:the|about|said|known|new|left|next|meant|\w+ed)\b)[\w-]+(?: [\w-]+)?){_SCOPE}\s*\?*$",
        r"^(?P<term>[\w -]{2,40}?) (?:meaning|definition)\b",
    )
)
_OTHER = re.compile(r"^(?:how (?:many|much|long|often)|when|where|which|why|(?:in |on )?what (?:year|date|day))\b")
_MARK = r"['\"‘’“”]?"
_JOINED = re.compile(r" and (?:is|are|was|were|do|does|what|who|how|why|when|where)\b")
_LONGEST = 6  # words of a term


def term_of(question: str) -> str:
    """The term, folded, that `question` wants defined; '' where it asks for no definition."""
    folded = fold(question)
    if _OTHER.match(folded):
        return ""
    quoted = _QUOTED.search(question)
    if quoted and _WANTS.search(folded):
        return _bare(quoted[1])
    for pattern in _ASKED:
        if (found := pattern.search(folded)) and 0 < len(_bare(found["term"]).split()) <= _LONGEST:
            return _bare(found["term"])
    return ""


def defines(term: str, text: str) -> bool:
    """Whether `text` says what `term` is: 'X means', 'X: ...', 'X is a', 'X (which ...)', 'defined as', the term first."""
    return bool(_pattern(term).search(fold(text)))


@lru_cache(maxsize=256)
def _pattern(term: str) -> re.Pattern[str]:
    said = r"[ -]".join(re.escape(word) for word in re.split(r"[ -]", term))
    named = rf"(?<![\w-]){_MARK}{said}s?{_MARK}(?![\w-])"
    return re.compile(
        rf"{named}(?: \([^)]{{1,30}}\)| or {_MARK}[\w -]{{2,30}}{_MARK})?,? (?:shall mean|means?|refers? to"
        rf"|(?:has|have|shall have) the (?:same )?meaning"
        rf"|(?:is|are) (?:defined|understood|any|an?\b|about\b|those\b|when\b|where\b)|defined as|can (?:also )?be (?:defined|understood))"
        rf"|^(?:\W|\d|\(?\w{{1,3}}[.)] )*{named}(?:: \w|,? (?:where|which means) |, \w)"
        rf"|defin\w+ (?:\w+ ){{0,2}}{named} (?:as|to mean)|\bby {named} (?:we|is) mean"
        rf"|{named} \((?:i\.e\.,? |that is,? )?(?:[^\W\d_][\w'-]*,? ){{5}}"
    )


def _bare(term: str) -> str:
    words = _JOINED.split(fold(term))[0].split()
    while words and words[0] in ("a", "an", "the", "el", "la", "les", "le"):
        words = words[1:]
    if (
        words
        and len(words[-1]) > 4
        and words[-1].endswith("s")
        and not words[-1].endswith("ss")
        and is_english(words[-1][:-1])
    ):
        words[-1] = words[-1][:-1]
    return " ".join(words)
