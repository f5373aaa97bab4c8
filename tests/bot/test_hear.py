"""Servers and providers that misbehave on the wire: time, bytes and new tries are bounded, and nothing is heard twice."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from model_server import OK, Model, event, serving

from bot import hear
from bot.hear import Unwritten, heard
from bot.models import chat_model
from bot.serverchat import ServerChat
from bot.settings import Settings
from ingest.documents import LibraryError

ASKED = [HumanMessage("Hello?")]
SCHEMA = {"type": "object"}


@pytest.fixture(scope="module")
def server() -> Iterator[Model]:
    with serving() as model:
        yield model


@pytest.fixture
def model(server: Model) -> Model:
    server.__dict__.update({**Model().__dict__, "url": server.url})
    return server


def chat(model: Model, **more: Any) -> ServerChat:
    return ServerChat(address=model.url, **{"seconds": 5, "retries": 1} | more)


def said(chat: BaseChatModel, seconds: float = 5, **more: Any) -> str:
    return "".join(text for text, _ in heard(chat, ASKED, seconds, **more))


def dripping(first: bytes, drop: bytes) -> Callable[[Any], None]:
    """Writes something again and again, for ten seconds at most: a client that does not leave would fail the test."""

    def write(out: Any) -> None:
        out.write(first)
        for _ in range(200):
            out.write(drop)
            out.flush()
            time.sleep(0.05)

    return write


@pytest.mark.parametrize(
    ("first", "drop"),
    [(OK, b"x"), (OK, b": wait\n"), (OK + b"data: {", b" "), (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"), (b"", b"")],
    ids=["no-newline", "comments", "endless-event", "headers", "nothing"],
)
def test_a_server_that_drips_is_left_in_time_and_its_connection_closed(model: Model, first: bytes, drop: bytes) -> None:
    model.raw = dripping(first, drop)
    with pytest.raises(Unwritten, match="too long"):
        list(chat(model, seconds=0.4).stream(ASKED))


def test_a_line_without_end_is_not_kept_whole(model: Model) -> None:
    def write(out: Any) -> None:
        out.write(OK)
        for _ in range(100):
            out.write(b"x" * 100_000)

    model.raw = write
    with pytest.raises(Unwritten, match="too much"):
        list(chat(model).stream(ASKED))


def test_what_was_heard_is_not_heard_twice(model: Model) -> None:
    def write(out: Any) -> None:
        out.write(OK.replace(b"\r\n\r\n", b"\r\nContent-Length: 9999\r\n\r\n") + event("Once "))

    model.raw = write
    heard_: list[str] = []
    with pytest.raises(Unwritten, match="broke off"):
        heard_.extend(piece.text for piece in chat(model, retries=3).stream(ASKED))
    with pytest.raises(Unwritten, match="broke off"):
        heard_.extend(text for text, _ in heard(chat(model, retries=3), ASKED, 5))
    assert heard_[-1] == "Once "
    assert len(model.asked) == 2


def test_a_break_before_the_first_word_is_tried_again(model: Model) -> None:
    def write(out: Any) -> None:
        model.raw = None
        out.write(OK.replace(b"\r\n\r\n", b"\r\nContent-Length: 9999\r\n\r\n"))

    model.raw, model.reply = write, lambda _: "Hello."
    assert said(chat(model)) == "Hello."
    assert len(model.asked) == 2


@pytest.mark.parametrize("unknown", [{"response_format"}, {"stream_options"}, {"response_format", "stream_options"}])
def test_fields_that_a_server_does_not_know_are_left_out_and_remembered(model: Model, unknown: set[str]) -> None:
    model.unknown, model.reply = unknown, lambda _: "Hello."
    one = chat(model, retries=0)
    assert said(one, schema=SCHEMA) == "Hello."
    before = len(model.asked)
    assert said(one, schema=SCHEMA) == "Hello."
    assert len(model.asked) == before + 1, "the second question costs no 400"
    assert not unknown & model.asked[-1].keys()


def test_a_question_that_a_server_refuses_is_not_blamed_on_the_fields(model: Model) -> None:
    one = chat(model, retries=0)
    model.status = [400] * 3
    with pytest.raises(Unwritten, match="400"):
        said(one, schema=SCHEMA)
    model.reply = lambda _: "Hello."
    assert said(one, schema=SCHEMA) == "Hello."
    assert "response_format" in model.asked[-1]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_reply_that_is_not_streamed_is_read(model: Model, indent: int | None) -> None:
    reply = {
        "choices": [{"message": {"role": "assistant", "content": "Hello\nyou."}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
    model.raw = lambda out: out.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + json.dumps(reply, indent=indent).encode()
    )
    pieces = list(heard(chat(model), ASKED, 5))
    assert pieces[0] == ("Hello\nyou.", {"tokens_in": 3, "tokens_out": 2})
    assert not any(text or counted["tokens_out"] for text, counted in pieces[1:])


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        (b'data: {"error": {"message": "secret words"}}\n\n', "reported an error"),
        (b'{"error": "secret words"}', "reported an error"),
        (b"data: nonsense\n\n", "no chat reply"),
        (b"{nonsense", "no chat reply"),
        (b"data: [1]\n\n", "no chat reply"),
        (b"data: " + b"[" * 100_000 + b"\n\n", "no chat reply"),
    ],
)
def test_what_is_no_reply_is_told_without_its_words(model: Model, sent: bytes, word: str) -> None:
    model.raw = lambda out: out.write(OK + sent)
    with pytest.raises(Unwritten, match=word) as told:
        said(chat(model))
    assert "secret" not in str(told.value)


class Provider(BaseChatModel):
    """A LangChain model that does what a test says; its own time-outs do not hold."""

    says: Callable[[], Iterator[str]]

    @property
    def _llm_type(self) -> str:
        return "provider"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(self, *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        for text in self.says():
            yield ChatGenerationChunk(message=AIMessageChunk(content=text))


def test_a_provider_that_stays_silent_is_left() -> None:
    over = threading.Event()

    def silent() -> Iterator[str]:
        over.wait(10)
        yield "late"

    with pytest.raises(Unwritten, match="too long"):
        said(Provider(says=silent), 0.2)
    assert not over.is_set(), "it still sleeps, and the reader has gone on"
    over.set()


def test_a_provider_that_never_ends_is_left() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield ""

    with pytest.raises(Unwritten, match="too long"):
        said(Provider(says=endless), 30)


def test_a_reader_that_is_slow_is_not_the_models_fault() -> None:
    pieces = heard(Provider(says=lambda: iter(("a", "b", "c"))), ASKED, 0.3)
    first, _ = next(pieces)
    time.sleep(0.5)
    assert first + "".join(text for text, _ in pieces) == "abc"


def test_a_reader_that_leaves_ends_the_listening() -> None:
    told: list[str] = []
    on, ended = threading.Event(), threading.Event()

    def talk() -> Iterator[str]:
        try:
            for number in range(1000):
                told.append(str(number))
                yield str(number)
                on.wait(0.01 if number else 5)
        finally:
            ended.set()

    pieces = heard(Provider(says=talk), ASKED, 20)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    on.set()
    assert ended.wait(5)
    assert len(told) < 10


def test_a_provider_that_fails_is_told_by_its_kind_alone() -> None:
    def fails() -> Iterator[str]:
        yield "a"
        raise ConnectionError("sk-secret")

    with pytest.raises(Unwritten, match="ConnectionError") as told:
        said(Provider(says=fails))
    assert "sk-secret" not in str(told.value)


def test_models_that_were_left_alone_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hear, "_places", threading.BoundedSemaphore(2))
    over = threading.Event()

    def silent() -> Iterator[str]:
        over.wait(10)
        yield "late"

    for _ in range(2):
        with pytest.raises(Unwritten, match="too long"):
            said(Provider(says=silent), 0.05)
    with pytest.raises(Unwritten, match="too many"):
        said(Provider(says=silent), 0.05)
    over.set()
    for _ in range(100):  # they end, and their places are free
        try:
            assert said(Provider(says=lambda: iter(("hello",)))) == "hello"
            break
        except Unwritten:
            time.sleep(0.05)
    else:
        pytest.fail("the places were not given back")


def test_ollama_is_asked_with_the_key_and_again(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", model.url.removesuffix("/v1").removeprefix("http://"))
    model.status, model.reply = [500], lambda _: "Hello."
    made = chat_model(Settings(model="ollama:qwen3:4b", model_key="k-2", model_retries=1))  # type: ignore[arg-type]
    assert made is not None
    assert said(made) == "Hello."
    assert [body["model"] for body in model.asked] == ["qwen3:4b"] * 2
    assert model.headers[-1]["Authorization"] == "Bearer k-2"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:11434", "http://127.0.0.1:11434/v1"),
        ("box:9999", "http://box:9999/v1"),
        ("[::1]", "http://[::1]:11434/v1"),
        ("https://ollama.example.org/", "https://ollama.example.org/v1"),
    ],
)
def test_ollama_is_found_where_its_variable_says(host: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    made = chat_model(Settings(model="ollama:qwen3:4b"))
    assert isinstance(made, ServerChat)
    assert made.address == address


def test_ollama_without_a_model_is_told() -> None:
    with pytest.raises(LibraryError, match="ollama:"):
        chat_model(Settings(model="ollama:"))
