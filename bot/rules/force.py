"""How strongly it is said: may, should, must, will, and what bounds a number or a group."""

from __future__ import annotations

import re

from bot.ground import Ground, Held, words_of
from bot.wording import (
    Mark,
    Token,
    Wording,
    irregular,
)

_AS_GOOD = {
    ("must", "will"), ("will", "must"), ("plan", "will"), ("perhaps", "may"), ("may", "perhaps"), ("plan", "perhaps"), ("may", "plan"),
}  # fmt: skip


_CERTAIN = {"may", "should", "perhaps", "plan"}  # what must not be left out: without it, more is said


_PURE = re.compile(
    r"(?!allow|permit|entitl|empower|requir|oblig|mandat|recommend|urg|encourag|call|propos|consider|explor)"
)


_ENABLES = re.compile(r"allow|permit|entitl|empower")


def modality(g: Ground) -> str:
    """May for must, should for shall, will for may; a reservation that was left out."""
    for mark in g.said.of("modals"):
        kinds = _held_kinds(g, mark, "modals")
        if kinds is None or _same_force(g, mark, kinds):
            continue
        if mark.kind in ("should", "must") and any(_commands(held.words) for held in g.grounds):
            continue
        return f"'{words_of(g.said, mark)}' is not what the source says"
    for held, mark in g.marks("modals"):
        if mark.kind == "will" and _done_already(g, held, mark):
            return f"'{words_of(held.words, mark)}' of the source is missing"
        if (
            mark.kind in _CERTAIN
            and not _ENABLES.match(words_of(held.words, mark))
            and _left_out(g, held, mark, "modals")
            and not _denied(held.words, mark)
        ):
            return f"'{words_of(held.words, mark)}' of the source is missing"
    return ""


_ITEM = re.compile(r"(?:[-–•*·▪]|\(?(?:[a-z]{1,3}|\d{1,2})[.)]) ([a-z]+) ")


_NO_VERB = re.compile(r"(?:s|ed|ing|ly)$|^(?:the|a|an|in|on|of|to|for|if|it|we|any|all|no)$")


def _commands(words: Wording) -> bool:
    """Whether a sentence is an item of a list that begins with what is to be done: '- Promote the ...'."""
    match = _ITEM.match(words.plain)
    if not match or any(_PURE.match(words_of(words, m)) for m in words.of("modals")):
        return False
    return not _NO_VERB.search(match.group(1))


def _done_already(g: Ground, held: Held, mark: Mark) -> bool:
    """Whether what the source says will be done is told as done."""
    focus = held.words.after(mark, 1)
    token = g.said_for(held, focus[0]) if focus else None
    if token is None or focus[0].word == token.word or g.said.of("modals"):
        return False
    past = token.word.endswith("ed") or token.word in irregular()
    return past and not re.search(r"\b(?:is|are|be|being|to|will)\s(?:\w+\s)?$", g.said.plain[: token.start])


def _held_kinds(g: Ground, mark: Mark, name: str) -> set[str] | None:
    """The kinds of mark that the source has on the word that follows this one; None where that cannot be told."""
    focus = g.said.after(mark, 1)
    pair = g.held_for(focus[0]) if focus else None
    if pair is None:
        found = {m.kind for _, m in g.marks(name)}
        return found or set()
    return _kinds(pair.sentence.words, pair.held, name)


def _kinds(words: Wording, token: Token, name: str) -> set[str]:
    found = {m.kind for m in words.of(name) if token in words.after(m, 2) and not m.start <= token.start < m.end}
    if name == "modals" and re.search(r"\b(?:is|are|was|were) to (?:\w+ )?$", words.plain[: token.start]):
        found.add("must")
    return found


def _same_force(g: Ground, mark: Mark, kinds: set[str]) -> bool:
    kind = mark.kind
    everywhere = {m.kind for h, m in g.marks("modals") if _PURE.match(words_of(h.words, m))}
    if kind in kinds or any((other, kind) in _AS_GOOD for other in kinds):
        return True
    if (
        _denied(g.said, mark)
        and kind in ("may", "must")
        and ((kinds | everywhere) & {"may", "must"} or (not kinds | everywhere and _denies(g)))
    ):
        return True
    own = next((t for t in g.said.content if mark.start <= t.start < mark.end), None)
    if own and g.held_for(own):
        return True
    if not kinds:
        return (
            kind in everywhere
            or kind == "plan"
            or (kind == "will" and not everywhere & {"plan", "perhaps"})
            or (kind == "must" and any(_binding(h.words) for h in g.grounds))
        )
    return False


def _denies(g: Ground) -> bool:
    return any(True for _ in g.marks("negations", "denials"))


def _binding(words: Wording) -> bool:
    """Whether a sentence obliges or forbids anywhere: then its parts may be told as duties."""
    return any(m.kind == "must" for m in words.of("modals")) or bool(words.of("denials"))


def _denied(words: Wording, mark: Mark) -> bool:
    before = [
        m for m in words.of("negations") if 0 <= mark.start - m.end <= 30 and not words_of(words, m).startswith("not")
    ]
    return bool(before) or any(0 <= m.start - mark.end <= 1 for m in words.of("negations"))


def _left_out(g: Ground, held: Held, mark: Mark, name: str) -> bool:
    """Whether the word that the source marks is said without any mark."""
    focus = held.words.after(mark, 1)
    token = g.said_for(held, focus[0]) if focus else None
    own = next((t for t in held.words.content if mark.start <= t.start < mark.end), None)
    if any(0 <= m.start - mark.end <= 1 for m in held.words.of("denials")):
        return False
    if token is None or (own and g.said_for(held, own)):
        return False
    told = _kinds(g.said, token, name)
    if told:
        return (
            mark.kind in ("may", "should")
            and mark.kind not in told
            and not any((mark.kind, kind) in _AS_GOOD for kind in told)
        )
    return not any(m.kind in _CERTAIN for m in g.said.of(name) if abs(m.start - token.start) < 60)


_QUANTITIES_KEPT = {"least", "most", "above", "below", "only", "some", "most_of", "few", "none", "many"}


def quantity(g: Ground) -> str:
    """All for some, at most for at least; a bound that was left out or put in."""
    for mark in g.said.of("quantities"):
        kinds = _quantities(g, mark)
        if kinds is None or mark.kind in kinds:
            continue
        if not kinds and mark.kind in ("all", "both", "about", "exactly") and not _narrower(g, mark):
            continue
        if {mark.kind} | kinds <= {"all", "both"} or (mark.kind == "most" and kinds == {"below"}):
            continue
        return f"'{words_of(g.said, mark)}' is not what the source says"
    for held, mark in g.marks("quantities"):
        if mark.kind in _QUANTITIES_KEPT and _unbounded(g, held, mark):
            return f"'{words_of(held.words, mark)}' of the source is missing"
    return ""


def _narrower(g: Ground, mark: Mark) -> bool:
    """Whether the source narrows what 'all' is said of: 'all states' for 'other affected states'."""
    focus = g.said.after(mark, 1)
    pair = g.held_for(focus[0]) if focus else None
    if pair is None or mark.kind != "all":
        return False
    words = pair.sentence.words
    ahead = [t for t in words.content if t.end == pair.held.start - 1]
    return any(not g.said.holds(t) for t in ahead)


def _after_or_before(words: Wording, mark: Mark) -> list[Token]:
    if re.match(r"or |at the latest|at a minimum", words_of(words, mark)):
        return [t for t in words.content if t.end <= mark.start][-2:]
    return [t for t in words.after(mark, 3) if "," not in words.plain[mark.end : t.start]]


def _quantities(g: Ground, mark: Mark) -> set[str] | None:
    focus = _after_or_before(g.said, mark)
    pairs = [pair for token in focus if (pair := g.held_for(token))][:1]
    if not pairs:
        if not focus:
            return {m.kind for _, m in g.marks("quantities")}
        found = {m.kind for _, m in g.marks("quantities")}
        return found if mark.kind not in ("some", "many", "about", "all", "both") or mark.kind in found else None
    found = set()
    for pair in pairs:
        words = pair.sentence.words
        found |= {m.kind for m in words.of("quantities") if pair.held in _after_or_before(words, m)}
    return found


def _unbounded(g: Ground, held: Held, mark: Mark) -> bool:
    focus = _after_or_before(held.words, mark)
    tokens = [token for f in focus[:1] if (token := g.said_for(held, f))]
    if not tokens:
        return False
    return not any(tokens[0] in _after_or_before(g.said, m) for m in g.said.of("quantities")) and not any(
        m.kind == mark.kind for m in g.said.of("quantities")
    )
