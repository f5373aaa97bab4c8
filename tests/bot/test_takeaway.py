"""A briefing made on the page: of a topic, of the conversation, of nothing; the file behind its link."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from docx import Document as Word
from fastapi import FastAPI
from starlette.testclient import TestClient

from bot import conversation as talk
from bot import language, takeaway
from bot.ask import Legation
from bot.conversation import Conversation
from bot.takeaway import KEPT, Files, Takeaway, router

EN, FR = language.load("en"), language.load("fr")
EVERY = ("",) * 5


@pytest.fixture
def made(page_legation: Legation) -> Takeaway:
    page = Takeaway(page_legation, Files())
    page.make, page.news = "make", "news"
    return page


def news(made: Takeaway, *given: Any, words: Any = EN) -> str:
    """What the page says at the end."""
    return str(list(made.made(words, *given, *EVERY))[-1]["news"]).replace("&#46;", ".")


def file(made: Takeaway, said: str) -> Any:
    app = FastAPI()
    app.include_router(router(made.files))
    return TestClient(app).get("/" + re.search(r"\]\((briefing/[\w-]+)\)$", said)[1])


def talked(legation: Legation, *questions: str) -> Conversation:
    said: Conversation = ()
    for question in questions:
        said = talk.asked(said, question)
        for event in legation.stream(question):
            said = (*said[:-1], said[-1].after(event))
    return said


def test_of_a_topic(made: Takeaway) -> None:
    said = news(made, (), "the Harbour Accord", ".docx")
    assert "ready" in said
    got = file(made, said)
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''briefing-the-harbour-accord.docx"
    assert Word(BytesIO(got.content)).paragraphs[0].text == "the Harbour Accord"


@pytest.mark.parametrize(("suffix", "start"), [(".pdf", b"%PDF-"), (".md", b"# When did")])
def test_of_the_conversation(made: Takeaway, page_legation: Legation, suffix: str, start: bytes) -> None:
    said = talked(page_legation, "When did the Harbour Accord enter into force?", "What is the capital of Mongolia?")
    got = file(made, news(made, said, "  ", suffix))
    assert got.content.startswith(start)


def test_in_french(made: Takeaway, page_legation: Legation) -> None:
    said = talked(page_legation, "When did the Harbour Accord enter into force?")
    got = file(made, news(made, said, "", ".md", words=FR))
    assert "## Principaux instruments" in got.text
    assert "17 mai 2019" in got.text


def test_of_nothing_is_said_politely(made: Takeaway, page_legation: Legation) -> None:
    assert "no answer yet" in news(made, (), "", ".docx")
    assert "no answer yet" in news(made, talked(page_legation, "What is the capital of Mongolia?"), "", ".pdf")
    assert "no clear answer" in news(made, (), "the fishing quotas of Mongolia in 1875", ".pdf")
    assert "1 to 160" in news(made, (), "x" * 500, ".pdf")
    assert "pas encore" in news(made, (), "", ".docx", words=FR)


def test_a_failure_is_said_without_its_reason(
    made: Takeaway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(takeaway, "brief", broken)
    said = news(made, (), "the Harbour Accord", ".docx")
    assert "could not be made" in said
    assert "purpose" not in said
    assert "on purpose" in caplog.text


def test_the_oldest_files_go() -> None:
    files = Files()
    keys = [files.put("a.md", b"x") for _ in range(KEPT + 1)]
    assert len(set(keys)) == len(keys)
    assert files.get(keys[0]) is None
    assert files.get(keys[-1]) == ("a.md", b"x")


@pytest.mark.parametrize("key", ["no-such-key", "..%2f..%2fetc", "%00", "a" * 3000])
def test_an_unknown_key_is_told(made: Takeaway, key: str) -> None:
    app = FastAPI()
    app.include_router(router(made.files))
    assert TestClient(app).get(f"/briefing/{key}").status_code == 404
