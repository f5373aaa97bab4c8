"""How long a client may take to send its headers: uvicorn itself would wait for ever, and each connection is one of few."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

SECONDS = 10.0

_Base: Any = AutoHTTPProtocol


class Patient(_Base):  # type: ignore[misc]
    """uvicorn's protocol, which ends a connection whose request line and headers have not come in time."""

    seconds = SECONDS
    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begins to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Takes bytes; those that complete the headers end the waiting, and those after an answer begin it anew."""
        super().data_received(data)
        self._rest() if self._answers() else self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits no more."""
        self._rest()
        super().connection_lost(exc)

    def _answers(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._alarm is None:
            self._alarm = self.loop.call_later(self.seconds, self._leave)

    def _rest(self) -> None:
        if self._alarm:
            self._alarm.cancel()
        self._alarm = None

    def _leave(self) -> None:
        self._alarm = None
        if not self._answers() and not self.transport.is_closing():
            self.transport.close()
