"""A document's text, cut into passages that tile it and into sentences that can be quoted."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from os.path import commonprefix

from ingest.documents import Block, Document, Passage, Sentence, Text
from ingest.structure import Place

VERSION = "1"  # rises when the same input would be cut in another way
LONGEST = 200  # words of a passage
TARGET = 150  # words, where a section has to be cut
LONGEST_SENTENCE = 220  # words; longer ones are cut at a semicolon or comma
TITLE_WORDS, PATH_WORDS = 26, 26  # of a context line

_LIST = ("item", "row", "note")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Secs?|Arts?|Nos?|paras?|pp?|cf|vols?|eds?|al|Mr|Mrs|Ms|Dr|St|vs?|Inc|Ltd|Corp|ff|[Cc]h|[Aa]pp|Rev|Add|Corr|approx|incl|Jan|Feb|Aug|Sept?|Oct|Nov|Dec)"
    r"|\be\.g|\bi\.e|\bU\.S|\bU\.K|\bU\.N|\bD\.C|\bP\.M|\bA\.M|(?:^|\s)[A-Z])\.\s*$"
)
_MARKER_ONLY = re.compile(r"^\(?(?:\d{1,3}(?:\.\d+)?|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s*$")
_COMMON_TAIL = re.compile(r"[\s(>,-]+$")


def context(document: Document, passage: Passage) -> str:
    """The line in front of a passage when it is encoded: title, publisher, date, symbol, headings and pinpoint."""
    about = ", ".join(part for part in (document.publisher, document.date, document.symbol.split(";")[0].strip()) if part)
    head = _cap(document.title, TITLE_WORDS) + (f" ({about})" if about else "")
    path = _cap(" > ".join(passage.path[-3:]), PATH_WORDS)
    place = "" if not passage.pinpoint or passage.pinpoint in path else passage.pinpoint
    return " — ".join(part for part in (head, path, place) if part) + ": "


def _cap(text: str, words: int) -> str:
    parts = text.split()
    return text if len(parts) <= words else " ".join(parts[:words]) + " …"


def compose(document: Document, blocks: Sequence[Block], places: Sequence[Place], given: bool = False) -> Text:
    """The document with its text, its passages (which tile the text and cross no section) and their sentences."""
    text, starts = _join(blocks)
    document = document.model_copy(update={"text": text})
    sentences = [_sentences(text, start, block, place, document.language) for start, block, place in zip(starts, blocks, places, strict=True)]
    groups: list[list[Sentence]] = []
    paths: list[tuple[str, ...]] = []
    if given:
        for own, place in zip(sentences, places, strict=True):
            groups.append(own)
            paths.append(place.path)
    else:
        for section in _sections(places):
            for group in _cut(text, [sentences[i] for i in section]):
                groups.append(group)
                paths.append(max((places[i].path for i in section), key=len))
    return Text(document=document, passages=tuple(_passages(document, groups, paths)))


def _join(blocks: Sequence[Block]) -> tuple[str, list[int]]:
    """Block texts joined by a blank line, or by a line break within lists; and where each block starts."""
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for index, block in enumerate(blocks):
        if index:
            gap = "\n" if block.kind in _LIST and blocks[index - 1].kind in _LIST else "\n\n"
            parts.append(gap)
            length += len(gap)
        starts.append(length)
        parts.append(block.text)
        length += len(block.text)
    return "".join(parts), starts


def _sections(places: Sequence[Place]) -> Iterator[list[int]]:
    run: list[int] = []
    for index, place in enumerate(places):
        if run and places[run[-1]].section != place.section:
            yield run
            run = []
        run.append(index)
    if run:
        yield run


def _sentences(text: str, start: int, block: Block, place: Place, language: str) -> list[Sentence]:
    """The sentences of one block: trimmed, a bare marker joined to what follows, very long ones cut."""
    spans = [(0, len(block.text))] if block.kind in ("heading", "row") else _split(block.text, language)
    found = []
    for low, high in spans:
        for a, b in _shorten(block.text, low, high):
            found.append(
                Sentence(start=start + a, end=start + b, kind=block.kind, level=block.level, pinpoint=place.pinpoint, page=block.page, agreed=block.agreed)
            )
    return found


def _split(text: str, language: str) -> list[tuple[int, int]]:
    import sentencex

    spans: list[tuple[int, int]] = []
    position, open_at = 0, 0
    pieces = sentencex.segment(language or "en", text)
    for index, piece in enumerate(pieces):
        position = text.find(piece, position) + len(piece) if piece else position
        so_far = text[open_at:position]
        wrong = _ABBREVIATION.search(so_far) or _MARKER_ONLY.match(so_far.strip()) or not so_far.strip()
        if index < len(pieces) - 1 and (wrong or text[position : position + 1].islower()):
            continue
        a, b = open_at + len(so_far) - len(so_far.lstrip()), open_at + len(so_far.rstrip())
        if a < b:
            spans.append((a, b))
        open_at = position
    tail = text[open_at:]
    if tail.strip():
        spans.append((open_at + len(tail) - len(tail.lstrip()), len(text.rstrip())))
    return spans


def _shorten(text: str, low: int, high: int) -> list[tuple[int, int]]:
    """One span, or several where it is longer than a passage may be: cut after semicolons, commas, else words."""
    if len(text[low:high].split()) <= LONGEST_SENTENCE:
        return [(low, high)]
    for pattern in (r";\s+", r",\s+", r"\s+"):
        cuts = [low + m.end() for m in re.finditer(pattern, text[low:high])]
        spans, begin, last = [], low, None
        for cut in [*cuts, high]:
            if len(text[begin:cut].split()) > TARGET and last is not None and last > begin:
                spans.append((begin, last))
                begin = last
            last = cut
        spans.append((begin, high))
        if all(len(text[a:b].split()) <= LONGEST_SENTENCE for a, b in spans):
            return [(a, a + len(text[a:b].rstrip())) for a, b in spans]
    return [(low, high)]


def _cut(text: str, blocks: Sequence[Sequence[Sentence]]) -> Iterator[list[Sentence]]:
    """The sentences of a section in groups of a passage each: cut between blocks where possible, else between sentences."""
    atoms: list[list[Sentence]] = []
    for block in blocks:
        whole = sum(_words(text, s) for s in block)
        atoms += [list(block)] if whole <= TARGET else [[s] for s in block]
    total = sum(_words(text, s) for atom in atoms for s in atom)
    if total <= LONGEST:
        yield [s for atom in atoms for s in atom]
        return
    target = total / round(max(2, total / TARGET))
    group: list[Sentence] = []
    size = 0
    left = total
    for atom in atoms:
        words = sum(_words(text, s) for s in atom)
        introduces = bool(group) and (group[-1].kind == "heading" or (text[group[-1].end - 1] == ":" and size < target * 0.7))
        full = size + words > LONGEST or (size >= target * 0.6 and size + words / 2 > target)
        if group and full and not introduces and (left > 40 or size + words > LONGEST):
            yield group
            group, size = [], 0
        group += atom
        size += words
        left -= words
    if group:
        yield group


def _words(text: str, sentence: Sentence) -> int:
    return len(text[sentence.start : sentence.end].split())


def _passages(document: Document, groups: Sequence[Sequence[Sentence]], paths: Sequence[tuple[str, ...]]) -> Iterator[Passage]:
    seen: dict[str, int] = defaultdict(int)
    full = [(group, path) for group, path in zip(groups, paths, strict=True) if group]
    for ordinal, (group, path) in enumerate(full):
        start = 0 if ordinal == 0 else group[0].start
        end = full[ordinal + 1][0][0].start if ordinal + 1 < len(full) else len(document.text)
        passage = Passage(
            id="",
            slug=document.slug,
            ordinal=ordinal,
            text=document.text[start:end],
            start=start,
            end=end,
            pinpoint=_covering([s.pinpoint for s in group if s.kind != "heading"] or [group[0].pinpoint]),
            path=path,
            page=next((s.page for s in group if s.kind != "heading"), group[0].page),
            sentences=tuple(group),
        )
        key = f"{document.slug}\0{context(document, passage)}\0{passage.text}"
        name = hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:32]
        seen[key] += 1
        yield passage.model_copy(update={"id": name})


def _covering(pinpoints: Sequence[str]) -> str:
    """The finest label that covers all: 'Article 21(2)' for its points, 'Article 21(1)-(3)' for whole paragraphs."""
    unique = list(dict.fromkeys(pinpoints))
    if len(unique) == 1:
        return unique[0]
    common = commonprefix(unique)
    if all(rest == "" or rest[0] in "( >" for rest in (p[len(common) :] for p in unique)) and common.strip():
        common = _COMMON_TAIL.sub("", common)
    else:
        common = _COMMON_TAIL.sub("", re.sub(r"[^\s(>]*$", "", common)) if re.search(r"[\s(>]", common) else ""
    numbers = [re.match(re.escape(common) + r"\((\d+)\)", p) for p in unique]
    if common and all(numbers):
        span = list(dict.fromkeys(m.group(1) for m in numbers if m))
        return f"{common}({span[0]})" if len(span) == 1 else f"{common}({span[0]})-({span[-1]})"
    return common if re.search(r"\d|>|\w{4}", common) and common not in ("Article", "para.", "Sec.", "recital") else ""
