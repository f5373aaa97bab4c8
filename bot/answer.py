"""Answer and Refusal, the only two outcomes, and what an answer is made of: Statement, Citation, Evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ingest.documents import Document, Passage

Kind = Literal["fact", "list", "comparison", "timeline", "definition", "provision", "overview"]
Mode = Literal["quote", "written"]


class Evidence(BaseModel):
    """A passage chosen for a question, with its score (higher is better; comparable within one question only)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: Document
    passage: Passage
    score: float
    raw: float = Field(default=0.0, description="The late-interaction score alone, about 0.5 to 1.")
    pair: float = Field(default=0.0, description="The cross-encoder's logit, about -11 to 11.")

    def to_json(self) -> dict[str, Any]:
        """The form in the `retrieved` list of an answer."""
        passage = self.passage
        return {
            "source": passage.slug,
            "pinpoint": passage.pinpoint,
            "text": passage.text,
            "score": round(self.score, 4),
        }


class Citation(BaseModel):
    """An exact place in a document. The quote is cut from the document by the offsets, so it cannot differ from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=1, description="The mark in the answer's text: [1], [2] ...")
    document: Document
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    pinpoint: str = ""
    page: int | None = None

    @model_validator(mode="after")
    def _inside_the_document(self) -> Self:
        if not self.start < self.end <= len(self.document.text) or not self.quote.strip():
            raise ValueError(f"no text at {self.start}..{self.end} of {self.document.slug}")
        return self

    @property
    def quote(self) -> str:
        """The cited words, verbatim."""
        return self.document.text[self.start : self.end]

    def to_json(self) -> dict[str, Any]:
        """The form in the `citations` list of an answer."""
        about = self.document
        return {
            "number": self.number,
            "source": about.slug,
            "title": about.title,
            "publisher": about.publisher,
            "date": about.date,
            "symbol": about.symbol,
            "status": about.status,
            "url": about.url,
            "pinpoint": self.pinpoint,
            "page": self.page,
            "quote": self.quote,
            "start": self.start,
            "end": self.end,
        }


class Statement(BaseModel):
    """One sentence or list item of an answer, with the numbers of the citations it rests on (at least one)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1)
    citations: tuple[int, ...] = Field(min_length=1)


class Row(BaseModel):
    """A row of a comparison or a part of an overview: what it is of, and the places of its statements in the answer; none: nothing held."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = Field(min_length=1)
    statements: tuple[int, ...] = ()


class Dropped(BaseModel):
    """A sentence that a chat model wrote and that was not shown, with the rules that it broke."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    reasons: tuple[dict[str, str], ...]


class Written(BaseModel):
    """The account of a chat model's part in an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    claims: int = 0
    dropped: tuple[Dropped, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = Field(
        default=None, description="Of those tokens, at the prices that are set; empty: none are."
    )
    fallback: str = Field(default="", description="Why the quoted answer is given instead; empty: the model wrote it.")


class Timings(BaseModel):
    """Milliseconds spent at each stage of one question."""

    model_config = ConfigDict(extra="forbid")

    understand: float = 0.0
    retrieve: float = 0.0
    rerank: float = 0.0
    answer: float = 0.0
    verify: float = 0.0
    total: float = 0.0


class Outcome(BaseModel):
    """What Answer and Refusal share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    question: str
    standalone_question: str
    kind: Kind = "fact"
    mode: Mode = "quote"
    confidence: float = Field(ge=0, le=1)
    text: str = Field(description="Markdown; an answer's marks are [1], [2] ...")
    retrieved: tuple[Evidence, ...] = ()
    timings_ms: Timings = Timings()

    def _json(
        self, outcome: str, reason: str, statements: Sequence[Statement], citations: Sequence[Citation]
    ) -> dict[str, Any]:
        return {
            "id": self.id,
            "question": self.question,
            "standalone_question": self.standalone_question,
            "outcome": outcome,
            "reason": reason,
            "kind": self.kind,
            "mode": self.mode,
            "confidence": round(self.confidence, 4),
            "text": self.text,
            "statements": [{"text": s.text, "citations": list(s.citations)} for s in statements],
            "citations": [c.to_json() for c in citations],
            "retrieved": [e.to_json() for e in self.retrieved],
            "timings_ms": {name: round(value, 2) for name, value in self.timings_ms.model_dump().items()},
        }


class Answer(Outcome):
    """Statements that each rest on cited words."""

    statements: tuple[Statement, ...] = Field(min_length=1)
    citations: tuple[Citation, ...] = Field(min_length=1)
    note: str = Field(default="", description="What the reader should know: a list that was cut, a repealed source ...")
    rows: tuple[Row, ...] = Field(default=(), description="Of a comparison: the statements of each thing compared.")
    written: Written | None = Field(default=None, description="What a chat model had to do with it, where one is set.")

    @model_validator(mode="after")
    def _every_mark_resolves(self) -> Self:
        known = {citation.number for citation in self.citations}
        for statement in self.statements:
            if not set(statement.citations) <= known:
                raise ValueError(f"statement cites {statement.citations}, but only {sorted(known)} exist")
        placed = [place for row in self.rows for place in row.statements]
        if self.rows and sorted(placed) != list(range(len(self.statements))):
            raise ValueError(f"the rows place {placed}, but there are {len(self.statements)} statements")
        return self

    def to_json(self) -> dict[str, Any]:
        """The answer as the command line, the API and evaluation know it."""
        made = self._json("answer", self.note, self.statements, self.citations)
        made |= {"rows": [row.model_dump(mode="json") for row in self.rows]} if self.rows else {}
        return made | ({"written": self.written.model_dump(mode="json")} if self.written else {})


class Refusal(Outcome):
    """The library does not hold the answer: why, and what it does hold nearby."""

    reason: str = Field(min_length=1)
    nearby: tuple[Citation, ...] = Field(default=(), description="The nearest things the library holds, best first.")

    def to_json(self) -> dict[str, Any]:
        """The refusal as the command line, the API and evaluation know it; what is nearby stands in `nearby`."""
        return self._json("refusal", self.reason, (), ()) | {"nearby": [c.to_json() for c in self.nearby]}
