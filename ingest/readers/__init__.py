"""Readers: one file per format, one factory for files and one for the web."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from ingest.documents import Unreadable
from ingest.readers.reading import MAX_BYTES, MAX_TEXT, Reading

__all__ = ["MAX_BYTES", "SUFFIXES", "Reading", "read_bytes", "read_path", "read_url"]

_TEXT_FORMATS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "plain",
    ".text": "plain",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}
SUFFIXES = frozenset({*_TEXT_FORMATS, ".pdf", ".docx"})
_READABLE = "Markdown, plain text, HTML, PDF, DOCX, JSONL"


def read_path(path: Path, *, max_bytes: int = MAX_BYTES) -> Iterator[Reading]:
    """The documents of a file: one, or for JSONL one a line. Raises Unreadable with the reason and the mend."""
    return read_bytes(_bytes(path, max_bytes), path.name, source=str(path))


def read_url(
    url: str, *, allow_private: bool = False, timeout: float = 20, max_bytes: int = 50_000_000, max_redirects: int = 5
) -> Reading:
    """The document at an http(s) address; addresses of private networks are refused unless the caller allows them."""
    from ingest.readers import web

    page = web.fetch(
        url, allow_private=allow_private, timeout=timeout, max_bytes=max_bytes, max_redirects=max_redirects
    )
    readings = list(read_bytes(page.content, page.name, source=url))
    if len(readings) != 1:
        raise Unreadable(f"{url}: holds {len(readings)} documents; download the file and ingest it by its path")
    reading = readings[0]
    return reading.model_copy(update={"metadata": {**reading.metadata, "url": page.url}})


def read_bytes(raw: bytes, name: str, source: str = "") -> Iterator[Reading]:
    """The documents in `raw`, by its content first and the suffix of `name` second."""
    source = source or name
    if not raw.strip(b"\x00 \t\r\n"):
        raise Unreadable(f"{source}: the file is empty; get it again from its source, or leave it out")
    if b"%PDF-" in raw[:1024]:
        from ingest.readers import pdf

        yield pdf.read(raw, source)
    elif raw.startswith(b"PK\x03\x04"):
        _require_docx(raw, source)
        from ingest.readers import word

        yield word.read(raw, source)
    else:
        yield from _read_text(raw, name, source)


def _read_text(raw: bytes, name: str, source: str) -> Iterator[Reading]:
    suffix = Path(name).suffix.lower()
    if suffix in (".pdf", ".docx"):
        raise Unreadable(
            f"{source}: this is not a {suffix[1:].upper()} file, or it is damaged; get it again from its source"
        )
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(
            f"{source}: an old Office file, or one with a password; save it without password as DOCX or PDF"
        )
    if suffix and suffix not in _TEXT_FORMATS:
        raise Unreadable(f"{source}: {suffix} files are not read; save it as one of: {_READABLE}")
    opening = raw[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = _TEXT_FORMATS.get(suffix, "plain")
    if kind == "plain" and (opening.startswith((b"<!doctype html", b"<html")) or b"<html" in opening[:300]):
        kind = "html"
    if kind != "jsonl" and len(raw) > MAX_TEXT:
        raise Unreadable(
            f"{source}: {len(raw) / 1e6:.0f} MB of text is over the limit of {MAX_TEXT / 1e6:.0f} MB for one document; split it"
        )
    if kind == "markdown":
        from ingest.readers import markdown

        yield markdown.read(raw, source)
    elif kind == "html":
        from ingest.readers import html

        yield html.read(raw, source)
    elif kind in ("jsonl", "json"):
        from ingest.readers import jsonl

        yield from jsonl.read(raw, source, whole=kind == "json")
    else:
        from ingest.readers import plain

        yield plain.read(raw, source)


def _bytes(path: Path, max_bytes: int) -> bytes:
    try:
        if path.is_dir():
            raise Unreadable(f"{path}: is a folder; give the folder to `legation ingest`, which reads the files in it")
        if not path.exists():
            raise Unreadable(f"{path}: no such file; correct the name (or the entry in manifest.yaml that names it)")
        if not path.is_file():
            raise Unreadable(f"{path}: not a regular file; give a file, a folder or a URL")
        size = path.stat().st_size
        if size > max_bytes:
            raise Unreadable(
                f"{path}: {size / 1e6:.0f} MB is over the limit of {max_bytes / 1e6:g} MB; split it, or give its text"
            )
        return path.read_bytes()
    except PermissionError as error:
        raise Unreadable(f"{path}: no permission to read it; allow reading (chmod u+r) or leave it out") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unreadable(f"{path}: cannot be read ({reason}); check the disk and the name") from error


def _require_docx(raw: bytes, source: str) -> None:
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            if "word/document.xml" in archive.namelist():
                return
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Unreadable(
            f"{source}: a damaged or cut-off DOCX file; get it again from its source, or save it as PDF"
        ) from error
    raise Unreadable(f"{source}: a ZIP archive that is no DOCX file; unpack it, or save it as one of: {_READABLE}")
