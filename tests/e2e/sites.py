"""Other people's sites with the widget on them: what the tests of the widget share."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page

FACT = "When did the Harbour Accord enter into force?"
FOUND = "This Accord entered into force on 1 March 2020"
LINE = '<script async src="{ask}/widget.js"{more}></script>'
PLAIN = "<!doctype html><html lang=en><title>Site</title><main><h1>Site</h1><p>Words.</p></main>"
STRICT = "default-src 'none'; script-src {ask}; frame-src {ask}; base-uri 'none'; form-action 'none'"
LISTED, UNLISTED = ("www.think", "strict"), ("other", "evil")
# In the frame of another site the browser may not give any storage at all.
KEPT = (
    "() => { try { return localStorage.length + sessionStorage.length + document.cookie.length; } catch { return 0; } }"
)


class Sites:
    """Other people's sites: one server for every name, which sends what a test has put at a path."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, dict[str, str]]] = {}
        pages = self.pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body, headers = pages.get(self.path, ("", {}))
                self.send_response(200 if body else 204)
                for name, value in {"content-type": "text/html; charset=utf-8", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def origin(self, name: str) -> str:
        """The origin of the site of that name."""
        return f"http://{name}.test:{self.port}"

    def close(self) -> None:
        """No more sites."""
        self.server.shutdown()
        self.server.server_close()


class Visit:
    """Opens sites with the widget; when it leaves, nothing may be stored, called elsewhere, or complained about."""

    def __init__(self, browser: Browser, sites: Sites, ask: str) -> None:
        self.browser, self.sites, self.ask = browser, sites, ask
        self.contexts: list[BrowserContext] = []
        self.seen: list[str] = []
        self.complaints: list[str] = []
        self.expected = ["Cross-Origin-Opener-Policy header has been ignored"]  # the tests have no TLS

    def __call__(
        self,
        site: str = "www.think",
        more: str = "",
        body: str = PLAIN + LINE,
        headers: dict[str, str] | None = None,
        width: int = 1100,
        expect: tuple[str, ...] = (),
        ask: str = "",
        **given: Any,
    ) -> Page:
        """The page of a site, whose widget comes from `ask`; `expect` are complaints that belong to the test."""
        ask = ask or self.ask
        filled = {name: value.replace("{ask}", ask) for name, value in (headers or {}).items()}
        self.sites.pages["/page"] = (body.replace("{ask}", ask).replace("{more}", more), filled)
        context = self.browser.new_context(
            viewport={"width": width, "height": 760}, **{"locale": "en-GB", "reduced_motion": "reduce"} | given
        )
        self.contexts.append(context)
        self.expected.extend(expect)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: self.seen.append(request.url))
        page.on("console", lambda said: self.heard(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.heard(str(error)))
        page.goto(f"{self.sites.origin(site)}/page")
        return page

    def heard(self, words: str) -> None:
        """Remembers a complaint."""
        self.complaints.append(words)

    def leave(self) -> None:
        """Closes everything and looks back."""
        for context in self.contexts:
            assert context.cookies() == []
            for page in context.pages:
                for frame in page.frames:
                    if frame.url.startswith("http"):
                        assert frame.evaluate(KEPT) == 0
            context.close()
        hosts = {urlsplit(url).hostname or "" for url in self.seen if url.startswith("http")}
        assert hosts <= {"ask.test", *(f"{name}.test" for name in (*LISTED, *UNLISTED))}
        assert [one for one in self.complaints if not any(words in one for words in self.expected)] == []


def launch(page: Page, name: str = "Ask a question") -> FrameLocator:
    """Opens the panel with the launcher."""
    page.get_by_role("button", name=name).click()
    return opened(page)


def opened(page: Page) -> FrameLocator:
    """The frame, once the panel is open and the frame listens."""
    frame = page.frame_locator("iframe")
    frame.locator("textarea").wait_for()
    page.wait_for_function("document.querySelector('legation-launcher').shadowRoot.querySelector('button.ready')")
    return frame


def put(page: Page, frame: FrameLocator, question: str) -> None:
    """Asks by keyboard and waits for the outcome."""
    before = frame.locator("[role=log] .answer").count()
    frame.locator("textarea").fill(question)
    page.keyboard.press("Enter")
    frame.locator("[role=log] .answer").nth(before).wait_for()
