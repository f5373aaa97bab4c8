"""The nouns that everyone shares: Document, Block, Sentence, Passage."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SLUG = re.compile(r"^[a-z0-9]+(?:[-_.][a-z0-9]+)*$")

BlockKind = Literal["heading", "paragraph", "item", "row", "note"]


class Block(BaseModel):
    """One piece of a document as a reader found it, in reading order: what structure and passages are made from.

    `text` is plain (no mark-up), whitespace-normalised (single spaces; no line breaks), never empty, and includes the marker
    a reader of the page sees ("1.", "(a)", "-"), since that is what a quotation shows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1)
    kind: BlockKind = "paragraph"
    level: int = Field(default=0, description="Headings: 1 to 6. Items: depth of nesting, from 1. Else 0.")
    page: int | None = Field(default=None, description="Physical page of the source, from 1, where it has pages.")
    label: str = Field(
        default="", description="A place the mark-up itself names, e.g. an EU anchor 'art_21' or '021.002'."
    )
    pinpoint: str = Field(default="", description="Given by the source (JSONL passages); kept as it is.")
    agreed: bool = Field(default=True, description="False for struck-out or deleted draft text, which is never quoted.")


class Sentence(BaseModel):
    """A quotable piece of a document: a sentence, a list item, a table row or a heading."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: int = Field(ge=0, description="Character offset in the document's text.")
    end: int = Field(gt=0, description="Character offset just after the last character.")
    kind: BlockKind = "paragraph"
    level: int = 0
    pinpoint: str = Field(default="", description="The finest label that covers the sentence, e.g. 'Article 23(4)(a)'.")
    page: int | None = None
    agreed: bool = True


class Passage(BaseModel):
    """A contiguous piece of one document. Joined in order, a document's passages are its text, to the character."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(description="From content: the same passage of the same document has the same id on every machine.")
    slug: str
    ordinal: int = Field(ge=0, description="Position within the document, from 0.")
    text: str
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    pinpoint: str = ""
    path: tuple[str, ...] = Field(default=(), description="Headings above the passage, outermost first.")
    page: int | None = None
    sentences: tuple[Sentence, ...] = ()


class Document(BaseModel):
    """A text of the library and what is known of it. `text` is normalised plain text: all offsets refer to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slug: str
    title: str
    publisher: str = ""
    date: str = Field(default="", description="ISO 8601, possibly only YYYY or YYYY-MM.")
    symbol: str = Field(default="", description="A/RES/73/27, CELEX number, EO 14028; several are separated by '; '.")
    kind: str = Field(default="", description="treaty, resolution, law, statement, strategy, article, note ...")
    status: str = Field(default="", description="in force, repealed, draft, superseded by ...")
    url: str = ""
    language: str = ""
    licence: str = ""
    text: str = ""

    @model_validator(mode="after")
    def _slug_is_plain(self) -> Self:
        if not SLUG.match(self.slug):
            raise ValueError(f"slug {self.slug!r}: use lower-case letters, digits, '-', '_' and '.' only")
        return self

    @property
    def year(self) -> int | None:
        """The year of `date`, or None where there is none."""
        return int(self.date[:4]) if re.match(r"\d{4}", self.date) else None


class Text(BaseModel):
    """A document with its passages in order: what an Index gives for a slug."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: Document
    passages: tuple[Passage, ...]

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """Every sentence of the document, in order."""
        return tuple(sentence for passage in self.passages for sentence in passage.sentences)

    @cached_property
    def _starts(self) -> list[int]:
        return [passage.start for passage in self.passages]

    def passage_at(self, offset: int) -> Passage:
        """The passage that holds the character at `offset`."""
        return self.passages[max(0, bisect_right(self._starts, offset) - 1)]


class LibraryError(Exception):
    """Something about the library or an input that the user can mend. The message says what, where and the mend."""


class Unreadable(LibraryError):
    """An input that cannot be read: the message says why and the mend."""
