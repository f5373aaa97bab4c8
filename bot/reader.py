"""A document as it is read: its blocks with the cited words marked, its outline, and the ways to the next citation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from bot.places import Place, Span, checksum
from ingest.documents import Sentence, Text
from ingest.pinpoints import covering

PART = 400_000  # characters of a document that one page shows; longer ones come in parts
FEW = 3  # headings that make an outline; with fewer, the pinpoints do
_BARE = 14  # characters of a heading that is no more than a number
_LABEL = 90  # characters of an entry of the outline
# Signs that are not seen but act: control, zero-width, bidi. Joiners, soft hyphens and direction marks belong to writing.
_HIDDEN = re.compile(
    r"([\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f])"
)


class Piece(NamedTuple):
    """A run of text, or one hidden sign by its code."""

    text: str
    sign: str = ""


class Run(NamedTuple):
    """Pieces that look alike: `mark` is 'here', 'also' or ''."""

    mark: str
    struck: bool
    begins: Span | None  # the other citation that begins with it
    pieces: list[Piece]


class Block(NamedTuple):
    """A heading, a paragraph, an item, a row or a note."""

    id: str
    kind: str
    level: int
    runs: list[Run]
    here: bool  # whether the citation begins in it
    near: bool  # of the passage that holds the citation


class Group(NamedTuple):
    """Neighbouring blocks: items make a list. `page` is given where a page begins."""

    items: bool
    page: int | None
    blocks: list[Block]


class Entry(NamedTuple):
    """A line of the outline."""

    label: str
    id: str
    depth: int
    part: int
    current: bool


class View(NamedTuple):
    """What the page of a document shows."""

    groups: list[Group]
    outline: list[Entry]
    here: Span | None
    pinpoint: str
    page: int | None
    news: str  # '', 'moved' or 'changed': what became of the place since its address was made
    part: int
    parts: int


def view(text: Text, place: Place) -> View:
    """The document at a place."""
    here, news = _found(text, place)
    lines = list(_lines(text))
    parts = _parts(lines)
    at_quote = _part_at(lines, parts, here.start) if here else 1
    part = min(place.part or at_quote, len(parts))
    depths = _depths(lines)
    shown = parts[part - 1]
    pins = list(dict.fromkeys([*([here] if here else []), *place.cited]))
    near = text.passage_at(here.start) if here else None
    marker = _Marker(text.document.text, here, pins, Span(near.start, near.end) if near else None)
    covered = [s for s in text.sentences if here and s.start < here.end and s.end > here.start]
    return View(
        groups=_groups([(marker.block(lines[i], i, depths[i]), lines[i].page) for i in shown]),
        outline=_outline(text, lines, parts, depths, here),
        here=here,
        pinpoint=covering([sentence.pinpoint for sentence in covered]),
        page=covered[0].page if covered else None,
        news=news,
        part=part,
        parts=len(parts),
    )


def _found(text: Text, place: Place) -> tuple[Span | None, str]:
    """Where the words are now, by their checksum: quotations begin with a sentence."""
    here, whole = place.here, text.document.text
    if not here or not place.checksum or checksum(whole[here.start : here.end]) == place.checksum:
        return here, ""
    length = here.end - here.start
    for sentence in text.sentences:
        if checksum(whole[sentence.start : sentence.start + length]) == place.checksum:
            return Span(sentence.start, sentence.start + length), "moved"
    return here, "changed"


class _Line(NamedTuple):
    """A block of the text and its sentences."""

    start: int
    end: int
    sentences: tuple[Sentence, ...] = ()

    @property
    def kind(self) -> str:
        return self.sentences[0].kind if self.sentences else "paragraph"

    @property
    def level(self) -> int:
        return self.sentences[0].level if self.sentences else 0

    @property
    def page(self) -> int | None:
        return self.sentences[0].page if self.sentences else None


def _lines(text: Text) -> Iterator[_Line]:
    """The blocks of the text: line breaks divide them, and nothing but those is left out."""
    whole, held, end = text.document.text, list[Sentence](), 0
    for sentence in text.sentences:
        gap = whole[end : sentence.start]
        if held and "\n" in gap:
            yield _Line(held[0].start, end, tuple(held))
            held = []
        if not held and gap.strip():
            yield _Line(end, sentence.start)
        held.append(sentence)
        end = sentence.end
    if held:
        yield _Line(held[0].start, end, tuple(held))
    if whole[end:].strip():
        yield _Line(end, len(whole))


def _parts(lines: Sequence[_Line]) -> list[range]:
    """The lines of each part of the document."""
    parts, first = [], 0
    for i, line in enumerate(lines):
        if i > first and line.end - lines[first].start > PART:
            parts.append(range(first, i))
            first = i
    return [*parts, range(first, len(lines))]


def _part_at(lines: Sequence[_Line], parts: Sequence[range], offset: int) -> int:
    return sum(lines[part.start].start <= offset for part in parts if part) or 1


def _depths(lines: Sequence[_Line]) -> list[int]:
    """For each heading, how deep it lies, from 1 and without gaps; 0 for what is none."""
    above: list[int] = []
    depths = []
    for line in lines:
        if line.kind != "heading":
            depths.append(0)
            continue
        while above and above[-1] >= line.level:
            above.pop()
        above.append(line.level)
        depths.append(min(len(above), 5))
    return depths


class _Marker:
    """Makes blocks of lines, with what is cited marked."""

    def __init__(self, whole: str, here: Span | None, pins: Sequence[Span], near: Span | None) -> None:
        self.whole = whole
        self.here = here
        self.pins = pins
        self.near = near

    def block(self, line: _Line, number: int, depth: int) -> Block:
        """The block of a line."""
        begun = self.here is not None and line.start <= self.here.start < line.end
        near = self.near is not None and line.start < self.near.end and line.end > self.near.start
        level = depth or min(line.level, 5)
        return Block(f"b{number}", line.kind, level, self._runs(line), begun, near)

    def _runs(self, line: _Line) -> list[Run]:
        struck_out = [Span(s.start, s.end) for s in line.sentences if not s.agreed]
        edges = {line.start, line.end}
        for span in (*self.pins, *struck_out):
            edges |= {edge for edge in span if line.start < edge < line.end}
        runs: list[Run] = []
        for start, end in pairwise(sorted(edges)):
            mark, struck = self._mark(start), any(span.start <= start < span.end for span in struck_out)
            begins = next((pin for pin in self.pins if pin.start == start and pin != self.here), None)
            if runs and not begins and (runs[-1].mark, runs[-1].struck) == (mark, struck):
                runs[-1].pieces.extend(pieces(self.whole[start:end]))
            else:
                runs.append(Run(mark, struck, begins, pieces(self.whole[start:end])))
        return runs

    def _mark(self, offset: int) -> str:
        if self.here and self.here.start <= offset < self.here.end:
            return "here"
        return "also" if any(pin.start <= offset < pin.end for pin in self.pins) else ""


def pieces(text: str) -> list[Piece]:
    """Text, and the hidden signs in it by their codes."""
    parts = _HIDDEN.split(text)
    return [Piece("", f"U+{ord(part):04X}") if i % 2 else Piece(part) for i, part in enumerate(parts) if part]


def _groups(blocks: Sequence[tuple[Block, int | None]]) -> list[Group]:
    """Items that follow each other as lists; a group ends where a page does."""
    groups: list[Group] = []
    last: int | None = None
    for block, page in blocks:
        turned = page if page and page != last else None
        last = page or last
        item = block.kind == "item"
        if item and groups and groups[-1].items and not turned:
            groups[-1].blocks.append(block)
        else:
            groups.append(Group(item, turned, [block]))
    return groups


def _outline(
    text: Text, lines: Sequence[_Line], parts: Sequence[range], depths: Sequence[int], here: Span | None
) -> list[Entry]:
    """The headings; where there are few, the numbered places."""
    found = list(_headings(text, lines, depths))
    if len(found) < FEW:
        found = list(_sections(text, lines))
    above = [i for i, _, _ in found if here and lines[i].start <= here.start]
    return [
        Entry(cut(label), f"b{i}", depth, _part_at(lines, parts, lines[i].start), bool(above) and i == above[-1])
        for i, label, depth in found
    ]


def _headings(text: Text, lines: Sequence[_Line], depths: Sequence[int]) -> Iterator[tuple[int, str, int]]:
    """Each heading; one that is a bare number, such as `Article 4`, takes the heading after it along."""
    taken = -1
    for i, line in enumerate(lines):
        if not depths[i] or i == taken:
            continue
        label = text.document.text[line.start : line.end]
        if len(label) <= _BARE and i + 1 < len(lines) and depths[i + 1]:
            taken = i + 1
            label = f"{label} – {text.document.text[lines[taken].start : lines[taken].end]}"
        yield i, label, depths[i]


def _sections(text: Text, lines: Sequence[_Line]) -> Iterator[tuple[int, str, int]]:
    """Each section that structure found without a heading line, else each numbered place."""
    last = ""
    for i, line in enumerate(lines):
        path = text.passage_at(line.start).path
        label = path[-1] if path else line.sentences[0].pinpoint.split("(")[0].strip() if line.sentences else ""
        if label and label != last:
            yield i, label, 1
        last = label or last


def cut(label: str) -> str:
    """A label that fits on two lines of the outline, without hidden signs."""
    label = " ".join(_HIDDEN.sub("", label).split())
    return label if len(label) <= _LABEL else label[:_LABEL].rsplit(" ", 1)[0] + " …"
