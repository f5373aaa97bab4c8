"""Where blocks stand, on blocks written by hand for each kind of document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.documents import Block
from ingest.numbering import longest
from ingest.structure import Place, locate

WORDS = "with as many words as a paragraph of such a document has in the real world of diplomacy"


def heading(text: str, level: int = 2, label: str = "") -> Block:
    return Block(text=text, kind="heading", level=level, label=label)


def item(text: str, level: int = 1, label: str = "") -> Block:
    return Block(text=text, kind="item", level=level, label=label)


def text(*texts: str) -> list[Block]:
    return [Block(text=one) for one in texts]


def pinpoints(blocks: list[Block], kind: str = "", symbol: str = "") -> list[str]:
    return [place.pinpoint for place in locate(blocks, kind, symbol)]


ACT = [
    heading("REGULATION (EU) 2044/1 of 1 May 2044 on quiet", 1),
    Block(text="THE COUNCIL,", label="pbl_1"),
    Block(text="Having regard to the Treaty,", label="cit_1"),
    Block(text="(1) Noise grows.", label="rct_1"),
    Block(text="(2) It should not.", label="rct_2"),
    Block(text="HAS ADOPTED THIS REGULATION:", label="pbl_1"),
    heading("CHAPTER I GENERAL", 3, "cpt_I"),
    heading("Article 1", 5, "art_1"),
    heading("Definitions", 6, "art_1.tit_1"),
    Block(text="In this Regulation:", label="art_1"),
    item("(1) ‘noise’ means sound that is:", 1, "art_1"),
    item("(a) loud; or", 2, "art_1"),
    item("(2) ‘quiet’ means the rest.", 1, "art_1"),
    heading("Article 2", 5, "art_2"),
    heading("Duties", 6, "art_2.tit_1"),
    Block(text="1. States shall:", label="002.001"),
    item("(a) listen to:", 1, "002.001"),
    item("(i) birds;", 2, "002.001"),
    item("(ii) winds;", 2, "002.001"),
    item("(b) rest.", 1, "002.001"),
    Block(text="They may also sleep.", label="002.001"),
    Block(text="2. Others may.", label="002.002"),
    Block(text="Done at Brussels, 1 May 2044."),
    heading("ANNEX I TABLES", 2, "anx_I"),
    heading("Part I Birds", 3, "anx_I"),
    item("(1) Owls:", 1, "anx_I"),
    item("(a) barn owls;", 2, "anx_I"),
    heading("Part II Winds", 3, "anx_I"),
    item("1. Mistral", 1, "anx_I"),
    item("1.1. of the north", 2, "anx_I"),
    heading("ANNEX II", 2, "anx_II"),
    heading("SECTORS", 2, "anx_II"),
    Block(text="1. Energy | (b) Gas | Suppliers", kind="row", label="anx_II"),
]


def test_an_act_of_the_eu() -> None:
    assert pinpoints(ACT) == [
        "preamble",
        "preamble",
        "preamble",
        "recital (1)",
        "recital (2)",
        "",
        "CHAPTER I GENERAL",
        "Article 1",
        "Article 1",
        "Article 1",
        "Article 1(1)",
        "Article 1(1)(a)",
        "Article 1(2)",
        "Article 2",
        "Article 2",
        "Article 2(1)",
        "Article 2(1)(a)",
        "Article 2(1)(a)(i)",
        "Article 2(1)(a)(ii)",
        "Article 2(1)(b)",
        "Article 2(1)",
        "Article 2(2)",
        "",
        "Annex I",
        "Annex I, Part I",
        "Annex I, Part I(1)",
        "Annex I, Part I(1)(a)",
        "Annex I, Part II",
        "Annex I, Part II(1)",
        "Annex I, Part II(1.1)",
        "Annex II",
        "Annex II",
        "Annex II(1)(b)",
    ]


def test_paths_and_sections_of_an_act() -> None:
    places = locate(ACT)
    assert places[15].path == ("CHAPTER I GENERAL", "Article 2 Duties")
    assert places[-1].path == ("ANNEX II SECTORS",)
    assert len({place.section for place in places[13:22]}) == 1  # an article
    assert places[3].section != places[4].section  # two recitals
    assert places[12].section != places[13].section
    assert all(place.whole for place in places[13:22])


def test_amending_text_keeps_the_place_of_the_amendment() -> None:
    blocks = [
        heading("Article 1", 5),
        *text("Regulation (EU) 1/2040 is amended as follows:"),
        item("(1) in Article 3, the following points are added:"),
        item("‘(54) “owl” means a bird;", 2),
        item("(55) “wind” means air.’;", 2),
        item("(2) Article 4 is deleted."),
        heading("Article 2", 5),
        *text("It enters into force."),
    ]
    assert pinpoints(blocks)[2:] == [
        "Article 1(1)",
        "Article 1(1)",
        "Article 1(1)",
        "Article 1(2)",
        "Article 2",
        "Article 2",
    ]


RESOLUTION = [
    *text("A/RES/99/1", "Distr.: General"),
    heading("99/1. Keeping the peace of the wires", 1),
    heading("The General Assembly,"),
    *text("Recalling its resolution 98/1,", "Noting that peace is pleasant,"),
    *text(
        "1. Welcomes these norms:", "1.1. States should listen.", "1.2. States should rest;", "2. Calls upon States:"
    ),
    item("(a) To listen;"),
    item("(b) To rest;"),
    *text("3. Decides to go on.", "45th plenary meeting 5 December 2044"),
]


def test_a_resolution() -> None:
    places = locate(RESOLUTION, "UN resolution", "A/RES/99/1")
    assert [place.pinpoint for place in places] == [
        "",
        "",
        "",
        "preamble",
        "preamble",
        "preamble",
        "para. 1",
        "para. 1.1",
        "para. 1.2",
        "para. 2",
        "para. 2(a)",
        "para. 2(b)",
        "para. 3",
        "",
    ]
    assert [place.kind for place in places[6:10]] == ["paragraph", "item", "item", "paragraph"]
    assert places[6].section == places[8].section != places[9].section
    assert {place.path for place in places} == {()}


def test_a_convention_annexed_to_a_resolution() -> None:
    blocks = [
        heading("99/2. Convention on Wires", 1),
        heading("The General Assembly,"),
        *text("Recalling it,", "1. Adopts the Convention;", "2. Opens it."),
        heading("Annex", 1),
        heading("Convention on Wires"),
        heading("Chapter I", 3),
        heading("General provisions", 4),
        heading("Article 1", 5),
        heading("Purpose", 6),
        *text("1. The purposes are:", "(a) Peace;", "2. None else."),
    ]
    places = locate(blocks, "resolution", "A/RES/99/2")
    assert [place.pinpoint for place in places[2:5]] == ["preamble", "para. 1", "para. 2"]
    assert [place.pinpoint for place in places[-3:]] == ["Article 1(1)", "Article 1(1)(a)", "Article 1(2)"]
    assert places[-1].path == ("Annex Convention on Wires", "Chapter I General provisions", "Article 1 Purpose")


def test_a_treaty_in_two_languages() -> None:
    def half(word: str, chapter: str) -> list[Block]:
        return [
            heading(f"{chapter} I", 3),
            heading("Title", 4),
            heading(f"{word} 1", 3),
            heading("Terms", 4),
            *text("For this:"),
            item("a) one;"),
            item("d) four:"),
            item("(i) a part."),
            heading(f"{word}  2".replace("  ", " "), 3),
            *text("1. Parties shall.", "2. Others may."),
        ]

    blocks = [
        heading("Convention on Wires", 1),
        *text("Preamble The Parties, Considering it,"),
        *half("Article", "CHAPTER"),
    ]
    blocks += [heading("Convention on Wires", 4), *half("Artikel", "HOOFDSTUK")]
    places = locate(blocks)
    found = [place.pinpoint for place in places]
    assert found[1] == "preamble"
    assert {"Article 1(a)", "Article 1(d)", "Article 1(d)(i)", "Article 2(1)", "Article 2(2)"} <= set(found)
    assert {"Artikel 1(d)", "Artikel 2(2)"} <= set(found)
    assert places[-1].path == ("HOOFDSTUK I Title", "Artikel 2")
    assert not set(found[2:12]) & set(found[13:])


def test_a_treaty_without_mark_up() -> None:
    blocks = text(
        "The Member States:",
        "Guided by the Act;",
        "Article 1: Definitions",
        "For the purposes of this Convention:",
        "Article 2",
        "Contractual liability",
        "1. It covers:",
        "a) owls;",
        "Article 5 of the Charter remains.",
        "Article 3 Final clause",
        "It ends.",
    )
    places = locate(blocks)
    assert [place.pinpoint for place in places] == [
        "preamble",
        "preamble",
        "Article 1",
        "Article 1",
        "Article 2",
        "Article 2",
        "Article 2(1)",
        "Article 2(1)(a)",
        "Article 2(1)",
        "Article 3",
        "Article 3",
    ]
    assert places[7].path == ("Article 2 Contractual liability",)


def test_an_executive_order() -> None:
    letters = [item(f"({letter}) Do {letter}.") for letter in "abcdefgh"]
    blocks = [
        *text(
            "By the authority vested in me:",
            "Section 1. Policy. It is the policy.",
            "More of it.",
            "Sec. 2. Wires and Owls.",
        ),
        *letters,
        item("(i) A ninth thing."),
        item("(j) A tenth, namely:"),
        item("(i) roman one;", 2),
        item("(A) a part:", 3),
        item("(1) a part of that;", 4),
        item("(ii) roman two.", 2),
        *text(
            "Flush text of the tenth.",
            "Sec. 3. General Provisions. It ends.",
            "JANE Q. PUBLIC",
            "THE WHITE HOUSE, May 1, 2044.",
        ),
    ]
    found = pinpoints(blocks)
    assert found[:4] == ["preamble", "Sec. 1", "Sec. 1", "Sec. 2"]
    assert found[4:13] == [f"Sec. 2({letter})" for letter in "abcdefghi"]
    assert found[13:19] == [
        "Sec. 2(j)",
        "Sec. 2(j)(i)",
        "Sec. 2(j)(i)(A)",
        "Sec. 2(j)(i)(A)(1)",
        "Sec. 2(j)(ii)",
        "Sec. 2(j)",
    ]
    assert found[19:] == ["Sec. 3", "", ""]
    assert locate(blocks)[5].path == ("Sec. 2 Wires and Owls",)


def test_letters_and_romans_that_are_paragraphs() -> None:
    lines = [f"({letter}) Do {letter}." for letter in "abcdefghijk"] + ["(i) first", "(ii) second"]
    found = pinpoints(text("Sec. 1. Aim. Fine.", "Sec. 2. Acts.", *lines))
    assert found[2:13] == [f"Sec. 2({letter})" for letter in "abcdefghijk"]
    assert found[13:] == ["Sec. 2(k)(i)", "Sec. 2(k)(ii)"]


def test_a_quoted_section_is_not_one_of_the_order() -> None:
    blocks = [
        *text("Sec. 1. Aim. Fine.", "Sec. 2. Amendments. It is amended by:"),
        item("(a) inserting the following:"),
        *text("“Sec. 5. Owls. They shall:"),
        item("(a) hoot;"),
        item("(b) rest.”; and"),
        item("(b) striking section 6."),
    ]
    assert pinpoints(blocks)[2:] == ["Sec. 2(a)"] * 4 + ["Sec. 2(b)"]


def test_a_communique_with_numbered_paragraphs() -> None:
    blocks = [
        *text("We met."),
        heading("HEALTH"),
        *text(*(f"{number}. We agree {WORDS}." for number in range(1, 5))),
        item("- one;"),
        *text("All of this matters."),
        heading("TRADE"),
        *text(*(f"{number}. We agree {WORDS}." for number in range(5, 9)), "2015. That was a year."),
    ]
    places = locate(blocks)
    assert [place.pinpoint for place in places] == [
        "",
        "HEALTH",
        "para. 1",
        "para. 2",
        "para. 3",
        "para. 4",
        "para. 4",
        "para. 4",
        "TRADE",
        "para. 5",
        "para. 6",
        "para. 7",
        "para. 8",
        "para. 8",
    ]
    assert places[1].section == places[2].section != places[3].section


def test_a_report_with_a_foreword_and_an_annex_of_their_own_numbers() -> None:
    blocks = [
        heading("Report of the Group", 1),
        heading("Foreword"),
        *text(f"1. I thank {WORDS}.", f"2. I hope {WORDS}."),
        heading("I. Introduction"),
        *text(*(f"{number}. The Group {WORDS}." for number in range(1, 5))),
        heading("III. Norms"),
        *text(*(f"{number}. The Group {WORDS}." for number in range(5, 8))),
        item("(f) A State should not conduct it;"),
        heading("Annex"),
        *text("1. Ms. A (Kenya)", "2. Mr. B (Chile)", "3. Ms. C (Fiji)"),
    ]
    places = locate(blocks)
    found = [place.pinpoint for place in places]
    assert found[2:4] == ["Foreword, point 1", "Foreword, point 2"]
    assert found[5:9] == [f"para. {number}" for number in range(1, 5)]
    assert found[-5] == "para. 7(f)"
    assert found[-1] == "Annex, point 3"
    assert places[-5].path == ("III. Norms",)


def test_an_annex_with_paragraphs_counts_anew() -> None:
    blocks = [
        heading("Report", 1),
        *text(*(f"{number}. The Group {WORDS}." for number in range(1, 5))),
        heading("Annex II"),
        *text(*(f"{number}. The Chair {WORDS}." for number in range(1, 4))),
    ]
    assert pinpoints(blocks)[-3:] == ["Annex II, para. 1", "Annex II, para. 2", "Annex II, para. 3"]


def test_lists_under_headings_are_no_paragraphs_of_the_document() -> None:
    blocks = [
        heading("Roles"),
        *text("These are the roles:", "1. Listen to birds.", "2. Rest.", "3. Listen again."),
        heading("Dates"),
        *text("These are the dates:", "1. Now.", "2. Then.", "And others."),
        heading("Two lists"),
        *text("First:", "1. One.", "2. Two.", "Second:", "1. Three.", "2. Four."),
    ]
    places = locate(blocks)
    found = [place.pinpoint for place in places]
    assert found[2:5] == ["Roles, point 1", "Roles, point 2", "Roles, point 3"]
    assert found[6:10] == ["Dates", "Dates, point 1", "Dates, point 2", "Dates"]
    assert set(found[11:]) == {"Two lists"}  # 'point 1' would be two places
    assert [place.kind for place in places[11:]] == ["paragraph", "item", "item", "paragraph", "item", "item"]


def test_headings_without_numbers() -> None:
    blocks = [
        heading("The Strategy", 1),
        heading("Norms"),
        *text("On norms."),
        heading("Critical infrastructure", 3),
        *text("On pipes."),
        heading("Under this heading, States will:", 3),
        *text("On more."),
        heading("ACTIONS", 2),
        heading("First steps", 2),
        *text("On steps."),
    ]
    assert pinpoints(blocks) == [
        "",
        "Norms",
        "Norms",
        "Norms > Critical infrastructure",
        "Norms > Critical infrastructure",
        "Norms",
        "Norms",
        "ACTIONS",
        "ACTIONS > First steps",
        "ACTIONS > First steps",
    ]


def test_numbered_headings_close_each_other_whatever_their_size() -> None:
    blocks = [
        heading("1. Aims", 1),
        *text("a"),
        heading("2. Means", 3),
        heading("2.1 Owls", 3),
        *text("b"),
        heading("3. End", 2),
        *text("c"),
    ]
    assert pinpoints(blocks) == [
        "1. Aims",
        "1. Aims",
        "2. Means",
        "2. Means > 2.1 Owls",
        "2. Means > 2.1 Owls",
        "3. End",
        "3. End",
    ]


def test_a_kicker_joins_its_title() -> None:
    blocks = [heading("Report", 1), *text("x"), heading("Key Finding 1", 4), heading("Owls hoot", 3), *text("They do.")]
    assert pinpoints(blocks)[-1] == "Key Finding 1: Owls hoot"


def test_categories() -> None:
    blocks = [
        heading("Appendix A. Core"),
        heading("GOVERN (GV): The strategy is set"),
        item("- Context (GV.OC): It is understood"),
        item("- o GV.OC-01: The mission is understood"),
        item("- o GV.OC-02: Others are understood"),
        item("- Oversight (GV.OV): It is overseen"),
        Block(text="GV.OV-01: It is reviewed | CIS 1", kind="row"),
        heading("Glossary"),
        *text("A word."),
    ]
    places = locate(blocks)
    found = [place.pinpoint for place in places]
    assert found == ["Appendix A", "GV", "GV.OC", "GV.OC-01", "GV.OC-02", "GV.OV", "GV.OV-01", "Glossary", "Glossary"]
    assert places[1].section == places[4].section != places[5].section


def test_pages_where_nothing_else_is_known() -> None:
    blocks = [
        Block(text="One.", page=1),
        Block(text="2015. Two.", page=2),
        heading("Aims"),
        Block(text="Three.", page=3),
    ]
    assert pinpoints(blocks) == ["p. 1", "p. 2", "Aims", "Aims"]


def test_nothing_is_invented() -> None:
    assert set(pinpoints(text("Good evening.", "States met.", "In 2019, 3 States agreed.", "Thank you."))) == {""}
    assert locate([]) == ()


def test_a_given_pinpoint_is_kept() -> None:
    assert pinpoints([Block(text="1. Text.", pinpoint="para. 9"), Block(text="More.")]) == ["para. 9", ""]


def test_questions_open_sections_in_a_transcript() -> None:
    blocks = text(
        "MODERATOR: Good evening.", "Q Who?", "OFFICIAL: They.", "Q Why?", "OFFICIAL: Because.", "Q When?", "Now."
    )
    assert [place.section for place in locate(blocks)] == [0, 1, 1, 2, 2, 3, 3]


def test_longest_prefers_the_weightier_run() -> None:
    assert longest({0: 1, 1: 2, 2: 3, 5: 2015, 9: 4}, gap=2) == [0, 1, 2, 9]
    assert longest({0: 1, 1: 2, 2: 1, 3: 2, 4: 3}, gap=1, weights={0: 1.4, 1: 1.4, 2: 1, 3: 1, 4: 1.4}) == [0, 1, 4]
    assert longest({}, gap=1) == []


PIECES = st.sampled_from(
    "1. One|2. Two|3. Three|1.1. Deep|(a) a|(b) b|(i) i|Article 1|Article 2|ANNEX I|Annex|Sec. 1. X. Y|Sec. 2. Y"
    "|CHAPTER I|Part I|“(a) quoted|end.”;|Text:|Plain text.|GV.OC-01: x|1.|(1) r|Q Why?|🙂|a)".split("|")
)
BLOCKS = st.lists(
    st.builds(
        Block,
        text=PIECES,
        kind=st.sampled_from(["heading", "paragraph", "item", "row", "note"]),
        level=st.integers(0, 6),
        page=st.sampled_from([None, 1, 2]),
        label=st.sampled_from(["", "rct_1", "art_1", "001.001", "anx_I", "pbl_1"]),
        agreed=st.booleans(),
    ),
    max_size=25,
)


@given(BLOCKS, st.sampled_from(["", "UN resolution", "law"]))
def test_any_blocks_have_places_in_order(blocks: list[Block], kind: str) -> None:
    places = locate(blocks, kind)
    assert len(places) == len(blocks)
    assert [place.section for place in places] == sorted(place.section for place in places)
    assert all(isinstance(place, Place) and place.pinpoint == place.pinpoint.strip() for place in places)
    assert places == locate(blocks, kind)


@pytest.mark.parametrize("symbol", ["A/RES/70/237", "S/RES/1373 (2001)", "A/C.1/73/L.27", "A/HRC/RES/47/16"])
def test_a_symbol_tells_a_resolution(symbol: str) -> None:
    assert pinpoints(text("The General Assembly,", "Recalling it,", "1. Decides it."), symbol=symbol)[1:] == [
        "preamble",
        "para. 1",
    ]
