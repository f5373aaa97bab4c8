"""The words of the library: how rare each is, and which one a misspelt word of a question stands for."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

from bot.names import fold

_WORD = re.compile(r"[^\W\d_]+")
SHORTEST = 5  # letters of a word that is looked at: shorter ones are too near each other
ASKS = ("who", "what", "when", "where", "which", "why", "how", "whose")  # a misspelt first word is one of these
RARE = 2  # passages that a word of the library must stand in to be what was meant


@cache
def _english() -> frozenset[str]:
    """Words of everyday English: none of them is a misspelling, whether the library has it or not."""
    from spellchecker import SpellChecker

    return frozenset(SpellChecker(language="en").word_frequency.words())


def is_english(word: str) -> bool:
    """Whether `word` is one of everyday English, written small."""
    return not word.isupper() and fold(word) in _english()


class Vocabulary:
    """The words of all passages, folded, with the number of passages that hold them."""

    def __init__(self, passages: Iterable[str]) -> None:
        self.count: Counter[str] = Counter()
        self.passages = 0
        for text in passages:
            self.passages += 1
            self.count.update(set(_WORD.findall(fold(text))))
        self._by_initial: dict[str, list[str]] = {}
        for word, count in self.count.items():
            if len(word) >= SHORTEST - 1 and count >= RARE:
                self._by_initial.setdefault(word[0], []).append(word)

    def rarity(self, word: str) -> float:
        """Inverse document frequency over passages, ln(1 + N / n), as in BM25; that of a word in one passage when unknown."""
        return math.log(1 + max(1, self.passages) / max(1, self.count[fold(word)]))

    def share(self, name: str) -> float:
        """How rare the rarest word of `name` is: 0 in every passage, 1 in none."""
        words = [word for word in _WORD.findall(fold(name)) if len(word) > 1]
        most = math.log(1 + max(1, self.passages))
        return max((math.log((1 + self.passages) / (1 + self.count[word])) / most for word in words), default=1.0)

    def corrected(self, text: str) -> str:
        """`text` with misspelt words put right: unknown words one edit (from eight letters: two) from a word of the library.

        A word with a capital is put right one edit away only, since it may be a name that the library does not hold.
        """
        return _WORD.sub(lambda match: self._corrected(match.group(), text, match.start()), text)

    def _corrected(self, word: str, text: str, at: int) -> str:
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        plain = fold(word)
        if at == 0 and word.isascii() and plain not in _english() and len(plain) > 2:
            asks = process.extractOne(plain, ASKS, scorer=OSA.distance, score_cutoff=1)
            if asks is not None:
                return str(asks[0]).capitalize()
        if len(plain) < SHORTEST or plain in self.count or word.isupper() or not plain.isascii() or plain in _english():
            return word
        name = word[0].isupper() and at > 0
        edits = 1 if name or len(plain) < 8 else 2
        if name and len(plain) < SHORTEST + 1:
            return word
        near = self._by_initial.get(plain[0], [])
        best = process.extractOne(plain, near, scorer=OSA.distance, score_cutoff=edits)
        if best is None or best[0].startswith(plain) or plain.startswith(best[0]):
            return word
        found = str(best[0])
        return found.capitalize() if word[0].isupper() else found
