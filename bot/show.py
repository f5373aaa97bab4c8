"""What the commands print: JSON alone on standard output, or plain text and tables; progress on standard error."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    from bot.doctor import Check
    from bot.schema import AnswerBody, CitationBody, FoundBody, WholeBody
    from ingest.documents import Text
    from ingest.sync import Summary

PIPED_WIDTH = 160  # of tables when nobody says how wide the terminal is
_HARMLESS = "\n\t\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"  # joiners and marks that belong to writing, and what is not seen
PREVIEW = 300  # characters of a passage in a list of passages


def value(it: object) -> None:
    """Prints one JSON value, and nothing else."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    typer.echo(json.dumps(it, ensure_ascii=plain, allow_nan=False))


def text(words: str = "") -> None:
    """Prints text on standard output."""
    typer.echo(clean(words))


def note(words: str) -> None:
    """Says something that is not the result: on standard error."""
    typer.echo(clean(words), err=True)


def clean(words: str) -> str:
    """`words` without control, bidi and tag characters: what a document holds must not steer the terminal."""
    return "".join(c if c in _HARMLESS or not _acts(c) else "\N{REPLACEMENT CHARACTER}" for c in words)


def _acts(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs")


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress bar on standard error where that is a terminal, gone when it is done."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = _console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar


def _table(*columns: str, numbers: Iterable[str] = ()) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    return table


def _print(table: Table) -> None:
    _console().print(table)


def about(found: Text) -> dict[str, Any]:
    """A document as `library list --json` gives it."""
    names = ("slug", "title", "publisher", "date", "symbol", "kind", "status", "language", "url")
    counts = {"passages": len(found.passages), "words": len(found.document.text.split())}
    return {name: getattr(found.document, name) for name in names} | counts


def whole(found: Text) -> dict[str, Any]:
    """A document as `library show --json` gives it: with its text and the places of its passages."""
    places = [{"pinpoint": p.pinpoint, "page": p.page, "start": p.start, "end": p.end} for p in found.passages]
    return about(found) | {"licence": found.document.licence, "text": found.document.text, "passages": places}


def documents(rows: Sequence[dict[str, Any]]) -> None:
    """The table of `library list`."""
    table = _table("slug", "title", "publisher", "date", "kind", "passages", "words", numbers=("passages", "words"))
    for row in rows:
        cells = [clean(str(row[name])) for name in ("slug", "title", "publisher", "date", "kind")]
        table.add_row(*cells, f"{row['passages']:,}", f"{row['words']:,}")
    _print(table)
    count, words = sum(row["passages"] for row in rows), sum(row["words"] for row in rows)
    text(f"{len(rows):,} documents, {count:,} passages, {words:,} words")


def document(found: WholeBody) -> None:
    """The page of `library show`: what is known of the document, then its passages under their pinpoints."""
    for name, known in found.model_dump(exclude={"text", "passages", "licence"}).items():
        if known != "":
            text(f"{name:<10} {known}")
    for passage in found.passages:
        page = f"p. {passage.page}" if passage.page else ""
        text("\n" + " · ".join(part for part in (passage.pinpoint, page) if part))
        text(found.text[passage.start : passage.end].strip())


def ingested(summary: Summary, counts: dict[str, int]) -> None:
    """The table of `ingest`; what failed and what is doubtful is named on standard error."""
    table = _table("added", "changed", "unchanged", "removed", "failed", "passages encoded")
    done = (summary.added, summary.changed, summary.unchanged, summary.removed, summary.failed)
    table.add_row(*(str(len(slugs)) for slugs in done), str(summary.encoded))
    _print(table)
    text("The library holds {documents:,} documents, {passages:,} passages, {words:,} words.".format(**counts))
    for slug, warnings in summary.warnings.items():
        for warning in warnings:
            note(f"warning: {slug}: {warning}")


def failures(failed: dict[str, str]) -> None:
    """Each failure with its reason."""
    for name, reason in failed.items():
        note(f"failed: {reason}" if reason.startswith(name) else f"failed: {name}: {reason}")


def evidence(found: Sequence[FoundBody]) -> None:
    """The passages of `search`, best first."""
    for number, item in enumerate(found, 1):
        page = f"p. {item.page}" if item.page else ""
        place = " · ".join(part for part in (item.title, item.pinpoint, page) if part)
        text(f"{number}. {place}  ({item.source}, {item.score:.3f})")
        words = " ".join(item.text.split())
        text(f"   {words if len(words) <= PREVIEW else words[:PREVIEW].rsplit(' ', 1)[0] + ' ...'}\n")
    if not found:
        text("Nothing found. Try other words, or fewer filters.")


def outcome(found: AnswerBody) -> None:
    """An answer with its sources, or a refusal with what the library holds nearby."""
    if found.standalone_question != found.question:
        text(f"Understood as: {found.standalone_question}\n")
    text(found.text)
    answered = found.outcome == "answer"
    cited, title = (found.citations, "Sources") if answered else (found.nearby, "Nearest in the library")
    if cited:
        text(f"\n{title}")
    for citation in cited:
        text(_source(citation, answered))
    text(f"\nConfidence {found.confidence:.2f}, {found.timings_ms.total / 1000:.1f} s")


def _source(cited: CitationBody, marked: bool) -> str:
    page = f"p. {cited.page}" if cited.page else ""
    place = " · ".join(part for part in (cited.title, cited.pinpoint, page) if part)
    known = " · ".join(part for part in (cited.publisher, cited.date, cited.symbol, cited.status) if part)
    lines = [f"“{' '.join(cited.quote.split())}”", known, cited.url]
    return "\n    ".join([f"{f'[{cited.number}]' if marked else '-':<3} {place}", *(line for line in lines if line)])


def checks(found: Sequence[Check]) -> None:
    """What `doctor` found, with the mend of what is not well."""
    table = _table("", "what", "found", "mend")
    for check in found:
        table.add_row(check.state, check.name, clean(check.found), clean(check.mend))
    _print(table)
    wrong = sum(check.state != "ok" for check in found)
    text("All is well." if not wrong else f"{wrong} of {len(found)} checks need a look.")


def verdicts(found: Sequence[dict[str, Any]]) -> None:
    """Each statement: that it holds, or why not."""
    for item in found:
        text(f"{item['id']}: {'holds' if item['supported'] else _why(item['reasons'])}")
    text(f"{sum(item['supported'] for item in found)} of {len(found)} statements hold.")


def checked(found: Sequence[dict[str, Any]]) -> None:
    """Each sentence of a draft: that it holds, why not, or that it has no source; and the best passage for it."""
    told = {"holds": "holds", "fails": "does not hold", "unsourced": "has no source"}
    for item in found:
        text(f"{item['number']}. ({item['place']}) {item['text']}")
        why = _why(item["reasons"])
        text(f"   {told[item['status']]}{': ' if why else ''}{why}")
        if best := item["best"]:
            where = ", ".join(part for part in (best["source"], best["pinpoint"]) if part)
            text(f"   {'supported by' if best['supports'] else 'nearest'}: {where}: {best['quote'][:PREVIEW]}")
    count = [sum(item["status"] == status for item in found) for status in told]
    text(f"{count[0]} of {len(found)} sentences hold, {count[1]} do not, {count[2]} have no source.")


def _why(reasons: Sequence[dict[str, str]]) -> str:
    return "; ".join(f"{reason['rule']}: {reason['detail']}" for reason in reasons)
