"""Web pages: the main content with its headings, lists and tables; struck-out text is marked as not agreed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree
from lxml import html as lxml_html

from ingest.documents import Block, BlockKind, Unreadable
from ingest.readers import official_journal
from ingest.readers.markers import is_point, nest
from ingest.readers.reading import Reading
from ingest.readers.text import Run, cut, decode, lines, metadata, tidy

_SKIP = {
    "script",
    "style",
    "noscript",
    "template",
    "nav",
    "aside",
    "form",
    "button",
    "select",
    "svg",
    "iframe",
    "graphic",
}
_PAGE_SKIP = {*_SKIP, "header", "footer", "head"}
_BREAKS = {"br", "lb"}
_STRUCK = {"del", "s", "strike"}
_INLINE = {
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "big",
    "cite",
    "code",
    "data",
    "dfn",
    "em",
    "font",
    "hi",
    "i",
    "ins",
    "kbd",
    "mark",
}
_INLINE |= {
    "q",
    "ref",
    "ruby",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "time",
    "tt",
    "u",
    "var",
    "wbr",
    *_STRUCK,
}
_HEADING = re.compile(r"h([1-6])$")


def read(raw: bytes, source: str) -> Reading:
    """A page's text. An Official Journal page is read by its own structure, any other by its main content."""
    tree = parse(raw, source)
    if official_journal.recognises(tree):
        return official_journal.read_tree(tree)
    fields = _meta(tree)
    _print_markers(tree)
    blocks = tidy(nest(_main_content(tree)))
    if not blocks:
        raise Unreadable(
            f"{source}: the page holds no readable text; if a script fills it in, save the page as PDF and give that"
        )
    heading = next((block.text for block in blocks if block.kind == "heading"), "")
    if heading and "title" not in fields:
        fields["title"] = heading
    return Reading(metadata=fields, blocks=blocks)


def parse(raw: bytes, source: str) -> lxml_html.HtmlElement:
    """The element tree of a page; Unreadable where it is nested too deeply to be read whole."""
    try:
        raw.decode("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = None  # the page's own charset, which lxml looks up
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            raw, encoding = decode(raw, source).encode(), "utf-8"
    parser = lxml_html.HTMLParser(encoding=encoding, remove_comments=True, remove_pis=True)
    try:
        tree = lxml_html.document_fromstring(raw, parser=parser)
    except (etree.ParserError, ValueError) as error:
        raise Unreadable(f"{source}: not readable as HTML ({error}); save the page again, or as PDF or text") from error
    if any("depth" in entry.message for entry in parser.error_log):
        raise Unreadable(
            f"{source}: elements nested more than 255 deep; save the page's text as a .txt or .md file and give that"
        )
    return tree


def blocks_of(root: etree._Element) -> list[Block]:
    """Blocks of an element and all below it: also for HTML inside Markdown."""
    return list(_Walk(_SKIP).blocks(root))


def _main_content(tree: lxml_html.HtmlElement) -> list[Block]:
    """The main content as trafilatura sees it; the whole body where it sees almost nothing (short or unusual pages)."""
    import trafilatura

    mains = tree.xpath("//main | //article")
    body = mains[0] if len(mains) == 1 else tree.find("body")
    whole = list(_Walk(_PAGE_SKIP).blocks(body if body is not None else tree))
    found = trafilatura.bare_extraction(
        tree, include_comments=False, include_tables=True, include_formatting=True, with_metadata=False
    )
    content = getattr(found, "body", None)
    main = list(_Walk(_SKIP).blocks(content)) if content is not None else []
    return main if _words(main) >= max(30, 0.25 * _words(whole)) else whole


def _words(blocks: list[Block]) -> int:
    return sum(len(block.text.split()) for block in blocks)


class _Walk:
    """One pass over a tree in reading order; text gathers in runs until a block element opens or closes."""

    def __init__(self, skip: set[str]) -> None:
        self.skip = skip
        self.runs: list[Run] = []

    def blocks(self, root: etree._Element) -> Iterator[Block]:
        yield from self._element(root, "paragraph", 0, True)
        yield from self._flush("paragraph", 0)

    def _element(self, element: etree._Element, kind: BlockKind, level: int, agreed: bool) -> Iterator[Block]:
        tag = element.tag if isinstance(element.tag, str) else ""
        if not tag or tag in self.skip:
            return
        if tag in _BREAKS:
            self.runs.append(("\n", agreed))
        elif tag in ("tr", "row"):
            yield from self._flush(kind, level)
            yield from cut(_row(element), "row")
        elif tag in _INLINE:
            yield from self._content(element, kind, level, agreed and tag not in _STRUCK)
        else:
            yield from self._flush(kind, level)
            inner, depth = _kind(element, tag, kind, level)
            yield from self._content(element, inner, depth, agreed)
            yield from self._flush(inner, depth)

    def _content(self, element: etree._Element, kind: BlockKind, level: int, agreed: bool) -> Iterator[Block]:
        self._text(element.text, agreed)
        for child in element:
            yield from self._element(child, kind, level, agreed)
            self._text(child.tail, agreed)

    def _text(self, text: str | None, agreed: bool) -> None:
        if text:
            self.runs.append((text.replace("\n", " "), agreed))

    def _flush(self, kind: BlockKind, level: int) -> Iterator[Block]:
        runs, self.runs = self.runs, []
        for line in [[("".join(text for text, _ in runs), True)]] if kind == "heading" else lines(runs):
            for block in cut(line, kind, level):
                point = kind == "paragraph" and block.agreed and is_point(block.text)
                yield block.model_copy(update={"kind": "item"}) if point else block


def _kind(element: etree._Element, tag: str, kind: BlockKind, level: int) -> tuple[BlockKind, int]:
    heading = _HEADING.match(tag if tag != "head" else element.get("rend", "h2"))
    if heading:
        return "heading", int(heading.group(1))
    if tag in ("li", "item", "dt", "dd"):
        return "item", sum(1 for above in element.iterancestors() if above.tag in ("ul", "ol", "dl", "list")) or 1
    return kind, level


def _row(element: etree._Element) -> list[Run]:
    cells = [cell for cell in element if cell.tag in ("td", "th", "cell")]
    texts = [" ".join(" ".join(_struckless(cell)).split()) for cell in cells]
    return [(" | ".join(texts), True)] if any(texts) else []


def _struckless(cell: etree._Element) -> Iterator[str]:
    """Text of a table cell without what is struck out."""
    if cell.text:
        yield cell.text
    for child in cell:
        if isinstance(child.tag, str) and child.tag not in _STRUCK and child.tag not in _SKIP:
            yield from _struckless(child)
        if child.tail:
            yield child.tail


def _print_markers(tree: lxml_html.HtmlElement) -> None:
    """Writes each list item's marker into its text, as a reader sees it, and takes out links to footnotes."""
    for note in tree.xpath("//sup[.//a[starts-with(@href, '#')]]"):
        note.drop_tree()
    for listing in tree.xpath("//ol | //ul"):
        number = int(listing.get("start", "1")) if listing.get("start", "1").isdigit() else 1
        for item in listing.iterchildren("li"):
            number = int(item.get("value")) if (item.get("value") or "").isdigit() else number
            text = "- " if listing.tag == "ul" else f"{_printed(number, listing.get('type', '1'))}. "
            _prefix(item, text)
            number += 1


def _prefix(item: lxml_html.HtmlElement, text: str) -> None:
    target = item
    while (
        not (target.text or "").strip()
        and len(target)
        and target[0].tag in ("p", "div", "span", "strong", "b", "a", "em")
    ):
        target = target[0]
    if (target.text or "").strip() and not is_point((target.text or "").strip()):
        target.text = text + (target.text or "").lstrip()


def _printed(number: int, style: str) -> str:
    """1, a, A, i or I as `<ol type>` prints it."""
    if style in ("a", "A") and 1 <= number <= 26:
        return chr(ord(style) + number - 1)
    if style in ("i", "I") and 1 <= number <= 39:
        roman = "x" * (number // 10) + ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"][number % 10]
        return roman if style == "i" else roman.upper()
    return str(number)


def _meta(tree: lxml_html.HtmlElement) -> dict[str, str]:
    """What the head says of the page: meta and Open Graph tags first, then title, canonical link and language."""
    found: dict[str, object] = {}
    for tag in tree.iter("meta"):
        name = tag.get("property") or tag.get("name") or tag.get("itemprop")
        if name and tag.get("content"):
            found.setdefault(name.lower(), tag.get("content"))
    found.pop("type", None)
    if "og:title" not in found and tree.findtext(".//title"):
        found["title"] = tree.findtext(".//title")
    canonical = tree.xpath("//link[@rel='canonical']/@href")
    if canonical:
        found.setdefault("canonical", canonical[0])
    if tree.get("lang"):
        found["language"] = tree.get("lang")
    fields = metadata(found)
    if re.match(r"https?://[^/.]+(?:[:/]|$)", fields.get("url", "")):  # localhost, left by a site's own test server
        del fields["url"]
    return fields
