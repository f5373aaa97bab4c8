"""What readers thought of answers, kept in a file beside the library."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.documents import LibraryError

FILE = "feedback.sqlite"
MOST = 100_000  # kept; anybody may write, so the file must not fill the disk
FIELDS = ("answer", "verdict", "statement", "comment", "question")


class Unkept(LibraryError):
    """Feedback cannot be kept: the file is full, or cannot be written."""


class Feedback:
    """The file. It is opened for each use: feedback is rare, and a copy or a removal then needs no restart."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def put(self, **given: Any) -> int:
        """Keeps one, and gives its number."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            return self._put(now, given)
        except sqlite3.Error as error:
            raise Unkept(f"{self.path} cannot be written ({error}). Check its folder and the disk.") from None

    def _put(self, now: str, given: dict[str, Any]) -> int:
        with closing(self._open()) as file, file:
            if file.execute("SELECT count(*) FROM feedback").fetchone()[0] >= MOST:
                raise Unkept(f"{self.path} holds {MOST:,}. Export it, then remove the file.")
            names = ", ".join(FIELDS)
            kept = file.execute(
                f"INSERT INTO feedback (at, {names}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 the names are ours
                (now, *(given.get(name) for name in FIELDS)),
            )
            return int(kept.lastrowid or 0)

    def all(self) -> Iterator[dict[str, Any]]:
        """Everything kept, oldest first."""
        with closing(self._open()) as file:
            file.row_factory = sqlite3.Row
            for row in file.execute("SELECT * FROM feedback ORDER BY id"):
                yield dict(row)

    def _open(self) -> sqlite3.Connection:
        file = sqlite3.connect(self.path, timeout=5)
        file.execute(
            "CREATE TABLE IF NOT EXISTS feedback (id INTEGER PRIMARY KEY, at TEXT NOT NULL, answer TEXT NOT NULL, "
            "verdict TEXT NOT NULL, statement INTEGER, comment TEXT, question TEXT)"
        )
        return file
