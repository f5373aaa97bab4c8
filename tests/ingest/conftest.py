"""A small library of made-up documents, with the real models."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from shelf import TEXTS

from ingest.index import Index


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library, closed; nobody writes to it."""
    folder = tmp_path_factory.mktemp("made") / "library"
    with Index.open(folder, create=True) as index:
        for item in TEXTS:
            index.put(item, fingerprint=f"mark of {item.document.slug}", origin="origin")
    return folder


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    """A copy of the library, to be spoilt."""
    return Path(shutil.copytree(made, tmp_path / "own"))


@pytest.fixture
def index(own: Path) -> Iterator[Index]:
    """A copy of the library, open."""
    with Index.open(own) as opened:
        yield opened
