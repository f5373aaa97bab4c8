"""The HTML report in a real browser: it loads nothing, is accessible, works by keyboard and prints whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from eval_cases import answer, question, refusal, run_of, unanswerable

from eval.page import page
from eval.report import Bound
from eval.score import score


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = run_of(
        [
            (question("a", tags=["near-miss"]), answer("a")),
            (question("b", language="fr", question="Qui ?"), answer("b", text="Nobody knows.")),
            (question("c", history=[{"role": "user", "content": "Before?"}]), refusal("c")),
            (unanswerable("d", notes="a note"), refusal("d")),
        ]
    )
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(run, score(run), [Bound(name="correct", limit=0.9, value=0.3)]), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_accessible(browser: Any, file: Path, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe here")
    tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    wrong: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.goto(file.as_uri())
    tab.get_by_role("button", name="Open all").click()
    assert [v["id"] for v in axe.Axe().run(tab).response["violations"]] == []
    assert asked == [file.as_uri()]
    assert wrong == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


def test_questions_open_and_are_filtered_by_keyboard(browser: Any, file: Path) -> None:
    tab = browser.new_page()
    tab.goto(file.as_uri())
    first = tab.locator("details.question").first
    first.locator("summary").first.focus()
    tab.keyboard.press("Enter")
    assert first.evaluate("e => e.open")
    assert first.locator("mark").count() == 2
    tab.get_by_label("Show").select_option("refused")
    assert tab.locator("details.question:visible").count() == 1
    assert tab.locator("#shown").inner_text() == "1 of 4"
    tab.close()


def test_paper_shows_what_is_folded(browser: Any, file: Path) -> None:
    tab = browser.new_page(java_script_enabled=False)
    tab.goto(file.as_uri())
    tab.emulate_media(media="print")
    answer_ = tab.locator("details.question .answer").first
    assert answer_.is_visible()
    assert answer_.bounding_box()["height"] > 5
    tab.close()
