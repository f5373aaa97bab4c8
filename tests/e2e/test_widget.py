"""The widget on other people's sites: real cross-site names in a real browser, strict policies, hostile hosts and documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.sites import FACT, FOUND, PLAIN, STRICT, Visit, launch, put

UNKNOWN = "What is the capital of Mongolia?"
HOSTILE = "What do the buoy controllers of Mallory run?"


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


def test_every_question_says_of_which_conversation_it_is(visit: Visit) -> None:
    names: list[list[str]] = []
    for _ in range(2):
        page = visit()
        frame = launch(page)
        asked: list[str] = []
        page.on(
            "request",
            lambda r, to=asked: to.append(r.headers.get("legation-session", "")) if "stream" in r.url else None,
        )
        put(page, frame, FACT)
        put(page, frame, UNKNOWN)
        names.append(asked)
    (one, same), (other, _) = names
    assert re.fullmatch(r"\d{8,20}", one)
    assert one == same != other


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
