"""Suites of questions: their format, read from a file, a mapping of foreign files, or by the name of one that ships."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator, model_validator

from eval.lines import DataError, dumps, models
from eval.patterns import compiled
from eval.text import letters

Split = Literal["dev", "calibration", "test"]
BESIDE = (".documents.jsonl", ".documents", ".files.jsonl")  # documents that a suite brings along; see eval/bundle.py
FILTERS = ("id", "type", "language", "split", "tag", "style", "cluster", "answerable")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Turn(_Part):
    """An earlier turn of the conversation."""

    role: Literal["user", "assistant"]
    content: str = Field(min_length=1)


class Span(_Part):
    """Words of a document that justify the answer. Spans of one group are alternatives; every group is needed."""

    source: str = Field(min_length=1, description="Slug of the document.")
    span: str = Field(min_length=1)
    pinpoint: str | None = None
    group: int = 1
    sha256: str = Field(
        default="", pattern=r"^([0-9a-f]{64})?$", description="SHA-256 of the document's normalised text."
    )

    @field_validator("span")
    @classmethod
    def _has_letters(cls, value: str) -> str:
        if not letters(value):
            raise ValueError("a span without a letter or digit matches nothing")
        return value


class Nugget(_Part):
    """A fact that the answer should state: one of the patterns is enough."""

    text: str
    match: tuple[str, ...] = Field(min_length=1)
    vital: bool = True

    @field_validator("match")
    @classmethod
    def _compile(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _compile(value)


class Claim(_Part):
    """A statement with the words it rests on, for the checker to judge; `supported` says whether it is true to them."""

    quotes: tuple[str, ...] = Field(min_length=1)
    supported: bool
    edit: str = Field(
        default="", description="The one change that was made: not, may/must, number, actor, date, stance, place ..."
    )


class Question(_Part):
    """One case of a suite."""

    id: str = Field(min_length=1)
    type: str = Field(default="fact", pattern=r"^[a-z][a-z0-9_-]*$")
    question: str = Field(min_length=1)
    history: tuple[Turn, ...] = ()
    answerable: bool = True
    false_premise: bool = Field(
        default=False, description="What the question takes for granted is not so: never answerable."
    )
    evidence: tuple[Span, ...] = ()
    nuggets: tuple[Nugget, ...] = ()
    filters: dict[str, str | int] = {}
    tags: tuple[str, ...] = ()
    language: str = Field(default="en", validation_alias=AliasChoices("language", "lang"))
    style: str = ""
    notes: str = ""
    split: Split | None = None
    cluster: str = Field(
        default="", description="What the question is about, for resampling; else the first document of its evidence."
    )
    must_not: tuple[str, ...] = Field(default=(), description="Patterns that the answer may never match: canaries.")
    must_not_cite: tuple[str, ...] = Field(default=(), description="Slugs that the answer may never cite.")
    claim: Claim | None = Field(
        default=None, description="For cases of the checker: `question` is the statement judged."
    )

    @field_validator("must_not")
    @classmethod
    def _compile(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _compile(value)

    @model_validator(mode="before")
    @classmethod
    def _false_premise(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("false_premise") and "answerable" not in given:
            return {**given, "answerable": False}
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.question.strip():
            raise ValueError("question: only white space")
        if self.claim is None and self.answerable and not self.evidence:
            raise ValueError("evidence: an answerable question needs at least one span")
        if not self.answerable and (self.evidence or self.nuggets):
            raise ValueError("evidence: an unanswerable question has neither evidence nor nuggets")
        if self.answerable and self.false_premise:
            raise ValueError("false_premise: such a question is not answerable")
        return self

    @property
    def about(self) -> str:
        """The cluster for resampling."""
        return self.cluster or (self.evidence[0].source if self.evidence else self.id)

    @property
    def groups(self) -> dict[int, tuple[Span, ...]]:
        """The evidence by group, in order."""
        numbers = dict.fromkeys(span.group for span in self.evidence)
        return {number: tuple(span for span in self.evidence if span.group == number) for number in numbers}

    @property
    def vital(self) -> tuple[Nugget, ...]:
        """The nuggets that a right answer states."""
        return tuple(nugget for nugget in self.nuggets if nugget.vital)

    def to_json(self) -> dict[str, Any]:
        """The question as a line of a suite, without what it leaves to the defaults."""
        return self.model_dump(mode="json", exclude_defaults=True) | {
            "id": self.id,
            "question": self.question,
            "answerable": self.answerable,
        }


class Suite(BaseModel):
    """Questions, and where they came from."""

    model_config = ConfigDict(frozen=True)

    name: str
    questions: tuple[Question, ...]
    lines: dict[str, int] = Field(default={}, description="Where each question stands in its file.")
    path: Path | None = None
    documents: tuple[Path, ...] = Field(default=(), description="Documents that the suite brings along.")

    @property
    def sha256(self) -> str:
        """Of the questions as they are understood: the same for the same questions in another layout."""
        return hashlib.sha256("".join(dumps(q.to_json()) + "\n" for q in self.questions).encode()).hexdigest()

    def select(self, filters: Sequence[str] = (), limit: int | None = None) -> Suite:
        """The questions that pass every filter, at most `limit`. DataError when none is left."""
        kept = selected(self.questions, filters)
        if limit is not None:
            if limit < 1:
                raise DataError(f"--limit {limit}: give at least 1.")
            kept = kept[:limit]
        if not kept:
            raise DataError(
                f"No question of {self.name} is left after {' '.join(f'--filter {item}' for item in filters)}."
            )
        return self.model_copy(update={"questions": tuple(kept)})


def selected(questions: Iterable[Question], filters: Sequence[str]) -> list[Question]:
    """The questions that pass: values of one name are alternatives, different names must all match; * is anything."""
    wanted: dict[str, list[str]] = {}
    for item in filters:
        name, equals, value = item.partition("=")
        name = {"lang": "language", "tags": "tag"}.get(name, name)
        if not equals or name not in FILTERS:
            raise DataError(f"--filter {item}: write NAME=VALUE with NAME one of {', '.join(FILTERS)}.")
        wanted.setdefault(name, []).append(value)
    return [q for q in questions if all(_passes(q, name, values) for name, values in wanted.items())]


def _passes(question: Question, name: str, values: Sequence[str]) -> bool:
    held = {
        "tag": question.tags,
        "cluster": (question.about,),
        "answerable": (str(question.answerable).lower(),),
        "split": (question.split or "",),
    }.get(name) or (str(getattr(question, name, "")),)
    return any(fnmatch.fnmatchcase(item, value) for item in held for value in values)


def load(given: str | Path) -> Suite:
    """The suite in a JSONL file, described by a mapping file (.yaml), or shipped under that name.

    DataError says what is wrong.
    """
    path = Path(given)
    if not path.exists() and path.name == str(given) and not path.suffix:
        path = shipped(str(given))
    if path.suffix in (".yaml", ".yml"):
        from eval.adapters import convert

        questions, _ = convert(path)
        return suite(path.stem, [(number, q) for number, q in enumerate(questions, start=1)], path)
    return suite(path.stem, models(path, Question), path)


def suite(name: str, numbered: Sequence[tuple[int, Question]], path: Path | None = None) -> Suite:
    """A suite of these questions. DataError when it is empty or an id is used twice."""
    lines: dict[str, int] = {}
    twice: list[str] = []
    for number, question in numbered:
        if question.id in lines:
            twice.append(f"{path or name}:{number}: id {question.id!r} is used in line {lines[question.id]} already")
        lines.setdefault(question.id, number)
    if twice:
        raise DataError("\n".join(twice[:20]))
    if not numbered:
        raise DataError(f"{path or name}: no questions in it.")
    beside = [path.with_suffix(end) for end in BESIDE] if path else []
    return Suite(
        name=name,
        questions=tuple(q for _, q in numbered),
        lines=lines,
        path=path,
        documents=tuple(p for p in beside if p.exists()),
    )


def shipped(name: str) -> Path:
    """The file of a suite that ships with the project. DataError names those there are."""
    folder = Path(str(resources.files("eval"))) / "suites"
    path = folder / f"{name}.jsonl"
    if not path.is_file():
        known = sorted(p.stem for p in folder.glob("*.jsonl") if "." not in p.stem)
        raise DataError(f"{name}: neither a file nor a suite that ships. Known suites: {', '.join(known) or 'none'}.")
    return path


def _compile(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        try:
            compiled(pattern)
        except Exception as error:
            raise ValueError(str(error)) from None
    return patterns
