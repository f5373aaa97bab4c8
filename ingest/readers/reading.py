"""Reading: what every reader hands over, and the limits that every reader keeps."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from ingest.documents import Block

MAX_BYTES = 200_000_000
MAX_TEXT = 20_000_000  # bytes of a text read as one document: three million words, ten times the longest law


class Reading(BaseModel):
    """One document as read: its blocks in reading order and the metadata that the source itself states."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metadata: dict[str, str] = {}
    blocks: tuple[Block, ...]
    given: bool = False
    warnings: tuple[str, ...] = ()
