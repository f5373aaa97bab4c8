"""Clients that speak nonsense, leave, crowd in or send for ever, against the whole application on loopback; every loop has an end."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from bot import api
from bot.ask import Legation
from bot.patience import Patient
from bot.serve import application

FACT = "When did the Harbour Accord enter into force?"
BODY = json.dumps({"question": FACT}).encode()
QUEUE = 4


@pytest.fixture(scope="module")
def served(page_legation: Legation, serving: Any) -> Iterator[tuple[str, api.Service]]:
    """The whole application with a short queue, and the service behind it, so that its queue can be looked at."""
    made: list[api.Service] = []

    class Kept(api.Service):
        def __init__(self, legation: Legation) -> None:
            super().__init__(legation)
            made.append(self)

    other = Legation.__new__(Legation)
    settings = page_legation.settings.model_copy(update={"workers": 1, "queue": QUEUE, "answer_seconds": 600})
    other.__dict__ |= page_legation.__dict__ | {"settings": settings}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "Service", Kept)
        app = application(other, starters=())
    with serving(app, http=Patient, limit_concurrency=300) as url:
        yield url, made[0]


@pytest.fixture
def url(served: tuple[str, api.Service]) -> str:
    return served[0]


@pytest.fixture
def service(served: tuple[str, api.Service]) -> api.Service:
    return served[1]


def connect(url: str) -> socket.socket:
    parts = httpx.URL(url)
    return socket.create_connection((parts.host, parts.port or 80), timeout=15)


def asking(
    url: str, *headers: str, path: str = "/api/ask/stream", body: bytes = BODY, length: int | None = None
) -> bytes:
    """A request as bytes."""
    told = f"Content-Length: {len(body) if length is None else length}"
    head = [f"POST {path} HTTP/1.1", f"Host: {httpx.URL(url).netloc.decode()}", "Content-Type: application/json", told]
    return "\r\n".join([*head, *headers, "", ""]).encode("latin-1") + body


def leave(line: socket.socket) -> None:
    """Leaves without a word: a reset, as when a cable is pulled."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def comes(true: Callable[[], bool]) -> bool:
    """Whether it comes true in good time."""
    for _ in range(600):
        if true():
            return True
        time.sleep(0.05)
    return False


def status(line: socket.socket) -> int:
    """The status that is told; 0 where the connection is ended instead."""
    try:
        first = line.recv(65_536)
    except ConnectionResetError:
        return 0
    return int(first.split()[1]) if first.startswith(b"HTTP/1.1 ") else 0


# nonsense


@pytest.mark.parametrize(
    "header",
    [
        "Last-Event-ID: x",
        "Last-Event-ID: " + "a" * 32 + ":-1",
        "Last-Event-ID: " + "a" * 32 + ":9999999",
        "Last-Event-ID: " + "a" * 20_000,
        "Last-Event-ID: \xff\xfe",
        "Last-Event-ID: %0d%0aSet-Cookie: a",
        "Last-Event-ID: " + "0" * 32 + ":1",
    ],
    ids=["word", "negative", "long number", "long", "bytes", "encoded", "unknown"],
)
def test_a_malformed_event_id_is_told(url: str, header: str) -> None:
    with connect(url) as line:
        line.sendall(asking(url, header))
        assert status(line) in (410, 422)


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        b"GET\r\n\r\n",
        b"POST /api/ask/stream HTTP/9.9\r\n\r\n",
        b"POST /api/ask/stream HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
        b"POST /api/ask/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /api/ask/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/ask/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"POST /api/ask/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x00" * 5000,
    ],
    ids=["tls", "no path", "version", "no colon", "two lengths", "negative", "chunk", "smuggled", "zeros"],
)
def test_nonsense_is_refused_and_others_are_served(url: str, request_: bytes) -> None:
    with connect(url) as line:
        line.sendall(request_)
        told = status(line)
        assert told == 0 or 400 <= told < 500, told
    assert httpx.get(f"{url}/healthz", timeout=15).status_code == 200


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"question": "a"', b"\xff\xfe{}", b'"' + b"a" * 1000])
def test_a_body_that_is_no_question_is_told(url: str, body: bytes) -> None:
    with connect(url) as line:
        line.sendall(asking(url, body=body))
        assert status(line) in (400, 422)


def test_a_second_request_smuggled_behind_a_short_length_is_its_own(url: str) -> None:
    with connect(url) as line:
        line.sendall(asking(url, path="/api/none", body=b"{}GET /metrics HTTP/1.1\r\n\r\n", length=2))
        told = b""
        while piece := line.recv(65_536):
            told += piece
            if told.count(b"HTTP/1.1 ") == 2:
                break
        assert b"404" in told.split(b"\r\n")[0]
        assert b"421" in told.split(b"HTTP/1.1 ")[2], "without a host it is answered to nobody"


def test_what_is_too_large_is_refused_by_its_length(url: str) -> None:
    for path in ("/api/ask", "/api/ask/stream", "/api/feedback", "/gradio_api/queue/join", "/mcp"):
        with connect(url) as line:
            line.sendall(asking(url, path=path, length=2_000_000))
            assert status(line) == 413, path


def test_a_body_that_drips_is_cut_off(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.guard._SECONDS", 0.3)
    with connect(url) as line:
        line.sendall(asking(url, body=b"{", length=1000))
        for _ in range(3):
            time.sleep(0.05)
            line.sendall(b" ")
        assert status(line) == 408


# leaving


def test_readers_who_leave_cost_nothing(url: str, service: api.Service) -> None:
    let_go = threading.Event()
    service.desk.submit(let_go.wait)
    try:
        for path in ("/api/ask", "/api/ask/stream", "/api/search?q=ports"):
            lines = [connect(url) for _ in range(QUEUE)]
            for line in lines:
                request = asking(url, path=path)
                line.sendall(request if "?" not in path else request.replace(b"POST", b"GET"))
            assert comes(lambda: service.desk.taken == QUEUE + 1), path
            for line in lines:
                leave(line)
            assert comes(lambda: service.desk.taken == 1), path
    finally:
        let_go.set()


def test_fifty_readers_who_leave_at_every_moment_leave_nothing_behind(url: str, service: api.Service) -> None:
    for number in range(50):
        line = connect(url)
        line.sendall(asking(url)[: None if number % 3 else 40 + 4 * number])
        if number % 3 == 1:
            line.recv(1)
        leave(line)
    assert comes(lambda: service.desk.taken == 0)
    assert httpx.post(f"{url}/api/ask", json={"question": FACT}, timeout=60).json()["outcome"] == "answer"
    assert "legation_desk_taken 0.0" in httpx.get(f"{url}/metrics", timeout=15).text


# crowding


def test_two_hundred_streams_at_once_are_answered_or_told_busy(url: str, service: api.Service) -> None:
    async def one(client: httpx.AsyncClient) -> str:
        async with client.stream("POST", "/api/ask/stream", json={"question": FACT}) as response:
            text = (await response.aread()).decode()
            if response.status_code == 503:
                assert int(response.headers["retry-after"]) > 0
                return str(response.json()["type"]).rpartition(":")[2]
            assert response.status_code == 200, text
            return text.rpartition("event: ")[2].partition("\n")[0]

    async def crowd() -> Counter[str]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=url, timeout=600, limits=limits) as client:
            return Counter(await asyncio.gather(*(one(client) for _ in range(200))))

    ends = asyncio.run(crowd())
    assert set(ends) == {"done", "busy"}, ends
    assert ends["done"] > QUEUE
    assert ends.total() == 200
    assert comes(lambda: service.desk.taken == 0)
