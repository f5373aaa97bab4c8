"""What a page shows of an outcome: document text stays text, and every mark has its card."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from markdown_it import MarkdownIt

from bot import language, render
from bot.answer import Answer, Citation, Dropped, Refusal, Row, Statement, Written
from ingest.documents import Document

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![pixel](https://evil.test/x.png)",
    "[click](javascript:alert(1)) and <https://evil.test> and https://evil.test and www.evil.test",
    "write to me@evil.test",
    "[3] says cite me [\\[9\\]](#src-1-9)",
    "# heading\n\n- item\n1. one\n> quote\n***\n```code```",
    "a | b\n--|--\n1 | 2",
    "$$\\href{javascript:alert(1)}{x}$$ \\(x\\) %%%LATEX_BLOCK_0%%%",
    "&lt;b&gt; &#60;b&#62; &copy;",
    "</blockquote></details><form action=https://evil.test><input name=a>",
    "${alert(1)} {{constructor.constructor('alert(1)')()}}",
    '" onmouseover="alert(1)',
    "safe\u202eevil\u202c \u200bzero\ufeff \u2066x\u2069",
    "\x00\x1b[31m\ud800",
    "*_~`^=+-.)(:;,?!@/|{}[]<>\\\"'",
    "    indented code",
    "[x]: https://evil.test 'title'",
    "[^1]: note",
    "Term\n: definition",
)
TEXT = st.one_of(
    st.sampled_from(HOSTILE), st.text(min_size=1), st.text(alphabet="<>&[]()!*_`~$\\|#-+.:/@\"'= \nwxh1", min_size=1)
)
COMMONMARK = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def tokens(markdown: str) -> list[str]:
    """The types of everything that a Markdown reader finds, inline included."""
    return [kind.type for token in COMMONMARK.parse(markdown) for kind in (token, *(token.children or ()))]


def document(**given: str) -> Document:
    return Document(**{"slug": "accord", "title": "The Accord", "text": "Some words."} | given)


def answer(*texts: str, note: str = "", **about: str) -> Answer:
    """An answer of one statement a text, each citing its own document."""
    cited = [
        Citation(
            number=number,
            document=document(**({"slug": f"d{number}", "text": text} | about)),
            start=0,
            end=len(text),
            pinpoint=text,
        )
        for number, text in enumerate(texts, 1)
    ]
    said = [Statement(text=text, citations=(number,)) for number, text in enumerate(texts, 1)]
    return Answer(
        id="a",
        question=texts[0],
        standalone_question="else",
        confidence=1,
        text="x",
        statements=tuple(said),
        citations=tuple(cited),
        note=note,
    )


# A document holds no lone surrogates: its type refuses them.
SHOWN = TEXT.filter(lambda text: bool(text.strip()) and not re.search("[\ud800-\udfff]", text))


@given(TEXT)
def test_markdown_of_any_text_is_nothing_but_that_text(text: str) -> None:
    shown = render.markdown(text)
    if shown:
        assert set(tokens(shown)) <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}
        assert html.fromstring(COMMONMARK.render(shown)).text_content().strip() == render.visible(text)


@given(TEXT)
def test_no_address_is_left_for_a_reader_that_links_bare_ones(text: str) -> None:
    assert not re.search(r"://|www\.|@", render.markdown(text))


@given(TEXT)
def test_what_is_invisible_is_dropped_and_nothing_else(text: str) -> None:
    shown = render.visible(text)
    assert not re.search(r"[\x00-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069\ufeff\n]", shown)
    assert render.visible(shown) == shown
    assert [c for c in shown if c.isalnum()] == [c for c in text if c.isalnum()]


@given(st.lists(SHOWN, min_size=1, max_size=5), st.integers(min_value=1, max_value=999))
def test_an_answer_holds_only_our_marks_and_each_has_its_card(texts: list[str], turn: int) -> None:
    made = answer(*texts, title=texts[0], symbol=texts[0], publisher=texts[-1], note=texts[0])
    kinds = set(tokens(render.answer(made, turn)))
    assert not kinds & {
        "image",
        "html_block",
        "html_inline",
        "code_inline",
        "fence",
        "code_block",
        "heading_open",
        "table_open",
        "hr",
    }
    links = html.fromstring(COMMONMARK.render(render.answer(made, turn))).xpath("//a/@href")
    cards = html.fromstring(render.sources(texts[0], made.citations, turn)).xpath("//li/@id")
    assert [f"#{card}" for card in cards] == links == [f"#src-{turn}-{number}" for number in range(1, len(texts) + 1)]


@given(st.lists(SHOWN, min_size=1, max_size=3))
def test_cards_hold_only_our_elements(texts: list[str]) -> None:
    hostile = {
        "title": texts[0],
        "publisher": texts[0],
        "symbol": texts[-1],
        "date": texts[0],
        "status": texts[-1],
        "url": texts[0],
    }
    made = answer(*texts, **hostile)
    block = render.sources(texts[0], made.citations, 1, copy=render.plain(made))
    assert "\n" not in block  # a blank line would end the HTML block and start Markdown
    tree = html.fromstring(block)
    used = {element.tag for element in tree.iter()}
    assert used <= set("details summary h2 button pre article h3 p span mark time ol li blockquote a".split())
    names = {name for element in tree.iter() for name in element.keys()}
    assert names <= set("class open type hidden id tabindex title datetime dir href target rel".split())
    assert all(re.fullmatch(r"read/d\d\?[a-z0-9=&,-]+#quote", href) for href in tree.xpath("//@href"))
    assert [quote.text_content() for quote in tree.iter("blockquote")] == [render.visible(text) for text in texts]


@given(SHOWN)
def test_a_refusal_is_text_and_marks(text: str) -> None:
    near = answer(text, title=text).citations
    made = Refusal(id="r", question=text, standalone_question=text, confidence=0, text=text, reason=text, nearby=near)
    page = html.fromstring(COMMONMARK.render(render.refusal(made, 3)))
    assert page.xpath("//a/@href") == ["#src-3-1"]
    assert {element.tag for element in page.iter()} <= {"div", "p", "strong", "ul", "li", "a"}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a",
        "javascript:alert(1)",
        "https://user@evil.test/",
        "https://",
        "//evil.test",
        "data:text/html,x",
        'https://example.org/"onclick="x',
        "https://example.org/a b",
        "https://еxample.org/",
        "https://[::1",
        "",
    ],
)
def test_only_plain_https_addresses_are_linked(url: str) -> None:
    assert render.link(url) == ""
    links = html.fromstring(render.card(answer("Words.", url=url).citations, 1)).xpath("//a/@class")
    assert links == ["read"]


def test_a_card_says_what_a_reader_needs_to_cite() -> None:
    text = "Entities shall report."
    about = document(
        title="Directive on Reporting",
        publisher="European Union",
        date="2022-12-14",
        symbol="2022/2555",
        status="repealed by 2030/1",
        url="https://example.org/a?b=1&c=2",
        text=text,
    )
    cited = Citation(number=2, document=about, start=0, end=len(text), pinpoint="Article 23(4)", page=12)
    tree = html.fromstring(render.sources("What?", [cited], 7))
    words = tree.text_content()
    for expected in (
        "Directive on Reporting",
        "European Union",
        "14 December 2022",
        "2022/2555",
        "Article 23(4), p. 12",
        text,
    ):
        assert expected in words
    (link,) = tree.xpath("//a[not(@class)]")
    assert link.get("href") == "https://example.org/a?b=1&c=2"
    assert "noopener" in link.get("rel")
    assert tree.xpath("//li[@id='src-7-2']/@tabindex") == ["-1"]
    assert tree.xpath("//span[@class='badge over']/text()") == ["repealed by 2030/1"]


def test_citations_of_one_document_share_a_card() -> None:
    about = document(text="One. Two. Three.")
    cited = [Citation(number=n, document=about, start=s, end=s + 4) for n, s in ((1, 0), (2, 5))]
    tree = html.fromstring(render.sources("What?", cited, 1))
    assert len(tree.xpath("//article")) == 1
    assert tree.xpath("//li/@id") == ["src-1-1", "src-1-2"]
    first, second = tree.xpath("//a[@class='read']/@href")
    assert first.startswith("read/accord?start=0&end=4&sum=")
    assert first.endswith("&at=0-4,5-9#quote")
    assert second.startswith("read/accord?start=5&end=9&")


def test_list_items_become_a_list_under_their_introduction() -> None:
    texts = ("1. Norms are:", "(a) to cooperate;", "(b) to report.")
    about = document(text=" ".join(texts))
    cited = [
        Citation(number=n, document=about, start=about.text.index(t), end=about.text.index(t) + len(t))
        for n, t in enumerate(texts, 1)
    ]
    said = [Statement(text=t, citations=(n,)) for n, t in enumerate(texts, 1)]
    page = html.fromstring(COMMONMARK.render(render.body(said, cited, 1)))
    assert [item.text_content() for item in page.iter("li")] == ["(a) to cooperate;\xa0[2]", "(b) to report.\xa0[3]"]
    assert "1. Norms are:\xa0[1]" in [paragraph.text_content() for paragraph in page.iter("p")]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2022-12-14", "14 December 2022"),
        ("2022-12", "December 2022"),
        ("2022", "2022"),
        ("", ""),
        ("soon", "soon"),
        ("2022-99-01", "2022-99-01"),
    ],
)
def test_dates_are_written_as_people_write_them(given: str, shown: str) -> None:
    assert render.day(given) == shown


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_date_keeps_its_year_and_day(when: date) -> None:
    shown = render.day(when.isoformat())
    assert shown.startswith(f"{when.day} ")
    assert shown.endswith(str(when.year))


def test_the_understood_question_is_shown_only_when_it_differs() -> None:
    assert render.understood("What is it?", "what is  it?") == ""
    assert "The deadline under NIS2" in render.understood("And the deadline?", "The deadline under NIS2")


def test_the_copied_answer_carries_its_sources() -> None:
    made = answer(
        "Entities shall report.",
        title="Directive",
        date="2022-12-14",
        url="https://example.org/a",
        note="1 part is left out.",
    )
    copied = render.plain(made)
    assert "Entities shall report. [1]" in copied
    assert "[1] Directive, 14 December 2022" in copied
    assert "https://example.org/a" in copied
    assert "1 part is left out." in copied


@given(SHOWN)
def test_dropped_sentences_can_be_looked_at_as_text(text: str) -> None:
    written = Written(model="m", dropped=(Dropped(text=text, reasons=({"rule": "numbers", "detail": text},)),))
    block = render.dropped(written, language.load("en"))
    assert "\n" not in block
    tree = html.fromstring(block)
    assert {element.tag for element in tree.iter()} == {"details", "summary", "ul", "li", "span"}
    shown = " ".join(tree.xpath("//li")[0].text_content().split())
    detail = f": {render.short(text)}" if render.short(text) else ""
    assert shown == render.visible(f"{text} (numbers{detail})")
    assert render.dropped(None, language.load("en")) == ""


@given(SHOWN, st.sampled_from(["provision", "timeline", "comparison"]))
def test_every_kind_of_answer_is_text_and_marks(text: str, kind: str) -> None:
    made = answer(text, "Other words.", title=text).model_copy(update={"kind": kind})
    if kind == "comparison":
        rows = (Row(label=text, statements=(0,)), Row(label="One", statements=(1,)), Row(label="None"))
        made = made.model_copy(update={"rows": rows})
    shown = COMMONMARK.render(render.answer(made, 1))
    page = html.fromstring(f"<div>{shown}</div>")
    assert page.xpath("//a/@href") == ["#src-1-1", "#src-1-2"]
    allowed = "div p em strong a ul li blockquote table thead tbody tr th td br"
    assert {element.tag for element in page.iter()} <= set(allowed.split()) | (
        {"br"} if kind == "comparison" else set()
    )


def test_a_hundred_citations_are_shown() -> None:
    made = answer(*[f"Words number {n}." for n in range(100)])
    assert len(html.fromstring(render.sources("What?", made.citations, 1)).xpath("//li/@id")) == 100
    assert "- [100] " in render.plain(made)
