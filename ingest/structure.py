"""Where each block stands: articles, sections, numbered paragraphs, points, headings, as a person would cite them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from ingest.documents import Block, BlockKind
from ingest.headings import Headings, annex_name, short
from ingest.numbering import ANNEX, CATEGORY, DIVISION, FUNCTION, Numbering
from ingest.pinpoints import mentions, normal
from ingest.readers.markers import Marker, is_point, marker, nest

__all__ = ["Place", "locate", "mentions", "normal"]

_TITLE_WORDS = 14  # a longer beginning of a provision is its text, not its title
_TITLE = re.compile(r"^(?:Section|Sec\.)\s*\d+[A-Z]?\.\s+(?P<title>[^.]{3,120})\.(?=\s|$)", re.IGNORECASE)
_CLOSING = re.compile(
    r"^(?:Done (?:at|in)\b|IN WITNESS WHEREOF|HA(?:VE|S) (?:ADOPTED|DECIDED)|THE WHITE HOUSE"
    r"|\d+(?:st|nd|rd|th) (?:plenary )?meeting\b)"
)
_SUBDIVISION = re.compile(
    r"^(?P<name>(?:Part|Section|Class|Chapter|Title|Table|Module)\s+(?:[IVXL]+|\d{1,2}|[A-Z]))\b", re.IGNORECASE
)
_OPENS_QUOTE = re.compile(r"^[“‘«\"„]")
_CLOSES_QUOTE = re.compile(r"[”’»\"][.,;]*(?:\s*(?:and|or))?[.,;]?$")
_LONGEST_QUOTE = 60  # blocks; what seems to open a quotation and closes none is read as usual
_QUESTION = re.compile(r"^(?:Q|Question)(?:[:.]\s?|\s+)(?=[A-Z“(])")


class Place(BaseModel):
    """Where a block stands: what one would cite, the headings above, and which blocks it may share a passage with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pinpoint: str = ""
    path: tuple[str, ...] = ()
    section: int = 0
    kind: BlockKind = "paragraph"  # as its numbering shows it: '1.1' below '1.' is an item, '2.' of an article is not
    level: int = 0
    whole: bool = False  # a provision: however short, it shares no passage with another section


def locate(blocks: Sequence[Block], kind: str = "", symbol: str = "") -> tuple[Place, ...]:
    """The place of each block. `kind` and `symbol` are the document's: they tell a resolution."""
    resolution = "resolution" in kind.lower() or bool(re.match(r"[AES]/(?:RES|HRC/RES|C\.\d)/", symbol))
    return tuple(_Walk(blocks, resolution).places())


class _Walk:
    """Goes over the blocks once, keeping open: the headings, the provision, its paragraph and its points."""

    def __init__(self, blocks: Sequence[Block], resolution: bool) -> None:
        self.blocks = nest([_as_item(block) for block in blocks])
        self.numbering = Numbering(blocks, resolution)
        self.headings = Headings()
        self.base = ""  # Article 23, Sec. 4, para. 5, recital (51), Annex I, Part I, preamble
        self.paragraph = ""  # (4)
        self.points: list[tuple[float, Marker]] = []
        self.category = ""
        self.listed = False  # in a list that is numbered 1, 2, 3 under a heading
        self.section = 0
        self.quoted_until = -1
        self.kind: BlockKind = "paragraph"
        self.level = 0
        self.questions = sum(bool(_QUESTION.match(block.text)) for block in blocks) > 2

    def places(self) -> list[Place]:
        """One place a block."""
        found = []
        for index, block in enumerate(self.blocks):
            self.kind, self.level = block.kind, block.level
            if block.kind == "heading":
                self._heading(index, block)
            elif block.kind not in ("note", "row") and block.agreed and index > self.quoted_until:
                self._body(index, block)
            whole = bool(self.base or self.category) and not self.base.startswith("Appendix")
            found.append(
                Place(
                    pinpoint=block.pinpoint or self._pinpoint(block),
                    path=self.headings.path,
                    section=self.section,
                    kind=self.kind,
                    level=self.level,
                    whole=whole,
                )
            )
        return found

    # headings

    def _heading(self, index: int, block: Block) -> None:
        if not self._after_heading(index):
            self.section += 1
        self.category = ""
        if index in self.numbering.titles:
            self.headings.clear()
            self._base("")
        elif index in self.numbering.articles:
            self._article(index, block)
        elif index in self.numbering.sections:
            self._base(f"Sec. {self.numbering.sections[index]}")
            self.headings.open_provision("section", block.level, block.text)
        elif self._is_title_of_previous(index):
            self.headings.add_words(block.text)
        elif index in self.numbering.annexes:
            self._annex(index, block)
        elif (match := DIVISION.match(block.text)) and not self.headings.inside_annex(block.level, block.text):
            self.headings.open_division(match["word"].upper(), block.level, block.text)
            self._base("")
        else:
            self._other_heading(index, block)
        if index in self.numbering.front:
            self._base("preamble")

    def _after_heading(self, index: int) -> bool:
        return index > 0 and self.blocks[index - 1].kind == "heading"

    def _article(self, index: int, block: Block) -> None:
        match = self.numbering.articles[index]
        word = "Article" if match["word"].lower() in ("article", "art.") else match["word"].capitalize()
        number = {"premier": "1", "1er": "1"}.get(match["number"].lower(), match["number"].replace(" ", ""))
        self._base(f"{word} {number}")
        title = match["rest"] if block.kind == "heading" or len(match["rest"].split()) <= _TITLE_WORDS else ""
        self.headings.open_provision("article", block.level or 9, f"{self.base} {title}".strip())

    def _is_title_of_previous(self, index: int) -> bool:
        """Whether this heading is the title of the bare 'Article 21' or 'CHAPTER II' just before it."""
        if not self._after_heading(index) or not self.headings.open or index - 1 in self.numbering.titles:
            return False
        before, here = self.blocks[index - 1], self.blocks[index]
        match = self.numbering.articles.get(index - 1) or ANNEX.match(before.text) or DIVISION.match(before.text)
        return bool(match) and not match["rest"] and not (DIVISION.match(here.text) or ANNEX.match(here.text))  # type: ignore[index]

    def _annex(self, index: int, block: Block) -> None:
        self._base(annex_name(self.numbering.annexes[index]))
        self.headings.open_annex(block.level, block.text)

    def _other_heading(self, index: int, block: Block) -> None:
        inside = self.headings.inside_annex(block.level, block.text)
        depth = self.numbering.outline.get(index, 0)
        self.headings.open_other(block.level, block.text, depth, directly=self._after_heading(index))
        part = _SUBDIVISION.match(block.text)
        if not inside:
            self._base("")
        else:
            self._base(
                f"{self.headings.annex}, {part['name']}" if part else f"{self.headings.annex} > {short(block.text)}"
            )
        match = FUNCTION.match(block.text)
        self.category = match["id"] if match and match["id"] in self.numbering.functions else ""

    # what stands below them

    def _base(self, base: str) -> None:
        self.base, self.paragraph, self.points, self.category = base, "", [], ""
        self.listed = False

    def _begin(self, index: int, base: str) -> None:
        """A new provision: a section of its own, which the headings just before it share."""
        if not self._after_heading(index):
            self.section += 1
        self._base(base)

    def _body(self, index: int, block: Block) -> None:
        numbering = self.numbering
        if self._opens(index, block):
            return
        if _CLOSING.match(block.text) or self._signs(index, block):
            if self.base != "closing":
                self.headings.close_provisions()
                self._begin(index, "closing")
        elif (match := CATEGORY.match(block.text)) and numbering.functions:
            self._categorise(index, match["id"])
        elif self._quotes(index, block):
            self.quoted_until = self._quote_ends(index)
        elif index in numbering.front:
            if self.base != "preamble":
                self._begin(index, "preamble")
        else:
            self._inside(index, block)

    def _inside(self, index: int, block: Block) -> None:
        """A block within the open provision or under the open headings: its paragraph, a point, or plain text."""
        point = self.numbering.points.get(index)
        if self._in_article() and self._numbers_paragraph(block):
            return
        listed = not block.label and (not self._provision() or self.base.startswith("Annex"))
        if listed and index in self.numbering.listed:
            self.paragraph, self.points, self.listed = f", point {point}" if point else "", [], True
            self.kind, self.level = "item", 1
        elif block.kind == "item" or (block.label.startswith("anx") and _is_only_marker(block.text)):
            self._point(block)
        elif not (index and _is_only_marker(self.blocks[index - 1].text)):
            self._plain(index, block)

    def _opens(self, index: int, block: Block) -> bool:
        """Whether the block opens a numbered provision."""
        numbering = self.numbering
        if index in numbering.articles:
            self._begin(index, "")
            self._article(index, block)
        elif index in numbering.sections:
            self._begin(index, f"Sec. {numbering.sections[index]}")
            title = _TITLE.match(block.text)
            if title and len(title["title"].split()) <= _TITLE_WORDS:
                self.headings.open_provision("section", 9, f"{self.base} {title['title']}")
            else:
                self.headings.open_provision("section", 9, self.base)
        elif index in numbering.recitals:
            self._begin(index, f"recital ({numbering.recitals[index]})")
        elif index in numbering.annexes:
            self._begin(index, "")
            self._annex(index, block)
        elif index in numbering.paragraphs:
            number = numbering.paragraphs[index]
            annex = self.headings.annex
            base = f"{annex}, para. {number}" if annex else f"para. {number}"
            if "." in number:
                self._base(base)
                self.kind, self.level = "item", 1
            else:
                self._begin(index, base)
                self.kind, self.level = "paragraph", 0
        else:
            return False
        return True

    def _categorise(self, index: int, name: str) -> None:
        if "-" not in name and not self._after_heading(index):
            self.section += 1
        self.category = name

    def _signs(self, index: int, block: Block) -> bool:
        """Whether this is the signature below the last section: 'JOSEPH R. BIDEN JR.'."""
        last = max(self.numbering.sections, default=len(self.blocks))
        return index > last and block.text.isupper() and 1 < len(block.text.split()) < 7 and not is_point(block.text)

    def _quotes(self, index: int, block: Block) -> bool:
        """Whether amending text is quoted here: its numbers are another act's."""
        introduced = index > 0 and self.blocks[index - 1].text.endswith(":")
        return (
            introduced
            and self._provision()
            and bool(_OPENS_QUOTE.match(block.text))
            and self._quote_ends(index) >= index
        )

    def _quote_ends(self, index: int) -> int:
        for at in range(index, min(len(self.blocks), index + _LONGEST_QUOTE)):
            if self.blocks[at].kind == "heading" and at in self.numbering.titles:
                break
            if _CLOSES_QUOTE.search(self.blocks[at].text):
                return at
        return -1

    def _provision(self) -> bool:
        return (
            self.base.startswith(("Sec.", "para.", "Annex", "recital")) or self._in_article() or ", para." in self.base
        )

    def _in_article(self) -> bool:
        return self.headings.innermost("article") and self.base not in ("", "closing")

    def _numbers_paragraph(self, block: Block) -> bool:
        """'4. ' in an article opens its paragraph (4), where the mark-up or the sequence says so."""
        match = re.match(r"^(\d{1,3})([a-z]?)\.(?:\s|$)", block.text) or re.match(
            r"^(\d{1,3})()\s(?=[A-Z])", block.text
        )
        if not match:
            return False
        number, letter = int(match[1]), match[2]
        last = int(re.sub(r"\D", "", self.paragraph) or 0)
        labelled = re.fullmatch(r"\d{3}\.(\d{3})", block.label)
        if (labelled and int(labelled[1]) == number) or last < number <= last + 2 or (letter and number == last):
            self.paragraph, self.points = f"({number}{letter})", []
            self.kind, self.level = "paragraph", 0
            return True
        return False

    def _plain(self, index: int, block: Block) -> None:
        """A paragraph without a number: it closes the points, in a section of an order only the deepest."""
        if self.questions and _QUESTION.match(block.text) and not self._after_heading(index):
            self.section += 1
        self.category = ""
        before = self.numbering.articles.get(index - 1)
        if before and not before["rest"] and _is_title(block.text):
            self.headings.add_words(block.text)
        elif self.base.startswith("Sec."):
            self.points = [point for point in self.points if point[0] < self.points[-1][0]]
        else:
            self.points = []
        if self.listed:
            self.paragraph, self.listed = "", False

    def _point(self, block: Block) -> None:
        """Keeps the open points: an item goes on with a series that is open, or opens one below."""
        found = marker(block.text)
        level = float(block.level or 1)
        self.kind, self.level = "item", int(level) + self.listed
        if found is None or found.style == "bullet":
            deepest = level if found is None else level - 1
            self.points = [point for point in self.points if point[0] <= deepest]
            return
        if self.category and "." not in found.body:
            self.category = ""
        near = [
            at
            for at, (deep, open_mark) in enumerate(self.points)
            if level <= deep < level + 1 and _follows(found, open_mark)
        ]
        if near:
            level = self.points[near[-1]][0]
        elif any(deep == level and not _same_series(found, open_mark) for deep, open_mark in self.points) and _starts(
            found
        ):
            level += 0.5
        self.points = [point for point in self.points if point[0] < level]
        if found.style == "deep":
            self.points = [p for p in self.points if not found.body.startswith(f"{p[1].body}.")]
        self.points.append((level, found))

    # as one would cite it

    def _pinpoint(self, block: Block) -> str:
        if block.kind == "row" and self.numbering.functions and (match := CATEGORY.match(block.text)):
            return match["id"]
        if self.category:
            return self.category
        if self.base == "closing":
            return ""
        if self.base:
            if block.kind == "note":
                return self.base
            if block.kind == "row":
                return self.base + _cells(block.text) if self.base.startswith("Annex") else self.base
            return self.base + self.paragraph + self._points()
        if self.headings.open:
            return self.headings.pinpoint + self._numbered_points()
        return f"p. {block.page}" if block.page else ""

    def _points(self) -> str:
        return "".join(f"({mark.body})" for _, mark in self.points)

    def _numbered_points(self) -> str:
        return self.paragraph + self._points() if self.paragraph.startswith(",") else ""


def _as_item(block: Block) -> Block:
    """A paragraph that is a point in all but name, as an item."""
    if block.kind == "paragraph" and (found := marker(block.text)) and found.style != "bullet" and is_point(block.text):
        return block.model_copy(update={"kind": "item", "level": 0})
    return block


def _is_title(text: str) -> bool:
    return len(text.split()) <= _TITLE_WORDS and text[0].isupper() and text[-1] not in ".:;,"


def _is_only_marker(text: str) -> bool:
    return bool(re.fullmatch(r"\(?(?:\d{1,3}|[A-Za-z]{1,4})[.)]", text))


def _follows(mark: Marker, before: Marker) -> bool:
    return any((series, position - 1) in before.readings() for series, position in mark.readings())


def _same_series(mark: Marker, other: Marker) -> bool:
    return mark.style == other.style and bool(
        {name for name, _ in mark.readings()} & {name for name, _ in other.readings()}
    )


def _starts(mark: Marker) -> bool:
    return any(position == 1 for _, position in mark.readings())


def _cells(text: str) -> str:
    """'(5)(b)' of the row '5. Manufacturing | (b) Electronic products | ...'."""
    found = ""
    for cell in text.split(" | "):
        mark = marker(cell)
        if mark is None or mark.style in ("bullet", "deep"):
            break
        found += f"({mark.body})"
    return found
