"""Web pages and acts of the Official Journal."""

from __future__ import annotations

import pytest

from ingest.documents import Unreadable
from ingest.readers import Reading, read_bytes

PARAGRAPHS = "".join(
    f"<p>Paragraph {n} says something about cyber diplomacy that is worth a whole sentence.</p>" for n in range(8)
)
PAGE = f"""<!DOCTYPE html><html lang="en-us"><head><title>A Title - Site</title>
<meta property="og:title" content="A Title"><meta property="og:site_name" content="The Site">
<meta property="article:published_time" content="2023-09-15T08:54:21+02:00">
<link rel="canonical" href="https://example.org/post"><script>var x = "<p>no</p>";</script></head>
<body><nav><a href="/">Home</a> <a href="/tags">Tags</a></nav>
<article><h1>A Title</h1>{PARAGRAPHS}
<h2>What follows</h2><ol type="a"><li>first point of the list</li><li>second point of the list</li></ol>
<ul><li>a bullet that stands for itself</li></ul>
<p>States should <del>always</del> cooperate with each other in this matter.</p>
<table><tr><th>Actor</th><th>Position</th></tr><tr><td>EU</td><td>in favour of it</td></tr></table>
</article><footer>Copyright nobody</footer></body></html>"""

ACT = """<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body>
<table><tr><td><p class="oj-hd-date">1.1.2044</p></td><td><p class="oj-hd-lg">EN</p></td></tr></table>
<div class="eli-container"><div class="eli-main-title" id="tit_1">
<p class="oj-doc-ti">DIRECTIVE (EU) 2044/1 OF THE EUROPEAN PARLIAMENT AND OF THE COUNCIL</p>
<p class="oj-doc-ti">of 14 December 2043</p><p class="oj-doc-ti">on quiet wires</p></div>
<div class="eli-subdivision" id="pbl_1"><div class="eli-subdivision" id="rct_1"><table><tr><td><p class="oj-normal">(1)</p></td>
<td><p class="oj-normal">Wires <a id="ntc1-L" href="#ntr1-L">(<span class="oj-super oj-note-tag">1</span>)</a>, being quiet, are good.</p></td></tr></table></div></div>
<div id="cpt_I"><p class="oj-ti-section-1">CHAPTER I</p><div class="eli-title" id="cpt_I.tit_1"><p class="oj-ti-section-2">General</p></div>
<div class="eli-subdivision" id="art_21"><p class="oj-ti-art">Article 21</p>
<div class="eli-title" id="art_21.tit_1"><p class="oj-sti-art">Measures</p></div>
<div id="021.002"><p class="oj-normal">2.   The measures shall include:</p>
<table><tr><td><p class="oj-normal">(a)</p></td><td><p class="oj-normal">policies, namely:</p>
<table><tr><td><p class="oj-normal">(i)</p></td><td><p class="oj-normal">one;</p></td></tr></table></td></tr></table>
<table><tr><td><p class="oj-normal">(b)</p></td><td><p class="oj-normal">handling.</p></td></tr></table>
<p class="oj-normal">A second subparagraph.</p></div></div></div>
<hr/><p class="oj-note"><a id="ntr1-L" href="#ntc1-L">(<span class="oj-super">1</span>)</a> OJ L 1, p. 1.</p></div>
<div class="eli-container" id="anx_I"><p class="oj-doc-ti">ANNEX I</p><p class="oj-doc-ti">SECTORS</p>
<table class="oj-table"><tr class="oj-table"><td class="oj-table"><p>Sector</p></td><td class="oj-table"><p>Entity</p></td></tr>
<tr><td rowspan="2"><p>1. Energy</p></td><td><p>Suppliers</p></td></tr><tr><td><p>Producers</p></td></tr></table></div>
</body></html>"""

CONSOLIDATED = """<html xmlns="http://www.w3.org/1999/xhtml"><body><p class="reference">02016R0679 — EN — 04.05.2016</p>
<p class="disclaimer">This text is meant purely as a documentation tool.</p>
<div class="eli-container"><p class="arrow"><a>▼B</a></p><div class="eli-main-title" id="tit_1">
<p class="title-doc-first">REGULATION (EU) 2016/679 OF THE EUROPEAN PARLIAMENT AND OF THE COUNCIL</p>
<p class="title-doc-first">of 27 April 2016</p></div>
<div class="eli-subdivision" id="art_22"><p class="title-article-norm">Article 22</p>
<div class="eli-title" id="art_22.tit_1"><p class="stitle-article-norm">Decisions</p></div>
<div class="norm"><span class="no-parag">2. </span><div class="norm inline-element"><p class="norm inline-element">It shall not apply if:</p>
<p class="modref"><a>►C1</a></p>
<div class="grid-container grid-list"><div class="list grid-list-column-1"><span>(a) </span></div>
<div class="grid-list-column-2"><p class="norm">it is necessary;</p></div></div></div></div></div></div></body></html>"""


def read(text: str, name: str = "page.html") -> Reading:
    return next(read_bytes(text.encode(), name))


def test_a_page_gives_its_main_content() -> None:
    found = read(PAGE)
    texts = [block.text for block in found.blocks]
    assert texts[0] == "A Title"
    assert texts[1].startswith("Paragraph 0")
    assert not any(word in " ".join(texts) for word in ("Home", "Tags", "Copyright", "var x"))
    shapes = [(block.kind, block.text, block.agreed) for block in found.blocks[9:]]
    assert shapes == [
        ("heading", "What follows", True),
        ("item", "a. first point of the list", True),
        ("item", "b. second point of the list", True),
        ("item", "- a bullet that stands for itself", True),
        ("paragraph", "States should", True),
        ("paragraph", "always", False),
        ("paragraph", "cooperate with each other in this matter.", True),
        ("row", "Actor | Position", True),
        ("row", "EU | in favour of it", True),
    ]


def test_a_page_states_its_metadata() -> None:
    assert read(PAGE).metadata == {
        "title": "A Title",
        "publisher": "The Site",
        "date": "2023-09-15",
        "url": "https://example.org/post",
        "language": "en",
    }


def test_a_short_page_is_read_whole() -> None:
    found = read("<html><body><h1>Norm</h1><p>States should cooperate.</p></body></html>")
    assert [block.text for block in found.blocks] == ["Norm", "States should cooperate."]


def test_the_charset_of_the_page_counts() -> None:
    raw = '<html><head><meta charset="iso-8859-1"></head><body><p>sécurité du réseau</p></body></html>'.encode(
        "latin-1"
    )
    assert next(read_bytes(raw, "page.html")).blocks[0].text == "sécurité du réseau"


def test_html_named_txt_is_read_as_html() -> None:
    assert read("<!DOCTYPE html><html><body><p>Words.</p></body></html>", "page.txt").blocks[0].text == "Words."


def test_an_act_has_its_anchors() -> None:
    found = read(ACT)
    shapes = [(block.kind, block.level, block.label, block.text) for block in found.blocks]
    assert shapes == [
        (
            "heading",
            1,
            "",
            "DIRECTIVE (EU) 2044/1 OF THE EUROPEAN PARLIAMENT AND OF THE COUNCIL of 14 December 2043 on quiet wires",
        ),
        ("paragraph", 0, "rct_1", "(1) Wires, being quiet, are good."),
        ("heading", 3, "cpt_I", "CHAPTER I General"),
        ("heading", 5, "art_21", "Article 21"),
        ("heading", 6, "art_21.tit_1", "Measures"),
        ("paragraph", 0, "021.002", "2. The measures shall include:"),
        ("item", 1, "021.002", "(a) policies, namely:"),
        ("item", 2, "021.002", "(i) one;"),
        ("item", 1, "021.002", "(b) handling."),
        ("paragraph", 0, "021.002", "A second subparagraph."),
        ("note", 0, "", "(1) OJ L 1, p. 1."),
        ("heading", 2, "anx_I", "ANNEX I SECTORS"),
        ("row", 0, "anx_I", "Sector | Entity"),
        ("row", 0, "anx_I", "1. Energy | Suppliers"),
        ("row", 0, "anx_I", "1. Energy | Producers"),
    ]
    assert found.metadata["symbol"] == "Directive (EU) 2044/1"
    assert found.metadata["date"] == "2043-12-14"
    assert found.metadata["language"] == "en"
    assert found.metadata["publisher"] == "European Parliament and Council of the European Union"


def test_a_consolidated_act_gets_the_same_anchors() -> None:
    found = read(CONSOLIDATED)
    assert [(block.kind, block.label, block.text) for block in found.blocks][1:] == [
        ("heading", "art_22", "Article 22"),
        ("heading", "art_22.tit_1", "Decisions"),
        ("paragraph", "022.002", "2. It shall not apply if:"),
        ("item", "022.002", "(a) it is necessary;"),
    ]
    assert found.metadata["symbol"] == "Regulation (EU) 2016/679; CELEX 02016R0679"


def test_10000_nested_elements_are_refused_and_do_not_recurse() -> None:
    with pytest.raises(Unreadable, match="nested"):
        read("<html><body>" + "<div>" * 10_000 + "<p>deep</p></body></html>")


def test_a_page_without_text_says_so() -> None:
    with pytest.raises(Unreadable, match="no readable text"):
        read("<html><body><script>render()</script></body></html>")
