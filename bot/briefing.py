"""A briefing on a topic: what the library says on it in a few sections, each sentence quoted and cited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from bot.answer import Answer, Citation, Evidence, Row, Statement
from bot.question import Filters, understand
from bot.status import caution
from ingest.documents import Document, LibraryError

if TYPE_CHECKING:
    from bot.ask import Legation

MOST = 5  # statements of a section
POSITIONS = 6  # publishers whose words are given
WIDE = 60  # passages looked at for positions
NEAR = 0.12  # a publisher is heard while its best passage scores within this of the best of all
LONGEST = 160  # characters of a topic
ASKED = (
    ("Background", "What is {topic}?"),
    ("Obligations and commitments", "What must or should States or companies do under {topic}?"),
    ("Actors", "Who takes part in {topic}?"),
    ("Dates and deadlines", "When was {topic} adopted, and when does it apply?"),
    ("Money", "How much money or what fines does {topic} involve?"),
)


class Section(BaseModel):
    """A part of a briefing: its heading and the places of its statements; rows where it is a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    statements: tuple[int, ...] = ()
    rows: tuple[Row, ...] = ()


class Briefing(BaseModel):
    """Sections of quoted statements, the documents they come from, and what the library does not answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str
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
            "mode": "quote",
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


class _Collected:
    """The statements and citations of a briefing as they come together, no sentence twice."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.citations: list[Citation] = []
        self.evidence: dict[str, Evidence] = {}
        self._places: set[tuple[str, int]] = set()

    def add(self, text: str, cited: Sequence[Citation]) -> int | None:
        """The place of a new statement; None for one that is there already."""
        first = cited[0]
        if (first.document.slug, first.start) in self._places:
            return None
        self._places.add((first.document.slug, first.start))
        numbers = []
        for citation in cited:
            self.citations.append(citation.model_copy(update={"number": len(self.citations) + 1}))
            numbers.append(len(self.citations))
        self.statements.append(Statement(text=text, citations=tuple(numbers)))
        return len(self.statements) - 1

    def answer(self, outcome: Answer) -> tuple[int, ...]:
        """The places of the new statements of an answer."""
        self.seen(outcome.retrieved)
        known = {citation.number: citation for citation in outcome.citations}
        places = (self.add(s.text, [known[n] for n in s.citations]) for s in outcome.statements[:MOST])
        return tuple(place for place in places if place is not None)

    def seen(self, evidence: Iterable[Evidence]) -> None:
        for item in evidence:
            self.evidence.setdefault(item.passage.id, item)


def brief(legation: Legation, topic: str, filters: Filters | None = None) -> Briefing:
    """The briefing on `topic`. LibraryError when the library holds nothing on it."""
    topic = " ".join(topic.split()).rstrip("?.! ")
    if not topic or len(topic) > LONGEST:
        raise LibraryError(
            f"A briefing needs a topic of 1 to {LONGEST} characters, such as: Counter Ransomware Initiative."
        )
    collected = _Collected()
    sections: list[Section] = []
    open_questions = []
    for title, pattern in ASKED:
        question = pattern.format(topic=topic)
        outcome = legation.ask(question, filters=filters)
        if not isinstance(outcome, Answer):
            open_questions.append(question)
        elif places := collected.answer(outcome):
            sections.append(Section(title=title, statements=places))
    if not sections:
        raise LibraryError(
            f"The library holds no clear answer on {topic}: no briefing is written. Try another name for it."
        )
    if positions := _positions(legation, topic, filters, collected):
        sections.append(positions)
    sections += _timeline(collected)
    return Briefing(
        topic=topic,
        sections=tuple(sections),
        statements=tuple(collected.statements),
        citations=tuple(collected.citations),
        open_questions=tuple(open_questions),
        retrieved=tuple(collected.evidence.values()),
    )


def _positions(legation: Legation, topic: str, filters: Filters | None, collected: _Collected) -> Section | None:
    """A table: a row for each publisher that speaks of the topic, in its own words."""
    question = understand(f"What does each say about {topic}?", vocabulary=legation.retriever.vocabulary)
    found = legation.retriever.find(question, filters, k=WIDE)
    by_publisher: dict[str, list[Evidence]] = {}
    for item in found.evidence:
        if item.document.publisher and item.score >= found.evidence[0].score - NEAR:
            by_publisher.setdefault(item.document.publisher, []).append(item)
    collected.seen(found.evidence)
    rows = []
    for publisher, evidence in list(by_publisher.items())[:POSITIONS]:
        for pick in legation.quoter.rank(question, topic, evidence[:3], scored=8)[:2]:
            citation = Citation(
                number=1,
                document=pick.document,
                start=pick.sentence.start,
                end=pick.sentence.end,
                pinpoint=pick.sentence.pinpoint,
                page=pick.sentence.page,
            )
            if (place := collected.add(pick.text, [citation])) is not None:
                rows.append(Row(label=publisher, statements=(place,)))
                break
    if len(rows) < 2:
        return None
    return Section(title="Positions", statements=tuple(p for row in rows for p in row.statements), rows=tuple(rows))


def _timeline(collected: _Collected) -> list[Section]:
    """The first statement of each dated document, in the order of the dates, where there are several."""
    first: dict[str, tuple[str, int]] = {}
    for place, statement in enumerate(collected.statements):
        about = collected.citations[statement.citations[0] - 1].document
        if about.date:
            first.setdefault(about.slug, (about.date, place))
    rows = [Row(label=date, statements=(place,)) for date, place in sorted(first.values())]
    if len(rows) < 3:
        return []
    return [Section(title="Timeline", statements=tuple(p for row in rows for p in row.statements), rows=tuple(rows))]
