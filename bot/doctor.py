"""What is installed, loaded, stale or broken, and the mend for each."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from bot import certificate
from bot.settings import PACKAGED, Settings
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from ingest.encoders import Weights
    from ingest.index import Index

State = Literal["ok", "warn", "fail"]
OLDEST = (3, 11)
_INSTALL = "make setup"


class Check(BaseModel):
    """One thing looked at."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: State
    found: str
    mend: str = ""


def examine(settings: Settings) -> list[Check]:
    """Everything that is looked at, in order. A check that breaks is a check that fails: the others go on."""
    found: list[Check] = []
    for name, look in (
        ("Python", _python),
        ("packages", _packages),
        ("models", _models),
        ("chat model", _author),
        ("library", _library),
    ):
        try:
            found += look(settings)
        except Exception as error:
            found.append(Check(name=name, state="fail", found=f"{type(error).__name__}: {error}", mend=_INSTALL))
    return found


def _python(_: Settings) -> Iterator[Check]:
    right = sys.version_info >= OLDEST
    mend = "" if right else f"install Python {'.'.join(map(str, OLDEST))} or later, then: make setup PYTHON=python3.12"
    yield Check(name="Python", state="ok" if right else "fail", found=sys.version.split()[0], mend=mend)


def _packages(_: Settings) -> Iterator[Check]:
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(line) for line in metadata.requires("legation") or ()]
    except metadata.PackageNotFoundError:
        yield Check(name="legation", state="fail", found="not installed", mend=_INSTALL)
        return
    yield Check(name="legation", state="ok", found=metadata.version("legation"))
    for need in wanted:
        if need.marker is None or need.marker.evaluate({"extra": ""}):
            yield _package(need.name, need.specifier.contains, str(need.specifier))


def _package(name: str, fits: Callable[..., bool], wanted: str) -> Check:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(name=name, state="fail", found="not installed", mend=_INSTALL)
    if fits(found, prereleases=True):
        return Check(name=name, state="ok", found=found)
    return Check(name=name, state="warn", found=f"{found}, tested with {wanted}", mend=_INSTALL)


def _author(settings: Settings) -> Iterator[Check]:
    """Whether the chat model that is set can be made; it is not asked anything, which might cost."""
    from bot.models import chat_model

    if not settings.writes:
        yield Check(name="chat model", state="ok", found="none: answers are verbatim quotations")
        return
    try:
        chat_model(settings)
    except LibraryError as problem:
        found, _, mend = str(problem).partition(". ")
        yield Check(name="chat model", state="fail", found=found, mend=mend)
        return
    yield Check(name="chat model", state="ok", found=settings.model or settings.model_url)


def _models(settings: Settings) -> Iterator[Check]:
    from ingest.encoders import PAIRS, SENTENCES, TOKENS, Encoder, PairScorer, TokenEncoder, files

    encoder, tokens, pairs = Encoder(settings.embedder), TokenEncoder(settings.token_encoder), PairScorer()
    trials: tuple[tuple[str, str, Weights, Callable[[], bool]], ...] = (
        ("sentence encoder", settings.embedder, SENTENCES, lambda: len(encoder.embed_query("cyber")) > 1),
        ("token encoder", settings.token_encoder, TOKENS, lambda: len(tokens.encode_query("cyber")) > 1),
        ("cross-encoder", PACKAGED, PAIRS, lambda: len(pairs.score("cyber", ["cyber"])) == 1),
    )
    for what, name, weights, run in trials:
        try:
            if name == PACKAGED:
                files(weights)
            works = run()
        except Exception as error:
            yield Check(
                name=what, state="fail", found=f"{type(error).__name__}: {_first(error)}", mend=_mend(error, _INSTALL)
            )
            continue
        shown = f"{weights.name}, SHA-256 right" if name == PACKAGED else f"{name}, as set"
        yield Check(
            name=what,
            state="ok" if works else "fail",
            found=f"{shown}, runs" if works else f"{shown}, gives nothing",
            mend="" if works else _INSTALL,
        )


def _first(error: Exception) -> str:
    return str(error).split(" Mend: ")[0]


def _mend(error: Exception, otherwise: str) -> str:
    """The mend that the message itself gives."""
    return str(error).partition(" Mend: ")[2] or otherwise


def _library(settings: Settings) -> Iterator[Check]:
    from ingest.index import FILE, Index

    folder = settings.data
    make = f"legation --data {folder} ingest PATH (or: legation serve)"
    if not (folder / FILE).is_file():
        foreign = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
        if foreign:
            yield Check(
                name="library",
                state="fail",
                found=f"{folder} holds something else",
                mend="give another folder with --data",
            )
        else:
            yield Check(name="library", state="warn", found=f"none in {folder}", mend=make)
        return
    access = _access(folder)
    yield access
    if access.state == "fail":
        return
    damage = _damage(folder / FILE)
    if damage:
        yield Check(
            name="database",
            state="fail",
            found=damage,
            mend="restore the folder from a copy, or make a new library with legation ingest",
        )
        return
    try:
        index = Index.open(
            folder,
            embedder=settings.embedder,
            token_encoder=settings.token_encoder,
            server=settings.chroma_server or None,
            check=False,
        )
    except LibraryError as error:
        yield Check(name="library", state="fail", found=_first(error), mend=make)
        return
    with index:
        for look in (_contents, _encoders, _finished, _vectors, _words, _certificate):
            try:
                yield look(index)
            except Exception as error:
                said = _first(error) if isinstance(error, LibraryError) else f"{type(error).__name__}: {error}"
                yield Check(name=look.__name__.strip("_"), state="fail", found=said[:200], mend=_REBUILD)


_REBUILD = "legation ingest --rebuild"
_COMPLETE = "legation ingest, with the folder or files as before"


def _access(folder: Path) -> Check:
    from ingest.index import FILE

    try:
        next(folder.iterdir(), None)
    except OSError as error:
        return Check(
            name="library",
            state="fail",
            found=f"{folder}: {error.strerror}",
            mend="allow reading it, or give another folder with --data",
        )
    if not all(os.access(path, os.R_OK | os.W_OK) for path in (folder, folder / FILE)):
        mend = f"chmod -R u+rw {folder}, or copy it to a place that is writable"
        return Check(
            name="library", state="fail", found=f"{folder} is read-only, and asking needs it writable", mend=mend
        )
    return Check(name="library", state="ok", found=f"{folder} can be read and written")


def _damage(file: Path) -> str:
    """What SQLite finds wrong with the file; '' when it is sound."""
    try:
        database = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
        try:
            said = str(database.execute("PRAGMA quick_check").fetchone()[0])
        finally:
            database.close()
    except sqlite3.Error as error:
        return f"{file}: {error}"
    return "" if said == "ok" else f"{file}: {said.splitlines()[0]}"


def _contents(index: Index) -> Check:
    counts = index.counts()
    if not counts["documents"]:
        return Check(
            name="documents",
            state="warn",
            found="none",
            mend=f"legation --data {index.folder} ingest PATH (or --starter)",
        )
    for about in index.documents():
        text = index.text(about.slug)
        if "".join(passage.text for passage in text.passages) != text.document.text:
            return Check(
                name="documents",
                state="fail",
                found=f"the passages of {about.slug} are not its text",
                mend=f"legation library remove {about.slug}, then ingest it again",
            )
    return Check(
        name="documents",
        state="ok",
        found="{documents:,} documents, {passages:,} passages, {words:,} words".format(**counts),
    )


def _encoders(index: Index) -> Check:
    made = json.loads(index.meta("encoders") or "{}")
    names = " and ".join(made.get(name, "an unknown model") for name in ("embedder", "tokens"))
    if made != index.identity:
        now = " and ".join(index.identity[name] for name in ("embedder", "tokens"))
        return Check(
            name="encoders",
            state="fail",
            found=f"made with {names}, but {now} are set",
            mend=f"{_REBUILD}, or set the models that made it",
        )
    return Check(name="encoders", state="ok", found=names)


def _finished(index: Index) -> Check:
    """Whether a stopped run left passages without their token vectors."""
    left = sum(len(passages) for passages in index.unfinished().values())
    if left:
        return Check(
            name="token vectors",
            state="warn",
            found=f"{left} passages are not encoded: a run was stopped",
            mend=_COMPLETE,
        )
    return Check(name="token vectors", state="ok", found="complete")


def _vectors(index: Index) -> Check:
    return _same("vectors", index, set(index.vectors.get(include=[])["ids"]))


def _words(index: Index) -> Check:
    from ingest.words import Words

    return _same("word index", index, Words(index.folder / "words").ids())


def _same(name: str, index: Index, held: set[str]) -> Check:
    """Whether an index holds the passages of the library, each and no other."""
    wanted = {passage.id for about in index.documents() for passage in index.text(about.slug).passages}
    if missing := len(wanted - held):
        return Check(name=name, state="fail", found=f"{missing} of {len(wanted)} passages are missing", mend=_REBUILD)
    if strays := len(held - wanted):
        return Check(
            name=name, state="warn", found=f"{strays} passages of no document: a run was stopped", mend=_COMPLETE
        )
    return Check(name=name, state="ok", found=f"{len(held)} passages")


def _certificate(index: Index) -> Check:
    """Whether the certificate in the library's folder, if any, was made on this library."""
    again = "legation eval run, then legation eval certify"
    try:
        certified = certificate.read(index.folder)
    except ValueError as error:
        mend = f"remove it, or make it again: {again}"
        return Check(name="certificate", state="fail", found=str(error), mend=mend)
    if certified is None:
        found = f"none: the threshold is the one that is set, else {certificate.DEFAULT:g}"
        return Check(name="certificate", state="ok", found=found)
    if certified.library_sha256 != certificate.library_sha256(index):
        found = "stale, so not used: the library has changed since it was made"
        return Check(name="certificate", state="warn", found=found, mend=again)
    return Check(
        name="certificate", state="ok", found=f"threshold {certified.threshold:g}, made on this library and used"
    )
