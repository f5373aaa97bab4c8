"""False premises: a quoted sentence that says otherwise than the question takes for granted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.names import fold
from bot.wording import Token, Wording, countries, coverage, related

if TYPE_CHECKING:
    from bot.question import Question
    from bot.quote import Pick

HELD = 0.6  # of the question's words that the denying sentence and its title must hold
CLOSE = 4.0  # a sentence denies only while its logit is within this of the best
FIRST_WORDS = 2  # content words after the denial of which one is denied
_OPEN = re.compile(  # questions that leave it open: the denial would be their answer
    r"^(?:is|are|was|were|do|does|did|has|have|had|can|could|may|might|must|shall|should|would|will|whether|how (?:is|are|do|does|did))\b"
)
_WHY_NOT = re.compile(
    r"(?:why|how come|what made|(?:on|for) what (?:grounds?|reasons?)) (?:did |does |do |has |have |had )?(?:the )?(?P<who>.+?) "
    r"(?:refus|declin|fail|reject)\w* to (?P<what>.+)"
)
_NO = re.compile(r"(?:no|without)\b")
_REFUSES = re.compile(r"refus|declin|reject|lack")
_NORM = re.compile(r"\b(?:should|shall|must|may|can|could|would|might|will|to|if|do|does)\s+$")  # "should not" forbids
_SOME = re.compile(
    r"\b(?:that|which|who)(?: (?:had|have|has|did|do|does|is|are|was|were))?\s+$"
)  # the States that did not
_NO_DENIAL = re.compile(r"nothing|nor|neither|ne|non|not (?:only|among|part|just|yet all)")
_COMMON = frozenset(
    "cyber cybersecurity international state united nation operation ict icts use law national country security".split()
)


def denying(question: Question, picks: Sequence[Pick]) -> Pick | None:
    """The pick that denies what `question` presupposes, such as 'refused to pay' for 'How much did it pay?'; None without one."""
    asked = Wording(question.search)
    if _OPEN.match(fold(question.search)) or asked.of("negations", "denials") or not picks:
        return None
    words = [token for token in asked.content if not token.word[0].isdigit()]
    return next((pick for pick in _close(picks) if _denies(words, pick, question.search)), None)


def affirming(question: Question, picks: Sequence[Pick]) -> Pick | None:
    """The pick that says the thing was done, such as 'Ardia signed the accord' for 'Why did Ardia refuse to sign it?'; None without one."""
    found = _WHY_NOT.match(fold(question.search))
    if not found or not picks:
        return None
    who, what = Wording(found["who"]).content, Wording(found["what"]).content
    return next((pick for pick in _close(picks) if who and what and _affirms(who, what, pick)), None)


def _close(picks: Sequence[Pick]) -> list[Pick]:
    """The picks nearly as near to the question as the nearest, nearest first."""
    best = max(pick.raw for pick in picks)
    return sorted((pick for pick in picks if pick.raw >= best - CLOSE), key=lambda pick: -pick.raw)


def _titles(pick: Pick) -> Wording:
    """The title and the headings that a pick stands under."""
    return Wording(f"{pick.document.title} {' '.join(pick.passage.path)}")


def _affirms(who: Sequence[Token], what: Sequence[Token], pick: Pick) -> bool:
    """Whether `pick` says, without a no before it, that `who` did the first word of `what`."""
    said = Wording(pick.text)
    verb = next((token for token in said.content if related(what[0].stem, token.stem)), None)
    if verb is None or _NORM.search(said.plain[: verb.start]):
        return False
    doers = [token for token in said.content if token.start < verb.start]
    if not all(any(related(word.stem, token.stem) for token in doers) for word in who):
        return False
    if any(mark.start < verb.start for mark in said.of("negations", "denials")):
        return False
    return coverage(what, [said, _titles(pick)]) >= HELD


def _denies(words: Sequence[Token], pick: Pick, question: str) -> bool:
    said = Wording(pick.text)
    if coverage(words, [said, _titles(pick)]) < HELD:
        return False
    telling = [word for word in words if word.word not in _COMMON]
    for mark in said.of("negations", "denials"):
        phrase, before = said.plain[mark.start :], said.plain[: mark.start]
        if mark.list == "denials" and not _REFUSES.match(phrase):
            continue
        if (
            _SOME.search(before)
            or _NO_DENIAL.match(phrase)
            or _NORM.search(before)
            or _of_another(said.text[: len(before)], question)
        ):
            continue
        whole = _NO.match(phrase) and not re.search(
            "[a-z]", before
        )  # "No member of it has ..." denies all that follows
        reach = len(words) if whole else 1 if _NO.match(phrase) else FIRST_WORDS
        following = said.after(mark, reach + 1, reach=len(said.plain))
        denied = [token for token in following if token.word not in _COMMON][:reach]
        shared = [token for token in denied if any(related(word.stem, token.stem) for word in telling)]
        if len(shared) > bool(whole):
            return True
    return False


def _of_another(before: str, question: str) -> bool:
    """Whether what is denied is somebody's whom the question does not name: the names since the clause began."""
    clause = re.split(r"[;:,] |\b(?:and|but|whereas|while|although) ", before)[-1]
    first = re.match(r"[^A-Za-z]*", before).end() == len(before) - len(clause)  # type: ignore[union-attr]
    names = re.findall(r"(?<![\w-])[A-Z][\w'-]+", clause)
    if first and names and clause.lstrip().startswith(names[0]) and fold(names[0]) not in countries():
        names = names[1:]
    asked = fold(question)
    return bool(names) and not any(fold(name)[:5] in asked for name in names)
