"""The documents that several tests use: made-up ones, and the real ones of the shared library where it is at hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ingest.documents import Block, Document, Text
from ingest.passages import compose
from ingest.readers import Reading, read_path
from ingest.structure import locate

LIBRARY = Path(__file__).resolve().parents[3] / "shared" / "library"


@cache
def reading(name: str) -> Reading:
    """A file of the shared library, read once for all tests."""
    (found,) = read_path(LIBRARY / name)
    return found


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
