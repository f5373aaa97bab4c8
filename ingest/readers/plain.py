"""Plain text, also as pdftotext leaves it: running lines out, paragraphs joined, split words mended."""

from __future__ import annotations

import re

from ingest.documents import Block, Unreadable
from ingest.readers.markers import is_point, nest
from ingest.readers.reading import Reading
from ingest.readers.text import cut, decode, tidy


def read(raw: bytes, source: str) -> Reading:
    """A plain-text document."""
    text = decode(raw, source)
    blocks: list[Block] = []
    for chunk in re.split(r"\n\s*\n", text):
        for block in cut([(chunk, True)]):
            blocks.append(block.model_copy(update={"kind": "item"}) if is_point(block.text) else block)
    found = tidy(nest(blocks))
    if not found:
        raise Unreadable(f"{source}: holds no readable text; get the file again, or leave it out")
    return Reading(metadata={}, blocks=found)
