"""What the questions of a library can be narrowed to: publishers, kinds, years and documents, with their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bot.question import Filters
from bot.render import named, short
from ingest.documents import Document, LibraryError

NAMES = ("publisher", "kind", "year_from", "year_to", "source")
Choice = tuple[str, str]  # what is shown, and what it stands for; '' stands for no filter


def choices(documents: Sequence[Document], words: Mapping[str, str]) -> dict[str, list[Choice]]:
    """For each filter the values that the library has, with the number of documents that each would leave."""
    years = sorted({document.year for document in documents if document.year}, reverse=True)
    every = (words["chat.all"].format(count=len(documents)), "")
    since = [(f"{y} ({sum((d.year or 0) >= y for d in documents)})", str(y)) for y in years]
    until = [(f"{y} ({sum(0 < (d.year or 0) <= y for d in documents)})", str(y)) for y in years]
    titles = sorted((short(named(document)), document.slug) for document in documents)
    return {
        "publisher": [every, *_counted(document.publisher for document in documents)],
        "kind": [every, *_counted(document.kind for document in documents)],
        "year_from": [every, *since],
        "year_to": [every, *until],
        "source": [every, *titles],
    }


def _counted(values: Iterable[str]) -> list[Choice]:
    """Each value with how often it occurs, the most frequent first."""
    counted = Counter(value for value in values if value)
    return [
        (f"{short(value)} ({count})", value) for value, count in sorted(counted.items(), key=lambda c: (-c[1], c[0]))
    ]


def filters(given: Sequence[str | None], words: Mapping[str, str]) -> Filters:
    """The filters as they were chosen, in the order of NAMES; LibraryError when the years are in the wrong order."""
    chosen = {name: value for name, value in zip(NAMES, given, strict=True) if value}
    first, last = chosen.get("year_from", ""), chosen.get("year_to", "")
    if first and last and first > last:
        raise LibraryError(words["chat.years_wrong"].format(first=first, last=last))
    return Filters.of(chosen)


def told(chosen: Filters, documents: Sequence[Document], words: Mapping[str, str]) -> str:
    """The filters in words; '' where there are none."""
    titles = {document.slug: short(named(document)) for document in documents}
    span = {
        (True, True): words["chat.years"],
        (True, False): words["chat.years_from"],
        (False, True): words["chat.years_to"],
    }.get((chosen.year_from is not None, chosen.year_to is not None), "")
    parts = [
        chosen.publisher,
        chosen.kind,
        titles.get(chosen.source or "", chosen.source),
        span.format(first=chosen.year_from, last=chosen.year_to),
    ]
    return " · ".join(part for part in parts if part)
