"""Sources that disagree: sentences of two documents that say the same but for a figure, a date or a denial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.expected import MARKER
from bot.figures import numbers
from bot.wording import Wording

if TYPE_CHECKING:
    from bot.quote import Pick

SAME = 0.7  # share of the words of two sentences, figures aside, that are the same where both speak of one thing
LEAST = 4  # words that they share at least


def disagree(one: str, other: str) -> bool:
    """Whether two sentences say the same of the same, but with other figures or dates, or one of them denies it."""
    first, second = Wording(one), Wording(other)
    words, others = ({token.stem for token in said.content if not token.word[0].isdigit()} for said in (first, second))
    shared = words & others
    if len(shared) < LEAST or len(shared) / len(words | others) < SAME:
        return False
    figures, theirs = numbers(MARKER.sub("", one)), numbers(MARKER.sub("", other))
    exchanged = len(figures - theirs) == len(theirs - figures) > 0  # one that says more says nothing else
    denials = [len(said.of("negations")) % 2 for said in (first, second)]
    return exchanged or denials[0] != denials[1]


def opposed(shown: Sequence[Pick], ranked: Sequence[Pick]) -> list[tuple[Pick, Pick]]:
    """For each of `shown` that another document contradicts, itself and the best of `ranked` that does."""
    found: list[tuple[Pick, Pick]] = []
    for pick in shown:
        others = (other for other in ranked if other.document.slug != pick.document.slug)
        other = next((other for other in others if disagree(pick.text, other.text)), None)
        if other is not None and not any(other.place == one.place for pair in found for one in pair):
            found.append((pick, other))
    return found


def differing(pairs: Sequence[tuple[Pick, Pick]]) -> str:
    """What the reader should know: which sources differ, and their dates; '' where none do."""
    names = dict.fromkeys(_name(pick) for pair in pairs for pick in pair)
    return f"The sources differ: {'; '.join(names)}." if names else ""


def _name(pick: Pick) -> str:
    about = pick.document
    return f"{about.title} ({about.date})" if about.date else about.title
