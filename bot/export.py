"""A briefing as a file: Markdown with footnotes, or Word with real ones."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.answer import Citation, Row
from bot.render import day, link, named, place, short, visible
from bot.render import markdown as escaped
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from bot.briefing import Briefing, Section

FORMATS = (".md", ".docx")
INTRO = "Every sentence is quoted from the library; its note names the place."
OPEN = "Not answered by this library"
_NOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
_NOTES_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def save(briefing: Briefing, path: Path) -> None:
    """Writes the briefing in the format of the file's suffix, whole or not at all."""
    if path.suffix.lower() not in FORMATS:
        raise LibraryError(
            f"{path}: a briefing is written as {' or '.join(FORMATS)}. Give the file one of these endings."
        )
    if not path.parent.is_dir():
        raise LibraryError(f"{path}: there is no folder {path.parent}. Make it first.")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    beside = Path(name)
    try:
        if path.suffix.lower() == ".md":
            beside.write_text(markdown(briefing), encoding="utf-8")
        else:
            _word(briefing, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def reference(citation: Citation) -> str:
    """What a note says: whose words, where, when, and the official address."""
    about = citation.document
    parts = [short(named(about)), about.publisher, about.symbol.split(";")[0].strip(), day(about.date), place(citation)]
    told = ", ".join(dict.fromkeys(visible(part) for part in parts if part))
    status = f" ({visible(about.status)})" if about.status else ""
    return f"{told}{status}."


def markdown(briefing: Briefing) -> str:
    """The briefing as Markdown with footnotes; document text is escaped."""
    lines = [f"# {escaped(briefing.topic)}", "", f"*{INTRO}*"]
    if briefing.caution:
        lines += ["", f"**Note:** {escaped(briefing.caution)}"]
    for section in briefing.sections:
        lines += ["", f"## {section.title}", "", *_section(briefing, section)]
    if briefing.open_questions:
        lines += ["", f"## {OPEN}", "", *(f"- {escaped(question)}" for question in briefing.open_questions)]
    lines += ["", "## Sources", ""]
    for about in briefing.documents:
        address = link(about.url)
        name = ", ".join(
            escaped(part) for part in (named(about), about.publisher, about.symbol, day(about.date)) if part
        )
        lines.append(f"- {name}{f' <{address}>' if address else ''}")
    lines.append("")
    lines += [f"[^{citation.number}]: {escaped(reference(citation))}" for citation in briefing.citations]
    return "\n".join(lines) + "\n"


def _section(briefing: Briefing, section: Section) -> list[str]:
    def said(place_: int) -> str:
        statement = briefing.statements[place_]
        return f"{escaped(statement.text)}{''.join(f'[^{number}]' for number in statement.citations)}"

    if not section.rows:
        return [line for place_ in section.statements for line in (said(place_), "")][:-1]
    head = _head(section)
    rows = [f"| {escaped(row.label)} | {'<br>'.join(said(p) for p in row.statements)} |" for row in section.rows]
    return [f"| {head[0]} | {head[1]} |", "|---|---|", *rows]


def _head(section: Section) -> tuple[str, str]:
    return ("Date", "What was said") if section.title == "Timeline" else ("Who", "In its own words")


def _word(briefing: Briefing, path: Path) -> None:
    """The briefing as a Word file with real footnotes."""
    from docx import Document

    document: Any = Document()
    properties = document.core_properties
    properties.title, properties.author, properties.language = visible(briefing.topic), "Legation", "en"
    notes = _Notes(document)
    document.add_heading(visible(briefing.topic), 0)
    document.add_paragraph(INTRO)
    if briefing.caution:
        document.add_paragraph().add_run(visible(briefing.caution)).bold = True
    for section in briefing.sections:
        document.add_heading(section.title, 1)
        if section.rows:
            _table(document, briefing, section, section.rows, notes)
        for place_ in section.statements if not section.rows else ():
            _sentence(document.add_paragraph(), briefing, place_, notes)
    if briefing.open_questions:
        document.add_heading(OPEN, 1)
        for question in briefing.open_questions:
            document.add_paragraph(visible(question), style="List Bullet")
    document.add_heading("Sources", 1)
    for about in briefing.documents:
        parts = (named(about), about.publisher, about.symbol, day(about.date), link(about.url))
        document.add_paragraph(", ".join(visible(part) for part in parts if part), style="List Bullet")
    notes.close()
    document.save(path)


def _table(document: Any, briefing: Briefing, section: Section, rows: Sequence[Row], notes: _Notes) -> None:
    table = document.add_table(rows=1, cols=2, style="Light Grid Accent 1")
    for cell, words in zip(table.rows[0].cells, _head(section), strict=True):
        cell.text = words
    for row in rows:
        cells = table.add_row().cells
        cells[0].text = visible(row.label)
        for number, place_ in enumerate(row.statements):
            paragraph = cells[1].paragraphs[0] if number == 0 else cells[1].add_paragraph()
            _sentence(paragraph, briefing, place_, notes)


def _sentence(paragraph: Any, briefing: Briefing, place_: int, notes: _Notes) -> None:
    statement = briefing.statements[place_]
    paragraph.add_run(visible(statement.text))
    for number in statement.citations:
        notes.add(paragraph, reference(briefing.citations[number - 1]))


class _Notes:
    """The footnotes of a Word file, which python-docx does not know: a part of their own, and the marks that refer to it."""

    def __init__(self, document: Any) -> None:
        from lxml import etree

        self._document = document
        self._root = etree.Element(f"{{{_W}}}footnotes", nsmap={"w": _W})
        for number, kind in ((-1, "separator"), (0, "continuationSeparator")):
            note = self._note(number)
            note.set(f"{{{_W}}}type", kind)
            etree.SubElement(etree.SubElement(etree.SubElement(note, f"{{{_W}}}p"), f"{{{_W}}}r"), f"{{{_W}}}{kind}")
        self._count = 0

    def _note(self, number: int) -> Any:
        from lxml import etree

        note = etree.SubElement(self._root, f"{{{_W}}}footnote")
        note.set(f"{{{_W}}}id", str(number))
        return note

    def add(self, paragraph: Any, words: str) -> None:
        """A footnote with these words, its mark at the end of the paragraph."""
        from lxml import etree

        self._count += 1
        mark = etree.SubElement(self._raised(paragraph._p), f"{{{_W}}}footnoteReference")
        mark.set(f"{{{_W}}}id", str(self._count))
        inside = etree.SubElement(self._note(self._count), f"{{{_W}}}p")
        etree.SubElement(self._raised(inside), f"{{{_W}}}footnoteRef")
        text = etree.SubElement(etree.SubElement(inside, f"{{{_W}}}r"), f"{{{_W}}}t")
        text.set(_SPACE, "preserve")
        text.text = f" {words}"

    def _raised(self, parent: Any) -> Any:
        from lxml import etree

        run = etree.SubElement(parent, f"{{{_W}}}r")
        raised = etree.SubElement(etree.SubElement(run, f"{{{_W}}}rPr"), f"{{{_W}}}vertAlign")
        raised.set(f"{{{_W}}}val", "superscript")
        return run

    def close(self) -> None:
        """Puts the notes into the file."""
        from docx.opc.packuri import PackURI
        from docx.opc.part import Part
        from lxml import etree

        body = etree.tostring(self._root, xml_declaration=True, encoding="UTF-8", standalone=True)
        part = Part(PackURI("/word/footnotes.xml"), _NOTES_TYPE, body, self._document.part.package)
        self._document.part.relate_to(part, _NOTES)
