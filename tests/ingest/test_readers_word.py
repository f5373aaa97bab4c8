"""DOCX: headings, printed list numbers, tables, notes, deleted text; damaged and bomb-like files."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ingest.documents import Unreadable
from ingest.readers import Reading, read_bytes


def read(document: Any) -> Reading:
    return next(read_bytes(saved(document), "draft.docx"))


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_headings_lists_tables_and_metadata() -> None:
    document = docx.Document()
    document.core_properties.title = "A Draft"
    document.add_heading("Norms", 2)
    document.add_paragraph("States should cooperate.")
    for text in ("first", "second"):
        document.add_paragraph(text, style="List Number")
    document.add_paragraph("a bullet", style="List Bullet")
    table = document.add_table(rows=1, cols=3)
    table.cell(0, 0).text, table.cell(0, 2).text = "EU", "in favour"
    table.cell(0, 0).merge(table.cell(0, 1))
    found = read(document)
    assert [(block.kind, block.level, block.text) for block in found.blocks] == [
        ("heading", 2, "Norms"),
        ("paragraph", 0, "States should cooperate."),
        ("item", 1, "1. first"),
        ("item", 1, "2. second"),
        ("item", 1, "- a bullet"),
        ("row", 0, "EU | in favour"),
    ]
    assert found.metadata["title"] == "A Draft"


def test_struck_and_deleted_text_is_not_agreed() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("States should ")
    paragraph.add_run("always ").font.strike = True
    paragraph.add_run("cooperate")
    paragraph._p.append(
        parse_xml(f'<w:del {nsdecls("w")} w:id="1" w:author="x"><w:r><w:delText> on demand</w:delText></w:r></w:del>')
    )
    paragraph._p.append(
        parse_xml(
            f'<w:ins {nsdecls("w")} w:id="2" w:author="x"><w:r><w:t xml:space="preserve"> freely.</w:t></w:r></w:ins>'
        )
    )
    assert [(block.text, block.agreed) for block in read(document).blocks] == [
        ("States should", True),
        ("always", False),
        ("cooperate", True),
        ("on demand", False),
        ("freely.", True),
    ]


def test_title_is_else_the_first_heading() -> None:
    document = docx.Document()
    document.add_heading("The Real Title", 0)
    document.add_paragraph("Text.")
    assert read(document).metadata["title"] == "The Real Title"


def test_a_document_without_text_is_named() -> None:
    with pytest.raises(Unreadable, match="no text"):
        read(docx.Document())


@pytest.mark.parametrize("keep", [0.2, 0.7, 0.99])
def test_a_cut_off_file_is_named(keep: float) -> None:
    document = docx.Document()
    document.add_paragraph("Text. " * 100)
    raw = saved(document)
    with pytest.raises(Unreadable, match="damaged or cut-off"):
        list(read_bytes(raw[: int(len(raw) * keep)], "cut.docx"))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w") as part:
            for _ in range(300):
                part.write(b"0" * 1_000_000)
    with pytest.raises(Unreadable, match="300 MB"):
        list(read_bytes(out.getvalue(), "bomb.docx"))


def test_another_archive_is_named() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(Unreadable, match="no DOCX"):
        list(read_bytes(out.getvalue(), "book.xlsx"))


def test_damaged_parts_are_named() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w:document")
    with pytest.raises(Unreadable, match="damaged"):
        list(read_bytes(out.getvalue(), "draft.docx"))
