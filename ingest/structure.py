"""Where each block stands: articles, numbered paragraphs, sections, points and headings, as a person would cite them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from ingest.documents import Block

_ARTICLE = re.compile(r"^(Article|Artikel|Artículo|Art\.)\s+(\d+\s?[a-z]?|[IVXL]+)\b\.?\s*(.*)$", re.IGNORECASE)
_ANNEX = re.compile(r"^(ANNEX|Annex|Appendix|APPENDIX|Bijlage)(?:\s+([IVXL]+|\d+|[A-Z]))?\b\s*(.*)$")
_PART = re.compile(r"^(?:CHAPTER|TITLE|SECTION|PART|Chapter|Title|Section|Part|Hoofdstuk|Afdeling)\s+(?:[IVXL]+|\d+|[A-Z])\b\s*$", re.IGNORECASE)
_SECTION = re.compile(r"^(?:Section|Sec\.)\s*(\d+)\s*\.")
_NUMBERED = re.compile(r"^(\d{1,3}(?:\.\d{1,2})?)\.?\s(?=\S)")
_MARK = re.compile(r"^(?:\(([a-z]{1,4}|[A-Z]{1,4}|\d{1,3})\)|([a-z]{1,4}|\d{1,3})\)|([a-z]|[ivx]{2,5})\.)\s")
_CATEGORY = re.compile(r"^(?:[-•o]\s+)*(?:[\w ,'-]{3,60} \()?([A-Z]{2}\.[A-Z]{2}(?:-\d{2})?)\)?\s*:")
_RECITAL = re.compile(r"^\((\d{1,3})\)\s")
_OPERATIVE = re.compile(r"^A/(?:RES/|C\.\d)|^S/RES/")


class Place(BaseModel):
    """Where a block stands: what one would cite, the headings above it, and which blocks it may share a passage with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pinpoint: str = ""
    path: tuple[str, ...] = ()
    section: int = 0


def locate(blocks: Sequence[Block], kind: str = "", symbol: str = "") -> tuple[Place, ...]:
    """The place of each block. `kind` and `symbol` are the document's: a resolution has a preamble, other texts have not."""
    return _Locator(blocks, resolution="resolution" in kind.lower() or bool(_OPERATIVE.match(symbol))).places()


class _Locator:
    """Walks the blocks once, keeping the headings, the provision and the points that are open."""

    def __init__(self, blocks: Sequence[Block], resolution: bool) -> None:
        self.blocks = blocks
        self.headings: list[tuple[int, str]] = []
        self.base = "preamble" if resolution else ""  # Article 23, Sec. 4, para. 5, recital (51), Annex I
        self.paragraph = ""  # (4)
        self.points: list[tuple[int, str]] = []  # (level, '(a)')
        self.category = ""
        self.section = 0
        self.numbered = _sequence(blocks)

    def places(self) -> tuple[Place, ...]:
        found = []
        for index, block in enumerate(self.blocks):
            if block.kind == "heading":
                self._heading(index, block)
            else:
                self._body(index, block)
            found.append(Place(pinpoint=block.pinpoint or self._pinpoint(block), path=tuple(t for _, t in self.headings), section=self.section))
        return tuple(found)

    def _begin(self, base: str) -> None:
        self.base, self.paragraph, self.points, self.category = base, "", [], ""
        self.section += 1

    def _heading(self, index: int, block: Block) -> None:
        follows = index > 0 and self.blocks[index - 1].kind == "heading"
        text = block.text
        if match := _ARTICLE.match(text):
            word = "Artikel" if match.group(1).lower() == "artikel" else "Article"
            if not follows:
                self.section += 1
            self.base, self.paragraph, self.points, self.category = f"{word} {match.group(2).strip()}", "", [], ""
            self._push(9, f"{self.base} {match.group(3)}".strip())
        elif follows and self.headings and self._title_of_previous(index):
            level, above = self.headings[-1]
            self.headings[-1] = (level, f"{above} {text}")
        elif match := _ANNEX.match(text):
            self._begin(f"Annex {match.group(2)}" if match.group(2) else "Annex")
            self._push(1, text)
        else:
            if not follows:
                self.section += 1
            if not self.base.startswith("Annex") or _PART.match(text) and block.level <= 1:
                self.base = ""
            self.paragraph, self.points, self.category = "", [], ""
            self._push(block.level or 2, text)

    def _title_of_previous(self, index: int) -> bool:
        """Whether this heading is the title of the bare 'Article 21' or 'CHAPTER II' just before it."""
        before, here = self.blocks[index - 1], self.blocks[index]
        bare = _PART.match(before.text) or ((match := _ARTICLE.match(before.text)) and not match.group(3)) or re.fullmatch(r"ANNEX(?: [IVXL\d]+)?", before.text)
        return bool(bare) and not (_PART.match(here.text) or _ARTICLE.match(here.text))

    def _push(self, level: int, text: str) -> None:
        while self.headings and self.headings[-1][0] >= level:
            self.headings.pop()
        self.headings.append((level, text))

    def _body(self, index: int, block: Block) -> None:
        text = block.text
        opens = index > 0 and self.blocks[index - 1].kind == "heading"  # a heading and what follows it stay together
        if block.kind in ("note", "row"):
            return
        if block.label.startswith("rct_") and (match := _RECITAL.match(text)):
            self._start(f"recital ({match.group(1)})", opens)
        elif match := _SECTION.match(text):
            self._start(f"Sec. {match.group(1)}", opens)
        elif match := _CATEGORY.match(text):
            self.category = match.group(1)
        elif self.base.startswith(("Article", "Artikel")):
            self._in_article(block)
        elif (number := self.numbered.get(index)) is not None:
            self._start(f"para. {number}", opens)
        elif block.kind == "item" or (self.base and _MARK.match(text)):
            self._point(block)
        elif not self.base.startswith(("para.", "Sec.", "recital", "Annex", "preamble")):
            self.points = []

    def _start(self, base: str, opens: bool) -> None:
        if opens:
            self.section -= 1
        self._begin(base)

    def _in_article(self, block: Block) -> None:
        match = _NUMBERED.match(block.text)
        labelled = re.fullmatch(r"\d{3}\.(\d{3})", block.label)
        if match and "." not in match.group(1):
            number = int(match.group(1))
            last = int(self.paragraph.strip("()") or 0) if self.paragraph.strip("()").isdigit() else 0
            if (labelled and int(labelled.group(1)) == number) or number == last + 1 or (number == 1) or (last < number <= last + 2):
                self.paragraph, self.points = f"({number})", []
                return
        if labelled and not block.kind == "item" and f"({int(labelled.group(1))})" != self.paragraph and not match:
            self.points = []
        if block.kind == "item" or _MARK.match(block.text):
            self._point(block)
        else:
            self.points = []

    def _point(self, block: Block) -> None:
        """Keeps the open points: a marked item closes those at its level and below."""
        level = block.level or 1
        while self.points and self.points[-1][0] >= level:
            self.points.pop()
        if match := _MARK.match(block.text):
            self.points.append((level, f"({next(part for part in match.groups() if part)})"))

    def _pinpoint(self, block: Block) -> str:
        if self.category:
            return self.category
        if self.base and block.kind != "heading":
            return self.base + self.paragraph + "".join(point for _, point in self.points)
        if self.base.startswith(("Article", "Artikel", "Annex")):
            return self.base
        if self.headings:
            return " > ".join(text for _, text in self.headings[-2:])
        return f"p. {block.page}" if block.page else ""


def _sequence(blocks: Sequence[Block]) -> dict[int, str]:
    """Block index -> number, for paragraphs that are numbered in one sequence through the document (1, 2, 2.1, 3 ...)."""
    found: dict[int, str] = {}
    last, inner, restarts = 0, 0, 0
    for index, block in enumerate(blocks):
        match = _NUMBERED.match(block.text) if block.kind in ("paragraph", "item") and not block.label else None
        if not match:
            continue
        whole, _, part = match.group(1).partition(".")
        number = int(whole)
        if part:
            if number == last and int(part) in (inner + 1, inner + 2):
                found[index], inner = f"{number}.{int(part)}", int(part)
        elif last < number <= last + (1 if last < 3 else 2):
            found[index], last, inner = str(number), number, 0
        elif number == 1:
            restarts += 1
    return found if last >= 3 and restarts <= last // 8 else {}


_SPELLINGS = (
    (re.compile(r"\b(?:articles?|artículos?|articulos?|artikel|arti?cles?|artc?i?cle|art)\b\.?\s*", re.IGNORECASE), "article "),
    (re.compile(r"\b(?:operative paragraphs?|paragraphs?|párrafos?|paragraphes?|paras?|op)\b\.?\s*(?=\d)", re.IGNORECASE), "para. "),
    (re.compile(r"\b(?:sections?|secci[oó]n|secs?)\b\.?\s*(?=\d)", re.IGNORECASE), "sec. "),
    (re.compile(r"\b(?:recitals?|considérants?|considerandos?)\b\s*\(?(\d+)\)?", re.IGNORECASE), r"recital \1"),
    (re.compile(r"\b(?:annex(?:es)?|annexe|anexo)\b\s*", re.IGNORECASE), "annex "),
)


def normal(pinpoint: str) -> str:
    """A pinpoint in comparable form: 'Art. 21 (2)' and 'Article 21(2)' are both 'article 21(2)'."""
    text = pinpoint.strip()
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    text = re.sub(r"\s*\(\s*", "(", text.lower())
    text = re.sub(r"\s*\)", ")", text)
    text = re.sub(r"^(article \d+)\.(\d+)", r"\1(\2)", text)
    text = re.sub(r"^(article \d+\w?|sec\. \d+),? ?para\. (\d+)", r"\1(\2)", text)
    return " ".join(text.split()).rstrip(".")


_PLACE = r"(\d+(?:\.\d+)?[a-z]?(?:\s?\([a-z0-9]{1,5}\))*)"
_NAMED = re.compile(
    rf"\b(?:(?P<art>art[a-zí]{{0,3}}c[a-z]{{0,2}}l[eo]s?|artikel|art\.?)|(?P<sec>sections?|sec\.)|(?P<par>(?:operative )?para(?:graph|graphe)?s?\.?|párrafos?|OP)|(?P<rec>recitals?|considérants?))"
    rf"\s?\(?{_PLACE}(?P<more>(?:\s?(?:,|and|to|et|y|-|–)\s?{_PLACE.replace('(', '(?:', 1)})*)",
    re.IGNORECASE,
)
_WORDS = {"art": "article", "sec": "sec.", "par": "para.", "rec": "recital"}
_WITHIN = re.compile(r",?\s*(?:para(?:graph|graphe)?s?\.?|\()\s?(\d+)\)?\s+(?:of|du|del?|de l')\s+(?:art[a-z]*)\.?\s+(\d+)", re.IGNORECASE)


def mentions(text: str) -> tuple[str, ...]:
    """The provisions that a question names, in comparable form: 'Article 21(2) of NIS2' gives ('article 21(2)',)."""
    found: list[str] = []
    inside = {(m.group(1), m.group(2)) for m in _WITHIN.finditer(text)}
    found += [f"article {article}({paragraph})" for paragraph, article in inside]
    for match in _NAMED.finditer(text):
        word = next(spelling for name, spelling in _WORDS.items() if match.group(name))
        numbers = [match.group(5), *re.findall(_PLACE, match.group("more"))]
        for number in numbers:
            place = normal(f"{word} {number}")
            if not any(place in (f"para. {p}", f"article {a}") for p, a in inside):
                found.append(place)
    found += [name.lower() for name in re.findall(r"\b[A-Z]{2}\.[A-Z]{2}(?:-\d{2})?\b", text)]
    return tuple(dict.fromkeys(found))
