"""Slow and many clients on loopback: headers that drip are cut off, others are served meanwhile, and keep-alive goes on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from bot.patience import Patient
from bot.serve import address, listen


class Hasty(Patient):
    seconds = 0.4


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    door = listen("127.0.0.1", 0)
    config = uvicorn.Config(hello, http=Hasty, log_level="critical", lifespan="off", timeout_keep_alive=30)
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
