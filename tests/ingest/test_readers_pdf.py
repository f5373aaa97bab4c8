"""PDF: pages, columns, running lines, headings, notes, encryption, images."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.documents import Unreadable
from ingest.readers import Reading, read_bytes, read_path

fpdf = pytest.importorskip("fpdf", reason="fpdf2 makes the files of these tests")

SENTENCE = "The parties agreed to keep talking about the wires in good faith and in public."


def make(pages: int = 3, **encryption: str) -> bytes:
    """A report with a running header, page numbers, a bold heading and a bulleted list on each page."""
    pdf = fpdf.FPDF(format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_title("A Report on Wires")
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.set_font("Helvetica", size=8)
        pdf.text(20, 10, "ANNUAL REPORT OF THE OFFICE")
        pdf.text(100, 290, str(number))
        pdf.set_font("Helvetica", style="B", size=16)
        pdf.text(20, 30, f"Chapter {number}")
        pdf.set_font("Helvetica", size=11)
        pdf.set_xy(20, 40)
        pdf.multi_cell(160, 5, f"On page {number}: {SENTENCE} {SENTENCE} {SENTENCE}", align="L")
        pdf.set_xy(20, 80)
        pdf.multi_cell(160, 5, "\u00b7 first point of the page;", align="L")
        pdf.set_xy(20, 88)
        pdf.multi_cell(160, 5, "\u00b7 second point of the page.", align="L")
    if encryption:
        pdf.set_encryption(**encryption)
    return bytes(pdf.output())


def read(raw: bytes) -> Reading:
    return next(read_bytes(raw, "report.pdf"))


def test_pages_headings_points_and_no_running_lines() -> None:
    found = read(make())
    assert [(block.page, block.kind, block.text[:24]) for block in found.blocks][:4] == [
        (1, "heading", "Chapter 1"),
        (1, "paragraph", "On page 1: The parties a"),
        (1, "item", "· first point of the pag"),
        (1, "item", "· second point of the pa"),
    ]
    assert len(found.blocks) == 12
    assert not any("ANNUAL REPORT" in block.text for block in found.blocks)
    assert found.blocks[1].text == f"On page 1: {SENTENCE} {SENTENCE} {SENTENCE}"
    assert found.metadata["title"] == "A Report on Wires"


def test_two_columns_are_read_one_after_the_other() -> None:
    pdf = fpdf.FPDF(format="A4")
    pdf.add_page()
    pdf.set_font("Helvetica", style="B", size=18)
    pdf.text(20, 20, "A heading over both columns of this page")
    pdf.set_font("Helvetica", size=10)
    for line in range(10):  # row by row, as some programs write columns
        pdf.text(20, 30 + 5 * line, f"left line {line} of the first column" + (" has infor-" if line == 3 else ""))
        pdf.text(110, 30 + 5 * line, f"right line {line} of the second column")
    text = " ".join(block.text for block in read(bytes(pdf.output())).blocks)
    assert text.index("A heading") < text.index("left line 0") < text.index("left line 9") < text.index("right line 0")


def test_a_paragraph_goes_on_over_the_page_and_notes_stay_notes() -> None:
    pdf = fpdf.FPDF(format="A4")
    pdf.set_auto_page_break(False)
    for number, (text, note) in enumerate(
        [("that was meant to", "1 See the first report."), ("go on here.", "2 See the second.")]
    ):
        pdf.add_page()
        pdf.set_font("Helvetica", size=12)
        pdf.set_xy(20, 60)
        pdf.multi_cell(160, 6, f"{SENTENCE} {SENTENCE} {SENTENCE}" if number else f"{SENTENCE} {SENTENCE}", align="L")
        pdf.text(
            20,
            200,
            f"This is the last line of the page, and it holds a long enough sentence {text}" if not number else "End.",
        )
        pdf.set_font("Helvetica", size=8)
        pdf.text(20, 280, note)
    blocks = read(bytes(pdf.output())).blocks
    assert [block.text for block in blocks if block.kind == "note"] == ["1 See the first report.", "2 See the second."]
    assert any("sentence that was meant to The parties" in block.text for block in blocks)


def test_an_empty_password_opens() -> None:
    assert read(make(3, owner_password="owner")).blocks[0].text == "Chapter 1"  # noqa: S106 - of a file made here


def test_a_real_password_is_named_with_the_mend() -> None:
    with pytest.raises(Unreadable, match=r"password; save a copy without"):
        read(make(1, owner_password="owner", user_password="user"))  # noqa: S106 - of a file made here


def test_image_only_pages_are_reported(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (60, 60), "navy").save(tmp_path / "scan.png")
    for texts, expected in ((1, "page 2"), (0, None)):
        pdf = fpdf.FPDF()
        for _ in range(texts):
            pdf.add_page()
            pdf.set_font("Helvetica", size=12)
            pdf.text(20, 40, SENTENCE)
        pdf.add_page()
        pdf.image(str(tmp_path / "scan.png"), x=10, y=10, w=100)
        raw = bytes(pdf.output())
        if expected:
            assert expected in read(raw).warnings[0]
        else:
            with pytest.raises(Unreadable, match="OCR"):
                read(raw)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_a_cut_off_pdf_is_named(tmp_path: Path, keep: float) -> None:
    raw = make()
    path = tmp_path / "cut.pdf"
    path.write_bytes(raw[: int(len(raw) * keep)])
    with pytest.raises(Unreadable, match=r"cut\.pdf.*(?:damaged|cut-off)"):
        list(read_path(path))
