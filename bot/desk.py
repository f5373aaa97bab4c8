"""The models' queue: so many questions at work, so many waiting, and a quick no to the rest."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Busy(Exception):
    """The queue is full: said at once, since a reader would rather come back than wait for nothing."""


class Late(Exception):
    """The answer took longer than is allowed."""


class Desk:
    """Runs jobs in a few threads. A job that is given up keeps its place until it ends, so that threads cannot pile up."""

    def __init__(self, workers: int, waiting: int, seconds: float) -> None:
        self.seconds = seconds
        self._most = workers + waiting
        self._taken = 0
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="legation-desk")

    @property
    def taken(self) -> int:
        """Jobs at work or waiting."""
        return self._taken

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Takes a job, or raises Busy."""
        with self._lock:
            if self._taken >= self._most:
                raise Busy
            self._taken += 1
        try:
            future = self._threads.submit(job)
        except RuntimeError:  # closed
            self._leave()
            raise Busy from None
        future.add_done_callback(self._leave)
        return future

    async def run(self, job: Callable[[], T]) -> T:
        """The job's result; Busy, or Late when it takes too long."""
        future = self.submit(job)
        try:
            async with asyncio.timeout(self.seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if future.done() and not future.cancelled():
                raise
            raise Late from None

    def close(self) -> None:
        """Drops what waits, and lets what is at work end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _leave(self, _: object = None) -> None:
        with self._lock:
            self._taken -= 1
