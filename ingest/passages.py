"""A document's text, cut into passages that tile it and into sentences that can be quoted."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from ingest.documents import Block, Document, Passage, Sentence, Text
from ingest.pinpoints import covering
from ingest.sentences import parts, spans
from ingest.structure import Place

VERSION = "3"  # rises when the same input would be cut in another way
SHORTEST, LONGEST = 60, 200  # words of a passage, where its section has so many
TARGET = 130  # words, where a section has to be cut
TINY = 12  # words: a section without legal numbering that is so short joins its neighbour
LONGEST_SENTENCE = 220  # words; longer ones are cut at a semicolon or comma
TITLE_WORDS, PATH_WORDS = 26, 26  # of a context line

_LIST = ("item", "row", "note")


def context(document: Document, passage: Passage) -> str:
    """The line in front of a passage when it is encoded: title, publisher, date, symbol, headings and pinpoint."""
    about = ", ".join(part for part in (document.publisher, document.date) if part)
    about = "; ".join(part for part in (about, document.symbol.split(";")[0].strip()) if part)
    head = _cap(document.title, TITLE_WORDS) + (f" ({about})" if about else "")
    path = _nearest(passage.path)
    place = "" if passage.pinpoint in path else passage.pinpoint
    return " — ".join(part for part in (head, path, place) if part) + ": "


def _nearest(path: Sequence[str]) -> str:
    """The innermost headings, as many as fit."""
    found = [_cap(path[-1], PATH_WORDS)] if path else []
    for heading in path[-2::-1]:
        if sum(len(part.split()) for part in (*found, heading)) > PATH_WORDS:
            break
        found.insert(0, heading)
    return " > ".join(found)


def _cap(text: str, words: int) -> str:
    found = text.split()
    return text if len(found) <= words else " ".join(found[:words]) + " …"


def compose(document: Document, blocks: Sequence[Block], places: Sequence[Place], given: bool = False) -> Text:
    """The document with its text, its passages (which tile the text and cross no section) and their sentences."""
    text, starts = _join(blocks)
    document = document.model_copy(update={"text": text})
    sentences = [
        _sentences(start, block, place, document.language, cut=not given)
        for start, block, place in zip(starts, blocks, places, strict=True)
    ]
    if given:
        groups = [(own, place.path) for own, place in zip(sentences, places, strict=True)]
    else:
        sentences = _join_markers(text, sentences)
        groups = []
        for section in _sections(places, [_count(text, own) for own in sentences]):
            path = _shared_path([places[i] for i in section if blocks[i].kind != "heading"] or [places[section[-1]]])
            groups += [(group, path) for group in _cut(text, [sentences[i] for i in section])]
    return Text(document=document, passages=tuple(_passages(document, [group for group in groups if group[0]])))


def _join(blocks: Sequence[Block]) -> tuple[str, list[int]]:
    """Block texts joined by a blank line, or by a line break within lists; and where each block starts."""
    pieces: list[str] = []
    starts: list[int] = []
    length = 0
    for index, block in enumerate(blocks):
        if index:
            gap = "\n" if block.kind in _LIST and blocks[index - 1].kind in _LIST else "\n\n"
            pieces.append(gap)
            length += len(gap)
        starts.append(length)
        pieces.append(block.text)
        length += len(block.text)
    return "".join(pieces), starts


def _sentences(start: int, block: Block, place: Place, language: str, cut: bool) -> list[Sentence]:
    """The sentences of one block, very long ones in parts."""
    whole = block.kind in ("heading", "row")
    found = []
    for low, high in [(0, len(block.text))] if whole else spans(block.text, language):
        piece = block.text[low:high]
        for a, b in parts(piece, LONGEST_SENTENCE if cut else len(piece), TARGET):
            found.append(
                Sentence(
                    start=start + low + a,
                    end=start + low + b,
                    kind=place.kind,
                    level=place.level,
                    pinpoint=place.pinpoint,
                    page=block.page,
                    agreed=block.agreed,
                )
            )
    return found


def _join_markers(text: str, sentences: Sequence[list[Sentence]]) -> list[list[Sentence]]:
    """A block that is a marker alone ('1.') becomes the start of the sentence that follows it."""
    found = [list(own) for own in sentences]
    for index, (own, following) in enumerate(pairwise(found)):
        if (
            len(own) == 1
            and following
            and own[0].kind not in ("heading", "row")
            and _is_marker(text[own[0].start : own[0].end])
        ):
            if following[0].kind in ("paragraph", "item") and following[0].agreed == own[0].agreed:
                found[index + 1][0] = following[0].model_copy(update={"start": own[0].start})
                found[index] = []
    return found


def _is_marker(text: str) -> bool:
    return len(text) <= 6 and text[-1:] in ".)" and text.strip("().").isalnum()


def _sections(places: Sequence[Place], words: Sequence[int]) -> list[list[int]]:
    """Runs of blocks that may share a passage: those of one section, tiny unnumbered neighbours joined."""
    runs: list[list[int]] = []
    for index, place in enumerate(places):
        if runs and places[runs[-1][-1]].section == place.section:
            runs[-1].append(index)
        else:
            runs.append([index])
    joined: list[list[int]] = []
    for run in runs:
        before = joined[-1] if joined else []
        tiny = before and min(sum(words[i] for i in before), sum(words[i] for i in run)) <= TINY
        related = before and _related(places[before[-1]].path, places[run[-1]].path)
        if tiny and related and not any(places[i].whole for i in (*before, *run)):
            before += run
        else:
            joined.append(run)
    return joined


def _related(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Whether two headings are one below the other, or below the same heading."""
    shared = min(len(before), len(after))
    return before[:shared] == after[:shared] or before[:-1] == after[:-1]


def _shared_path(places: Sequence[Place]) -> tuple[str, ...]:
    shared = places[0].path
    for place in places:
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(shared, place.path, strict=False)))
        shared = shared[:same]
    return shared


def _cut(text: str, blocks: Sequence[list[Sentence]]) -> list[list[Sentence]]:
    """The sentences of a section in groups of a passage each: the cheapest way to cut it (see `_price`)."""
    sentences = [sentence for block in blocks for sentence in block]
    sizes = [_count(text, [sentence]) for sentence in sentences]
    if sum(sizes) <= LONGEST:
        return [sentences]
    firsts = {id(block[0]): _count(text, block) for block in blocks if block}
    fees = [_fee(text, sentences, at, firsts) for at in range(len(sentences))]
    best: list[tuple[float, int]] = [
        (0.0, 0)
    ]  # cheapest price of the sentences before `at`, where the last group begins
    for at in range(1, len(sentences) + 1):
        size = 0
        options: list[tuple[float, int]] = []
        for begin in range(at - 1, -1, -1):
            size += sizes[begin]
            if size > 2 * LONGEST and options:
                break
            options.append((best[begin][0] + _price(size) + (fees[begin] if begin else 0), begin))
        best.append(min(options))
    groups: list[list[Sentence]] = []
    at = len(sentences)
    while at:
        begin = best[at][1]
        groups.append(sentences[begin:at])
        at = begin
    return groups[::-1]


def _price(size: int) -> float:
    """What a passage of `size` words costs: little near TARGET, much below SHORTEST and above LONGEST."""
    price = ((size - TARGET) / TARGET) ** 2
    if size > LONGEST:
        price += 4 + (size - LONGEST) / 20
    if size < SHORTEST:
        price += (SHORTEST - size) / SHORTEST
    return price


def _fee(text: str, sentences: Sequence[Sentence], at: int, firsts: dict[int, int]) -> float:
    """What it costs to begin a passage with sentence `at`: nothing at a fresh paragraph, much inside a list."""
    here, before = sentences[at], sentences[at - 1]
    if at == 0:
        return 0.0
    if before.kind == "heading" or (before.kind == "row" and firsts.get(id(here), 0) == 0):
        return 50.0
    if text[before.end - 1] == ":":
        return 2.0
    if id(here) not in firsts:  # within a block: dear where the block is short enough to stay whole
        return 1.5 if here.kind == "item" else 0.4
    if here.kind == "heading" or (here.kind == "note") != (before.kind == "note"):
        return -0.1
    if here.kind == "item":  # the deeper the list, the dearer; before the first of a list within a list most of all
        return 0.35 * here.level - 0.25 + (0.4 if before.kind == "item" and here.level > before.level else 0.0)
    return 0.1 if here.kind in _LIST else 0.0


def _count(text: str, sentences: Sequence[Sentence]) -> int:
    return sum(len(text[sentence.start : sentence.end].split()) for sentence in sentences)


def _passages(document: Document, groups: Sequence[tuple[list[Sentence], tuple[str, ...]]]) -> Iterator[Passage]:
    seen: dict[str, int] = defaultdict(int)
    for ordinal, (group, path) in enumerate(groups):
        start = group[0].start if ordinal else 0
        end = groups[ordinal + 1][0][0].start if ordinal + 1 < len(groups) else len(document.text)
        body = [s for s in group if s.kind != "heading"] or group
        passage = Passage(
            id="",
            slug=document.slug,
            ordinal=ordinal,
            text=document.text[start:end],
            start=start,
            end=end,
            pinpoint=covering([s.pinpoint for s in body]),
            path=path,
            page=body[0].page,
            sentences=tuple(group),
        )
        yield passage.model_copy(update={"id": _name(document, passage, seen)})


def _name(document: Document, passage: Passage, seen: dict[str, int]) -> str:
    """The id of a passage: from its words and its context line, so that it is the same on every machine."""
    key = "\0".join((document.slug, context(document, passage), passage.text))
    seen[key] += 1
    return hashlib.sha256(f"{key}\0{seen[key] - 1}".encode()).hexdigest()[:32]
