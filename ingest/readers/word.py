"""DOCX: headings by style, list numbers as Word prints them, tables, notes; deleted text is marked as not agreed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from lxml import etree

from ingest.documents import Block, Unreadable
from ingest.readers.markers import is_point, nest
from ingest.readers.reading import MAX_BYTES, Reading
from ingest.readers.text import Run, cut, iso_date, language_code, lines, squeeze, tidy

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_GONE = {f"{_W}del", f"{_W}moveFrom"}
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_OFF = {"0", "false", "none", "off"}


def read(raw: bytes, source: str) -> Reading:
    """A Word document, with tracked deletions and struck-out text as blocks that are not agreed."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    _check_size(raw, source)
    try:
        document = docx.Document(BytesIO(raw))
        blocks = tidy(nest(list(_Story(document).blocks())))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, etree.XMLSyntaxError, OSError) as error:
        raise Unreadable(
            f"{source}: a damaged or cut-off DOCX file; get it again from its source, or save it as PDF"
        ) from error
    if not blocks:
        raise Unreadable(f"{source}: holds no text; if its pages are images, run OCR and give the result as PDF")
    return Reading(metadata=_metadata(document, blocks), blocks=blocks)


def _check_size(raw: bytes, source: str) -> None:
    """Refuses an archive that says it unpacks to more than a document can be, before anything is unpacked."""
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        parts = [part for part in archive.infolist() if part.filename.endswith((".xml", ".rels"))]
        size = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    if size > MAX_BYTES or (size > 20_000_000 and size / packed > 200):
        raise Unreadable(
            f"{source}: unpacks to {size / 1e6:.0f} MB of text, more than a document holds; save it as PDF or text"
        )


class _Story:
    """One walk over the body, counting the lists as Word does."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.numbering = _Numbering(document)
        self.notes = _notes(document)

    def blocks(self) -> Iterator[Block]:
        from docx.table import Table

        for part in self.document.iter_inner_content():
            if isinstance(part, Table):
                yield from self._table(part)
            else:
                yield from self._paragraph(part)

    def _paragraph(self, paragraph: Paragraph) -> Iterator[Block]:
        runs, notes = _runs(paragraph._p)
        level = _heading_level(paragraph)
        marker, depth = self.numbering.marker(paragraph)
        text = "".join(text for text, _ in runs).strip()
        if marker and text and not (is_point(text) or text.startswith(marker)):
            runs.insert(0, (f"{marker} ", next((agreed for piece, agreed in runs if piece.strip()), True)))
        if level:
            yield from cut([(piece.replace("\n", " "), agreed) for piece, agreed in runs], "heading", level)
        else:
            yield from _lines(runs, depth)
        for note in notes:
            yield from cut([(f"{note} ", True), *self.notes.get(note, [])] if self.notes.get(note) else [], "note")

    def _table(self, table: Table) -> Iterator[Block]:
        for row in table.rows:
            cells: list[str] = []
            seen = set()
            for cell in row.cells:
                if id(cell._tc) not in seen:  # a merged cell is given once for each column it spans
                    seen.add(id(cell._tc))
                    cells.append(squeeze(" ".join(_agreed(paragraph._p) for paragraph in cell.paragraphs)))
            if any(cells):
                yield from cut([(" | ".join(cells), True)], "row")


def _lines(runs: list[Run], depth: int) -> Iterator[Block]:
    for number, line in enumerate(lines(runs)):
        for block in cut(line, "item" if depth and number == 0 else "paragraph", depth if number == 0 else 0):
            yield (
                block.model_copy(update={"kind": "item"})
                if block.kind == "paragraph" and is_point(block.text)
                else block
            )


def _agreed(element: etree._Element) -> str:
    return "".join(text for text, agreed in _runs(element)[0] if agreed)


def _runs(element: etree._Element) -> tuple[list[Run], list[str]]:
    """Text of a paragraph in runs, deleted or struck ones not agreed; and the ids of the notes it refers to."""
    runs: list[Run] = []
    notes: list[str] = []
    for run in element.iter(f"{_W}r"):
        agreed = not _struck(run) and not any(above.tag in _GONE for above in run.iterancestors())
        for child in run:
            if child.tag in (f"{_W}t", f"{_W}delText"):
                runs.append((child.text or "", agreed))
            elif child.tag in (f"{_W}tab", f"{_W}noBreakHyphen"):
                runs.append((" " if child.tag.endswith("tab") else "-", agreed))
            elif child.tag in (f"{_W}br", f"{_W}cr"):
                runs.append(("\n", agreed))
            elif child.tag == f"{_W}footnoteReference" and agreed:
                notes.append(child.get(f"{_W}id") or "")
    return runs, notes


def _struck(run: etree._Element) -> bool:
    properties = run.find(f"{_W}rPr")
    if properties is None:
        return False
    marks = [properties.find(f"{_W}{name}") for name in ("strike", "dstrike")]
    return any(mark is not None and (mark.get(f"{_W}val") or "1") not in _OFF for mark in marks)


def _heading_level(paragraph: Paragraph) -> int:
    """1 to 6 by the paragraph's style or by one that it is based on; 0 for text."""
    style = paragraph.style
    for _ in range(10):
        if style is None:
            break
        name = style.name or ""
        found = _HEADING.match(name)
        if found:
            return min(6, int(found.group(1)) or 1)
        if name.lower() == "title":
            return 1
        style = style.base_style
    return 0


class _Numbering:
    """Word stores what a list looks like, not its printed numbers: they are counted here."""

    def __init__(self, document: Document) -> None:
        self.levels: dict[tuple[str, int], tuple[str, str, int]] = {}  # (list, level) -> (format, pattern, start)
        self.counts: dict[str, list[int]] = {}
        part = next((r.target_part for r in document.part.rels.values() if r.reltype.endswith("/numbering")), None)
        if part is None:
            return
        root = _xml(part.blob)
        abstract = {found.get(f"{_W}abstractNumId"): found for found in root.iter(f"{_W}abstractNum")}
        for number in root.iter(f"{_W}num"):
            link = number.find(f"{_W}abstractNumId")
            definition = abstract.get(link.get(f"{_W}val")) if link is not None else None
            for level in definition.iter(f"{_W}lvl") if definition is not None else ():
                self.levels[number.get(f"{_W}numId") or "", int(level.get(f"{_W}ilvl") or 0)] = _level(level)

    def marker(self, paragraph: Paragraph) -> tuple[str, int]:
        """The printed marker of a paragraph and its depth in the list; ('', 0) outside lists."""
        place = _list_place(paragraph)
        if place is None:
            return "", 0
        name, depth = place
        form, pattern, _ = self.levels.get((name, depth), ("bullet", "", 1))
        if form == "none" or name == "0":
            return "", 0
        counts = self.counts.setdefault(name, [])
        while len(counts) <= depth:
            counts.append(self.levels.get((name, len(counts)), ("", "", 1))[2] - 1)
        del counts[depth + 1 :]
        counts[depth] += 1
        if form == "bullet":
            return "-", depth + 1
        return _printed(
            pattern, [self.levels.get((name, i), ("decimal", "", 1))[0] for i in range(depth + 1)], counts
        ), depth + 1


def _level(level: etree._Element) -> tuple[str, str, int]:
    def value(name: str, default: str) -> str:
        found = level.find(f"{_W}{name}")
        return found.get(f"{_W}val") or default if found is not None else default

    start = value("start", "1")
    return value("numFmt", "decimal"), value("lvlText", ""), int(start) if start.isdigit() else 1


def _list_place(paragraph: Paragraph) -> tuple[str, int] | None:
    """(list, level) from the paragraph itself or from its style."""
    properties = [paragraph._p.pPr]
    style = paragraph.style
    for _ in range(10):
        if style is None:
            break
        properties.append(style.element.find(f"{_W}pPr"))
        style = style.base_style
    for found in properties:
        number = found.find(f"{_W}numPr") if found is not None else None
        name = number.find(f"{_W}numId") if number is not None else None
        if number is not None and name is not None:
            level = number.find(f"{_W}ilvl")
            depth = level.get(f"{_W}val") if level is not None else "0"
            return name.get(f"{_W}val") or "0", int(depth or 0) if (depth or "0").isdigit() else 0
    return None


def _printed(pattern: str, forms: list[str], counts: list[int]) -> str:
    """'%1.%2' with the counts put in, each in its own form."""

    def number(found: re.Match[str]) -> str:
        index = int(found.group(1)) - 1
        return _form(forms[index], counts[index]) if index < len(counts) else ""

    return re.sub(r"%(\d)", number, pattern)


def _form(form: str, count: int) -> str:
    if form in ("lowerLetter", "upperLetter") and count > 0:
        letters = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letters if form == "lowerLetter" else letters.upper()
    if form in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        roman = _roman(count)
        return roman if form == "lowerRoman" else roman.upper()
    return str(count)


def _roman(count: int) -> str:
    found = ""
    for value, text in zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    ):
        found += text * (count // value)
        count %= value
    return found


def _xml(blob: bytes) -> etree._Element:
    return etree.fromstring(blob, etree.XMLParser(resolve_entities=False, no_network=True))


def _notes(document: Document) -> dict[str, list[Run]]:
    part = next((r.target_part for r in document.part.rels.values() if r.reltype.endswith("/footnotes")), None)
    if part is None:
        return {}
    root = _xml(part.blob)
    return {
        note.get(f"{_W}id") or "": _runs(note)[0] for note in root.iter(f"{_W}footnote") if not note.get(f"{_W}type")
    }


def _metadata(document: Document, blocks: tuple[Block, ...]) -> dict[str, str]:
    """Title, date and language from the file's properties; the title else from the first heading.

    The author property is left out: it names whoever typed the file, seldom the publisher.
    """
    properties = document.core_properties
    title = squeeze(properties.title or "") or next((block.text for block in blocks if block.kind == "heading"), "")
    if title == "Word Document":  # what the library's own template says
        title = next((block.text for block in blocks if block.kind == "heading"), "")
    fields = {
        "title": title,
        "date": iso_date(properties.created) if properties.created else "",
        "language": language_code(properties.language or ""),
    }
    return {name: value for name, value in fields.items() if value}
