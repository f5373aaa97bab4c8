"""Index: the library on disk. SQLite holds the truth, Chroma the vectors, tantivy the words; one object, one folder."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np

from ingest.documents import Document, LibraryError, Passage, Text
from ingest.encoders import PACKAGED, Encoder, PairScorer, TokenEncoder, Tokens
from ingest.passages import VERSION, context
from ingest.words import Entry, Words

FORMAT = "1"
FILE = "library.sqlite3"
COLLECTION = "passages"
BATCH = 64  # passages encoded between two commits: what a killed run loses at most
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
  slug TEXT PRIMARY KEY, about TEXT NOT NULL, text TEXT NOT NULL, fingerprint TEXT NOT NULL, origin TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS passages (id TEXT PRIMARY KEY, slug TEXT NOT NULL, ordinal INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS passages_of ON passages (slug, ordinal);
CREATE TABLE IF NOT EXISTS tokens (id TEXT PRIMARY KEY, bits BLOB NOT NULL, offsets BLOB NOT NULL);
"""
_DISK = ("disk is full", "no space left", "i/o error", "read-only", "readonly")
_TABLES = {"meta", "documents", "passages", "tokens"}

Progress = Callable[[int, int], None]  # passages encoded so far, and in all


class EncoderMismatch(LibraryError):
    """The library was encoded with another model than the one that is set."""


class Unusable(LibraryError):
    """The library itself, not one of the inputs, is at fault: an ingest cannot go on."""


class Index:
    """The library: documents, their passages, and the three ways to find them. Safe to use from several threads."""

    def __init__(
        self, folder: Path, database: sqlite3.Connection, encoder: Encoder, token_encoder: TokenEncoder, server: str
    ) -> None:
        self.folder = folder
        self.encoder = encoder
        self.token_encoder = token_encoder
        self.pairs = PairScorer()
        self._server = server
        self._database = database
        self._lock = threading.RLock()
        self._words = Words(folder / "words")
        self._chroma: Any = None
        self._client: Any = None  # of Chroma
        self._written = -1  # the last generation that this object made
        self._seen = -1
        self._whole: dict[str, int] = {}  # which index was found whole, at which generation
        self._documents: dict[str, Document] = {}
        self._texts: dict[str, Text] = {}
        self._owners: dict[str, str] = {}

    @classmethod
    def open(
        cls,
        folder: Path | str,
        *,
        embedder: str = PACKAGED,
        token_encoder: str = PACKAGED,
        create: bool = False,
        server: str | None = None,
        check: bool = True,
    ) -> Self:
        """Opens the library in `folder`. LibraryError: there is none, it is something else, or (`check`) another model made it."""
        folder = Path(folder)
        exists = (folder / FILE).is_file() and not _blank(folder / FILE)
        if not exists and not create:
            raise LibraryError(
                f"There is no library in {folder}. Make one: legation --data {folder} ingest PATH (or: legation serve)"
            )
        if (
            not exists
            and folder.exists()
            and (
                not folder.is_dir()
                or any(p.name not in (".lock", FILE, f"{FILE}-wal", f"{FILE}-shm") for p in folder.iterdir())
            )
        ):
            raise LibraryError(
                f"{folder} holds something that is not a Legation library. Give an empty or a new folder with --data."
            )
        with _disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(folder / FILE, check_same_thread=False, timeout=30, isolation_level=None)
            try:
                if not exists:
                    database.execute("PRAGMA journal_mode=WAL")
                    database.executescript(_SCHEMA)
                index = cls(folder, database, Encoder(embedder), TokenEncoder(token_encoder), server or "")
                index._check(new=not exists, strict=check)
            except BaseException:
                database.close()
                raise
        return index

    def _check(self, new: bool, strict: bool) -> None:
        wanted = json.dumps(self.identity, sort_keys=True)
        if new:
            self._database.execute(
                "INSERT OR REPLACE INTO meta VALUES ('format', ?), ('encoders', ?), ('generation', '0'), ('collection', ?)",
                (FORMAT, wanted, f"{COLLECTION}-{uuid4().hex[:12]}"),  # of its own: a server may hold several libraries
            )
            return
        if self.meta("format") != FORMAT:
            raise LibraryError(
                f"{self.folder} was made by another version of Legation (format {self.meta('format') or 'unknown'}). "
                "Make a new one: legation ingest PATH --data NEW"
            )
        if strict and self.meta("encoders") != wanted:
            made = ", ".join(
                str(v) for k, v in json.loads(self.meta("encoders")).items() if k in ("embedder", "tokens")
            )
            raise EncoderMismatch(
                f"The library in {self.folder} was encoded with {made}, but {self.encoder.name} and {self.token_encoder.name} are set. "
                f"Mend: legation --data {self.folder} ingest --rebuild (encodes it anew), or set the models that made it."
            )

    @property
    def identity(self) -> dict[str, str]:
        """What the vectors are made with."""
        return {**self.encoder.identity, **self.token_encoder.identity}

    def close(self) -> None:
        """Closes the files."""
        self._release()
        self._database.close()

    def _release(self) -> None:
        """Lets go of Chroma, which does not see what another process writes until it is opened anew."""
        with self._lock:
            client, self._client, self._chroma = self._client, None, None
            if client is not None:
                client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def meta(self, key: str) -> str:
        """A value of the library's own table of facts, '' when there is none."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", key)
        return str(rows[0][0]) if rows else ""

    def _rows(self, query: str, *given: Any) -> list[Any]:
        with self._lock:
            try:
                return self._database.execute(query, given).fetchall()
            except sqlite3.DatabaseError as error:
                _refuse_read_only(error, self.folder)
                raise Unusable(
                    f"{self.folder / FILE} cannot be read ({error}). Restore it from a copy, or make a new library with legation ingest."
                ) from None

    # reading

    @property
    def generation(self) -> int:
        """Rises with each change of the library, whichever process makes it."""
        return int(self.meta("generation") or 0)

    def _refresh(self) -> None:
        with self._lock:
            generation = self.generation
            if generation == self._seen:
                return
            rows = self._rows("SELECT about FROM documents ORDER BY slug")
            self._documents = {d.slug: d for d in (Document.model_validate_json(about) for (about,) in rows)}
            self._owners = dict(self._rows("SELECT id, slug FROM passages"))
            self._texts = {}
            if generation != self._written:
                self._release()
            with suppress(
                ValueError
            ):  # a damaged word index is named when it is searched; the texts can be read without it
                self._words.reload()
            self._seen = generation

    def documents(self) -> list[Document]:
        """What the library holds, by slug, without the texts."""
        self._refresh()
        return list(self._documents.values())

    def document(self, slug: str) -> Document:
        """One document, with its text."""
        return self.text(slug).document

    def text(self, slug: str) -> Text:
        """One document with its passages. LibraryError when there is no such document."""
        self._refresh()
        with self._lock:
            if slug not in self._texts:
                rows = self._rows("SELECT about, text FROM documents WHERE slug = ?", slug)
                if not rows:
                    raise LibraryError(f"The library has no document {slug!r}. See: legation library")
                about, text = rows[0]
                document = Document.model_validate_json(about).model_copy(update={"text": text})
                bodies = self._rows("SELECT body FROM passages WHERE slug = ? ORDER BY ordinal", slug)
                self._texts[slug] = Text(document=document, passages=tuple(_passage(body, text) for (body,) in bodies))
            return self._texts[slug]

    def passage(self, name: str) -> Passage:
        """One passage by its id. LibraryError when there is no such passage."""
        self._refresh()
        if name not in self._owners:
            raise LibraryError(f"The library has no passage {name!r}. It may have changed since: ask again.")
        return next(passage for passage in self.text(self._owners[name]).passages if passage.id == name)

    def counts(self) -> dict[str, int]:
        """Documents, passages and words of the library."""
        texts = self._rows("SELECT text FROM documents")
        passages = self._rows("SELECT count(*) FROM passages")[0][0]
        return {"documents": len(texts), "passages": passages, "words": sum(len(text.split()) for (text,) in texts)}

    def fingerprints(self) -> dict[str, tuple[str, str]]:
        """For each slug, the fingerprint of the input it was made from and where that came from."""
        rows = self._rows("SELECT slug, fingerprint, origin FROM documents")
        return {slug: (mark, origin) for slug, mark, origin in rows}

    # finding

    def slugs(self, where: Mapping[str, Any] | None) -> list[str] | None:
        """The documents that a filter admits; None when it admits all. Keys: slug, publisher, kind, language, year_from, year_to."""
        if not where:
            return None
        return [d.slug for d in self.documents() if _admits(d, where)]

    def near(self, vector: Sequence[float], k: int, where: Mapping[str, Any] | None = None) -> list[tuple[str, float]]:
        """The `k` passages nearest to a question's vector: (id, cosine similarity), best first."""
        self._refresh()
        slugs = self.slugs(where)
        if slugs == [] or not self._owners:
            return []
        chosen = None if slugs is None else {"slug": slugs[0]} if len(slugs) == 1 else {"slug": {"$in": slugs}}
        self._check_whole("vectors", lambda: len(self.vectors.get(include=[])["ids"]))
        with self._lock, _search_errors(self.folder, self._server):
            found = self.vectors.similarity_search_by_vector_with_relevance_scores(list(vector), k=k, filter=chosen)
        ranked = [(str(item.id), 1 - float(distance)) for item, distance in found]
        return [(name, score) for name, score in ranked if name in self._owners]

    def words(self, query: str, k: int, where: Mapping[str, Any] | None = None) -> list[tuple[str, float]]:
        """The `k` passages that share most words with `query`: (id, BM25), best first."""
        self._refresh()
        slugs = self.slugs(where)
        if slugs == []:
            return []
        self._check_whole("words", self._words.count)
        with _search_errors(self.folder, self._server):
            found = self._words.search(query, k, slugs)
        return [(name, score) for name, score in found if name in self._owners]

    def tokens(self, names: Iterable[str]) -> dict[str, Tokens]:
        """The token vectors of passages, by id."""
        wanted = list(names)
        marks = ",".join("?" * len(wanted))
        rows = self._rows(f"SELECT id, bits, offsets FROM tokens WHERE id IN ({marks})", *wanted)  # noqa: S608 - marks only
        return {name: _tokens(bits, offsets) for name, bits, offsets in rows}

    @property
    def vectors(self) -> Any:
        """The Chroma collection as LangChain knows it."""
        with self._lock:
            if self._chroma is None:
                with _search_errors(self.folder, self._server):
                    name = self.meta("collection") or COLLECTION
                    self._client = _client(self.folder, self._server)
                    self._chroma = _collection(self._client, name, self.encoder, self.identity)
            return self._chroma

    def _check_whole(self, name: str, count: Callable[[], int]) -> None:
        """Names an index that has lost passages, which would answer as if the library did not hold them."""
        seen = self._seen
        if self._whole.get(name) == seen:
            return
        wanted = self._rows("SELECT count(*) FROM passages JOIN tokens USING (id)")[0][0]
        with self._lock, _search_errors(self.folder, self._server):
            held = count()
        if held < wanted and self.generation == seen:  # else another process has just taken a document out
            raise Unusable(
                f"The search index in {self.folder} has lost {wanted - held} of {wanted} passages ({name}). "
                f"The texts are safe; mend: legation --data {self.folder} ingest --rebuild"
            )
        self._whole[name] = seen

    # writing

    def put(self, text: Text, fingerprint: str = "", origin: str = "", progress: Progress | None = None) -> int:
        """Stores a document in place of the one with its slug; encodes only passages that are not encoded yet, and returns how many."""
        slug = text.document.slug
        with _disk_errors(self.folder):
            encoded = self._encode(text.document, text.passages, progress)
            old = {name for (name,) in self._rows("SELECT id FROM passages WHERE slug = ?", slug)}
            gone = old - {passage.id for passage in text.passages}
            fresh = [p for p in text.passages if p.id not in old]
            self._put_words((), [_entry(text.document, passage) for passage in fresh])
            with self._transaction() as database:
                database.execute("DELETE FROM passages WHERE slug = ?", (slug,))
                database.executemany(
                    "INSERT INTO passages VALUES (?, ?, ?, ?)",
                    [(p.id, slug, p.ordinal, p.model_dump_json(exclude={"text"})) for p in text.passages],
                )
                about = text.document.model_copy(update={"text": ""}).model_dump_json()
                database.execute(
                    "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?)",
                    (slug, about, text.document.text, fingerprint, origin),
                )
            self._forget(gone)
        return encoded

    def touch(self, slug: str, fingerprint: str, origin: str) -> None:
        """Notes that the input of a document was seen again."""
        with self._lock, _disk_errors(self.folder):
            self._database.execute(
                "UPDATE documents SET fingerprint = ?, origin = ? WHERE slug = ?", (fingerprint, origin, slug)
            )

    def remove(self, slug: str) -> None:
        """Takes a document out. LibraryError when there is no such document."""
        names = [passage.id for passage in self.text(slug).passages]
        with _disk_errors(self.folder):
            with self._transaction() as database:
                database.execute("DELETE FROM passages WHERE slug = ?", (slug,))
                database.execute("DELETE FROM documents WHERE slug = ?", (slug,))
            self._forget(names)

    def unfinished(self) -> dict[str, list[Passage]]:
        """Passages that belong to documents but are not encoded (a rebuild was stopped), by slug."""
        rows = self._rows("SELECT slug, id FROM passages WHERE id NOT IN (SELECT id FROM tokens)")
        found: dict[str, list[Passage]] = {}
        for slug, name in rows:
            found.setdefault(slug, []).append(self.passage(name))
        return found

    def complete(self, progress: Progress | None = None) -> int:
        """Encodes what a stopped rebuild left, sweeps what a stopped ingest left, and returns how many passages were encoded."""
        with _disk_errors(self.folder):
            encoded = 0
            for slug, passages in self.unfinished().items():
                # words before vectors: a passage without token vectors is what a stopped run left to do
                self._put_words((), [_entry(self.document(slug), passage) for passage in passages])
                encoded += self._encode(self.document(slug), passages, progress)
            if encoded:
                with self._transaction():  # other processes see that there is something new
                    pass
        return encoded

    def sweep(self) -> int:
        """Drops vectors and words of passages that belong to no document; returns how many."""
        with _disk_errors(self.folder):
            names = {name for (name,) in self._rows("SELECT id FROM passages")}
            strays = {name for (name,) in self._rows("SELECT id FROM tokens")} - names
            unswept = self.meta("unswept")
            if unswept:  # a stopped run may have left vectors without token vectors
                with _search_errors(self.folder, self._server):
                    strays |= set(self.vectors.get(include=[])["ids"]) - names
            self._forget(strays)
            if unswept:
                with self._lock:
                    self._database.execute("DELETE FROM meta WHERE key = 'unswept'")
        return len(strays)

    def rebuild(self, progress: Progress | None = None) -> int:
        """Encodes every passage anew with the models that are set, from the stored texts; returns how many."""
        with _disk_errors(self.folder):
            with self._transaction() as database:
                database.execute("DELETE FROM tokens")
                database.execute(
                    "INSERT OR REPLACE INTO meta VALUES ('encoders', ?)", (json.dumps(self.identity, sort_keys=True),)
                )
            self._clear()  # after the tokens: what has none is what a stopped rebuild left to do
            return self.complete(progress)

    def _clear(self) -> None:
        """Empties the vectors and the words, damaged or not."""
        import shutil

        self._release()
        try:
            self.vectors.reset_collection()
        except Exception:
            if self._server:
                raise
            self._release()
            _drop_chroma(self.folder)
        self._release()
        shutil.rmtree(self._words.folder, ignore_errors=True)
        self._words = Words(self.folder / "words")

    def _encode(self, document: Document, passages: Sequence[Passage], progress: Progress | None) -> int:
        known = {name for (name,) in self._rows("SELECT id FROM tokens")} if passages else set()
        missing = [passage for passage in passages if passage.id not in known]
        if missing:
            with self._lock:
                self._database.execute("INSERT OR REPLACE INTO meta VALUES ('unswept', 'yes')")
        for begin in range(0, len(missing), BATCH):
            batch = sorted(missing[begin : begin + BATCH], key=lambda passage: len(passage.text))
            texts = [context(document, passage) + passage.text for passage in batch]
            tokens = self.token_encoder.encode_documents(texts)
            with _search_errors(self.folder, self._server):
                self.vectors.add_texts(
                    texts, metadatas=[{"slug": document.slug} for _ in batch], ids=[p.id for p in batch]
                )
            rows = [(p.id, t.bits.tobytes(), t.offsets.tobytes()) for p, t in zip(batch, tokens, strict=True)]
            with self._lock:
                self._database.executemany("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", rows)
            if progress:
                progress(min(begin + BATCH, len(missing)), len(missing))
        return len(missing)

    def _put_words(self, removed: Sequence[str], added: Sequence[Entry]) -> None:
        with _search_errors(self.folder, self._server):
            self._words.replace(removed, added)

    def _forget(self, names: Iterable[str]) -> None:
        """Drops the vectors and words of passages that no document holds any more."""
        gone = sorted(names)
        if not gone:
            return
        for begin in range(0, len(gone), 500):
            with _search_errors(self.folder, self._server):
                self.vectors.delete(ids=gone[begin : begin + 500])
        self._put_words(gone, ())
        with self._lock:
            self._database.executemany("DELETE FROM tokens WHERE id = ?", [(name,) for name in gone])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")
                self._written = self.generation
                self._database.execute("COMMIT")
            except BaseException:
                self._database.execute("ROLLBACK")
                raise


def _client(folder: Path, server: str) -> Any:
    """Chroma in the folder, or on a `chroma run` server. Its telemetry is off."""
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False, is_persistent=not server)
    if not server:
        try:
            return chromadb.PersistentClient(path=str(folder / "chroma"), settings=settings)
        except Exception:
            SharedSystemClient.clear_system_cache()  # else it would hand out the broken one again
            raise
    address = urlsplit(server if "//" in server else f"http://{server}")
    try:
        return chromadb.HttpClient(
            host=address.hostname or "localhost",
            port=address.port or 8000,
            ssl=address.scheme == "https",
            settings=settings,
        )
    except Exception as error:
        raise _no_server(server, error) from error


def _collection(client: Any, name: str, encoder: Encoder, identity: Mapping[str, str]) -> Any:
    from langchain_chroma import Chroma

    about = {"hnsw:space": "cosine", "format": FORMAT, "passages": VERSION, **identity}
    return Chroma(client=client, collection_name=name, embedding_function=encoder, collection_metadata=about)


def _drop_chroma(folder: Path) -> None:
    """Takes a damaged store away, and what Chroma still holds of it in memory."""
    import shutil

    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient.clear_system_cache()
    shutil.rmtree(folder / "chroma", ignore_errors=True)


def _blank(file: Path) -> bool:
    """Whether the file was made but nothing was ever noted in it: the run that made it was stopped."""
    try:
        database = sqlite3.connect(file, timeout=30)
        try:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return not tables or (
                tables <= _TABLES and not ("meta" in tables and database.execute("SELECT 1 FROM meta").fetchone())
            )
        finally:
            database.close()
    except sqlite3.Error:
        return False  # it holds something: opening it says what is wrong


def _admits(document: Document, where: Mapping[str, Any]) -> bool:
    year = document.year
    for key, wanted in where.items():
        if key == "year_from":
            admitted = year is not None and year >= wanted
        elif key == "year_to":
            admitted = year is not None and year <= wanted
        else:
            choices = [wanted] if isinstance(wanted, str) else list(wanted)
            admitted = str(getattr(document, key)).casefold() in {choice.casefold() for choice in choices}
        if not admitted:
            return False
    return True


def _entry(document: Document, passage: Passage) -> Entry:
    return Entry(id=passage.id, slug=document.slug, title=context(document, passage), text=passage.text)


def _passage(body: str, text: str) -> Passage:
    fields = json.loads(body)
    return Passage.model_validate({**fields, "text": text[fields["start"] : fields["end"]]})


def _tokens(bits: bytes, offsets: bytes) -> Tokens:
    places = np.frombuffer(offsets, dtype=np.int32).reshape(-1, 2)
    return Tokens(bits=np.frombuffer(bits, dtype=np.uint8).reshape(len(places), -1), offsets=places)


def _refuse_read_only(error: sqlite3.DatabaseError, folder: Path) -> None:
    if "readonly" in str(error):
        raise Unusable(
            f"The library in {folder} is read-only; it must be writable, also to be asked. "
            f"Mend: chmod -R u+w {folder}, or copy it to a place that is writable and name that with --data."
        ) from None


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """A full or read-only disk, or a damaged file, as one sentence with the mend."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        _refuse_read_only(error, folder)
        raise Unusable(
            f"The library in {folder} cannot be written or read ({error}). Check that the disk is not full and the folder is writable; "
            "what was finished is safe, run the same command again."
        ) from error
    except OSError as error:
        raise _full(folder, error.strerror or error) from error


@contextmanager
def _search_errors(folder: Path, server: str) -> Iterator[None]:
    """What Chroma and tantivy raise, which have no errors of their own for a full disk or a damaged file."""
    try:
        yield
    except LibraryError:
        raise
    except Exception as error:
        if server and type(error).__module__.partition(".")[0] in ("httpx", "httpcore"):
            raise _no_server(server, error) from error
        if any(words in str(error).casefold() for words in _DISK):
            raise _full(folder, error) from error
        raise Unusable(
            f"The search index in {folder} is damaged ({type(error).__name__}: {str(error)[:200]}). "
            f"The texts are safe; mend: legation --data {folder} ingest --rebuild"
        ) from error


def _no_server(server: str, error: Exception) -> Unusable:
    return Unusable(
        f"No Chroma server answers at {server} ({type(error).__name__}). Start one (chroma run), or unset LEGATION_CHROMA_SERVER."
    )


def _full(folder: Path, why: object) -> Unusable:
    return Unusable(
        f"The library in {folder} cannot be written ({why}). Free disk space or choose a writable folder with --data; "
        "what was finished is safe, run the same command again."
    )
