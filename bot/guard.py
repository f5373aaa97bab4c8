"""What stands between the network and the page: who may call, what stays closed, and which headers go out."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

# What the page calls of Gradio's own interface. The rest (upload, proxy, streams, files by path ...) is closed.
_OPEN = re.compile(r"/gradio_api/(?:queue/(?:join|data)|heartbeat/\w+|cancel|reset|startup-events|app_id|theme\.css)/?")
_CLOSED = re.compile(
    r"/(?:gradio_api|dev|login|logout|login_check|token|user|monitoring|proxy=|file[=/]|stream|vibe-|upload|custom_component)"
)
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d+)?")
_LONGEST = 1_000_000  # bytes of a request; a question with its conversation's identifiers takes a few thousand
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


def policy(nonce: str) -> str:
    """The content security policy of the page: nothing from elsewhere, no script but ours, in no frame."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self' 'unsafe-inline'",  # Gradio styles its elements in place
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'self'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


class Guard:
    """An ASGI middleware, in plain ASGI since it stands in every streamed update's way."""

    def __init__(self, app: Application, hosts: Collection[str] = ()) -> None:
        self.app = app
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one request, or refuses it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket":  # the page uses none
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if reason := self._refusal(scope, headers):
            status, words = reason
            await _say(send, status, words)
            return
        nonce = secrets.token_urlsafe(16)
        page = _is_page(scope)
        if page:  # its scripts get the nonce, so it must come uncompressed
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
        await self.app(scope, receive, _outgoing(send, nonce, page))

    def _refusal(self, scope: Message, headers: MutableMapping[str, str]) -> tuple[int, str] | None:
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        host = headers.get("host", "")
        if self.hosts and name_of(host) not in self.hosts:
            return 421, f"This server answers to {', '.join(sorted(self.hosts))} only."
        if _CLOSED.match(path) and not _OPEN.fullmatch(path):
            return 404, "Not found."
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return None
        origin = headers.get("origin")
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") or (
            origin and origin.partition("://")[2] != host
        ):
            return 403, "Only the page of this server may ask it."
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdigit() or int(length) > _LONGEST:
            return 413, f"A request may have {_LONGEST:,} bytes, and must say its length."
        return None


def name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    found = _HOST.fullmatch(host)
    return found[1].strip("[]").lower() if found else ""


def _is_page(scope: Message) -> bool:
    return scope["method"] == "GET" and scope["path"].removeprefix(scope.get("root_path", "").rstrip("/")) in ("", "/")


def _outgoing(send: Send, nonce: str, page: bool) -> Send:
    """Adds the headers; of the page it also marks the inline scripts, which is why the page is sent in one piece."""
    start: Message = {}
    parts: list[bytes] = []

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = _with(
                message.get("headers", ()), {**_HEADERS, "content-security-policy": policy(nonce)}
            )
            if page:
                start.update(message)
                return
        elif page and message["type"] == "http.response.body":
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = b"".join(parts).replace(b"<script", f'<script nonce="{nonce}"'.encode())
            start["headers"] = _with(start["headers"], {"content-length": str(len(body)), "cache-control": "no-store"})
            await send(start)
            message = {"type": "http.response.body", "body": body}
        await send(message)

    return sent


def _with(headers: Iterable[tuple[bytes, bytes]], more: dict[str, str]) -> list[tuple[bytes, bytes]]:
    names = {name.encode() for name in more}
    kept = [(name, value) for name, value in headers if name.lower() not in names]
    return kept + [(name.encode(), value.encode()) for name, value in more.items()]


async def _say(send: Send, status: int, words: str) -> None:
    headers = {**_HEADERS, "content-type": "text/plain; charset=utf-8", "content-length": str(len(words.encode()))}
    await send({"type": "http.response.start", "status": status, "headers": _with((), headers)})
    await send({"type": "http.response.body", "body": words.encode()})
