"""The chat page as people use it: by keyboard and mouse, in light and dark, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FACT = "When did the Harbour Accord enter into force?"
SEVERAL = "What did the Lighthouse Group agree on ransom payments?"
UNKNOWN = "What is the capital of Mongolia?"
HOSTILE = ("What do the buoy controllers of Mallory run?", "How does Mallory steer the buoy lamps?")

Open = Callable[..., "Page"]


@pytest.fixture
def open_page(browser: Browser, page_url: str) -> Iterator[Open]:
    """Opens the page; afterwards no request may have gone elsewhere, and the console must be empty."""
    contexts, seen, complaints = [], [], []

    def opened(dark: bool = False, width: int = 1280, height: int = 860, url: str = page_url) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: seen.append(request.url))
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        page.wait_for_selector("#question textarea")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert {urlsplit(url).hostname for url in seen if not url.startswith("data:")} == {"127.0.0.1"}
    assert complaints == []


def ask(page: Page, question: str) -> None:
    """Asks by keyboard and waits for the outcome."""
    before = page.locator("#conversation [data-testid=bot]").count()
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_function("n => document.querySelectorAll('#conversation [data-testid=bot]').length > n", arg=before)
    page.wait_for_selector("#ask:visible")
    page.wait_for_function("() => /Answered|No answer/.test(document.querySelector('#status').textContent)")


def axe(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is."""
    axe_playwright = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is missing: pip install -e '.[dev]'"
    )
    found = axe_playwright.Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['html'][:200] for node in one['nodes']]}" for one in found]


def test_the_first_page_says_what_it_is_and_offers_questions(open_page: Open) -> None:
    page = open_page()
    assert page.title() == "Legation"
    assert "3 documents, 2019 to 2022" in page.inner_text("#header")
    assert page.evaluate("document.activeElement.closest('#question') !== null")
    starters = page.locator("#starters button")
    assert starters.count() >= 1
    starters.first.click()
    page.wait_for_selector(".quote")
    assert not page.is_visible("#starters")


def test_a_question_is_answered_and_its_marks_lead_to_the_words_and_back_by_keyboard_alone(open_page: Open) -> None:
    page = open_page()
    page.keyboard.type(FACT)
    page.keyboard.press("Enter")
    page.wait_for_selector(".quote")
    page.wait_for_selector("#ask:visible")
    assert page.input_value("#question textarea") == ""
    assert "This Accord entered into force on 1 March 2020" in page.inner_text("#conversation")
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.hash || ''").startswith("#src-"):
            break
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "src-1-1"
    card = page.inner_text(".card")
    for expected in (
        "Harbour Accord",
        "Conference of Ports",
        "17 May 2019",
        "CP/2019/4",
        "in force",
        "Article 5",
        "1 March 2020",
    ):
        assert expected in card
    link = page.locator(".card a:not(.read)")
    assert link.get_attribute("href") == "https://ports.example/accord"
    assert "noopener" in link.get_attribute("rel")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.hash") == "#src-1-1"


def test_every_mark_has_its_card_in_every_turn(open_page: Open) -> None:
    page = open_page()
    ask(page, SEVERAL)
    ask(page, FACT)
    marks = page.locator("#conversation a")
    targets = [marks.nth(i).get_attribute("href") for i in range(marks.count())]
    assert len({target.split("-")[1] for target in targets}) == 2
    for i, target in enumerate(targets):
        marks.nth(i).click()
        assert page.evaluate("'#' + document.activeElement.id") == target
        number = marks.nth(i).inner_text()
        assert page.locator(target).locator(".number").inner_text() == number
        assert page.locator(target).is_visible()
    page.locator(".quote:focus .back").click()
    assert page.evaluate("document.activeElement.hash") == targets[-1]


def test_a_refusal_is_calm_and_names_what_is_near(open_page: Open) -> None:
    page = open_page()
    ask(page, UNKNOWN)
    said = page.inner_text("#conversation")
    assert "No answer from this library." in said
    assert "The nearest things it holds" in said
    page.locator("#conversation a").first.click()
    assert page.evaluate("document.activeElement.id") == "src-1-1"


def test_hostile_documents_are_shown_and_do_nothing(open_page: Open) -> None:
    page = open_page()
    for question in HOSTILE:
        ask(page, question)
    for region in ("#conversation", "#sources"):
        foreign = f"{region} :is(img, script, form, input, iframe, object, video, code, .katex, .mermaid, h1, i, b)"
        assert page.locator(foreign).count() == 0
        shown = page.text_content(region)
        for text in (
            "<script>window.hacked=1</script>",
            "![pixel](https://evil.test/pixel.png)",
            "[5] says cite me",
            "**bold**",
        ):
            assert text in shown
        assert "\u202e" not in shown
    hrefs = page.eval_on_selector_all("#conversation a, #sources a", "all => all.map(a => a.getAttribute('href'))")
    assert hrefs
    assert all(href.startswith(("#src-", "read/hostile-memo?start=")) for href in hrefs)
    assert page.evaluate("window.hacked") is None


def test_what_is_asked_is_shown_as_text_too(open_page: Open) -> None:
    page = open_page()
    asked = "Does **Mallory** <img src=x onerror=window.hacked=1> keep [buoys](https://evil.test)?"
    ask(page, asked)
    assert asked in page.inner_text("#conversation [data-testid=user]")
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("asked", ["", "   ", "?!", "port " * 1000])
def test_what_is_no_question_is_said_and_kept(open_page: Open, asked: str) -> None:
    page = open_page()
    page.fill("#question textarea", asked)
    page.keyboard.press("Enter")
    page.wait_for_function("() => /question/i.test(document.querySelector('#status').textContent)")
    assert page.input_value("#question textarea") == asked
    assert page.locator("#conversation [data-testid=user]").count() == 0


def test_a_conversation_can_be_cleared(open_page: Open) -> None:
    page = open_page()
    ask(page, FACT)
    page.click("#clear")
    page.wait_for_selector("#starters button:visible")
    assert page.locator(".quote").count() == 0
    assert page.locator("#conversation [data-testid=user]").count() == 0
    ask(page, FACT)
    assert page.locator("#src-1-1").count() == 1


def test_an_answer_is_copied_with_its_sources(open_page: Open) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, FACT)
    page.click(".copy")
    page.wait_for_function("() => document.querySelector('.copy').textContent === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "This Accord entered into force on 1 March 2020, after the twelfth Party had ratified it. [1]" in copied
    assert (
        "[1] Accord on the Security of Port Systems (Harbour Accord), Conference of Ports, 17 May 2019, CP/2019/4"
        in copied
    )


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_overflows(open_page: Open, dark: bool, width: int) -> None:
    page = open_page(dark=dark, width=width)
    assert axe(page) == []
    ask(page, SEVERAL)
    ask(page, UNKNOWN)
    assert axe(page) == []
    page.locator("#conversation a").first.click()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_question_box_stays_in_sight_on_a_phone(open_page: Open) -> None:
    page = open_page(width=390, height=600)
    ask(page, SEVERAL)
    page.evaluate("window.scrollTo(0, 0)")
    box = page.locator("#question textarea").bounding_box()
    assert box["y"] + box["height"] <= 600


def test_screen_readers_get_names_and_news(open_page: Open) -> None:
    page = open_page()
    ask(page, FACT)
    assert page.get_attribute("#status", "role") == "status"
    assert page.get_attribute("#conversation [data-testid=bot]", "aria-label") == "Answer"
    assert page.get_attribute("#conversation [data-testid=user]", "aria-label") == "Your question"
    assert page.locator("#question textarea").get_attribute("aria-label") or page.get_by_label("Your question").count()


def test_an_answer_can_be_stopped(open_page: Open, slow_page_url: str) -> None:
    page = open_page(url=slow_page_url)
    page.fill("#question textarea", SEVERAL)
    page.keyboard.press("Enter")
    page.wait_for_selector("#stop:visible")
    assert "Searching 3 documents" in page.inner_text("#status")
    page.fill("#question textarea", "my next question")
    page.keyboard.press("Enter")  # one at a time: it stays in the box
    page.click("#stop")
    page.wait_for_selector("#ask:visible")
    assert "Stopped." in page.inner_text("#conversation")
    assert page.input_value("#question textarea") == "my next question"
    assert page.locator("#conversation [data-testid=user]").count() == 1


def test_a_failure_is_said_and_the_next_question_is_answered(
    open_page: Open, slow_page_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    page = open_page(url=slow_page_url)
    page.fill("#question textarea", "Does the Harbour Accord break?")
    page.keyboard.press("Enter")
    page.wait_for_function("() => /went wrong/.test(document.querySelector('#conversation').textContent)")
    assert "on purpose" not in page.content()
    assert "on purpose" in caplog.text
    ask(page, FACT)
    assert page.locator("#src-2-1").count() == 1
