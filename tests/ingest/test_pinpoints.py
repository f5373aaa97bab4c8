"""Pinpoints as text: one form, found in questions, several covered by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.pinpoints import covering, mentions, normal


@pytest.mark.parametrize(
    ("spelling", "comparable"),
    [
        ("Article 21(2)", "article 21(2)"),
        ("Art. 21 (2)", "article 21(2)"),
        ("Article 21.2", "article 21(2)"),
        ("article 21 para 2", "article 21(2)"),
        ("Article 32, paragraph 1, point (a)", "article 32(1)(a)"),
        ("Artículo 21(2)", "article 21(2)"),
        ("Artikel 32", "artikel 32"),
        ("Section 2 (g)", "sec. 2(g)"),
        ("Sec. 4(e)(ii)(A)", "sec. 4(e)(ii)(a)"),
        ("operative paragraph 5", "para. 5"),
        ("OP5", "para. 5"),
        ("para 51", "para. 51"),
        ("Paragraph 1.3", "para. 1.3"),
        ("recital 51", "recital 51"),
        ("recital (51)", "recital 51"),
        ("norm 13(f)", "para. 13(f)"),
        ("GV.OC-01", "gv.oc-01"),
        ("Annex I, Part I(2)(a)", "annex i, part i(2)(a)"),
        ("Annex, para. 5", "annex, para. 5"),
        ("Norms > Critical infrastructure", "norms > critical infrastructure"),
        ("p. 12", "p. 12"),
        ("", ""),
    ],
)
def test_normal(spelling: str, comparable: str) -> None:
    assert normal(spelling) == comparable
    assert normal(comparable) == comparable


@pytest.mark.parametrize(
    ("question", "places"),
    [
        ("What does Article 21(2) of NIS2 require?", ("article 21(2)",)),
        ("Compare Articles 5 and 6 of it", ("article 5", "article 6")),
        ("Articles 5 to 7", ("article 5", "article 6", "article 7")),
        ("Article 6(1)(a)-(c)", ("article 6(1)(a)", "article 6(1)(b)", "article 6(1)(c)")),
        ("Article 21(2)(a) and (b)", ("article 21(2)(a)", "article 21(2)(b)")),
        ("articles 21(2), 23 or 24(1)", ("article 21(2)", "article 23", "article 24(1)")),
        ("¿Qué dice el artículo 32 del convenio?", ("article 32",)),
        ("que dit l'article 32 de la convention ?", ("article 32",)),
        ("le paragraphe 4 de l’article 23", ("article 23(4)",)),
        ("el apartado 4 del artículo 23", ("article 23(4)",)),
        ("point (a) of Article 21(2)", ("article 21(2)(a)",)),
        ("paragraph 3 of Article 25", ("article 25(3)",)),
        ("article 23 paragraph 4", ("article 23(4)",)),
        ("Art. 21 Abs. 2", ("article 21(2)",)),
        ("Wat zegt artikel 32?", ("artikel 32", "article 32")),
        ("sections 2(f) and 2(m) of EO 14093", ("sec. 2(f)", "sec. 2(m)")),
        ("OP5 of A/RES/73/27", ("para. 5",)),
        ("What is in norm 13(f)?", ("para. 13(f)",)),
        ("recitals 51 and 52", ("recital 51", "recital 52")),
        ("subcategory GV.OC-01", ("gv.oc-01",)),
        ("NATO Article V", ("article v",)),
        ("the artcile 5", ("article 5",)),
        ("Article 5 and 30 days later", ("article 5",)),
    ],
)
def test_mentions(question: str, places: tuple[str, ...]) -> None:
    assert mentions(question) == places


@pytest.mark.parametrize(
    "question",
    [
        "",
        "The norms of 2015",
        "the state of the art in 2023",
        "an opening in 5 days",
        "U.S. and E.U.",
        "Chapter IV",
        "🙂",
    ],
)
def test_mentions_nothing(question: str) -> None:
    assert mentions(question) == ()


@pytest.mark.parametrize(
    ("places", "cover"),
    [
        ([], ""),
        (["Article 21(2)"], "Article 21(2)"),
        (["Article 21(2)", "Article 21(2)(a)", "Article 21(2)(b)"], "Article 21(2)"),
        (["Article 21(1)", "Article 21(2)", "Article 21(3)(a)"], "Article 21(1)-(3)"),
        (["Article 2", "Article 21"], ""),
        (["para. 1.1", "para. 1.3"], "para. 1.1-1.3"),
        (["para. 1", "para. 1.1"], "para. 1"),
        (["GV.OC", "GV.OC-01"], "GV.OC"),
        (["Norms > Aims", "Norms > Means"], "Norms"),
        (["Annex I, Part I(1)", "Annex I, Part I(2)(a)"], "Annex I, Part I(1)-(2)"),
        (["p. 2", "p. 3"], "pp. 2-3"),
        (["", "Article 1"], ""),
        (["preamble", "recital (1)"], ""),
    ],
)
def test_covering(places: list[str], cover: str) -> None:
    assert covering(places) == cover


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(mentions(text), tuple)
    assert isinstance(normal(text), str)


def test_a_long_question_is_read() -> None:
    assert mentions("article " * 12_000 + "5") == ("article 5",)


@given(st.integers(1, 99), st.integers(1, 20), st.sampled_from("abcdefgh"))
def test_what_is_cited_is_found_again(article: int, paragraph: int, point: str) -> None:
    cited = f"Article {article}({paragraph})({point})"
    assert mentions(f"What does {cited} say?") == (normal(cited),)


@given(st.lists(st.from_regex(r"Article [1-9](\([1-9]\)(\([a-c]\))?)?", fullmatch=True), min_size=1, max_size=6))
def test_a_cover_is_no_finer_than_what_it_covers(places: list[str]) -> None:
    cover = covering(places).split("-")[0]
    assert all(place.startswith(cover[: cover.rfind("(")] if "-" in covering(places) else cover) for place in places)
