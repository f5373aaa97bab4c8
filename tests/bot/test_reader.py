"""A document is shown whole and as text, the cited words marked; every address leads to its words or says why not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import places, reader
from bot.places import NoPlace, Place, Span
from ingest.documents import Block, Document, Text
from ingest.passages import compose
from ingest.structure import locate

WORDS = st.text(alphabet="abc .,;<>&\"'\u202e\u200b\u00e9\u0645", min_size=1, max_size=60).map(str.strip).filter(bool)
BLOCK = st.builds(
    Block,
    text=WORDS,
    kind=st.sampled_from(["heading", "paragraph", "item", "row", "note"]),
    level=st.integers(0, 6),
    page=st.one_of(st.none(), st.integers(1, 4)),
    agreed=st.booleans(),
)


def made(blocks: list[Block], **about: str) -> Text:
    document = Document(**({"slug": "accord", "title": "Accord"} | about))
    return compose(document, blocks, locate(blocks, document.kind, document.symbol))


def paragraphs(*texts: str) -> Text:
    return made([Block(text=text) for text in texts])


def shown(view: reader.View, mark: str = "") -> str:
    runs = [run for group in view.groups for block in group.blocks for run in block.runs]
    return "".join(
        piece.text or chr(int(piece.sign[2:], 16))
        for run in runs
        if run.mark == mark or not mark
        for piece in run.pieces
    )


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(st.lists(BLOCK, min_size=1, max_size=12), st.data())
def test_the_whole_document_is_shown_and_exactly_the_cited_words_are_marked(
    blocks: list[Block], data: st.DataObject
) -> None:
    text = made(blocks)
    length = len(text.document.text)
    spans = []
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, length - 1))
        spans.append(Span(start, data.draw(st.integers(start + 1, length))))
    view = reader.view(text, Place(spans[0], tuple(spans)))
    assert squeezed(shown(view)) == squeezed(text.document.text)
    here = text.document.text[spans[0].start : spans[0].end]
    assert squeezed(shown(view, "here")) == squeezed(here)
    assert [entry.id for entry in view.outline] == sorted(
        {entry.id for entry in view.outline}, key=lambda i: int(i[1:])
    )
    depths = [block.level for group in view.groups for block in group.blocks if block.kind == "heading"]
    assert all(after <= before + 1 for before, after in zip([0, *depths], depths, strict=False))


@given(st.text())
def test_no_hidden_sign_is_left_in_the_text(text: str) -> None:
    found = reader.pieces(text)
    for piece in found:
        assert not re.search(r"[\u200b\u202a-\u202e\u2066-\u2069\ufeff\x00-\x08]", piece.text)
        assert bool(piece.text) != bool(piece.sign)
    assert "".join(piece.text or chr(int(piece.sign[2:], 16)) for piece in found) == text


@given(
    st.integers(0, 500), st.integers(1, 200), st.lists(st.tuples(st.integers(0, 400), st.integers(1, 90)), max_size=5)
)
def test_an_address_leads_to_the_place_it_was_made_for(start: int, size: int, more: list[tuple[int, int]]) -> None:
    here = Span(start, start + size)
    cited = [here, *(Span(first, first + long) for first, long in more)]
    address = places.address("harbour-accord", here, "the words", cited)
    path, _, query = address.removesuffix("#quote").partition("?")
    assert path == "read/harbour-accord"
    given_ = dict(part.split("=") for part in query.split("&"))
    place = places.parse(given_, 1000)
    assert place.here == here
    assert place.checksum == places.checksum("the words")
    assert place.cited == (tuple(cited) if len(cited) > 1 else ())


@pytest.mark.parametrize(
    "given_",
    [
        {"start": "5"},
        {"end": "5"},
        {"start": "5", "end": "5"},
        {"start": "6", "end": "5"},
        {"start": "-1", "end": "5"},
        {"start": "0", "end": "101"},
        {"start": "٣", "end": "٥"},
        {"start": "1e1", "end": "20"},
        {"start": "0x1", "end": "20"},
        {"start": "1" * 5000, "end": "20"},
        {"start": "<script>", "end": "20"},
        {"at": "1-2,"},
        {"at": "1-200"},
        {"at": ",".join(["1-2"] * 101)},
        {"sum": "xyz"},
        {"sum": "abc"},
        {"part": "two"},
    ],
)
def test_an_address_that_names_no_place_is_refused(given_: dict[str, str]) -> None:
    with pytest.raises(NoPlace):
        places.parse(given_, 100)


@given(st.dictionaries(st.sampled_from(["start", "end", "at", "sum", "part"]), st.text(max_size=30)))
def test_any_address_is_a_place_or_none(given_: dict[str, str]) -> None:
    try:
        place = places.parse(given_, 100)
    except NoPlace:
        return
    reader.view(paragraphs("One sentence here, of about a hundred characters, so that there is room. " * 2), place)


def test_words_that_moved_are_found_again() -> None:
    old, quote = "Ports shall report.", "Ports shall report."
    place = Place(Span(0, len(quote)), (), places.checksum(quote))
    assert reader.view(paragraphs(old), place).news == ""
    view = reader.view(paragraphs("A new first paragraph stands here.", old), place)
    assert view.news == "moved"
    assert shown(view, "here") == quote


def test_words_that_are_gone_are_said_to_be() -> None:
    place = Place(Span(0, 10), (), places.checksum("Ports must"))
    assert reader.view(paragraphs("Ports shall report."), place).news == "changed"


def test_a_long_document_comes_in_parts_and_opens_at_the_place() -> None:
    blocks = []
    for number in range(1, 400):
        blocks += [Block(text=f"Section {number}", kind="heading", level=1), Block(text=f"Words of {number}. " * 150)]
    text = made(blocks)
    assert len(text.document.text) > 2 * reader.PART
    last = text.sentences[-1]
    view = reader.view(text, Place(Span(last.start, last.end)))
    assert (view.part, view.parts) == (3, 3)
    assert shown(view, "here").strip() == "Words of 399."
    assert len(shown(view)) <= reader.PART
    assert len(view.outline) == 399
    assert {entry.part for entry in view.outline} == {1, 2, 3}
    whole = "".join(squeezed(shown(reader.view(text, Place(part=part)))) for part in (1, 2, 3))
    assert whole == squeezed(text.document.text)
    assert reader.view(text, Place(part=99)).part == 3


def test_headings_make_the_outline_and_numbers_take_their_title_along() -> None:
    text = made(
        [
            Block(text="Article 1", kind="heading", level=2),
            Block(text="Purpose", kind="heading", level=3),
            Block(text="Ports shall be safe."),
            Block(text="Article 2", kind="heading", level=2),
            Block(text="Reports", kind="heading", level=3),
            Block(text="Ports shall report."),
        ]
    )
    start = text.document.text.index("Ports shall report")
    view = reader.view(text, Place(Span(start, start + 5)))
    assert [(entry.label.replace(" – ", " "), entry.current) for entry in view.outline] == [
        ("Article 1 Purpose", False),
        ("Article 2 Reports", True),
    ]


def test_without_headings_the_numbered_places_are_the_outline() -> None:
    text = paragraphs("1. The first paragraph stands here.", "2. The second paragraph stands here.")
    view = reader.view(text, Place())
    assert [entry.label for entry in view.outline] == [
        s for s in dict.fromkeys(x.pinpoint for x in text.sentences) if s
    ]


def test_pages_and_struck_words_are_told() -> None:
    text = made(
        [
            Block(text="On the first page.", page=1),
            Block(text="Struck out.", page=1, agreed=False),
            Block(text="On the second page.", page=2),
        ]
    )
    view = reader.view(text, Place())
    assert [group.page for group in view.groups] == [1, None, 2]
    assert [run.struck for group in view.groups for block in group.blocks for run in block.runs] == [False, True, False]
