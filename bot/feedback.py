"""What readers thought of answers, kept in a file beside the library."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.answer import Answer, Refusal
from bot.question import Filters
from ingest.documents import LibraryError

FILE = "feedback.sqlite"
MOST = 100_000  # kept; anybody may write, so the file must not fill the disk
FIELDS = ("answer", "verdict", "statement", "comment", "question", "record")


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
                f"INSERT INTO feedback (at, {names}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 the names are ours
                (now, *(given.get(name) for name in FIELDS)),
            )
            return int(kept.lastrowid or 0)

    def all(self) -> Iterator[dict[str, Any]]:
        """Everything kept, oldest first."""
        try:
            with closing(self._open()) as file:
                file.row_factory = sqlite3.Row
                for row in file.execute("SELECT * FROM feedback ORDER BY id"):
                    yield dict(row)
        except sqlite3.Error as error:
            raise Unkept(f"{self.path} cannot be read ({error}). Put a copy that is whole in its place.") from None

    def _open(self) -> sqlite3.Connection:
        file = sqlite3.connect(self.path, timeout=5)
        file.execute(
            "CREATE TABLE IF NOT EXISTS feedback (id INTEGER PRIMARY KEY, at TEXT NOT NULL, answer TEXT NOT NULL, "
            "verdict TEXT NOT NULL, statement INTEGER, comment TEXT, question TEXT, record TEXT)"
        )
        if "record" not in {column[1] for column in file.execute("PRAGMA table_info(feedback)")}:
            file.execute("ALTER TABLE feedback ADD COLUMN record TEXT")  # a file of an earlier version
        return file


def record(
    outcome: Answer | Refusal, verdict: str, history: Sequence[Mapping[str, str]] = (), filters: Filters | None = None
) -> dict[str, Any]:
    """What is kept of feedback on an outcome that is at hand: enough to make a question of a suite from it."""
    cited = outcome.citations if isinstance(outcome, Answer) else outcome.nearby
    kept = {
        "outcome": "answer" if isinstance(outcome, Answer) else "refusal",
        "kind": outcome.kind,
        "history": [dict(turn) for turn in history],
        "filters": (filters or Filters()).model_dump(exclude_none=True),
        "evidence": [
            {
                "source": one.document.slug,
                "span": one.quote,
                "pinpoint": one.pinpoint,
                "sha256": hashlib.sha256(one.document.text.encode()).hexdigest(),
            }
            for one in cited
        ],
    }
    return {
        "answer": outcome.id,
        "verdict": verdict,
        "question": outcome.question,
        "record": json.dumps(kept, ensure_ascii=False),
    }


def cases(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Questions of an evaluation suite from what readers said, the last word on each answer alone.

    What a reader found right is a case as it stands. What a reader found wrong lacks the right evidence: it is given
    what was shown instead, tagged `unchecked`, for a person to put right.
    """
    last: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["record"] and row["question"]:
            said = {**row, "comment": row["comment"] or last.get(row["answer"], row)["comment"]}
            last[row["answer"]] = said
    for row in last.values():
        kept = json.loads(row["record"])
        right, answered = row["verdict"] == "helpful", kept["outcome"] == "answer"
        answerable = answered if right else True
        if answerable and not kept["evidence"]:
            continue
        evidence = [item | {"group": number if right else 1} for number, item in enumerate(kept["evidence"], 1)]
        yield {
            "id": f"feedback-{row['id']}",
            "question": row["question"],
            "type": kept["kind"],
            "history": kept["history"],
            "filters": kept["filters"],
            "answerable": answerable,
            "evidence": evidence if answerable else [],
            "tags": ["feedback", row["verdict"], *([] if right else ["unchecked"])],
            "notes": " ".join((row["comment"] or "").split()),
        }
