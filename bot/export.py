"""A briefing as a file: Markdown, Word or PDF, each with footnotes. What they have in common is laid out here."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bot import language
from bot.answer import Citation
from bot.render import link, named, pasted, place, short, visible
from ingest.documents import Document, LibraryError

if TYPE_CHECKING:
    from bot.briefing import Briefing, Line, Section

FORMATS = (".md", ".docx", ".pdf")
_NUMBER = re.compile(r"^(?:\(\w{1,4}\)|\d{1,3}(?:\.\d{1,3})*\.)\s+")  # of the paragraph: the note says it
_BULLET = re.compile(
    r"^[-–—•▪*]\s+|\s*[;,](?:\s+(?:and|or))?$"
)  # of the list that a sentence was taken from, and what leads on
_ENDINGS = ".md, .docx or .pdf"


@dataclass(frozen=True)
class Said:
    """Words of one line, and the numbers of the notes that stand at their end."""

    text: str
    notes: tuple[int, ...] = ()
    item: bool = False  # of a list


@dataclass(frozen=True)
class Part:
    """A heading and what stands under it: paragraphs, or a table with its head."""

    title: str
    said: tuple[Said, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[tuple[Said, ...], ...], ...] = ()
    widths: tuple[int, ...] = ()  # of the columns, in parts of a hundred


@dataclass(frozen=True)
class Layout:
    """A briefing as any format shows it. Every text in it is on one line and without hidden signs."""

    title: str
    intro: str
    caution: str
    caution_label: str
    parts: tuple[Part, ...]
    sources_title: str
    sources: tuple[tuple[str, str], ...]  # what a source is called, and its address
    notes: tuple[str, ...]
    language: str


def save(briefing: Briefing, path: Path) -> None:
    """Writes the briefing in the format of the file's suffix, whole or not at all."""
    if path.suffix.lower() not in FORMATS:
        raise LibraryError(f"{path}: a briefing is written as {_ENDINGS}. Give the file one of these endings.")
    if not path.parent.is_dir():
        raise LibraryError(f"{path}: there is no folder {path.parent}. Make it first.")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    beside = Path(name)
    try:
        _writer(path.suffix.lower())(layout(briefing), beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _writer(suffix: str) -> Callable[[Layout, Path], None]:
    if suffix == ".md":
        return _markdown_file
    if suffix == ".pdf":
        from bot.pdf import pdf

        return pdf
    from bot.word import word

    return word


def file_name(briefing: Briefing, suffix: str) -> str:
    """A name for the file that any system takes: the word for a briefing, and a few words of the topic."""
    kept = "-".join(re.findall(r"\w+", visible(briefing.topic).casefold()))[:60].strip("-_")
    return f"{language.load(briefing.language)['brief.name']}{f'-{kept}' if kept else ''}{suffix}"


def layout(briefing: Briefing, made: date | None = None) -> Layout:
    """What the files show; `made` is the day that stands on it, today's where none is given."""
    words = language.load(briefing.language)
    documents = language.many(words, "common.document", len(briefing.documents))
    day = language.day(words, (made or date.today()).isoformat())
    intro = words["brief.written" if briefing.mode == "written" else "brief.quoted"]
    notes, numbers = _notes(briefing.citations, words)
    parts = [_part(briefing, section, words, numbers) for section in briefing.sections]
    if briefing.open_questions:
        asked = tuple(Said(visible(question), item=True) for question in briefing.open_questions)
        parts.append(Part(words["brief.open"], asked))
    return Layout(
        title=visible(briefing.topic),
        intro=f"{words['brief.made'].format(date=day, documents=documents)} {intro}",
        caution=visible(briefing.caution),
        caution_label=words["brief.note"],
        parts=tuple(parts),
        sources_title=words["brief.sources"],
        sources=tuple((_source(about, words), link(about.url)) for about in briefing.documents),
        notes=tuple(notes),
        language=briefing.language,
    )


def _notes(citations: Sequence[Citation], words: language.Words) -> tuple[list[str], dict[int, int]]:
    """The notes, one for all that stands in the same place, and each citation's; a document is named in full once."""
    notes: list[str] = []
    numbers: dict[int, int] = {}
    known: dict[tuple[str, str], int] = {}
    for citation in citations:
        where = (citation.document.slug, place(citation))
        if where not in known:
            later = any(slug == citation.document.slug for slug, _ in known)
            notes.append(_again(citation) if later else reference(citation, words))
            known[where] = len(notes)
        numbers[citation.number] = known[where]
    return notes, numbers


def _again(citation: Citation) -> str:
    """What a note says of a document that an earlier note names in full."""
    about = citation.document
    name = about.symbol.split(";")[0].strip() or short(named(about))
    return ", ".join(visible(part) for part in (name, place(citation)) if part) + "."


def reference(citation: Citation, words: language.Words) -> str:
    """What a note says: whose words, where, when."""
    about = citation.document
    day = language.day(words, about.date)
    parts = [short(named(about)), about.publisher, about.symbol.split(";")[0].strip(), day, place(citation)]
    told = ", ".join(dict.fromkeys(visible(part) for part in parts if part))
    status = f" ({visible(about.status)})" if about.status else ""
    return f"{told}{status}."


def _source(about: Document, words: language.Words) -> str:
    parts = (named(about), about.publisher, about.symbol, language.day(words, about.date), about.status)
    return ", ".join(visible(part) for part in parts if part)


def _part(briefing: Briefing, section: Section, words: language.Words, numbers: dict[int, int]) -> Part:
    def marks(at: int) -> tuple[int, ...]:
        return tuple(dict.fromkeys(numbers[number] for number in briefing.statements[at].citations))

    def said(at: int) -> Said:
        return Said(_alone(briefing.statements[at].text), marks(at), item=at in section.items)

    def cell(row: Line) -> tuple[Said, ...]:
        if row.document:
            return (Said(short(named(known[row.document])), marks(row.statements[0])[:1]),)
        return tuple(said(at) for at in row.statements) or (Said(words["chat.nothing"]),)

    title, rows = visible(section.title), section.rows
    known = {about.slug: about for about in briefing.documents}
    if section.sort == "instruments":
        told = [_instrument(known[row.document], marks(row.statements[0])[:1], words) for row in rows]
        columns = tuple(words[f"brief.{name}"] for name in ("instrument", "from", "date", "standing"))
        return Part(title, head=columns, rows=tuple(told), widths=(41, 28, 17, 14))
    if section.sort == "timeline":
        dated = tuple(((Said(language.day(words, row.label)),), cell(row)) for row in rows)
        return Part(title, head=(words["brief.date"], words["brief.said"]), rows=dated, widths=(20, 80))
    if rows:
        head = words["brief.who" if section.sort == "positions" else "brief.of"], words["brief.own-words"]
        return Part(title, head=head, rows=tuple(((Said(visible(r.label)),), cell(r)) for r in rows), widths=(25, 75))
    return Part(title, tuple(said(at) for at in section.statements))


def _alone(text: str) -> str:
    """A sentence without the bullet of the list that it was taken from, and without the comma that leads to the next item."""
    return _BULLET.sub("", _NUMBER.sub("", visible(text)))


def _instrument(about: Document, notes: tuple[int, ...], words: language.Words) -> tuple[tuple[Said, ...], ...]:
    symbol = visible(about.symbol.split(";")[0])
    name = short(named(about)) + (f" ({symbol})" if symbol and symbol not in about.title else "")
    standing = ", ".join(visible(part) for part in (about.kind, about.status) if part)
    facts = (visible(about.publisher), language.day(words, about.date), standing)
    return ((Said(name, notes),), *((Said(fact),) for fact in facts))


def markdown(briefing: Briefing) -> str:
    """The briefing as Markdown with footnotes; document text is escaped, and is still good to read and to edit."""
    return _markdown(layout(briefing))


def _markdown_file(page: Layout, path: Path) -> None:
    path.write_text(_markdown(page), encoding="utf-8")


def _markdown(page: Layout) -> str:
    lines = [f"# {_escaped(page.title)}", "", f"*{page.intro}*"]
    if page.caution:
        lines += ["", f"**{page.caution_label}** {_escaped(page.caution)}"]
    for part in page.parts:
        lines += ["", f"## {_escaped(part.title)}", "", *_lines(part)]
    lines += ["", f"## {page.sources_title}", ""]
    lines += [f"- {_escaped(name)}{f' <{address}>' if address else ''}" for name, address in page.sources]
    lines.append("")
    lines += [f"[^{number}]: {_escaped(note)}" for number, note in enumerate(page.notes, 1)]
    return "\n".join(lines) + "\n"


def _lines(part: Part) -> list[str]:
    if not part.rows:
        lines: list[str] = []
        for before, said in zip([None, *part.said], part.said, strict=False):
            lines += [""] if before and not (before.item and said.item) else []
            lines.append(f"- {_marked(said)}" if said.item else _marked(said))
        return lines
    rows = [f"| {' | '.join('<br>'.join(map(_marked, cell)) for cell in row)} |" for row in part.rows]
    return [_row(part.head), _row(["---"] * len(part.head)), *rows]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _marked(said: Said) -> str:
    return f"{_escaped(said.text)}{''.join(f'[^{number}]' for number in said.notes)}"


def _escaped(text: str) -> str:
    return pasted(text).replace("\\<", "&lt;")  # some readers take mark-up for mark-up even so
