"""Who did what to whom: whether two words have changed sides of a word that both texts share."""

from __future__ import annotations

import re

from bot.figures import MONTHS, ORDINALS
from bot.ground import Ground, Pair
from bot.proper import listed, named
from bot.wording import Token, Wording, related

_CLOSE = 3  # words beside a verb that say who acts, and on whom
_REACH = 7  # words beside a verb that may act or be acted upon
_BE = r"\b(?:am|is|are|was|were|be|been|being|get|gets|got)\b"
_BORDER = re.compile(
    r"[;:()]|,\s(?:and|but|or)\b|\b(?:which|who|that|if|unless|when|where|while|whereas|after|before|because|since|although|until)\b"
)


def swapped(g: Ground) -> str:
    """The words that stand on the other side of a shared verb, where neither text has made an active of a passive."""
    if told := _exchanged(g):
        return told
    for pivot in (p for p in g.pairs if related(p.said.stem, p.held.stem)):
        if not _like_a_verb(g.said, pivot.said) and not _like_a_verb(pivot.sentence.words, pivot.held):
            continue
        before, after = _sides(g.said, pivot.said)
        theirs_before, theirs_after = _sides(pivot.sentence.words, pivot.held)
        turned = _passive(g.said, pivot.said) != _passive(pivot.sentence.words, pivot.held)
        left = [p for p in g.pairs if _of(p, pivot) and p.said in before and _acts(g, p)]
        right = [p for p in g.pairs if _of(p, pivot) and p.said in after and _acts(g, p)]
        moved_left = [p for p in left if p.held in theirs_after]
        moved_right = [p for p in right if p.held in theirs_before]
        subjects = [p for p in g.pairs if _of(p, pivot) and p.held in theirs_before[-_CLOSE:] and _acts(g, p)]
        object_moved = _most(moved_right, right[:_CLOSE]) or _most(moved_right, subjects)
        if not turned and _named_otherwise(g, pivot, before, theirs_before):
            return f"'{pivot.said.word}' has another subject"
        if (
            not turned
            and moved_right
            and _named(g.said, moved_left)
            and _named(g.said, moved_right)
            and moved_left[-1] in left[-_CLOSE:]
        ):
            return f"'{moved_left[-1].said.word}' and '{moved_right[0].said.word}' have changed places"
        if not turned and moved_right and _most(moved_left, left[-_CLOSE:]) and object_moved:
            return f"'{moved_left[-1].said.word}' and '{moved_right[0].said.word}' have changed places"
    return ""


def _named(words: Wording, pairs: list[Pair]) -> bool:
    """Whether there is a name among the words said."""
    return any(_capital(words, p.said) for p in pairs)


def _capital(words: Wording, token: Token) -> bool:
    return len(words.text) == len(words.plain) and words.text[token.start].isupper() and token.start > 0


def _named_otherwise(g: Ground, pivot: Pair, before: list[Token], theirs: list[Token]) -> bool:
    """Whether a name acts here that acts elsewhere in the source, and the source's one acts elsewhere here."""
    other = pivot.sentence.words
    mine, yours = before[-2:], theirs[-2:]
    if (
        not mine
        or not yours
        or not _capital(other, yours[-1])
        or not (_capital(g.said, mine[-1]) or mine[-1].start == 0)
    ):
        return False
    stems, stems_there = {t.stem for t in mine}, {t.stem for t in yours}
    if stems & stems_there or any(t.stem in stems for t in theirs) or any(t.stem in stems_there for t in before):
        return False
    if mine[-1].stem not in other.stems or named(g.said, mine) & named(other, yours):
        return False
    return yours[-1].stem in g.said.stems or (
        _beside(g.said, mine[-1], pivot.said) and _beside(other, yours[-1], pivot.held)
    )


def _beside(words: Wording, one: Token, verb: Token) -> bool:
    """Whether only little words stand between a name and its verb."""
    return (
        not re.search(r"[,;:()—-]", words.plain[one.end : verb.start])
        and len(words.plain[one.end : verb.start].split()) <= 1
    )


def _exchanged(g: Ground) -> str:
    """Two names of which each stands after the word that the source has before the other."""
    mine, theirs = _before_names(g.said), _before_names(g.near.words)
    for one, word in mine.items():
        for other, another in mine.items():
            if one < other and word != another and (theirs.get(one), theirs.get(other)) == (another, word):
                return f"'{one}' and '{other}' have changed places"
    return ""


def _before_names(words: Wording) -> dict[str, str]:
    """Each listed actor with the word before it, articles aside."""
    found: dict[str, str] = {}
    for start, _, name in sorted(listed(words.text)):
        ahead = [t.word for t in words.tokens if t.end <= start and t.word not in ("the", "a", "an", "s")]
        found.setdefault(name, ahead[-1] if ahead else "")
    return found


def _most(moved: list[Pair], close: list[Pair]) -> bool:
    """Whether most of the words close to the verb have moved."""
    return 2 * sum(p in moved for p in close) >= max(1, len(close))


def _acts(g: Ground, pair: Pair) -> bool:
    """Whether a word may be somebody or something: no number, month or place in a document."""
    word = pair.said.word
    behind = g.said.plain[pair.said.end : pair.said.end + 3]
    return not (word[0].isdigit() or word in MONTHS or re.match(r"s? \d", behind))


def _of(pair: Pair, pivot: Pair) -> bool:
    return pair.sentence is pivot.sentence and pair is not pivot


def _sides(words: Wording, verb: Token) -> tuple[list[Token], list[Token]]:
    """The content words close before and after a verb, in its clause."""
    text = words.plain
    start = max([0, *(m.end() for m in _BORDER.finditer(text, 0, verb.start))])
    end = min([len(text), *(m.start() for m in _BORDER.finditer(text, verb.end))])
    before = [t for t in words.content if start <= t.start and t.end <= verb.start][-_REACH:]
    after = [t for t in words.content if verb.end <= t.start < end][:_REACH]
    return before, after


def _like_a_verb(words: Wording, token: Token) -> bool:
    """Whether a word does something: after a modal, 'to' or a form of be or have, or ending like a verb between two names."""
    if _capital(words, token) or token.word.endswith("ly") or token.word in ORDINALS or token.word in ("last", "next"):
        return False
    ahead = words.plain[max(0, token.start - 30) : token.start]
    if re.search(
        r"\b(?:may|might|can|could|should|must|shall|will|would|to|not|has|have|had|do|does|did)\s(?:\w+ly\s)?$", ahead
    ):
        return True
    if re.search(rf"{_BE}\s(?:\w+ly\s|not\s|been\s|being\s)?$", ahead):
        return token.word.endswith(("ed", "en", "wn", "ing", "t", "ne", "de"))
    if re.search(r"\b(?:the|a|an|of|its|their)\s$", ahead) or len(token.word) < 4:
        return False
    if token.word.endswith("s"):
        named_before = re.search(r"[A-Z][\w’'-]*\s(?:\w+ly\s)?$", words.text[: token.start])
        follows = re.match(r"\s(?:the|a|an|its|their|each|any|all|such|that)\s", words.plain[token.end :])
        return bool(follows or (named_before and re.match(r"\s[A-Z]", words.text[token.end :])))
    return token.word.endswith(("ed", "ing", "en"))


def _passive(words: Wording, token: Token) -> bool:
    """Whether something is done to what stands before the verb."""
    ahead = words.plain[max(0, token.start - 30) : token.start]
    behind = words.plain[token.end : token.end + 60]
    participle = token.word.endswith(("ed", "en", "wn", "t", "ne")) or token.word in (
        "made",
        "held",
        "led",
        "put",
        "set",
        "found",
        "told",
        "hit",
    )
    return participle and bool(
        re.search(rf"{_BE}\s(?:[\w,]+\s){{0,4}}$", ahead) or re.match(r"(?:\s\w+)?\sby\b", behind)
    )
