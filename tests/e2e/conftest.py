"""A real page in a real browser, with no way out of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot.ask import Event, Legation
from bot.serve import address, application, listen


@contextmanager
def served(legation: Legation) -> Iterator[str]:
    """The address of a page for `legation`, on a free port."""
    import uvicorn

    door = listen("127.0.0.1", 0)
    app = application(legation)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield address(door)
    server.should_exit = True
    thread.join(10)


class Slow(Legation):
    """Answers as ever, but waits before each step; asked for it, it breaks in the middle."""

    def stream(self, *given: Any, **named: Any) -> Iterator[Event]:
        """The steps, two seconds apart."""
        for event in super().stream(*given, **named):
            yield event
            if "break" in str(given[0]):
                raise RuntimeError("on purpose")
            time.sleep(2)


@pytest.fixture(scope="session")
def page_url(page_legation: Legation) -> Iterator[str]:
    """The address of a server with the small library."""
    with served(page_legation) as url:
        yield url


@pytest.fixture(scope="session")
def slow_page_url(page_legation: Legation) -> Iterator[str]:
    """The same, but slow."""
    with served(Slow(page_legation.index, page_legation.settings)) as url:
        yield url
