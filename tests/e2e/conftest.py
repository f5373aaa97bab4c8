"""A real page in a real browser, with no way out of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from bot.ask import Event, Legation
from bot.serve import address, application, listen
from tests.e2e.sites import LISTED, Sites, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@contextmanager
def served(
    legation: Legation, starters: Sequence[str] | None = None, wrap: Callable[[Any], Any] = lambda app: app
) -> Iterator[str]:
    """The address of a page for `legation`, on a free port; `wrap` may stand between it and the network."""
    import uvicorn

    door = listen("127.0.0.1", 0)
    app = wrap(application(legation, starters=starters))
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


@pytest.fixture(scope="session")
def sites() -> Iterator[Sites]:
    """Other people's sites."""
    made = Sites()
    yield made
    made.close()


@pytest.fixture(scope="session")
def ask(page_legation: Legation, sites: Sites) -> Iterator[str]:
    """The address of the server that the widget comes from, under a name of its own."""
    with served(for_sites(page_legation, sites)) as url:
        yield f"http://ask.test:{urlsplit(url).port}"


def for_sites(legation: Legation, sites: Sites, **given: Any) -> Legation:
    """The library under settings that list some of the sites."""
    listed = {"hosts": ("ask.test",), "origins": tuple(sites.origin(name) for name in LISTED)}
    return type(legation)(legation.index, legation.settings.model_copy(update=listed | given))


@pytest.fixture
def visit(browser: Browser, sites: Sites, ask: str) -> Iterator[Visit]:
    """Opens a site with the widget, and looks afterwards at what it did."""
    made = Visit(browser, sites, ask)
    yield made
    made.leave()
