"""Outcomes as what a page shows. Document text is never trusted: every sign in it is written as an entity."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from urllib.parse import urlsplit

from bot import language, notices, places
from bot.answer import Answer, Citation, Kind, Refusal, Statement, Written
from bot.status import is_draft, is_over
from ingest.documents import Document

Words = Mapping[str, str]  # of the interface, see bot/language.py

# What Markdown, HTML or a formula could read as a sign. Letters, digits and what is left of ASCII mean themselves.
_SIGNS = re.compile(r"[!-&(-+\-./:<-@\[-`{-~]")
_JOINERS = "\u200c\u200d"  # needed by Persian, Indic scripts and others
_MARKER = re.compile(r"^(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[).]|[-–—•▪*])\s")
_DASH = re.compile(r"^[-*▪]\s+")  # how plain text writes a bullet
_MONTHS = "January February March April May June July August September October November December".split()
_AROUND = 160  # characters read beside a quote
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


def body(
    statements: Sequence[Statement],
    citations: Sequence[Citation],
    turn: int,
    words: Words | None = None,
    kind: Kind = "fact",
) -> str:
    """Statements as Markdown, each with its marks; who speaks is said above the words whenever the document changes."""
    words = words or language.load(language.DEFAULT)
    known = {citation.number: citation for citation in citations}
    if kind == "timeline" and len({citation.document.date for citation in citations}) > 1:
        return _timeline(statements, known, turn, words)
    parts = []
    for _, group in groupby(statements, key=lambda statement: known[statement.citations[0]].document.slug):
        said = list(group)
        parts.append(f"*{markdown(_byline(known[said[0].citations[0]], words))}*")
        parts += _provisions(said, known, turn) if kind == "provision" else _said(said, known, turn)
    return "\n\n".join(parts)


def _said(said: Sequence[Statement], known: Mapping[int, Citation], turn: int) -> list[str]:
    """The statements from one document: paragraphs, and a list where they are the items of one."""
    parts: list[str] = []
    several = sum(bool(_MARKER.match(visible(statement.text))) for statement in said) > 1
    for place_in_group, statement in enumerate(said):
        text = visible(statement.text)
        opens = place_in_group == 0 and text.endswith(":")
        bullet = "- " if several and _MARKER.match(text) and not opens else ""
        line = f"{bullet}{_line(statement, known, turn)}"
        if bullet and parts and parts[-1].startswith("- "):
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
    return parts


def _provisions(said: Sequence[Statement], known: Mapping[int, Citation], turn: int) -> list[str]:
    """Statements set off as quotations, each under its place in the document."""
    parts = []
    for where, group in groupby(said, key=lambda statement: place(known[statement.citations[0]])):
        heading = [f"> **{markdown(where)}**"] if visible(where) else []
        lines = [*heading, *(f"> {_line(statement, known, turn)}" for statement in group)]
        parts.append("\n>\n".join(lines))
    return parts


def _timeline(statements: Sequence[Statement], known: Mapping[int, Citation], turn: int, words: Words) -> str:
    """Statements as a list by documents, each document under its date; what the dates are of is said once."""
    lines = [f"*{markdown(words['chat.dated'])}*"] if statements else []
    for _, group in groupby(statements, key=lambda statement: known[statement.citations[0]].document.slug):
        said = list(group)
        about = known[said[0].citations[0]].document
        name = markdown(short(named(about)))
        heading = f"**{_dated(about.date, words)}** · {name}" if about.date else f"**{name}**"
        lines.append("\n\n".join([f"- {heading}", *(f"  {_line(statement, known, turn)}" for statement in said)]))
    return "\n\n".join(lines)


def _dated(date: str, words: Words) -> str:
    """A date, readable to machines too."""
    return f'<time datetime="{markup(date)}">{markdown(language.day(words, date))}</time>'


def _line(statement: Statement, known: Mapping[int, Citation], turn: int) -> str:
    """A statement with its marks."""
    text = _DASH.sub("• ", visible(statement.text))
    return f"{markdown(text)}&nbsp;{''.join(mark(known[number], turn) for number in statement.citations)}"


def _byline(citation: Citation, words: Words) -> str:
    about = citation.document
    rest = ", ".join(part for part in (about.publisher, language.day(words, about.date)) if part)
    return f"{short(named(about))} — {rest}" if rest else short(named(about))


def answer(outcome: Answer, turn: int, words: Words | None = None) -> str:
    """An answer as Markdown for the conversation."""
    words = words or language.load(language.DEFAULT)
    if outcome.rows:
        said = (headed if outcome.kind == "overview" else table)(outcome, turn, words)
    else:
        said = body(outcome.statements, outcome.citations, turn, words, outcome.kind)
    parts = [
        understood(outcome.question, outcome.standalone_question, words),
        said,
        f"***{markdown(notices.told(outcome.note, words))}***" if visible(outcome.note) else "",
    ]
    return "\n\n".join(part for part in parts if part)


def headed(outcome: Answer, turn: int, words: Words) -> str:
    """An overview as Markdown: the document's own headings, each above its statements."""
    known = {citation.number: citation for citation in outcome.citations}
    parts = []
    before = ""
    for row in outcome.rows:
        said = [outcome.statements[place] for place in row.statements]
        cited = known[said[0].citations[0]]
        if cited.document.slug != before:
            before = cited.document.slug
            parts.append(f"*{markdown(_byline(cited, words))}*")
        if visible(row.label) != named(cited.document):
            parts.append(f"**{markdown(row.label)}**")
        parts += _said(said, known, turn)
    return "\n\n".join(parts)


def table(outcome: Answer, turn: int, words: Words | None = None) -> str:
    """A comparison as a Markdown table: a row for each thing compared, an empty cell said to be empty."""
    words = words or language.load(language.DEFAULT)
    known = {citation.number: citation for citation in outcome.citations}
    lines = [f"| {markdown(words['chat.of'])} | {markdown(words['chat.words'])} |", "|---|---|"]
    for row in outcome.rows:
        cells = [_line(outcome.statements[place], known, turn) for place in row.statements]
        empty = f"*{markdown(words['chat.nothing'])}*"
        lines.append(f"| **{markdown(row.label)}** | {'<br><br>'.join(cells) or empty} |")
    return "\n".join(lines)


def refusal(outcome: Refusal, turn: int, words: Words | None = None, narrowed: bool = False) -> str:
    """A refusal as Markdown: why, the nearest things that the library holds, and what may help."""
    words = words or language.load(language.DEFAULT)
    parts = [
        understood(outcome.question, outcome.standalone_question, words),
        f"**{markdown(words['chat.refused'])}** {markdown(notices.told(outcome.reason, words))}",
        markdown(words["chat.filtered_refusal"]) if narrowed else "",
    ]
    if outcome.nearby:
        near = [
            f"- {markdown(_byline(c, words))}{markdown(', ' + place(c) if place(c) else '')} {mark(c, turn)}"
            for c in outcome.nearby
        ]
        parts += [markdown(words["chat.nearest"]), "\n".join(near)]
    parts.append(markdown(words["chat.reword"]))
    return "\n\n".join(part for part in parts if part)


def understood(question: str, standalone: str, words: Words | None = None) -> str:
    """What a follow-up was understood as; nothing where that is what was asked."""
    words = words or language.load(language.DEFAULT)
    same = visible(question).casefold() == visible(standalone).casefold()
    return "" if same or not standalone else f"*{markdown(words['chat.understood'].format(question=standalone))}*"


def sources(
    question: str,
    citations: Iterable[Citation],
    turn: int,
    copy: str = "",
    latest: bool = True,
    label: str = "chat.sources_for",
    words: Words | None = None,
) -> str:
    """The cards of one answer, one a document, as HTML without a blank line; `copy` is what its copy button copies."""
    words = words or language.load(language.DEFAULT)
    documents: dict[str, list[Citation]] = {}
    for citation in citations:
        documents.setdefault(citation.document.slug, []).append(citation)
    if not documents:
        return ""
    cards = "".join(card(cited, turn, words) for cited in documents.values())
    button = f'<button type="button" class="copy">{markup(words["chat.copy"])}</button>' if copy else ""
    kept = f'<pre class="copied" hidden>{html.escape(copy).replace(chr(10), "&#10;")}</pre>' if copy else ""
    heading = f"<h2>{markup(words[label].format(question=short(question)))}</h2>"
    state = " open" if latest else ""
    return f'<details class="sources"{state}><summary>{heading}</summary>{button}{kept}{cards}</details>'


def dropped(written: Written | None, words: Words) -> str:
    """The sentences of a chat model that were not shown, and the rules that they broke, folded away."""
    if written is None or not written.dropped:
        return ""
    items = "".join(
        f"<li>{markup(one.text)} <span>({markup('; '.join(_broken(reason) for reason in one.reasons))})</span></li>"
        for one in written.dropped
    )
    heading = markup(language.many(words, "chat.dropped", len(written.dropped)))
    return f'<details class="dropped"><summary>{heading}</summary><ul>{items}</ul></details>'


def _broken(reason: dict[str, str]) -> str:
    """The rule that a sentence broke, and what broke it."""
    return ": ".join(part for part in (reason.get("rule", ""), short(reason.get("detail", ""))) if part)


def card(cited: Sequence[Citation], turn: int, words: Words | None = None) -> str:
    """A source card: whose words, the places cited with the words themselves, and the way to the official text."""
    words = words or language.load(language.DEFAULT)
    about = cited[0].document
    day_ = markup(language.day(words, about.date))
    when = f'<time datetime="{markup(about.date)}">{day_}</time>' if about.date else ""
    facts = " · ".join(part for part in (markup(about.publisher), when, markup(about.symbol)) if part)
    address = link(about.url)
    host = markup(words["chat.open"].format(host=urlsplit(address).hostname or ""))
    out = f'<a href="{html.escape(address)}" target="_blank" rel="noopener noreferrer">{host}</a>'
    return (
        f'<article class="card"><h3>{markup(named(about))}</h3><p class="facts">{facts} {badge(about.status)}</p>'
        f'<ol class="quotes">{"".join(quote(citation, turn, cited, words) for citation in cited)}</ol>'
        f"{f'<p>{out}</p>' if address else ''}</article>"
    )


def quote(citation: Citation, turn: int, cited: Sequence[Citation] = (), words: Words | None = None) -> str:
    """One cited place: its number, its pinpoint, the words and the way to them in their document; marks lead here."""
    words = words or language.load(language.DEFAULT)
    where = f'<span class="place">{markup(place(citation))}</span>' if place(citation) else ""
    title = markup(words["chat.to_mark_of"].format(number=citation.number))
    back = f'<button type="button" class="back" title="{title}">{markup(words["chat.to_mark"])}</button>'
    return (
        f'<li class="quote" id="{card_id(turn, citation.number)}" tabindex="-1">'
        f'<p><span class="number">[{citation.number}]</span> {where}{back}</p>'
        f'<blockquote dir="auto">{around(citation)}</blockquote>{reading(citation, cited, words)}</li>'
    )


def around(citation: Citation) -> str:
    """The cited words marked between those beside them in the same paragraph."""
    text, start, end = citation.document.text, citation.start, citation.end
    before = text[max(0, start - _AROUND) : start].rpartition("\n")[2]
    after = text[end : end + _AROUND].partition("\n")[0]
    if len(before) == _AROUND:
        before = "… " + before.partition(" ")[2]
    if len(after) == _AROUND:
        after = after.rpartition(" ")[0] + " …"
    lead, tail = (f"<span>{markup(words)}</span>" if visible(words) else "" for words in (before, after))
    return " ".join(part for part in (lead, f"<mark>{markup(citation.quote)}</mark>", tail) if part)


def reading(citation: Citation, cited: Sequence[Citation] = (), words: Words | None = None) -> str:
    """The way to the cited words in their document, and from there to the other places `cited` in it."""
    words = words or language.load(language.DEFAULT)
    spans = [places.Span(one.start, one.end) for one in cited]
    here = places.Span(citation.start, citation.end)
    address = html.escape(places.address(citation.document.slug, here, citation.quote, spans))
    name = words["chat.read_place"].format(place=place(citation)) if place(citation) else words["chat.read"]
    label = markup(words["chat.read"])
    return f'<p><a class="read" href="{address}" target="_blank" rel="noopener" title="{markup(name)}">{label}</a></p>'


def badge(status: str) -> str:
    """The status of a document; one that no longer holds stands out."""
    return f'<span class="badge {standing(status)}">{markup(status)}</span>' if status else ""


def standing(status: str) -> str:
    """Whether a document of that status is `over`, a `draft`, or neither."""
    return "over" if is_over(status) else "draft" if is_draft(status) else ""


def language_tag(given: str) -> str:
    """A document's language as HTML names it, where it is written so."""
    return given if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", given) else ""


def plain(outcome: Answer, words: Words | None = None) -> str:
    """An answer with its numbered sources as Markdown that is good to read as it is, to paste into a note or a message."""
    words = words or language.load(language.DEFAULT)
    lines = [f"**{pasted(outcome.question)}**", ""]
    if outcome.rows and outcome.kind != "overview":
        lines += _rows(outcome, words)
    else:
        headings = {row.statements[0]: row.label for row in outcome.rows}
        for at, statement in enumerate(outcome.statements):
            lines += [f"**{pasted(headings[at])}**", ""] if at in headings else []
            lines += [_told(statement), ""]
    lines += [f"_{pasted(notices.told(outcome.note, words))}_", ""] if outcome.note else []
    lines += [f"{words['chat.sources']}", ""]
    for cited in outcome.citations:
        about = cited.document
        facts = [
            named(about),
            about.publisher,
            language.day(words, about.date),
            about.symbol,
            place(cited),
            about.status,
        ]
        told = ", ".join(pasted(fact) for fact in facts if fact)
        address = link(about.url)
        lines.append(f"- [{cited.number}] {told}{f', <{address}>' if address else ''}")
    return "\n".join(lines)


def _rows(outcome: Answer, words: Words) -> list[str]:
    """A comparison as the lines of a Markdown table."""
    lines = [f"| {words['chat.of']} | {words['chat.words']} |", "|---|---|"]
    for row in outcome.rows:
        cells = [_told(outcome.statements[place]) for place in row.statements] or [words["chat.nothing"]]
        lines.append(f"| {pasted(row.label)} | {' '.join(cells)} |")
    return [*lines, ""]


def _told(statement: Statement) -> str:
    return f"{pasted(statement.text)} {''.join(f'[{number}]' for number in statement.citations)}"


def pasted(text: str) -> str:
    """`text` with the few signs escaped that would be mark-up in whatever it is pasted into."""
    escaped = re.sub(r"([\\`*_~<>\[\]|]|&(?=[#\w]))", r"\\\1", visible(text))
    return re.sub(r"^(#{1,6}|[+-]|\d+[.)])(?=\s|$)|^([=-]+)$", _opening, escaped)


def _opening(found: re.Match[str]) -> str:
    """What would open a heading, a list or a rule, escaped."""
    return f"{found[0][:-1]}\\{found[0][-1]}"
