"""On which side it is: a word where the source has its opposite."""

from __future__ import annotations

from bot.ground import Ground, Held
from bot.wording import (
    Token,
    Wording,
    opposed,
    prefixed,
    related,
    synonyms,
)


def stance(g: Ground) -> str:
    """A word of the other side: condemns for welcomes, voluntary for mandatory."""
    said = {t.word for t in g.said.tokens}
    for at, token in enumerate(g.said.tokens):
        for held in g.grounds:
            places = [n for n, t in enumerate(held.words.tokens) if related(token.stem, t.stem)]
            among = max((_common(g, at, held, n) for n in places), default=-1)
            for place, other in enumerate(held.words.tokens):
                matched = g.said_for(held, other) is not None or (not other.content and other.word in said)
                if matched or not _contrary(token, other) or not _same_sign(g, token, held, other):
                    continue
                if among < _common(g, at, held, place) and not _stands_for_another(g, at, held, place):
                    return f"'{token.word}' for '{other.word}'"
            if places:
                break
    return ""


def _contrary(one: Token, other: Token) -> bool:
    return opposed(one.stem, other.stem) or prefixed(one.word, other.word)


def _common(g: Ground, at: int, held: Held, place: int) -> int:
    """How many words stand beside both a word said and one of the source."""
    return len(_beside(g.said, at) & _beside(held.words, place))


def _stands_for_another(g: Ground, at: int, held: Held, place: int) -> bool:
    """Whether a word said is a synonym of a word of the source that stands among the same words, rather than of an opposite."""
    token, tokens = g.said.tokens[at], held.words.tokens
    beside = _beside(g.said, at)
    common = len(beside & _beside(held.words, place))
    return any(
        synonyms(token.word, other.word)
        and not opposed(token.stem, other.stem)
        and len(beside & _beside(held.words, n)) >= common
        for n, other in enumerate(tokens)
        if n != place
    )


def _beside(words: Wording, at: int) -> set[str]:
    return {t.stem for t in words.tokens[max(0, at - 4) : at + 5] if t.content} - {words.tokens[at].stem}


def _same_sign(g: Ground, token: Token, held: Held, other: Token) -> bool:
    """Whether both words are denied, or neither: 'does not oppose' may stand for 'supports'."""
    return _under(g.said, token) == _under(held.words, other)


def _under(words: Wording, token: Token) -> bool:
    return any(token in words.after(m, 1) or 0 <= token.start - m.end <= 2 for m in words.of("negations"))
