"""Outcomes as what a page shows. Document text is never trusted: every sign in it is written as an entity."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby
from urllib.parse import urlsplit

from bot import places
from bot.answer import Answer, Citation, Refusal, Statement
from bot.quote import NOTHING
from bot.status import is_draft, is_over
from ingest.documents import Document

# What Markdown, HTML or a formula could read as a sign. Letters, digits and what is left of ASCII mean themselves.
_SIGNS = re.compile(r"[!-&(-+\-./:<-@\[-`{-~]")
_JOINERS = "\u200c\u200d"  # needed by Persian, Indic scripts and others
_MARKER = re.compile(r"^(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[).]|[-–—•▪*])\s")
_MONTHS = "January February March April May June July August September October November December".split()
_TITLE = 140  # characters of a title where it only says whose words follow


def visible(text: str) -> str:
    """`text` on one line, without control, zero-width and bidi characters: what is not seen must not act."""
    kept = (c for c in text if c.isspace() or c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return " ".join("".join(kept).split())


def markdown(text: str) -> str:
    """`text` as Markdown that shows exactly it: no mark-up, link, image or formula can come of it."""
    return _SIGNS.sub(lambda sign: f"&#{ord(sign.group())};", visible(text))


def markup(text: str) -> str:
    """`text` as HTML that shows exactly it, within an element or a quoted attribute."""
    return html.escape(visible(text))


def card_id(turn: int, number: int) -> str:
    """The id of a source card. Scoped to the turn: the next answer begins at [1] again."""
    return f"src-{turn}-{number}"


def mark(citation: Citation, turn: int) -> str:
    """The mark [2] as a link to its card; pointing at it names the place."""
    about = citation.document
    symbol = about.symbol.split(";")[0].strip()
    name = ", ".join(part for part in (symbol or short(named(about)), place(citation)) if part)
    return f'[\\[{citation.number}\\]](#{card_id(turn, citation.number)} "{markdown(name)}")'


def place(citation: Citation) -> str:
    """Where in its document a citation stands: the pinpoint, and the page where that does not name it already."""
    page = f"p. {citation.page}" if citation.page else ""
    return ", ".join(
        part for part in (citation.pinpoint, page) if part and (part != page or page not in citation.pinpoint)
    )


def named(about: Document) -> str:
    """What a document is called: its title, or its slug where that shows nothing."""
    return visible(about.title) or about.slug


def short(title: str) -> str:
    """A title cut at a word."""
    title = visible(title)
    if len(title) <= _TITLE:
        return title
    cut = title[:_TITLE].rsplit(" ", 1)[0]
    return re.sub(r"\s*\([^)]*$", "", cut).rstrip(",;: ") + " …"


def day(date: str) -> str:
    """An ISO date as people write it: 14 December 2022. What is no ISO date stays as it is."""
    found = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?.*", date)
    if not found or not 1 <= int(found[2] or 1) <= 12:
        return date
    month = _MONTHS[int(found[2]) - 1] if found[2] else ""
    return " ".join(part for part in (str(int(found[3])) if found[3] else "", month, found[1]) if part)


def link(url: str, schemes: Sequence[str] = ("https",)) -> str:
    """`url` where it is a plain https address (or of the `schemes`) that may be followed, else nothing."""
    try:
        parts = urlsplit(url.strip())
        good = parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return ""
    return url.strip() if good and url.isascii() and not re.search(r"[\s\\<>\"'`\x00-\x1f\x7f]", url.strip()) else ""


def body(statements: Sequence[Statement], citations: Sequence[Citation], turn: int) -> str:
    """Statements as Markdown, each with its marks; who speaks is said above the words whenever the document changes."""
    known = {citation.number: citation for citation in citations}
    parts = []
    for _, group in groupby(statements, key=lambda statement: known[statement.citations[0]].document.slug):
        said = list(group)
        parts.append(f"*{markdown(_byline(known[said[0].citations[0]]))}*")
        several = sum(bool(_MARKER.match(visible(statement.text))) for statement in said) > 1
        for place_in_group, statement in enumerate(said):
            text = visible(statement.text)
            opens = place_in_group == 0 and text.endswith(":")
            bullet = "- " if several and _MARKER.match(text) and not opens else ""
            marks = "".join(mark(known[number], turn) for number in statement.citations)
            line = f"{bullet}{markdown(text)} {marks}"
            if bullet and parts[-1].startswith("- "):
                parts[-1] += f"\n{line}"
            else:
                parts.append(line)
    return "\n\n".join(parts)


def _byline(citation: Citation) -> str:
    about = citation.document
    rest = ", ".join(part for part in (about.publisher, day(about.date)) if part)
    return f"{short(named(about))} — {rest}" if rest else short(named(about))


def answer(outcome: Answer, turn: int) -> str:
    """An answer as Markdown for the conversation."""
    parts = [
        understood(outcome.question, outcome.standalone_question),
        table(outcome, turn) if outcome.rows else body(outcome.statements, outcome.citations, turn),
    ]
    parts.append(f"*{markdown(outcome.note)}*" if outcome.note else "")
    return "\n\n".join(part for part in parts if part)


def table(outcome: Answer, turn: int) -> str:
    """A comparison as a Markdown table: a row for each thing compared, an empty cell said to be empty."""
    known = {citation.number: citation for citation in outcome.citations}
    lines = ["| Of | In the words of the texts |", "|---|---|"]
    for row in outcome.rows:
        said = [outcome.statements[place] for place in row.statements]
        cells = [f"{markdown(s.text)} {''.join(mark(known[number], turn) for number in s.citations)}" for s in said]
        lines.append(f"| **{markdown(row.label)}** | {'<br>'.join(cells) or f'*{NOTHING}*'} |")
    return "\n".join(lines)


def refusal(outcome: Refusal, turn: int) -> str:
    """A refusal as Markdown: why, the nearest things that the library holds, and what may help."""
    parts = [
        understood(outcome.question, outcome.standalone_question),
        f"**No answer from this library.** {markdown(outcome.reason)}",
    ]
    if outcome.nearby:
        near = [
            f"- {markdown(_byline(c))}{markdown(', ' + place(c) if place(c) else '')} {mark(c, turn)}"
            for c in outcome.nearby
        ]
        parts += ["The nearest things it holds:", "\n".join(near)]
    parts.append("It may help to name the instrument, the actor or the year.")
    return "\n\n".join(part for part in parts if part)


def understood(question: str, standalone: str) -> str:
    """What a follow-up was understood as; nothing where that is what was asked."""
    same = visible(question).casefold() == visible(standalone).casefold()
    return "" if same or not standalone else f"*Understood as: {markdown(standalone)}*"


def sources(
    question: str,
    citations: Iterable[Citation],
    turn: int,
    copy: str = "",
    latest: bool = True,
    label: str = "Sources for",
) -> str:
    """The cards of one answer, one a document, as HTML without a blank line; `copy` is what its copy button copies."""
    documents: dict[str, list[Citation]] = {}
    for citation in citations:
        documents.setdefault(citation.document.slug, []).append(citation)
    if not documents:
        return ""
    cards = "".join(card(cited, turn) for cited in documents.values())
    button = '<button type="button" class="copy">Copy answer with sources</button>' if copy else ""
    kept = f'<pre class="copied" hidden>{html.escape(copy).replace(chr(10), "&#10;")}</pre>' if copy else ""
    heading = f"<h2>{label} “{markup(short(question))}”</h2>"
    state = " open" if latest else ""
    return f'<details class="sources"{state}><summary>{heading}</summary>{button}{kept}{cards}</details>'


def card(cited: Sequence[Citation], turn: int) -> str:
    """A source card: whose words, the places cited with the words themselves, and the way to the official text."""
    about = cited[0].document
    when = f'<time datetime="{markup(about.date)}">{markup(day(about.date))}</time>' if about.date else ""
    facts = " · ".join(part for part in (markup(about.publisher), when, markup(about.symbol)) if part)
    address = link(about.url)
    host = markup(urlsplit(address).hostname or "")
    out = f'<a href="{html.escape(address)}" target="_blank" rel="noopener noreferrer">Open at {host}</a>'
    return (
        f'<article class="card"><h3>{markup(named(about))}</h3><p class="facts">{facts} {badge(about.status)}</p>'
        f'<ol class="quotes">{"".join(quote(citation, turn, cited) for citation in cited)}</ol>'
        f"{f'<p>{out}</p>' if address else ''}</article>"
    )


def quote(citation: Citation, turn: int, cited: Sequence[Citation] = ()) -> str:
    """One cited place: its number, its pinpoint, the words and the way to them in their document; marks lead here."""
    where = f'<span class="place">{markup(place(citation))}</span>' if place(citation) else ""
    return (
        f'<li class="quote" id="{card_id(turn, citation.number)}" tabindex="-1">'
        f'<p><span class="number">[{citation.number}]</span> {where}'
        f'<button type="button" class="back" title="Back to mark {citation.number} in the answer">Back</button></p>'
        f'<blockquote dir="auto">{markup(citation.quote)}</blockquote>{reading(citation, cited)}</li>'
    )


def reading(citation: Citation, cited: Sequence[Citation] = ()) -> str:
    """The way to the cited words in their document, and from there to the other places `cited` in it."""
    spans = [places.Span(one.start, one.end) for one in cited]
    here = places.Span(citation.start, citation.end)
    address = html.escape(places.address(citation.document.slug, here, citation.quote, spans))
    name = f"Read {place(citation)} in the source" if place(citation) else "Read it in the source"
    return f'<p><a class="read" href="{address}" target="_blank" rel="noopener" title="{markup(name)}">Read in the source</a></p>'


def badge(status: str) -> str:
    """The status of a document; one that no longer holds stands out."""
    return f'<span class="badge {standing(status)}">{markup(status)}</span>' if status else ""


def standing(status: str) -> str:
    """Whether a document of that status is `over`, a `draft`, or neither."""
    return "over" if is_over(status) else "draft" if is_draft(status) else ""


def language_tag(given: str) -> str:
    """A document's language as HTML names it, where it is written so."""
    return given if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", given) else ""


def plain(outcome: Answer) -> str:
    """An answer with its sources as plain text, to paste into a note or a message."""
    lines = [visible(outcome.question), ""]
    lines += [f"{visible(s.text)} {''.join(f'[{number}]' for number in s.citations)}" for s in outcome.statements]
    lines += [visible(outcome.note)] if outcome.note else []
    lines += ["", "Sources"]
    for cited in outcome.citations:
        about = cited.document
        facts = [
            named(about),
            about.publisher,
            day(about.date),
            about.symbol,
            place(cited),
            about.status,
            link(about.url),
        ]
        lines.append(f"[{cited.number}] {', '.join(visible(fact) for fact in facts if fact)}")
    return "\n".join(lines)
