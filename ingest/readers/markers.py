"""Printed markers of paragraphs and points: '51.', '1.3', '(a)', '(iv)', '-', and how deep each stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.documents import Block

BULLETS = "•·▪◦‣●○■□–—*-\uf0b7\uf0a7"
_MARKER = re.compile(
    rf"""(?P<bullet>[{re.escape(BULLETS)}])\s
    | \((?P<both>[a-z]{{1,2}}|[A-Z]{{1,2}}|[ivxl]{{1,6}}|[IVX]{{1,5}}|\d{{1,3}})\)(?=\s|$)
    | (?P<right>[a-z]|[ivx]{{1,5}}|\d{{1,3}})\)(?=\s|$)
    | (?P<dot>[a-z]|[ivx]{{2,5}}|\d{{1,3}})\.(?=\s|$)
    | (?P<deep>\d{{1,2}}(?:\.\d{{1,2}}){{1,3}})\.?(?=\s|$)""",
    re.VERBOSE,
)
_ROMAN = re.compile(r"x{0,3}(?:ix|iv|v?i{0,3})")
_SECTION = re.compile(r"(?:Sec(?:tion|\.)|Article|§)\s*\d|\d{1,3}\.\s")
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50}


@dataclass(frozen=True)
class Marker:
    """A printed marker: its style ('both', 'right', 'dot', 'deep', 'bullet') and its body ('a', 'iv', '51', '1.3')."""

    style: str
    body: str

    def readings(self) -> list[tuple[str, int]]:
        """(series, position) of each way to read the body: '(i)' is the first roman or the ninth letter."""
        if self.style == "bullet":
            return [(f"bullet {self.body}", 0)]
        if self.style == "deep":
            return [(f"deep {self.body.count('.')}", 0)]
        if self.body.isdigit():
            return [(f"{self.style} number", int(self.body))]
        case = "lower" if self.body.islower() else "upper"
        low, found = self.body.lower(), []
        if _ROMAN.fullmatch(low):
            found.append((f"{self.style} {case} roman", _roman(low)))
        if len(low) == 1 or low[0] == low[-1]:
            found.append((f"{self.style} {case} letter", ord(low[0]) - 96 + 26 * (len(low) - 1)))
        return found


def marker(text: str) -> Marker | None:
    """The marker at the start of `text`, if there is one."""
    found = _MARKER.match(text)
    if not found or not found.lastgroup:
        return None
    return Marker(found.lastgroup, found.group(found.lastgroup))


def is_point(text: str) -> bool:
    """Whether `text` starts like a point of a list ('(a) ...', 'iv. ...', '- ...'), not like a numbered paragraph."""
    found = marker(text)
    return found is not None and not (found.style in ("dot", "deep") and found.body[0].isdigit())


def depths(markers: Sequence[Marker]) -> list[int]:
    """Depth, from 1, of each of a run of markers: a series goes on where it left off, a new one opens a level below."""
    open_series: list[tuple[str, int]] = []
    found = []
    for index, mark in enumerate(markers):
        following = markers[index + 1] if index + 1 < len(markers) else None
        _step(open_series, mark, following)
        found.append(len(open_series))
    return found


def _step(open_series: list[tuple[str, int]], mark: Marker, following: Marker | None) -> None:
    readings = mark.readings()
    for series, position in _likeliest(readings, following):
        for depth in range(len(open_series) - 1, -1, -1):
            name, last = open_series[depth]
            if name == series and (position == 0 or position == last + 1):
                del open_series[depth + 1 :]
                open_series[depth] = (series, position)
                return
    first = next((r for r in readings if r[1] <= 1), readings[0] if readings else ("other", 0))
    for depth, (name, _) in enumerate(open_series):
        if name == first[0] and first[1] != 1:  # a gap in a series that is open: still the same level
            del open_series[depth + 1 :]
            open_series[depth] = first
            return
    if first[1] == 1:  # starting anew: a sibling run replaces an open series of the same style
        names = [name for name, _ in open_series]
        if first[0] in names:
            del open_series[names.index(first[0]) :]
    open_series.append(first)


def _likeliest(readings: list[tuple[str, int]], following: Marker | None) -> list[tuple[str, int]]:
    """Readings that the following marker goes on with first: '(i)' before '(ii)' is roman, before '(j)' a letter."""
    if following is None or len(readings) < 2:
        return readings
    ahead = set(following.readings())
    return sorted(readings, key=lambda reading: (reading[0], reading[1] + 1) not in ahead)


def _roman(text: str) -> int:
    values = [_VALUES[character] for character in text]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))


def nest(blocks: Sequence[Block]) -> list[Block]:
    """The blocks, every item with a level: from the markers since the last heading or paragraph number."""
    found = list(blocks)
    run: list[int] = []
    for index, block in enumerate(found):
        if block.kind == "item" and not block.level:
            run.append(index)
        elif block.kind == "heading" or _SECTION.match(block.text):
            _nest_run(found, run)
            run = []
    _nest_run(found, run)
    return found


def _nest_run(blocks: list[Block], run: Sequence[int]) -> None:
    marks = {index: mark for index in run if (mark := marker(blocks[index].text))}
    for index, level in zip(marks, depths(list(marks.values())), strict=True):
        blocks[index] = blocks[index].model_copy(update={"level": level})
    last = 1
    for index in run:
        last = blocks[index].level or last
        if not blocks[index].level:
            blocks[index] = blocks[index].model_copy(update={"level": last})
