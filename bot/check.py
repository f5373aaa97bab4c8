"""A draft against the library: which sentences hold, which do not and why, which have no source, and the best passage for each."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from bot import figures
from bot.draft import Sentence
from bot.names import fold, mentioned, names_of
from bot.verify import Reason, check_statement
from bot.wording import Wording, coverage, flat, stem
from ingest.documents import Document, Text

if TYPE_CHECKING:
    from bot.ask import Legation

SHARED = 0.6  # of a sentence's words that a passage must have to support it
TRIED = 6  # passages that a sentence is checked against, best first
FOUND = 8  # passages that the library is asked for
_QUOTATION = re.compile(r"[“\"«]([^“”\"«»]{12,})[”\"»]")

Status = Literal["holds", "fails", "unsourced"]


class Place(BaseModel):
    """A place in the library, with its words."""

    model_config = ConfigDict(frozen=True)

    source: str
    title: str
    pinpoint: str
    page: int | None = None
    quote: str
    supports: bool


class Checked(BaseModel):
    """A sentence of a draft with its verdict."""

    model_config = ConfigDict(frozen=True)

    number: int
    place: str
    text: str
    status: Status
    reasons: tuple[Reason, ...] = ()
    sources: tuple[str, ...] = ()
    best: Place | None = None


class Window(BaseModel):
    """Neighbouring sentences of one document that a sentence is held against; the first is the one that is shown."""

    model_config = ConfigDict(frozen=True)

    place: Place
    text: str


class Checker:
    """Checks the sentences of drafts against one library."""

    def __init__(self, bot: Legation) -> None:
        self._bot = bot
        self._documents = bot.index.documents()
        self._names = {document.slug: names_of(document) for document in self._documents}
        self._flat: dict[str, str] = {}

    def check(self, sentences: Sequence[Sentence]) -> Iterator[Checked]:
        """The verdict on each sentence, in order."""
        for number, sentence in enumerate(sentences, start=1):
            yield self._checked(number, sentence)

    def _checked(self, number: int, sentence: Sentence) -> Checked:
        cited = [slug for note in sentence.notes for slug in self.sources(note)]
        slugs = list(dict.fromkeys(cited))
        wrong = list(self._quotations(sentence, slugs))
        best, reasons = self._best(sentence, slugs)
        about = {
            "number": number,
            "place": sentence.place,
            "text": sentence.text,
            "sources": tuple(slugs),
            "best": best,
        }
        if not sentence.notes:
            return Checked.model_validate({**about, "status": "unsourced", "reasons": tuple(wrong)})
        if not slugs:
            unknown = Reason(
                rule="source", detail=f"the library has no such document: {'; '.join(sentence.notes)[:200]}"
            )
            return Checked.model_validate({**about, "status": "fails", "reasons": (unknown, *wrong)})
        wrong += [*reasons, *_elsewhere(sentence, best)]
        return Checked.model_validate({**about, "status": "fails" if wrong else "holds", "reasons": tuple(wrong)})

    def sources(self, note: str) -> list[str]:
        """The documents that a note names, best first: by address, slug, symbol or title, or by another name."""
        words = fold(note)
        scores: dict[str, float] = {}
        for document in self._documents:
            score = 4.0 * bool(document.url and document.url.rstrip("/") in note) + 4.0 * _whole(document.slug, words)
            score += sum(
                3.0 for symbol in document.symbol.split(";") if len(symbol.strip()) > 4 and fold(symbol) in words
            )
            score += 3.0 * (len(document.title) > 8 and fold(document.title) in words)
            if score == 0 and (alias := mentioned(note, [self._names[document.slug]])):
                score = 1.0 + len(next(iter(alias.values()))) / 100
            if score:
                scores[document.slug] = score
        top = max(scores.values(), default=0.0)
        return [slug for slug, score in sorted(scores.items(), key=lambda row: -row[1]) if score >= min(top, 3.0)]

    def _quotations(self, sentence: Sentence, slugs: Sequence[str]) -> Iterator[Reason]:
        """Words in quotation marks that the cited documents, or where none is cited the library, do not have."""
        quotations = [sentence.text.strip('“”"«» ')] if sentence.quoted else _QUOTATION.findall(sentence.text)
        for words in quotations:
            parts = [part.strip(" ,.;:") for part in re.split(r"\[?(?:\.\.\.|…)\]?|\[[^\]]*\]", words)]
            for part in (part for part in parts if len(part.split()) >= 3):
                if not any(flat(part) in self._body(slug) for slug in slugs or self._names):
                    where = ", ".join(slugs) or "the library"
                    yield Reason(rule="quote", detail=f"not in {where}: {part}")

    def _body(self, slug: str) -> str:
        if slug not in self._flat:
            self._flat[slug] = flat(self._bot.index.document(slug).text)
        return self._flat[slug]

    def _best(self, sentence: Sentence, slugs: Sequence[str]) -> tuple[Place | None, tuple[Reason, ...]]:
        """The passage that supports the sentence, else the nearest; and what speaks against it."""
        windows = [w for slug in slugs for w in _windows(self._bot.index.text(slug), sentence.text)] or self._found(
            sentence
        )
        nearest: tuple[int, Window | None, tuple[Reason, ...]] = (10**6, None, ())
        for window in windows:
            about = self._about(window.place)
            reasons = _judged(sentence, window, about)
            if len(reasons) < nearest[0]:
                nearest = (len(reasons), window, reasons)
            if not reasons:
                break
        _, chosen, reasons = nearest
        return (chosen.place.model_copy(update={"supports": not reasons}) if chosen else None), reasons

    def _about(self, place: Place) -> list[str]:
        document = next(d for d in self._documents if d.slug == place.source)
        return [document.title, document.publisher, document.symbol, document.date, place.pinpoint]

    def _found(self, sentence: Sentence) -> list[Window]:
        """Windows from the passages that the library holds nearest to the sentence."""
        from bot.question import understand

        retriever = self._bot.retriever
        found = retriever.find(understand(sentence.text[:1000], (), retriever.vocabulary), k=FOUND)
        slugs = list(dict.fromkeys(item.document.slug for item in found.evidence))[:3]
        wanted = {(item.passage.slug, item.passage.start) for item in found.evidence}
        windows = [w for slug in slugs for w in _windows(self._bot.index.text(slug), sentence.text, wanted)]
        return windows


def _judged(sentence: Sentence, window: Window, about: Sequence[str]) -> tuple[Reason, ...]:
    """What speaks against a sentence, by a passage that was looked for: one that shares little with it is no support."""
    if sentence.quoted:
        held = flat(sentence.text).strip('"\u201c\u201d ') in flat(window.text)
        return () if held else (Reason(rule="quote", detail="not these words"),)
    reasons = check_statement(sentence.text, [window.text], about)
    share = coverage(Wording(sentence.text).content, [Wording(window.text)])
    return reasons or (() if share >= SHARED else (Reason(rule="unsaid", detail=f"shares {share:.0%} of its words"),))


def _whole(slug: str, words: str) -> bool:
    return len(slug) > 3 and re.search(rf"(?<![\w-]){re.escape(slug)}(?![\w-])", words) is not None


def _elsewhere(sentence: Sentence, best: Place | None) -> Iterator[Reason]:
    """Where the note names another article or paragraph than the one in which the words stand."""
    said = set().union(*(figures.places(note) for note in sentence.notes))
    held = figures.places(best.pinpoint) if best else set()
    kinds = {kind for kind, _ in held}
    if best and best.supports and held and any(kind in kinds for kind, _ in said):
        if not any(figures.same_place(*one, *other) for one in said for other in held):
            named = "; ".join(sorted(f"{kind} {' '.join(parts)}" for kind, parts in said))
            yield Reason(rule="article", detail=f"the note names {named}; the words stand in {best.pinpoint}")


def _windows(text: Text, said: str, wanted: set[tuple[str, int]] | None = None) -> list[Window]:
    """The sentences of a document that share most with what is said, each alone and with its neighbours."""
    body, places = text.document.text, text.sentences
    bags = [_bag(body[s.start : s.end]) for s in places]
    seen = Counter(word for bag in bags for word in bag)
    mine = _bag(said)

    def score(at: int) -> float:
        inside = wanted is None or (text.document.slug, text.passage_at(places[at].start).start) in wanted
        return inside * sum(math.log(1 + len(bags) / seen[word]) for word in mine & bags[at])

    order = sorted((at for at in range(len(places)) if places[at].agreed), key=lambda at: (-score(at), at))[:TRIED]
    made = []
    for reach in (0, 1):
        for at in order:
            first, last = max(0, at - reach), min(len(places), at + reach + 1)
            words = "\n".join(body[s.start : s.end] for s in places[first:last] if s.agreed)
            made.append(Window(place=_place(text.document, text, at), text=words))
    return made


def _place(document: Document, text: Text, at: int) -> Place:
    sentence = text.sentences[at]
    return Place(
        source=document.slug,
        title=document.title,
        pinpoint=sentence.pinpoint or text.passage_at(sentence.start).pinpoint,
        page=sentence.page,
        quote=document.text[sentence.start : sentence.end],
        supports=False,
    )


def _bag(words: str) -> set[str]:
    return {stem(word) for word in re.findall(r"[^\W_]{3,}", fold(words))}
