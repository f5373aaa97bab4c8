"""Markdown: what a reader of the rendered page sees, in blocks."""

from __future__ import annotations

import pytest

from ingest.documents import Block, Unreadable
from ingest.readers import Reading, read_bytes


def read(text: str) -> Reading:
    return next(read_bytes(text.encode(), "note.md"))


def shapes(reading: Reading) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, block.text) for block in reading.blocks]


def of_kind(reading: Reading, kind: str) -> list[Block]:
    return [block for block in reading.blocks if block.kind == kind]


def test_front_matter_becomes_metadata() -> None:
    text = "---\ntitle: A\\_b\ndate: 2023-11-01\nsource_url: https://example.org/x\nlang: en-GB\ntags: [a]\n---\nBody text.\n"
    fields = read(text).metadata
    assert fields == {"title": "A\\_b", "date": "2023-11-01", "url": "https://example.org/x", "language": "en"}


def test_title_is_else_the_first_heading() -> None:
    assert read("# The *Plan*\n\nText.").metadata["title"] == "The Plan"


def test_wrong_front_matter_names_the_line() -> None:
    with pytest.raises(Unreadable, match=r"line 3 .*YAML"):
        read("---\ntitle: fine\nbroken: [1, 2\n---\nText.\n")


def test_a_rule_is_not_front_matter() -> None:
    assert [block.text for block in read("---\n\nA line between rules.\n\n---\n\nMore.").blocks] == [
        "A line between rules.",
        "More.",
    ]


def test_mark_up_goes_and_words_stay() -> None:
    text = "See [the *Act*](https://example.org) \\[sic\\], <u>underlined</u>, `code` &amp; **bold**.<!-- hidden -->"
    assert read(text).blocks[0].text == "See the Act [sic], underlined, code & bold."


def test_headings_without_a_space_are_headings() -> None:
    text = "<meta charset='utf-8' />\n\n##Title of it\n\n### Article  1  \n\n####Definitions\n\nText."
    assert shapes(read(text)) == [
        ("heading", 2, "Title of it"),
        ("heading", 3, "Article 1"),
        ("heading", 4, "Definitions"),
        ("paragraph", 0, "Text."),
    ]


def test_indented_points_are_points_and_not_code() -> None:
    text = (
        '<span style="text-decoration: underline">Sec. 2.  Sharing.</span>  \n'
        "     (a)  The Government contracts\nwith others.  \n"
        "          (i)    first thing; and  \n"
        "          (ii)   second thing.  \n"
        "     (b)  Within 60 days.  \n"
        "          (i)  The ninth letter is not meant here:  \n"
        "          (ii)  it is roman.\n"
    )
    assert shapes(read(text)) == [
        ("paragraph", 0, "Sec. 2. Sharing."),
        ("item", 1, "(a) The Government contracts with others."),
        ("item", 2, "(i) first thing; and"),
        ("item", 2, "(ii) second thing."),
        ("item", 1, "(b) Within 60 days."),
        ("item", 2, "(i) The ninth letter is not meant here:"),
        ("item", 2, "(ii) it is roman."),
    ]


def test_the_ninth_letter_goes_on_with_the_letters() -> None:
    text = "\n\n".join(f"({letter}) point." for letter in "abcdefghij")
    assert {block.level for block in read(text).blocks} == {1}


def test_a_point_run_into_its_section_heading_stands_alone() -> None:
    found = read("Sec. 3. Use of Tools. (a) Agencies shall not.  \n     (b)  They may.")
    assert [text for _, _, text in shapes(found)] == [
        "Sec. 3. Use of Tools.",
        "(a) Agencies shall not.",
        "(b) They may.",
    ]


def test_a_wrapped_reference_does_not_start_a_point() -> None:
    assert len(read("As described in subsection\n(b) of this section, it holds.").blocks) == 1


def test_a_bold_line_alone_is_a_heading() -> None:
    found = read("**Imposing Additional Sanctions**  \nTreasury sanctioned 32 entities.\n\n**Bold** start of text.")
    assert [kind for kind, _, _ in shapes(found)] == ["heading", "paragraph", "paragraph"]


def test_numbered_paragraphs_keep_their_numbers() -> None:
    long = "We commit to a great many things that take more than thirty words to say, " * 3
    found = read(f"# Heading\n\n51. {long}\n\n52. {long}\n    -   a bullet below\n")
    assert [(kind, text[:10]) for kind, _, text in shapes(found)][1:] == [
        ("paragraph", "51. We com"),
        ("paragraph", "52. We com"),
        ("item", "- a bullet"),
    ]


def test_nested_lists_have_levels() -> None:
    found = read("- one\n  1. inner\n  2. second\n- two\n")
    assert shapes(found) == [
        ("item", 1, "- one"),
        ("item", 2, "1. inner"),
        ("item", 2, "2. second"),
        ("item", 1, "- two"),
    ]


def test_footnotes_become_notes_and_their_marks_go() -> None:
    found = read("It costs much[^1].\n\n[^1]: ASD (2023). [Report](https://example.org).\n\nMore.")
    assert shapes(found) == [
        ("paragraph", 0, "It costs much."),
        ("note", 0, "1 ASD (2023). Report."),
        ("paragraph", 0, "More."),
    ]


def test_tables_become_rows_and_contents_with_dots_go() -> None:
    found = read("| A | B |\n|---|---|\n| 1 **x** | 2 |\n\nOverview ............ 4\n")
    assert shapes(found) == [("row", 0, "A | B"), ("row", 0, "1 x | 2")]


@pytest.mark.parametrize("struck", ["~~not agreed~~", "<del>not agreed</del>", "<s>not agreed</s>"])
def test_struck_text_is_a_block_that_is_not_agreed(struck: str) -> None:
    blocks = read(f"States should {struck} cooperate.").blocks
    assert [(block.text, block.agreed) for block in blocks] == [
        ("States should", True),
        ("not agreed", False),
        ("cooperate.", True),
    ]


def test_html_between_paragraphs_is_parsed() -> None:
    found = read("<table><tr><td>Norm</td><td>Text of it</td></tr></table>\n\nAfter.\n\n<div>\n<p>Inside</p>\n</div>\n")
    assert [text for _, _, text in shapes(found)] == ["Norm | Text of it", "After.", "Inside"]
