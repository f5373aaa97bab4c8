"""United Nations documents as pdftotext leaves them: running lines out, paragraphs as adopted."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence

from ingest.documents import Block
from ingest.readers.markers import is_point, nest
from ingest.readers.mend import Words, letters
from ingest.readers.reading import Reading
from ingest.readers.text import cut, squeeze, tidy

_SYMBOL = re.compile(r"[AES]/(?:[A-Z][\w.-]*/|\d+/)*(?:RES/|DEC/)?[\w./-]*\d(?: \(\d{4}\))?(?:/[A-Z][\w.]*)*$")
_JOB = re.compile(r"(?:\d{2}-\d{5}(?: \([A-Z]\))?|\*\d{7}\*)$")
_PAGE = re.compile(r"\d{1,3}/\d{1,3}$")
_PRINT_DATE = re.compile(r"\d{6}$|Please recycle$")
_JOB_AND_PAGE = re.compile(r"(?:\d{2}-\d{5}\s+\d{1,3}/\d{1,3}|\d{1,3}/\d{1,3}\s+\d{2}-\d{5})$")
_RULE = re.compile(r"_{5,}$")
_OPENING = re.compile(r"The (?:General Assembly|Security Council|Economic and Social Council|Human Rights Council),$")
_NUMBER = re.compile(r"\d{1,3}/\d{1,3}(?: [A-Z])?\.(?:$|\s+[A-Z])")
_OPERATIVE = re.compile(r"\d{1,3}\.(?:$|\s+[A-Z])|\d{1,2}\.\d{1,2}\.?(?:$|\s+[A-Z])")
_POINT = re.compile(r"\([a-z]{1,4}\)(?:$|\s)")
_PREAMBLE = re.compile(
    r"(?:(?:Also|Further|Deeply|Fully|Gravely|Strongly|Again|Solemnly) )?"
    r"(?:(?!Working|Meeting|Beijing|During)[A-Z][a-z]+ing|Mindful|Convinced|Concerned|Alarmed|Aware|Determined|Guided|Conscious"
    r"|Disturbed|Encouraged|Inspired|Resolved|Dismayed|[Cc]oncerned|[Aa]ware|[Cc]onvinced|[Aa]larmed)\b"
)
_MEETING = re.compile(r"\d+(?:st|nd|rd|th) (?:plenary )?meeting$")
_ENDED = re.compile(r"[.;:,](?: and| or)?(?: \d{1,2})?$")  # a note's number may follow
_MONTHS = ("January February March April May June July August September October November December").split()


def recognises(lines: Sequence[str]) -> bool:
    """Whether the text is a UN document: its symbol among the first lines, and job numbers or the symbol again."""
    filled = [line.strip() for line in lines if line.strip()]
    symbols = {line for line in filled[:12] if _SYMBOL.match(line)}
    return any(filled.count(symbol) > 1 for symbol in symbols) or (bool(symbols) and any(map(_JOB.match, filled)))


def read_lines(lines: Sequence[str], words: Words) -> Reading:
    """A UN document as blocks: head, title, preambular and operative paragraphs, notes."""
    text, notes = _without_running([line.strip() for line in lines])
    opening = next((i for i, line in enumerate(text) if _OPENING.match(line)), len(text))
    head = list(_head(text[:opening], words))
    body = list(_body(text[opening:], words))
    blocks = nest([*head, *body, *(block for region in notes for block in _notes(region, words))])
    return Reading(metadata=_metadata(head, text), blocks=tidy(blocks))


def _without_running(lines: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """The text less job and page numbers, repeated symbols and titles; and the lines of each page's notes."""
    symbol = next(line for line in lines if _SYMBOL.match(line))
    text: list[str] = []
    notes: list[list[str]] = []
    seen, in_notes = "", False
    for chunk in _pieces(lines, symbol):
        if (chunk == [symbol] and symbol in text) or _repeats(chunk, seen):
            in_notes = False
            continue
        for line in chunk:
            if _RULE.match(line):
                in_notes = True
                notes.append([])
            elif _JOB.match(line) or _JOB_AND_PAGE.match(line) or _PAGE.match(line) or _PRINT_DATE.match(line):
                continue
            elif in_notes:
                notes[-1].append(line)
            else:
                text.append(line)
        text.append("")
        seen += letters(" ".join(chunk))
    return text, notes


def _pieces(lines: Sequence[str], symbol: str) -> Iterator[list[str]]:
    """Lines between blank lines; the symbol always stands alone."""
    piece: list[str] = []
    for line in [*lines, ""]:
        if not line or line == symbol:
            if piece:
                yield piece
            piece = []
            if line:
                yield [line]
        else:
            piece.append(line)


def _repeats(chunk: Sequence[str], seen: str) -> bool:
    """Whether a short piece only says again what stood above: the title at the top of a page."""
    said = letters(" ".join(chunk))
    return len(chunk) <= 5 and len(said) >= 15 and said in seen and not _ENDED.search(chunk[-1])


def _head(lines: Sequence[str], words: Words) -> Iterator[Block]:
    """What stands above the text: the masthead piece by piece, then number and title as the heading."""
    number = next((i for i, line in enumerate(lines) if _NUMBER.match(line)), None)
    for piece in _pieces(lines[:number], ""):
        yield from cut([(words.join_lines(piece), True)])
    if number is not None:
        title = [line for line in lines[number:] if line]
        yield from cut([(words.mend(words.join_lines(title)), True)], "heading", 1)


def _body(lines: Sequence[str], words: Words) -> Iterator[Block]:
    """Paragraphs by how they begin, since page breaks tear them and blank lines do not tell them apart."""
    block: list[str] = []
    operative = False
    before = ""
    for line in [line for line in lines if line]:
        starts = _starts(line, before, operative)
        if starts and block:
            yield from _paragraph(block, words)
            block = []
        operative = operative or bool(_OPERATIVE.match(line) and starts)
        block.append(line)
        before = line
    if block:
        yield from _paragraph(block, words)


def _starts(line: str, before: str, operative: bool) -> bool:
    if not before or _OPENING.match(before) or _OPENING.match(line) or _MEETING.match(line):
        return True
    if _MEETING.match(before):
        return False
    ended = bool(_ENDED.search(before))
    if _OPERATIVE.match(line) or _POINT.match(line):
        return ended
    return not operative and ended and bool(_PREAMBLE.match(line))


def _paragraph(lines: Sequence[str], words: Words) -> Iterator[Block]:
    text = squeeze(words.mend(words.join_lines(lines)))
    if _OPENING.match(text):
        yield from cut([(text, True)], "heading", 2)
    else:
        yield from cut([(text, True)], "item" if is_point(text) else "paragraph")


def _notes(lines: Sequence[str], words: Words) -> Iterator[Block]:
    """Notes of a page: pdftotext sets the numbers apart from the texts; where they are as many, they are paired."""
    numbers = sorted(int(line) for line in lines if line.isdigit())
    texts: list[list[str]] = []
    for line in lines:
        if not line or line.isdigit():
            continue
        numbered = re.match(r"\d{1,3} [A-Z]", line)
        if texts and not texts[-1][-1].endswith(".") and not numbered:
            texts[-1].append(line)
        else:
            texts.append([line])
    if len(numbers) == len(texts):
        for number, text in zip(numbers, texts, strict=True):
            yield from cut([(f"{number} {words.join_lines(text)}", True)], "note")
    else:
        for text in texts:
            yield from cut([(words.join_lines(text), True)], "note")


def _metadata(head: Sequence[Block], text: Sequence[str]) -> dict[str, str]:
    symbol = next(line for line in text if _SYMBOL.match(line))
    fields = {"symbol": symbol, "language": "en"}
    title = next((block.text for block in head if block.kind == "heading"), "")
    if title:
        fields["title"] = re.sub(r"^\d+/\d+(?: [A-Z])?\.\s*", "", title)
    body = next((b for b in ("General Assembly", "Security Council", "Human Rights Council") if b in text[:12]), "")
    if body:
        fields["publisher"] = f"United Nations {body}"
    if "/RES/" in symbol:
        fields["kind"] = "resolution"
    date = _date(" ".join(block.text for block in head))
    return {**fields, "date": date} if date else fields


def _date(head: str) -> str:
    """The day of adoption, else that of distribution."""
    found = re.search(r"adopted by .{5,60}? on (\d{1,2}) (\w+) (\d{4})", head)
    found = found or re.search(r"Distr\.: \w+ (\d{1,2}) (\w+) (\d{4})", head)
    if not found or found.group(2) not in _MONTHS:
        return ""
    try:
        return datetime.date(int(found.group(3)), _MONTHS.index(found.group(2)) + 1, int(found.group(1))).isoformat()
    except ValueError:
        return ""
