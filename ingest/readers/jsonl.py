"""JSONL: documents that people bring ready-made, one object a line, as text or as passages kept one to one."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ingest.documents import SLUG, Block, Document, Unreadable
from ingest.readers.manifest import slugify
from ingest.readers.plain import read_text
from ingest.readers.reading import Reading
from ingest.readers.text import decode, iso_date, language_code, squeeze

_FIELDS = set(Document.model_fields) - {"text"}
_NAMED = 5  # faulty lines that an error message names


def read(raw: bytes, source: str, *, whole: bool = False) -> Iterator[Reading]:
    """One Reading for each line (with `whole`: for the one object of a JSON file).

    Good lines are all given; then one Unreadable names the faulty ones, so that a slip costs one document, not all.
    """
    text = decode(raw, source)
    faults: list[str] = []
    seen: dict[str, int] = {}
    lines = [text] if whole else text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            reading = _reading(line)
            _unlike(seen, reading.metadata["slug"], number)
        except (ValueError, RecursionError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            faults.append(reason if whole else f"line {number}: {reason}")
            continue
        yield reading
    if faults:
        more = f"; and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        raise Unreadable(f"{source}: {'; '.join(faults[:_NAMED])}{more}; correct it and ingest the file again")


def _unlike(seen: dict[str, int], slug: str, number: int) -> None:
    if slug in seen:
        raise ValueError(f"slug {slug!r} is already that of line {seen[slug]}")
    seen[slug] = number


def _reading(line: str) -> Reading:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not valid JSON ({error.msg}, column {error.colno})") from error
    if not isinstance(entry, dict):
        raise ValueError("not a JSON object: write {...}")
    fields = _metadata(entry)
    if ("text" in entry) == ("passages" in entry):
        raise ValueError("give either 'text' or 'passages'")
    if "passages" in entry:
        return Reading(metadata=fields, blocks=tuple(_passages(entry["passages"])), given=True)
    if not isinstance(entry["text"], str) or not entry["text"].strip():
        raise ValueError("'text' is empty or not a string")
    reading = read_text(entry["text"])
    if not reading.blocks:
        raise ValueError("'text' holds no words")
    return reading.model_copy(update={"metadata": {**reading.metadata, **fields}})


def _metadata(entry: dict[str, object]) -> dict[str, str]:
    fields = {}
    for name in _FIELDS & set(entry):
        value = entry[name]
        if value is None or value == "":
            continue
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise ValueError(f"{name!r} is not a string")
        fields[name] = squeeze(str(value))
    if "date" in fields:
        fields["date"] = iso_date(fields["date"])
        if not fields["date"]:
            raise ValueError(f"'date' {str(entry['date'])!r} is not YYYY, YYYY-MM or YYYY-MM-DD")
    if "language" in fields:
        fields["language"] = language_code(fields["language"])
    if not fields.get("title"):
        if not fields.get("slug"):
            raise ValueError("has no 'title'")
        fields["title"] = fields["slug"]
    fields["slug"] = _slug(fields.get("slug") or slugify(fields["title"])[:80].strip("-"))
    return fields


def _slug(slug: str) -> str:
    if not SLUG.match(slug):
        raise ValueError(f"slug {slug!r} has other characters than a-z, 0-9, '-', '_' and '.'")
    return slug


def _passages(passages: object) -> Iterator[Block]:
    if not isinstance(passages, list) or not passages:
        raise ValueError("'passages' is empty or not a list")
    for number, passage in enumerate(passages, 1):
        text = squeeze(passage["text"]) if isinstance(passage, dict) and isinstance(passage.get("text"), str) else ""
        if not text:
            raise ValueError(f"passage {number} has no 'text'")
        page = passage.get("page")
        yield Block(
            text=text,
            pinpoint=squeeze(str(passage.get("pinpoint") or "")),
            page=page if isinstance(page, int) and not isinstance(page, bool) and page > 0 else None,
        )
