"""Plain text, also as pdftotext leaves it: running lines out, paragraphs joined, split words mended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ingest.documents import Block, Unreadable
from ingest.readers import un
from ingest.readers.markers import is_point, marker, nest
from ingest.readers.mend import Words, running_lines
from ingest.readers.reading import Reading
from ingest.readers.text import cut, decode, squeeze, tidy

_ENDED = re.compile(r"[.!?:;][”\"')\]]*$")
_POINT_MAY_FOLLOW = re.compile(r"(?:[.:;,][”\"')\]]*|[;,] (?:and|or))$")
_MARKER_ONLY = re.compile(r"(?:\(?[a-z]{1,4}\)|\d{1,3}\.|\(\d{1,3}\))$")
_HEADING_WORDS = 14
_LONGEST = 10_000  # characters of a paragraph that a page break may have torn


def read(raw: bytes, source: str) -> Reading:
    """A plain-text document; a UN document is read by its own grammar."""
    reading = read_text(decode(raw, source))
    if not reading.blocks:
        raise Unreadable(f"{source}: holds no readable text; get the file again, or leave it out")
    return reading


def read_text(text: str) -> Reading:
    """Text as a Reading, its title the first heading."""
    words = Words(text)
    pages = [page.split("\n") for page in text.split("\f")]
    if len(pages) > 2:
        drop = running_lines([[line for line in page if line.strip()] for page in pages])
        pages = [_without(page, out) for page, out in zip(pages, drop, strict=True)]
    lines = [line for page in pages for line in page]
    if un.recognises(lines):
        return un.read_lines(lines, words)
    blocks: list[Block] = []
    for chunk in _chunks(lines):
        _add(blocks, words.join_lines(chunk))
    found = tidy(nest(list(_kinds(blocks))))
    heading = next((block.text for block in found[:3] if block.kind == "heading"), "")
    return Reading(metadata={"title": heading} if heading else {}, blocks=found)


def _without(page: Sequence[str], out: set[int]) -> list[str]:
    """A page's lines less those of `out`, which counts the filled lines."""
    filled = iter(range(len(page)))
    return [line for line in page if not line.strip() or next(filled) not in out]


def _chunks(lines: Sequence[str]) -> Iterator[list[str]]:
    """Runs of lines that form a paragraph: between blank lines, and cut where a numbered paragraph or point starts."""
    filled = [line for line in lines if line.strip()]
    long_lines = len(filled) > 1 and sorted(len(line) for line in filled)[len(filled) // 2] > 120
    chunk: list[str] = []
    for line in [*lines, ""]:
        starts = bool(chunk) and (
            not line.strip()
            or long_lines
            or (marker(line.strip()) is not None and bool(_POINT_MAY_FOLLOW.search(chunk[-1].strip())))
        )
        if starts:
            yield chunk
            chunk = []
        if line.strip():
            chunk.append(line)


def _add(blocks: list[Block], text: str) -> None:
    """Adds a paragraph, or joins it to the one before where a page break or a lone marker tore them apart."""
    text = squeeze(text)
    if not text:
        return
    before = blocks[-1].text if blocks else ""
    torn = 0 < len(before) < _LONGEST and not _ENDED.search(before) and text[:1].islower() and not marker(text)
    if before and (_MARKER_ONLY.match(before) or torn):
        blocks[-1] = blocks[-1].model_copy(update={"text": f"{before} {text}"})
    else:
        blocks.extend(cut([(text, True)]))


def _kinds(blocks: Sequence[Block]) -> Iterator[Block]:
    for index, block in enumerate(blocks):
        following = blocks[index + 1].text if index + 1 < len(blocks) else ""
        if is_point(block.text):
            yield block.model_copy(update={"kind": "item"})
        elif _is_heading(block.text, following):
            yield block.model_copy(update={"kind": "heading", "level": 1 if index == 0 else 2})
        else:
            yield block


def _is_heading(text: str, following: str) -> bool:
    """A short line without a full stop, above something longer."""
    short = len(text.split()) <= _HEADING_WORDS and len(text) <= 120 and not re.search(r"[.,;:!?]$", text)
    return short and len(following) > len(text) and (text[:1].isupper() or text[:1].isdigit())
