"""Questions to begin with, made from the library that is loaded, so that none of them is refused."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bot import language
from bot.answer import Answer, Citation, Refusal
from bot.language import Words
from bot.names import fold, instruments, names_of
from ingest.documents import Document

if TYPE_CHECKING:
    from bot.ask import Legation

OFFERED = 4  # questions on the first page
TRIED = 10  # questions asked in search of good ones; it also warms the models
_RULES = ("law", "legislation", "directive", "regulation", "treaty", "convention", "order")
_WISHES = ("resolution", "statement", "declaration", "communique", "call", "strategy")
_LONGEST = 60  # characters of a name that fits on a button

log = logging.getLogger(__name__)


class Offers:
    """Questions to begin with, by language. Those of a further language are sought when a reader first comes with it.

    That takes seconds, for which nobody waits: the first reader is offered none.
    """

    def __init__(self, legation: Legation, first: Sequence[str], further: bool = True) -> None:
        self.legation, self.first, self.further = legation, tuple(first), further
        self._found = {language.DEFAULT: self.first}
        self._lock = threading.Lock()

    def __call__(self, code: str) -> tuple[str, ...]:
        """Those of a language that are known by now; with nothing further to seek, the first in every language."""
        if not self.further:
            return self.first
        with self._lock:
            if code not in self._found:
                self._found[code] = ()
                threading.Thread(target=self._seek, args=(code,), daemon=True).start()
            return self._found[code]

    def _seek(self, code: str) -> None:
        try:
            self._found[code] = suggestions(self.legation, OFFERED, code)
        except Exception as error:
            log.error("no questions to begin with in %s: %s", code, type(error).__name__)


def suggestions(legation: Legation, most: int = OFFERED, code: str = language.DEFAULT) -> tuple[str, ...]:
    """At most `most` questions about documents of different publishers that this library answers."""
    found: list[str] = []
    for tried, question in enumerate(candidates(legation.index.documents(), language.load(code))):
        if len(found) == most or tried == TRIED:
            break
        if isinstance(legation.ask(question), Answer):
            found.append(question)
    return tuple(found)


def translated(legation: Legation, questions: Sequence[str], code: str) -> tuple[str, ...]:
    """The same questions in another language, about the same documents; those that were not made here are left out."""
    documents = legation.index.documents()
    english, other = (candidates(documents, language.load(name)) for name in (language.DEFAULT, code))
    known = dict(zip(english, other, strict=True))
    return tuple(known[question] for question in questions if question in known)


def candidates(documents: Sequence[Document], words: Words | None = None) -> Iterator[str]:
    """A question for each document with a name short enough, publishers in turn, newest first."""
    words = words or language.load(language.DEFAULT)
    waiting = _spread(sorted(documents, key=lambda document: document.date, reverse=True))
    while waiting:
        seen: set[str] = set()
        later = []
        for document in waiting:
            if document.publisher in seen:
                later.append(document)
                continue
            seen.add(document.publisher)
            if name := short_name(document):
                yield _question(document, name, words)
        waiting = later


def _spread(documents: list[Document]) -> list[Document]:
    """The documents as they are; those of one publisher and day from all over the alphabet, not its beginning alone."""
    if len({(one.publisher, one.date) for one in documents}) > 1:
        return documents
    step = max(1, len(documents) // OFFERED)
    return [one for first in range(step) for one in documents[first::step]]


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


def _question(document: Document, name: str, words: Words) -> str:
    kind = document.kind.casefold()
    if any(word in kind for word in _RULES):
        return words["suggest.purpose"].format(name=_the(name, words))
    if any(word in kind for word in _WISHES):
        return words["suggest.call"].format(name=_the(name, words))
    return words["suggest.know"].format(name=_the(name, words) if name.startswith("The ") else name)


def _the(name: str, words: Words) -> str:
    """The name with its article; in other languages than English it stands in quotation marks, without."""
    if words["common.code"] != language.DEFAULT:
        return name.removeprefix("The ")
    return name if name.startswith("A/") else f"the {name.removeprefix('The ')}"


_PLACE = re.compile(r"(Article|Section|Sec\.|Rule|Principle|Norm) (\d+)\b")
_OTHER = re.compile(
    r"(?:\(\w+\))*,? (?:of|to) (?:the )?(?:Directive|Regulation|Decision|Treaty|Convention|Charter|Council|TFEU|TEU)"
)


def followups(
    legation: Legation,
    outcome: Answer | Refusal | None,
    asked: Sequence[str],
    most: int = 3,
    words: Words | None = None,
) -> list[str]:
    """Questions to go on with: the provisions that the answer refers to and those beside it, then documents near it.

    Nothing is asked to find them, since that would cost as much as an answer; each rests on a place that is there.
    """
    if outcome is None:
        return []
    cited = outcome.citations if isinstance(outcome, Answer) else outcome.nearby
    known = {fold(question) for question in asked}
    found: list[str] = []
    for question in _further(legation, cited, words or language.load(language.DEFAULT)):
        if fold(question) not in known:
            known.add(fold(question))
            found.append(question)
        if len(found) == most:
            break
    return found


def _further(legation: Legation, cited: Sequence[Citation], words: Words) -> Iterator[str]:
    named = [(one, name) for one in cited if (name := short_name(one.document))]
    for one, name in named:
        yield from _provisions(legation, one, name, words)
    for document, name in dict((one.document.slug, (one.document, name)) for one, name in named).values():
        yield _question(document, name, words)


def _provisions(legation: Legation, cited: Citation, name: str, words: Words) -> Iterator[str]:
    """Questions for the provisions that the quote refers to, then for the next one."""
    here = _PLACE.match(cited.pinpoint)
    if not here:
        return
    sort, number = here[1], int(here[2])
    held = {
        (m[1], int(m[2])) for p in legation.index.text(cited.document.slug).passages if (m := _PLACE.match(p.pinpoint))
    }
    others = [
        int(m[2]) for m in _PLACE.finditer(cited.quote) if m[1] == sort and not _OTHER.match(cited.quote, m.end())
    ]
    for wanted in dict.fromkeys([*others, number + 1]):
        if wanted != number and (sort, wanted) in held:
            yield words["suggest.provision"].format(place=f"{sort} {wanted}", name=_the(name, words))
