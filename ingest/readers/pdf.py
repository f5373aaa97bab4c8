"""PDF: pages, columns in reading order, running lines out, paragraphs joined, headings by their type."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from ingest.documents import Block, BlockKind, Unreadable
from ingest.readers import layout
from ingest.readers.layout import Line
from ingest.readers.markers import is_point, marker, nest
from ingest.readers.mend import Words
from ingest.readers.reading import Reading
from ingest.readers.text import cut, iso_date, squeeze, tidy

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_ENDED = re.compile(r"[.!?:;][”\"’')\]]*$")
_NOTE = re.compile(r"\d{1,3}\s*(?=[^\W\d_“\"‘'(<]|[“\"‘'(<])")
_TRUNCATED = "a damaged or cut-off PDF; get it again from its source"


def read(raw: bytes, source: str) -> Reading:
    """A PDF document. Image-only pages are reported; with no text at all the file is Unreadable."""
    document = _open(raw, source)
    try:
        pages, sizes, empty = _pages(document, source)
        info = dict(document.get_metadata_dict())  # type: ignore[no-untyped-call]
    finally:
        document.close()  # type: ignore[no-untyped-call]
    if not any(pages):
        raise Unreadable(
            f"{source}: every page is an image without text; run OCR on it (for example ocrmypdf) and give the result"
        )
    heights = [height for _, height in sizes]
    ordered = [
        layout.without_contents(layout.reading_order(lines, width))
        for lines, (width, _) in zip(layout.without_running(pages, heights), sizes, strict=True)
    ]
    blocks = tidy(nest(list(_Paragraphs([line for lines in ordered for line in lines]).blocks())))
    warnings = [f"{source}: page {_ranges(empty)} without text (an image); run OCR to have it read"] if empty else []
    return Reading(metadata=_metadata(info, blocks), blocks=blocks, warnings=tuple(warnings))


def _open(raw: bytes, source: str) -> PdfDocument:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(raw)  # type: ignore[no-untyped-call]
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unreadable(
                f"{source}: protected by a password; save a copy without password and give that"
            ) from error
        raise Unreadable(f"{source}: {_TRUNCATED}") from error


def _pages(document: PdfDocument, source: str) -> tuple[list[list[Line]], list[tuple[float, float]], list[int]]:
    """Lines and size of every page, and the numbers of those that show an image but hold no text."""
    import pypdfium2

    pages, sizes, empty = [], [], []
    try:
        for number, page in enumerate(document, 1):
            lines = layout.read_lines(page.get_textpage(), number)
            if sum(character.isalnum() for line in lines for character in line.text) < 10 and _has_image(page):
                empty.append(number)
            pages.append(lines)
            sizes.append(page.get_size())
    except pypdfium2.PdfiumError as error:
        raise Unreadable(f"{source}: page {len(pages) + 1} cannot be read: {_TRUNCATED}") from error
    if not pages:
        raise Unreadable(f"{source}: has no pages: {_TRUNCATED}")
    return pages, sizes, empty


def _has_image(page: PdfPage) -> bool:
    pdfium: Any = import_module("pypdfium2.raw")

    images = page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_IMAGE,), max_depth=5)  # type: ignore[no-untyped-call]
    return any(True for _ in images)


class _Paragraphs:
    """Lines to blocks. Notes at the foot of a page wait until the paragraph that runs around them is complete."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.words = Words("\n".join(line.text for line in lines))
        self.body = layout.body_size(lines)
        self.leading = _leading(lines, self.body)
        self.right: dict[tuple[int, int], float] = defaultdict(float)
        for line in lines:
            self.right[line.page, line.column] = max(self.right[line.page, line.column], line.x1)
        self.kinds: list[str] = []
        for index in range(len(lines)):
            self.kinds.append("heading" if self._goes_on(index) else self._kind(index))
        self.levels = _heading_levels([line for line, kind in zip(lines, self.kinds, strict=True) if kind == "heading"])
        self.waiting: list[Block] = []

    def blocks(self) -> Iterator[Block]:
        group: list[Line] = []
        kind = ""
        note: list[Line] = []
        for index, line in enumerate(self.lines):
            if self._is_note(index, line, note):
                note = self._gather_note(note, line)
                continue
            self._close_note(note)
            note = []
            new = self.kinds[index]
            if group and (new != kind or self._breaks(group[-1], line, new)):
                yield from self._close(group, kind)
                group = []
            group.append(line)
            kind = new
        self._close_note(note)
        yield from self._close(group, kind)

    def _close(self, group: Sequence[Line], kind: str) -> Iterator[Block]:
        text = squeeze(self._join(group)) if group else ""
        longest = 25 if group and group[0].bold else 14  # words; what is longer and ends like a sentence is no heading
        if text and kind == "heading" and not (len(text.split()) > longest and _ENDED.search(text)):
            yield from cut([(text, True)], "heading", self.levels[round(group[0].size)], page=group[0].page)
        elif text:
            found: BlockKind = "item" if is_point(text) else "paragraph"
            yield from cut([(text, True)], found, page=group[0].page)
        yield from self.waiting
        self.waiting = []

    def _join(self, group: Sequence[Line]) -> str:
        text = ""
        for line in group:
            if text.endswith(layout.HYPHEN):
                text = self.words.join_hyphen(text[:-1], line.text)
            else:
                text = self.words.join_lines([text, line.text]) if text else line.text
        return text.replace(layout.HYPHEN, "-")

    def _kind(self, index: int) -> str:
        line = self.lines[index]
        wordy = sum(character.isalpha() for character in line.text) >= 3
        if not wordy or is_point(line.text):
            return "paragraph"
        if self._large(line):
            return "heading"
        following = self.lines[index + 1] if index + 1 < len(self.lines) else None
        runs_on = following is not None and not following.bold and following.text[:1].islower()
        short = len(line.text.split()) <= 16 and line.size >= 0.9 * self.body
        starts = not line.text[:1].islower()
        if line.bold and short and starts and not runs_on and not re.search(r"[.,;]$", line.text):
            return "heading"
        capitals = line.text.upper() == line.text and len(line.text.split()) <= 10
        return "heading" if capitals and short and not re.search(r"[.,;:]$", line.text) else "paragraph"

    def _goes_on(self, index: int) -> bool:
        """Whether a line is the next one of a heading, set like it and close below."""
        if index == 0 or self.kinds[index - 1] != "heading":
            return False
        last, line = self.lines[index - 1], self.lines[index]
        return last.bold == line.bold and not self._breaks(last, line, "heading") and (line.bold or self._large(line))

    def _large(self, line: Line) -> bool:
        return line.size >= 1.15 * self.body

    def _breaks(self, last: Line, line: Line, kind: str) -> bool:
        """Whether a new block starts at `line`."""
        step = last.y0 - line.y0
        if kind == "heading":
            same = line.page == last.page and abs(line.size - last.size) < 0.1 * line.size and line.bold == last.bold
            return not same or not 0 < step < 1.9 * line.size
        ended = bool(_ENDED.search(last.text))
        if is_point(line.text) and (ended or _bullet(line.text) or last.text.endswith((",", " and", " or"))):
            return True
        if re.match(r"\d{1,3}\.\s", line.text) and ended:
            return True
        if (line.page, line.column) != (last.page, last.column) or step <= 0:
            return ended or not (
                line.text[:1].islower() or last.text.endswith((layout.HYPHEN, ",", "-")) or self._full(last)
            )
        return step > 1.3 * max(self.leading, line.size) or (ended and not self._full(last))

    def _full(self, line: Line) -> bool:
        """Whether a line reaches the right edge of its column, so that its paragraph may go on."""
        right = self.right[line.page, line.column]
        return line.x1 > right - 0.15 * max(right - line.x0, 1)

    def _is_note(self, index: int, line: Line, open_note: Sequence[Line]) -> bool:
        if line.size > 0.9 * self.body:
            return False
        return bool(open_note and open_note[-1].page == line.page) or self._opens_note(index)

    def _opens_note(self, index: int) -> bool:
        """Whether a small line is numbered like a note, or goes on, above one, with a note of the page before."""
        while index < len(self.lines) and self.lines[index].size <= 0.9 * self.body:
            if _NOTE.match(self.lines[index].text):
                return True
            index += 1
        return False

    def _gather_note(self, note: list[Line], line: Line) -> list[Line]:
        if note and _NOTE.match(line.text) and (_ENDED.search(note[-1].text) or _next_number(note[0].text, line.text)):
            self._close_note(note)
            return [line]
        return [*note, line]

    def _close_note(self, note: Sequence[Line]) -> None:
        if note:
            text = re.sub(r"^(\d{1,3})(?=[^\W\d_])", r"\1 ", self._join(note))
            self.waiting.extend(cut([(text, True)], "note", page=note[0].page))


def _bullet(text: str) -> bool:
    """Whether a line starts with a sign that only lists use; a dash may as well stand within a sentence."""
    found = marker(text)
    return found is not None and found.style == "bullet" and found.body not in "–—-"


def _next_number(note: str, line: str) -> bool:
    first, second = re.match(r"\d+", note), re.match(r"\d+", line)
    return first is not None and second is not None and int(second.group()) == int(first.group()) + 1


def _leading(lines: Sequence[Line], body: float) -> float:
    """The usual step from one line of text to the next."""
    steps = [
        last.y0 - line.y0
        for last, line in pairwise(lines)
        if last.page == line.page and last.column == line.column and abs(line.size - body) < 0.1 * body
    ]
    steps = [step for step in steps if 0 < step < 3 * body]
    return median(steps) if steps else body


def _heading_levels(lines: Sequence[Line]) -> dict[int, int]:
    """Heights of headings to levels, the largest first."""
    sizes = sorted({round(line.size) for line in lines}, reverse=True)
    return {size: min(6, index + 1) for index, size in enumerate(sizes)}


def _ranges(numbers: Sequence[int]) -> str:
    """'2, 5-7' of 2, 5, 6, 7."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in found)


def _metadata(info: dict[str, str], blocks: Sequence[Block]) -> dict[str, str]:
    """Title and date as the file states them; the title else from the largest heading of the first pages.

    The file's author is left out: it names whoever typed it, seldom the publisher.
    """
    fields = {}
    title = squeeze(info.get("Title") or "")
    if not title or re.search(r"\.(?:docx?|indd|pdf|pptx?)$|^Microsoft Word|^untitled", title, re.IGNORECASE):
        headings = [block for block in blocks if block.kind == "heading" and block.page == 1]
        top = min((block.level for block in headings), default=0)
        title = next((block.text for block in headings if block.level == top), "")
        if title.endswith(":") and len(headings) > 1:
            title = f"{title} {headings[1].text}"
    if title:
        fields["title"] = title
    created = re.match(r"D:(\d{4})(\d{2})(\d{2})", info.get("CreationDate") or "")
    date = iso_date("-".join(created.groups())) if created else ""
    return {**fields, "date": date} if date else fields
