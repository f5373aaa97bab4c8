"""The page without a browser: its parts, its conversation, its server."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot import conversation as talk
from bot import language
from bot.ask import Legation
from bot.conversation import Exchange
from bot.serve import address, application, is_loopback, listen, serve
from bot.settings import Settings
from bot.suggest import suggestions
from ingest.documents import LibraryError

FACT = "When did the Harbour Accord enter into force?"
UNKNOWN = "What is the capital of Mongolia?"
WORDS = language.load("en")


@pytest.fixture(scope="module")
def client(page_legation: Legation) -> Iterator[TestClient]:
    with TestClient(application(page_legation), base_url="http://127.0.0.1:7860") as client:
        yield client


def after(legation: Legation, *questions: str) -> talk.Conversation:
    """The conversation in which `questions` were asked."""
    said: talk.Conversation = ()
    for question in questions:
        said = talk.asked(said, question)
        exchange = said[-1]
        for event in legation.stream(question, talk.history(said[:-1])):
            exchange = exchange.after(event)
        said = (*said[:-1], exchange)
    return said


def test_the_page_is_private_quiet_and_ours(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "<title>Legation</title>" in page.text or '"title": "Legation"' in page.text.replace('":"', '": "')
    config: dict[str, Any] = client.get("/config").json()
    assert config["analytics_enabled"] is False
    assert config["footer_links"] == []
    assert not config.get("run_history")
    assert {dependency["api_visibility"] for dependency in config["dependencies"]} == {"private"}
    assert "fonts.googleapis.com" not in client.get("/theme.css").text
    for asset in ("/page/page.css", "/page/page.js", "/favicon.ico"):
        assert client.get(asset).status_code == 200
    assert "svg" in client.get("/favicon.ico").headers["content-type"]


def test_closed_routes_are_closed_in_the_whole_application(client: TestClient) -> None:
    assert client.post("/gradio_api/upload", files={"files": b"x"}).status_code == 404
    assert client.get("/gradio_api/proxy=https://evil.test").status_code == 404
    assert client.get("/docs").status_code == 404
    assert client.get("/", headers={"origin": "https://evil.test"}).headers.get("access-control-allow-origin") is None


def test_an_answer_and_a_refusal_are_shown_with_their_sources(page_legation: Legation) -> None:
    said = after(page_legation, FACT, UNKNOWN)
    shown = talk.messages(said, WORDS)
    assert [message["role"] for message in shown] == ["user", "assistant"] * 2
    assert "](#src-1-1 " in shown[1]["content"]
    assert "No answer from this library" in shown[3]["content"]
    cards = talk.cards(said, WORDS)
    assert cards.index("src-2-1") < cards.index("src-1-1")
    assert cards.count("<details") == 2
    assert cards.count(" open>") == 1
    assert said[0].status(WORDS) == "Answered: 1 quotation from 1 document."


def test_what_is_kept_is_small_and_history_is_plain(page_legation: Legation) -> None:
    said = after(page_legation, FACT, UNKNOWN)
    assert all(exchange.outcome is not None and exchange.outcome.retrieved == () for exchange in said)
    assert [turn["content"] for turn in talk.history(said)[::2]] == [FACT, UNKNOWN]
    many: talk.Conversation = ()
    for number in range(talk.KEPT + 5):
        many = talk.asked(many, str(number))
    assert len(many) == talk.KEPT
    assert many[-1].turn == talk.KEPT + 5


def test_an_answer_under_way_ends_once() -> None:
    said = talk.asked((), "What?")
    assert "Searching" in talk.messages(said, WORDS, "Searching ...")[1]["content"]
    ended = talk.ended(said, "<b>Stopped</b>")
    assert talk.ended(ended, "again") == ended
    assert "<b>" not in talk.messages(ended, WORDS)[1]["content"]
    assert ended[0].status(WORDS) == "<b>Stopped</b>"
    assert talk.ended((), "x") == ()
    assert talk.history(ended) == []


def test_half_an_answer_shows_what_there_is(page_legation: Legation) -> None:
    exchange = Exchange(turn=1, question=FACT)
    for event in page_legation.stream(FACT):
        if event.type != "done":
            exchange = exchange.after(event)
    assert not exchange.over
    assert "1 March 2020" in exchange.markdown(WORDS, "waiting")
    assert "waiting" not in exchange.markdown(WORDS, "waiting")


def test_suggestions_are_answered_by_this_library(page_legation: Legation) -> None:
    offered = suggestions(page_legation, most=3)
    assert offered
    assert len(set(offered)) == len(offered) <= 3
    assert all("<" not in question for question in offered)


def test_a_taken_port_is_named_with_the_mend() -> None:
    with listen("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        assert address(door) == f"http://127.0.0.1:{port}"
        with pytest.raises(LibraryError, match=f"127.0.0.1:{port} cannot be served.*--port"):
            listen("127.0.0.1", port)


def test_a_name_that_is_no_address_of_ours_is_refused() -> None:
    with pytest.raises(LibraryError, match="cannot be served"):
        listen("no-such-host.invalid", 0)


def test_an_open_address_is_shown_as_one_that_opens() -> None:
    with listen("0.0.0.0", 0) as door:  # noqa: S104
        assert address(door).startswith("http://127.0.0.1:")
    if socket.has_ipv6:
        with listen("::1", 0) as door:
            assert address(door).startswith("http://[::1]:")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1"])
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "a.b", "10.0.0.1", ""])  # noqa: S104
def test_other_addresses_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_serving_a_missing_library_says_so(tmp_path: Path) -> None:
    with pytest.raises(LibraryError):
        serve(Settings(data=tmp_path / "none", port=0))
