"""Markdown with YAML front matter, also as converters write it: hard line breaks, indented points, bold headings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import yaml
from lxml import etree
from lxml import html as lxml_html
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from ingest.documents import Block, BlockKind, Unreadable
from ingest.readers.html import blocks_of
from ingest.readers.markers import is_point, marker, nest
from ingest.readers.reading import Reading
from ingest.readers.text import Run, cut, decode, lines, metadata, squeeze, tidy

_FRONT = re.compile(r"\A\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TIGHT_HEADING = re.compile(
    r"^(#{2,6})(?=[^#\s])", re.MULTILINE
)  # '##Title' without the space that CommonMark asks for
_ENDED = re.compile(r"[.;:][”\"')\]]*(?: and| or)?$")
_RUN_IN = re.compile(r"(?:Sec(?:tion|\.)|Article|§)\s*\d+\.?\s")
_RUN_IN_POINT = re.compile(r"((?:Sec(?:tion|\.))\s*\d+\.\s+[^.()]{3,150}\.)\s+(?=\((?:a|1|i)\)\s)")
_TEXTS = ("inline", "html_block", "fence", "code_block")
_END = 60  # characters that tell whether a sentence ends here
_LONG_POINT = 30  # words; an ordered list of longer ones is a run of numbered paragraphs


def read(raw: bytes, source: str) -> Reading:
    """A Markdown document: what a reader of the rendered page sees."""
    front, text = front_matter(decode(raw, source), source)
    blocks = tidy(nest(list(blocks_from(text))))
    if not blocks:
        raise Unreadable(f"{source}: holds no text below its front matter; get the file again, or leave it out")
    fields = metadata(front)
    heading = next((block.text for block in blocks if block.kind == "heading"), "")
    if heading and "title" not in fields:
        fields["title"] = heading
    return Reading(metadata=fields, blocks=blocks)


def front_matter(text: str, source: str) -> tuple[dict[str, object], str]:
    """The YAML between the first two '---' lines, and the text after it; Unreadable names the line at fault."""
    found = _FRONT.match(text)
    if not found:
        return {}, text
    try:
        front = yaml.safe_load(found.group(1))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark: Any = getattr(error, "problem_mark", None)
        line = text[: found.start(1)].count("\n") + 1 + (mark.line if mark else 0)
        problem = getattr(error, "problem", None) or str(error).split("\n")[0]
        raise Unreadable(
            f"{source}: line {line} of the front matter is not valid YAML ({problem}); correct or remove it"
        ) from error
    if front is not None and not isinstance(front, dict):
        if ":" not in found.group(1):  # two rules around a paragraph, not front matter
            return {}, text
        raise Unreadable(f"{source}: the front matter is not a list of 'name: value' lines; correct or remove it")
    return {str(key): value for key, value in (front or {}).items()}, text[found.end() :]


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 60}).enable(["table", "strikethrough"]).disable("code")
    return parser.use(footnote_plugin).disable("footnote_tail")


def blocks_from(text: str) -> Iterator[Block]:
    """Blocks of Markdown text. Indented code does not exist here: policy texts indent their points."""
    tokens = _parser().parse(_TIGHT_HEADING.sub(r"\1 ", text))
    yield from _Page(tokens).blocks()


class _Page:
    """One pass over the tokens, knowing the lists and the heading that a paragraph stands in."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.lists: list[tuple[str, BlockKind]] = []  # type, and whether its items are points or numbered paragraphs
        self.prefix = ""
        self.note = ""
        self.heading = 1

    def blocks(self) -> Iterator[Block]:
        for index, token in enumerate(self.tokens):
            if token.type in ("bullet_list_open", "ordered_list_open"):
                self.lists.append((token.type, self._list_kind(index)))
            elif token.type in ("bullet_list_close", "ordered_list_close"):
                self.lists.pop()
            elif token.type == "list_item_open":
                self.prefix = f"{token.info}{token.markup} " if token.info else "- "
            elif token.type == "footnote_reference_open":
                self.note = str(token.meta.get("label", "")) if token.meta else ""
            elif token.type == "footnote_reference_close":
                self.note = ""
            elif token.type == "tr_open":
                yield from self._row(index)
            elif token.type in _TEXTS:
                yield from self._inline(index, token) if token.type == "inline" else _verbatim(token)

    def _inline(self, index: int, token: Token) -> Iterator[Block]:
        opener = self.tokens[index - 1]
        if opener.type in ("td_open", "th_open"):
            return
        runs = list(_runs(token.children or []))
        if opener.type == "heading_open":
            self.heading = int(opener.tag[1])
            yield from cut([(text.replace("\n", " "), agreed) for text, agreed in runs], "heading", self.heading)
        elif self.note:
            note, self.note = self.note, " "
            yield from cut([(f"{note} ", True), *[(text.replace("\n", " "), agreed) for text, agreed in runs]], "note")
        else:
            yield from self._paragraph(runs, _bold_lines(token.children or []))

    def _paragraph(self, runs: list[Run], bold: set[str]) -> Iterator[Block]:
        """A paragraph cut at its hard line breaks, each piece a point, a heading or a paragraph of its own."""
        prefix, self.prefix = self.prefix, ""
        kind, depth = self._item()
        for number, line in enumerate(_joined(lines(_without_marks(runs)))):
            text = squeeze("".join(piece for piece, _ in line))
            if number == 0 and prefix:
                yield from cut([(prefix, True), *line], kind, depth)
            elif not text:
                continue
            elif _is_heading(text, bold) and not prefix:
                yield from cut(line, "heading", min(6, self.heading + 1))
            elif is_point(text):
                yield from cut(line, "item", depth + 1 if depth else 0)
            else:
                for block in cut(line, kind if kind == "item" and number == 0 and not marker(text) else "paragraph"):
                    yield from _without_run_in_point(block)

    def _item(self) -> tuple[BlockKind, int]:
        if not self.lists:
            return "paragraph", 0
        kind = self.lists[-1][1]
        points = [one for _, one in self.lists if one == "item"]
        return kind, len(points) if kind == "item" else 0

    def _list_kind(self, index: int) -> BlockKind:
        """Points, or numbered paragraphs: an ordered list whose items are long, or that starts in the middle."""
        opener = self.tokens[index]
        if opener.type == "bullet_list_open" or self.lists:
            return "item"
        sizes = []
        for token in self._after(index):
            if token.type == "ordered_list_close" and token.level == opener.level:
                break
            if token.type == "inline" and token.level == opener.level + 3:
                sizes.append(len(token.content.split()))
        starts = opener.attrs.get("start", 1)
        long = sizes and sorted(sizes)[len(sizes) // 2] >= _LONG_POINT
        return "paragraph" if long or starts != 1 else "item"

    def _after(self, index: int) -> Iterator[Token]:
        return (self.tokens[at] for at in range(index + 1, len(self.tokens)))

    def _row(self, index: int) -> Iterator[Block]:
        cells = []
        for token in self._after(index):
            if token.type == "tr_close":
                break
            if token.type == "inline":
                cells.append(squeeze("".join(text for text, agreed in _runs(token.children or []) if agreed)))
        yield from cut([(" | ".join(cells), True)] if any(cells) else [], "row")


def _without_run_in_point(block: Block) -> Iterator[Block]:
    """'Sec. 2. Policy. (a) Agencies shall ...' as two blocks, so that (a) stands beside (b)."""
    found = _RUN_IN_POINT.match(block.text)
    if not found:
        yield block
        return
    yield block.model_copy(update={"text": found.group(1)})
    yield block.model_copy(update={"text": block.text[found.end() :], "kind": "item"})


def _runs(tokens: Sequence[Token]) -> Iterator[Run]:
    """Inline text without mark-up, struck text as runs of its own; a line feed only where the page breaks the line."""
    struck = 0
    for token in tokens:
        if token.type in ("text", "code_inline", "text_special"):
            yield token.content, not struck
        elif token.type == "softbreak":
            yield "\r", not struck
        elif token.type == "hardbreak":
            yield "\n", not struck
        elif token.type in ("s_open", "s_close"):
            struck += token.nesting
        elif token.type == "html_inline":
            struck = max(0, struck + _html_struck(token.content))
            if _tag(token.content) == "br":
                yield "\n", not struck


def _joined(pieces: list[list[Run]]) -> list[list[Run]]:
    """Soft line ends become spaces, save where a new point or section visibly starts; a piece in lower case goes on."""
    found: list[list[Run]] = []
    for piece in pieces:
        fresh: list[list[Run]] = [[]]
        for text, agreed in piece:
            first, *rest = text.split("\r")
            fresh[-1].append((first, agreed))
            for more in rest:
                starts = is_point(more.strip()) or _RUN_IN.match(more.strip())
                if starts and _ENDED.search(_end(fresh[-1])):
                    fresh.append([(more, agreed)])
                else:
                    fresh[-1].append((f" {more}", agreed))
        text = squeeze("".join(text for text, _ in fresh[0]))
        if found and text[:1].islower() and not is_point(text):
            found[-1].extend([(" ", True), *fresh[0]])
            fresh = fresh[1:]
        found.extend(fresh)
    return found


def _end(runs: Sequence[Run]) -> str:
    """The last words of some runs: a paragraph may be as long as its file."""
    text = ""
    for piece, _ in reversed(runs):
        text = piece[-_END:] + text
        if len(text.strip()) >= _END:
            break
    return squeeze(text)


def _without_marks(runs: Iterable[Run]) -> list[Run]:
    """The runs less emphasis marks that were meant as such but close nothing, as in `**word **`."""
    return [(text.replace("**", ""), agreed) for text, agreed in runs]


def _bold_lines(tokens: Sequence[Token]) -> set[str]:
    """Texts of the line pieces that are bold from end to end, less their last stop: headings in practice."""
    found, bold, plain, depth = set(), "", False, 0
    for token in [*tokens, None]:
        if token is None or token.type == "hardbreak":
            if bold and not plain:
                found.add(squeeze(bold).rstrip(" .:"))
            bold, plain = "", False
        elif token.type in ("strong_open", "strong_close"):
            depth += token.nesting
        elif token.type == "softbreak":
            bold += " "
        elif token.type in ("text", "code_inline", "text_special"):
            bold += token.content if depth else ""
            plain = plain or (not depth and bool(token.content.strip(" \xa0.:")))
    return found


def _is_heading(text: str, bold: set[str]) -> bool:
    short = len(text.split()) <= 12 or not text.endswith((".", ";"))
    return text.rstrip(" .:") in bold and short and len(text) <= 200


def _tag(html: str) -> str:
    found = re.match(r"</?\s*([a-zA-Z0-9]+)", html)
    return found.group(1).lower() if found else ""


def _html_struck(html: str) -> int:
    if _tag(html) not in ("s", "del", "strike"):
        return 0
    return -1 if html.startswith("</") else 1


def _verbatim(token: Token) -> list[Block]:
    return _html(token.content) if token.type == "html_block" else cut([(token.content, True)])


def _html(content: str) -> list[Block]:
    """Blocks of HTML that stands between Markdown paragraphs."""
    try:
        parser = lxml_html.HTMLParser(remove_comments=True, remove_pis=True)
        return blocks_of(lxml_html.fragment_fromstring(content, create_parent="div", parser=parser))
    except (etree.ParserError, ValueError, AssertionError):
        return []
