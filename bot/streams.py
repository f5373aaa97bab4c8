"""Answers on their way out, kept for a while so that a reader whose connection broke can go on where it did."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, NamedTuple

from bot.desk import Desk, Late
from bot.problem import problem_of

MOST = 256  # answers kept
KEPT = 300  # seconds that one is kept


class Frame(NamedTuple):
    """One event as it is sent."""

    id: str
    event: str
    data: str


class Stream:
    """One answer as it comes about. The reader may leave and come back; the answer is made once."""

    def __init__(self, key: str) -> None:
        self.id = secrets.token_hex(16)
        self.key = key
        self.frames: list[Frame] = []
        self.over = False
        self.born = time.monotonic()
        self._readers = 0
        self._news = asyncio.Event()
        self._job: Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def start(self, desk: Desk, make: Callable[[], Iterable[tuple[str, dict[str, Any]]]]) -> None:
        """Has the answer made in one of the desk's threads; Busy when there is no place."""
        loop = asyncio.get_running_loop()

        def tell(event: str, data: dict[str, Any]) -> None:
            with suppress(RuntimeError):  # the server has gone
                loop.call_soon_threadsafe(self._add, event, data)

        def job() -> None:
            try:
                for event, data in make():
                    tell(event, data)
            except Exception as error:
                tell("error", problem_of(error).to_json())

        self._job = desk.submit(job)
        self._alarm = loop.call_later(desk.seconds, self.fail, Late())

    async def read(self, after: int) -> AsyncIterator[Frame]:
        """The events after that number as they come, to the last. A question that nobody waits for is not begun."""
        self._readers += 1
        try:
            while True:
                for frame in self.frames[after:]:
                    after += 1
                    yield frame
                if self.over and after >= len(self.frames):
                    return
                if after >= len(self.frames):
                    await self._news.wait()
        finally:
            self._readers -= 1
            if not self._readers and self._job and self._job.cancel():
                self._end()

    @property
    def dropped(self) -> bool:
        """Whether its reader left before it was begun."""
        return self.over and not self.frames

    def fail(self, error: Exception) -> None:
        """Ends it with an error, unless it is over."""
        if not self.over:
            if self._job:
                self._job.cancel()
            self._add("error", problem_of(error).to_json())

    def _add(self, event: str, data: dict[str, Any]) -> None:
        if self.over:  # too late
            return
        number = len(self.frames) + 1
        self.frames.append(Frame(f"{self.id}:{number}", event, json.dumps(data, ensure_ascii=False)))
        if event in ("done", "error"):
            self._end()
        self._wake()

    def _end(self) -> None:
        self.over = True
        if self._alarm:
            self._alarm.cancel()
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Streams:
    """The answers that can still be read."""

    def __init__(self) -> None:
        self._kept: dict[str, Stream] = {}

    def new(self, key: str) -> Stream:
        """A place for an answer to the request that `key` stands for."""
        self._clear()
        stream = Stream(key)
        self._kept[stream.id] = stream
        return stream

    def get(self, name: str) -> Stream | None:
        """The stream of that name, while it is kept."""
        self._clear()
        return self._kept.get(name)

    def drop(self, stream: Stream) -> None:
        """Forgets it."""
        self._kept.pop(stream.id, None)

    def _clear(self) -> None:
        oldest = time.monotonic() - KEPT
        spare = len(self._kept) - MOST + 1
        for name, stream in list(self._kept.items()):
            if stream.dropped or stream.born < oldest or spare > 0:
                del self._kept[name]
                spare -= 1
