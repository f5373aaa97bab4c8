"""The layout of a PDF page: characters to lines, columns in reading order, running headers and footers out."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from statistics import median
from typing import TYPE_CHECKING, Any

from ingest.readers.markers import BULLETS
from ingest.readers.mend import is_page_number, letters
from ingest.readers.text import squeeze

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_CONTENTS = re.compile(r"(?:table of )?contents$", re.IGNORECASE)
_ENTRY = re.compile(r"\S[\s.]+(?:\d{1,3}|[ivx]{1,5})$")  # a line of a table of contents: its name and its page

HYPHEN = "\x02"  # what pdfium gives for a hyphen at a line end
_MARGIN = 0.12  # of the page's height, above and below, where headers and footers stand
_TITLE = 1.2  # type this much larger than the text is a title, not a running line
_BOLD = 600
_EDGES = 30  # left edges of a page that are tried as the beginning of a column


@dataclass(frozen=True)
class Line:
    """A line of text on a page: its box (y grows upwards), the height of its type, and whether all of it is bold."""

    text: str
    x0: float
    x1: float
    y0: float
    y1: float
    size: float
    bold: bool
    page: int
    column: int = 0

    @property
    def middle(self) -> float:
        """The height of the line's middle on the page."""
        return (self.y0 + self.y1) / 2


@dataclass(frozen=True)
class _Character:
    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    bold: bool

    @property
    def height(self) -> float:
        return self.y1 - self.y0


def read_lines(textpage: PdfTextPage, page: int) -> list[Line]:
    """The pieces of lines on a page, in the order of the file, cut where a wide gap parts them."""
    found = []
    for piece in _pieces(_characters(textpage)):
        line = _line(piece, page)
        if line is not None:
            found.append(line)
    return found


def _characters(textpage: PdfTextPage) -> Iterator[_Character]:
    """Every character with its box; a line break of pdfium's own as an empty box."""
    pdfium: Any = import_module("pypdfium2.raw")  # its names are made at import, which type checkers cannot see

    box = pdfium.FS_RECTF()
    for index in range(pdfium.FPDFText_CountChars(textpage)):
        text = chr(pdfium.FPDFText_GetUnicode(textpage, index))
        if text in "\r\n" or not pdfium.FPDFText_GetLooseCharBox(textpage, index, ctypes.byref(box)):
            yield _Character("\n" if text in "\r\n" else text, 0, 0, 0, 0, False)
            continue
        bold = pdfium.FPDFText_GetFontWeight(textpage, index) >= _BOLD
        yield _Character(text, box.left, box.bottom, box.right, box.top, bold)


def _pieces(characters: Iterator[_Character]) -> Iterator[list[_Character]]:
    """Characters that stand on one line without a wide gap."""
    piece: list[_Character] = []
    last: _Character | None = None
    for character in characters:
        if character.text == "\n":
            yield piece
            piece, last = [], None
            continue
        if character.text.isspace() or character.height <= 0:
            piece.append(character)
            continue
        if last is not None and _apart(last, character):
            yield piece
            piece = []
        piece.append(character)
        last = character
    yield piece


def _apart(last: _Character, new: _Character) -> bool:
    middle = (new.y0 + new.y1) / 2
    other_line = not last.y0 <= middle <= last.y1 and not new.y0 <= (last.y0 + last.y1) / 2 <= new.y1
    gap = new.x0 - last.x1
    return other_line or gap > 2.5 * last.height or gap < -2.5 * last.height


def _line(piece: Sequence[_Character], page: int) -> Line | None:
    printed = [c for c in piece if not c.text.isspace() and c.height > 0]
    if not printed:
        return None
    size = Counter(round(c.height, 1) for c in printed).most_common(1)[0][0]
    full = [c for c in printed if c.height >= 0.8 * size]
    text = "".join(_plain(piece, size)).encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()
    if not any(character.isalnum() or character in BULLETS for character in squeeze(text)):
        return None
    return Line(
        text=text,
        x0=min(c.x0 for c in printed),
        x1=max(c.x1 for c in printed),
        y0=min(c.y0 for c in full or printed),
        y1=max(c.y1 for c in full or printed),
        size=size,
        bold=all(c.bold for c in printed if c.text.isalnum()),
        page=page,
    )


def _plain(piece: Sequence[_Character], size: float) -> Iterator[str]:
    """The text of a line without raised numbers of notes; one that opens the line stays, set apart."""
    started = False
    raised = False
    for character in piece:
        small = 0 < character.height < 0.8 * size and character.text.isdigit()
        if small and started and not raised:
            continue
        if raised and not small and not character.text.isspace():
            yield " "
        raised = small
        started = started or not character.text.isspace()
        yield character.text


def without_running(pages: Sequence[Sequence[Line]], heights: Sequence[float]) -> list[list[Line]]:
    """The pages less page numbers and what stands in the same place of the margin on several pages."""
    margins = [
        [line for line in lines if line.middle < _MARGIN * height or line.middle > (1 - _MARGIN) * height]
        for lines, height in zip(pages, heights, strict=True)
    ]
    body = body_size([line for lines in pages for line in lines])
    seen: Counter[tuple[str, int]] = Counter()
    for margin in margins:
        seen.update({key for line in margin for key in _places(line, body)})
    enough = 3 if len(pages) > 3 else max(2, len(pages))
    kept = []
    for lines, margin in zip(pages, margins, strict=True):
        numbers = [line.middle for line in margin if is_page_number(line.text)]
        out = {
            id(line)
            for line in margin
            if any(seen[key] >= enough for key in _places(line, body) if key[0])
            or any(abs(line.middle - number) < 3 for number in numbers if len(line.text.split()) <= 10)
        }
        kept.append([line for line in lines if id(line) not in out])
    return kept


def without_contents(lines: Sequence[Line]) -> list[Line]:
    """A page less its table of contents, which only repeats headings; running text on such a page stays."""
    entries = [line for line in lines if _ENTRY.search(line.text)]
    titled = any(_CONTENTS.match(squeeze(line.text)) for line in lines[:5])
    if len(entries) < 4 or not (titled or len(entries) > 0.5 * len(lines)):
        return list(lines)
    right = max(line.x1 for line in lines)
    text = [line for line in lines if line not in entries and line.x1 > 0.9 * right and len(line.text.split()) >= 8]
    return text if len(text) > 2 else []


def _places(line: Line, body: float) -> set[tuple[str, int]]:
    """What a line says and where, twice, so that a small shift between pages does not matter; large type with its numbers."""
    text = line.text if line.size > _TITLE * body else letters(line.text)
    return {(text, round(line.middle / 6)), (text, round(line.middle / 6 + 0.5) + 10_000)}


def body_size(lines: Sequence[Line]) -> float:
    """The height of the type that most of the text is set in."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 1.0


def reading_order(lines: Sequence[Line], width: float) -> list[Line]:
    """Rows from top to bottom, column by column; `column` counts the stretches of the page that belong together."""
    found: list[Line] = []
    for number, group in enumerate(_columns(list(lines), width)):
        found.extend(replace(row, column=number) for row in _rows(group))
    return found


def _columns(lines: list[Line], width: float) -> Iterator[list[Line]]:
    """Stretches of a page in reading order: where text stands in columns, the left one before the right one."""
    gutter = _gutter(lines, width)
    if gutter is None:
        yield lines
        return
    plain: list[Line] = []
    for band in _bands(lines, gutter):
        above, below = _split_off(band, gutter)
        left, right = _sides(above, gutter)
        if not _side_by_side(left, right, width):
            plain.extend(band)
            continue
        if plain:
            yield plain
        yield from _columns(left, width)
        yield from _columns(right, width)
        plain = below
    if plain:
        yield plain


def _gutter(lines: Sequence[Line], width: float) -> float | None:
    """Where a column begins that has most text beside it; None where nothing stands side by side."""
    best, found = 0, None
    edges = Counter(round(line.x0) for line in lines).most_common(_EDGES)
    for x in sorted(x for x, count in edges if count > 2):
        gutter = x - 1.0
        sides = [_sides(band, gutter) for band in _bands(lines, gutter)]
        score = sum(min(len(left), len(right)) for left, right in sides if _side_by_side(left, right, width))
        if score > best:
            best, found = score, gutter
    return found


def _bands(lines: Sequence[Line], gutter: float) -> Iterator[list[Line]]:
    """Lines from top to bottom, cut where lines that cross the gutter begin and end."""
    band: list[Line] = []
    crossing = False
    for line in sorted(lines, key=lambda line: -line.middle):
        crosses = line.x0 < gutter - 1 and line.x1 > gutter + 1
        if band and crosses != crossing:
            yield band
            band = []
        band.append(line)
        crossing = crosses
    if band:
        yield band


def _sides(band: Sequence[Line], gutter: float) -> tuple[list[Line], list[Line]]:
    left = [line for line in band if line.x1 <= gutter + 1]
    return left, [line for line in band if line.x1 > gutter + 1 and line.x0 >= gutter - 1]


def _split_off(band: list[Line], gutter: float) -> tuple[list[Line], list[Line]]:
    """A band without what stands alone below both columns, such as the heading of the text that follows across them."""
    left, right = _sides(band, gutter)
    if not left or not right:
        return band, []
    low = max(min(line.y0 for line in side) for side in (left, right))
    for index in range(1, len(band)):
        line, last = band[index], band[index - 1]
        if line.y1 < low - 0.5 * line.size and last.y0 - line.y1 > 0.8 * line.size:
            return band[:index], band[index:]
    return band, []


def _side_by_side(left: Sequence[Line], right: Sequence[Line], width: float) -> bool:
    """Whether two sets of lines are columns of text: wide enough (not bullets or numbers) and at the same height."""
    if min(len(left), len(right)) < 4:
        return False
    if min(median(line.x1 - line.x0 for line in side) for side in (left, right)) < 0.18 * width:
        return False
    low = max(min(line.y0 for line in side) for side in (left, right))
    high = min(max(line.y1 for line in side) for side in (left, right))
    shortest = min(max(line.y1 for line in side) - min(line.y0 for line in side) for side in (left, right))
    return high - low > 0.3 * shortest


def _rows(lines: Sequence[Line]) -> Iterator[Line]:
    """Pieces that stand at the same height joined from left to right: a bullet and its text are one line."""
    row: list[Line] = []
    for line in sorted(lines, key=lambda line: (-line.middle, line.x0)):
        if row and not (row[0].y0 <= line.middle <= row[0].y1 or line.y0 <= row[0].middle <= line.y1):
            yield _joined(row)
            row = []
        row.append(line)
    if row:
        yield _joined(row)


def _joined(row: Sequence[Line]) -> Line:
    parts = sorted(row, key=lambda line: line.x0)
    widest = max(parts, key=lambda line: len(line.text))
    return replace(
        widest,
        text=" ".join(part.text for part in parts),
        x0=parts[0].x0,
        x1=max(part.x1 for part in parts),
        y0=min(part.y0 for part in parts),
        y1=max(part.y1 for part in parts),
        bold=all(part.bold for part in parts if any(map(str.isalnum, part.text))),
    )
