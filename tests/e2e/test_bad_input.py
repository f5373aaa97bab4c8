"""What goes wrong under a page that is open: too much pasted, a hundred citations, a server that stops, another library."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from bot.answer import Answer, Citation, Dropped, Statement, Written
from bot.ask import Event, Legation
from bot.serve import address, application, listen
from bot.settings import Settings
from ingest.documents import Document
from ingest.index import Index
from ingest.sync import ingest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FACT = "When did the Harbour Accord enter into force?"
LENGTH = 100
DROPPED = Written(
    model="m", dropped=(Dropped(text="<b>It never was.</b>", reasons=({"rule": "denial", "detail": "never"},)),)
)
Open = Callable[..., "Page"]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    contexts = []

    def opened(url: str, width: int = 1280) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 860}, reduced_motion="reduce")
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("#question textarea")
        return page

    yield opened
    for context in contexts:
        context.close()


class Stopped:
    """A server that can be stopped in the middle of an answer."""

    def __init__(self, legation: Legation, port: int = 0) -> None:
        self.door = listen("127.0.0.1", port)
        self.port = int(self.door.getsockname()[1])
        config = uvicorn.Config(
            application(legation, starters=[FACT]), log_level="critical", timeout_graceful_shutdown=0
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.door]}, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.05)

    @property
    def url(self) -> str:
        return address(self.door)

    def stop(self) -> None:
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(10)
        self.door.close()


@contextmanager
def serving(legation: Legation, port: int = 0) -> Iterator[Stopped]:
    made = Stopped(legation, port)
    yield made
    made.stop()


class Waiting(Legation):
    """Answers as ever, but only when told to go on."""

    go = threading.Event()

    def stream(self, *given: Any, **named: Any) -> Iterator[Event]:
        for event in super().stream(*given, **named):
            yield event
            self.go.wait(15)


class Many(Legation):
    """Answers with a hundred citations."""

    def stream(self, question: str, *_: Any, **__: Any) -> Iterator[Event]:
        title = "Report <img src=x onerror=window.hacked=1> " + "of a very long title " * 8
        text = " ".join(f"Sentence number {n} of the report." for n in range(1, LENGTH + 1))
        documents = [Document(slug=f"report-{d}", title=title, publisher="P" * 80, text=text) for d in range(10)]
        statements, citations = [], []
        for number in range(1, LENGTH + 1):
            said = f"Sentence number {number} of the report."
            start = text.index(said)
            about = documents[number % 10]
            citations.append(
                Citation(number=number, document=about, start=start, end=start + len(said), pinpoint="p. 1")
            )
            statements.append(Statement(text=said, citations=(number,)))
        marks = tuple(range(1, LENGTH + 1))
        statements.append(Statement(text="All of them say so.", citations=marks))
        yield Event(type="understood", standalone_question=question, kind="fact")
        yield Event(type="sources", citations=tuple(citations))
        outcome = Answer(
            id="x", question=question, standalone_question=question, confidence=1, text="", statements=tuple(statements), citations=tuple(citations), written=DROPPED
        )  # fmt: skip
        yield Event(type="done", outcome=outcome)


def ask(page: Page, question: str = FACT) -> None:
    before = page.locator("#conversation [data-testid=bot]").count()
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_function("n => document.querySelectorAll('#conversation [data-testid=bot]').length > n", arg=before)
    page.wait_for_selector("#ask:visible")
    page.wait_for_selector("#feedback:visible")


def test_ten_thousand_words_are_refused_and_kept(open_page: Open, page_url: str) -> None:
    page = open_page(page_url)
    pasted = "What does the Harbour Accord say about ports and ships? " * 1000
    page.fill("#question textarea", pasted)
    page.keyboard.press("Enter")
    page.wait_for_function("() => /question/i.test(document.querySelector('#status').textContent)")
    assert page.input_value("#question textarea").strip() == pasted.strip()
    assert page.locator("#conversation [data-testid=user]").count() == 0
    ask(page)
    assert "1 March 2020" in page.inner_text("#conversation")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_hundred_citations_are_shown(open_page: Open, page_legation: Legation, width: int) -> None:
    with serving(Many(page_legation.index, page_legation.settings)) as server:
        page = open_page(server.url, width)
        ask(page)
        assert page.locator("#sources .quote").count() == LENGTH
        assert page.locator("#sources .card").count() == 10
        assert page.locator('#conversation a[href^="#src-"]').count() == 2 * LENGTH
        page.locator('#conversation a[href="#src-1-100"]').last.click()
        assert page.evaluate("document.activeElement.id") == "src-1-100"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("window.hacked") is None
        page.focus("details.dropped > summary")
        page.keyboard.press("Enter")
        assert page.inner_text("details.dropped li") == "<b>It never was.</b> (denial: never)"


def test_a_server_that_stops_in_the_middle_is_told_and_recovered_from(open_page: Open, page_legation: Legation) -> None:
    slow = Waiting(page_legation.index, page_legation.settings)
    first = Stopped(slow)
    page = open_page(first.url)
    page.fill("#question textarea", FACT)
    page.keyboard.press("Enter")
    page.wait_for_selector("#stop:visible")
    first.stop()
    slow.go.set()
    page.wait_for_function("() => /server does not answer/.test(document.querySelector('#says')?.textContent)")
    assert FACT in page.inner_text("#conversation")
    with serving(page_legation, first.port):
        page.wait_for_function("() => /server is back/.test(document.querySelector('#says').textContent)")
        page.click("#says button")
        page.wait_for_function("q => document.querySelector('#question textarea')?.value === q", arg=FACT)
        page.focus("#question textarea")
        page.keyboard.press("Enter")
        page.wait_for_selector("#feedback:visible")
        assert "1 March 2020" in page.inner_text("#conversation")


def test_a_library_may_change_under_the_page(open_page: Open, page_legation: Legation, tmp_path: Path) -> None:
    data = tmp_path / "library"
    shutil.copytree(page_legation.settings.data, data)
    note = tmp_path / "quay-note.md"
    note.write_text("# Quay Pact\n\nThe Quay Pact entered into force on 4 July 2023 in Quayside.\n", encoding="utf-8")
    with Legation.open(Settings(data=data)) as legation, serving(legation) as server:
        page = open_page(server.url)
        ask(page)
        assert "1 March 2020" in page.inner_text("#conversation")
        with Index.open(data) as index:
            assert ingest(index, [note]).failed == {}
            index.remove("harbour-accord")
        ask(page, "When did the Quay Pact enter into force?")
        assert "4 July 2023" in page.inner_text("#conversation")
        old = page.locator('#sources a.read[href*="harbour-accord"]').get_attribute("href")
        read = page.context.new_page()
        read.goto(f"{server.url}/{old}")
        assert "no document of this name" in read.inner_text("h1")
        page.reload()
        page.wait_for_function("() => /3 documents/.test(document.querySelector('#header')?.textContent ?? '')")
        page.goto(f"{server.url}/library")
        assert page.locator('ul.documents a[href="read/quay-note"]').count() == 1
        assert page.locator('ul.documents a[href="read/harbour-accord"]').count() == 0


def test_a_library_that_goes_away_is_told(
    open_page: Open, page_legation: Legation, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "library"
    shutil.copytree(page_legation.settings.data, data)
    with Legation.open(Settings(data=data)) as legation, serving(legation) as server:
        page = open_page(server.url)
        shutil.rmtree(data)
        page.fill("#question textarea", FACT)
        page.keyboard.press("Enter")
        page.wait_for_function("() => /cannot be read/.test(document.querySelector('#conversation').textContent)")
        page.wait_for_selector("#ask:visible")
        assert str(tmp_path) not in page.inner_text("body")
        assert str(data) in caplog.text
