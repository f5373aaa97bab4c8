"""Many users asking through the page's own queue: how long until the first source and the whole answer.

python benchmarks/users.py --data DIR [--users 40] [--each 1]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import threading
import time
import uuid
from pathlib import Path

import httpx
import uvicorn

from bot.ask import Legation
from bot.serve import address, application, listen
from bot.settings import Settings

log = logging.getLogger("users")


async def ask(client: httpx.AsyncClient, function: int, inputs: int, question: str) -> tuple[float, float]:
    """Seconds to the first source and to the end of one answer, as the page gets them."""
    session, began, first = uuid.uuid4().hex[:11], time.perf_counter(), 0.0
    data = [question, None, *[""] * (inputs - 2)]
    body = {"data": data, "fn_index": function, "session_hash": session, "event_data": None, "trigger_id": None}
    (await client.post("gradio_api/queue/join", json=body)).raise_for_status()
    async with client.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as stream:
        async for line in stream.aiter_lines():
            if not line.startswith("data: "):
                continue
            said = json.loads(line[6:])
            first = first or (time.perf_counter() - began if "src-1-1" in line else 0.0)
            if said["msg"] == "process_completed":
                if not said["success"]:
                    raise RuntimeError(line[:300])
                return first or time.perf_counter() - began, time.perf_counter() - began
    raise RuntimeError("the stream ended without an answer")


async def run(url: str, questions: list[str], users: int, each: int) -> None:
    """Asks, and logs the figures."""
    async with httpx.AsyncClient(base_url=url, timeout=600, limits=httpx.Limits(max_connections=None)) as client:
        config = (await client.get("config")).json()
        box = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "question")
        found = next(d for d in config["dependencies"] if [box, "submit"] in d["targets"])

        async def user(number: int) -> list[tuple[float, float]]:
            turns = range(number, number + each)
            return [await ask(client, found["id"], len(found["inputs"]), questions[n % len(questions)]) for n in turns]

        await ask(client, found["id"], len(found["inputs"]), questions[0])
        began = time.perf_counter()
        done = await asyncio.gather(*(user(n) for n in range(users)), return_exceptions=True)
        seconds = time.perf_counter() - began
    failed = [one for one in done if isinstance(one, BaseException)]
    timed = [pair for one in done if not isinstance(one, BaseException) for pair in one]
    for name, place in (("first source", 0), ("whole answer", 1)):
        values = sorted(pair[place] for pair in timed)
        p50, p95 = (values[min(len(values) - 1, int(len(values) * share))] for share in (0.5, 0.95))
        log.info("%s: p50 %.1f s, p95 %.1f s, worst %.1f s", name, p50, p95, values[-1])
    log.info("%d users, %d answers in %.0f s, %d failed", users, len(timed), seconds, len(failed))


def main() -> None:
    """Serves the library and asks it."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--each", type=int, default=1)
    given = parser.parse_args()
    with Legation.open(Settings(data=given.data)) as legation:
        titles = [document.title for document in legation.index.documents()]
        questions = [f"What should I know about {title}?" for title in titles]
        door = listen("127.0.0.1", 0)
        server = uvicorn.Server(uvicorn.Config(application(legation, starters=questions[:1]), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        asyncio.run(run(address(door), questions, given.users, given.each))
        server.should_exit = True
        thread.join(10)


if __name__ == "__main__":
    main()
