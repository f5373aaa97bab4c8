"""What a connection may take: time for its headers, room for them, time to read what is sent, and one place of so many.

uvicorn itself would wait for ever, and each connection is one of few.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from bot.problem import MEDIA_TYPE, SOON, Problem

if TYPE_CHECKING:
    from bot.guard import Message, Receive, Send

SECONDS = 10.0  # until the request line and headers have come
READING = 30.0  # until what waits to be read has grown smaller by `PACE`
PACE = 16_384  # bytes
LARGEST = 65_536  # bytes of a request line and headers
SPARE = 64  # connections over the limit that are still told so; the next are dropped without a word

_Base: Any = AutoHTTPProtocol


async def full(scope: Message, receive: Receive, send: Send) -> None:
    """The answer to every request of a connection that has no place."""
    words = "Too many readers are connected just now. Ask again in a few seconds."
    headers = {"Retry-After": SOON, "Connection": "close"}
    problem = Problem(503, "busy", words).to_json()
    response: Any = JSONResponse(problem, 503, headers=headers, media_type=MEDIA_TYPE)
    await response(scope, receive, send)


class Patient(_Base):  # type: ignore[misc]
    """uvicorn's protocol, which ends a connection that takes more than it may; `limit_concurrency` counts connections."""

    seconds = SECONDS
    reading = READING
    _alarm: asyncio.TimerHandle | None = None
    _watch: asyncio.TimerHandle | None = None
    _size = 0  # bytes of headers that have come and are not whole
    _unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begins to wait for the first request, if there is a place."""
        super().connection_made(transport)
        most = self.config.limit_concurrency
        self.limit_concurrency = None  # uvicorn's own would count this one as well
        over = len(self.connections) - most if most else 0
        if over > SPARE:
            transport.abort()
            return
        if over > 0:
            self.app = full
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Takes bytes; those that complete the headers end the waiting, and those after an answer begin it anew."""
        super().data_received(data)
        if self._answers():
            self._rest()
            return
        self._size += len(data)
        self._leave() if self._size > LARGEST else self._wait()

    def pause_writing(self) -> None:
        """More waits to be read than is held for a reader: whoever does not read loses the connection."""
        super().pause_writing()
        self._unread = self.transport.get_write_buffer_size()
        self._watch = self._watch or self.loop.call_later(self.reading, self._look)

    def resume_writing(self) -> None:
        """Enough was read."""
        super().resume_writing()
        self._watched()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits no more."""
        self._rest()
        self._watched()
        super().connection_lost(exc)

    def _answers(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._alarm is None:
            self._alarm = self.loop.call_later(self.seconds, self._leave)

    def _rest(self) -> None:
        self._size = 0
        if self._alarm:
            self._alarm.cancel()
        self._alarm = None

    def _leave(self) -> None:
        self._alarm = None
        if not self._answers() and not self.transport.is_closing():
            self.transport.close()

    def _look(self) -> None:
        """Whether what waits to be read has grown smaller; what is written meanwhile counts against the reader."""
        self._watch = None
        waits = self.transport.get_write_buffer_size()
        if waits > self._unread - PACE:
            self.transport.abort()
            return
        self._unread = waits
        self._watch = self.loop.call_later(self.reading, self._look)

    def _watched(self) -> None:
        if self._watch:
            self._watch.cancel()
        self._watch = None
