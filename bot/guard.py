"""What stands between the network and the page: who may call, what stays closed, and which headers go out."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping, Sequence
from typing import Any, cast

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
_FILES = re.compile(r"/widget/")  # of the widget's page
_API = re.compile(r"/(?:api|mcp)(?:/|$)")  # what other programs call, and listed sites from a browser
_PAGES = re.compile(r"/(?:read|library|briefing)(?:/|$)")  # our own pages, without Gradio
_ADMIN = re.compile(r"/api/(?:v1/)?admin(?:/|$)")
_HEARSAY = re.compile(rb"x-forwarded-|forwarded$|x-real-ip$|x-direct-url$")
_LONGEST = 1_000_000  # bytes of a request; a question with its conversation's identifiers takes a few thousand
_SECONDS = 20  # in which a request's body must have come
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_TLS = {"strict-transport-security": "max-age=31536000"}
_KINDS = {403: "forbidden", 404: "not-found", 408: "slow", 413: "too-large", 421: "host"}


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


def widget_policy(origins: Collection[str]) -> str:
    """The policy of the widget's page: only its own files, in the frames of the listed sites."""
    frames = " ".join(("'self'", *sorted(origins)))
    own = "script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
    types = "require-trusted-types-for 'script'; trusted-types 'none'"  # no text of a document can become mark-up
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'; {types}; frame-ancestors {frames}"


# Our own pages have no inline script or style at all.
_PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# A page to try the widget on, as strict as a site may be.
_DEMO_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Guard:
    """An ASGI middleware, in plain ASGI since it stands in every streamed update's way."""

    def __init__(
        self, app: Application, hosts: Collection[str] = (), origins: Collection[str] = (), longest: int = _LONGEST
    ) -> None:
        self.app = app
        self.hosts = frozenset(hosts)
        self.origins = frozenset(origins)
        self.longest = longest  # bytes of a request of the API

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one request, or refuses it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket":  # the page uses none
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        nonce = secrets.token_urlsafe(16)
        path = path_of(scope)
        added = self._headers(path, nonce, scope.get("scheme") == "https")
        if reason := self._refusal(path, scope["method"], headers):
            await _say(send, path, *reason, added)
            return
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            whole = await _whole(receive, self._longest(path))
            if whole is None:
                await _say(send, path, 408, "The request came too slowly, or was longer than it said.", added)
                return
            receive = whole
        # Gradio would believe whoever says where it is; the proxies that are named were heard before.
        scope["headers"] = [(name, value) for name, value in scope["headers"] if not _HEARSAY.match(name.lower())]
        page = scope["method"] == "GET" and path in ("", "/")
        if page:  # its scripts get the nonce, so it must come uncompressed
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
        await self.app(scope, receive, _outgoing(send, nonce, page, added))

    def _headers(self, path: str, nonce: str, tls: bool) -> dict[str, str]:
        """The headers of every response under a path."""
        added = {**_HEADERS, **(_TLS if tls else {})}
        if path == "/widget":  # framed by other sites' pages, also by those that are isolated (COEP)
            isolated = {"cross-origin-resource-policy": "cross-origin", "cross-origin-embedder-policy": "require-corp"}
            return added | isolated | {"content-security-policy": widget_policy(self.origins)}
        if path == "/widget.js":  # loaded by other sites' pages
            return added | {"content-security-policy": _DATA_POLICY, "cross-origin-resource-policy": "cross-origin"}
        if path == "/demo":
            return added | {"content-security-policy": _DEMO_POLICY}
        if _PAGES.match(path):
            return added | {"content-security-policy": _PAGE_POLICY}
        data = _API.match(path) or _FILES.match(path)
        return added | {"content-security-policy": _DATA_POLICY if data else policy(nonce)}

    def _refusal(self, path: str, method: str, headers: MutableMapping[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if self.hosts and name_of(host) not in self.hosts:
            return 421, f"This server answers to {', '.join(sorted(self.hosts))} only."
        if _CLOSED.match(path) and not _OPEN.fullmatch(path):
            return 404, "Not found."
        if method in ("GET", "HEAD", "OPTIONS"):
            return None
        if not self._from_here(path, host, headers):
            return 403, "Only the page of this server, and the sites that it lists, may ask it."
        length, most = headers.get("content-length", "0"), self._longest(path)
        if "transfer-encoding" in headers or not re.fullmatch(r"[0-9]{1,18}", length) or int(length) > most:
            return 413, f"A request may have {most:,} bytes, and must say its length."
        return None

    def _from_here(self, path: str, host: str, headers: MutableMapping[str, str]) -> bool:
        """Whether no page of another site is behind the request, or one that is listed and calls the API."""
        origin = headers.get("origin")
        if origin in self.origins and _API.match(path) and not _ADMIN.match(path):
            return True
        own = not origin or origin.partition("://")[2] == host
        return own and headers.get("sec-fetch-site") not in ("cross-site", "same-site")

    def _longest(self, path: str) -> int:
        return self.longest if _API.match(path) else _LONGEST


class Cors:
    """Lets the listed sites' pages call the API and read what it answers; other paths it leaves alone."""

    def __init__(self, app: Application, origins: Sequence[str] = ()) -> None:
        from starlette.middleware.cors import CORSMiddleware

        self.app = app
        self.open: Any = CORSMiddleware(
            cast("Any", app),
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=("content-type", "last-event-id", "legation-session"),
            expose_headers=("retry-after", "x-request-id"),
            max_age=600,
        )

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one request."""
        path = path_of(scope) if scope["type"] == "http" else ""
        listed = _API.match(path) and not _ADMIN.match(path)
        await (self.open if listed else self.app)(scope, receive, send)


async def _whole(receive: Receive, most: int) -> Receive | None:
    """Reads the body, which has a length and a time, so that nothing behind waits for a slow sender."""
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(_SECONDS):
            more, size = True, 0
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                parts.append(message.get("body", b""))
                more, size = message.get("more_body", False), size + len(parts[-1])
                if size > most:
                    return None
    except TimeoutError:
        return None
    body: list[bytes] = [b"".join(parts)]

    async def again() -> Message:
        return {"type": "http.request", "body": body.pop(), "more_body": False} if body else await receive()

    return again


def path_of(scope: Message) -> str:
    """The path below the place where the whole application is served."""
    return str(scope["path"]).removeprefix(scope.get("root_path", "").rstrip("/"))


def name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    found = _HOST.fullmatch(host)
    return found[1].strip("[]").lower() if found else ""


def _outgoing(send: Send, nonce: str, page: bool, added: dict[str, str]) -> Send:
    """Adds the headers; of the page it also marks the inline scripts, which is why the page is sent in one piece."""
    start: Message = {}
    parts: list[bytes] = []

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = _with(message.get("headers", ()), added)
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


async def _say(send: Send, path: str, status: int, words: str, added: dict[str, str]) -> None:
    """Refuses a request: as a problem under the API, else in words."""
    if _API.match(path):
        from bot.problem import MEDIA_TYPE, Problem

        body, kind = json.dumps(Problem(status, _KINDS[status], words).to_json()).encode(), MEDIA_TYPE
    else:
        body, kind = words.encode(), "text/plain; charset=utf-8"
    headers = {**added, "content-type": kind, "content-length": str(len(body))}
    await send({"type": "http.response.start", "status": status, "headers": _with((), headers)})
    await send({"type": "http.response.body", "body": body})
