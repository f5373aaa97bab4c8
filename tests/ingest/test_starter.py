"""The starter library: every note is complete, short, numbered and quotable by paragraph."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.documents import Document, Text
from ingest.passages import LONGEST, compose
from ingest.readers import read_path
from ingest.structure import locate

STARTER = Path(__file__).resolve().parents[2] / "ingest" / "starter"
NOTES = sorted(STARTER.glob("*.md"))
FIELDS = {"title", "slug", "publisher", "date", "kind", "language", "licence", "instruments"}
FEWEST, MOST = 350, 700
MOST_IN = {"glossary": 900}  # one line a term
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
NUMBER = re.compile(r"^(\d+)\. ", re.MULTILINE)

every_note = pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)


def parts(path: Path) -> tuple[dict[str, Any], str]:
    """The front matter and the body of a note."""
    start, front, body = re.split(r"^---\n", path.read_text(encoding="utf-8"), maxsplit=2, flags=re.MULTILINE)
    assert start == ""
    loaded = yaml.safe_load(front)
    assert isinstance(loaded, dict)
    return loaded, body


def composed(path: Path) -> Text:
    """The note as ingestion makes it."""
    (reading,) = read_path(path)
    known = {name: value for name, value in reading.metadata.items() if name in Document.model_fields}
    document = Document(**known)
    places = locate(reading.blocks, document.kind, document.symbol)
    return compose(document, reading.blocks, places, reading.given)


def test_there_are_enough_notes_and_each_has_its_own_slug_and_title() -> None:
    fronts = [parts(path)[0] for path in NOTES]
    assert len(NOTES) >= 30
    assert len({front["slug"] for front in fronts}) == len(NOTES)
    assert len({front["title"] for front in fronts}) == len(NOTES)


@every_note
def test_the_front_matter_is_complete(path: Path) -> None:
    front, _ = parts(path)
    assert set(front) == FIELDS
    assert front["slug"] == path.stem
    assert front["title"].strip()
    assert (front["publisher"], front["kind"], front["language"]) == ("Legation", "note", "en")
    assert front["licence"] == "Apache-2.0"
    assert isinstance(front["date"], str)
    assert DATE.fullmatch(front["date"])


@every_note
def test_the_instruments_are_named_dated_and_linked(path: Path) -> None:
    instruments = parts(path)[0]["instruments"]
    assert instruments
    for instrument in instruments:
        assert {"name", "url"} <= set(instrument) <= {"name", "symbol", "date", "url"}
        assert all(isinstance(value, str) and value.strip() for value in instrument.values())
        assert instrument["url"].startswith("https://")
        assert " " not in instrument["url"]
        assert DATE.fullmatch(instrument.get("date", "2000"))
    assert len({(i["name"], i.get("symbol"), i.get("date")) for i in instruments}) == len(instruments)


@every_note
def test_links_are_secure(path: Path) -> None:
    assert "http://" not in path.read_text(encoding="utf-8")


@every_note
def test_a_note_is_short(path: Path) -> None:
    _, body = parts(path)
    prose = [line for line in body.splitlines() if not line.startswith("#")]
    count = sum(any(letter.isalpha() for letter in word) for line in prose for word in line.split())
    assert FEWEST <= count <= MOST_IN.get(path.stem, MOST)


@every_note
def test_paragraphs_are_numbered_from_one(path: Path) -> None:
    numbers = [int(number) for number in NUMBER.findall(parts(path)[1])]
    assert len(numbers) > 1
    assert numbers == list(range(1, len(numbers) + 1))


@every_note
def test_every_sentence_has_the_pinpoint_of_its_paragraph(path: Path) -> None:
    _, body = parts(path)
    text = composed(path)
    whole = text.document.text
    assert text.document.slug == path.stem
    assert text.document.title == parts(path)[0]["title"]
    assert "".join(passage.text for passage in text.passages) == whole
    assert all(passage.sentences and passage.pinpoint for passage in text.passages)
    assert all(len(passage.text.split()) <= LONGEST for passage in text.passages)
    under = 0
    for sentence in text.sentences:
        quote = whole[sentence.start : sentence.end]
        if sentence.kind == "heading":
            assert sentence.pinpoint == quote
            continue
        number = NUMBER.match(quote) if sentence.kind == "paragraph" else None
        under = int(number[1]) if number else under
        assert sentence.pinpoint == f"para. {under}"
    assert under == len(NUMBER.findall(body))
    found = {sentence.pinpoint for sentence in text.sentences if sentence.kind == "heading"}
    assert found == {line.lstrip("# ") for line in body.splitlines() if line.startswith("#")}
