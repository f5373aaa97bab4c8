"""Where the sentences of a text are: legal texts abbreviate and number, so what a splitter cuts there is joined."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

_MARKER = re.compile(
    r"^(?:\((?:[a-zA-Z]{1,4}|\d{1,3})\)|(?:[a-zA-Z]|[ivxIVX]{1,5}|\d{1,3}(?:\.\d{1,2})*)[.)]|\d{1,3}\.\d{1,2}|[-–—•·▪o*])\s+"
)
_ONLY_MARKERS = re.compile(r"^(?:\(?(?:[a-zA-Z]{1,4}|\d{1,3}(?:\.\d{1,2})*)[.)]\s*|[-–—•·▪]\s*)+$")
_BEFORE_NUMBER = re.compile(
    r"(?:^|[\s(\[“])(?:secs?|sects?|arts?|nos?|paras?|pars?|pp?|vols?|chaps?|ch|figs?|annex|res|doc|rev|add|corr|cl|ss?|subsec|ed|n|l|c)\.\s*$",
    re.IGNORECASE,
)
_BEFORE_ANY = re.compile(
    r"(?:^|[\s(\[“])(?:e\.\s?g|i\.\s?e|cf|viz|vs|approx|incl|Mr|Mrs|Ms|Mx|Dr|Prof|Hon|Gen|Col|Sen|Rep|Amb|St|Messrs|Exec)\.\s*$"
)
_MONTH = re.compile(r"(?:^|\s)(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.\s*$")
_INITIALS = re.compile(r"(?:^|[A-Z][\w’'-]*\s|[A-Z]\.\s?)[A-Z]\.\s*$")
_NOT_A_NAME = re.compile(
    r"\b(?:Annex|Appendix|Part|Class|Group|Module|Option|Schedule|Section|Table|Title|Tier|Type|Plan|Phase|and|or)"
    r"\s[A-Z]\.\s*$"
)
_NUMERAL = re.compile(r"^[\d(\[“”\"IVX§]")
_STATE = re.compile(r"(?:^|[\s(“])(?:[A-Z]\.){2,4}\s*$")
_OF_A_STATE = re.compile(
    r"^(?:EDT|EST|ET|UTC|GMT|CET|Government|Department|Congress|Code|House|Senate|President|Ambassador|Secretary|Army"
    r"|Navy|Treasury|C\.|Charter|§|\d)"
)
_SEEN = 200  # characters around a border that tell whether it is one
_WIDE = "。！？｡"  # after these no space is written
_CLOSERS = '”’"»)]'
_NOTE_MARK = re.compile(r"[a-z%)”’\"][.!?][”’\"]?\d{1,2}(?=\s+[A-Z“‘\"(])")  # 'in cyberspace.12 The members'


def spans(text: str, language: str = "en") -> list[tuple[int, int]]:
    """Start and end of each sentence of `text`, trimmed; a marker such as '(a)' belongs to the sentence it opens."""
    borders = sorted({*_borders(text, language), *(match.end() for match in _NOTE_MARK.finditer(text))})
    found: list[tuple[int, int]] = []
    open_at = 0
    for border in [*borders, len(text)]:
        if border < len(text) and _wrong(text[max(open_at, border - _SEEN) : border], text[border : border + _SEEN]):
            continue
        piece = text[open_at:border]
        if piece.strip():
            found.append((open_at + len(piece) - len(piece.lstrip()), open_at + len(piece.rstrip())))
        open_at = border
    return found


def _borders(text: str, language: str) -> Iterator[int]:
    """Where the splitter begins a sentence. It leaves whole what starts with '(a)', so that is taken off before."""
    from sentencex import segment  # type: ignore[attr-defined]

    marker = _MARKER.match(text)
    at = start = marker.end() if marker else 0
    for piece in segment(language or "en", text[at:]):
        here = text.find(piece.strip(), at)
        if here < 0:
            continue
        if here > start and (text[here - 1].isspace() or text[here - 1] in _WIDE):
            yield here
        at = here + len(piece.strip())
        if _MARKER.match(piece) and len(piece) < len(text):
            yield from (here + border for border in _borders(piece, language))


def _wrong(before: str, after: str) -> bool:
    """Whether no sentence ends between the two: an abbreviation, initials, a lone marker, a closing quotation mark."""
    after = after.lstrip()
    if not after or not before.strip() or _ONLY_MARKERS.match(before.strip() + " "):
        return True
    if after[0].islower() or after[0] in _CLOSERS or after[0] in ",;:":
        return True
    if _BEFORE_ANY.search(before) or (_MONTH.search(before) and after[0].isdigit()):
        return True
    if _STATE.search(before):
        return bool(_OF_A_STATE.match(after))
    if _BEFORE_NUMBER.search(before) and _NUMERAL.match(after):
        return True
    return bool(_INITIALS.search(before)) and not _NOT_A_NAME.search(before) and after[0].isupper()


def parts(text: str, most: int, wished: int) -> Iterator[tuple[int, int]]:
    """Start and end of the parts of a long sentence: cut evenly, behind semicolons, else commas, else words."""
    words = list(re.finditer(r"\S+", text))
    if len(words) <= most:
        yield 0, len(text)
        return
    count = -(-len(words) // wished)
    cuts = [0]
    for number in range(1, count):
        cuts.append(_cut_near(words, len(words) * number // count, wished // 3))
    for low, high in pairwise([*cuts, len(words)]):
        if low < high:
            yield words[low].start(), words[high - 1].end()


def _cut_near(words: Sequence[re.Match[str]], ideal: int, reach: int) -> int:
    """The number of the word nearest to word number `ideal` before which a clause ends."""
    for mark in (";", ":", ","):
        near = [at for at in range(ideal - reach, ideal + reach + 1) if words[at - 1].group().endswith(mark)]
        if near:
            return min(near, key=lambda at: abs(at - ideal))
    return ideal
