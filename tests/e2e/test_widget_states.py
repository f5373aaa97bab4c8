"""The widget when things go otherwise (busy, offline, stopped, cut) and for those who do not use a mouse or see the page."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from bot import language, problem
from bot.ask import Event, Legation
from tests.e2e.conftest import for_sites, served
from tests.e2e.sites import FACT, FOUND, LINE, PLAIN, Sites, Visit, launch, put
from tests.e2e.test_every_page import axe

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

UNKNOWN = "What is the capital of Mongolia?"
FRENCH = "Quand l’Accord du port (Harbour Accord) est-il entré en vigueur ?"
SITE = PLAIN.replace("<title>", "<meta name=viewport content='width=device-width'><title>")
STARTERS = ("What is a port?",)
OVER = "document.activeElement.shadowRoot?.activeElement?.tagName"


class Held(Legation):
    """Answers as ever, but after each statement waits until it is let go."""

    free = threading.Event()

    def stream(self, *given: Any, **named: Any) -> Iterator[Event]:
        """The steps."""
        for event in super().stream(*given, **named):
            yield event
            if event.type == "statement":
                self.free.wait(30)


class Cut:
    """Stands before a server, and breaks so many connections: after the first statement, a resumed one before its first event.

    It knows after which event each was asked for.
    """

    times = 0
    read = threading.Event()
    resumed: list[str] = []  # noqa: RUF012 - emptied by the tests

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not scope.get("path", "").endswith("/ask/stream"):
            await self.app(scope, receive, send)
            return
        self.resumed.append(dict(scope["headers"]).get(b"last-event-id", b"").decode())

        again = bool(self.resumed[-1])

        async def sent(message: Any) -> None:
            body = message.get("body", b"")
            due = Cut.times and (b"event: statement" in body or (again and b"event: " in body))
            if not (due and again):
                await send(message)
            if due:
                Cut.times -= 1
                await asyncio.to_thread(Cut.read.wait, 30)  # what a browser has not read when it breaks is lost
                raise ConnectionAbortedError("on purpose")

        await self.app(scope, receive, sent)


@pytest.fixture(scope="module")
def frail(page_legation: Legation, sites: Sites) -> Iterator[str]:
    """A server with room for one question, which can be held and cut."""
    settings = for_sites(page_legation, sites, workers=1, queue=0).settings
    with served(Held(page_legation.index, settings), STARTERS, Cut) as url:
        yield f"http://ask.test:{urlsplit(url).port}"


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    Held.free.set()
    Cut.times = 0
    Cut.resumed.clear()
    Cut.read.clear()
    yield
    Held.free.set()
    Cut.read.set()


def begin(page: Page, frame: FrameLocator, question: str = FACT) -> None:
    """Asks by keyboard, and waits until a first sentence is there."""
    frame.locator("textarea").fill(question)
    page.keyboard.press("Enter")
    frame.locator(".answer:not([role=log] *) .mark").first.wait_for()


def steps(page: Page, key: str, there: str, most: int = 12) -> int:
    """Presses a key until the focus in the frame is there; how often."""
    for count in range(1, most + 1):
        page.keyboard.press(key)
        if page.frames[1].evaluate(f"document.activeElement.matches({there!r})"):
            return count
    raise AssertionError(f"{key} never led to {there}")


def alert(frame: FrameLocator) -> str:
    frame.locator("[role=alert] button").wait_for()
    return frame.locator("[role=alert] p").inner_text()


def test_busy_is_said_with_when_to_come_back_and_the_question_is_kept(
    visit: Visit, frail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problem, "SOON", "2")
    Held.free.clear()
    first = visit(ask=frail)
    begin(first, launch(first))
    page = visit(ask=frail, locale="fr-FR", expect=("status of 503",))
    frame = launch(page, "Poser une question")
    frame.locator("textarea").fill(FACT)
    page.keyboard.press("Enter")
    words = language.load("fr")["widget.busy"]
    assert alert(frame) == words.format(time="2\u00a0secondes")
    again = frame.locator("[role=alert] button")
    assert again.is_disabled()
    assert frame.locator("textarea").input_value() == FACT
    assert frame.locator("[role=log] article").count() == 0
    Held.free.set()
    first.frame_locator("iframe").locator("[role=log] .answer").wait_for()
    again.click()  # waits until it may be pressed
    frame.locator("[role=log] .answer").wait_for()
    assert FOUND in frame.locator("[role=log]").inner_text()
    assert frame.locator("[role=alert]").inner_text() == ""
    assert frame.locator("textarea").input_value() == ""


def test_more_than_the_rate_is_told_with_the_time_to_wait(visit: Visit, page_legation: Legation, sites: Sites) -> None:
    with served(for_sites(page_legation, sites, rate="1/hour"), STARTERS) as url:
        page = visit(ask=f"http://ask.test:{urlsplit(url).port}", expect=("status of 429",))
        frame = launch(page)
        put(page, frame, FACT)
        frame.locator("textarea").fill(UNKNOWN)
        page.keyboard.press("Enter")
        told = alert(frame)
        assert re.fullmatch(r"That is more than can be answered just now\. Ask again in \d+ (minutes|hours?)\.", told)
        assert frame.locator("[role=alert] button").is_disabled()
        assert frame.locator("textarea").input_value() == UNKNOWN
        assert FOUND in frame.locator("[role=log]").inner_text()  # what was answered stays


def test_offline_is_said_and_the_question_goes_out_when_the_connection_is_back(visit: Visit) -> None:
    page = visit(expect=("ERR_INTERNET_DISCONNECTED",))
    frame = launch(page)
    page.context.set_offline(True)
    frame.locator("textarea").fill(FACT)
    page.keyboard.press("Enter")
    assert alert(frame) == language.load("en")["widget.offline"]
    assert frame.locator("textarea").input_value() == FACT
    page.context.set_offline(False)
    frame.locator("[role=status]", has_text=language.load("en")["widget.returned"]).wait_for()
    frame.get_by_role("button", name="Ask again").click()
    frame.locator("[role=log] .answer").wait_for()
    assert FOUND in frame.locator("[role=log]").inner_text()
    assert frame.locator("[role=alert]").inner_text() == ""


def test_a_stopped_answer_stays_with_a_note_and_another_can_be_asked(visit: Visit, frail: str) -> None:
    page = visit(ask=frail)
    frame = launch(page)
    Held.free.clear()
    begin(page, frame)
    frame.locator("textarea").fill("And another?")
    page.keyboard.press("Enter")
    assert frame.locator("[role=status]").inner_text() == "One question at a time."
    frame.get_by_role("button", name="Stop").click()
    frame.locator("[role=log] .note").wait_for()
    assert frame.locator("[role=log] .note").inner_text() == "Stopped here; more may have followed."
    assert frame.locator("[role=status]").inner_text() == "Stopped."
    assert frame.locator("[role=alert]").inner_text() == ""
    assert frame.locator("textarea").evaluate("box => box === document.activeElement")
    frame.get_by_role("button", name="New conversation").click()
    assert frame.locator("article").count() == 0
    Held.free.set()


def test_the_focus_is_not_lost_when_the_answer_ends_under_it(visit: Visit, frail: str) -> None:
    page = visit(ask=frail)
    frame = launch(page)
    Held.free.clear()
    begin(page, frame)
    page.keyboard.press("Tab")
    assert frame.get_by_role("button", name="Stop").evaluate("node => node === document.activeElement")
    Held.free.set()
    frame.locator("[role=log] .answer").wait_for()
    page.wait_for_function("document.activeElement.matches('legation-launcher')")
    assert frame.locator("textarea").evaluate("box => box === document.activeElement")


def test_a_connection_that_breaks_goes_on_where_it_was(visit: Visit, frail: str) -> None:
    page = visit(ask=frail, expect=("ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION"))
    frame = launch(page)
    put(page, frame, FACT)
    whole = frame.locator("[role=log] .answer").inner_text()
    Cut.times = 1
    begin(page, frame)
    Cut.read.set()
    frame.locator("[role=log] .answer").nth(1).wait_for()
    assert frame.locator("[role=log] .answer").nth(1).inner_text().endswith(whole)
    assert Cut.resumed[:2] == ["", ""]
    assert re.fullmatch(r"[0-9a-f]{32}:[1-9]", Cut.resumed[2])
    assert frame.locator("[role=alert]").inner_text() == ""


def test_a_connection_that_breaks_again_leaves_what_was_there(visit: Visit, frail: str) -> None:
    page = visit(ask=frail, expect=("ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION"))
    frame = launch(page)
    Cut.times = 2
    begin(page, frame)
    Cut.read.set()
    assert alert(frame) == language.load("en")["widget.offline"]
    assert FOUND in frame.locator("[role=log] .answer").inner_text()
    assert frame.locator("[role=log] .note").inner_text() == "The connection broke here; more may have followed."
    assert len(Cut.resumed) == 2
    frame.get_by_role("button", name="Ask again").click()
    frame.locator("[role=log] .answer").nth(1).wait_for()
    assert frame.locator("[role=log] .note").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 390])
def test_axe_finds_nothing_on_the_site_with_the_panel_open_nor_in_the_frame(
    visit: Visit, scheme: str, width: int
) -> None:
    page = visit(color_scheme=scheme, width=width, body=SITE + LINE)
    found = {"closed": axe(page)}
    frame = launch(page)
    inner = page.frames[1]
    found["site"], found["first"] = axe(page), axe(inner)  # type: ignore[arg-type]
    put(page, frame, FACT)
    frame.locator(".mark").first.click()
    found["answer"] = axe(inner)  # type: ignore[arg-type]
    put(page, frame, UNKNOWN)
    frame.locator("article").nth(1).locator(".mark").first.click()
    found["refusal"] = axe(inner)  # type: ignore[arg-type]
    page.context.set_offline(True)
    visit.expected.append("ERR_INTERNET_DISCONNECTED")
    frame.locator("textarea").fill(FACT)
    page.keyboard.press("Enter")
    alert(frame)
    found["offline"] = axe(inner)  # type: ignore[arg-type]
    page.context.set_offline(False)
    assert found == {name: [] for name in found}
    assert inner.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_from_the_launcher_to_a_source_and_back_by_keyboard_alone(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Ask a question").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate(OVER) == "BUTTON"
    page.keyboard.press("Enter")
    frame = page.frame_locator("iframe")
    frame.locator("textarea").wait_for()
    page.wait_for_function("document.querySelector('legation-launcher').shadowRoot.querySelector('button.ready')")
    page.keyboard.type(FACT)
    page.keyboard.press("Enter")
    frame.locator("[role=log] .answer").wait_for()
    further = frame.locator(".offers:visible button").count()
    assert steps(page, "Shift+Tab", ".mark") == further + 1
    page.keyboard.press("Enter")
    assert frame.locator(".card").last.is_visible()
    assert steps(page, "Tab", ".card a") == 1
    with page.context.expect_page() as opening:
        page.keyboard.press("Enter")
    opening.value.wait_for_selector("mark")
    opening.value.close()
    page.keyboard.press("Escape")
    assert frame.locator(".card").last.is_hidden()
    assert page.frames[1].evaluate("document.activeElement.matches('.mark')")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    assert page.evaluate(OVER) == "BUTTON"


def test_a_screen_reader_is_told_each_thing_once(visit: Visit) -> None:
    page = visit()
    frame = launch(page)
    live = frame.locator("[role=log], [role=status], [role=alert]")
    assert live.count() == 3
    assert frame.locator("[aria-live]").count() == 0  # the roles say it
    frame.locator("html").evaluate("""root => {
        window.told = [];
        const watch = (node, way) => new MutationObserver(all => {
            for (const { addedNodes } of all) for (const one of addedNodes) if (one.textContent) told.push([way, one.textContent]);
        }).observe(node, { childList: true, subtree: true, characterData: true });
        for (const way of ["log", "status", "alert"]) watch(root.querySelector(`[role=${way}]`), way);
    }""")
    put(page, frame, FACT)
    told = frame.locator("html").evaluate("() => told")
    assert [words for way, words in told if way == "status"] == ["Searching the library …", "Checking the quotations …"]
    logged = [words for way, words in told if way == "log"]
    assert logged[0] == FACT  # the question, then the whole answer in one piece
    assert len(logged) == 2
    assert FOUND in logged[1]
    assert [way for way, _ in told if way == "alert"] == []


def test_a_french_reader_goes_on_in_french(visit: Visit) -> None:
    page = visit(more=' data-language="fr-CA"')
    frame = launch(page, "Poser une question")
    put(page, frame, FRENCH)
    assert FOUND in frame.locator("[role=log]").inner_text()
    offered = frame.locator(".offers:visible button").all_inner_texts()
    assert offered
    assert all(one.startswith(("Que ", "Quel ", "À quoi ")) for one in offered)
