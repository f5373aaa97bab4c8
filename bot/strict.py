"""What is asked of a sentence that a chat model wrote, beyond what the verifier asks of anybody's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.figures import MONTHS, months
from bot.ground import sentences_of
from bot.names import fold
from bot.wording import Wording

_WORD = re.compile(r"[^\W\d_]+")
_STEM = 7  # letters by which two words are told to be of one stem
_HARMLESS = frozenset(
    (
        "the a an and or of to in on at by for from with as it its their they this that these those there which who "
        "whom whose is are was were be been being has have had will would shall must should may can could not no also "
        "such any all both each under within after before during about into than then when where while if unless but so "
        "only say says said state states stated provide provides provided require requires required according set sets "
        "out lay lays down need needs let make makes made do does did"
    ).split()
)


def own_words(text: str, source: str) -> list[str]:
    """The words of `text` that say something and of which the source has not even the stem: the model's own."""
    held = _WORD.findall(fold(source))
    said = [word for word in _WORD.findall(fold(text)) if word not in _HARMLESS]
    return [word for word in said if not any(other.startswith(_stem(word)) for other in held)]


def _stem(word: str) -> str:
    return word[: max(4, min(_STEM, len(word) - 3))]


def miscounted(text: str, quotes: Sequence[str]) -> bool:
    """Whether `text` denies oftener than the quotes do, or leaves a denial or a month out of a sentence that it says else whole."""
    said = Wording(text)
    denied = len(said.of("negations"))
    held = [Wording(sentence) for quote in quotes for sentence in sentences_of(quote)]
    whole = [words for words in held if _says(said, words)]
    least, most = (sum(len(words.of("negations")) for words in some) for some in (whole, held))
    return not least <= denied <= most or any(not months(words.text) <= months(text) for words in whole)


def _says(said: Wording, words: Wording) -> bool:
    """Whether all that a sentence speaks of is said, its months aside."""
    told = [token for token in words.content if token.word not in MONTHS]
    return bool(told) and all(token.stem in said.stems for token in told)
