"""The widget on other people's sites: real cross-site names in a real browser, strict policies, hostile hosts and documents."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from bot.ask import Legation
from tests.e2e.conftest import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator, Page

FACT = "When did the Harbour Accord enter into force?"
FOUND = "This Accord entered into force on 1 March 2020"
UNKNOWN = "What is the capital of Mongolia?"
HOSTILE = "What do the buoy controllers of Mallory run?"
LINE = '<script async src="{ask}/widget.js"{more}></script>'
PLAIN = "<!doctype html><html lang=en><title>Site</title><main><h1>Site</h1><p>Words.</p></main>"
STRICT = "default-src 'none'; script-src {ask}; frame-src {ask}; base-uri 'none'; form-action 'none'"
# In the frame of another site the browser may not give any storage at all.
KEPT = (
    "() => { try { return localStorage.length + sessionStorage.length + document.cookie.length; } catch { return 0; } }"
)

Visit = Callable[..., "Page"]


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
        return f"http://{name}.test:{self.port}"


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    made = Sites()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def ask(page_legation: Legation, sites: Sites) -> Iterator[str]:
    """The address of the server that the widget comes from, under a name of its own."""
    listed = tuple(sites.origin(name) for name in ("www.think", "strict"))
    settings = page_legation.settings.model_copy(update={"hosts": ("ask.test",), "origins": listed})
    with served(Legation(page_legation.index, settings)) as url:
        yield f"http://ask.test:{urlsplit(url).port}"


@pytest.fixture
def visit(browser: Browser, sites: Sites, ask: str) -> Iterator[Visit]:
    """Opens a site with the widget; afterwards nothing may be stored, called elsewhere, or complained about."""
    contexts, seen, complaints = [], [], []
    expected = ["Cross-Origin-Opener-Policy header has been ignored"]  # the tests have no TLS

    def opened(
        site: str = "www.think",
        more: str = "",
        body: str = PLAIN + LINE,
        headers: dict[str, str] | None = None,
        width: int = 1100,
        expect: tuple[str, ...] = (),
        **given: Any,
    ) -> Page:
        filled = {name: value.replace("{ask}", ask) for name, value in (headers or {}).items()}
        sites.pages["/page"] = (body.replace("{ask}", ask).replace("{more}", more), filled)
        context = browser.new_context(
            viewport={"width": width, "height": 760}, reduced_motion="reduce", **{"locale": "en-GB"} | given
        )
        contexts.append(context)
        expected.extend(expect)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: seen.append(request.url))
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{sites.origin(site)}/page")
        return page

    yield opened
    for context in contexts:
        assert context.cookies() == []
        for page in context.pages:
            for frame in page.frames:
                if frame.url.startswith("http"):
                    assert frame.evaluate(KEPT) == 0
        context.close()
    assert {urlsplit(url).hostname or "" for url in seen if url.startswith("http")} <= {
        "ask.test",
        *(f"{name}.test" for name in ("www.think", "strict", "other")),
    }
    assert [said for said in complaints if not any(words in said for words in expected)] == []


def launch(page: Page, name: str = "Ask a question") -> FrameLocator:
    """Opens the panel with the launcher."""
    page.get_by_role("button", name=name).click()
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


def test_one_line_makes_a_launcher_and_the_frame_comes_with_the_first_click(visit: Visit, ask: str) -> None:
    page = visit()
    launcher = page.get_by_role("button", name="Ask a question")
    assert launcher.get_attribute("aria-expanded") == "false"
    assert page.locator("iframe").count() == 0
    frame = launch(page)
    assert launcher.get_attribute("aria-expanded") == "true"
    assert page.locator("iframe").get_attribute("src") == f"{ask}/widget"
    put(page, frame, FACT)
    assert FOUND in frame.locator("[role=log]").inner_text()


def test_a_mark_opens_the_quote_with_its_place_and_the_ways_to_the_source(visit: Visit, ask: str) -> None:
    page = visit()
    frame = launch(page)
    put(page, frame, FACT)
    mark = frame.locator(".mark").first
    card = frame.locator(".card").first
    assert mark.get_attribute("aria-expanded") == "false"
    assert not card.is_visible()
    mark.click()
    assert mark.get_attribute("aria-expanded") == "true"
    said = card.inner_text()
    for expected in (
        "Article 5",
        FOUND,
        "Harbour Accord",
        "Conference of Ports",
        "17 May 2019",
        "CP/2019/4",
        "in force",
    ):
        assert expected in said
    links = card.locator("a").evaluate_all("all => all.map(a => [a.href, a.target, a.rel])")
    assert links[0][0].startswith(f"{ask}/read/harbour-accord?start=")
    assert links[1] == ["https://ports.example/accord", "_blank", "noopener noreferrer"]
    with page.context.expect_page() as popup:
        card.locator("a").first.click()
    popup.value.wait_for_selector("mark")
    assert FOUND in popup.value.inner_text("mark")


def test_a_refusal_names_what_is_near(visit: Visit) -> None:
    page = visit()
    frame = launch(page)
    put(page, frame, UNKNOWN)
    said = frame.locator("[role=log]").inner_text()
    assert "The library does not hold the answer." in said
    assert "The nearest things it holds" in said
    frame.locator(".mark").first.click()
    assert frame.locator(".card:visible blockquote").inner_text()


def test_it_works_under_a_strict_policy_of_the_host(visit: Visit) -> None:
    page = visit("strict", headers={"content-security-policy": STRICT})
    put(page, launch(page), FACT)  # a violation would be a complaint on the console


def test_a_site_that_is_not_listed_gets_no_frame_and_says_so(visit: Visit, ask: str) -> None:
    page = visit("other", expect=("frame-ancestors", "did not answer from its frame"))
    page.get_by_role("button", name="Ask a question").click()
    link = page.get_by_role("link", name="Open them in a new window")
    link.wait_for()
    assert link.get_attribute("href") == f"{ask}/widget"
    assert page.locator("iframe").count() == 0
    assert "cannot be shown on this site" in page.get_by_role("dialog").inner_text()


def test_hostile_documents_are_shown_and_do_nothing(visit: Visit) -> None:
    page = visit()
    frame = launch(page)
    put(page, frame, HOSTILE)
    for mark in frame.locator(".mark").all():
        mark.click()
    said = frame.locator("[role=log]").inner_text()
    assert "<script>window.hacked=1</script>" in said
    assert "<img src=x onerror" in said
    assert "\u202e" not in said
    assert frame.locator("[role=log] :is(img, script, form, input, iframe, object, svg, i, b)").count() == 0
    for href in frame.locator("[role=log] a").evaluate_all("all => all.map(a => a.getAttribute('href'))"):
        assert href.startswith(("read/", "https://"))
    for inner in page.frames:
        assert inner.evaluate("window.hacked") is None


@pytest.mark.parametrize("width", [1100, 390])
def test_closing_gives_the_launcher_and_the_focus_back(visit: Visit, width: int) -> None:
    page = visit(width=width)
    launcher = page.get_by_role("button", name="Ask a question")
    focused = "document.activeElement.shadowRoot?.activeElement?.getAttribute('aria-expanded')"
    for close in ("Escape", "button"):
        frame = launch(page)
        assert frame.locator("textarea").evaluate("box => box === document.activeElement")
        if close == "Escape":
            page.keyboard.press("Escape")
        else:
            frame.locator(".close").click()
        page.get_by_role("dialog").wait_for(state="hidden")
        assert launcher.is_visible()
        assert page.evaluate(focused) == "false"


def test_a_site_that_is_not_listed_has_the_focus_on_what_may_be_done(visit: Visit) -> None:
    page = visit("other", expect=("frame-ancestors", "did not answer from its frame"))
    page.get_by_role("button", name="Ask a question").click()
    page.get_by_role("link", name="Open them in a new window").wait_for()
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.tagName") == "A"
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.evaluate("Legation.toggle()")  # a second try does not stumble over the first
    page.get_by_role("link", name="Open them in a new window").wait_for()


def test_the_iframe_alone_works_where_scripts_are_stripped(visit: Visit) -> None:
    stripped = PLAIN + '<iframe src="{ask}/widget?language=fr" title="Questions" width=400 height=600></iframe>'
    page = visit(body=stripped)
    frame = page.frame_locator("iframe")
    put(page, frame, FACT)
    assert frame.locator(".close").is_hidden()
    assert FOUND in frame.locator("[role=log]").inner_text()


def test_the_files_come_with_the_package() -> None:
    import bot.widget

    names = {file.name for file in Path(bot.widget.__file__).parent.iterdir()}
    assert names >= {"widget.js", "page.html", "chat.js", "chat.css", "demo.html", "demo.css"}
