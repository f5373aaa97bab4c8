"""The headings that are open above a block: which of them a new heading closes, and how they are named."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.numbering import ANNEX

_PINPOINT_WORDS = 12  # of a heading in a pinpoint; in the path it is whole
_KICKER = re.compile(r"^(?=.*\d)\S+(?:\s\S+){0,5}$")  # 'Key Finding 1', in small print above its title

_NO_HEADING = re.compile(r"[:,>]$|^[(<]|^\S*[@/]\S*$")  # 'The Government will:', 'The General Assembly,', an address


@dataclass(frozen=True)
class Heading:
    """One open heading. `sort` is 'article', 'section', 'annex', the word of a division, a depth ('2'), or nothing."""

    level: float
    sort: str
    text: str


class Headings:
    """The open headings, outermost first."""

    def __init__(self) -> None:
        self.open: list[Heading] = []
        self.divisions: list[str] = []  # CHAPTER, SECTION, TITLE ... in the order in which the document opens them

    @property
    def path(self) -> tuple[str, ...]:
        """The texts of the open headings."""
        return tuple(heading.text for heading in self.open)

    @property
    def pinpoint(self) -> str:
        """The last two, each kept short."""
        return " > ".join(short(heading.text) for heading in self.open[-2:])

    @property
    def annex(self) -> str:
        """'Annex I', where one is open."""
        match = ANNEX.match(self.open[0].text) if self.open and self.open[0].sort == "annex" else None
        return annex_name(match) if match else ""

    def innermost(self, sort: str) -> bool:
        """Whether the innermost heading is of that sort."""
        return bool(self.open) and self.open[-1].sort == sort

    def inside_annex(self, level: int, text: str) -> bool:
        """Whether this heading stands inside an annex, rather than after it."""
        return bool(self.annex) and _rank(level, text) > self.open[0].level

    def clear(self) -> None:
        """Close all: the document's title, or an annex, begins."""
        self.open.clear()

    def add_words(self, text: str) -> None:
        """Join `text` to the innermost heading: 'Article 21' and its title."""
        last = self.open[-1]
        self.open[-1] = Heading(last.level, last.sort, f"{last.text} {text}")

    def open_annex(self, level: int, text: str) -> None:
        """An annex closes whatever was open."""
        self.open = [Heading(_rank(level, text), "annex", text)]

    def open_division(self, word: str, level: int, text: str) -> None:
        """A chapter or section closes those of its own word and of the words that came later."""
        if word not in self.divisions:
            self.divisions.append(word)
        outer = self.divisions[: self.divisions.index(word)]
        while self.open and self.open[-1].sort not in outer:
            self.open.pop()
        self.open.append(Heading(level, word, text))

    def open_provision(self, sort: str, level: int, text: str) -> None:
        """An article or section closes the one before, and headings that are no deeper, but never its chapter."""
        while self.open and self.open[-1].sort not in (*self.divisions, "annex"):
            if self.open[-1].sort not in ("article", "section") and self.open[-1].level < level:
                break
            self.open.pop()
        self.open.append(Heading(level, sort, text))

    def close_provisions(self) -> None:
        """What follows belongs to no article or section: signatures."""
        self.open = [heading for heading in self.open if heading.sort not in ("article", "section")]

    def open_other(self, level: int, text: str, depth: int = 0, directly: bool = False) -> None:
        """Any other heading. `depth` is that of its number; `directly`: no text stands between it and the last."""
        rank = _rank(level, text)
        for at, heading in enumerate(self.open):
            if depth and heading.sort.isdigit() and int(heading.sort) >= depth:  # '2. Aims' closes '1. Scope'
                del self.open[at:]
                break
        for heading in self.open:
            if depth > 1 and heading.sort == str(depth - 1):  # '2.1 Owls' stands below '2. Birds', though as large
                rank = max(rank, heading.level + 0.25)
        last = self.open[-1] if self.open else None
        if directly and last and not last.sort and last.level > rank and _KICKER.match(last.text):
            text = f"{last.text}: {text}"
        while self.open and self.open[-1].level >= rank:
            self.open.pop()
        if not _NO_HEADING.search(text):
            self.open.append(Heading(rank, str(depth) if depth else "", text))


def _rank(level: int, text: str) -> float:
    return level if text.isupper() else level + 0.5  # of one size, capitals stand above


def annex_name(match: re.Match[str]) -> str:
    """'Annex I' of 'ANNEX I Sectors of high criticality'."""
    return " ".join(part for part in (match["word"].capitalize(), match["number"]) if part)


def short(heading: str) -> str:
    """A heading as part of a pinpoint."""
    words = heading.split()
    return heading if len(words) <= _PINPOINT_WORDS else " ".join(words[:_PINPOINT_WORDS]) + " …"
