"""A briefing as a Word file: styles of its own to edit by, real footnotes, tables whose heads repeat, page numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.export import Layout, Part, Said

_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NOTES = f"{_RELATIONS}/footnotes"
_NOTES_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_ACCENT, _QUIET, _TINT, _RULE = "1D4E89", "4A5868", "E8EFF7", "CCD5DF"
_WIDE = 16.2  # centimetres between the margins


def word(page: Layout, path: Path) -> None:
    """Writes the file."""
    from docx import Document

    document: Any = Document()
    properties = document.core_properties
    properties.title, properties.author, properties.language = page.title, "Legation", page.language
    _styles(document, page.language)
    notes = _Notes(document, page.notes)
    document.add_heading(page.title, 0)
    document.add_paragraph(page.intro, style="Subtitle")
    if page.caution:
        paragraph = document.add_paragraph(style="Intense Quote")
        paragraph.add_run(f"{page.caution_label} ").bold = True
        paragraph.add_run(page.caution)
    for part in page.parts:
        document.add_heading(part.title, 1)
        if part.rows:
            _table(document, part, notes)
        for said in part.said:
            _line(document.add_paragraph(style="List Bullet" if said.item else None), said, notes)
    document.add_heading(page.sources_title, 1)
    for name, address in page.sources:
        paragraph = document.add_paragraph(style="List Bullet")
        paragraph.add_run(name)
        if address:
            paragraph.add_run().add_break()
            _link(document, paragraph, address)
    _page_numbers(document)
    notes.close()
    document.save(path)


def _styles(document: Any, code: str) -> None:
    """A4, and a quiet look that the styles carry, so that a change of a style changes the whole."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Cm, Pt, RGBColor

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.4)
    section.top_margin = section.bottom_margin = Cm(2.3)
    styles = document.styles
    looks = {
        "Normal": (10.5, None, False),
        "Title": (20, _ACCENT, True),
        "Subtitle": (10.5, _QUIET, False),
        "Heading 1": (13, _ACCENT, True),
        "Intense Quote": (10.5, "8A3B00", False),
    }
    for name, (size, colour, bold) in looks.items():
        style = styles[name]
        _font(style)
        style.font.size, style.font.bold = Pt(size), bold
        if colour:
            style.font.color.rgb = RGBColor.from_string(colour)
    styles["Normal"].paragraph_format.space_after = Pt(6)
    styles["Heading 1"].paragraph_format.space_before = Pt(16)
    styles["Heading 1"].paragraph_format.space_after = Pt(6)
    styles["Subtitle"].font.italic = True
    for spacing in styles["Subtitle"].element.rPr.findall(f"{{{_W}}}spacing"):
        styles["Subtitle"].element.rPr.remove(spacing)  # the template sets the letters apart
    note = styles.add_style("footnote text", WD_STYLE_TYPE.PARAGRAPH)
    note.base_style, note.font.size = styles["Normal"], Pt(8.5)
    note.paragraph_format.space_after = Pt(0)
    mark = styles.add_style("footnote reference", WD_STYLE_TYPE.CHARACTER)
    mark.font.superscript = True
    link = styles.add_style("Hyperlink", WD_STYLE_TYPE.CHARACTER)
    link.font.underline, link.font.color.rgb, link.font.size = True, RGBColor.from_string(_ACCENT), Pt(8.5)
    defaults = styles.element.find(f"{{{_W}}}docDefaults/{{{_W}}}rPrDefault/{{{_W}}}rPr")
    language = defaults.find(f"{{{_W}}}lang")
    if language is not None:
        language.set(f"{{{_W}}}val", {"en": "en-GB", "fr": "fr-FR"}.get(code, code))


def _font(style: Any) -> None:
    """One font for all scripts: the template names theme fonts, which would win."""
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for name in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(f"{{{_W}}}{name}", "Calibri")


def _table(document: Any, part: Part, notes: _Notes) -> None:
    """The rows of a part: a tinted head that is repeated on each page, thin rules, no row cut in two."""
    table = document.add_table(rows=1, cols=len(part.head), style="Table Grid")
    table.autofit = False
    for cell, words in zip(table.rows[0].cells, part.head, strict=True):
        cell.paragraphs[0].add_run(words).bold = True
        _add(cell._tc.get_or_add_tcPr(), "shd", val="clear", color="auto", fill=_TINT)
    _add(table.rows[0]._tr.get_or_add_trPr(), "tblHeader")
    for row in part.rows:
        made = table.add_row()
        _add(made._tr.get_or_add_trPr(), "cantSplit")
        for cell, lines in zip(made.cells, row, strict=True):
            for number, said in enumerate(lines):
                _line(cell.paragraphs[0] if number == 0 else cell.add_paragraph(), said, notes)
    _shape(table, part.widths)


def _shape(table: Any, widths: tuple[int, ...]) -> None:
    """The widths of the columns, narrow lines, and rules between the rows alone."""
    from docx.shared import Cm, Pt

    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(_WIDE * width / 100)
        for cell in column.cells:
            cell.width = column.width
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.space_after = paragraph.paragraph_format.space_before = Pt(2)
    borders = _add(table._tbl.tblPr, "tblBorders")
    for side in ("top", "bottom", "insideH"):
        _add(borders, side, val="single", sz="4", space="0", color=_RULE)
    for side in ("left", "right", "insideV"):
        _add(borders, side, val="nil")


def _line(paragraph: Any, said: Said, notes: _Notes) -> None:
    paragraph.add_run(said.text)
    for number in said.notes:
        notes.mark(paragraph._p, number)


def _link(document: Any, paragraph: Any, address: str) -> None:
    """The address as a link."""
    relation = document.part.relate_to(address, f"{_RELATIONS}/hyperlink", is_external=True)
    made = _add(paragraph._p, "hyperlink")
    made.set(f"{{{_RELATIONS}}}id", relation)
    _words(made, address, "Hyperlink")


def _page_numbers(document: Any) -> None:
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = 1
    _add(_add(paragraph._p, "fldSimple", instr="PAGE"), "r")


def _add(parent: Any, tag: str, **attributes: str) -> Any:
    """A new element of WordprocessingML within `parent`."""
    from lxml import etree

    made = etree.SubElement(parent, f"{{{_W}}}{tag}")
    for name, value in attributes.items():
        made.set(f"{{{_W}}}{name}", value)
    return made


def _words(parent: Any, words: str, style: str = "") -> Any:
    """A run with words."""
    run = _add(parent, "r")
    if style:
        _add(_add(run, "rPr"), "rStyle", val=style)
    text = _add(run, "t")
    text.set(_SPACE, "preserve")
    text.text = words
    return run


class _Notes:
    """The footnotes, which python-docx does not know: a part of their own, and the marks that refer to it.

    A note stands where its number comes first; later marks are cross-references to that place, as Word makes them.
    """

    def __init__(self, document: Any, notes: tuple[str, ...]) -> None:
        from lxml import etree

        self._document = document
        self._notes = notes
        self._ids: dict[int, int] = {}  # of each number, the footnote's: Word counts them in the order of the text
        self._root = etree.Element(f"{{{_W}}}footnotes", nsmap={"w": _W})
        for number, kind in ((-1, "separator"), (0, "continuationSeparator")):
            note = _add(self._root, "footnote", type=kind, id=str(number))
            _add(_add(_add(note, "p"), "r"), kind)

    def mark(self, paragraph: Any, number: int) -> None:
        """The mark of a note, at the end of the paragraph."""
        known = self._ids.get(number)
        if known:
            field = _add(paragraph, "fldSimple", instr=f" NOTEREF _Note{known} \\f \\h ")
            _words(field, str(known), "footnotereference")
            return
        made = self._ids[number] = len(self._ids) + 1
        _add(paragraph, "bookmarkStart", id=str(made), name=f"_Note{made}")
        _add(self._raised(paragraph), "footnoteReference", id=str(made))
        _add(paragraph, "bookmarkEnd", id=str(made))
        inside = _add(_add(self._root, "footnote", id=str(made)), "p")
        _add(_add(inside, "pPr"), "pStyle", val="footnotetext")
        _add(self._raised(inside), "footnoteRef")
        _words(inside, f" {self._notes[number - 1]}")

    def _raised(self, parent: Any) -> Any:
        run = _add(parent, "r")
        _add(_add(run, "rPr"), "rStyle", val="footnotereference")
        return run

    def close(self) -> None:
        """Puts the notes into the file."""
        from docx.opc.packuri import PackURI
        from docx.opc.part import Part as FilePart
        from lxml import etree

        body = etree.tostring(self._root, xml_declaration=True, encoding="UTF-8", standalone=True)
        part = FilePart(PackURI("/word/footnotes.xml"), _NOTES_TYPE, body, self._document.part.package)
        self._document.part.relate_to(part, _NOTES)
