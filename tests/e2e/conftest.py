"""A real page in a real browser, with no way out of this machine."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bot.ask import Event, Legation
from bot.serve import address, application, listen

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_WAY_OUT = "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


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

    def stream(self, *given: Any, **named: Any) -> Iterator[Event]:  # noqa: ANN401
        """The steps, two seconds apart."""
        for event in super().stream(*given, **named):
            yield event
            if "break" in str(given[0]):
                raise RuntimeError("as asked")
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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install -e '.[dev]'")
    if BROWSER is None:
        pytest.skip("chromium is missing: apt-get install -y chromium")
    with playwright.sync_playwright() as running:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", f"--host-resolver-rules={NO_WAY_OUT}"]
        launched = running.chromium.launch(executable_path=BROWSER, args=arguments)
        yield launched
        launched.close()
