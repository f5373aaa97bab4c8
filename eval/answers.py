"""Answers as they were saved: read from the JSON of the bot, without the bot."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from eval.lines import DataError, models

Result = Literal["answer", "refusal", "verdict", "error", "missing"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    @field_validator("*", mode="before")
    @classmethod
    def _null_is_absent(cls, value: Any, info: Any) -> Any:
        field = cls.model_fields[info.field_name]
        return value if value is not None or field.is_required() else field.get_default(call_default_factory=True)


class Cited(_Part):
    """A citation of a saved answer."""

    number: int = 0
    source: str = ""
    quote: str = ""
    start: int | None = None
    end: int | None = None
    title: str = ""
    publisher: str = ""
    date: str = ""
    symbol: str = ""
    pinpoint: str = ""
    page: int | None = None
    url: str = ""


class Got(_Part):
    """A retrieved passage of a saved answer."""

    source: str = ""
    text: str = ""
    pinpoint: str = ""
    score: float = 0.0


class Said(_Part):
    """A sentence of a saved answer with the numbers of its citations."""

    text: str = ""
    citations: tuple[int, ...] = ()


class Saved(_Part):
    """One saved answer, refusal, verdict of the checker, or what went wrong instead."""

    id: str = Field(min_length=1)
    outcome: Result
    reason: str = ""
    question: str = ""
    standalone_question: str = ""
    kind: str = ""
    mode: str = ""
    confidence: float = Field(default=0.0, ge=0, le=1)
    text: str = ""
    shown: str = Field(default="", description="What the chat page was given, where that was saved.")
    statements: tuple[Said, ...] = ()
    citations: tuple[Cited, ...] = ()
    retrieved: tuple[Got, ...] = ()
    timings_ms: dict[str, float] = {}
    supported: bool | None = Field(default=None, description="Verdicts: whether the checker let the statement pass.")

    @property
    def answered(self) -> bool:
        """Whether an answer was given."""
        return self.outcome == "answer"

    def at(self, threshold: float | None) -> Saved:
        """The outcome that a higher threshold would have given: an answer less sure than that is a refusal."""
        if threshold is None or not self.answered or self.confidence >= threshold:
            return self
        reason = f"confidence {self.confidence:.2f} is under {threshold:.2f}"
        return self.model_copy(
            update={"outcome": "refusal", "reason": reason, "text": "", "statements": (), "citations": ()}
        )


def missing(name: str) -> Saved:
    """What stands for an answer that is not there: it counts as a failure."""
    return Saved(id=name, outcome="missing")


def read(path: Path) -> dict[str, Saved]:
    """The answers in a file, by id. DataError names the broken lines and ids that come twice."""
    answers: dict[str, Saved] = {}
    for number, saved in models(path, Saved):
        if saved.id in answers:
            raise DataError(f"{path}:{number}: a second answer to {saved.id!r}.")
        answers[saved.id] = saved
    return answers


def sha256(text: str) -> str:
    """The hash by which a document's text is known."""
    return hashlib.sha256(text.encode()).hexdigest()


def library_hash(documents: Mapping[str, str]) -> str:
    """One hash for a library: of the slugs and the hashes of the texts."""
    return sha256("".join(f"{slug} {documents[slug]}\n" for slug in sorted(documents)))
