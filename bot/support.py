"""How much of what a question asks stands together in one quoted sentence: its names, its years, its words, the kind of thing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from bot.expected import holds_expected
from bot.names import actors, fold, instruments, mentioned
from bot.quote import tokens_inside

if TYPE_CHECKING:
    from bot.question import Question
    from bot.quote import Pick
    from bot.spelling import Vocabulary
    from ingest.index import Index

_WORD = re.compile(r"[\w’'/-]+")
_ASKING = frozenset(
    (
        "what which who whom whose when where why how in on at by under according does did do is are was were can could "
        "may might must shall should would will has have had the a an and or if of to for from with as it its their his "
        "her this that these those be been being there than then into about over after before during since until any all "
        "some more most other such not no many much long one date day year month name names kind type exactly say said "
        "state states tell give given new text document country countries people thing things use used make made done "
        "work take come came set put way part parts call called"
    ).split()
)
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth".split()
_ORDINAL = re.compile(
    rf"\b(?<!one )(?<!two )({'|'.join(_ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th))\b(?! (?:party|countr|largest|of (?:all|the)))"
)
NOWHERE, HERE = 0.5, 0.9  # similarity of a word to the nearest token of a sentence that does not speak of it, that does
PARAPHRASED = 0.8  # most that a word counts which stands there in other words only


class Support(BaseModel):
    """What the quoted sentences hold of the question, each from 0 to 1."""

    model_config = ConfigDict(frozen=True)

    together: float  # the mean share of names, years, words and the expected kind of thing, in the best sentence
    unmatched: float  # 1 less the similarity of the two words least like anything in the first sentence
    unnumbered: bool  # it asks for a third, a 12th ..., and nothing quoted is one


class Word(BaseModel):
    """A word of the question that says what is asked, its weight, and how near each quoted sentence comes to it."""

    text: str
    rarity: float
    nearness: tuple[float, ...]


def support(
    question: Question, picks: Sequence[Pick], cards: Sequence[str], index: Index, words: Vocabulary
) -> Support:
    """The support that `picks` give; `cards` say what the document of each is called."""
    asked = _words(question, picks, index, words)
    names = [*question.names, *question.actors.values(), *question.instruments.values()]
    parts = {part for name in names for part in _WORD.findall(fold(name))}
    focus = [w for w in asked if fold(w.text) not in parts and fold(w.text) not in _ASKING and not w.text.isdigit()]
    shares = [
        (
            _held(focus, place, f"{pick.text} {card}"),
            _named(question, f"{pick.text} {card} {' '.join(pick.passage.path)}"),
            _dated(question, f"{pick.text} {card} {' '.join(pick.passage.path)} {pick.document.date[:4]}"),
            float(holds_expected(pick.text, question.expects)),
        )
        for place, (pick, card) in enumerate(zip(picks, cards, strict=True))
    ]
    content = [w.nearness[0] for w in asked if fold(w.text) not in _ASKING and len(w.text) > 2]
    around = " ".join([*(pick.passage.text for pick in picks), *cards])
    return Support(
        together=float(np.mean(shares, axis=1).max()),
        unmatched=1 - float(np.mean(sorted(content)[:2])) if content else 0.0,
        unnumbered=bool(ordinals(question.search) - ordinals(around)),
    )


def _words(question: Question, picks: Sequence[Pick], index: Index, words: Vocabulary) -> list[Word]:
    """The words of the question with their nearness to each pick, by the token vectors that the index has."""
    from ingest.encoders import best_matches

    vectors, offsets = index.token_encoder.encode_query_words(question.search)
    tokens = index.tokens({pick.passage.id for pick in picks})
    own_bits = [tokens_inside(tokens[p.passage.id], p.document, p.passage, p.sentence) for p in picks]
    whole = [tokens[pick.passage.id].bits for pick in picks]
    nearest = best_matches(vectors, [own if len(own) else all_ for own, all_ in zip(own_bits, whole, strict=True)])
    found = []
    for match in _WORD.finditer(question.search):
        own = [i for i, (a, b) in enumerate(offsets) if match.start() <= a < b <= match.end()]
        if own:
            nearness = tuple(float(value) for value in nearest[:, own].mean(axis=1))
            found.append(Word(text=match.group(), rarity=words.rarity(match.group()), nearness=nearness))
    return found


def _held(focus: Sequence[Word], place: int, text: str) -> float:
    """The share of the words, weighted by rarity, that `text` holds: by their stems, else by how near they come."""
    if not focus:
        return 1.0
    folded = fold(text)
    values = [
        1.0
        if re.search(rf"\b{re.escape(fold(word.text)[: max(4, len(word.text) - 3)])}", folded)
        else PARAPHRASED * min(1.0, max(0.0, (word.nearness[place] - NOWHERE) / (HERE - NOWHERE)))
        for word in focus
    ]
    weights = [word.rarity for word in focus]
    return float(np.average(values, weights=weights)) if sum(weights) else 1.0


def _named(question: Question, text: str) -> float:
    """The share of the question's names that `text` holds, by whatever name it goes."""
    listed = [n for n in (*instruments(), *actors()) if n.canonical in {**question.instruments, **question.actors}]
    present = mentioned(text, listed)
    folded = fold(text)
    held = [name.canonical in present for name in listed]
    held += [
        bool(parts := _WORD.findall(fold(name))) and sum(p in folded for p in parts) / len(parts) > 0.6
        for name in question.names
    ]
    return float(np.mean(held)) if held else 1.0


def _dated(question: Question, text: str) -> float:
    """The share of the question's years that `text` holds."""
    return float(np.mean([str(year) in text for year in question.years])) if question.years else 1.0


def ordinals(text: str) -> set[int]:
    """The places in a series that `text` names: 'third' and '3rd' are 3."""
    found = _ORDINAL.findall(fold(text))
    return {_ORDINALS.index(word) + 1 if word in _ORDINALS else int(re.sub(r"\D", "", word)) for word in found} - {1}
