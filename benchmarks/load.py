"""A server under load through the API: many streams at once, then very many asks, with its memory before and after.

python benchmarks/load.py [--data DIR] [--streams 200] [--asks 10000] [--at-once 4]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

log = logging.getLogger("load")
COMMAND = (sys.executable, "-c", "from bot.cli import main; main()")
NOTES = (
    ("accord", "Harbour Accord", "A Party whose port suffers a serious incident shall notify the Secretariat within 36 hours."),
    ("accord-2", "Harbour Accord, second part", "The Secretariat shall publish a report on the incidents in May of each year."),
    ("lighthouse", "Lighthouse Statement", "We agree that no public authority of our members will pay a ransom."),
)  # fmt: skip
QUESTIONS = (
    "Within how many hours must a Party notify the Secretariat of incident {n}?",
    "When does the Secretariat publish a report on the incidents of year {n}?",
    "Do the members of the Lighthouse Statement pay a ransom, case {n}?",
    "What is the capital of province {n}?",
)


@contextmanager
def server(data: Path, queue: int, workers: int) -> Iterator[tuple[str, int]]:
    """A server of its own: its address and process."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    given = {"LEGATION_QUEUE": str(queue), "LEGATION_WORKERS": str(workers), "LEGATION_DATA": str(data)}
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen([*COMMAND, "serve", "--port", str(port)], env=os.environ | given) as process:
        try:
            for _ in range(600):
                with suppress(httpx.TransportError):
                    if httpx.get(f"{url}/readyz", timeout=60).status_code == 200:
                        break
                time.sleep(0.2)
            yield url, process.pid
        finally:
            process.terminate()


def library(folder: Path) -> Path:
    """A small library, so that asking is cheap."""
    source = folder / "notes.jsonl"
    lines = ({"slug": s, "title": t, "passages": [{"pinpoint": "para. 1", "text": x}]} for s, t, x in NOTES)
    source.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    command = [*COMMAND, "--data", str(folder / "library"), "ingest", str(source)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder / "library"


def memory(process: int) -> float:
    """Megabytes that the server holds (Linux)."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


async def stream(client: httpx.AsyncClient, number: int) -> tuple[str, float, float]:
    """How one stream ended, and the seconds to the first statement (or the refusal) and to the end."""
    began, first = time.perf_counter(), 0.0
    body = {"question": QUESTIONS[number % len(QUESTIONS)].format(n=number)}
    async with client.stream("POST", "/api/ask/stream", json=body) as response:
        if response.status_code != 200:
            return str(response.status_code), 0.0, time.perf_counter() - began
        last = ""
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                last = line[7:]
                if last in ("statement", "done"):
                    first = first or time.perf_counter() - began
        return last, first, time.perf_counter() - began


async def streams(url: str, many: int, seconds: float) -> None:
    """So many readers at one moment; what does not end in time has hung."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=seconds, limits=limits) as client:
        await stream(client, 0)  # the models are loaded
        ends = await asyncio.gather(*(stream(client, n) for n in range(many)), return_exceptions=True)
    hung = sum(isinstance(end, httpx.TimeoutException) for end in ends)
    told = [end for end in ends if not isinstance(end, BaseException)]
    done = [end for end in told if end[0] == "done"]
    log.info("%d streams at once: %s, %d hung", many, dict(Counter(end[0] for end in told)), hung)
    log.info("failed otherwise: %d", len(ends) - len(told) - hung)
    log.info("refused as busy: %.0f %%, within %s", 100 * sum(e[0] == "503" for e in told) / many,
             _spread([e[2] for e in told if e[0] == "503"]))  # fmt: skip
    log.info("first statement: %s", _spread([end[1] for end in done]))
    log.info("done: %s", _spread([end[2] for end in done]))


async def _end(client: httpx.AsyncClient, body: dict[str, str]) -> str:
    """The status of one ask, with the kind of its problem; the error's name where no answer came."""
    try:
        response = await client.post("/api/ask", json=body)
        kind = "" if response.status_code == 200 else response.json()["type"].rpartition(":")[2]
    except (httpx.TransportError, ValueError, KeyError) as error:
        return type(error).__name__
    return f"{response.status_code} {kind}".strip()


def _spread(values: list[float]) -> str:
    if not values:
        return "none"
    ordered = sorted(values)
    p50, p95 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95))
    return f"p50 {p50:.2f} s, p95 {p95:.2f} s, worst {ordered[-1]:.2f} s"


async def asks(url: str, process: int, many: int, at_once: int, warm: int) -> None:
    """So many asks, none like another; the server's memory after each thousand."""
    numbers, ends, began = iter(range(many + warm)), Counter[str](), time.perf_counter()
    start = 0.0
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:

        async def asker() -> None:
            nonlocal start
            for number in numbers:
                body = {"question": QUESTIONS[number % len(QUESTIONS)].format(n=number)}
                ends[await _end(client, body)] += 1
                if number == warm:
                    start = memory(process)
                    log.info("after %d asks to warm up: %.1f MB", warm, start)
                elif number > warm and (number - warm) % 1000 == 0:
                    now, rate = memory(process), number / (time.perf_counter() - began)
                    growth = 100 * (now / start - 1)
                    log.info("after %d asks: %.1f MB (%+.1f %%), %.1f asks a second", number - warm, now, growth, rate)

        await asyncio.gather(*(asker() for _ in range(at_once)))
    end = memory(process)
    growth = end - start
    log.info("memory %.1f MB -> %.1f MB (%+.1f %%, %+.2f MB a thousand)", start, end, 100 * growth / start,
             1000 * growth / many)  # fmt: skip
    log.info("%d asks by status: %s", many + warm, dict(ends))


def main() -> None:
    """Serves a library and asks it."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="A library. Default: a small one of its own.")
    parser.add_argument("--streams", type=int, default=200, help="0: none")
    parser.add_argument("--asks", type=int, default=10_000, help="0: none")
    parser.add_argument("--warm", type=int, default=200, help="Asks before memory is looked at first.")
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--queue", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=120, help="After which a stream has hung.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = given.data or library(Path(folder))
        with server(data, given.queue, given.workers) as (url, process):
            if given.streams:
                asyncio.run(streams(url, given.streams, given.seconds))
            if given.asks:
                asyncio.run(asks(url, process, given.asks, given.at_once, given.warm))


if __name__ == "__main__":
    main()
