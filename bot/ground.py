"""What a sentence says beside the words that it cites: which sentence it rests on, and which word stands for which."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from bot.wording import Mark, Token, Wording, coverage, related, synonyms

CLAUSE = 0.6  # of a clause's words that make it one that the sentence takes up
WE = re.compile(r"(?<!\w)(?:we|our|ours|my)(?!\w)")
VERB = re.compile(
    r"\b(?:is|are|was|were|be|has|have|had|do|does|did|may|might|can|could|should|must|shall|will|would|(?!need)[a-z]{3,}ed)\b"
)


class Held(NamedTuple):
    """A sentence of a quote, and the number of the quote."""

    quote: int
    words: Wording


class Pair(NamedTuple):
    """A word of the sentence, and the word of the quotes that it stands for."""

    said: Token
    held: Token
    sentence: Held
    said_words: Wording


class Ground:
    """A sentence and the quotes that it cites, with what is known of the documents these stand in."""

    def __init__(self, text: str, quotes: Sequence[str], about: Sequence[str] = (), named: Sequence[str] = ()) -> None:
        self.text = text
        self.quotes = tuple(quotes)
        self.about = " ; ".join(dict.fromkeys((*about, *named)))
        self.named = tuple(named) or ("",) * len(quotes)
        self.said = Wording(text)
        self.sentences = tuple(
            Held(number, Wording(part)) for number, quote in enumerate(quotes) for part in sentences_of(quote)
        )

    @cached_property
    def source(self) -> str:
        """All the quotes in one."""
        return "\n".join(self.quotes)

    @cached_property
    def known(self) -> Wording:
        """The words of the documents' titles, publishers and places."""
        return Wording(self.about)

    @cached_property
    def near(self) -> Held:
        """The sentence of the quotes that shares most with what is said; of two alike, the shorter."""
        return max(self.sentences, key=lambda held: (round(self.shared(held), 2), -len(held.words.content)))

    def shared(self, held: Held) -> float:
        """The share of the words said that a sentence holds."""
        return coverage(self.said.content, [held.words])

    @cached_property
    def grounds(self) -> tuple[Held, ...]:
        """The nearest sentence, and those that hold words said which it does not."""
        chosen = [self.near]
        for held in sorted(self.sentences, key=self.shared, reverse=True):
            open_words = [t for t in self.said.content if not any(other.words.holds(t) for other in chosen)]
            if held not in chosen and sum(held.words.holds(t) for t in open_words) >= min(2, len(open_words)) > 0:
                chosen.append(held)
        return tuple(chosen)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """For each word said, the word of the grounds that it most likely stands for."""
        found: list[Pair] = []
        for at, token in enumerate(self.said.content):
            around = self._stems(self.said, at)
            best: tuple[float, Pair | None] = (0.0, None)
            for order, held in enumerate(self.grounds):
                for place, other in enumerate(held.words.content):
                    if not (alike := _alike(token, other)):
                        continue
                    score = alike + len(around & self._stems(held.words, place)) - 0.5 * order
                    best = max(best, (score, Pair(token, other, held, self.said)), key=lambda row: row[0])
            if best[1]:
                found.append(best[1])
        return tuple(found)

    def _stems(self, words: Wording, at: int) -> set[str]:
        return {token.stem for token in words.content[max(0, at - 3) : at + 4]} - {words.content[at].stem}

    @cached_property
    def _by_said(self) -> dict[int, Pair]:
        return {pair.said.start: pair for pair in self.pairs}

    def held_for(self, token: Token) -> Pair | None:
        """What stands in the quotes for a word said."""
        return self._by_said.get(token.start)

    def said_for(self, sentence: Held, token: Token) -> Token | None:
        """What is said for a word of the quotes."""
        return next((p.said for p in self.pairs if p.sentence is sentence and p.held.start == token.start), None)

    def marks(self, *names: str) -> Iterator[tuple[Held, Mark]]:
        """The marks of these lists in the sentences that are rested on."""
        for held in self.grounds:
            for mark in held.words.of(*names):
                yield held, mark


def sentences_of(text: str) -> list[str]:
    """The sentences of a quote; line breaks end one too."""
    from ingest.sentences import spans

    return [line[start:end] for line in text.splitlines() if line.strip() for start, end in spans(line)] or [text]


def _alike(one: Token, other: Token) -> float:
    if one.word == other.word:
        return 3.0
    if related(one.stem, other.stem):
        return 2.5
    return 1.0 if synonyms(one.word, other.word) else 0.0


def words_of(words: Wording, mark: Mark) -> str:
    """The words of a mark."""
    return words.plain[mark.start : mark.end]


def has_exactly(words: Wording, token: Token) -> bool:
    """Whether a text has this word or a form of it, no synonym."""
    return any(token.stem == other or related(token.stem, other) for other in words.stems)
