"""A desk officer's tools on the chat page: filters, going on, asking again, feedback, the language of the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from bot.ask import Legation
from bot.feedback import Feedback, cases

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FACT = "When did the Harbour Accord enter into force?"
Open = Callable[..., "Page"]


@pytest.fixture
def open_page(browser: Browser, page_url: str) -> Iterator[Open]:
    """Opens the page in a language; the console must stay empty."""
    contexts, complaints = [], []

    def opened(locale: str = "en-GB", width: int = 1280, url: str = page_url) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 860}, locale=locale, reduced_motion="reduce", color_scheme="light"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        page.wait_for_selector("#question textarea")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def ask(page: Page, question: str) -> None:
    """Asks by keyboard and waits for the outcome."""
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    over(page)


def over(page: Page) -> None:
    """Waits until the outcome is there."""
    page.wait_for_selector("#feedback:visible")
    page.wait_for_selector("#ask:visible")


def test_a_question_is_narrowed_by_keyboard_and_asked_of_all_where_that_refuses(open_page: Open) -> None:
    page = open_page()
    page.focus("#filters > button")
    page.keyboard.press("Enter")
    box = page.get_by_label("Publisher")
    box.focus()
    box.fill("Lighthouse")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#filters > button').textContent.includes('Lighthouse Group')")
    ask(page, FACT)
    said = page.inner_text("#conversation")
    assert "Asked of these documents only: Lighthouse Group" in said
    assert "asked of a part of the library" in said
    page.click("#unfiltered")
    page.wait_for_function("() => document.querySelector('#conversation').textContent.includes('1 March 2020')")
    over(page)
    assert "Narrow down" in page.inner_text("#filters > button")


def test_an_answer_leads_on_and_can_be_asked_again(open_page: Open) -> None:
    page = open_page()
    ask(page, FACT)
    page.click("#retry")
    page.wait_for_selector("#stop:visible", state="hidden")
    over(page)
    assert page.locator("#conversation [data-testid=user]").count() == 1
    page.wait_for_selector("#followups button:visible")
    further = page.locator("#followups button:visible")
    question = further.first.inner_text()
    further.first.click()
    page.wait_for_function("() => document.querySelectorAll('#conversation [data-testid=user]').length === 2")
    over(page)
    assert question in page.inner_text("#conversation")
    assert "No answer" not in page.inner_text("#status")


def test_feedback_is_kept_and_becomes_a_case(open_page: Open, page_legation: Legation) -> None:
    page = open_page()
    ask(page, FACT)
    page.get_by_role("button", name="Wrong citation").click()
    page.wait_for_selector("#comment-row:visible")
    assert "Thank you" in page.inner_text("#status")
    page.fill("#comment textarea", "Article 5 is meant.")
    page.get_by_role("button", name="Send").click()
    page.wait_for_selector("#comment-row", state="hidden")
    last = list(cases(Feedback(page_legation.settings.data).all()))[-1]
    assert last["question"] == FACT
    assert last["notes"] == "Article 5 is meant."
    assert "wrong-citation" in last["tags"]


def test_the_page_speaks_french_to_a_french_browser(open_page: Open) -> None:
    page = open_page(locale="fr-FR", width=390)
    page.wait_for_function("() => document.documentElement.lang === 'fr'")
    assert "3 documents, de 2019 à 2022" in page.inner_text("#header")
    assert page.inner_text("#ask") == "Demander"
    ask(page, FACT)
    assert "17 mai 2019" in page.inner_text("#conversation")
    assert "Réponse : 1 citation de 1 document." in page.inner_text("#status")
    assert page.inner_text(".copy") == "Copier la réponse et ses sources"
    for english in ("Helpful", "Ask", "Back", "Read in", "New conversation", "Narrow"):
        assert english not in page.inner_text("body").replace(FACT, "")


def test_a_second_question_is_refused_politely(open_page: Open, slow_page_url: str) -> None:
    page = open_page(url=slow_page_url)
    page.fill("#question textarea", FACT)
    page.keyboard.press("Enter")
    page.wait_for_selector("#stop:visible")
    page.fill("#question textarea", "And then?")
    page.keyboard.press("Enter")
    page.wait_for_function("() => /One question at a time/.test(document.querySelector('#says').textContent)")
    page.click("#stop")
    page.wait_for_selector("#ask:visible")
    assert page.input_value("#question textarea") == "And then?"
    page.wait_for_function("() => document.querySelector('#says').textContent === ''")


@pytest.mark.parametrize(
    "asked", ["\u202eHarbour\u202c Acc\u200bord?", "متى دخل اتفاق الموانئ حيز النفاذ؟", "Z\u0300\u0301\u0302 algo?"]
)
def test_strange_scripts_are_asked_and_shown(open_page: Open, asked: str) -> None:
    page = open_page()
    ask(page, asked)
    assert "\u202e" not in page.inner_text("#conversation")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
