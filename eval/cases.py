"""A case: a question, the saved answer, and the texts of the documents it speaks of. What every metric is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from eval.answers import Cited, Got, Said, Saved
from eval.suite import Question, Span
from eval.text import Interval, covers, locate, marks, same, stands_in


@dataclass(frozen=True)
class Library:
    """What a run knows of the library: the hash of every document, and the texts of those that matter."""

    documents: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether there are texts to compare with."""
        return bool(self.texts)

    def lacks(self, slug: str) -> bool:
        """Whether the library surely has no document of that name."""
        return bool(self.documents) and slug not in self.documents


@dataclass(frozen=True)
class Case:
    """One question with its saved answer."""

    question: Question
    saved: Saved
    library: Library = field(default_factory=Library)

    @property
    def id(self) -> str:
        """The question's id."""
        return self.question.id

    @property
    def answered(self) -> bool:
        """Whether an answer was given."""
        return self.saved.answered

    @property
    def refused(self) -> bool:
        """Whether the question was refused; an answer that is missing or failed is no refusal."""
        return self.saved.outcome == "refusal"

    @property
    def text(self) -> str:
        """The answer's text; nothing for a refusal."""
        return self.saved.text if self.answered else ""

    @property
    def citations(self) -> tuple[Cited, ...]:
        """The citations listed with the answer; none for a refusal."""
        return self.saved.citations if self.answered else ()

    @property
    def statements(self) -> tuple[Said, ...]:
        """The sentences of the answer; none for a refusal."""
        return self.saved.statements if self.answered else ()

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """Every citation number in use: listed, named by a statement or marked in the text, fabricated ones too."""
        listed = [cited.number for cited in self.citations]
        named = [number for said in self.statements for number in said.citations]
        return tuple(sorted({*listed, *named, *self._marked}))

    @cached_property
    def _marked(self) -> set[int]:
        """Marks of the text; a bracketed number that the document itself prints, as footnotes do, is not one."""
        printed = {number for cited in self.citations for number in marks(cited.quote)} if self.citations else set()
        return {
            number
            for number in marks(self.text)
            if number not in printed or number in {c.number for c in self.citations}
        }

    @cached_property
    def valid(self) -> frozenset[int]:
        """The citation numbers that resolve to one entry, in the library, that was retrieved."""
        return frozenset(number for number in self.numbers if self._resolves(number))

    def _resolves(self, number: int) -> bool:
        entries = [cited for cited in self.citations if cited.number == number]
        if len(entries) != 1 or not entries[0].quote.strip() or self.library.lacks(entries[0].source):
            return False
        cited = entries[0]
        text = self.library.texts.get(cited.source)
        if text is not None and (cited.start is not None or cited.end is not None):
            if not 0 <= (cited.start or 0) < (cited.end or 0) <= len(text):
                return False
        return any(got.source == cited.source and covers(got.text, cited.quote) for got in self.saved.retrieved)

    def cites(self, number: int) -> Cited | None:
        """The entry of a citation number."""
        return next((cited for cited in self.citations if cited.number == number), None)

    def quotes_gold(self, cited: Cited) -> bool:
        """Whether the citation quotes a gold span of any group."""
        return any(self._quotes(cited, span) for span in self.question.evidence)

    def cited_groups(self) -> dict[int, bool]:
        """For each evidence group, whether a citation quotes one of its spans."""
        return {
            number: any(self._quotes(c, s) for c in self.citations for s in spans)
            for number, spans in self.question.groups.items()
        }

    @staticmethod
    def _quotes(cited: Cited, span: Span) -> bool:
        return cited.source == span.source and covers(cited.quote, span.span)

    @staticmethod
    def holds(got: Got, span: Span) -> bool:
        """Whether a retrieved passage holds the span."""
        return got.source == span.source and covers(got.text, span.span)

    @cached_property
    def first_rank(self) -> dict[int, int]:
        """For each evidence group retrieved, the rank (from 1) of the first passage that holds one of its spans."""
        ranks: dict[int, int] = {}
        for number, spans in self.question.groups.items():
            for rank, got in enumerate(self.saved.retrieved, start=1):
                if any(self.holds(got, span) for span in spans):
                    ranks[number] = rank
                    break
        return ranks

    def places(self, span: Span) -> tuple[Interval, ...]:
        """Where the span stands in its document; nothing when the document is not there or does not hold it."""
        text = self.library.texts.get(span.source)
        return locate(span.span, text) if text is not None else ()

    @cached_property
    def quoted(self) -> dict[str, list[Interval]]:
        """The characters that the answer quotes, by document.

        A quote that its document does not hold is at no place.
        """
        places: dict[str, list[Interval]] = {}
        for cited in self.citations:
            text = self.library.texts.get(cited.source, "")
            if cited.start is not None and cited.end is not None and faithful(cited, text):
                places.setdefault(cited.source, []).append((cited.start, cited.end))
            elif cited.start is None and (found := locate(cited.quote, text)):
                places.setdefault(cited.source, []).append(found[0])
        return places


def faithful(cited: Cited, text: str) -> bool:
    """Whether the quote is what the document says, word for word, at the place that the citation names."""
    if cited.start is None or cited.end is None:
        return stands_in(cited.quote, text)
    return 0 <= cited.start < cited.end <= len(text) and same(cited.quote, text[cited.start : cited.end])
