"""What the tests of the index and of sync share: a small library of made-up documents, with the real models."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ingest.documents import Block, Document, Text
from ingest.index import Index
from ingest.passages import compose
from ingest.structure import locate

ACCORD = (
    "Article 1",
    "Ships report every incident to the harbour master within twelve hours.",
    "Article 2",
    "Ferries are exempt, provided that they carry lanterns and ring a bell.",
    "Article 3",
    "The Council of Owls settles disputes between harbours by lot.",
)
SPEECH = ("Minister Heron said that the lighthouses of the northern lakes will be painted green before the winter.",)
NOTE = ("Las gaviotas no votan en el consejo del puerto.",)


def text(slug: str, *paragraphs: str, **about: str) -> Text:
    """A document of a few paragraphs; one that starts with `Article` is a heading."""
    blocks: Sequence[Block] = [
        Block(text=paragraph, kind="heading", level=2) if paragraph.startswith("Article ") else Block(text=paragraph)
        for paragraph in paragraphs
    ]
    document = Document(slug=slug, **{"title": slug.replace("-", " ").title(), **about})
    return compose(document, blocks, locate(blocks))


TEXTS = (
    text("harbour-accord", *ACCORD, publisher="Council of Owls", kind="treaty", date="2031-05-02", language="en"),
    text("heron-speech", *SPEECH, publisher="Lake Ministry", kind="statement", date="2035", language="en"),
    text("gull-note", *NOTE, publisher="Lake Ministry", kind="note", language="es"),
)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library, closed; nobody writes to it."""
    folder = tmp_path_factory.mktemp("made") / "library"
    with Index.open(folder, create=True) as index:
        for item in TEXTS:
            index.put(item, fingerprint=f"mark of {item.document.slug}", origin="origin")
    return folder


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    """A copy of the library, to be spoilt."""
    return Path(shutil.copytree(made, tmp_path / "own"))


@pytest.fixture
def index(own: Path) -> Iterator[Index]:
    """A copy of the library, open."""
    with Index.open(own) as opened:
        yield opened
