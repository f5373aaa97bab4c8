"""What tests of several packages share."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.ask import Legation
from bot.settings import Settings
from ingest.index import Index
from ingest.sync import ingest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGE_LIBRARY = Path(__file__).parent / "e2e" / "library.jsonl"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_WAY_OUT = "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture(scope="session", autouse=True)
def width_as_in_a_pipe() -> Iterator[None]:
    """No width of a terminal, which pytest-xdist gives those that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)
        yield


@pytest.fixture(scope="session")
def page_legation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Legation]:
    """A small library of made-up documents, one of them hostile, with the real models."""
    folder = tmp_path_factory.mktemp("page") / "library"
    with Index.open(folder, create=True) as index:
        assert ingest(index, [PAGE_LIBRARY]).failed == {}
    with Legation.open(Settings(data=folder)) as legation:
        yield legation


@pytest.fixture(scope="session")
def serving() -> Callable[..., AbstractContextManager[str]]:
    """Puts an application behind a real server on loopback, and gives its address."""

    @contextmanager
    def run(app: Any, **config: Any) -> Iterator[str]:
        import uvicorn

        door = socket.create_server(("127.0.0.1", 0), backlog=256)
        server = uvicorn.Server(uvicorn.Config(app, **{"log_level": "error", "timeout_graceful_shutdown": 1} | config))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while thread.is_alive() and not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
            door.close()

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, which finds no machine but this one."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install -e '.[dev]'")
    if BROWSER is None:
        pytest.skip("chromium is missing: apt-get install -y chromium")
    with playwright.sync_playwright() as running:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", f"--host-resolver-rules={NO_WAY_OUT}"]
        launched = running.chromium.launch(executable_path=BROWSER, args=arguments)
        yield launched
        launched.close()
