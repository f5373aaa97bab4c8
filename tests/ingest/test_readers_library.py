"""The real library, where it is at hand: every document is read, and clean."""

from __future__ import annotations

import re

import pytest
from shelf import LIBRARY, reading

from ingest.readers.manifest import load_manifest

pytestmark = pytest.mark.skipif(not LIBRARY.is_dir(), reason="the shared library is not on this machine")


def labelled(name: str, label: str) -> list[str]:
    return [block.text for block in reading(name).blocks if block.label == label]


def starting(name: str, words: str) -> str:
    return next(block.text for block in reading(name).blocks if block.text.startswith(words))


def test_every_document_is_read() -> None:
    manifest = load_manifest(LIBRARY)
    assert len(manifest) == 40
    for name in manifest:
        found = reading(name)
        text = "\n".join(block.text for block in found.blocks)
        assert len(text.split()) > 100, name
        assert not re.search(r"</?(?:span|div|p|u|td|tr|table|a|meta)[ >]", text), name
        assert not re.search(r"source_url:|published_time:|\*\*|\ufffd|\ufffe|\x02", text), name
        assert all(block.text == " ".join(block.text.split()) for block in found.blocks), name
        assert all(block.level for block in found.blocks if block.kind == "item"), name


@pytest.mark.parametrize(("name", "articles", "recitals"), [
    ("eu-nis2-directive-2022-2555.html", 46, 144),
    ("eu-cyber-resilience-act-2024-2847.html", 71, 130),
    ("eu-dora-2022-2554.html", 64, 106),
    ("eu-nis1-directive-2016-1148.html", 27, 75),
    ("eu-gdpr-2016-679-consolidated.html", 99, 0),
])  # fmt: skip
def test_acts_have_all_their_articles_and_recitals(name: str, articles: int, recitals: int) -> None:
    blocks = reading(name).blocks
    assert len({b.label for b in blocks if re.fullmatch(r"art_\d+", b.label) and b.kind == "heading"}) == articles
    assert len({b.label for b in blocks if b.label.startswith("rct_")}) == recitals
    assert not any("▼" in block.text or "►" in block.text for block in blocks)


def test_points_of_an_article() -> None:
    points = labelled("eu-nis2-directive-2022-2555.html", "021.002")
    assert points[0].startswith("2. The measures referred to in paragraph 1")
    assert points[2] == "(b) incident handling;"
    assert len(points) == 11
    assert (
        labelled("eu-gdpr-2016-679-consolidated.html", "022.002")[3]
        == "(c) is based on the data subject's explicit consent."
    )


def test_resolutions_have_their_paragraphs() -> None:
    text = starting("un-ga-res-73-27-2018.txt", "1.3. ")
    assert text.endswith("to commit such acts.")
    assert "for the common good of humankind" in starting("un-ga-res-73-27-2018.txt", "Underscoring")
    assert not any("18-21207" in block.text for block in reading("un-ga-res-73-27-2018.txt").blocks)


def test_orders_have_their_points() -> None:
    blocks = reading("us-executive-order-14028-2021.md").blocks
    assert any(block.text.startswith("Sec. 4. Enhancing Software Supply Chain Security") for block in blocks)
    assert max(block.level for block in blocks if block.kind == "item") >= 3


def test_pdf_pages_and_columns() -> None:
    name = "us-national-cybersecurity-strategy-2023.pdf"
    pages = {block.page for block in reading(name).blocks}
    assert pages >= set(range(5, 39)) - {32}  # page 32 holds only the end of a paragraph of page 31
    assert not any("C YBERSECURITY" in block.text for block in reading(name).blocks)
    first = starting("paris-call-wg3-multistakeholder-un-2021.pdf", "Rising tensions in cyberspace")
    assert "holistic approach to peace and security online, one that promotes" in first
