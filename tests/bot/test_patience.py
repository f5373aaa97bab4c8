"""Slow and many clients on loopback: headers that drip are cut off, others are served meanwhile, and keep-alive goes on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn

from bot.patience import LARGEST, SPARE, Patient
from bot.serve import address, listen


class Hasty(Patient):
    seconds = 0.4
    reading = 0.3


async def hello(scope: Any, receive: Any, send: Any) -> None:
    body = b"hello" if scope["path"] == "/" else b"x" * 30_000_000
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]}
    )
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with hello_served() as url:
        yield url


@contextmanager
def hello_served(most: int | None = None) -> Iterator[str]:
    door = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        hello, http=Hasty, log_level="critical", lifespan="off", timeout_keep_alive=30, limit_concurrency=most
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    for _ in range(200):
        if running.started:
            break
        time.sleep(0.02)
    yield address(door)
    running.should_exit = True
    thread.join(10)
    door.close()


def connect(url: str) -> socket.socket:
    parts = httpx.URL(url)
    return socket.create_connection((parts.host, parts.port or 80), timeout=5)


def cut_off(line: socket.socket, drop: bytes) -> bool:
    """Whether the server ends the connection while bytes still drip; two hundred of them at most."""
    line.settimeout(0.05)
    for _ in range(200):
        try:
            line.sendall(drop)
            if line.recv(1000) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.parametrize("first", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "], ids=["line", "headers"])
def test_headers_that_drip_are_cut_off(server: str, first: bytes) -> None:
    with connect(server) as line:
        line.sendall(first)
        assert cut_off(line, b"a")


def test_a_client_that_says_nothing_is_cut_off(server: str) -> None:
    with connect(server) as line:
        assert line.recv(100) == b""


def test_a_second_request_that_drips_is_cut_off_too(server: str) -> None:
    with connect(server) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert line.recv(1000).startswith(b"HTTP/1.1 200")
        assert cut_off(line, b"G")


def test_a_kept_connection_is_served_again(server: str) -> None:
    with httpx.Client(base_url=server) as client:
        for _ in range(3):
            assert client.get("/").text == "hello"
            time.sleep(0.05)


def test_others_are_served_while_two_hundred_say_nothing(server: str) -> None:
    lines = [connect(server) for _ in range(200)]
    try:
        assert httpx.get(server, timeout=10).text == "hello"
        assert all(line.recv(100) == b"" for line in lines)
    finally:
        for line in lines:
            line.close()


def test_headers_without_end_are_cut_off(server: str) -> None:
    with connect(server) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        sent, ended = 0, False
        with suppress(OSError):
            while sent < 50 * LARGEST:
                sent += line.send(b"X-More: " + b"a" * 8000 + b"\r\n")
            ended = line.recv(100) == b""
        assert ended or sent < 50 * LARGEST


def test_who_does_not_read_is_cut_off(server: str) -> None:
    with connect(server) as line:
        line.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(1)
        got = 0
        with suppress(ConnectionResetError):
            while piece := line.recv(1_000_000):
                got += len(piece)
        assert 0 < got < 30_000_000


def test_who_reads_slowly_is_served_to_the_end(server: str) -> None:
    with connect(server) as line:
        line.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        got = 0
        for _ in range(1000):
            piece = line.recv(1_000_000)
            got += len(piece)
            if not piece:
                break
            time.sleep(0.02)
        assert got > 30_000_000


def test_connections_over_the_limit_are_told_and_far_more_are_dropped() -> None:
    with hello_served(most=3) as url:
        held = [connect(url) for _ in range(3)]
        try:
            for line in held:
                line.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                assert line.recv(1000).startswith(b"HTTP/1.1 200"), "as many as are allowed"
            refused = httpx.get(url, timeout=10)
            assert (refused.status_code, refused.json()["type"]) == (503, "urn:legation:problem:busy")
            assert refused.headers["connection"] == "close"
            assert int(refused.headers["retry-after"]) > 0
            crowd = [connect(url) for _ in range(SPARE + 20)]
            held += crowd
            dropped = sum(is_dropped(line) for line in crowd)
            assert dropped >= 20
        finally:
            for line in held:
                line.close()
        assert any(served_again(url) for _ in range(50)), "places are free again"


def is_dropped(line: socket.socket) -> bool:
    """Whether the server ended it before the time that headers have is over."""
    line.settimeout(0.001)
    try:
        return line.recv(100) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def served_again(url: str) -> bool:
    time.sleep(0.05)
    with suppress(httpx.TransportError):
        return httpx.get(url, timeout=10).status_code == 200
    return False
