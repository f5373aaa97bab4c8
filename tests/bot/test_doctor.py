"""What `legation doctor` finds in libraries that were made ill on purpose, with the mend for each."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import certificate
from bot.ask import Legation
from bot.doctor import Check, examine
from bot.settings import Settings
from eval.answers import library_hash, sha256
from ingest.index import FILE, Index


@pytest.fixture
def data(page_legation: Legation, tmp_path: Path) -> Path:
    return Path(shutil.copytree(page_legation.settings.data, tmp_path / "library"))


def ill(data: Path, **given: str) -> dict[str, Check]:
    return {check.name: check for check in examine(Settings(data=data, **given)) if check.state != "ok"}  # type: ignore[arg-type]


def sql(data: Path, *statements: str) -> None:
    database = sqlite3.connect(data / FILE)
    with database:
        for statement in statements:
            database.execute(statement)
    database.close()


def test_a_good_library_passes_and_every_package_is_named(data: Path) -> None:
    found = {check.name: check for check in examine(Settings(data=data))}
    assert {check.state for check in found.values()} == {"ok"}
    assert {"Python", "legation", "chromadb", "torch", "library", "documents", "vectors", "word index"} <= found.keys()
    assert "pytest" not in found, "what only tests need is not missed"


def test_what_is_not_well_always_comes_with_a_mend(data: Path, tmp_path: Path) -> None:
    (data / certificate.FILE).write_text("{}")
    shutil.rmtree(data / "words")
    for folder in (data, tmp_path / "none", tmp_path):
        for check in ill(folder).values():
            assert check.mend
            assert check.found


def test_no_library_is_no_fault_but_another_folder_is(tmp_path: Path) -> None:
    assert ill(tmp_path / "none")["library"].state == "warn"
    assert ill(tmp_path)["library"].state == "warn", "an empty folder is as good as none"
    (tmp_path / "letter.txt").write_text("Dear Sir")
    assert ill(tmp_path)["library"].state == "fail"
    assert ill(tmp_path / "letter.txt")["library"].state == "fail"


def test_a_damaged_database_is_named(data: Path) -> None:
    (data / FILE).write_bytes(b"these are not the bytes of a database" * 100)
    assert list(ill(data)) == ["database"]


def test_other_models_than_the_library_was_made_with(data: Path) -> None:
    sql(data, """UPDATE meta SET value = '{"embedder": "some/model", "tokens": "another"}' WHERE key = 'encoders'""")
    assert "--rebuild" in ill(data)["encoders"].mend


def test_a_model_that_cannot_be_loaded(data: Path, tmp_path: Path) -> None:
    found = ill(data, embedder=str(tmp_path))
    assert found["sentence encoder"].state == "fail"
    assert "packaged" in found["sentence encoder"].mend


def test_passages_that_a_stopped_run_left_unencoded(data: Path) -> None:
    sql(data, "DELETE FROM tokens WHERE id IN (SELECT id FROM tokens LIMIT 2)")
    assert "2 passages" in ill(data)["token vectors"].found


def test_what_a_stopped_run_left_of_no_document(data: Path) -> None:
    sql(data, "DELETE FROM passages WHERE slug = 'hostile-memo'", "DELETE FROM documents WHERE slug = 'hostile-memo'")
    found = ill(data)
    assert {found["vectors"].state, found["word index"].state} == {"warn"}


def test_words_and_vectors_that_are_gone(data: Path) -> None:
    shutil.rmtree(data / "words")
    shutil.rmtree(data / "chroma")
    found = ill(data)
    assert {found["vectors"].state, found["word index"].state} == {"fail"}
    assert "--rebuild" in found["vectors"].mend


def test_a_text_that_was_tampered_with(data: Path) -> None:
    sql(data, "UPDATE documents SET text = text || ' And more.' WHERE slug = 'harbour-accord'")
    assert "harbour-accord" in ill(data)["documents"].found


def test_a_check_that_breaks_is_a_fault_and_the_others_go_on(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Settings) -> list[Check]:
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr("bot.doctor._packages", broken)
    assert ill(data)["packages"].state == "fail"


def made(index: Index) -> dict[str, object]:
    return {"threshold": 0.4, "library_sha256": certificate.library_sha256(index)}


def test_the_hash_of_a_library_is_the_one_that_evaluation_writes(page_legation: Legation) -> None:
    index = page_legation.index
    texts = {about.slug: sha256(index.document(about.slug).text) for about in index.documents()}
    assert certificate.library_sha256(index) == library_hash(texts)


@pytest.mark.parametrize(
    ("spoil", "state"),
    [
        (lambda told: json.dumps(told), None),
        (lambda told: json.dumps({**told, "library_sha256": "0" * 64}), "warn"),
        (lambda _: "not JSON", "fail"),
        (lambda _: "[]", "fail"),
        (lambda _: "{}", "fail"),
    ],
    ids=["right", "stale", "broken", "list", "bare"],
)
def test_a_certificate(
    page_legation: Legation, data: Path, spoil: Callable[[dict[str, object]], str], state: str | None
) -> None:
    (data / certificate.FILE).write_text(spoil(made(page_legation.index)))
    found = ill(data).get("certificate")
    assert (found.state if found else None) == state


@pytest.mark.parametrize(
    ("given", "spoil", "used"),
    [
        (None, lambda told: json.dumps(told), 0.4),
        (0.7, lambda told: json.dumps(told), 0.7),
        (None, lambda told: json.dumps({**told, "library_sha256": "0" * 64}), certificate.DEFAULT),
        (None, lambda told: json.dumps({**told, "threshold": 4}), certificate.DEFAULT),
        (None, lambda _: "not JSON", certificate.DEFAULT),
    ],
    ids=["certified", "set", "stale", "impossible", "broken"],
)
def test_the_threshold_that_is_used(
    page_legation: Legation,
    data: Path,
    given: float | None,
    spoil: Callable[[dict[str, object]], str],
    used: float,
) -> None:
    (data / certificate.FILE).write_text(spoil(made(page_legation.index)))
    with Legation.open(Settings.load(data=data, threshold=given)) as legation:
        assert legation.threshold == used


@pytest.mark.parametrize(
    ("given", "state", "told"),
    [
        ({}, "ok", "quotations"),
        ({"model_url": "http://127.0.0.1:9/v1"}, "ok", "127.0.0.1"),
        ({"model": "openai:gpt"}, "fail", "langchain-openai"),
    ],
)
def test_the_chat_model_is_told(given: dict[str, str], state: str, told: str) -> None:
    from bot.doctor import _author

    (check,) = _author(Settings.load(**given))
    assert check.state == state
    assert told in f"{check.found} {check.mend}"
