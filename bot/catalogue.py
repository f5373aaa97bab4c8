"""The library's documents by what people call them, and how well each fits what a question says of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from bot.names import Name, actors, fold, mentioned, names_of
from bot.question import Question
from ingest.documents import Document

NAMED = 0.06  # added to a late-interaction score (about 0.6 to 0.95) when the question names the passage's document
DATED = 0.03  # ... when the question gives the month or year of the document
MEANT, AHEAD = 0.015, 1.3  # the least bonus of a document that is meant without being named, and its lead over the next
TITLED = 0.05  # ... times the weighted share of the question's words that stand in the document's title


class Match(BaseModel):
    """How well a document fits what the question says of it."""

    model_config = ConfigDict(frozen=True)

    named: str = ""  # the words of the question that name the document
    month: bool = False
    year: bool = False
    overlap: float = 0.0

    @property
    def bonus(self) -> float:
        """What the match adds to the late-interaction score of the document's passages."""
        return NAMED * bool(self.named) + DATED * (self.month + 0.5 * self.year) + TITLED * self.overlap


class Catalogue:
    """The library's documents by what they may be called; made once for each state of the library."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = {document.slug: document for document in documents}
        self.names: dict[str, Name] = {document.slug: names_of(document) for document in documents}
        self._words = {slug: self._card(document) for slug, document in self.documents.items()}
        count: dict[str, int] = defaultdict(int)
        for words in self._words.values():
            for word in words:
                count[word] += 1
        self._rarity = {word: float(np.log(1 + len(documents) / n)) for word, n in count.items()}
        self._common = float(np.log(1 + len(documents)))

    def _card(self, document: Document) -> frozenset[str]:
        card = " ".join(
            [document.title, document.publisher, document.slug.replace("-", " "), *self.names[document.slug].aliases]
        )
        listed = mentioned(card, actors())
        known = {name.canonical: name.aliases for name in actors()}
        return words_of(" ".join([card, *(alias for canonical in listed for alias in known[canonical])]))

    def match(self, question: Question) -> dict[str, Match]:
        """For each document (slug), how the question refers to it."""
        asked = words_of(question.search)
        weight = sum(self._rarity.get(word, self._common) for word in asked) or 1.0
        named = mentioned(f"{question.text} {question.search}", self.names.values())
        found = {}
        for slug, document in self.documents.items():
            shared = sum(self._rarity[word] for word in asked & self._words[slug])
            found[slug] = Match(
                named=named.get(slug, ""),
                month=document.date[:7] in question.months,
                year=document.year in question.years or any(str(year) in slug for year in question.years),
                overlap=shared / weight,
            )
        return found


def meant(matches: Mapping[str, Match]) -> list[str]:
    """The documents that a question names; where it names none, the one that fits far better than the rest, if one does."""
    named = [slug for slug, match in matches.items() if match.named]
    if named or not matches:
        return named
    first, *rest = sorted(matches, key=lambda slug: (-matches[slug].bonus, slug))
    second = matches[rest[0]].bonus if rest else 0.0
    return [first] if matches[first].bonus >= max(MEANT, AHEAD * second) else []


_WORD = re.compile(r"[^\W_]+(?:[/.-]\d+)*")
_STOP = frozenset(
    "a an and are as at be by did do does for from had has have how i in into is it its may must of on or should that "
    "the their them they this to was "
    "were what when where which who whom whose why will with would under according between can could one whose many much".split()
)


def words_of(text: str) -> frozenset[str]:
    """The words of `text` that say something, folded, plural s dropped."""
    return frozenset(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in _WORD.findall(fold(text))
        if word not in _STOP
    )
