"""Characters: bytes to text, text to one clean line, values of any origin to metadata."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable, Mapping

from ingest.documents import Block, BlockKind, Unreadable

# invisible characters that editors and converters leave inside words: soft hyphen, zero-width space and joiners, BOM
_INVISIBLE = dict.fromkeys([0x00AD, 0x200B, 0x2060, 0xFEFF, 0x200E, 0x200F])
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_PRIVATE = re.compile(r"[\ue000-\uf8ff]")  # what symbol fonts use: no reader of plain text can see them
_SYMBOLS = str.maketrans({"\uf0b7": "•", "\uf0a7": "▪", "\uf02d": "-", "\uf0d8": "‣"})
_LEADER = re.compile(r"(?:\.\s?){5,}\s*\d*\s*(?:\||$)")

# names that front matter, HTML and office files use for the fields of a Document
_ALIASES = {
    "title": ("title", "og:title", "dc.title", "citation_title"),
    "publisher": ("publisher", "og:site_name", "dc.publisher", "organisation", "organization", "site", "author"),
    "date": ("date", "published_time", "article:published_time", "dc.date", "published", "date_reviewed", "created"),
    "symbol": ("symbol", "celex", "reference", "number"),
    "kind": ("kind", "type", "category"),
    "status": ("status",),
    "url": ("url", "source_url", "canonical", "og:url", "link", "source"),
    "language": ("language", "lang", "dc.language"),
    "licence": ("licence", "license", "rights"),
    "slug": ("slug",),
}


def decode(raw: bytes, source: str) -> str:
    """Text of `raw`: UTF-8, UTF-16 with its mark, or cp1252 where that is plausible; Unreadable for binary data."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(_CONTROL.findall(text[:100_000])) <= len(text[:100_000]) / 500:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise Unreadable(
        f"{source}: this is not text (binary data, or an unknown encoding); save it as UTF-8 text or give PDF"
    )


def squeeze(text: str) -> str:
    """One clean line: canonical Unicode, no invisible characters, single spaces."""
    text = unicodedata.normalize("NFC", text).translate(_INVISIBLE).translate(_LIGATURES).translate(_SYMBOLS)
    return " ".join(_PRIVATE.sub(" ", _CONTROL.sub(" ", text)).split())


def tidy(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Blocks worth keeping: a contents line with dot leaders is navigation, a rule or a lone bullet says nothing."""
    kept = []
    for block in blocks:
        contents_line = block.kind != "note" and _LEADER.search(block.text)
        if not contents_line and any(character.isalnum() for character in block.text):
            kept.append(block)
    return tuple(kept)


Run = tuple[str, bool]  # text, and whether it is agreed (False: struck out or deleted)


def cut(
    runs: Iterable[Run], kind: BlockKind = "paragraph", level: int = 0, label: str = "", page: int | None = None
) -> list[Block]:
    """Runs of text as blocks: one, or several where struck text stands between, so that no quotation mixes the two."""
    merged: list[list[str]] = []
    states: list[bool] = []
    for text, agreed in runs:
        if states and (states[-1] == agreed or not text.strip()):
            merged[-1].append(text)
        else:
            merged.append([text])
            states.append(agreed)
    pairs = [(squeeze("".join(parts)), agreed) for parts, agreed in zip(merged, states, strict=True)]
    return [
        Block(text=text, kind=kind, level=level, label=label, page=page, agreed=agreed)
        for text, agreed in pairs
        if text
    ]


def lines(runs: Iterable[Run]) -> list[list[Run]]:
    """Runs cut at their line breaks."""
    found: list[list[Run]] = [[]]
    for text, agreed in runs:
        first, *rest = text.split("\n")
        found[-1].append((first, agreed))
        found.extend([(piece, agreed)] for piece in rest)
    return [line for line in found if any(text.strip() for text, _ in line)]


def iso_date(value: object) -> str:
    """An ISO date, possibly partial, from what YAML, JSON or a meta tag holds; '' where it is none."""
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()[:10]
    found = re.match(r"\s*(\d{4}(?:-\d{2}(?:-\d{2})?)?)(?![\d-])", str(value))
    return found.group(1) if found else ""


def language_code(value: object) -> str:
    """The leading code of a language field: 'en' of 'en-GB', of 'EN' and of 'en (first half) + nl'."""
    found = re.match(r"\s*([A-Za-z]{2,3})(?![A-Za-z])", str(value))
    return found.group(1).lower() if found else ""


LONGEST_FIELD = 2000  # characters of a title or another field


def metadata(found: Mapping[str, object]) -> dict[str, str]:
    """Document fields among what a source states under many names; what is empty or of no use is left out."""
    named = {str(key).strip().lower(): value for key, value in found.items()}
    fields: dict[str, str] = {}
    for field, names in _ALIASES.items():
        for name in names:
            text = _field(field, named.get(name))
            if text:
                fields[field] = text
                break
    return fields


def _field(field: str, value: object) -> str:
    if value is None or isinstance(value, bool | Mapping):
        return ""
    if isinstance(value, list | tuple):
        value = "; ".join(str(item) for item in value if not isinstance(item, list | tuple | Mapping))
    if field == "date":
        return iso_date(value)
    if field == "language":
        return language_code(value)
    text = squeeze(str(value)[:LONGEST_FIELD])
    if field == "url" and not text.startswith(("http://", "https://")):
        return ""
    return text
