"""Which blocks open a numbered provision. A number counts only as part of a sequence, so '2015. ' opens nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise

from ingest.documents import Block

ARTICLE = re.compile(
    r"^(?P<word>Article|Artikel|Artículo|Articolo|Artigo|Art\.)\s+(?P<number>\d+\s?[a-z]?|[IVXL]+|premier|1er)(?![\w(/])"
    r"(?P<joint>\s*[.:–—-]?\s*)(?P<rest>.*)$",
    re.IGNORECASE,
)
SECTION = re.compile(r"^(?:Section|Sec\.)\s*(?P<number>\d{1,4}[A-Z]?)\.(?=\s|$)", re.IGNORECASE)
ANNEX = re.compile(
    r"^(?P<word>Annex|Appendix|Annexe|Anexo|Bijlage)(?:\s+(?P<number>[IVXL]+|\d{1,2}|[A-Z])\b)?(?P<rest>(?:[\s.:–—-].*)?)$",
    re.IGNORECASE,
)
DIVISION = re.compile(
    r"^(?P<word>CHAPTER|TITLE|SECTION|PART|BOOK|HOOFDSTUK|TITEL|AFDELING|CHAPITRE|CAPÍTULO|TÍTULO)\s+"
    r"(?:[IVXL]+|\d{1,2}|[A-Z]|ONE|TWO|THREE)\b(?!\.\d)(?P<rest>.*)$",
    re.IGNORECASE,
)
CATEGORY = re.compile(r"^(?:[-•o]\s+)*(?:[^:|.]{3,90}\s\()?(?P<id>[A-Z]{2}\.[A-Z]{2}(?:-\d{1,2})?)\)?\s*(?:[:|]|$)")
FUNCTION = re.compile(r"^[A-Z][A-Za-z ]{3,30} \((?P<id>[A-Z]{2})\)\s*(?::|$)")
RECITAL = re.compile(r"^\((?P<number>\d{1,3})\)\s")
NUMBER = re.compile(r"^(?P<number>\d{1,3}(?:\.\d{1,2})*)\.?(?:\s|$)")
_PLAIN = re.compile(r"^(?P<number>\d{1,3})\.(?:\s|$)")
_DEEP = re.compile(r"^(?P<number>\d{1,3}\.\d{1,2})\.?(?:\s|$)")
_OUTLINE = re.compile(r"^(?P<number>\d{1,2}(?:\.\d{1,2})*)\.?\s+(?=\S)")
_FRONT = ("pbl_", "cit_", "rct_")
_LIST_WORDS = 14  # numbered lines that are mostly shorter are a list, not the paragraphs of a document
_FEW = 3  # a sequence of fewer is none, where nothing else speaks for it


class Numbering:
    """What the numbers of a document are: found once, before its blocks are walked."""

    def __init__(self, blocks: Sequence[Block], resolution: bool) -> None:
        self.blocks = blocks
        self.resolution = resolution

    @cached_property
    def articles(self) -> dict[int, re.Match[str]]:
        """Block -> the match of its article: headings, or paragraphs that count up where there are no such headings."""
        found = {
            i: m
            for i, b in enumerate(self.blocks)
            if b.kind == "heading" and len(b.text) < 250 and (m := ARTICLE.match(b.text))
        }
        if found:
            return found
        plain = {i: m for i, b in enumerate(self.blocks) if b.kind == "paragraph" and (m := _opens_article(b.text))}
        numbers = {i: int(m["number"]) for i, m in plain.items() if m["number"].isdigit()}
        chain = longest(numbers, gap=2)
        return {i: plain[i] for i in chain} if len(chain) >= _FEW and numbers[chain[0]] == 1 else {}

    @cached_property
    def sections(self) -> dict[int, str]:
        """Block -> number, for 'Sec. 4.' of orders and memoranda."""
        found = {i: m["number"] for i, b in enumerate(self.blocks) if (m := SECTION.match(b.text))}
        chain = longest({i: int(number) for i, number in found.items() if number.isdigit()}, gap=100)
        return {i: found[i] for i in chain} if len(chain) > 1 else {}

    @cached_property
    def recitals(self) -> dict[int, str]:
        """Block -> number, for '(51)' before the first article."""
        labelled = {
            i: m["number"]
            for i, b in enumerate(self.blocks)
            if b.label.startswith("rct_") and (m := RECITAL.match(b.text))
        }
        if labelled or not self.articles:
            return labelled
        found = {
            i: m["number"] for i, b in enumerate(self.blocks[: min(self.articles)]) if (m := RECITAL.match(b.text))
        }
        chain = longest({i: int(number) for i, number in found.items()}, gap=2)
        return {i: found[i] for i in chain} if len(chain) >= _FEW else {}

    @cached_property
    def front(self) -> range:
        """The blocks that are a preamble, recitals among them: what stands before the provisions begin."""
        operative = self.paragraphs if self.resolution else {}
        first = next(iter(operative or self.articles or self.sections), None)
        if first is None:
            return range(0)
        first = next((i for i in range(first) if self._divides(i)), first)
        begin = 0
        if self.resolution:
            begin = next((i for i in range(first) if _BODY.match(self.blocks[i].text)), self._after_titles)
        marked = self.resolution or any(self.blocks[i].label.startswith(_FRONT) for i in range(first))
        headings = sum(self.blocks[i].kind == "heading" and i not in self.titles for i in range(begin, first))
        return range(begin, first) if marked or headings <= 1 else range(0)

    def _divides(self, index: int) -> bool:
        block = self.blocks[index]
        return block.kind == "heading" and bool(DIVISION.match(block.text))

    @cached_property
    def _after_titles(self) -> int:
        return max(self.titles, default=-1) + 1

    @cached_property
    def titles(self) -> frozenset[int]:
        """The headings that are the document's own title: the first of all, and the only one of its level."""
        levels = [b.level for i, b in enumerate(self.blocks) if b.kind == "heading" and i not in self.annexes]
        found, outer = set(), 0
        for index, block in enumerate(self.blocks):
            if block.kind != "heading":
                if outer or index > _LETTERHEAD:
                    break
                continue
            if outer and _DATE.match(block.text):
                found.add(index)
                continue
            first = block.level == min((level for level in levels if level > outer), default=0)
            alone = first and levels.count(block.level) == 1 and (block.level == 1 or outer or not index)
            if not alone or any(p.match(block.text) for p in (_NO_TITLE, ARTICLE, SECTION, DIVISION, ANNEX)):
                break
            found.add(index)
            outer = block.level
        names = {self.blocks[index].text for index in found}
        return frozenset(found | {i for i, b in enumerate(self.blocks) if b.kind == "heading" and b.text in names})

    @cached_property
    def annexes(self) -> dict[int, re.Match[str]]:
        """Block -> the match of its annex: headings, or short lines of their own in capitals."""
        return {
            i: m
            for i, b in enumerate(self.blocks)
            if (
                b.kind == "heading"
                or (b.kind == "paragraph" and len(b.text) < 30 and not b.text.endswith((".", ";", ",")))
            )
            and (m := ANNEX.match(b.text))
            and (b.kind == "heading" or m["number"] or not m["rest"])
            and not b.text.endswith(":")
        }

    @cached_property
    def paragraphs(self) -> dict[int, str]:
        """Block -> number, for paragraphs numbered in one sequence: 1, 2, 2.1, 3; each annex counts anew."""
        if self.sections or self.recitals:
            return {}
        found: dict[int, str] = {}
        borders = [0, *self.annexes, len(self.blocks)]
        for part, (low, high) in enumerate(pairwise(borders)):
            end = next((i for i in self.articles if low <= i < high), high)
            if not any(self.blocks[i].label.startswith("anx") for i in range(low, end)):
                found |= self._one_sequence(range(low, end), certain=self.resolution and part == 0)
        return found

    def _one_sequence(self, among: range, certain: bool) -> dict[int, str]:
        numbers = {i: int(m["number"]) for i in among if self._counts(i) and (m := _PLAIN.match(self.blocks[i].text))}
        weights = {
            i: 1 + min(1.0, len(self.blocks[i].text) / 600) / 2 for i in numbers
        }  # a list in a paragraph is shorter
        chain = longest(numbers, gap=2, weights=weights)
        if not chain or numbers[chain[0]] > 2 or len(chain) < (1 if certain else _FEW):
            return {}
        if not certain and not self._spans(chain, numbers, among):
            return {}
        found = {i: str(numbers[i]) for i in chain}
        open_number, inner = "", 0
        for i in range(chain[0], among.stop):
            open_number, inner = (found[i], 0) if i in found else (open_number, inner)
            match = _DEEP.match(self.blocks[i].text) if self._counts(i) and i not in found else None
            if match:
                whole, part = match["number"].split(".")
                if whole == open_number and inner < int(part) <= inner + 2:
                    found[i], inner = match["number"], int(part)
        return dict(sorted(found.items()))

    def _counts(self, index: int) -> bool:
        block = self.blocks[index]
        return block.kind in ("paragraph", "item") and block.level < 2 and not block.label and block.agreed

    def _spans(self, chain: Sequence[int], numbers: Mapping[int, int], among: range) -> bool:
        """Whether the chain numbers the document, not a list in it: most paragraphs, and no other count."""
        paragraphs = [i for i in among if i >= chain[0] and self.blocks[i].kind == "paragraph"]
        inside = set(chain)
        others = [number for i, number in numbers.items() if i not in inside]
        restarts = sum(low == 1 and high == 2 for low, high in pairwise(others))
        share = sum(i in inside for i in paragraphs) / max(1, len(paragraphs))
        listed = 1 + sum(high == low + 1 for low, high in pairwise(others)) if len(others) > 1 else 0
        words = sorted(len(self.blocks[i].text.split()) for i in chain)[len(chain) // 2]
        return (
            words >= _LIST_WORDS
            and (restarts * 8 <= len(chain) or listed * 3 <= len(chain))
            and (share >= 0.4 or len(chain) >= 20)
        )

    @cached_property
    def outline(self) -> dict[int, int]:
        """Heading -> depth, for headings numbered through the document: '2. Scope', '2.1 Definitions'."""
        numbers = {i: m for i, b in enumerate(self.blocks) if b.kind == "heading" and (m := _OUTLINE.match(b.text))}
        chain = set(longest({i: int(m["number"]) for i, m in numbers.items() if "." not in m["number"]}, gap=2))
        found: dict[int, int] = {}
        open_number = ""
        for i, match in numbers.items() if len(chain) >= _FEW else ():
            open_number = match["number"] if i in chain else open_number
            if i in chain or (open_number and match["number"].startswith(f"{open_number}.")):
                found[i] = match["number"].count(".") + 1
        return found

    @cached_property
    def points(self) -> dict[int, str]:
        """Block -> number, for lists numbered 1, 2, 3 once under one heading."""
        found: dict[int, str] = {}
        for run in _runs(self.blocks):
            numbers = {i: int(m["number"]) for i in run if self._counts(i) and (m := _PLAIN.match(self.blocks[i].text))}
            if len(numbers) > 1 and list(numbers.values()) == list(range(1, len(numbers) + 1)):
                found |= {i: str(number) for i, number in numbers.items()}
        return found

    @cached_property
    def listed(self) -> frozenset[int]:
        """The blocks that are numbered next to each other: a list, whether or not its numbers say where it stands."""
        found: set[int] = set()
        for run in _runs(self.blocks):
            numbers = [
                (i, int(m["number"])) for i in run if self._counts(i) and (m := _PLAIN.match(self.blocks[i].text))
            ]
            for (before, low), (after, high) in pairwise(numbers):
                if high == low + 1:
                    found |= {before, after}
        return frozenset(found)

    @cached_property
    def functions(self) -> frozenset[str]:
        """The first halves of category ids: 'GV' of 'GV.OC-01'."""
        ids = [m["id"] for block in self.blocks if (m := CATEGORY.match(block.text))]
        return frozenset(name[:2] for name in ids) if len(ids) >= _FEW else frozenset()


_BODY = re.compile(
    r"^The (?:General Assembly|Security Council|Economic and Social Council|Human Rights Council)\b", re.IGNORECASE
)
_DATE = re.compile(
    r"^(?:\d{1,2}\s)?[A-Z][a-z]+\.?\s(?:\d{1,2},\s)?(?:19|20)\d\d$", re.IGNORECASE
)  # 'MARCH 2023' below the title
_NO_TITLE = re.compile(
    r"^(?:\d{1,2}(?:\.\d+)*[.)]?\s"
    r"|(?:introduction|foreword|preface|preamble|(?:executive )?summary|abstract|overview|background)\b)",
    re.IGNORECASE,
)
_LETTERHEAD = 12  # blocks that may stand before a document's title


def _opens_article(text: str) -> re.Match[str] | None:
    """'Article 5', 'Article 5: Title' or 'Article 5 Each Party shall ...', but not 'Article 5 of the Charter ...'."""
    match = ARTICLE.match(text)
    if match and (not match["rest"] or match["joint"].strip() or match["rest"][0].isupper()):
        return match
    return None


def _runs(blocks: Sequence[Block]) -> Iterable[list[int]]:
    """The blocks between one heading and the next."""
    run: list[int] = []
    for index, block in enumerate(blocks):
        if block.kind == "heading":
            yield run
            run = []
        else:
            run.append(index)
    yield run


def longest(numbers: Mapping[int, int], gap: int, weights: Mapping[int, float] | None = None) -> list[int]:
    """The keys of the weightiest rising run of numbers, each at most `gap` above the one before, in order."""
    best: dict[int, tuple[float, int]] = {}  # number -> weight of the best run that ends in it, key that ends it
    before: dict[int, int | None] = {}
    for key, number in numbers.items():
        reach = [best[n] for n in range(max(0, number - gap), number) if n in best]
        weight, last = max(reach, key=lambda item: item[0]) if reach else (0.0, None)
        before[key] = last
        weight += weights[key] if weights else 1.0
        if number not in best or weight > best[number][0]:
            best[number] = (weight, key)
    chain: list[int] = []
    at = max(best.values(), key=lambda item: item[0])[1] if best else None
    while at is not None:
        chain.append(at)
        at = before[at]
    return chain[::-1]
