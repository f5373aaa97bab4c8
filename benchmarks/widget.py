"""What questions on a site cost its reader: bytes, requests and time to usable, cold and warm, of three ways to put them there.

python benchmarks/widget.py [--data DIR] [--other FOLDER] [--runs 9] [--delay 0]

The ways: the launcher of the widget, opened as soon as it is there; a frame with the whole chat page; and, where --other
names its unpacked npm package, deep-chat. Needs chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import uvicorn
from load import library
from playwright.sync_api import BrowserContext, sync_playwright
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.ask import Legation
from bot.serve import address, application, listen
from bot.settings import Settings

log = logging.getLogger("widget")
STARTERS = ("Within how many hours must a Party notify the Secretariat?", "Do the members pay a ransom?")
PAGE = "<!doctype html><html lang=en><meta charset=utf-8><title>Site</title><h1>Site</h1>{body}"
# In every frame: notes the moment at which a box to ask in is there, visible and enabled; opens our launcher at once.
WATCH = """
document.addEventListener("legation:ready", () => { window.shown = performance.timeOrigin + performance.now(); Legation.open(); });
(function look() {
    const box = document.querySelector("legation-chat textarea, #question textarea")
        ?? document.querySelector("deep-chat")?.shadowRoot?.querySelector("#text-input");
    if (box?.getClientRects().length && !box.disabled) window.usable = performance.timeOrigin + performance.now();
    else requestAnimationFrame(look);
})();
"""


class Counted:
    """Stands before a server: counts what it sends, each response `delay` seconds late."""

    def __init__(self, app: Any, delay: float) -> None:
        self.app, self.delay = app, delay
        self.requests = self.bytes = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers one request."""

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start" and scope["path"] == "/":  # our chat page lets nobody frame it
                kept = [pair for pair in message["headers"] if pair[0] != b"content-security-policy"]
                message = {**message, "headers": kept}
            self.bytes += len(message.get("body", b""))
            await send(message)

        if scope["type"] == "http":
            self.requests += 1
            await asyncio.sleep(self.delay)
        await self.app(scope, receive, sent)


class Taken(NamedTuple):
    """One visit."""

    button: float  # seconds from the start of the navigation to our launcher
    usable: float  # ... and to a box to ask in
    requests: int
    bytes: int


@contextmanager
def served(app: Any) -> Iterator[int]:
    """The port of an application."""
    door = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield urlsplit(address(door)).port or 0
    server.should_exit = True
    thread.join(10)


def package(folder: Path) -> Any:
    """The files of another widget, packed and kept by browsers as ours are."""

    class Files(StaticFiles):
        def file_response(self, *given: Any, **named: Any) -> Response:
            response = super().file_response(*given, **named)
            response.headers.update(
                {"access-control-allow-origin": "*", "cache-control": "public, max-age=31536000, immutable"}
            )
            return response

    return GZipMiddleware(Starlette(routes=[Mount("/", Files(directory=folder))]), compresslevel=9)


def visit(context: BrowserContext, url: str, counted: Counted, elsewhere: set[str]) -> Taken:
    """Opens a site, until its box can be used."""
    page = context.new_page()
    page.on("request", lambda request: elsewhere.add(urlsplit(request.url).hostname or ""))
    counted.requests = counted.bytes = 0
    page.goto(url, wait_until="commit")
    deadline = time.monotonic() + 60
    usable = None
    while usable is None and time.monotonic() < deadline:
        page.wait_for_timeout(50)
        found = [frame.evaluate("window.usable ?? null") for frame in page.frames if frame.url.startswith("http")]
        usable = next((moment for moment in found if moment), None)
    if usable is None:
        raise SystemExit(f"{url}: no box to ask in came within a minute")
    began = page.evaluate("performance.timeOrigin")
    page.wait_for_timeout(1000)  # what still comes is counted too
    button = page.evaluate("window.shown ?? 0") or began
    taken = Taken((button - began) / 1000, (usable - began) / 1000, counted.requests, counted.bytes)
    page.close()
    return taken


def told(visits: Sequence[Taken]) -> str:
    """The medians, with the extremes of the time."""
    times = sorted(one.usable for one in visits)
    size, requests = median(one.bytes for one in visits), median(one.requests for one in visits)
    button = median(one.button for one in visits)
    first = f"button {button:.2f} s, " if button else ""
    spread = f"{median(times):.2f} s ({times[0]:.2f}-{times[-1]:.2f})"
    return f"{size / 1000:.1f} KB, {requests:.0f} requests, {first}usable {spread}"


def main() -> None:
    """Serves all of it and measures."""
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    log.setLevel(logging.INFO)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="A library. Default: a small one of its own.")
    parser.add_argument("--other", type=Path, help="The unpacked npm package deep-chat.")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--delay", type=float, default=0, help="Seconds that each response comes late.")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("chromium is missing: apt-get install -y chromium")
    bodies: dict[str, str] = {}
    sites = Starlette(
        routes=[
            Route("/{way}", lambda request: HTMLResponse(PAGE.format(body=bodies.get(request.path_params["way"], ""))))
        ]
    )
    with ExitStack() as stack:
        data = given.data or library(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        site = f"http://site.test:{stack.enter_context(served(sites))}"
        legation = stack.enter_context(Legation.open(Settings(data=data, hosts=("ask.test",), origins=(site,))))
        ours = Counted(application(legation, starters=STARTERS), given.delay)
        ask = f"http://ask.test:{stack.enter_context(served(ours))}"
        bodies["widget"] = f'<script async src="{ask}/widget.js"></script>'
        bodies["gradio"] = f'<iframe src="{ask}/" title=Chat width=900 height=640></iframe>'
        ways = {"widget": ours, "gradio": ours}
        if given.other:
            theirs = Counted(package(given.other), given.delay)
            other = f"http://other.test:{stack.enter_context(served(theirs))}"
            script = f'<script type=module src="{other}/dist/deepChat.bundle.js"></script>'
            bodies["deep-chat"] = script + f'<deep-chat connect=\'{{"url": "{other}/chat"}}\'></deep-chat>'
            ways["deep-chat"] = theirs
        playwright = stack.enter_context(sync_playwright())
        rules = "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", rules]
        )
        for way, counted in ways.items():
            elsewhere: set[str] = set()
            visits: dict[str, list[Taken]] = {"cold": [], "warm": []}
            for run in range(given.runs + 1):
                context = browser.new_context(viewport={"width": 1100, "height": 760}, locale="en-GB")
                context.add_init_script(WATCH)
                for taken in visits.values():
                    one = visit(context, f"{site}/{way}", counted, elsewhere)
                    if run:  # the first warms the server
                        taken.append(one)
                context.close()
            for sort, taken in visits.items():
                log.info("%-9s %s: %s", way, sort, told(taken))
            if strange := sorted(host for host in elsewhere if not host.endswith(".test")):
                log.info("%-9s also asks %s", way, ", ".join(strange))
        browser.close()


if __name__ == "__main__":
    main()
