"""What is denied: a denial put in or left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.ground import CLAUSE, Ground, Held, Pair, words_of
from bot.wording import (
    Mark,
    Token,
    Wording,
    coverage,
)


def negation(g: Ground) -> str:
    """A denial that was put in or left out. One whose word has no match may stand for one of the other side."""
    said = [(m, _sign(g.said, m, g.held_for)) for m in g.said.of("negations")]
    held = [(h, m, _sign(h.words, m, lambda t, h=h: _reverse(g, h, t))) for h, m in g.marks("negations")]  # type: ignore[misc]
    added, free = [m for m, sign in said if sign is False], [m for m, sign in said if sign is None]
    dropped = [(h, m) for h, m, sign in held if sign is False]
    unmatched = [(h, m) for h, m, sign in held if sign is None]
    mine = sum(_bears(g.said, m, g.held_for) for m in _own_denials(g.said, [h.words for h in g.grounds]))
    theirs = sum(
        _bears(h.words, m, lambda t, h=h: _reverse(g, h, t))  # type: ignore[misc]
        for h in g.grounds
        for m in _own_denials(h.words, [g.said])
    )
    if len(added) > len(dropped) + len(unmatched) + theirs or (free and not held and len(free) > theirs):
        return f"'{words_of(g.said, (added or free)[0])}' is not in the source"
    strict = [m for m in _own_denials(g.said, [h.words for h in g.grounds]) if _LACKS.match(words_of(g.said, m))]
    if strict and not held and not theirs:
        return f"'{words_of(g.said, strict[0])}' is not in the source"
    lost = [*dropped, *((h, m) for h, m in unmatched if not said and h is g.near and _clause_covered(g, h, m))]
    if len(lost) > len(added) + len(free) + mine:
        return f"'{words_of(lost[0][0].words, lost[0][1])}' of the source is missing"
    return ""


_LACKS = re.compile(r"lack|fail|refus|declin|deny|deni|depriv|absen|unable|neglect|omit|hardly|scarcely")


def _bears(words: Wording, mark: Mark, match: Callable[[Token], Pair | None]) -> bool:
    """Whether a word that denies bears on something that both texts speak of."""
    focus = words.after(mark, 2)
    return not focus or any(match(token) for token in focus)


def _reverse(g: Ground, held: Held, token: Token) -> Pair | None:
    """The pair of a word of the quotes."""
    return next((p for p in g.pairs if p.sentence is held and p.held.start == token.start), None)


def _sign(words: Wording, mark: Mark, match: Callable[[Token], Pair | None]) -> bool | None:
    """Whether the other text denies what this one denies here; None where it does not have the word."""
    focus = words.after(mark, 1)
    pair = match(focus[0]) if focus else None
    if pair is None:
        return None
    other, token = (pair.said_words, pair.said) if words is pair.sentence.words else (pair.sentence.words, pair.held)
    near = {(p.said if other is p.said_words else p.held) for t in words.after(mark, 3) if (p := match(t))}
    return any(token in other.after(m, 3) or near & {*other.after(m, 1)} for m in other.of("negations"))


def _own_denials(words: Wording, others: Sequence[Wording]) -> list[Mark]:
    """The words that deny by their meaning and that the others do not have."""
    told = [m for m in words.of("denials") if not any(words.plain[m.start : m.end][:5] in w.plain for w in others)]
    nons = [t for t in words.content if t.word.startswith("non") and not any(t.stem in w.stems for w in others)]
    return told + [Mark("denials", "", t.start, t.end) for t in nons]


def _clause_covered(g: Ground, held: Held, mark: Mark) -> bool:
    """Whether the words around a mark, in its clause, are said."""
    start, end = _clause(held.words.plain, mark.start)
    words = [t for t in held.words.content if start <= t.start < end]
    return len(words) >= 2 and coverage(words, [g.said]) >= CLAUSE


def _clause(text: str, at: int) -> tuple[int, int]:
    """Where the clause around `at` begins and ends: between commas, semicolons, colons and brackets."""
    borders = [
        m.end()
        for m in re.finditer(
            r"[,;:()](?:\s|$)|\s-\s|(?<=\w)\.\s|\s(?:but|and)\s(?=(?:shall|must|should|may|can|will|is|are|was|were|has|have|had|to|does|do|did)\b)",
            text,
        )
    ]
    return max([0, *(b for b in borders if b <= at)]), min([len(text), *(b for b in borders if b > at)])
