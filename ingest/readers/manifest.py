"""manifest.yaml: the metadata that a folder keeps for its files."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from ingest.documents import SLUG, Document, Unreadable
from ingest.readers.text import decode, iso_date, language_code, squeeze

NAME = "manifest.yaml"
_FIELDS = set(Document.model_fields) - {"slug", "date", "language", "text"}


def load_manifest(folder: Path) -> dict[str, dict[str, str]]:
    """Metadata by file name, always with a slug; {} where the folder keeps no manifest.

    A file that is listed but missing stays in the result: reading it fails by name, and the others are still read.
    """
    path = folder / NAME
    if not path.is_file():
        return {}
    entries = _entries(path)
    found: dict[str, dict[str, str]] = {}
    slugs: dict[str, int] = {}
    for number, entry in enumerate(entries, 1):
        where = f"{path}: entry {number}"
        if not isinstance(entry, dict):
            raise Unreadable(f"{where}: is not a list of 'name: value' lines; start it with '- file: NAME'")
        file, fields = _entry(entry, where)
        if file in found:
            raise Unreadable(f"{where}: {file} is listed twice; remove one of the entries")
        slug = fields["slug"]
        if slug in slugs:
            raise Unreadable(f"{where}: slug {slug!r} is already that of entry {slugs[slug]}; give each file its own")
        slugs[slug] = number
        found[file] = fields
    return found


def _entries(path: Path) -> list[object]:
    try:
        content = yaml.safe_load(decode(path.read_bytes(), str(path)))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark: Any = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error).split("\n")[0]
        raise Unreadable(f"{path}: {line}not valid YAML ({problem}); correct it, or remove the file") from error
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read ({error.strerror}); allow reading it, or remove it") from error
    entries = content.get("documents") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        raise Unreadable(
            f"{path}: has no list under 'documents'; start it with a line 'documents:' and one '- file: NAME' each"
        )
    return entries


def _entry(entry: dict[object, object], where: str) -> tuple[str, dict[str, str]]:
    file = str(entry.get("file") or "").strip()
    if not file:
        raise Unreadable(f"{where}: has no 'file'; name the file of this folder that it describes")
    if file.startswith(("/", "\\")) or ".." in PurePosixPath(file).parts:
        raise Unreadable(
            f"{where}: file {file!r} is outside the folder; move it into the folder, or ingest it by its own path"
        )
    where = f"{where} ({file})"
    fields = {name: squeeze(str(value)) for name, value in entry.items() if name in _FIELDS and _plain(value)}
    fields["slug"] = str(entry.get("slug") or slugify(PurePosixPath(file).stem))
    if not SLUG.match(fields["slug"]):
        raise Unreadable(
            f"{where}: slug {fields['slug']!r} has other characters than a-z, 0-9, '-', '_' and '.'; change it"
        )
    if entry.get("date") is not None:
        fields["date"] = iso_date(entry["date"])
        if not fields["date"]:
            raise Unreadable(f"{where}: date {str(entry['date'])!r} is not YYYY, YYYY-MM or YYYY-MM-DD; correct it")
    if entry.get("language"):
        fields["language"] = language_code(entry["language"])
    return file, {name: value for name, value in fields.items() if value}


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def slugify(name: str) -> str:
    """A slug from a file name or title: lower case, everything else to '-'."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "document"
