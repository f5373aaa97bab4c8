"""A briefing on a topic: what the library says on it in a few sections, each sentence quoted and cited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot import language
from bot.answer import Answer, Citation, Evidence, Refusal, Statement
from bot.status import caution
from ingest.documents import Document, LibraryError

LONGEST = 160  # characters of a topic
FEWEST = 3  # entries that make a timeline
_TOLD = ("article", "report", "transcript", "note", "fact sheet", "news", "blog", "paper")  # kinds that agree nothing

Sort = Literal["said", "instruments", "positions", "timeline", "comparison"]


class Line(BaseModel):
    """A row of a table: what stands before its statements, and the document that is named beside them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = Field(min_length=1)
    statements: tuple[int, ...] = ()
    document: str = ""


class Section(BaseModel):
    """A part of a briefing: its heading and the places of its statements; rows where it is a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    sort: Sort = "said"
    statements: tuple[int, ...] = ()
    items: tuple[int, ...] = ()  # the statements that are items of a list
    rows: tuple[Line, ...] = ()


class Briefing(BaseModel):
    """Sections of quoted statements, the documents they come from, and what the library does not answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str
    language: str = Field(default=language.DEFAULT, description="Of what stands around the quotations.")
    mode: Literal["quote", "written"] = "quote"
    sections: tuple[Section, ...]
    statements: tuple[Statement, ...] = Field(min_length=1)
    citations: tuple[Citation, ...] = Field(min_length=1)
    open_questions: tuple[str, ...] = ()
    retrieved: tuple[Evidence, ...] = ()

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents that are cited, in the order of their dates."""
        cited = {citation.document.slug: citation.document for citation in self.citations}
        return tuple(sorted(cited.values(), key=lambda about: (about.date, about.slug)))

    @property
    def caution(self) -> str:
        """What is repealed or a draft among them."""
        return caution(self.citations)

    def to_json(self, id: str = "briefing") -> dict[str, Any]:
        """The briefing in the form of an answer, so that `legation eval score` judges it, with its sections beside it."""
        from bot.export import markdown

        shown = "\n\n".join(f"{s.text} {''.join(f'[{n}]' for n in s.citations)}" for s in self.statements)
        return {
            "id": id,
            "question": self.topic,
            "standalone_question": self.topic,
            "outcome": "answer",
            "reason": self.caution,
            "kind": "overview",
            "mode": self.mode,
            "confidence": 1.0,
            "text": shown,
            "statements": [{"text": s.text, "citations": list(s.citations)} for s in self.statements],
            "citations": [citation.to_json() for citation in self.citations],
            "retrieved": [item.to_json() for item in self.retrieved],
            "timings_ms": {},
            "sections": [section.model_dump(mode="json") for section in self.sections],
            "open_questions": list(self.open_questions),
            "markdown": markdown(self),
        }


class Collected:
    """The statements and citations of a briefing as they come together, no sentence twice."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.citations: list[Citation] = []
        self.evidence: dict[str, Evidence] = {}
        self._places: dict[tuple[str, int, str], int] = {}

    def add(self, text: str, cited: Sequence[Citation]) -> int:
        """The place of a statement, which is new or was there."""
        key = (cited[0].document.slug, cited[0].start, text)
        if key in self._places:
            return self._places[key]
        numbers = []
        for citation in cited:
            self.citations.append(citation.model_copy(update={"number": len(self.citations) + 1}))
            numbers.append(len(self.citations))
        self.statements.append(Statement(text=text, citations=tuple(numbers)))
        self._places[key] = len(self.statements) - 1
        return self._places[key]

    def answer(self, outcome: Answer) -> list[int]:
        """The places of an answer's statements."""
        self.seen(outcome.retrieved)
        known = {citation.number: citation for citation in outcome.citations}
        return [self.add(s.text, [known[n] for n in s.citations]) for s in outcome.statements]

    def seen(self, evidence: Iterable[Evidence]) -> None:
        """Keeps what was retrieved."""
        for item in evidence:
            self.evidence.setdefault(item.passage.id, item)

    def of(self, document: Document) -> list[int]:
        """The places of the statements that rest on a document first."""
        return [
            at
            for at, said in enumerate(self.statements)
            if self.citations[said.citations[0] - 1].document.slug == document.slug
        ]

    def documents(self) -> list[Document]:
        """What is cited, in the order of the dates."""
        cited = {citation.document.slug: citation.document for citation in self.citations}
        return sorted(cited.values(), key=lambda about: (about.date, about.slug))

    def briefing(self, topic: str, code: str, sections: Sequence[Section], open_questions: Sequence[str]) -> Briefing:
        """The whole."""
        return Briefing(
            topic=topic,
            language=code,
            sections=tuple(sections),
            statements=tuple(self.statements),
            citations=tuple(self.citations),
            open_questions=tuple(open_questions),
            retrieved=tuple(self.evidence.values()),
        )


def gathered(outcomes: Sequence[Answer | Refusal], code: str = language.DEFAULT) -> Briefing:
    """The briefing that a conversation makes: a section for each answer, its refusals as open questions. Asks nothing."""
    words = language.load(code)
    answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
    if not answers:
        raise LibraryError(words["brief.nothing-asked"])
    collected = Collected()
    sections = []
    for outcome in answers:
        places = collected.answer(outcome)
        rows = [Line(label=row.label, statements=tuple(places[at] for at in row.statements)) for row in outcome.rows]
        title = outcome.standalone_question or outcome.question
        if rows and outcome.kind != "overview":
            sections.append(Section(title=title, sort="comparison", statements=tuple(places), rows=tuple(rows)))
        else:
            sections.append(Section(title=title, statements=tuple(places)))
    about = collected.documents()
    sections += instruments(collected, about, words) + timeline(collected, about, (), words)
    refused = dict.fromkeys(one.standalone_question for one in outcomes if isinstance(one, Refusal))
    made = collected.briefing(answers[0].question, code, sections, tuple(refused))
    written = any(outcome.mode == "written" for outcome in answers)
    return made.model_copy(update={"mode": "written"}) if written else made


def instruments(collected: Collected, documents: Sequence[Document], words: language.Words) -> list[Section]:
    """A table of those of the documents in which something was agreed or ordered, where they are cited."""
    rows = [
        Line(label=about.date or about.slug, document=about.slug, statements=(held[0],))
        for about in documents
        if (held := collected.of(about)) and about.kind and not any(word in about.kind.casefold() for word in _TOLD)
    ]
    return [Section(title=words["brief.instruments"], sort="instruments", rows=tuple(rows))] if rows else []


def timeline(
    collected: Collected, documents: Sequence[Document], events: Sequence[Line], words: language.Words
) -> list[Section]:
    """The days that the texts name and the documents themselves, in the order of the dates, where there are several."""
    told = {event.label for event in events}
    rows = [
        Line(label=about.date, document=about.slug, statements=(held[0],))
        for about in documents
        if about.date and about.date not in told and (held := collected.of(about))
    ]
    rows = sorted([*events, *rows], key=lambda row: row.label)
    if len(rows) < FEWEST:
        return []
    return [Section(title=words["brief.timeline"], sort="timeline", rows=tuple(rows))]
