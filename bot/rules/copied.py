"""A sentence that is nearly a copy: what stands in it in the place of something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot import figures
from bot.ground import CLAUSE, VERB, Ground, has_exactly
from bot.names import fold
from bot.proper import initials, listed, named, names_it
from bot.wording import (
    Token,
    Wording,
    actor,
    coverage,
    related,
    synonyms,
)

SAME = 0.85  # ... from which every word for who acts must be the source's


COPY = 0.75  # likeness from which a sentence counts as copied, so that what changed places in it was moved


_LINKS = frozenset(
    "and or before after within outside inside beyond with without for against until since despite because".split()
)


def other_words(g: Ground) -> str:
    """In a sentence that is nearly copied: a name, number, actor, or link replaced by another."""
    said, held = g.said.tokens, g.near.words.tokens
    if coverage(g.said.content, [g.near.words]) < CLAUSE:
        return ""
    for a, b in _replaced(said, held):
        mine, theirs = [t.word for t in a], [t.word for t in b]
        if not a or not b:
            if [*mine, *theirs] in (["not"], ["never"]) and similarity(g) >= SAME and _copied_back(g) >= SAME:
                return f"'{(mine or theirs)[0]}' put in or left out"
            continue
        links, others = {*mine} & _LINKS - {*theirs}, {*theirs} & _LINKS - {*mine}
        if (
            len(a) == len(b) == 1
            and links
            and others
            and (similarity(g) >= SAME or not {*mine, *theirs} <= {"and", "or"})
        ):
            return f"'{' '.join(mine)}' for '{' '.join(theirs)}'"
        if len(a) <= 4 and len(b) <= 4 and (told := _another(g, a, b) or _other_subject(g, a, b)):
            return told
    return ""


_AGAINST = {
    "with": "against without",
    "for": "against",
    "before": "after",
    "inside": "outside",
    "within": "outside after",
    "above": "below",
    "under": "over",
}


_TURNED = {
    (a, b) for one, others in _AGAINST.items() for other in others.split() for a, b in ((one, other), (other, one))
}


def turned_links(g: Ground) -> str:
    """Against for with, after for before: before a word that both texts have."""
    for pair in g.pairs:
        mine, theirs = _link(g.said, pair.said), _link(pair.sentence.words, pair.held)
        if (mine, theirs) in _TURNED and not re.search(rf"\b{mine}\b", pair.sentence.words.plain):
            return f"'{mine} {pair.said.word}' for '{theirs} {pair.held.word}'"
    return ""


def _link(words: Wording, token: Token) -> str:
    """The preposition that a word stands under."""
    match = re.search(
        r"(?<!\w)(\w+) (?:(?:the|a|an|their|its|his|her|our|this|that|these|those|any|all|such) )?$",
        words.plain[: token.start],
    )
    return match.group(1) if match else ""


def _other_subject(g: Ground, a: Sequence[Token], b: Sequence[Token]) -> str:
    """In a copied sentence: another word for who acts, one that the source does not have."""
    verb = VERB.search(g.said.plain, a[-1].end)
    between = g.said.plain[a[-1].end : verb.start()] if verb else ", "
    if (
        similarity(g) < SAME
        or re.search(r"[,;:]|\b(?:of|to|in|for|that|which|who|when|where|if|than|and|or)\b", between)
        or VERB.search(g.said.plain, 0, a[0].start)
    ):
        return ""
    lost = [t for t in b if t.content and not has_exactly(g.said, t)]
    fresh = [t for t in a if t.content and not any(has_exactly(w, t) for w in (g.near.words, g.known))]
    fresh = [t for t in fresh if not any(synonyms(t.word, o.word) for o in lost)]
    mine, theirs = g.said.plain[a[0].start : a[-1].end], g.near.words.plain[b[0].start : b[-1].end]
    if not fresh or not lost or names_it(mine, theirs) or names_it(theirs, mine) or _initialled(g, a, b):
        return ""
    same = named(g.said, a) & named(g.near.words, b)
    return "" if same or any(t.word[0].isdigit() for t in (*fresh, *lost)) else f"'{mine}' for '{theirs}'"


def _another(g: Ground, a: Sequence[Token], b: Sequence[Token]) -> str:
    """Whether the words of one slot name another than those of the other: another number, name or actor."""
    text, near = g.said.plain, g.near.words.plain
    mine, theirs = text[a[0].start : a[-1].end], near[b[0].start : b[-1].end]
    told = f"'{mine}' for '{theirs}'"
    fresh = [t for t in a if t.content and not any(related(t.stem, o.stem) for o in b)]
    lost = [t for t in b if t.content and not any(related(t.stem, o.stem) for o in a)]
    if not fresh or not lost:
        return ""
    if _other_figure(g, mine, theirs):
        return told
    if _other_name(g, a, b):
        return told
    for one in fresh:
        for two in lost:
            kinds, kept = actor(one.word), actor(two.word)
            if kinds and kept and not kinds & kept:
                return told
    return ""


def _other_name(g: Ground, a: Sequence[Token], b: Sequence[Token]) -> bool:
    """Whether one name stands in the place of another: a stranger, or in a copied sentence one from elsewhere in it."""
    mine, theirs = named(g.said, a), named(g.near.words, b)
    if not mine or not theirs or mine & theirs:
        return False
    if mine <= _all_named(g.near.words) and theirs <= _all_named(g.said):
        if similarity(g) < COPY or _listed_together(g.near.words, mine | theirs):
            return False
    words, others = g.said.plain[a[0].start : a[-1].end], g.near.words.plain[b[0].start : b[-1].end]
    return not (names_it(words, others) or names_it(others, words) or _initialled(g, a, b))


def _other_figure(g: Ground, mine: str, theirs: str) -> bool:
    """Whether one number stands in the place of another, not only elsewhere or written otherwise."""
    numbers, others = figures.numbers(mine), figures.numbers(theirs)
    if not numbers or not others or numbers & others:
        return False
    said, held = f"{g.said.text}", g.near.words.text
    if figures.durations(said).keys() & figures.durations(held).keys():
        return False
    moved = numbers <= figures.numbers(held) and similarity(g) < COPY
    dated = {d[:3] for d in figures.dates(said)}
    return not moved and not (dated and dated <= {d[:3] for d in figures.dates(held)})


def _all_named(words: Wording) -> set[str]:
    return (
        named(words, words.tokens) | {fold(t) for t in re.findall(r"(?<!\w)[A-Z][\w’'-]+", words.text)}
        if words.tokens
        else set()
    )


def _listed_together(words: Wording, names: set[str]) -> bool:
    """Whether the names stand in one list, where their order says nothing: 'Lithuania and Australia'."""
    spans = [(start, end) for start, end, name in listed(words.text) if name in names]
    spans += [m.span() for name in names for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", words.plain)]
    if len(words.text) != len(words.plain) or len(spans) < 2:
        return False
    between = words.text[min(spans)[1] : max(spans)[0]]
    return not re.search(r"(?<![\w])(?!(?:and|or|the|of|as|well)\b)[a-z]{2,}", between)


def similarity(g: Ground) -> float:
    """The share of the sentence that is a copy of the nearest one, word for word and in its order."""
    from rapidfuzz.distance import LCSseq

    said = [t.word for t in g.said.tokens]
    return float(LCSseq.similarity(said, [t.word for t in g.near.words.tokens]) / max(1, len(said)))


def _copied_back(g: Ground) -> float:
    """The share of the nearest sentence that is copied."""
    return similarity(g) * len(g.said.tokens) / max(1, len(g.near.words.tokens))


def _initialled(g: Ground, a: Sequence[Token], b: Sequence[Token]) -> bool:
    mine = g.said.text[a[0].start : a[-1].end] if len(g.said.text) == len(g.said.plain) else ""
    theirs = g.near.words.text[b[0].start : b[-1].end] if len(g.near.words.text) == len(g.near.words.plain) else ""
    return bool(mine and theirs) and (initials(mine, theirs) or initials(theirs, mine))


def _replaced(said: Sequence[Token], held: Sequence[Token]) -> Iterator[tuple[Sequence[Token], Sequence[Token]]]:
    """The runs of words that stand in one text where the other has others."""
    from rapidfuzz.distance import Indel

    codes = Indel.opcodes([t.word for t in said], [t.word for t in held])
    a: list[Token] = []
    b: list[Token] = []
    for code in codes:
        if code.tag == "equal":
            if a or b:
                yield a, b
            a, b = [], []
        else:
            a += said[code.src_start : code.src_end]
            b += held[code.dest_start : code.dest_end]
    if a or b:
        yield a, b
