"""Whether a statement is supported by the words that it cites: small rules, from numbers to negation, in a fixed order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from bot.ground import Ground, sentences_of
from bot.rules import broken
from bot.wording import flat

if TYPE_CHECKING:
    from bot.entail import Entails
    from ingest.index import Index

MOST_PLACES = 20  # of one quote that lend their names to a statement
_OPENER = re.compile(r"^(?:[-–•*·]|\(?(?:[a-z]{1,4}|\d{1,3})[.)]) ")


def in_source(quote: str, source: str) -> bool:
    """Whether `quote` stands in `source`, word for word, white space and typography aside."""
    return bool(quote.strip()) and flat(quote) in flat(source)


class Reason(BaseModel):
    """Why a statement does not hold: the rule that it breaks, and the words that break it."""

    model_config = ConfigDict(frozen=True)

    rule: str
    detail: str


class Cited(BaseModel):
    """The words that a statement rests on, and the document they are said to stand in."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: str
    quote: str


class Claim(BaseModel):
    """A statement to be checked, with what it cites."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(min_length=1, coerce_numbers_to_str=True)
    text: str = Field(min_length=1)
    citations: tuple[Cited, ...] = ()


class Verdict(BaseModel):
    """What became of a statement: supported, or the reasons why not."""

    model_config = ConfigDict(frozen=True)

    id: str
    supported: bool
    reasons: tuple[Reason, ...] = ()


def check_statement(
    text: str, quotes: Sequence[str], about: Sequence[str] = (), named: Sequence[str] = ()
) -> tuple[Reason, ...]:
    """Why `text` is not supported by `quotes`; empty when nothing speaks against it. A sentence of a quote is supported.

    `about` is what names the quoted documents and places (titles, publishers, dates, pinpoints): it may lend names and figures.
    `named` is the same quote by quote, in the order of the quotes.
    """
    names = [*named, *[""] * len(quotes)]
    held = [quote for quote in quotes if quote.strip()]
    beside = [name for quote, name in zip(quotes, names, strict=False) if quote.strip()]
    if not held:
        return (Reason(rule="citation", detail="no citation"),)
    if any(_copied(text, quote) for quote in held):
        return ()
    return tuple(Reason(rule=rule, detail=detail) for rule, detail in broken(Ground(text, held, about, beside)))


def _copied(text: str, quote: str) -> bool:
    """Whether `text` is the quote, or whole sentences of it, word for word."""
    said = _bare(text)
    sentences = [_bare(sentence) for sentence in sentences_of(quote)]
    if said in (_bare(quote), *sentences):
        return True
    joined = f" {' '.join(sentences)} "
    return (
        any(said.startswith(s) for s in sentences if s)
        and any(said.endswith(s) for s in sentences if s)
        and f" {said} " in joined
    )


def _bare(text: str) -> str:
    """`text` for comparison, without the marker that opens a list item and the stop that ends a sentence."""
    return _OPENER.sub("", flat(text)).rstrip(" .;,:")


def check_statements(
    library: Index | Mapping[str, str], statements: Iterable[Claim], entails: Entails | None = None
) -> list[Verdict]:
    """A verdict on each statement, by the words that it cites in the library: an Index, or the texts of documents by slug.

    `entails` is a model's opinion on what the rules let pass (bot.entail), where one is wanted.
    """
    shelf = _Texts(library) if isinstance(library, Mapping) else _Shelf(library)
    return [_verdict(shelf, claim, entails) for claim in statements]


class Source:
    """A document as quotes are looked up in it: its text for comparison, and what names it and its places."""

    def __init__(
        self, text: str, about: Sequence[str] = (), places: Callable[[str], Sequence[str]] | None = None
    ) -> None:
        self.flat = flat(text)
        self._about = tuple(about)
        self._places = places

    def holds(self, quote: str) -> bool:
        """Whether the quote stands in the document, word for word, white space and typography aside."""
        return bool(quote.strip()) and flat(quote) in self.flat

    def about(self, quote: str) -> tuple[str, ...]:
        """What names the document and the place of the quote."""
        return (*self._about, *(self._places(quote) if self._places else ()))


class _Texts:
    """Documents given as texts."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._read: dict[str, Source] = {}

    def source(self, slug: str) -> Source | None:
        """The document, or None where there is none."""
        if slug not in self._read and slug in self._texts:
            self._read[slug] = Source(self._texts[slug])
        return self._read.get(slug)


class _Shelf:
    """The documents of an Index, read when they are asked for."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known = {document.slug: document for document in index.documents()}
        self._read: dict[str, Source] = {}

    def source(self, slug: str) -> Source | None:
        """The document, or None where there is none."""
        if slug not in self._read and slug in self._known:
            self._read[slug] = self._source(slug)
        return self._read.get(slug)

    def _source(self, slug: str) -> Source:
        text = self._index.text(slug)
        named = (text.document.title, text.document.publisher, text.document.symbol, text.document.date)
        body = text.document.text
        sentences = [(flat(body[s.start : s.end]), s.start, s.pinpoint) for s in text.sentences]

        def places(quote: str) -> list[str]:
            wanted = flat(quote)
            found = [
                (at, pinpoint) for words, at, pinpoint in sentences if words and (words in wanted or wanted in words)
            ]
            return [" > ".join((*text.passage_at(at).path, pinpoint)) for at, pinpoint in found[:MOST_PLACES]]

        return Source(body, named, places)


def _verdict(shelf: _Texts | _Shelf, claim: Claim, entails: Entails | None = None) -> Verdict:
    reasons: list[Reason] = []
    quotes: list[str] = []
    named: list[str] = []
    for cited in claim.citations:
        source = shelf.source(cited.source)
        if source is None:
            reasons.append(Reason(rule="source", detail=f"the library has no document {cited.source!r}"))
        elif not source.holds(cited.quote):
            reasons.append(Reason(rule="quote", detail=f"not in {cited.source}: {cited.quote}"))
        else:
            quotes.append(cited.quote)
            named.append(" ; ".join(source.about(cited.quote)))
    reasons += check_statement(claim.text, quotes, named=named)
    if entails and not reasons and not entails(claim.text, quotes):
        reasons.append(Reason(rule="entailment", detail="the model does not find it in the quotes"))
    return Verdict(id=claim.id, supported=not reasons, reasons=tuple(reasons))
