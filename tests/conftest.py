"""What tests of several packages share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.ask import Legation
from bot.settings import Settings
from ingest.index import Index
from ingest.sync import ingest

PAGE_LIBRARY = Path(__file__).parent / "e2e" / "library.jsonl"


@pytest.fixture(scope="session")
def page_legation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Legation]:
    """A small library of made-up documents, one of them hostile, with the real models."""
    folder = tmp_path_factory.mktemp("page") / "library"
    with Index.open(folder, create=True) as index:
        assert ingest(index, [PAGE_LIBRARY]).failed == {}
    with Legation.open(Settings(data=folder)) as legation:
        yield legation
