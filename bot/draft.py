"""A person's own briefing, read for checking: its sentences, their places, and what their marks and notes point to."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from ingest.documents import LibraryError

if TYPE_CHECKING:
    from lxml import etree

SUFFIXES = (".md", ".markdown", ".docx")
MOST_BYTES = 20_000_000
_OPEN, _CLOSE = "\u27e6", "\u27e7"  # around the name of a note while a text is read
_MARKS = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_NUMBERS = re.compile(r"\[(\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*)\](?![(:])")
_SOURCES = re.compile(
    r"(?i)^(?:\d+\.?\s*)?(?:list of )?(?:sources?|references?|(?:foot|end)?notes|bibliography|works cited|citations)\W*$"
)
_LISTED = re.compile(r"^\s*(?:[-*]\s+)?(?:\[\^?(\d{1,3})\]:?|(\d{1,3})[.)])\s+(.+)$")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class Sentence(BaseModel):
    """A sentence of a draft: where it stands, and the notes that it carries."""

    model_config = ConfigDict(frozen=True)

    place: str
    text: str
    notes: tuple[str, ...] = ()
    quoted: bool = False


def read(path: Path) -> list[Sentence]:
    """The sentences of a Markdown or Word draft; LibraryError says why it cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise LibraryError(f"{path} cannot be read ({error.strerror}). Give a draft as Markdown or DOCX.") from None
    if len(raw) > MOST_BYTES:
        raise LibraryError(f"{path} is larger than {MOST_BYTES / 1e6:.0f} MB. Check it in parts.")
    if path.suffix.lower() not in SUFFIXES:
        raise LibraryError(f"{path}: drafts are read as {', '.join(SUFFIXES)}. Statements in JSONL go with --input.")
    pieces, notes = _word(raw, path) if path.suffix.lower() == ".docx" else _markdown(_text(raw, path))
    found = [sentence for piece in pieces for sentence in _sentences(*piece, notes)]
    if not found:
        raise LibraryError(f"{path}: there is no sentence in it.")
    return found


Piece = tuple[str, str, str]  # place, kind, text with the names of notes in it


def _text(raw: bytes, path: Path) -> str:
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise LibraryError(f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8.") from None


def _markdown(text: str) -> tuple[list[Piece], dict[str, str]]:
    """The blocks of a Markdown text, and its notes: footnotes, and the numbered list of sources."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin

    notes: dict[str, str] = {}
    kept = []
    listing = False
    for line in re.sub(r"\A---\n.*?\n---\n", lambda m: "\n" * m.group().count("\n"), text, flags=re.DOTALL).split("\n"):
        heading = re.match(r"\s*#{1,6}\s+(.*)|\s*\*\*([^*]+)\*\*:?\s*$", line)
        if heading or _SOURCES.match(line.strip()):
            listing = bool(_SOURCES.match((heading.group(1) or heading.group(2)) if heading else line.strip()))
        match = _LISTED.match(line)
        defined = re.match(r"^\[\d{1,3}\]:\s", line)
        if match and (listing or defined):
            notes[match.group(1) or match.group(2)] = match.group(3).strip()
        kept.append("" if match and (listing or defined) else line)
    tokens = (
        MarkdownIt("commonmark").enable("table").use(footnote_plugin).disable("footnote_tail").parse("\n".join(kept))
    )
    return list(_blocks(tokens, notes)), notes


def _blocks(tokens: list[Any], notes: dict[str, str]) -> Iterator[Piece]:
    note, quote, heading = "", 0, False
    bare = r" \1 "
    for token in tokens:
        if token.type == "footnote_reference_open":
            note = str(token.meta["label"])
        elif token.type == "footnote_reference_close":
            note = ""
        elif token.type.startswith("blockquote"):
            quote += 1 if token.type.endswith("open") else -1
        elif token.type.startswith("heading"):
            heading = token.type.endswith("open")
        elif token.type == "inline":
            text = _inline(token)
            if note:
                notes[note] = f"{notes.get(note, '')} {_MARKS.sub(bare, text)}".strip()
            elif not heading:
                yield f"line {token.map[0] + 1}" if token.map else "", "quotation" if quote else "text", text


def _inline(token: Any) -> str:
    """The text of a block, with the names of notes and the addresses of links where they stand."""
    parts: list[str] = []
    links: list[str] = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type == "footnote_ref":
            parts.append(f"{_OPEN}{child.meta.get('label') or ''}{_CLOSE}")
        elif child.type == "link_open":
            links.append(str(child.attrs.get("href", "")))
        elif child.type == "link_close" and links:
            parts.append(f"{_OPEN}{links.pop()}{_CLOSE}")
    return "".join(parts)


def _word(raw: bytes, path: Path) -> tuple[list[Piece], dict[str, str]]:
    """The paragraphs of a Word text in order, those of tables too, with its footnotes and endnotes."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml import etree

    try:
        _check_size(raw, path)
        document = docx.Document(BytesIO(raw))
        notes = {**_word_notes(document, "footnote"), **_word_notes(document, "endnote")}
        paragraphs = [(p, _run_text(p)) for p in document.element.body.iter(f"{_W}p")]
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, etree.XMLSyntaxError, OSError) as error:
        raise LibraryError(f"{path}: a damaged file, or no DOCX ({error}). Save it again from Word.") from None
    pieces: list[Piece] = []
    listing = False
    for number, (element, text) in enumerate(paragraphs, start=1):
        style = element.find(f"{_W}pPr/{_W}pStyle")
        name = (style.get(f"{_W}val") or "" if style is not None else "").lower()
        heading = name.startswith(("heading", "title", "subtitle"))
        if heading or _SOURCES.match(text.strip()):
            listing = bool(_SOURCES.match(text.strip()))
            continue
        match = _LISTED.match(text) if listing else None
        if match:
            notes[match.group(1) or match.group(2)] = match.group(3).strip()
        elif text.strip():
            pieces.append((f"paragraph {number}", "quotation" if "quote" in name else "text", text))
    return pieces, notes


def _check_size(raw: bytes, path: Path) -> None:
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        if (
            sum(part.file_size for part in archive.infolist() if part.filename.endswith((".xml", ".rels")))
            > 200_000_000
        ):
            raise LibraryError(f"{path}: unpacks to more than a draft holds.")


def _word_notes(document: Any, kind: str) -> dict[str, str]:
    from lxml import etree

    part = next((r.target_part for r in document.part.rels.values() if r.reltype.endswith(f"/{kind}s")), None)
    if part is None:
        return {}
    root = etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False, no_network=True))
    return {
        f"{kind} {note.get(f'{_W}id')}": _run_text(note).strip()
        for note in root.iter(f"{_W}{kind}")
        if not note.get(f"{_W}type")
    }


def _run_text(element: etree._Element) -> str:
    """The text of a paragraph as it will stand: without deleted words, with the names of its notes."""
    parts: list[str] = []
    for child in element.iter():
        if any(above.tag in (f"{_W}del", f"{_W}moveFrom") for above in child.iterancestors()):
            continue
        if child.tag == f"{_W}t":
            parts.append(child.text or "")
        elif child.tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
            parts.append(" ")
        elif child.tag in (f"{_W}footnoteReference", f"{_W}endnoteReference"):
            kind = "footnote" if child.tag.endswith("footnoteReference") else "endnote"
            parts.append(f"{_OPEN}{kind} {child.get(f'{_W}id')}{_CLOSE}")
    return "".join(parts)


def _sentences(place: str, kind: str, text: str, notes: dict[str, str]) -> Iterator[Sentence]:
    """The sentences of a block; a mark belongs to the sentence before it, and what has no words is left out."""
    from ingest.sentences import spans

    named = _NUMBERS.sub(lambda m: "".join(f"{_OPEN}{n}{_CLOSE}" for n in _each(m.group(1))), text)
    inside = re.sub(rf"([.!?][\"”’)]*)\s*((?:{_OPEN}[^{_CLOSE}]*{_CLOSE}\s?)+)", r"\2\1 ", named)
    parts = [inside] if kind == "quotation" else [inside[start:end] for start, end in spans(inside)]
    for part in parts:
        marks = [mark for mark in _MARKS.findall(part) if mark]
        words = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(_MARKS.sub("", part).split()))
        words = re.sub(r"^(?:[-–•*]|\(?\w{1,3}[.)])\s+", "", words)
        if len(words.split()) >= 4 and re.search(r"[^\W\d_]{2}", words) and not words.endswith("?"):
            told = tuple(notes.get(mark, mark) for mark in dict.fromkeys(marks))
            yield Sentence(place=place, text=words, notes=told, quoted=kind == "quotation")


def _each(numbers: str) -> Iterator[str]:
    """The numbers of a mark such as [1, 3-5]."""
    for part in re.split(r"\s?[,;]\s?", numbers):
        ends = [int(n) for n in re.findall(r"\d+", part)]
        yield from (str(n) for n in range(ends[0], min(ends[-1], ends[0] + 20) + 1))
