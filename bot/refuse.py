"""When to refuse: how sure the evidence makes us, what is wrong with it, and what the library does hold nearby."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from bot.answer import Citation, Evidence
from bot.catalogue import words_of
from bot.expected import holds_expected
from bot.names import actors, fold, instruments, mentioned, names_of, pattern
from bot.question import Question
from bot.quote import Pick
from bot.retrieve import Found, within
from ingest.structure import normal

if TYPE_CHECKING:
    from bot.retrieve import Retriever

NEARBY = 3
_KINDS_OF_THING = {
    "date": "date",
    "duration": "length of time",
    "money": "amount",
    "number": "number",
    "name": "name",
    "place": "place",
    "": "answer",
}


class Signals(BaseModel):
    """What confidence is computed from."""

    model_config = ConfigDict(frozen=True)

    evidence: float  # late-interaction score of the best passage
    pair: float  # the cross-encoder's logit of the best passage, -8 to 8
    words: (
        float  # share of the question's words, weighted by rarity, in the quoted passages and their documents' titles
    )
    missing: float  # rarity, 0 to 1, of the rarest name of the question that stands in neither
    unexpected: bool  # nothing quoted holds the date, number ... that the question asks for


# Logistic weights: benchmarks/gate.py fits and prints them.
WEIGHTS = {"bias": -8.9, "evidence": 17.0, "pair": 0.02, "words": 1.3, "missing": -5.5, "unexpected": -4.0}


class Judgement(BaseModel):
    """How sure, and what is missing in words that a reader understands."""

    model_config = ConfigDict(frozen=True)

    confidence: float
    reason: str = ""
    signals: Signals | None = None


def confidence_of(signals: Signals) -> float:
    """The probability that the evidence answers the question: a logistic function of the signals."""
    total = WEIGHTS["bias"] + sum(WEIGHTS[name] * float(value) for name, value in signals.model_dump().items())
    return 1 / (1 + math.exp(-total))


class Gate:
    """Judges evidence; every turn is judged by itself."""

    def __init__(self, retriever: Retriever) -> None:
        self.index = retriever.index
        self.retriever = retriever

    def judge(self, question: Question, found: Found, picks: Sequence[Pick]) -> Judgement:
        """The confidence that `picks` answer `question`, with the reason to refuse where one is plain."""
        if not picks:
            return Judgement(confidence=0.0, reason="The library holds nothing on this question.")
        if reason := self._no_such_instrument(question, found) or self._no_such_provision(question, found):
            return Judgement(confidence=0.0, reason=reason)
        signals = self.signals(question, found, picks)
        missing = self._missing(question, picks, found)
        reason = f"The library says nothing on {' or '.join(missing)} in this connection." if missing else ""
        if not reason and signals.unexpected:
            reason = f"The library treats the subject, but gives no {_KINDS_OF_THING[question.expects]} for it."
        return Judgement(confidence=confidence_of(signals), reason=reason, signals=signals)

    def signals(self, question: Question, found: Found, picks: Sequence[Pick]) -> Signals:
        """The signals of one question."""
        vocabulary = self.retriever.vocabulary
        asked, held = words_of(question.search), words_of(self._around(picks))
        weight = {word: vocabulary.rarity(word) for word in asked}
        return Signals(
            evidence=found.evidence[0].raw,
            pair=min(8.0, max(-8.0, max(item.pair for item in found.evidence))),
            words=sum(weight[word] for word in asked & held) / sum(weight.values()) if asked else 1.0,
            missing=max(self._missing(question, picks, found).values(), default=0.0),
            unexpected=not any(holds_expected(pick.text, question.expects) for pick in picks),
        )

    def _card(self, slug: str) -> str:
        document = self.index.document(slug)
        return " ".join([document.title, document.publisher, document.date, *names_of(document).aliases])

    def _around(self, picks: Sequence[Pick]) -> str:
        """The passages of the picks with their headings, and what their documents are called."""
        passages = {pick.passage.id: f"{pick.passage.text} {' '.join(pick.passage.path)}" for pick in picks}
        return " ".join(
            [*passages.values(), *(self._card(slug) for slug in dict.fromkeys(pick.document.slug for pick in picks))]
        )

    def _missing(self, question: Question, picks: Sequence[Pick], found: Found) -> dict[str, float]:
        """The names in the question that neither the quoted passages nor their documents' titles hold, with their rarity."""
        text = self._around(picks)
        share = self.retriever.vocabulary.share
        absent: dict[str, float] = {}
        for listed, asked in ((instruments(), question.instruments), (actors(), question.actors)):
            names = [name for name in listed if name.canonical in asked]
            present = mentioned(text, names)
            absent |= {
                asked[n.canonical]: min(share(a) for a in n.aliases) for n in names if n.canonical not in present
            }
        folded = fold(text)
        absent |= {name: share(name) for name in question.names if not _stands(name, folded)}
        if not any(match.named for match in found.matches.values()):
            absent |= {p: 1.0 for p in question.pinpoints if p not in folded and not self._quotes(p, picks)}
        return absent

    def _quotes(self, place: str, picks: Sequence[Pick]) -> bool:
        return any(within(normal(pick.sentence.pinpoint), place) for pick in picks if pick.sentence.pinpoint)

    def _no_such_instrument(self, question: Question, found: Found) -> str:
        """The reason, when the question names an instrument that no document of the library is or treats in its title."""
        for canonical, words in question.instruments.items():
            name = next(item for item in instruments() if item.canonical == canonical)
            if any(match.named and mentioned(self._card(slug), [name]) for slug, match in found.matches.items()):
                continue
            if not any(mentioned(item.passage.text, [name]) for item in found.evidence[:5]):
                return f"The library holds no text of {words}."
        return ""

    def _no_such_provision(self, question: Question, found: Found) -> str:
        """The reason, when the question names a provision that the named document does not have."""
        named = [slug for slug, match in found.matches.items() if match.named]
        if not question.pinpoints or len(named) != 1:
            return ""
        document = self.index.document(named[0])
        places = {normal(sentence.pinpoint) for sentence in self.index.text(named[0]).sentences}
        for pinpoint in question.pinpoints:
            sort = pinpoint.split()[0]
            numbers = [int(m.group(1)) for place in places if (m := re.match(rf"{re.escape(sort)} (\d+)", place))]
            if len(numbers) > 3 and not any(within(place, pinpoint) for place in places):
                return f"{document.title} has no {pinpoint}: its last {sort} is {max(numbers)}."
        return ""


def _stands(name: str, folded: str) -> bool:
    """Whether `name` stands in the folded text: itself, its words in full for capitals, or most of its words."""
    if pattern(name).search(folded):
        return True
    words = [word for word in words_of(name) if len(word) > 2]
    if len(words) > 1 and sum(word in folded for word in words) / len(words) > 0.66:
        return True
    short = re.match(r"[A-Z]{2,5}\b", name)
    spelt_out = r"[\w-]*[ -](?:of |and |for |the )*".join(short.group().casefold()) if short else ""
    return bool(spelt_out) and re.search(rf"\b{spelt_out}", folded) is not None


def nearby(evidence: Sequence[Evidence]) -> tuple[Citation, ...]:
    """The nearest things that the library does hold: the best passage's first sentence of each of the best documents."""
    cited: list[Citation] = []
    for item in evidence:
        if item.passage.slug in {citation.document.slug for citation in cited}:
            continue
        sentence = next((s for s in item.passage.sentences if s.kind not in ("heading", "note") and s.agreed), None)
        if sentence is not None:
            cited.append(
                Citation(
                    number=len(cited) + 1,
                    document=item.document,
                    start=sentence.start,
                    end=sentence.end,
                    pinpoint=sentence.pinpoint,
                    page=sentence.page,
                )
            )
        if len(cited) == NEARBY:
            break
    return tuple(cited)
