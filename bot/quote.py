"""Answers made of verbatim sentences: which sentences of the evidence answer the question, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from bot.answer import Citation, Evidence, Statement
from bot.question import Expectation, Question
from bot.retrieve import Found, within
from ingest.documents import Document, Sentence, Text
from ingest.structure import normal

if TYPE_CHECKING:
    from ingest.index import Index

READ = 12  # passages whose sentences are scored
WORDS = 110  # of an answer of single sentences; a sentence more is added only while below
LIST_WORDS = 320  # of an enumeration or a provision before it is cut, and said to be cut
SCORED = 40  # sentences that the cross-encoder sees: the best by late interaction
PASSAGE = 40.0  # weight of the passage's score (differences of about 0.1) against the cross-encoder's logit
EXPECTED = 1.0  # added when the sentence holds what the question expects (a date, a number ...)
CLOSE = 7.0  # a further sentence is kept while its score is within this of the best

_NUMBER_WORDS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozens?|tens|hundreds|thousands|half|quarter|third"
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_HOLDS: dict[Expectation, re.Pattern[str]] = {
    "date": re.compile(rf"\b(?:(?:19|20)\d\d|(?:\d{{1,2}} )?(?:{_MONTHS})(?: \d{{1,2}})?\b(?! (?:be|not|also)\b)|not later than|no later than|within \w+ (?:hours|days|months|years))", re.I),
    "duration": re.compile(rf"\b(?:(?:\d+|{_NUMBER_WORDS}|a|an|every|each)[ -](?:\w+ )?(?:minutes?|hours?|days?|weeks?|months?|years?)|annually|monthly|yearly|without undue delay|immediately)\b", re.I),
    "number": re.compile(rf"(?:\d|\b(?:{_NUMBER_WORDS})\b)", re.I),
    "name": re.compile(r"(?<=\S )[A-Z][\w’'-]+"),
    "place": re.compile(r"\b(?:in|at|from|near) (?:the )?[A-Z]\w+"),
}


class Pick(BaseModel):
    """A sentence chosen for an answer."""

    model_config = ConfigDict(frozen=True)

    document: Document
    sentence: Sentence
    score: float
    raw: float = 0.0  # the late-interaction score alone

    @property
    def text(self) -> str:
        """The sentence, verbatim."""
        return self.document.text[self.sentence.start : self.sentence.end]

    @property
    def words(self) -> int:
        """Its length in words."""
        return len(self.text.split())


class Draft(BaseModel):
    """What quoting hands on: the picks in the order of the answer, and what the reader should know of it."""

    picks: tuple[Pick, ...]
    note: str = ""


def holds_expected(text: str, expects: Expectation) -> bool:
    """Whether `text` holds the type of thing that the question asks for."""
    return not expects or bool(_HOLDS[expects].search(text))


class Quoter:
    """Chooses sentences with the token vectors that the index has already."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def draft(self, question: Question, found: Found) -> Draft:
        """The sentences that answer `question`, in a readable order."""
        ranked = self.rank(question, found)
        if not ranked:
            return Draft(picks=())
        if question.kind == "provision" and (provision := self._provision(question, found, ranked)):
            return provision
        best = ranked[0]
        if question.kind in ("list", "definition", "fact", "provision") and (whole := self._enumeration(best, question)):
            return whole
        return Draft(picks=tuple(self._order(self._choose(question, ranked))))

    def rank(self, question: Question, found: Found) -> list[Pick]:
        """The sentences of the best passages, best first: a first choice by late interaction, then scored with the question."""
        evidence = found.evidence[:READ]
        tokens = self.index.tokens([item.passage.id for item in evidence])
        seen = [pair for item in evidence for pair in self._sentences(item, found.query, tokens[item.passage.id])]
        seen = sorted(seen, key=lambda pair: (-pair[0], pair[1].passage.id, pair[2].start))[:SCORED]
        shown = [f"{lead(item)}{item.document.text[s.start : s.end]}" for _, item, s in seen]
        logits = self.index.pairs.score(question.text, shown)
        picks = []
        for (_, item, sentence), logit in zip(seen, logits, strict=True):
            text = item.document.text[sentence.start : sentence.end]
            score = float(logit) + PASSAGE * item.score
            score += EXPECTED * (bool(question.expects) and holds_expected(text, question.expects))
            picks.append(Pick(document=item.document, sentence=sentence, score=score, raw=float(logit)))
        return sorted(picks, key=lambda pick: (-pick.score, pick.document.slug, pick.sentence.start))

    def _sentences(self, item: Evidence, query: np.ndarray[Any, Any], tokens: Any) -> Iterable[tuple[float, Evidence, Sentence]]:
        """The quotable sentences of a passage with a cheap score: late interaction over their own tokens, and the passage's score."""
        from ingest.encoders import maxsim_many
        from ingest.passages import context

        shift = len(context(item.document, item.passage)) - item.passage.start
        starts = tokens.offsets[:, 0]
        usable, bits = [], []
        for sentence in item.passage.sentences:
            if sentence.kind in ("heading", "note") or not sentence.agreed:
                continue
            inside = (starts >= sentence.start + shift) & (starts < sentence.end + shift)
            if inside.any():
                usable.append(sentence)
                bits.append(tokens.bits[inside])
        if usable:
            for sentence, score in zip(usable, maxsim_many(query, bits), strict=True):
                yield float(score) + item.score, item, sentence

    def _choose(self, question: Question, ranked: Sequence[Pick]) -> list[Pick]:
        """The best sentence and those nearly as good, no two alike, up to the length of an answer."""
        chosen: list[Pick] = []
        words = 0
        for pick in ranked:
            if chosen and (pick.score < ranked[0].score - CLOSE or words + pick.words > WORDS):
                continue
            if any(alike(pick.text, other.text) for other in chosen):
                continue
            chosen.append(pick)
            words += pick.words
        return chosen

    def _order(self, picks: Sequence[Pick]) -> list[Pick]:
        """Documents in the order of their best sentence, sentences within one in the document's order."""
        first = {}
        for rank, pick in enumerate(picks):
            first.setdefault(pick.document.slug, rank)
        return sorted(picks, key=lambda pick: (first[pick.document.slug], pick.sentence.start))

    def _provision(self, question: Question, found: Found, ranked: Sequence[Pick]) -> Draft | None:
        """The provision that the question names, verbatim; of a long one, the sentences nearest to the question."""
        named = [slug for slug, match in found.matches.items() if match.named]
        slugs = dict.fromkeys(item.document.slug for item in found.evidence if item.document.slug in named)
        for slug in slugs:
            text = self.index.text(slug)
            inside = [
                sentence
                for sentence in text.sentences
                if sentence.agreed
                and sentence.kind not in ("heading", "note")
                and any(within(normal(sentence.pinpoint), pinpoint) for pinpoint in question.pinpoints)
            ]
            if inside:
                return self._fit(text, inside, {(p.document.slug, p.sentence.start): p for p in ranked})
        return None

    def _enumeration(self, best: Pick, question: Question) -> Draft | None:
        """The whole list that `best` introduces or belongs to, in its order."""
        text = self.index.text(best.document.slug)
        sentences = text.sentences
        at = next(i for i, sentence in enumerate(sentences) if sentence.start == best.sentence.start)
        intro = introduction(text, at)
        if intro is None or (question.kind != "list" and intro != at):
            return None
        items = members(sentences, intro)
        if len(items) < 2:
            return None
        return self._fit(text, [sentences[intro], *items], {(best.document.slug, best.sentence.start): best})

    def _fit(self, text: Text, sentences: Sequence[Sentence], scored: dict[tuple[str, int], Pick]) -> Draft:
        """`sentences` whole if short enough; else the first and the best, in order, and a note that says how many were left out."""
        slug = text.document.slug
        picks = [scored.get((slug, s.start)) or Pick(document=text.document, sentence=s, score=0.0) for s in sentences]
        if sum(pick.words for pick in picks) <= LIST_WORDS:
            return Draft(picks=tuple(picks))
        kept, words = {0}, picks[0].words
        order = sorted(range(1, len(picks)), key=lambda i: (-picks[i].score, i))
        for i in order:
            if words + picks[i].words <= LIST_WORDS:
                kept.add(i)
                words += picks[i].words
        left_out = len(picks) - len(kept)
        note = f"{left_out} of {len(picks)} parts are left out here: see the source." if left_out else ""
        return Draft(picks=tuple(picks[i] for i in sorted(kept)), note=note)


def introduction(text: Text, at: int) -> int | None:
    """The index of the sentence that introduces the list in which sentence `at` stands (or that it introduces), else None."""
    sentences = text.sentences
    if text.document.text[sentences[at].start : sentences[at].end].rstrip().endswith((":", ": —", "—", ":-")):
        return at
    if sentences[at].kind != "item":
        return None
    level = sentences[at].level
    for i in range(at - 1, max(-1, at - 60), -1):
        if sentences[i].kind == "heading":
            return None
        if sentences[i].kind != "item" or sentences[i].level < level:
            return i
    return None


def members(sentences: Sequence[Sentence], intro: int) -> list[Sentence]:
    """The items that follow sentence `intro`, with all that is nested in them."""
    floor = sentences[intro].level if sentences[intro].kind == "item" else 0
    found = []
    for sentence in sentences[intro + 1 :]:
        if sentence.kind != "item" or sentence.level <= floor:
            break
        if sentence.agreed:
            found.append(sentence)
    return found


def lead(item: Evidence) -> str:
    """What a sentence is read under: its document's title and its nearest heading."""
    heading = item.passage.path[-1] if item.passage.path else ""
    return f"{item.document.title}. {heading}: "


_WORDS = re.compile(r"\w+")


def alike(one: str, other: str) -> bool:
    """Whether two sentences say nearly the same: at least four fifths of the shorter one's words stand in the other."""
    a, b = set(_WORDS.findall(one.casefold())), set(_WORDS.findall(other.casefold()))
    smaller = min(len(a), len(b))
    return smaller > 0 and len(a & b) / smaller >= 0.8 and len(a ^ b) <= 0.5 * len(a | b)


def statements(picks: Sequence[Pick]) -> tuple[tuple[Statement, ...], tuple[Citation, ...], str]:
    """Statements, citations and Markdown for the picks: one statement and one citation a pick, numbered in order."""
    made, cited, lines = [], [], []
    for number, pick in enumerate(picks, 1):
        place = pick.sentence
        cited.append(
            Citation(number=number, document=pick.document, start=place.start, end=place.end, pinpoint=place.pinpoint, page=place.page)
        )
        made.append(Statement(text=pick.text, citations=(number,)))
        bullet = "- " if place.kind == "item" else ""
        gap = "\n" if lines and bullet and lines[-1].startswith("- ") else "\n\n"
        lines.append((gap if lines else "") + f"{bullet}{pick.text} [{number}]")
    return tuple(made), tuple(cited), "".join(lines)
