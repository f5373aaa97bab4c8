"""A briefing on a topic: what the library says on it in a few sections, each sentence quoted and cited."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot import language
from bot.answer import Answer, Citation, Evidence, Refusal, Row, Statement
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
_SPAN = re.compile(r"\b(?:1[89]|20)\d\d\b|\b(?:hour|day|week|month|year)s?\b", re.IGNORECASE)
_SUM = re.compile(r"[$€£%]|\b(?:EUR|USD|GBP|dollars?|euros?|million|billion|per ?cent)\b", re.IGNORECASE)
# The sections, each asked in the words of `brief.ask-NAME`; what a statement must have in it to belong there.
ASKED: tuple[tuple[str, re.Pattern[str] | None], ...] = (
    ("background", None),
    ("obligations", None),
    ("actors", None),
    ("dates", _SPAN),
    ("money", _SUM),
)
_TOLD = ("article", "report", "transcript", "note", "fact sheet", "news", "blog", "paper")  # kinds that agree nothing

Sort = Literal["said", "instruments", "positions", "timeline", "comparison"]


class Section(BaseModel):
    """A part of a briefing: its heading and the places of its statements; rows where it is a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    sort: Sort = "said"
    statements: tuple[int, ...] = ()
    rows: tuple[Row, ...] = ()


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


class _Collected:
    """The statements and citations of a briefing as they come together, no sentence twice."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.citations: list[Citation] = []
        self.evidence: dict[str, Evidence] = {}
        self._places: dict[tuple[str, int, str], int] = {}

    def add(self, text: str, cited: Sequence[Citation]) -> tuple[int, bool]:
        """The place of a statement, and whether it is new."""
        key = (cited[0].document.slug, cited[0].start, text)
        if key in self._places:
            return self._places[key], False
        numbers = []
        for citation in cited:
            self.citations.append(citation.model_copy(update={"number": len(self.citations) + 1}))
            numbers.append(len(self.citations))
        self.statements.append(Statement(text=text, citations=tuple(numbers)))
        self._places[key] = len(self.statements) - 1
        return self._places[key], True

    def answer(self, outcome: Answer) -> list[tuple[int, bool]]:
        """The places of an answer's statements, and which of them are new."""
        self.seen(outcome.retrieved)
        known = {citation.number: citation for citation in outcome.citations}
        return [self.add(s.text, [known[n] for n in s.citations]) for s in outcome.statements]

    def some(self, outcome: Answer, needed: re.Pattern[str] | None) -> tuple[int, ...]:
        """The places of the new statements of an answer that have in them what is needed, a few at most."""
        fit = [s for s in outcome.statements if not needed or needed.search(s.text)][:MOST]
        if not fit:
            return ()
        return tuple(place for place, new in self.answer(_only(outcome, fit)) if new)

    def seen(self, evidence: Iterable[Evidence]) -> None:
        for item in evidence:
            self.evidence.setdefault(item.passage.id, item)

    def briefing(self, topic: str, code: str, sections: Sequence[Section], open_questions: Sequence[str]) -> Briefing:
        """The whole, with the tables that are made of what was collected."""
        words = language.load(code)
        made = Briefing(
            topic=topic,
            language=code,
            sections=tuple(sections),
            statements=tuple(self.statements),
            citations=tuple(self.citations),
            open_questions=tuple(open_questions),
            retrieved=tuple(self.evidence.values()),
        )
        first = 1 if made.sections[0].title == words["brief.background"] else len(made.sections)
        tables = [*made.sections[:first], *_instruments(made, words), *made.sections[first:], *_timeline(made, words)]
        return made.model_copy(update={"sections": tuple(tables)})


def _only(outcome: Answer, statements: Sequence[Statement]) -> Answer:
    return outcome.model_copy(update={"statements": tuple(statements), "rows": ()})


def brief(legation: Legation, topic: str, filters: Filters | None = None, code: str = language.DEFAULT) -> Briefing:
    """The briefing on `topic`. LibraryError when the library holds nothing on it."""
    words, english = language.load(code), language.load(language.DEFAULT)
    topic = " ".join(topic.split()).rstrip("?.! ")
    if not topic or len(topic) > LONGEST:
        raise LibraryError(words["brief.no-topic"].format(most=LONGEST))
    collected = _Collected()
    sections: list[Section] = []
    open_questions = []
    for name, needed in ASKED:
        outcome = legation.ask(english[f"brief.ask-{name}"].format(topic=topic), filters=filters)
        places = collected.some(outcome, needed) if isinstance(outcome, Answer) else ()
        if places:
            sections.append(Section(title=words[f"brief.{name}"], statements=places))
        elif not isinstance(outcome, Answer) or needed:
            open_questions.append(words[f"brief.ask-{name}"].format(topic=topic))
    if not sections:
        raise LibraryError(words["brief.nothing"].format(topic=topic))
    sections += _positions(legation, topic, filters, collected, words)
    return collected.briefing(topic, code, sections, open_questions)


def gathered(outcomes: Sequence[Answer | Refusal], code: str = language.DEFAULT) -> Briefing:
    """The briefing that a conversation makes: a section for each answer, its refusals as open questions. Asks nothing."""
    words = language.load(code)
    answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
    if not answers:
        raise LibraryError(words["brief.nothing-asked"])
    collected = _Collected()
    sections = []
    for outcome in answers:
        places = [place for place, _ in collected.answer(outcome)]
        rows = [Row(label=row.label, statements=tuple(places[at] for at in row.statements)) for row in outcome.rows]
        title = outcome.standalone_question or outcome.question
        if rows and outcome.kind != "overview":
            sections.append(Section(title=title, sort="comparison", statements=tuple(places), rows=tuple(rows)))
        else:
            sections.append(Section(title=title, statements=tuple(places)))
    refused = dict.fromkeys(one.standalone_question for one in outcomes if isinstance(one, Refusal))
    made = collected.briefing(answers[0].question, code, sections, tuple(refused))
    written = any(outcome.mode == "written" for outcome in answers)
    return made.model_copy(update={"mode": "written"}) if written else made


def _positions(
    legation: Legation, topic: str, filters: Filters | None, collected: _Collected, words: language.Words
) -> list[Section]:
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
            place, new = collected.add(pick.text, [citation])
            if new:
                rows.append(Row(label=publisher, statements=(place,)))
                break
    if len(rows) < 2:
        return []
    places = tuple(place for row in rows for place in row.statements)
    return [Section(title=words["brief.positions"], sort="positions", statements=places, rows=tuple(rows))]


def _by_document(made: Briefing) -> dict[str, list[int]]:
    """The places of the statements that rest on each document first."""
    held: dict[str, list[int]] = {}
    for place, statement in enumerate(made.statements):
        held.setdefault(made.citations[statement.citations[0] - 1].document.slug, []).append(place)
    return held


def _instruments(made: Briefing, words: language.Words) -> list[Section]:
    """A table of the cited documents in which something was agreed or ordered, by date."""
    held = _by_document(made)
    rows = [
        Row(label=about.slug, statements=(held[about.slug][0],))
        for about in made.documents
        if about.slug in held and about.kind and not any(word in about.kind.casefold() for word in _TOLD)
    ]
    return [Section(title=words["brief.instruments"], sort="instruments", rows=tuple(rows))] if rows else []


def _timeline(made: Briefing, words: language.Words) -> list[Section]:
    """A statement of each dated document, in the order of the dates, where there are several; best one with a date in it."""
    held = _by_document(made)
    rows = []
    for about in made.documents:
        if about.date and about.slug in held:
            dated = (place for place in held[about.slug] if _SPAN.search(made.statements[place].text))
            rows.append(Row(label=about.date, statements=(next(dated, held[about.slug][0]),)))
    if len(rows) < 3:
        return []
    return [Section(title=words["brief.timeline"], sort="timeline", rows=tuple(rows))]
