"""The library as readers look through it: narrowed, grouped and counted, with a picture of its years."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.names import fold
from ingest.documents import Document

WAYS = ("publisher", "kind", "year", "status")  # to narrow, and to group
PER_PAGE = 100  # documents on one page
LONGEST = 200  # characters of a search
_NONE = "-"  # in an address: those where it is not given
_WIDTH, _HEIGHT, _EDGE, _SIDE = 460, 150, 22, 12  # of the picture of years


class Choice(NamedTuple):
    """A value that the library can be narrowed to, and how many documents that leaves."""

    value: str
    held: int
    chosen: bool


class Shelf(NamedTuple):
    """Documents that share a value."""

    name: str
    documents: list[Document]
    held: int  # of them all; a page may show fewer


class Bar(NamedTuple):
    """A year in the picture."""

    year: int
    held: int
    x: float
    y: float
    width: float
    height: float
    label: str


class Picture(NamedTuple):
    """Documents by year; what has no year is not in it."""

    bars: list[Bar]
    width: int
    height: int
    base: int


class Stacks(NamedTuple):
    """What the page of the library shows."""

    words: str
    chosen: dict[str, str]
    choices: dict[str, list[Choice]]
    by: str
    shelves: list[Shelf]
    found: int
    page: int
    pages: int


def value_of(document: Document, way: str) -> str:
    """What a document is shelved under, or '' where it is not given."""
    return str(document.year or "") if way == "year" else str(getattr(document, way)).strip()


def stacks(documents: Sequence[Document], given: Mapping[str, str]) -> Stacks:
    """The documents as an address asks for them; what it asks that cannot be is left aside."""
    words = given.get("q", "").strip()[:LONGEST]
    chosen = {way: given[way] for way in WAYS if given.get(way)}
    by = given.get("by") if given.get("by") in WAYS else "publisher"
    fits = [document for document in documents if _holds(document, words)]
    found = [document for document in fits if _chosen(document, chosen)]
    ordered = _ordered(found, str(by))
    pages = max(1, -(-len(ordered) // PER_PAGE))
    asked = given.get("page", "")
    page = min(int(asked), pages) if asked.isascii() and asked.isdigit() and len(asked) < 6 and int(asked) else 1
    shown = ordered[(page - 1) * PER_PAGE : page * PER_PAGE]
    return Stacks(
        words=words,
        chosen=chosen,
        choices={way: _choices(fits, way, chosen) for way in WAYS},
        by=str(by),
        shelves=_shelves(shown, Counter(value_of(document, str(by)) for document in found), str(by)),
        found=len(found),
        page=page,
        pages=pages,
    )


def _holds(document: Document, words: str) -> bool:
    """Whether every word stands in the title, the publisher, the symbol or the slug."""
    card = fold(f"{document.title} {document.publisher} {document.symbol} {document.slug} {document.date}")
    return all(word in card for word in fold(words).split())


def _chosen(document: Document, chosen: Mapping[str, str]) -> bool:
    return all(value_of(document, way) == ("" if value == _NONE else value) for way, value in chosen.items())


def _choices(documents: Sequence[Document], way: str, chosen: Mapping[str, str]) -> list[Choice]:
    """Each value with its count among what the other choices leave; one that is chosen is always there."""
    others = {name: value for name, value in chosen.items() if name != way}
    counts = Counter(value_of(document, way) or _NONE for document in documents if _chosen(document, others))
    now = chosen.get(way, "")
    if now and now not in counts:
        counts[now] = 0
    named = sorted(counts, key=fold, reverse=way == "year")
    values = sorted(named, key=lambda value: value == _NONE)
    return [Choice(value, counts[value], value == now) for value in values]


def _ordered(documents: Sequence[Document], by: str) -> list[Document]:
    """Newest first within their shelves; shelves by name, years from the newest."""
    newest = sorted(documents, key=lambda document: (document.date, fold(document.title)), reverse=True)
    if by == "year":
        return newest
    return sorted(newest, key=lambda document: (not value_of(document, by), fold(value_of(document, by))))


def _shelves(documents: Sequence[Document], counts: Mapping[str, int], by: str) -> list[Shelf]:
    shelves: list[Shelf] = []
    for document in documents:
        name = value_of(document, by)
        if not shelves or shelves[-1].name != name:
            shelves.append(Shelf(name, [], counts[name]))
        shelves[-1].documents.append(document)
    return shelves


def picture(documents: Sequence[Document]) -> Picture | None:
    """A bar for each year from the first to the last, labelled as often as there is room; None with fewer than two years."""
    counts = Counter(document.year for document in documents if document.year)
    years = sorted(year for year in counts if year)
    if len(years) < 2 or years[-1] - years[0] > 500:
        return None
    span, most = years[-1] - years[0] + 1, max(counts.values())
    step, base = (_WIDTH - 2 * _SIDE) / span, _HEIGHT - _EDGE
    every = -(-36 // int(step)) if step >= 1 else span
    bars = [
        Bar(
            year=year,
            held=counts[year],
            x=round(_SIDE + (year - years[0]) * step, 2),
            y=round(base - (base - _EDGE) * counts[year] / most, 2),
            width=round(max(step * 0.8, 0.5), 2),
            height=round((base - _EDGE) * counts[year] / most, 2),
            label=str(year) if (years[-1] - year) % every == 0 else "",
        )
        for year in range(years[0], years[-1] + 1)
    ]
    return Picture(bars, _WIDTH, _HEIGHT, base)
