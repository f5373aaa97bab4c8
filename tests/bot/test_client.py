"""The typed client and the command line's --url: a real server, servers that break off, and servers that speak nonsense."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot import schema
from bot.ask import Legation
from bot.cli import app
from bot.client import MOST, Client, Trouble, frames
from bot.question import Filters
from bot.serve import application
from ingest.documents import LibraryError

FACT = "When did the Harbour Accord enter into force?"
UNKNOWN = "What is the capital of Mongolia?"
CHANGING = ("id", "timings_ms", "followups")


@pytest.fixture(scope="module")
def address(page_legation: Legation, serving: Any) -> Iterator[str]:
    with serving(application(page_legation, starters=())) as address:
        yield address


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Client]:
    with Client(address) as client:
        yield client


def steady(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in CHANGING}


def test_an_answer_is_that_of_the_library(client: Client, page_legation: Legation) -> None:
    for question in (FACT, UNKNOWN):
        found = client.ask(question)
        assert steady(found.to_json()) == steady(page_legation.ask(question).to_json())
    assert client.ask(FACT, id="q1").id == "q1"


def test_history_and_filters_are_sent(client: Client) -> None:
    said = [{"role": "user", "content": FACT}, {"role": "assistant", "content": "On 1 March 2020. [1]"}]
    assert "Harbour Accord" in client.ask("And who publishes the report on it?", said).standalone_question
    only = Filters(source="lighthouse-statement")
    assert {item.source for item in client.ask(FACT, filters=only).retrieved} == {"lighthouse-statement"}
    assert {item.source for item in client.search("ports", 5, only)} == {"lighthouse-statement"}


def test_a_stream_is_typed_and_ends_with_the_whole(client: Client) -> None:
    understood, sources, *statements, whole = client.stream(FACT)
    assert isinstance(understood, schema.UnderstoodBody)
    assert isinstance(sources, schema.SourcesBody)
    assert isinstance(whole, schema.AnswerBody)
    assert [step for step in statements if isinstance(step, schema.StatementBody)] == whole.statements
    assert sources.citations == whole.citations


def test_the_library_is_read(client: Client, page_legation: Legation) -> None:
    for row in client.documents():
        assert client.document(row.slug).text == page_legation.index.document(row.slug).text
    assert client.version()
    assert client.feedback("abc", "helpful", comment="clear") > 0


def test_problems_are_told_with_the_field(client: Client) -> None:
    with pytest.raises(Trouble, match="no document of that name") as missing:
        client.document("no-such-document")
    assert (missing.value.status, missing.value.kind) == (404, "not-found")
    with pytest.raises(Trouble, match="Not Found"):
        client.document("../../etc/passwd")
    with pytest.raises(Trouble, match="#/question"):
        client.ask("a\u0000b")
    with pytest.raises(Trouble, match="no words"):
        list(client.stream("???"))


@pytest.mark.parametrize(
    "url", ["", "ask.example.org", "ftp://a", "http://", "http://u:p@a", "http://[::1", "http://a?b"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(LibraryError, match="write the address"):
        Client(url)


def test_a_server_that_is_not_there_is_said(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(Trouble, match="does not answer") as away:
        Client(f"http://127.0.0.1:{port}").ask(FACT)
    assert away.value.status == 0


# servers that break off, are busy, or speak nonsense


def replies(*responses: Any) -> tuple[Client, list[httpx.Request]]:
    """A client of a server that gives these responses in turn; what it was asked."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        given: httpx.Response = responses[min(len(asked), len(responses)) - 1]
        return given

    return Client("http://server.test", patience=5, transport=httpx.MockTransport(answer)), asked


def event(name: str, data: Any, number: int = 1) -> str:
    return f"event: {name}\nid: {'a' * 32}:{number}\ndata: {json.dumps(data)}\n\n"


class Torn(httpx.SyncByteStream):
    """A body that breaks off."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __iter__(self) -> Iterator[bytes]:
        yield self.text.encode()
        raise httpx.ReadError("torn")


FIRST = event("understood", {"standalone_question": FACT, "kind": "fact"})


def test_a_stream_that_breaks_is_taken_up_where_it_was(page_legation: Legation) -> None:
    whole = page_legation.ask(FACT).to_json()
    rest = event("statement", whole["statements"][0], 2) + event("done", whole, 3)
    client, asked = replies(httpx.Response(200, stream=Torn(FIRST)), httpx.Response(200, text=rest))
    assert [type(step).__name__ for step in client.stream(FACT)] == ["UnderstoodBody", "StatementBody", "AnswerBody"]
    assert asked[1].headers["last-event-id"] == "a" * 32 + ":1"
    assert asked[1].content == asked[0].content


@pytest.mark.parametrize("torn", [True, False])
def test_a_stream_that_never_ends_well_is_given_up(torn: bool) -> None:
    bodies = [httpx.Response(200, **({"stream": Torn(FIRST)} if torn else {"text": FIRST})) for _ in range(9)]
    client, asked = replies(*bodies)
    with pytest.raises(Trouble, match="does not answer"):
        list(client.stream(FACT))
    assert len(asked) <= 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (event("done", {"outcome": "answer"}), "another form"),
        (event("statement", []), "another form"),
        ("event: done\nid: 1\ndata: {\n\n", "another form"),
        ("event: error\nid: 1\ndata: ]\n\n", "another form"),
        (event("error", "no object"), "no reason"),
        (event("error", {"detail": "It took too long.", "status": 504}), "too long"),
        ("\x00\xff" * 100, "does not answer"),
        ("", "does not answer"),
    ],
)
def test_a_malformed_stream_is_a_clear_error(text: str, said: str) -> None:
    with pytest.raises(Trouble, match=said):
        list(replies(httpx.Response(200, text=text))[0].stream(FACT))


def test_events_that_are_not_known_are_passed_over(page_legation: Legation) -> None:
    text = ": ping\n\n" + event("weather", {"x": 1}) + event("done", page_legation.ask(FACT).to_json(), 2)
    assert len(list(replies(httpx.Response(200, text=text))[0].stream(FACT))) == 1


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, text="<html>a proxy's page</html>"),
        httpx.Response(200, json=[]),
        httpx.Response(302, headers={"location": "http://evil.test"}),
        httpx.Response(500, text="oops"),
        httpx.Response(500, content=b"[" * 100_000),
        httpx.Response(418, json={"detail": ["no", "text"], "errors": "none", "status": "x"}),
        httpx.Response(200, content=b" " * (MOST + 1)),
    ],
    ids=["html", "list", "redirect", "words", "deep", "odd", "flood"],
)
def test_what_is_not_ours_is_a_clear_error(response: httpx.Response) -> None:
    client, asked = replies(response)
    with pytest.raises(Trouble) as told:
        client.ask(FACT)
    assert str(told.value)
    assert len(asked) == 1


def busy(after: str) -> httpx.Response:
    return httpx.Response(
        503, json={"detail": "Many questions.", "type": "urn:legation:problem:busy"}, headers={"retry-after": after}
    )


def test_busy_is_waited_for_while_there_is_patience(page_legation: Legation) -> None:
    client, asked = replies(busy("0"), httpx.Response(200, json=page_legation.ask(FACT).to_json()))
    assert client.ask(FACT).outcome == "answer"
    assert len(asked) == 2
    client, asked = replies(busy("60"))
    with pytest.raises(Trouble, match="Many questions") as told:
        client.ask(FACT)
    assert (told.value.kind, told.value.retry_after, len(asked)) == ("busy", 60, 1)


@given(st.text(alphabet="abc:é \n\r\x00{}", max_size=200), st.integers(1, 7))
def test_events_do_not_depend_on_where_the_pieces_are_cut(text: str, size: int) -> None:
    text = text.replace("\r", "")
    cut = [text[at : at + size] for at in range(0, len(text), size)]
    assert list(frames(cut)) == list(frames([text]))


# the command line


def legation(*words: Any) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_asks_a_server_as_it_asks_a_library(address: str, page_legation: Legation, tmp_path: Path) -> None:
    data = page_legation.settings.data
    for words in (("search", "report an incident", "-k", 3), ("library",), ("library", "show", "harbour-accord")):
        there, here = (legation(*words, *where) for where in (("--url", address), ("--data", data)))
        assert there.exit_code == 0, there.output
        assert there.stdout == here.stdout
        there, here = (legation(*words, *where, "--json") for where in (("--url", address), ("--data", data)))
        assert json.loads(there.stdout) == json.loads(here.stdout)
    answer = legation("ask", FACT, "--url", address, "--json").stdout
    assert steady(json.loads(answer)) == steady(page_legation.ask(FACT).to_json())
    assert (
        "1 March 2020, after the twelfth Party had ratified it. [1]" in legation("ask", FACT, "--url", address).stdout
    )
    (tmp_path / "q.jsonl").write_text(json.dumps({"id": "q1", "question": FACT}) + "\n")
    done = legation("ask", "--batch", tmp_path / "q.jsonl", "--output", tmp_path / "a.jsonl", "--url", address)
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "a.jsonl").read_text())["id"] == "q1"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ask", FACT, "--url", "nowhere"), "write the address"),
        (("ask", FACT, "--url", "http://127.0.0.1:1"), "does not answer"),
        (("ask", FACT, "--url", "http://127.0.0.1:1", "--data", "x"), "Leave --data out"),
        (("library", "remove", "a", "--url", "http://127.0.0.1:1"), "Leave --url out"),
    ],
)
def test_wrong_use_of_url_is_said(words: tuple[str, ...], said: str) -> None:
    ended = legation(*words)
    assert ended.exit_code == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
