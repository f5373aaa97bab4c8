"""All pages in a real browser: the chat, the source, the library; by keyboard, in light and dark, in French, with files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pypdfium2 as pdfium
import pytest
from docx import Document as Word

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FACT = "When did the Harbour Accord enter into force?"
UNKNOWN = "What is the capital of Mongolia?"
HOSTILE = "What do the buoy controllers of Mallory run?"

Open = Callable[..., "Page"]
BACK, ON = 6, 2  # keys from the question to a mark, and from the card to its link


@pytest.fixture
def visit(browser: Browser, page_url: str) -> Iterator[Open]:
    """Opens a page; afterwards no request may have gone elsewhere, and no console may have complained."""
    contexts, seen, complaints = [], [], []

    def watch(page: Page) -> None:
        page.on("request", lambda request: seen.append(request.url))
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))

    def opened(place: str = "/", dark: bool = False, width: int = 1280, locale: str = "en-GB") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 860},
            color_scheme="dark" if dark else "light",
            locale=locale,
            reduced_motion="reduce",
        )
        context.set_default_timeout(20_000)
        context.on("page", watch)
        contexts.append(context)
        page = context.new_page()
        page.goto(page_url + place)
        page.wait_for_selector("#question textarea" if place == "/" else "main")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert {urlsplit(url).hostname for url in seen if not url.startswith("data:")} == {"127.0.0.1"}
    assert [one for one in complaints if "status of 404" not in one] == []  # a browser tells of the trouble page too


def ask(page: Page, question: str = FACT) -> None:
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector("#feedback:visible")
    page.wait_for_selector("#ask:visible")


def axe(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is."""
    runner = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is missing: pip install -e '.[dev]'"
    )
    found = runner.Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['html'][:200] for node in one['nodes']]}" for one in found]


def source(page: Page) -> str:
    """The address of the first citation's place in its document."""
    return "/" + str(page.locator("#sources a.read").first.get_attribute("href"))


def press_until(page: Page, key: str, there: str, most: int = 60) -> int:
    """Presses a key until the focus is there; how often."""
    for count in range(1, most + 1):
        page.keyboard.press(key)
        if page.evaluate(f"document.activeElement.matches({there!r})"):
            return count
    raise AssertionError(f"{key} never led to {there}")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_any_page_and_nothing_overflows(visit: Open, dark: bool, width: int) -> None:
    page = visit(dark=dark, width=width)
    found = {"first": axe(page)}
    page.click("#takeaway > button")
    page.click("#filters > button")
    ask(page)
    found["answer"] = axe(page)
    wide = {"chat": page.evaluate("document.documentElement.scrollWidth")}
    places = {
        "source": source(page),
        "whole document": "/read/hostile-memo",
        "library": "/library",
        "narrowed": "/library?q=accord&kind=treaty&by=year",
        "search": "/library/search?q=ransom+payments",
        "trouble": "/read/no-such-document",
    }
    page.context.close()
    for name, place in places.items():
        one = visit(place, dark=dark, width=width)
        found[name] = axe(one)
        wide[name] = one.evaluate("document.documentElement.scrollWidth")
        one.context.close()
    assert found == {name: [] for name in found}
    assert all(pixels <= width for pixels in wide.values()), wide


def test_from_load_to_reading_a_source_by_keyboard_alone(visit: Open) -> None:
    page = visit()
    page.keyboard.type(FACT)
    page.keyboard.press("Enter")
    page.wait_for_selector(".quote")
    page.wait_for_selector("#feedback:visible")
    page.wait_for_selector("#ask:visible")
    back = press_until(page, "Shift+Tab", '#conversation a[href^="#src-"]', most=16)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "src-1-1"
    on = press_until(page, "Tab", "a.read", most=3)
    with page.context.expect_page() as opening:
        page.keyboard.press("Enter")
    read = opening.value
    read.wait_for_function("() => document.activeElement.id === 'quote'")
    assert (
        read.inner_text("mark.here")
        == "This Accord entered into force on 1 March 2020, after the twelfth Party had ratified it."
    )
    assert read.locator("mark.here").evaluate(
        "e => { const b = e.getBoundingClientRect(); return b.top >= 0 && b.bottom <= innerHeight }"
    )
    assert (back, on) == (BACK, ON), "docs/accessibility.md tells these numbers of keys"


def test_a_source_can_be_walked_by_keyboard(visit: Open) -> None:
    page = visit("/read/harbour-accord")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    press_until(page, "Shift+Tab", ".outline a")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash").startswith("#b")


def make(page: Page, suffix: str, topic: str = "") -> Any:
    """Makes a briefing by keyboard, and downloads it."""
    if page.get_attribute("#takeaway > button", "class") and not page.get_by_label("Topic").is_visible():
        page.focus("#takeaway > button")
        page.keyboard.press("Enter")
    page.get_by_label("Topic").fill(topic)
    page.get_by_role("radio", name=suffix).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Make the briefing").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#takeaway-news a")
    press_until(page, "Tab", "#takeaway-news a", most=2)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    page.evaluate("document.querySelector('#takeaway-news a').remove()")
    return download.value


def test_a_briefing_is_taken_away_and_opens(visit: Open, tmp_path: Path) -> None:
    page = visit()
    ask(page)
    got = make(page, "Word")
    assert got.suggested_filename == "briefing-when-did-the-harbour-accord-enter-into-force.docx"
    got.save_as(tmp_path / "note.docx")
    assert FACT in [one.text for one in Word(str(tmp_path / "note.docx")).paragraphs]
    make(page, "PDF", "the Harbour Accord").save_as(tmp_path / "note.pdf")
    assert "the Harbour Accord" in pdfium.PdfDocument(tmp_path / "note.pdf")[0].get_textpage().get_text_range()
    assert page.locator("#conversation [data-testid=user]").count() == 1


def test_with_nothing_asked_there_is_nothing_to_take_away(visit: Open) -> None:
    page = visit()
    page.click("#takeaway > button")
    page.get_by_role("button", name="Make the briefing").click()
    page.wait_for_function("() => /no answer yet/.test(document.querySelector('#takeaway-news').textContent)")
    assert page.get_attribute("#takeaway-news", "role") == "status"
    assert page.locator("#takeaway-news a").count() == 0


@pytest.mark.parametrize("place", ["/read/hostile-memo", "/library", "/library/search?q=buoy+controllers+Mallory"])
def test_a_hostile_document_is_text_on_every_page(visit: Open, place: str) -> None:
    page = visit(place)
    assert page.evaluate("window.hacked") is None
    assert page.locator("main :is(img, script, iframe, object, video, b, i, code)").count() == 0
    assert page.locator("main form:not([role=search])").count() == 0
    assert "<img src=x onerror=" in page.inner_text("main")
    hrefs = page.eval_on_selector_all("a", "all => all.map(a => a.protocol)")
    assert set(hrefs) <= {"http:", "https:"}


def test_a_hostile_document_is_read_at_its_place(visit: Open) -> None:
    page = visit()
    ask(page, HOSTILE)
    read = visit(source(page))
    assert read.evaluate("window.hacked") is None
    assert "<script>window.hacked=1</script>" in read.inner_text("mark.here")


def test_every_page_speaks_french(visit: Open) -> None:
    page = visit(locale="fr-FR")
    page.wait_for_function("() => / \\?$/.test(document.querySelector('#starters button').textContent)")
    page.click("#takeaway > button")
    page.get_by_role("button", name="Faire la note").click()
    page.wait_for_function("() => /pas encore de réponse/.test(document.querySelector('#takeaway-news').textContent)")
    ask(page)
    place = source(page)
    further = page.locator("#followups button:visible").first.inner_text()
    assert further.startswith(("Que dit", "Quel est", "Que faut-il"))
    ask(page, UNKNOWN)
    page.wait_for_function("() => /La bibliothèque ne/.test(document.querySelector('#conversation').textContent)")
    read = visit(place, locale="fr-FR")
    library = visit("/library", locale="fr-FR")
    for one, words in (
        (read, ("Cité ici", "Plan", "17 mai 2019")),
        (library, ("Bibliothèque", "Grouper par", "Affiner")),
    ):
        assert one.evaluate("document.documentElement.lang") == "fr"
        shown = one.inner_text("body")
        assert any(word in shown for word in words)
        for english in ("Library", "Ask a question", "Outline", "Copy the", "Search", "Published"):
            assert english not in shown, english


def test_the_library_leads_to_a_source_by_keyboard(visit: Open) -> None:
    page = visit("/library")
    page.focus("input[type=search]")
    page.keyboard.type("accord")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=accord**")
    assert page.locator("ul.documents a").count() == 1
    page.focus("input[type=search]")
    press_until(page, "Tab", "ul.documents a", most=20)
    page.keyboard.press("Enter")
    page.wait_for_url("**/read/harbour-accord")
    assert "Harbour Accord" in page.inner_text("h1")
