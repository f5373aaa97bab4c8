"""Mending what converters break: words split by a stray space or a line end, lines that repeat on every page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_LETTERS = re.compile(r"[^\W\d_]+")
_BROKEN = re.compile(r"(?<!\S)\S*[-\x02\xad]\s*\n\s*\S+")
_LONGEST_WORD = 200  # characters
_SPLIT_HYPHEN = re.compile(r"(?<=[a-z]) -(?=[a-z]{2})")
_TOKENS = re.compile(r"(\s+)")
_PAGE_NUMBER = re.compile(
    r"(?:page\s+)?[-–—]?\s*(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:/|of)\s*\d{1,4})?\s*[-–—]?$", re.IGNORECASE
)
# words of one or two letters that stand alone in English, French and Spanish texts; any other such piece is a fragment
_SHORT = set(
    "a i am an as at be by do eg en et go he ie if in is it la le les me my no of on or "
    "so to up us vs we y o de du un el al se su".split()
)


class Words:
    """The words of a document, by which its own split words are told from words that merely stand side by side."""

    def __init__(self, text: str) -> None:
        whole = _BROKEN.sub(" ", text)  # halves at a line end are no evidence of words
        self.counts = Counter(word.lower() for word in _WORD.findall(whole))

    def join_lines(self, lines: Sequence[str]) -> str:
        """Lines of one paragraph as one line, words that were hyphenated at a line end joined."""
        parts: list[str] = []
        end = ""  # of what is joined so far: a paragraph may be as long as its file
        for line in filter(None, map(str.strip, lines)):
            gap = " " if parts else ""
            if re.search(r"[^\W\d_]-$", end) and line[:1].islower():
                parts[-1] = parts[-1][:-1]
                end = end[:-1]
                gap = self._hyphen(end, line)
            elif re.search(r"[^\W_]-$", end):
                gap = ""
            parts.append(gap + line)
            end = (end + parts[-1])[-_LONGEST_WORD:]
        return "".join(parts)

    def join_hyphen(self, before: str, after: str) -> str:
        """'informa' + 'tion' to 'information', or with the hyphen kept: as the text has it elsewhere."""
        return before + self._hyphen(before, after) + after

    def _hyphen(self, before: str, after: str) -> str:
        left = _tail(before[-_LONGEST_WORD:])
        right = _head(after)
        plain, hyphened = f"{left}{right}".lower(), f"{left}-{right}".lower()
        if self.counts[hyphened] > self.counts[plain]:
            return "-"
        if self.counts[plain]:
            return ""
        both_words = min(self.counts[left.lower()], self.counts[right.lower()]) > 0
        return "-" if both_words else ""

    def mend(self, text: str) -> str:
        """Words that a stray space splits, joined where the text itself shows the whole word; no letter is lost."""
        text = _SPLIT_HYPHEN.sub("-", text)
        pieces = _TOKENS.split(text)
        index = 0
        while index + 2 < len(pieces):
            if pieces[index + 1] == " " and self._belong(pieces[index], pieces[index + 2], _at(pieces, index + 4)):
                pieces[index : index + 3] = [pieces[index] + pieces[index + 2]]
            else:
                index += 2
        return "".join(pieces)

    def _belong(self, left: str, right: str, after: str) -> bool:
        """Whether two pieces side by side are halves of one word."""
        head, tail = _tail(left), _head(right)
        if not head or not tail or not left.endswith(head) or not tail.islower():
            return False
        if self.counts[f"{head}{tail}".lower()]:
            if _fragment(head) or _fragment(tail):
                return True
            once = self.counts[head.lower()] <= 1  # here, and nowhere else
            if _known(tail):
                return once and len(head) > 3
            return once and self.counts[tail] <= 1 and not _known(head)
        lone = _fragment(tail) and right == tail and self.counts[tail] <= 2
        return lone and head.islower() and self.counts[head.lower()] < self.counts[_head(after).lower()]


def _fragment(piece: str) -> bool:
    """Whether a piece is too short to be a word of its own."""
    return len(piece) <= 2 and not _known(piece)


def _known(piece: str) -> bool:
    return piece.lower() in _SHORT


def _tail(text: str) -> str:
    found = re.search(r"[^\W\d_]+$", text)
    return found.group() if found else ""


def _head(text: str) -> str:
    found = _LETTERS.match(text)
    return found.group() if found else ""


def _at(pieces: Sequence[str], index: int) -> str:
    return pieces[index] if index < len(pieces) else ""


def letters(text: str) -> str:
    """Letters only, lower case: what two prints of one header line have in common, whatever the page number."""
    return "".join(_LETTERS.findall(text.lower()))


def is_page_number(line: str) -> bool:
    """Whether a line is only a page number: '7', '- 7 -', 'Page 7 of 12', 'iv', '2/5'."""
    return bool(_PAGE_NUMBER.match(line.strip()))


def running_lines(pages: Sequence[Sequence[str]], reach: int = 3) -> list[set[int]]:
    """Of each page's lines, from top to bottom, those that are running headers, footers or page numbers.

    Only the first and last lines of a page can be; they are when many pages have the same words there.
    """
    edges = [_edges(lines, reach) for lines in pages]
    seen: Counter[str] = Counter()
    for lines, edge in zip(pages, edges, strict=True):
        seen.update({letters(lines[index]) for index in edge} - {""})
    enough = max(3, len(pages) * 0.2)
    found = []
    for lines, edge in zip(pages, edges, strict=True):
        repeats = {i for i in edge if seen[letters(lines[i])] >= enough}
        numbers = {i for i in edge if is_page_number(lines[i]) and _outermost(i, len(lines), repeats)}
        found.append(repeats | numbers)
    return found


def _edges(lines: Sequence[str], reach: int) -> set[int]:
    filled = [index for index, line in enumerate(lines) if line.strip()]
    return {*filled[:reach], *filled[-reach:]}


def _outermost(index: int, count: int, repeats: set[int]) -> bool:
    """Whether only running lines stand between a line and the nearer edge of its page."""
    return all(i in repeats for i in range(index)) or all(i in repeats for i in range(index + 1, count))
