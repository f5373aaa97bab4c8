"""Passages: they tile the text, cross no section, and hold sentences that can be quoted."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf import LIBRARY, reading

from ingest.documents import Block, Document, Text
from ingest.passages import LONGEST, TARGET, compose, context
from ingest.pinpoints import normal
from ingest.readers.manifest import load_manifest
from ingest.structure import Place, locate

ABOUT = Document(
    slug="wires", title="Convention on Wires", publisher="Council of Owls", date="2044-05-01", symbol="OTS No. 1; ETS"
)
FILL = "and so it goes on for a while with words that fill the line"


def words(number: int, end: str = ".") -> str:
    return ("Word " + "word " * (number - 1)).strip() + end


def made(blocks: list[Block], document: Document = ABOUT, given: bool = False) -> Text:
    return compose(document, blocks, locate(blocks), given)


def check(text: Text) -> None:
    """What holds for every document."""
    whole = text.document.text
    assert "".join(passage.text for passage in text.passages) == whole
    assert [passage.ordinal for passage in text.passages] == list(range(len(text.passages)))
    assert len({passage.id for passage in text.passages}) == len(text.passages)
    for passage in text.passages:
        assert whole[passage.start : passage.end] == passage.text
        assert passage.sentences
        assert passage.start <= passage.sentences[0].start
        assert passage.sentences[-1].end <= passage.end
        assert all(whole[s.start : s.end] == whole[s.start : s.end].strip() != "" for s in passage.sentences)
        assert all(before.end <= after.start for before, after in pairwise(passage.sentences))
    quoted = "".join("".join(whole[s.start : s.end].split()) for s in text.sentences)
    assert quoted == "".join(whole.split())


BLOCKS = st.lists(
    st.builds(
        Block,
        text=st.sampled_from(
            [
                "1. One. Two.",
                "2. Two",
                "1.",
                "Article 1",
                "Article 2 Owls",
                "(a) a thing",
                "Sec. 1. X. Y",
                "Sec. 2. Y",
                "ANNEX I",
                "🙂",
            ]
        )
        | st.integers(1, 500).map(words)
        | st.text(alphabet="ab .;:“”é\u00a0(1)", min_size=1, max_size=60).map(lambda t: " ".join(t.split()) or "x"),
        kind=st.sampled_from(["heading", "paragraph", "item", "row", "note"]),
        level=st.integers(0, 3),
        page=st.sampled_from([None, 1, 2]),
        agreed=st.booleans(),
    ),
    max_size=14,
)


@given(BLOCKS, st.booleans())
def test_passages_tile_any_document(blocks: list[Block], given: bool) -> None:
    text = made(blocks, given=given)
    check(text)
    assert text == made(blocks, given=given)


@given(BLOCKS)
def test_a_passage_stays_within_one_provision(blocks: list[Block]) -> None:
    places = locate(blocks)
    text = compose(ABOUT, blocks, places)
    whole, at = text.document.text, 0
    owners = {}  # passage -> the sections of the provisions in it
    for block, place in zip(blocks, places, strict=True):
        at = whole.index(block.text, at)
        first, last = text.passage_at(at), text.passage_at(at + len(block.text) - 1)
        if place.whole:
            for passage in (first, last):
                owners.setdefault(passage.id, set()).add(place.section)
        at += len(block.text)
    assert all(len(sections) == 1 for sections in owners.values())


def test_text_joins_paragraphs_by_blank_lines_and_lists_by_lines() -> None:
    blocks = [
        Block(text="Aims", kind="heading", level=2),
        Block(text="States shall:"),
        Block(text="(a) listen;", kind="item", level=1),
        Block(text="(b) rest.", kind="item", level=1),
        Block(text="They may."),
    ]
    assert made(blocks).document.text == "Aims\n\nStates shall:\n\n(a) listen;\n(b) rest.\n\nThey may."


def test_a_heading_goes_with_the_text_that_follows() -> None:
    blocks = [
        Block(text="Aims", kind="heading", level=2),
        Block(text=words(190)),
        Block(text="Means", kind="heading", level=2),
        Block(text="Owls", kind="heading", level=3),
        Block(text=words(240)),
        Block(text=words(90)),
        Block(text="End", kind="heading", level=2),
    ]
    text = made(blocks)
    assert [passage.pinpoint for passage in text.passages] == [
        "Aims",
        "Means > Owls",
        "Means > Owls",
        "Means > Owls",
        "End",
    ]
    assert all(len(passage.sentences) > 1 for passage in text.passages[:2])


def test_a_long_section_is_cut_evenly_at_borders_of_blocks() -> None:
    blocks = [Block(text="Aims", kind="heading", level=2), *[Block(text=words(65)) for _ in range(10)]]
    text = made(blocks)
    sizes = [len(passage.text.split()) for passage in text.passages]
    assert len(sizes) == 5
    assert max(sizes) <= LONGEST
    assert all(passage.text.startswith(("Aims", "Word")) for passage in text.passages)


def test_a_list_keeps_its_introduction_and_its_items_whole() -> None:
    blocks = [
        Block(text="Article 1", kind="heading", level=2),
        Block(text=f"1. {words(100)}"),
        Block(text="2. Each State shall take measures such as:"),
        *[Block(text=f"({letter}) {FILL}. {FILL.capitalize()};", kind="item", level=1) for letter in "abcdefgh"],
    ]
    text = made(blocks)
    intro = next(p for p in text.passages if "measures such as:" in p.text)
    assert "(a)" in intro.text
    for passage in text.passages:
        last = passage.sentences[-1]
        assert text.document.text[last.start : last.end][-1] in ";."
        assert not text.document.text[last.start : last.end].endswith(f"{FILL}.")  # the middle of an item
    assert text.passages[-1].pinpoint == "Article 1(2)(d)-(h)" or text.passages[-1].pinpoint.startswith("Article 1(2)")


def test_a_long_sentence_is_cut_for_passages() -> None:
    clause = words(49, ";")
    text = made([Block(text=" ".join([clause] * 12) + " end.")])
    check(text)
    assert len(text.passages) >= 4
    assert all(len(passage.text.split()) <= LONGEST for passage in text.passages)
    assert all(passage.text.rstrip().endswith((";", "end.")) for passage in text.passages)


def test_tiny_headed_paragraphs_share_a_passage_and_tiny_articles_do_not() -> None:
    tiny = [
        Block(text="Contact", kind="heading", level=2),
        Block(text="Write to us."),
        Block(text="Office", kind="heading", level=2),
        Block(text="Open daily."),
    ]
    assert len(made([Block(text="Owls", kind="heading", level=1), *tiny]).passages) == 1
    articles = [
        Block(text="Article 1", kind="heading", level=2),
        Block(text="It ends."),
        Block(text="Article 2", kind="heading", level=2),
        Block(text="It begins."),
    ]
    assert [passage.pinpoint for passage in made(articles).passages] == ["Article 1", "Article 2"]


def test_a_marker_alone_is_no_sentence() -> None:
    text = made([Block(text="2."), Block(text="A Party shall do it."), Block(text="It is done.")])
    quotes = [text.document.text[s.start : s.end] for s in text.sentences]
    assert quotes == ["2.\n\nA Party shall do it.", "It is done."]


def test_sentences_know_their_place_page_and_whether_they_were_agreed() -> None:
    blocks = [
        Block(text="Article 4", kind="heading", level=2, page=1),
        Block(text="1. Parties shall. They may.", page=1),
        Block(text="(a) not;", kind="item", level=1, page=2, agreed=False),
    ]
    found = [(s.pinpoint, s.kind, s.page, s.agreed) for s in made(blocks).sentences]
    assert found == [
        ("Article 4", "heading", 1, True),
        ("Article 4(1)", "paragraph", 1, True),
        ("Article 4(1)", "paragraph", 1, True),
        ("Article 4(1)", "item", 2, False),
    ]


def test_given_passages_are_kept_one_to_one() -> None:
    blocks = [
        Block(text=words(400), pinpoint="para. 1"),
        Block(text="Short. But two.", pinpoint="para. 2"),
        Block(text="Short. But two.", pinpoint="para. 2"),
    ]
    text = made(blocks, given=True)
    check(text)
    assert [passage.pinpoint for passage in text.passages] == ["para. 1", "para. 2", "para. 2"]
    assert [len(passage.sentences) for passage in text.passages] == [1, 2, 2]


def test_an_id_comes_from_content() -> None:
    blocks = [
        Block(text="Aims", kind="heading", level=2),
        Block(text=words(150)),
        *[Block(text=words(150, "!")) for _ in range(3)],
    ]
    first, again = made(blocks), made(blocks)
    assert [p.id for p in first.passages] == [p.id for p in again.passages]
    changed = made([*blocks[:-1], Block(text=words(151, "!"))])
    assert changed.passages[0].id == first.passages[0].id
    assert changed.passages[-1].id != first.passages[-1].id
    elsewhere = made(blocks, ABOUT.model_copy(update={"slug": "other"}))
    assert not {p.id for p in elsewhere.passages} & {p.id for p in first.passages}


def test_the_context_line() -> None:
    blocks = [Block(text="CHAPTER I AIMS", kind="heading", level=2), Block(text="Article 1", kind="heading", level=3)]
    blocks += [Block(text="Purposes", kind="heading", level=4), Block(text="1. Parties shall.")]
    text = made(blocks)
    assert context(text.document, text.passages[0]) == (
        "Convention on Wires (Council of Owls, 2044-05-01; OTS No. 1) — "
        "CHAPTER I AIMS > Article 1 Purposes — Article 1(1): "
    )
    long = ABOUT.model_copy(update={"title": words(60), "publisher": "", "date": "", "symbol": ""})
    headed = text.passages[0].model_copy(update={"path": (words(40), words(20), words(10))})
    assert len(context(long, headed).split()) <= 66
    assert context(
        ABOUT.model_copy(update={"publisher": "", "date": "", "symbol": ""}),
        headed.model_copy(update={"path": (), "pinpoint": ""}),
    ) == ("Convention on Wires: ")


def test_nothing_gives_nothing() -> None:
    assert made([]).passages == ()


def test_blocks_without_places_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="is longer than"):
        compose(ABOUT, [Block(text="x")], [Place(), Place()])


@pytest.fixture(scope="module")
def library() -> dict[str, Text]:
    if not LIBRARY.exists():
        pytest.skip("the shared library is not here")
    texts = {}
    for file, about in load_manifest(LIBRARY).items():
        found = reading(file)
        known = {**found.metadata, **about}
        document = Document(**{name: value for name, value in known.items() if name in Document.model_fields})
        places = locate(found.blocks, document.kind, document.symbol)
        texts[document.slug] = compose(document, found.blocks, places, found.given)
    return texts


def test_every_document_of_the_library_is_tiled(library: dict[str, Text]) -> None:
    for text in library.values():
        check(text)
    sizes = sorted(len(passage.text.split()) for text in library.values() for passage in text.passages)
    assert len(library) == 40
    assert 80 <= sizes[len(sizes) // 2] <= TARGET + 20
    assert sizes[-1] <= 260


@pytest.mark.parametrize(
    ("slug", "pinpoint", "words_in_it"),
    [
        ("eu-nis2-directive-2022-2555", "recital (51)", "(51) "),
        ("eu-nis2-directive-2022-2555", "Article 21(2)(a)", "(a) policies on risk analysis"),
        ("eu-nis2-directive-2022-2555", "Article 23(4)(d)", "(d) a final report"),
        ("eu-nis2-directive-2022-2555", "Article 23(4)(d)(i)", "(i) a detailed description of the incident"),
        ("eu-gdpr-2016-679-consolidated", "Article 17(1)(b)", "(b) the data subject withdraws consent"),
        ("eu-cyber-resilience-act-2024-2847", "Annex I, Part I(2)(a)", "without known exploitable vulnerabilities"),
        ("coe-budapest-convention-2001", "Article 1(d)", "traffic data"),
        ("coe-budapest-convention-2001", "Article 2", "Each Party shall adopt"),
        ("coe-budapest-convention-2001", "Artikel 2", "Iedere Partij"),
        ("coe-budapest-convention-2001", "Article 32", "without the authorisation of another Party"),
        ("g7-carbis-bay-communique-2021", "para. 51", "51. We reiterate our interest"),
        ("un-ga-res-73-27-2018", "para. 1.3", "knowingly allow their territory"),
        ("un-ga-res-73-27-2018", "preamble", "Recalling"),
        ("us-executive-order-14093-commercial-spyware-2023", "Sec. 2(g)", "(g) If an agency decides"),
        ("us-executive-order-14028-2021", "Sec. 4(e)(i)(A)", "(A) using administratively separate"),
        ("us-executive-order-14306-2025", "Sec. 2(e)", "By November 1, 2025"),
        ("nist-csf-2-0", "GV.OC-01", "GV.OC-01"),
        ("us-national-cybersecurity-strategy-2023", "INTRODUCTION > THE STRATEGIC ENVIRONMENT", "United States"),
    ],
)
def test_provisions_of_the_library_are_where_they_should_be(
    library: dict[str, Text], slug: str, pinpoint: str, words_in_it: str
) -> None:
    text = library[slug]
    found = [text.document.text[s.start : s.end] for s in text.sentences if normal(s.pinpoint) == normal(pinpoint)]
    assert any(words_in_it in quote for quote in found)
