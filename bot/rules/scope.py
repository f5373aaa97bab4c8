"""Under which condition it holds, who says so, and whether one source says it all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.ground import CLAUSE, VERB, WE, Ground, Held, has_exactly, words_of
from bot.wording import (
    Mark,
    Token,
    Wording,
    coverage,
    stem,
)

NOVEL = 0.5  # share of the content words of a sentence that may be the writer's own


def condition(g: Ground) -> str:
    """An unless, if, except, subject to ... that was cut off, put in or turned round."""
    for held, mark in g.marks("conditions"):
        if _cut_off(g, held, mark):
            return (
                f"'{held.words.plain[mark.start : _condition_end(held.words, mark)].strip()}' of the source is missing"
            )
    families = {m.kind for _, m in g.marks("conditions")}
    for mark in g.said.of("conditions"):
        if mark.kind in families or (families and mark.kind == "subject"):
            continue
        if families and {mark.kind, *families} == {"unless", "if"} and not _sign_differs(g):
            return f"'{words_of(g.said, mark)}' is not the condition of the source"
        if not families and re.match(
            r"unless|if\b|except|provided|only|subject to|without prejudice", words_of(g.said, mark)
        ):
            return f"'{words_of(g.said, mark)}' is not in the source"
    return ""


def _sign_differs(g: Ground) -> bool:
    return len(g.said.of("negations")) != len(g.near.words.of("negations"))


def _condition_end(words: Wording, mark: Mark) -> int:
    """Where a condition ends: at the next stop, or with its mark where this says all, as in 'where appropriate, ...'."""
    stop = re.compile(r"[,;:](?:\s|$)|\.(?:\s|$)")
    match = stop.search(words.plain, mark.end)
    if match and match.start() - mark.end < 2 and " " not in words_of(words, mark):
        match = stop.search(words.plain, match.end())
    return match.start() if match else len(words.plain)


def _cut_off(g: Ground, held: Held, mark: Mark) -> bool:
    """Whether the clause that depends on this condition is said, and the condition is not."""
    words = held.words
    end = _condition_end(words, mark)
    inside = [t for t in words.content if mark.start <= t.start < end]
    alike = [m for m in g.said.of("conditions") if m.kind == mark.kind]
    share = sum(g.said_for(held, t) is not None for t in inside) / len(inside) if inside else 0.0
    if any(words_of(g.said, m) == words_of(words, mark) and words.plain[end - 9 : end] in g.said.plain for m in alike):
        return False
    if (share > 0.5 and len(inside) > 1) or (alike and (share >= 0.3 or not inside)):
        return False
    start, stop = _head(words, mark, end)
    head = [t for t in words.content if start <= t.start < stop and not mark.start <= t.start < end]
    return len(head) >= 2 and coverage(head, [g.said]) >= CLAUSE


def _head(words: Wording, mark: Mark, end: int) -> tuple[int, int]:
    """The words that a condition governs: those before it back to a stop, or those after it where it comes first."""
    text = words.plain
    start = max([0, *(m.end() for m in re.finditer(r"[;:](?:\s|$)|(?<=\w)\.\s", text[: mark.start]))])
    before = [t for t in words.content if start <= t.start < mark.start]
    inserted = re.search(r"(?:which|who|that|and|or|to|shall|must|should|may|can|will),? $", text[: mark.start])
    if len(before) >= 2 and not inserted:
        return before[-5:][0].start, mark.start
    after = [t for t in words.content if t.start >= end][:5]
    return (after[0].start, after[-1].end) if after else (mark.start, mark.start)


def attribution(g: Ground) -> str:
    """What somebody is reported to say, told as a fact."""
    if g.said.of("sayings"):
        return ""
    for held, mark in g.marks("sayings"):
        text = held.words.plain
        rest = [t for t in held.words.content if t.start >= mark.end][:5]
        if re.search(r"[a-z]+ing$", words_of(held.words, mark)) or len(rest) < 3:
            continue
        if re.search(r"\b(?:we|i)\s(?:\w+\s)?$", text[: mark.start]):
            continue
        verb = stem(words_of(held.words, mark).split()[0])
        if any(t.stem == verb for t in g.said.tokens):
            continue
        sayer = [t for t in held.words.content if t.end <= mark.start][-2:]
        reported = re.match(r"\s*,?\s*(?:that\b|[\"“:])", text[mark.end :]) or words_of(held.words, mark).endswith(
            ("that", "according to")
        )
        if (
            reported
            and coverage(rest, [g.said]) >= CLAUSE
            and not (sayer and coverage(sayer, [g.said]) >= 0.5 and g.said.of("modals"))
        ):
            return f"'{words_of(held.words, mark)}' of the source is missing"
    return ""


def merged(g: Ground) -> str:
    """Who or what one source speaks of, with what another says."""
    if len(g.quotes) < 2:
        return ""
    whole = [Wording(f"{quote} {name}") for quote, name in zip(g.quotes, g.named, strict=True)]
    tokens = [t for t in g.said.content if any(w.holds(t) for w in whole)]
    for clause in _clauses(g.said, tokens):
        best = max(whole, key=lambda w: coverage(clause, [w]))
        strange = [t for t in clause if not best.holds(t)]
        subject, rest = _subject(g.said, clause)
        theirs = [t for t in subject if not has_exactly(best, t) and any(has_exactly(w, t) for w in whole)]
        apart = (
            2 * len(theirs) >= max(1, len(subject)) if subject else WE.match(g.said.plain) and not WE.search(best.plain)
        )
        apart = apart or bool(rest and all(t in strange for t in rest))
        if apart or (len(strange) >= 2 and len(strange) / len(clause) > 0.1):
            return f"'{' '.join(t.word for t in [*theirs, *strange][:4])}' is of another source than the rest of its clause"
    return ""


def _subject(words: Wording, clause: Sequence[Token]) -> tuple[list[Token], list[Token]]:
    """The words of a clause before its first verb, and the others; none where it has no verb."""
    match = VERB.search(words.plain, clause[0].end, clause[-1].end)
    if not match:
        return [], []
    return [t for t in clause if t.end <= match.start()], [t for t in clause if t.start >= match.start()]


def _clauses(words: Wording, tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The content words of each clause: cut at semicolons, while, whereas, and before an 'and' that has its own subject."""
    borders = [m.start() for m in re.finditer(r"[;:]\s|,? (?:while|whereas|but)\b|, and\b|\. ", words.plain)]
    edges = [0, *borders, len(words.plain)]
    for start, end in pairwise(edges):
        clause = [t for t in tokens if start <= t.start < end]
        if len(clause) >= 2:
            yield clause


def novel(g: Ground) -> str:
    """More of the writer's own words than of the source's."""
    known = [held.words for held in g.sentences] + [g.known]
    fresh = [t for t in g.said.content if not any(w.holds(t) for w in known) and len(t.word) > 2]
    wide = len(g.said.content)
    if wide >= 3 and len(fresh) / wide > NOVEL:
        return f"not in the source: {' '.join(t.word for t in fresh[:8])}"
    return ""
