"""Acts of the EU as the Official Journal publishes them in XHTML, and their consolidated texts."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from lxml import etree
from lxml import html as lxml_html

from ingest.documents import Block
from ingest.readers.reading import Reading
from ingest.readers.text import cut, squeeze, tidy

_SKIP = {"hd-date", "hd-lg", "hd-ti", "hd-oj", "hd-coll", "hd-uniq", "modref", "arrow", "reference", "disclaimer"}
_SKIP |= {"hd-modifiers", "title-fam-member", "title-doc-oj-reference"}
_DOC_TITLE = {"doc-ti", "title-doc-first", "title-doc-last", "title-annex-1", "title-annex-2"}
_DIVISION = {"ti-section-1", "ti-section-2", "title-division-1", "title-division-2"}
_ARTICLE, _ARTICLE_TITLE = {"ti-art", "title-article-norm"}, {"sti-art", "stitle-article-norm"}
_ANNEX_HEADING = {"ti-grseq-1", "title-gr-seq-level-1", "title-gr-seq-level-2", "ti-tbl", "ti-annotation"}
_PLACE = re.compile(r"(?:pbl|cit|rct|enc|tis|cpt|sct|prt|art|anx|fnp)_\w+(?:\.\w+)*$|\d{3}\.\d{3}$")
_MARKER = re.compile(r"\(?(?:\d{1,3}|[a-zA-Z]{1,4}|[ivxlIVXL]{1,7})[).]?[)]?$|[—–•-]$|\d+(?:\.\d+)+\.?$")
_CHANGE_MARK = re.compile(r"\s*[►▼](?:[BCMA]\d*)\s*|\s*◄")  # of consolidated texts: which act changed the words
_NOTE_REFERENCE = re.compile(r"\s*\0")
_SPANNED = 80  # a spanning cell up to this long is repeated in each of its rows, so that a row speaks for itself

_ACT = re.compile(
    r"(?:COMMISSION |COUNCIL )?(?:IMPLEMENTING |DELEGATED |FRAMEWORK )?(REGULATION|DIRECTIVE|DECISION)"
    r" (\((?:EU|EC|EEC|CFSP|EU, Euratom)\) (?:No )?\d+/\d+|No \d+/\d+|\d+/\d+/\w+)",
    re.IGNORECASE,
)
_MONTHS = ("january february march april may june july august september october november december").split()


def recognises(tree: lxml_html.HtmlElement) -> bool:
    """Whether the page has the Official Journal's own class names."""
    marks = tree.xpath(
        "//div[contains(@class, 'eli-')] | //p[@class='oj-doc-ti' or @class='doc-ti' or @class='ti-art']"
    )
    return bool(marks) and any(_class(p) in _DOC_TITLE | _ARTICLE for p in tree.iter("p"))


def read_tree(tree: lxml_html.HtmlElement) -> Reading:
    """The act: title, recitals, chapters, articles, paragraphs, points, annexes and notes, each with its anchor."""
    containers = tree.xpath("//div[contains(@class, 'eli-container')]")
    fields = _metadata(tree)
    start = tree.find("body")
    if containers and _consolidated(tree):  # what stands before is a table of amending acts
        start = containers[0].getparent()
        for before in list(containers[0].itersiblings(preceding=True)):
            start.remove(before)
    _mark_note_references(tree)
    blocks = _Act().blocks(start if start is not None else tree)
    return Reading(metadata=fields, blocks=tidy(_join_headings(blocks)))


class _Act:
    """One walk over the act; `label` is the innermost anchor, `level` the depth of points."""

    def __init__(self) -> None:
        self.article = 0
        self.paragraph = 0

    def blocks(self, root: etree._Element) -> list[Block]:
        return list(self._element(root, "", 0))

    def _element(self, element: etree._Element, label: str, level: int) -> Iterator[Block]:
        tag = element.tag if isinstance(element.tag, str) else ""
        name = _class(element)
        if not tag or tag in ("head", "script", "style", "title") or name in _SKIP:
            return
        label = self._place(element, label)
        if tag == "table":
            yield from self._table(element, label, level)
        elif tag == "div" and "grid-container" in (element.get("class") or ""):
            yield from self._point(_text(element[0]), [element[-1]], label, level)
        elif tag == "div" and element.find("span[@class='no-parag']") is not None:
            yield from self._paragraph(element, label, level)
        elif tag in ("p", "span") or not any(_is_block(child) for child in element):
            yield from self._leaf(element, name, label, level)
        else:
            yield from self._children(element, label, level)

    def _children(self, element: etree._Element, label: str, level: int) -> Iterator[Block]:
        """Block children in order; text and inline elements that stand between them form blocks of their own."""
        loose = [element.text or ""]
        for child in element:
            if _is_block(child):
                yield from self._plain("".join(loose), label, level)
                yield from self._element(child, label, level)
                loose = [child.tail or ""]
            else:
                loose += ["".join(map(str, child.itertext())) if isinstance(child.tag, str) else "", child.tail or ""]
        yield from self._plain("".join(loose), label, level)

    def _place(self, element: etree._Element, label: str) -> str:
        own = element.get("id") or ""
        if not _PLACE.match(own):
            return label
        number = re.match(r"art_(\d+)", own)
        if number and own.count(".") == 0:
            self.article, self.paragraph = int(number.group(1)), 0
        return own

    def _leaf(self, element: etree._Element, name: str, label: str, level: int) -> Iterator[Block]:
        text = _text(element)
        if name in _DOC_TITLE:
            yield from _heading(text, 2 if label.startswith("anx") else 1, label)
        elif name in _DIVISION:
            yield from _heading(text, _division_level(label), label)
        elif name in _ARTICLE:
            yield from _heading(text, 5, label)
        elif name in _ARTICLE_TITLE:
            yield from _heading(text, 6, label)
        elif name in _ANNEX_HEADING:
            yield from _heading(text, 3, label)
        elif name in ("note", "footnote"):
            yield from cut([(text, True)], "note")
        else:
            yield from self._plain(text, label, level)

    def _plain(self, text: str, label: str, level: int) -> Iterator[Block]:
        yield from cut([(_clean(text), True)], "item" if level else "paragraph", level, label)

    def _paragraph(self, element: etree._Element, label: str, level: int) -> Iterator[Block]:
        """A numbered paragraph of a consolidated text, which has no anchor: one is made in the Journal's form."""
        number = element.find("span[@class='no-parag']")
        printed = _text(number) if number is not None else ""
        digits = re.match(r"\d+", printed)
        if digits and self.article:
            label = f"{self.article:03d}.{int(digits.group()):03d}"
        bodies = [child for child in element if child is not number]
        yield from _prefixed(printed, (block for body in bodies for block in self._element(body, label, level)))

    def _table(self, table: etree._Element, label: str, level: int) -> Iterator[Block]:
        if any(_class(p).startswith("hd-") for p in table.iter("p")):
            return  # the Journal's page header
        rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in _rows(table)]
        if _is_points(table, rows):
            for row in rows:
                marker, body = [cell for cell in row if _text(cell)][:2]
                yield from self._point(_text(marker), [body], label, level)
        else:
            yield from _table_rows(rows, label)

    def _point(self, marker: str, bodies: list[etree._Element], label: str, level: int) -> Iterator[Block]:
        recital = label.startswith("rct_") and level == 0
        depth = 0 if recital else level + 1
        inner = [block for body in bodies for block in self._element(body, label, depth)]
        if recital:
            inner = [
                block.model_copy(update={"kind": "paragraph", "level": 0}) if block.level < 1 else block
                for block in inner
            ]
        yield from _prefixed(marker, iter(inner))


def _prefixed(marker: str, blocks: Iterator[Block]) -> Iterator[Block]:
    for first in blocks:
        yield first.model_copy(update={"text": f"{marker} {first.text}"}) if marker else first
        yield from blocks


def _heading(text: str, level: int, label: str) -> Iterator[Block]:
    yield from cut([(text, True)], "heading", level, label)


def _division_level(label: str) -> int:
    """Titles over chapters over sections, all above articles (5)."""
    last = label.split(".tit_")[0].rsplit(".", 1)[-1]
    return {"prt": 2, "tis": 2, "cpt": 3, "sct": 4}.get(last[:3], 3)


def _join_headings(blocks: list[Block]) -> Iterator[Block]:
    """Neighbouring lines of one title joined: 'CHAPTER I' with its name, the lines of the act's title."""
    held: Block | None = None
    for block in blocks:
        joins = held is not None and block.kind == "heading" == held.kind and block.level == held.level < 5
        if joins and held is not None and held.label.split(".tit_")[0] == block.label.split(".tit_")[0]:
            held = held.model_copy(update={"text": f"{held.text} {block.text}"})
            continue
        if held is not None:
            yield held
        held = block
    if held is not None:
        yield held


def _is_points(table: etree._Element, rows: list[list[etree._Element]]) -> bool:
    """Whether a table only lays out points: in every row a marker and a text, after empty cells for indentation."""
    if "table" in (table.get("class") or "") or not rows:
        return False
    for row in rows:
        filled = [text for cell in row if (text := _text(cell))]
        if len(filled) != 2 or not _MARKER.match(filled[0]):
            return False
    return True


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    for child in table:
        if child.tag == "tr":
            yield child
        elif child.tag in ("tbody", "thead", "tfoot"):
            yield from child.iterchildren("tr")


def _table_rows(rows: list[list[etree._Element]], label: str) -> Iterator[Block]:
    spans: dict[int, tuple[int, str]] = {}  # column -> (rows left, text)
    for row in rows:
        texts: list[str] = []
        cells = iter(row)
        while True:
            column = len(texts)
            left, text = spans.get(column, (0, ""))
            if left:
                spans[column] = (left - 1, text)
                texts.append(text if len(text) <= _SPANNED else "")
                continue
            cell = next(cells, None)
            if cell is None:
                break
            text = _text(cell)
            spans[column] = (_number(cell.get("rowspan")) - 1, text)
            texts.append(text)
        yield from cut([(" | ".join(text for text in texts if text), True)], "row", 0, label)


def _number(value: str | None) -> int:
    return int(value) if value and value.isdigit() else 1


def _is_block(element: etree._Element) -> bool:
    return element.tag in ("div", "p", "table", "hr", "ul", "ol")


def _class(element: etree._Element) -> str:
    name: str = (element.get("class") or "").split(" ")[0]
    return name.removeprefix("oj-")


def _text(element: etree._Element) -> str:
    """All text of an element, a space between blocks, without note references."""
    parts: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if event == "start" and isinstance(node.tag, str):
            parts.append((" " if _is_block(node) or node.tag == "td" else "") + (node.text or ""))
        elif event == "end" and node is not element:
            parts.append(
                (" " if isinstance(node.tag, str) and node.tag in ("p", "div", "td") else "") + (node.tail or "")
            )
    return squeeze(_clean("".join(parts)))


def _clean(text: str) -> str:
    return _CHANGE_MARK.sub(" ", _NOTE_REFERENCE.sub("", text))


def _mark_note_references(tree: lxml_html.HtmlElement) -> None:
    """Takes references to notes out, with the space before them: 'Council (4) aimed' becomes 'Council aimed'."""
    for link in tree.xpath("//a[starts-with(@id, 'ntc') or starts-with(@id, 'src.')]"):
        outer = link.getparent()
        link.text, tail = "", link.tail or ""
        for child in list(link):
            link.remove(child)
        link.tail = tail
        previous = link.getprevious()
        before = (previous.tail if previous is not None else outer.text) or ""
        if before.rstrip().endswith("(") and tail.lstrip().startswith(")"):
            before, link.tail = before.rstrip()[:-1], tail.lstrip()[1:]
        if previous is not None:
            previous.tail = before.rstrip()
        else:
            outer.text = before.rstrip()


def _consolidated(tree: lxml_html.HtmlElement) -> bool:
    return bool(tree.xpath("//p[@class='reference' or @class='disclaimer']"))


def _metadata(tree: lxml_html.HtmlElement) -> dict[str, str]:
    """Title, date, symbol and publisher from the lines of the act's own title."""
    main = tree.xpath("//div[@class='eli-main-title']") or [tree]
    lines = [_text(p) for p in main[0].iter("p") if _class(p) in _DOC_TITLE]
    if main[0] is tree:
        lines = lines[:4]
    lines = [line for line in lines if line and not line.startswith("(Text with")]
    title = squeeze(" ".join(lines))
    fields = {"title": title, "kind": "legislation", "publisher": _publisher(title), "date": _date(title)}
    symbols = []
    act = _ACT.search(title)
    if act:
        symbols.append(f"{act.group(1).capitalize()} {act.group(2)}")
    celex = tree.xpath("string(//p[@class='reference'])").strip().split(" ")[0]
    if re.match(r"\d{5}[A-Z]\d{4}", celex):
        symbols.append(f"CELEX {celex}")
    fields["symbol"] = "; ".join(symbols)
    language = tree.xpath("string(//p[contains(@class, 'hd-lg')])").strip().lower()
    fields["language"] = language if len(language) == 2 else ""
    return {name: value for name, value in fields.items() if value}


def _publisher(title: str) -> str:
    upper = title.upper()
    if "OF THE EUROPEAN PARLIAMENT AND OF THE COUNCIL" in upper:
        return "European Parliament and Council of the European Union"
    if "COMMISSION" in upper[:40]:
        return "European Commission"
    return "Council of the European Union" if "COUNCIL" in upper[:40] else ""


def _date(title: str) -> str:
    found = re.search(r"\bof (\d{1,2}) ([A-Z][a-z]+) (\d{4})\b", title)
    if not found or found.group(2).lower() not in _MONTHS:
        return ""
    day, month, year = int(found.group(1)), _MONTHS.index(found.group(2).lower()) + 1, int(found.group(3))
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return ""
