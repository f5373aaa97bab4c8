"""What the HTTP API takes and gives, as models: the OpenAPI document is made from them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.answer import Kind, Mode, Row, Written
from bot.question import Filters

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
LONGEST = 100_000  # characters of a text that is read at all; the settings set the bound of a question

_CITATION: dict[str, Any] = {
    "number": 1,
    "source": "harbour-accord",
    "title": "Harbour Accord",
    "publisher": "Conference of Ports",
    "date": "2019-05-17",
    "symbol": "CP/2019/4",
    "status": "in force",
    "url": "https://ports.example/accord",
    "pinpoint": "Article 2(1)",
    "page": None,
    "quote": "A port shall report a serious incident within 24 hours.",
    "start": 412,
    "end": 467,
}
_ANSWER: dict[str, Any] = {
    "id": "5f0c8f0e6a6f4e0f8a0d7f3f0a1b2c3d",
    "question": "When must a port report an incident?",
    "standalone_question": "When must a port report an incident?",
    "outcome": "answer",
    "reason": "",
    "kind": "provision",
    "mode": "quote",
    "confidence": 0.91,
    "text": "A port shall report a serious incident within 24 hours. [1]",
    "statements": [{"text": "A port shall report a serious incident within 24 hours.", "citations": [1]}],
    "citations": [_CITATION],
    "retrieved": [{"source": "harbour-accord", "pinpoint": "Article 2", "text": "A port shall ...", "score": 0.93}],
    "timings_ms": {"understand": 3, "retrieve": 21, "rerank": 40, "answer": 12, "verify": 0, "total": 76},
}
_FOUND: dict[str, Any] = {
    "source": "harbour-accord",
    "pinpoint": "Article 2",
    "text": "A port shall report a serious incident within 24 hours.",
    "score": 0.93,
    "title": "Harbour Accord",
    "page": None,
    "start": 412,
    "end": 467,
}
_DOCUMENT: dict[str, Any] = {
    "slug": "harbour-accord",
    "title": "Harbour Accord",
    "publisher": "Conference of Ports",
    "date": "2019-05-17",
    "symbol": "CP/2019/4",
    "kind": "treaty",
    "status": "in force",
    "language": "en",
    "url": "https://ports.example/accord",
    "passages": 12,
    "words": 1840,
}
_WHOLE: dict[str, Any] = _DOCUMENT | {
    "licence": "CC BY 4.0",
    "text": "A port shall report a serious incident within 24 hours.",
    "passages": [{"pinpoint": "Article 2", "page": None, "start": 0, "end": 55}],
}


def _words(value: str) -> str:
    if found := _CONTROL.search(value):
        raise ValueError(f"holds a character that is no text (U+{ord(found[0]):04X})")
    return value


Words = Annotated[str, AfterValidator(_words)]


class Strict(BaseModel):
    """A request: a field that is not known is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TurnBody(Strict):
    """An earlier turn of the conversation."""

    role: Literal["user", "assistant"]
    content: Words = Field(max_length=LONGEST)


class FiltersBody(Filters):
    """Which documents may be used."""

    publisher: Words | None = Field(
        default=None, max_length=500, description="Exactly as the list of documents has it."
    )
    kind: Words | None = Field(default=None, max_length=500, description="Kind of document: treaty, law, statement ...")
    source: Words | None = Field(default=None, max_length=500, description="Slug of one document.")
    language: Words | None = Field(default=None, max_length=50, description="Language code: en, fr ...")
    year_from: int | None = Field(default=None, ge=0, le=9999, description="Earliest year of the document's date.")
    year_to: int | None = Field(default=None, ge=0, le=9999, description="Latest year of the document's date.")


class AskBody(Strict):
    """A question, what was said before it, and the documents that may be used."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"question": "When must a port report an incident?"},
                {
                    "question": "And to whom?",
                    "history": [
                        {"role": "user", "content": "When must a port report an incident?"},
                        {"role": "assistant", "content": "A port shall report a serious incident within 24 hours. [1]"},
                    ],
                    "filters": {"publisher": "Conference of Ports", "year_from": 2018},
                },
            ]
        },
    )

    question: Words = Field(min_length=1, max_length=LONGEST, description="In plain words.")
    history: tuple[TurnBody, ...] = Field(default=(), description="Earlier turns, oldest first.")
    filters: FiltersBody = Field(default=FiltersBody(), description="Only these documents.")

    def turns(self) -> list[dict[str, str]]:
        """The history as the bot takes it."""
        return [turn.model_dump() for turn in self.history]


class SearchQuery(FiltersBody):
    """What to look for, and where."""

    q: Words = Field(
        min_length=1, max_length=LONGEST, description="Words to look for.", examples=["incident reporting"]
    )
    k: int = Field(default=20, ge=1, le=200, description="How many passages.")

    def filters(self) -> Filters:
        """The filters alone."""
        return Filters(**self.model_dump(include=set(Filters.model_fields)))


class FeedbackBody(Strict):
    """What a reader thought of an answer. What is asked is kept only when it is sent along."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "answer": "5f0c8f0e6a6f4e0f8a0d7f3f0a1b2c3d",
                    "verdict": "unhelpful",
                    "statement": 1,
                    "comment": "The accord was amended in 2023.",
                }
            ]
        },
    )

    answer: str = Field(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="The `id` of the answer.")
    verdict: Literal["helpful", "unhelpful"]
    statement: int | None = Field(default=None, ge=1, le=1000, description="The statement that is meant, from 1.")
    comment: Words = Field(default="", max_length=2000)
    question: Words = Field(
        default="", max_length=2000, description="The question, where the reader agrees to send it."
    )


class StatementBody(BaseModel):
    """A sentence or list item of an answer, and the numbers of the citations it rests on."""

    text: str
    citations: list[int]


class CitationBody(BaseModel):
    """An exact place in a document: `text[start:end] == quote`."""

    number: int
    source: str
    title: str
    publisher: str
    date: str
    symbol: str
    status: str
    url: str
    pinpoint: str
    page: int | None
    quote: str
    start: int
    end: int


class EvidenceBody(BaseModel):
    """A passage that was found."""

    source: str
    pinpoint: str
    text: str
    score: float


class TimingsBody(BaseModel):
    """Milliseconds spent at each stage."""

    understand: float
    retrieve: float
    rerank: float
    answer: float
    verify: float
    total: float


class AnswerBody(BaseModel):
    """An answer, or the refusal that says why there is none and what the library holds nearby."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER]})

    id: str
    question: str
    standalone_question: str
    outcome: Literal["answer", "refusal"]
    reason: str = Field(description="Of a refusal: why. Of an answer: what the reader should know.")
    kind: Kind
    mode: Mode
    confidence: float
    text: str = Field(description="Markdown; the marks are [1], [2] ...")
    statements: list[StatementBody]
    citations: list[CitationBody]
    retrieved: list[EvidenceBody]
    timings_ms: TimingsBody
    nearby: list[CitationBody] = Field(default=[], description="Of a refusal: the nearest that the library holds.")
    rows: list[Row] = Field(
        default=[],
        description="Of a comparison: the statements, from 0, of each thing compared; of an overview: of each heading.",
    )
    followups: list[str] = Field(default=[], description="Questions to go on with, made from what was cited.")
    written: Written | None = Field(default=None, description="A chat model's part in it, where one is set.")

    def to_json(self) -> dict[str, Any]:
        """The answer as it was sent."""
        return self.model_dump(mode="json", exclude_unset=True)


class UnderstoodBody(BaseModel):
    """The first event of a stream: the question made whole, and what kind of answer it asks for."""

    standalone_question: str
    kind: Kind


class SourcesBody(BaseModel):
    """The second event of a stream: the citations."""

    citations: list[CitationBody]


class FoundBody(EvidenceBody):
    """A passage that was found, and its place."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FOUND]})

    title: str
    page: int | None
    start: int
    end: int


class DocumentBody(BaseModel):
    """What is known of a document."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DOCUMENT]})

    slug: str
    title: str
    publisher: str
    date: str
    symbol: str
    kind: str
    status: str
    language: str
    url: str
    passages: int
    words: int


class PlaceBody(BaseModel):
    """A passage's place in its document's text."""

    pinpoint: str
    page: int | None
    start: int
    end: int


class WholeBody(BaseModel):
    """A document with its text and the places of its passages."""

    model_config = ConfigDict(json_schema_extra={"examples": [_WHOLE]})

    slug: str
    title: str
    publisher: str
    date: str
    symbol: str
    kind: str
    status: str
    language: str
    url: str
    words: int
    licence: str
    text: str
    passages: list[PlaceBody]


class PieceBody(BaseModel):
    """A piece of a document's text."""

    source: str
    title: str
    publisher: str
    date: str
    symbol: str
    status: str
    url: str
    start: int
    text: str
    next: int | None = Field(description="Where the text goes on; null at its end.")


class ReceivedBody(BaseModel):
    """That feedback was kept, and under which number."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"id": 7}]})

    id: int
