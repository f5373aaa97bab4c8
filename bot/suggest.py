"""Questions to begin with, made from the library that is loaded, so that none of them is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bot.answer import Answer
from bot.names import fold, instruments, names_of
from ingest.documents import Document

if TYPE_CHECKING:
    from bot.ask import Legation

TRIED = 10  # questions asked in search of good ones; it also warms the models
_RULES = ("law", "legislation", "directive", "regulation", "treaty", "convention", "order")
_WISHES = ("resolution", "statement", "declaration", "communique", "call", "strategy")
_LONGEST = 60  # characters of a name that fits on a button


def suggestions(legation: Legation, most: int = 4) -> tuple[str, ...]:
    """At most `most` questions about documents of different publishers that this library answers."""
    found: list[str] = []
    for tried, question in enumerate(candidates(legation.index.documents())):
        if len(found) == most or tried == TRIED:
            break
        if isinstance(legation.ask(question), Answer):
            found.append(question)
    return tuple(found)


def candidates(documents: Sequence[Document]) -> Iterator[str]:
    """A question for each document with a name short enough, publishers in turn, newest first."""
    waiting = sorted(documents, key=lambda document: document.date, reverse=True)
    while waiting:
        seen: set[str] = set()
        later = []
        for document in waiting:
            if document.publisher in seen:
                later.append(document)
                continue
            seen.add(document.publisher)
            if name := short_name(document):
                yield _question(document, name)
        waiting = later


def short_name(document: Document) -> str:
    """What people call the document: its best-known name, else its title where that is short, else nothing."""
    names = [name for name in names_of(document).aliases if len(name) <= _LONGEST]
    known = {fold(alias) for name in instruments() for alias in name.aliases}
    famous = [name for name in names if fold(name) in known and " " in name] or [
        name for name in names if fold(name) in known
    ]
    if famous:
        return min(famous, key=len)
    return document.title if len(document.title) <= _LONGEST else ""


def _question(document: Document, name: str) -> str:
    kind = document.kind.casefold()
    if any(word in kind for word in _RULES):
        return f"What is the purpose of {_the(name)}?"
    if any(word in kind for word in _WISHES):
        return f"What does {_the(name)} call for?"
    return f"What should I know about {_the(name) if name.startswith('The ') else name}?"


def _the(name: str) -> str:
    return name if name.startswith("A/") else f"the {name.removeprefix('The ')}"
