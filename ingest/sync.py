"""Keeping the library in step with its inputs: what is new, changed, unchanged or gone; resumable, one run at a time."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from ingest.documents import Document, LibraryError
from ingest.failures import keep
from ingest.index import Index, Unusable
from ingest.passages import VERSION, compose
from ingest.readers.manifest import load_manifest, slugify
from ingest.structure import locate

if TYPE_CHECKING:
    from ingest.readers import Reading

READERS = "1"  # rises when the same file would be read in another way
MANIFEST = "manifest.yaml"
_LOCK = ".lock"


class Summary(BaseModel):
    """What an ingest did. Slugs, except `failed`: input -> reason."""

    model_config = ConfigDict(extra="forbid")

    added: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    removed: list[str] = []
    failed: dict[str, str] = {}
    warnings: dict[str, list[str]] = {}
    encoded: int = 0


class Progress(BaseModel):
    """How far an ingest is: which of the inputs, and how many of its passages are encoded."""

    model_config = ConfigDict(frozen=True)

    item: int
    items: int
    name: str
    encoded: int = 0
    passages: int = 0


class _Item(BaseModel):
    """One file or URL to read, with what a manifest says of it."""

    name: str
    path: Path | None = None
    about: dict[str, str] = {}
    origin: str

    @property
    def key(self) -> str:
        """What it is, however it was named."""
        return str(self.path.absolute()) if self.path else self.name


def ingest(
    index: Index,
    inputs: Sequence[str | Path],
    *,
    prune: bool = False,
    progress: Callable[[Progress], None] | None = None,
    allow_private: bool = False,
) -> Summary:
    """Brings the library in step with `inputs` (files, folders, URLs). A failing input is named in the summary, the others go on."""
    with only_one(index.folder):
        given = [str(item) for item in inputs]
        summary = _Run(index, progress, allow_private).run(given, prune)
        keep(index.folder, given, summary.failed)
        return summary


class _Run:
    def __init__(self, index: Index, progress: Callable[[Progress], None] | None, allow_private: bool) -> None:
        self.index = index
        self.summary = Summary()
        self.progress = progress
        self.allow_private = allow_private
        self.known = index.fingerprints()
        self.seen: dict[str, str] = {}  # slug -> the input that gave it in this run
        self.kept: set[str] = set()  # slugs whose input failed now, but was read before
        self.doubtful: set[str] = set()  # folders that could not be looked through: nothing of theirs is pruned

    def run(self, inputs: Sequence[str], prune: bool) -> Summary:
        self.summary.encoded += self.index.complete()
        items = self._all(inputs)
        for number, item in enumerate(items, 1):
            self._report(Progress(item=number, items=len(items), name=item.name))
            try:
                self._take(item, number, len(items))
            except Unusable:
                raise
            except (LibraryError, ValidationError) as error:
                self._fail(item, _plain(error))
            except Exception as error:  # a fault of ours: the other inputs still go on
                self._fail(
                    item, f"{item.name}: cannot be read ({type(error).__name__}: {error}). Leave it out, or report it."
                )
        if prune:
            self._prune(inputs)
        self.index.sweep()
        return self.summary

    def _all(self, inputs: Sequence[str]) -> list[_Item]:
        """Every input once; what a manifest describes is taken from there."""
        found: dict[str, _Item] = {}
        for item in (item for given in inputs for item in self._items(given)):
            if item.about or item.key not in found:
                found[item.key] = item
        return list(found.values())

    def _fail(self, item: _Item, reason: str) -> None:
        self.summary.failed[item.name] = reason
        self.kept |= {slug for slug, (_, origin) in self.known.items() if origin == _origin(item)}

    def _doubt(self, folder: Path, name: Path, reason: str) -> None:
        self.summary.failed[str(name)] = reason
        self.doubtful.add(str(folder.resolve()))

    def _items(self, given: str) -> Iterator[_Item]:
        if re.match(r"https?://", given):
            yield _Item(name=given, origin=given)
            return
        path = Path(given).expanduser()
        if path.is_dir():
            yield from self._folder(path)
        elif path.exists():
            yield _Item(name=given, path=path, origin=str(path.resolve()))
        else:
            self.summary.failed[given] = f"{given}: no such file or folder. Check the path."

    def _folder(self, folder: Path) -> Iterator[_Item]:
        from ingest.readers import SUFFIXES

        about: dict[str, dict[str, str]] = {}
        if (folder / MANIFEST).is_file():
            try:
                about = load_manifest(folder)
            except LibraryError as error:
                self._doubt(folder, folder / MANIFEST, _plain(error))
                return
        files = self._files(folder)
        found = {str(p.relative_to(folder)): p for p in files if p.suffix.lower() in SUFFIXES and p.name != MANIFEST}
        for name in about.keys() - found.keys():
            if not (folder / name).is_file():
                self.summary.failed[str(folder / name)] = (
                    f"{folder / MANIFEST} names {name}, but the file is not there. Add it or take the entry out."
                )
        found |= {name: folder / name for name in about if name not in found and (folder / name).is_file()}
        if not found:
            self._doubt(folder, folder, f"{folder}: nothing here can be read ({', '.join(sorted(SUFFIXES))}).")
        for name, path in sorted(found.items()):
            yield _Item(name=str(path), path=path, about=about.get(name, {}), origin=str(folder.resolve()))

    def _files(self, folder: Path) -> list[Path]:
        """The files of a folder and of the folders in it, hidden ones left out."""

        def unseen(error: OSError) -> None:
            place = Path(error.filename or folder)
            self._doubt(folder, place, f"{place}: cannot be looked into ({error.strerror}). Allow reading it.")

        found = []
        for place, folders, names in os.walk(folder, onerror=unseen):
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += [Path(place) / name for name in names if not name.startswith(".")]
        return sorted(path for path in found if path.is_file())

    def _take(self, item: _Item, number: int, items: int) -> None:
        from ingest.readers import read_path, read_url

        mark = _fingerprint(item) if item.path else ""
        before = [slug for slug, (known, _) in self.known.items() if mark and known == mark]
        if before:
            for slug in before:
                self._claim(slug, item)
                self.index.touch(slug, mark, _origin(item))
                self.summary.unchanged.append(slug)
            return
        readings = read_path(item.path) if item.path else [read_url(item.name, allow_private=self.allow_private)]
        stored = [self._store(item, reading, number, items) for reading in readings]
        for slug in stored:  # only now: a file of many documents that was stopped midway, or failed, is read again
            self.index.touch(slug, mark, _origin(item))

    def _store(self, item: _Item, reading: Reading, number: int, items: int) -> str:
        document = _document(item, reading)
        self._claim(document.slug, item)
        if reading.warnings:
            self.summary.warnings[document.slug] = list(reading.warnings)
        text = compose(document, reading.blocks, locate(reading.blocks, document.kind, document.symbol), reading.given)
        if not text.passages:
            raise LibraryError(f"{item.name}: there is no text in it. Check the file, or leave it out.")
        old = self.index.text(document.slug) if document.slug in self.known else None
        same = old is not None and old == text
        if old is not None and not same:
            self._tell_replaced(document.slug, item)

        def report(encoded: int, passages: int) -> None:
            self._report(Progress(item=number, items=items, name=item.name, encoded=encoded, passages=passages))

        if same:
            self.index.touch(document.slug, "", _origin(item))
            self.summary.unchanged.append(document.slug)
        else:
            self.summary.encoded += self.index.put(text, "", _origin(item), report)
            (self.summary.changed if old is not None else self.summary.added).append(document.slug)
        return document.slug

    def _tell_replaced(self, slug: str, item: _Item) -> None:
        """Says so when a document takes the place of one from another file, which is still there."""
        before = Path(self.known[slug][1].partition("\0")[2])
        if item.path and before.is_file() and before != item.path.resolve():
            note = f"takes the place of {before}, which has the same slug; to keep both, rename one and ingest both"
            self.summary.warnings.setdefault(slug, []).append(note)

    def _claim(self, slug: str, item: _Item) -> None:
        """One slug, one input: a second one in the same run would silently replace the first."""
        if slug in self.seen:
            raise LibraryError(
                f"{item.name}: its slug {slug!r} is also that of {self.seen[slug]}. Rename one, or give slugs in a manifest.yaml."
            )
        self.seen[slug] = item.name

    def _prune(self, inputs: Sequence[str]) -> None:
        places = {str(Path(given).expanduser().resolve()) for given in inputs if Path(given).expanduser().exists()}
        for slug, (_, origin) in sorted(self.known.items()):
            place = origin.split("\0")[0]
            if place in places - self.doubtful and slug not in self.seen and slug not in self.kept:
                self.index.remove(slug)
                self.summary.removed.append(slug)

    def _report(self, progress: Progress) -> None:
        if self.progress:
            self.progress(progress)


def _origin(item: _Item) -> str:
    """The folder (or file, or URL) that an input came from, and the file in it."""
    return f"{item.origin}\0{item.path.resolve()}" if item.path else item.origin


def _document(item: _Item, reading: Reading) -> Document:
    fields: dict[str, Any] = {
        k: v for k, v in {**reading.metadata, **item.about}.items() if k in Document.model_fields and k != "text"
    }
    name = item.path.name if item.path else item.name.rstrip("/").rsplit("/", 1)[-1]
    stem = name.rsplit(".", 1)[0] if "." in name else name
    fields.setdefault("slug", slugify(stem) or "document-" + hashlib.sha256(stem.encode()).hexdigest()[:8])
    fields.setdefault("title", stem)
    if not item.path:
        fields.setdefault("url", item.name)
    return Document(**fields)


def _fingerprint(item: _Item) -> str:
    if item.path is None:
        return ""
    try:
        with item.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
    except OSError as error:
        raise LibraryError(f"{item.name} cannot be read ({error.strerror}). Check its permissions.") from error
    digest.update(json.dumps([item.about, item.path.name, READERS, VERSION], sort_keys=True).encode())
    return digest.hexdigest()


def _plain(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc']) or 'document'}: {first['msg']}"
    return str(error)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds the library for one writer; LibraryError at once when another holds it."""
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LibraryError(
            f"Another ingest is writing to {folder}. Wait until it has finished, then run this again."
        ) from None
    except OSError as error:
        raise LibraryError(
            f"{folder} cannot be written ({error.strerror}). Choose a writable folder with --data."
        ) from error
    try:
        yield
    finally:
        lock.release()
