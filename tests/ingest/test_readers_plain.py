"""Plain text and what pdftotext leaves behind."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from ingest.readers import Reading, read_bytes
from ingest.readers.mend import Words, is_page_number, running_lines

RESOLUTION = """A/RES/99/1

United Nations

General Assembly

Distr.: General
11 December 2044

Ninety-ninth session
Agenda item 96

Resolution adopted by the General Assembly
on 5 December 2044
[on the report of the First Committee (A/99/505)]

99/1.

Keeping the peace of the wires
in the context of quiet
The General Assembly,
Recalling its resolution 98/1 of 9 December 2043, which spoke of promoting
confidence-building among States, 1
Noting that peace is pleasant and that States want it, including
Working Groups of them,

44-21207 (E)

131244

*4421207*

Keeping the peace of the wires
in the context of quiet

A/RES/99/1

Stressing that promo ting peace,  an open -ended effort, goes on,
__________________

A/98/1.
A/97/2.
2
1

2/3

44-21207

Keeping the peace of the wires
in the context of quiet

A/RES/99/1

1.
Welcomes the following:
1.1. States should be
quiet;
1.2. States should listen.
2.
Invites all States, taking into account resolu-
tion 98/1, to say:
(a)
3/3

What they think;
44-21207

(b) What they want.
45th plenary meeting
5 December 2044
"""


def read(text: str) -> Reading:
    return next(read_bytes(text.encode(), "text.txt"))


def test_a_resolution_is_read_by_its_own_grammar() -> None:
    found = read(RESOLUTION)
    shapes = [(block.kind, block.text) for block in found.blocks]
    assert shapes[5:] == [
        (
            "paragraph",
            "Resolution adopted by the General Assembly on 5 December 2044 [on the report of the First Committee (A/99/505)]",
        ),
        ("heading", "99/1. Keeping the peace of the wires in the context of quiet"),
        ("heading", "The General Assembly,"),
        (
            "paragraph",
            "Recalling its resolution 98/1 of 9 December 2043, which spoke of promoting confidence-building among States, 1",
        ),
        ("paragraph", "Noting that peace is pleasant and that States want it, including Working Groups of them,"),
        ("paragraph", "Stressing that promoting peace, an open-ended effort, goes on,"),
        ("paragraph", "1. Welcomes the following:"),
        ("paragraph", "1.1. States should be quiet;"),
        ("paragraph", "1.2. States should listen."),
        ("paragraph", "2. Invites all States, taking into account resolution 98/1, to say:"),
        ("item", "(a) What they think;"),
        ("item", "(b) What they want."),
        ("paragraph", "45th plenary meeting 5 December 2044"),
        ("note", "1 A/98/1."),
        ("note", "2 A/97/2."),
    ]
    assert found.metadata == {
        "symbol": "A/RES/99/1",
        "title": "Keeping the peace of the wires in the context of quiet",
        "publisher": "United Nations General Assembly",
        "kind": "resolution",
        "date": "2044-12-05",
        "language": "en",
    }


def test_generic_text_has_paragraphs_headings_and_points() -> None:
    text = "A Plain Title\n\nThe first para-\ngraph has two lines.\n\nIt lists:\n(a) one thing;\n(b) another.\n\nThis one was torn\n\nby a page.\n"
    found = read(text)
    assert [(block.kind, block.text) for block in found.blocks] == [
        ("heading", "A Plain Title"),
        ("paragraph", "The first paragraph has two lines."),
        ("paragraph", "It lists:"),
        ("item", "(a) one thing;"),
        ("item", "(b) another."),
        ("paragraph", "This one was torn by a page."),
    ]
    assert found.metadata == {"title": "A Plain Title"}


def test_running_lines_between_form_feeds_go() -> None:
    pages = [
        f"Annual Report of It\n\nThis is what page {word} says.\n\n{number}\n"
        for number, word in enumerate(["one", "two", "three"], 1)
    ]
    assert [block.text for block in read("\f".join(pages)).blocks] == [
        "This is what page one says.",
        "This is what page two says.",
        "This is what page three says.",
    ]


def test_words_are_mended_only_where_the_text_shows_the_whole() -> None:
    words = Words(
        "promoting behaviour would do good to all of us in a part of it, and be part of it, apart from that, of of of"
    )
    assert words.mend("promo ting the behaviou r that w ould") == "promoting the behaviour that would"
    assert words.mend("the common go od of all") == "the common good of all"
    assert words.mend("in a part of it, to be part of it") == "in a part of it, to be part of it"


def test_hyphens_at_line_ends() -> None:
    words = Words("information and capacity-building and cyber security")
    assert words.join_lines(["infor-", "mation"]) == "information"
    assert words.join_lines(["capacity-", "building"]) == "capacity-building"
    assert words.join_lines(["Secretary-", "General"]) == "Secretary-General"


@given(st.text(alphabet=string.ascii_lowercase + " -,.", max_size=300))
def test_mending_never_loses_a_letter(text: str) -> None:
    mended = Words(text).mend(text)
    assert [c for c in mended if c != " "] == [c for c in text if c != " "]


@given(st.lists(st.lists(st.text(max_size=20), max_size=8), max_size=8))
def test_running_lines_are_only_at_the_edges(pages: list[list[str]]) -> None:
    for page, out in zip(pages, running_lines(pages), strict=True):
        filled = [index for index, line in enumerate(page) if line.strip()]
        assert out <= {*filled[:3], *filled[-3:]}


def test_page_numbers() -> None:
    assert all(map(is_page_number, ["7", "- 7 -", "Page 7 of 12", "iv", "2/5"]))
    assert not any(map(is_page_number, ["7 norms", "Article 7", "2015 report"]))
