"""What fails at an ingest is kept with its reason until the same input succeeds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.failures import FILE, failures
from ingest.index import Index
from ingest.sync import ingest

WORDS = "Ferries carry lanterns from dusk until dawn, and ring a bell in fog, whatever the season may be."


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "library", create=True) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "papers"
    made.mkdir()
    (made / "good.txt").write_text(WORDS)
    (made / "bad.pdf").write_bytes(b"%PDF-1.4 cut short")
    return made


def names(index: Index) -> list[str]:
    return [Path(one.name).name for one in failures(index.folder)]


def test_a_failure_is_kept_until_its_input_succeeds(index: Index, folder: Path) -> None:
    summary = ingest(index, [folder])
    (kept,) = failures(index.folder)
    assert kept.name == str(folder / "bad.pdf")
    assert kept.reason == summary.failed[str(folder / "bad.pdf")]
    assert kept.when.startswith("20")
    (folder / "bad.pdf").unlink()
    ingest(index, [folder])
    assert failures(index.folder) == []
    assert not (index.folder / FILE).exists()


def test_another_ingest_forgets_nothing(index: Index, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "papers-2").mkdir()
    (tmp_path / "papers-2" / "more.txt").write_text(f"More. {WORDS}")
    ingest(index, [folder])
    ingest(index, [tmp_path / "papers-2"])
    assert names(index) == ["bad.pdf"]
    ingest(index, [tmp_path / "papers-2", tmp_path / "absent.txt"])
    assert names(index) == ["bad.pdf", "absent.txt"]


def test_it_is_the_same_input_however_it_is_named(index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    ingest(index, ["papers/bad.pdf"])
    assert names(index) == ["bad.pdf"]
    ingest(index, [folder])
    assert names(index) == ["bad.pdf"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"name": 1}', b"\xff\xfe", b'[{"name": "a"}]'])
def test_a_broken_list_counts_as_empty_and_is_mended(index: Index, folder: Path, content: bytes) -> None:
    (index.folder / FILE).write_bytes(content)
    assert failures(index.folder) == []
    ingest(index, [folder / "bad.pdf"])
    assert names(index) == ["bad.pdf"]
