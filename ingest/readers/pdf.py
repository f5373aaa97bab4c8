"""PDF: pages, columns in reading order, running lines out, headings by their type."""

from __future__ import annotations

import re

from ingest.documents import Block, Unreadable
from ingest.readers.markers import is_point, nest
from ingest.readers.reading import Reading
from ingest.readers.text import cut, tidy


def read(raw: bytes, source: str) -> Reading:
    """A PDF document."""
    import pypdfium2

    document = pypdfium2.PdfDocument(raw)
    blocks: list[Block] = []
    for number, page in enumerate(document, 1):
        text = page.get_textpage().get_text_range().replace("\ufffe", "")
        for chunk in re.split(r"(?<=[.:;])\s*\r\n", text):
            for block in cut([(chunk, True)], page=number):
                blocks.append(block.model_copy(update={"kind": "item"}) if is_point(block.text) else block)
    found = tidy(nest(blocks))
    if not found:
        raise Unreadable(f"{source}: no text")
    return Reading(metadata={}, blocks=found)
