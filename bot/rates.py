"""How many questions a conversation, an address, and everybody together may ask in a span of time."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import re
import time
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from bot.guard import path_of
from bot.problem import MEDIA_TYPE, Problem
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from limits.aio.strategies import SlidingWindowCounterRateLimiter

    from bot.guard import Application, Message, Receive, Send
    from bot.settings import Settings

_COUNTED = re.compile(r"/(?:api(?:/.*)?|mcp|gradio_api/queue/join|library/search)/?")
_FREE = re.compile(r"/api/(?:v1/)?openapi\.json")
_CHAT = "/gradio_api/queue/join"  # the chat page names its conversation in the body
_HEADER = b"legation-session"
MEMORY = "memory://"  # the store that is this process's own
_NAME = re.compile(r"[A-Za-z0-9_-]{8,64}")
_SECONDS = 2  # that a store may take; it is asked before every question
_REST = 10  # seconds that a store which failed is not asked again
_NETWORK = 64  # bits of an IPv6 address that its owner cannot choose freely

log = logging.getLogger(__name__)


class Rates:
    """An ASGI middleware that counts what costs something, and says when to come back to who asks too much."""

    def __init__(self, app: Application, settings: Settings) -> None:
        from limits import parse_many
        from limits.aio.strategies import SlidingWindowCounterRateLimiter as Limiter

        self.app = app
        self._session = parse_many(settings.rate_session) if settings.rate_session else []
        self._each = parse_many(settings.rate) if settings.rate else []
        self._all = parse_many(settings.rate_total) if settings.rate_total else []
        self._limiter = Limiter(_storage(settings.rate_store))
        self._alone = Limiter(_storage(MEMORY))  # counts while the store is down
        self._resting = 0.0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one request, or asks to come back later."""
        counted = scope["type"] == "http" and scope["method"] != "OPTIONS" and self._counts(path_of(scope))
        seconds = 0
        if counted:
            name, receive = await session(scope, receive) if self._session else ("", receive)
            seconds = await self._wait(who(scope), name)
        if not seconds:
            await self.app(scope, receive, send)
            return
        words = f"That is more than this server answers. Ask again in {_span(seconds)}."
        problem = Problem(429, "too-many", words).to_json()
        response: Any = JSONResponse(problem, 429, headers={"Retry-After": str(seconds)}, media_type=MEDIA_TYPE)
        await response(scope, receive, send)

    def _counts(self, path: str) -> bool:
        return bool(
            (self._session or self._each or self._all) and _COUNTED.fullmatch(path) and not _FREE.fullmatch(path)
        )

    async def _wait(self, address: str, session: str) -> int:
        """Seconds to wait; 0 when the request may go on. While the store is down, this server counts alone."""
        if time.monotonic() > self._resting:
            try:
                async with asyncio.timeout(_SECONDS):
                    return await self._count(self._limiter, address, session)
            except Exception as error:
                self._resting = time.monotonic() + _REST
                # its words may hold the store's password
                log.error("the store of rates failed (%s): requests are counted here alone", type(error).__name__)
        return await self._count(self._alone, address, session)

    async def _count(self, limiter: SlidingWindowCounterRateLimiter, address: str, session: str) -> int:
        talk = self._session if session else []
        for limits, names in ((self._each, ("each", address)), (talk, ("talk", session)), (self._all, ("all",))):
            for limit in limits:
                if not await limiter.hit(limit, *names):
                    stats = await limiter.get_window_stats(limit, *names)
                    return max(1, math.ceil(stats.reset_time - time.time()))
        return 0


def who(scope: Message) -> str:
    """The address that a request is counted for."""
    host = (scope.get("client") or ("unknown",))[0]
    try:
        address = ip_address(host)
    except ValueError:
        return str(host)
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> (128 - _NETWORK) << (128 - _NETWORK)))


async def session(scope: Message, receive: Receive) -> tuple[str, Receive]:
    """The conversation that a request is of, as its page names it, else ''; and the body to be read again.

    A name is whatever a client says it is: who changes it is still counted by address.
    """
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name.lower() == _HEADER), "")
    if path_of(scope) != _CHAT or scope["method"] != "POST":
        return (given if _NAME.fullmatch(given) else ""), receive
    first = await receive()  # whole: the guard has gathered it
    held = [first]
    try:
        given = json.loads(first.get("body", b"")).get("session_hash")
    except (ValueError, RecursionError, AttributeError):
        given = ""

    async def again() -> Message:
        return held.pop() if held else await receive()

    return (given if isinstance(given, str) and _NAME.fullmatch(given) else ""), again


def _storage(address: str) -> Any:
    from limits.errors import ConfigurationError
    from limits.storage import storage_from_string

    if address == MEMORY:
        return storage_from_string(f"async+{MEMORY}")
    try:
        return storage_from_string(
            f"async+{address}", implementation="redispy", socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
        )
    except ConfigurationError:
        raise LibraryError(
            "LEGATION_RATE_STORE names a Redis server, but its client is missing: pip install 'legation[redis]'"
        ) from None


def _span(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{seconds // 60} minutes" if seconds < 7200 else f"{seconds // 3600} hours"
