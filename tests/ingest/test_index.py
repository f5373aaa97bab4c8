"""Index: what is put can be found in three ways; what is lost, foreign, read-only or full is named with the mend."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shelf import ACCORD, NOTE, TEXTS, text

from ingest.documents import LibraryError
from ingest.encoders import maxsim_many
from ingest.index import FILE, EncoderMismatch, Index, Unusable

TREATY, STATEMENT, SPANISH = TEXTS
BUOYS = text("buoys", *(part for n in range(1, 131) for part in (f"Article {n}", f"Buoy {n} has colour {n * 7}.")))
QUESTION = "When must a ship tell the harbour master of an incident?"


def nearest(index: Index, question: str = QUESTION, k: int = 20, **where: Any) -> list[str]:
    """The slugs of the passages nearest to a question."""
    return [index.passage(name).slug for name, _ in index.near(index.encoder.embed_query(question), k, where)]


def worded(index: Index, words: str, **where: Any) -> list[str]:
    return [index.passage(name).slug for name, _ in index.words(words, 20, where)]


def whole(index: Index) -> None:
    """What holds for every library that is well."""
    names = {passage.id for about in index.documents() for passage in index.text(about.slug).passages}
    assert set(index.vectors.get(include=[])["ids"]) == names
    assert index._words.ids() == names
    assert index.tokens(names).keys() == names
    assert index.unfinished() == {}
    for about in index.documents():
        found = index.text(about.slug)
        assert "".join(passage.text for passage in found.passages) == found.document.text


# what is put


def test_texts_come_back_as_they_were_put(index: Index) -> None:
    assert [about.slug for about in index.documents()] == ["gull-note", "harbour-accord", "heron-speech"]
    for item in TEXTS:
        assert index.text(item.document.slug) == item
        assert index.document(item.document.slug).text == item.document.text
        assert all(index.passage(passage.id) == passage for passage in item.passages)
    assert all(about.text == "" for about in index.documents()), "a list of documents is light"
    words = sum(len(item.document.text.split()) for item in TEXTS)
    assert index.counts() == {"documents": 3, "passages": sum(len(item.passages) for item in TEXTS), "words": words}
    assert index.fingerprints()["gull-note"] == ("mark of gull-note", "origin")
    whole(index)


def test_what_is_not_there_is_named(index: Index) -> None:
    with pytest.raises(LibraryError, match="no document 'nobody'"):
        index.text("nobody")
    with pytest.raises(LibraryError, match="no document 'nobody'"):
        index.remove("nobody")
    with pytest.raises(LibraryError, match="no passage 'nothing'"):
        index.passage("nothing")
    assert index.tokens([]) == index.tokens(["nothing"]) == {}


def test_a_second_put_encodes_nothing_and_a_changed_text_only_what_changed(index: Index) -> None:
    assert index.put(TREATY) == 0
    generation = index.generation
    about = TREATY.document.model_dump(exclude={"slug", "text"})
    changed = text("harbour-accord", *ACCORD[:3], "Ferries are no longer exempt.", *ACCORD[4:], **about)
    steps: list[tuple[int, int]] = []
    assert index.put(changed, progress=lambda done, every: steps.append((done, every))) == 1
    assert steps == [(1, 1)]
    assert index.generation > generation
    assert index.text("harbour-accord") == changed
    assert worded(index, "lanterns") == []
    assert worded(index, "longer exempt") == ["harbour-accord"]
    whole(index)


def test_what_is_removed_is_gone_and_the_rest_stays(index: Index) -> None:
    assert "harbour-accord" in nearest(index)
    index.remove("harbour-accord")
    assert set(nearest(index)) == {"heron-speech", "gull-note"}
    assert worded(index, "lanterns harbour") == []
    assert index.counts()["documents"] == 2
    whole(index)
    for slug in ("heron-speech", "gull-note"):
        index.remove(slug)
    assert nearest(index) == worded(index, "lighthouses") == index.documents() == []


def test_equal_words_in_two_documents_are_two_passages(index: Index) -> None:
    index.put(text("copy", *NOTE))
    index.remove("gull-note")
    assert worded(index, "gaviotas") == ["copy"]
    whole(index)


def test_a_large_document_is_put_in_batches(index: Index) -> None:
    steps: list[tuple[int, int]] = []
    assert index.put(BUOYS, progress=lambda *step: steps.append(step)) == len(BUOYS.passages) == 130
    assert steps == [(64, 130), (128, 130), (130, 130)]
    whole(index)
    index.remove("buoys")
    whole(index)


# finding


def test_by_vectors(index: Index) -> None:
    vector = index.encoder.embed_query(QUESTION)
    found = index.near(vector, 20)
    scores = [score for _, score in found]
    assert index.passage(found[0][0]).pinpoint == "Article 1"
    assert len(found) == index.counts()["passages"]
    assert scores == sorted(scores, reverse=True)
    assert -1 <= scores[-1] < scores[0] <= 1.0001
    assert [name for name, _ in index.near(vector, 2)] == [name for name, _ in found][:2]


def test_the_score_is_the_cosine(index: Index) -> None:
    vector = np.array(index.encoder.embed_query(QUESTION))
    name, score = index.near(list(vector), 1)[0]
    stored = index.vectors.get(ids=[name], include=["embeddings"])["embeddings"][0]
    assert score == pytest.approx(float(vector @ np.array(stored)), abs=1e-4)


def test_by_words(index: Index) -> None:
    name, score = index.words("lanterns", 5)[0]
    assert index.passage(name).pinpoint == "Article 2"
    assert score > 0
    assert worded(index, "Council of Owls")[0] == "harbour-accord", "title and publisher are words too"
    assert index.words("", 5) == index.words("nowhere", 5) == []


def test_by_tokens(index: Index) -> None:
    names = [passage.id for passage in TREATY.passages]
    tokens = index.tokens(names)
    scores = maxsim_many(index.token_encoder.encode_query(QUESTION), [tokens[name].bits for name in names])
    assert TREATY.passages[int(scores.argmax())].pinpoint == "Article 1"


@pytest.mark.parametrize(
    ("where", "slugs"),
    [
        ({}, {"harbour-accord", "heron-speech", "gull-note"}),
        ({"kind": "treaty"}, {"harbour-accord"}),
        ({"kind": "TREATY"}, {"harbour-accord"}),
        ({"publisher": "Lake Ministry"}, {"heron-speech", "gull-note"}),
        ({"publisher": "Lake Ministry", "language": "en"}, {"heron-speech"}),
        ({"slug": ["gull-note", "harbour-accord"]}, {"harbour-accord", "gull-note"}),
        ({"year_from": 2031}, {"harbour-accord", "heron-speech"}),
        ({"year_from": 2032}, {"heron-speech"}),
        ({"year_to": 2031}, {"harbour-accord"}),
        ({"year_from": 2031, "year_to": 2031}, {"harbour-accord"}),
        ({"publisher": "Nobody"}, set()),
        ({"slug": []}, set()),
    ],
)
def test_filters(index: Index, where: dict[str, Any], slugs: set[str]) -> None:
    """A document without a date is of no year."""
    assert set(nearest(index, **where)) == slugs
    assert set(worded(index, "harbour lighthouses gaviotas", **where)) == slugs


def test_several_threads_ask_while_one_writes(index: Index) -> None:
    vector = index.encoder.embed_query(QUESTION)
    faults: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(15):
                assert [index.passage(name).slug for name, _ in index.near(vector, 1)] == ["harbour-accord"]
                assert worded(index, "lanterns") == ["harbour-accord"]
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(5):
        index.put(text(f"note-{number}", f"Gull {number} has a view of its own."))
    for thread in threads:
        thread.join()
    assert faults == []


# opening


def test_it_is_the_same_when_opened_again(own: Path) -> None:
    for _ in range(2):
        with Index.open(own) as index:
            assert index.text("harbour-accord") == TREATY
            assert nearest(index, k=1) == ["harbour-accord"]
            whole(index)


def test_a_library_can_be_moved(own: Path, tmp_path: Path) -> None:
    with Index.open(own.rename(tmp_path / "a new place")) as index:
        assert nearest(index, k=1) == ["harbour-accord"]


def test_no_library_is_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"no library in .*none.*legation --data .*none ingest"):
        Index.open(tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("create", [True, False])
def test_a_foreign_folder_is_left_alone(tmp_path: Path, create: bool) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir")
    with pytest.raises(LibraryError, match=r"--data"):
        Index.open(tmp_path, create=create)
    with pytest.raises(LibraryError, match=r"--data|cannot be written"):
        Index.open(tmp_path / "letter.txt", create=create)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def foreign_database(file: Path) -> None:
    database = sqlite3.connect(file)
    database.execute("CREATE TABLE cats (name TEXT)")
    database.commit()
    database.close()


@pytest.mark.parametrize(
    "make",
    [lambda file: file.write_bytes(b"these are not the bytes of a database " * 99), foreign_database],
    ids=["no database", "another's database"],
)
def test_a_foreign_or_damaged_database_is_named(tmp_path: Path, make: Callable[[Path], Any]) -> None:
    make(tmp_path / FILE)
    before = (tmp_path / FILE).read_bytes()
    for create in (True, False):
        with pytest.raises(LibraryError, match=rf"{FILE} cannot be read"):
            Index.open(tmp_path, create=create)
    assert (tmp_path / FILE).read_bytes() == before


def test_a_database_that_lost_a_table_is_named(own: Path) -> None:
    database = sqlite3.connect(own / FILE)
    database.execute("DROP TABLE passages")
    database.close()
    with Index.open(own) as index, pytest.raises(Unusable, match="no such table: passages"):
        index.documents()


def test_another_version_is_named(own: Path) -> None:
    database = sqlite3.connect(own / FILE)
    with database:
        database.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    database.close()
    with pytest.raises(LibraryError, match=r"another version of Legation \(format 99\)"):
        Index.open(own)


# models


def test_another_model_is_a_named_error_with_the_command_that_mends_it(own: Path, tmp_path: Path) -> None:
    with pytest.raises(EncoderMismatch) as caught:
        Index.open(own, embedder="some/model")
    assert f"legation --data {own} ingest --rebuild" in str(caught.value)
    assert "bge-small" in str(caught.value)
    assert "some/model" in str(caught.value)
    with Index.open(own, embedder="some/model", check=False) as index:
        assert len(index.documents()) == 3, "what needs no model can be asked all the same"


def test_a_rebuild_takes_the_models_that_are_set(own: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    from ingest.encoders import SENTENCES, files

    tokenizer = Tokenizer.from_file(str(files(SENTENCES)[1]))
    tokenizer.no_padding()
    model = str(tmp_path / "model")
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=32)], device="cpu").save(model)
    with Index.open(own, embedder=model, check=False) as index:
        assert index.rebuild() == index.counts()["passages"]
        assert len(nearest(index)) == 5
        whole(index)
    with pytest.raises(EncoderMismatch):
        Index.open(own)
    with Index.open(own, embedder=model) as index:
        assert len(nearest(index)) == 5


# what is lost or spoilt


@pytest.mark.parametrize("lost", ["chroma", "words"])
def test_an_index_that_is_gone_is_named_and_rebuilt(own: Path, lost: str) -> None:
    shutil.rmtree(own / lost)
    with Index.open(own) as index:
        with pytest.raises(Unusable, match=r"has lost 5 of 5 passages.*mend: legation --data .*own ingest --rebuild"):
            nearest(index) if lost == "chroma" else worded(index, "lanterns")
        assert index.text("harbour-accord") == TREATY, "the texts are safe"
        assert index.rebuild() == 5
        assert nearest(index, k=1) == worded(index, "lanterns") == ["harbour-accord"]
        whole(index)


def test_an_index_that_lost_a_part_is_named(index: Index) -> None:
    index.vectors.delete(ids=[TREATY.passages[0].id])
    index._words.replace([TREATY.passages[0].id, TREATY.passages[1].id], ())
    with pytest.raises(Unusable, match="lost 1 of 5"):
        nearest(index)
    with pytest.raises(Unusable, match="lost 2 of 5"):
        worded(index, "lanterns")


@pytest.mark.parametrize("lost", ["chroma", "words"])
def test_a_damaged_index_is_named_and_rebuilt(own: Path, lost: str) -> None:
    for file in (own / lost).rglob("*"):
        if file.is_file() and not file.name.startswith("."):
            file.write_bytes(b"spoilt " * 50)
    with Index.open(own) as index:
        with pytest.raises(Unusable, match="--rebuild"):
            nearest(index) if lost == "chroma" else worded(index, "lanterns")
        assert index.rebuild() == 5
        assert nearest(index, k=1) == worded(index, "lanterns") == ["harbour-accord"]
        whole(index)


def test_a_full_disk_is_named_and_nothing_is_lost(index: Index) -> None:
    pages = index._database.execute("PRAGMA page_count").fetchone()[0]
    index._database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unusable, match=r"disk is full.*what was finished is safe"):
        index.put(BUOYS)
    assert [about.slug for about in index.documents()] == ["gull-note", "harbour-accord", "heron-speech"]
    assert nearest(index, k=1) == ["harbour-accord"]
    index._database.execute("PRAGMA max_page_count = 1000000")
    index.sweep()
    whole(index)


def test_what_may_not_be_written_is_named(index: Index) -> None:
    index._database.execute("PRAGMA query_only = 1")
    for write in (lambda: index.put(text("more", "More.")), lambda: index.remove("gull-note")):
        with pytest.raises(Unusable, match=r"read-only.*chmod"):
            write()
    with pytest.raises(Unusable, match="read-only"):
        index.touch("gull-note", "", "")
    index._database.execute("PRAGMA query_only = 0")
    index.sweep()
    whole(index)
    assert index.counts()["documents"] == 3


@pytest.mark.skipif(
    os.geteuid() == 0, reason="root may write anywhere; tests/bot/test_cli.py does this as another user"
)
def test_a_read_only_folder_is_named(own: Path) -> None:
    for path in (own, *own.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with pytest.raises(LibraryError, match="read-only"):
            Index.open(own)
    finally:
        for path in (own, *own.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)


# a run that was stopped


class Killed(BaseException):
    """As good as a kill: nothing in the house catches it."""


@contextmanager
def stopped_after(writes: float) -> Iterator[list[str]]:
    """Stops the run at the write that follows so many, to whichever of the stores; gives the writes that were done."""
    from langchain_chroma import Chroma

    from ingest.words import Words

    done: list[str] = []

    def count(what: str) -> None:
        if len(done) >= writes:
            raise Killed
        done.append(what)

    def counted(real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            count(name)
            return real(*given, **named)

        return step

    class Database(sqlite3.Connection):
        def execute(self, query: str, *given: Any) -> sqlite3.Cursor:
            if query.startswith(("BEGIN", "COMMIT")):
                count(query)
            return super().execute(query, *given)

        def executemany(self, query: str, *given: Any) -> sqlite3.Cursor:
            if not self.in_transaction:
                count(query)
            return super().executemany(query, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.index.sqlite3.connect", partial(sqlite3.connect, factory=Database))
        for owner, name in (
            (Words, "replace"),
            (Chroma, "add_texts"),
            (Chroma, "delete"),
            (Chroma, "reset_collection"),
        ):
            patch.setattr(owner, name, counted(getattr(owner, name), name))
        yield done


ABOUT = TREATY.document.model_dump(exclude={"slug", "text"})
CHANGED = text("harbour-accord", *ACCORD[:3], "Ferries are no longer exempt.", *ACCORD[4:], **ABOUT)


@pytest.mark.parametrize(
    ("work", "again", "fewest"),
    [
        (lambda index: index.put(CHANGED), True, 8),
        (lambda index: "gull-note" in index.fingerprints() and index.remove("gull-note"), True, 5),
        (lambda index: index.rebuild(), False, 10),
    ],
    ids=["put", "remove", "rebuild"],
)
def test_a_run_stopped_at_any_write_is_completed_by_the_next(
    own: Path, tmp_path: Path, work: Callable[[Index], Any], again: bool, fewest: int
) -> None:
    for writes in count():
        folder = Path(shutil.copytree(own, tmp_path / f"stopped-{writes}"))
        with stopped_after(writes) as done, Index.open(folder) as index, suppress(Killed):
            work(index)
        with Index.open(folder) as index:
            held = {about.slug: index.text(about.slug) for about in index.documents()}
            assert held["harbour-accord"] in (TREATY, CHANGED), "the old text or the new one, nothing between"
            assert held["heron-speech"] == STATEMENT
            if not index.unfinished():
                assert {"harbour-accord", "heron-speech"} <= set(nearest(index)), "it answers"
                assert worded(index, "lighthouses") == ["heron-speech"]
            index.complete()
            if again:
                work(index)
            index.sweep()
            whole(index)
        if len(done) < writes:
            break
    assert writes > fewest


# a server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[[], tuple[str, subprocess.Popen[bytes]]]]:
    """Starts `chroma run` on a free port, each time with nothing in it."""
    program = Path(sys.executable).parent / "chroma"
    if not program.exists():
        pytest.skip("the chroma command is not installed beside this Python")
    running = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def start() -> tuple[str, subprocess.Popen[bytes]]:
        store = tmp_path / f"store-{len(running)}"
        command = [str(program), "run", "--path", str(store), "--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        running.append(process)
        for _ in range(300):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return f"127.0.0.1:{port}", process
            time.sleep(0.1)
        raise AssertionError("chroma run does not answer")

    yield start
    for process in running:
        process.kill()
        process.wait()


def test_a_chroma_server_holds_the_vectors_of_several_libraries(
    server: Callable[[], tuple[str, subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    address, process = server()
    with (
        Index.open(tmp_path / "one", create=True, server=address) as one,
        Index.open(tmp_path / "two", create=True, server=f"http://{address}") as two,
    ):
        for item in (TREATY, STATEMENT):
            one.put(item)
        two.put(SPANISH)
        assert nearest(one, k=1) == ["harbour-accord"]
        assert set(nearest(two)) == {"gull-note"}
        assert nearest(one, kind="statement") == ["heron-speech"]
        one.remove("heron-speech")
        one.rebuild()
        for index in (one, two):
            whole(index)
        assert not (one.folder / "chroma").exists()
        process.kill()
        process.wait()
        mend = rf"No Chroma server answers at {address}.*chroma run"
        with pytest.raises(LibraryError, match=mend):
            nearest(one)
        with pytest.raises(LibraryError, match=mend):
            one.put(STATEMENT)
        assert worded(one, "lanterns") == ["harbour-accord"]
        server()
        with pytest.raises(Unusable, match="--rebuild"):
            nearest(one)
        one.rebuild()
        assert nearest(one, k=1) == ["harbour-accord"]
        whole(one)


def test_no_server_is_named(own: Path) -> None:
    with Index.open(own, server="127.0.0.1:9") as index, pytest.raises(LibraryError, match="No Chroma server answers"):
        nearest(index)
