"""Two servers that count together in a real Redis server, which skips where there is none."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from bot.rates import Rates
from bot.settings import Settings

pytestmark = [
    pytest.mark.skipif(find_spec("redis") is None, reason="pip install 'legation[redis]'"),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="apt-get install -y redis-server"),
]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """A server's address and process."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    folder = tmp_path_factory.mktemp("redis")
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        for _ in range(100):
            with socket.socket() as line:
                if line.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}", process.pid
        process.terminate()


@pytest.fixture
def store(redis: tuple[str, int]) -> str:
    return redis[0]


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def status(app: Rates, host: str) -> int:
    told: list[int] = []

    async def send(message: Any) -> None:
        told.append(message.get("status", 0))

    async def receive() -> Any:
        return {"type": "http.request"}

    await app({"type": "http", "method": "POST", "path": "/api/ask", "client": (host, 1), "headers": []}, receive, send)
    return told[0]


def test_two_servers_count_together_and_each_address_alone(store: str, tmp_path: Path) -> None:
    async def ask() -> list[int]:
        settings = Settings(data=tmp_path, rate="3/minute", rate_store=store)
        first, second = Rates(hello, settings), Rates(hello, settings)
        asked = [await status(app, "198.51.100.7") for app in (first, second, first, second, first)]
        return [*asked, await status(second, "198.51.100.8")]

    assert asyncio.run(ask()) == [200, 200, 200, 429, 429, 200]


def test_everybody_is_counted_together_across_servers(store: str, tmp_path: Path) -> None:
    async def ask() -> list[int]:
        settings = Settings(data=tmp_path, rate_total="2/day", rate_store=store)
        apps = [Rates(hello, settings) for _ in range(3)]
        return [await status(app, f"203.0.113.{n}") for n, app in enumerate(apps)]

    assert asyncio.run(ask()) == [200, 200, 429]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot halt a process")
def test_a_halted_store_is_left_in_time_and_used_again(
    redis: tuple[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    address, process = redis
    monkeypatch.setattr("bot.rates._SECONDS", 0.3)
    monkeypatch.setattr("bot.rates._REST", 0.2)

    async def ask() -> tuple[list[int], list[int], list[int]]:
        settings = Settings(data=tmp_path, rate="2/minute", rate_store=address)
        first, second = Rates(hello, settings), Rates(hello, settings)
        host = "192.0.2.1"
        before = [await status(first, host)]
        os.kill(process, signal.SIGSTOP)
        try:
            halted = [await status(first, host) for _ in range(3)]
        finally:
            os.kill(process, signal.SIGCONT)
        await asyncio.sleep(0.5)
        other = "192.0.2.2"  # whom neither has counted: the third is too many only where both count in the store
        return before, halted, [await status(app, other) for app in (first, second, first)]

    before, halted, after = asyncio.run(ask())
    assert before == [200]
    assert halted == [200, 200, 429]
    assert after == [200, 200, 429]
    assert "counted here alone" in caplog.text
