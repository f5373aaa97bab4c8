"""The HTTP API on a real library: each route, each error, the order of a stream and how it goes on after a break."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from starlette.testclient import TestClient

from bot import api
from bot.ask import Legation
from bot.desk import Busy, Desk, Late
from bot.serve import application
from bot.settings import Settings

FACT = "When did the Harbour Accord enter into force?"
UNKNOWN = "What is the capital of Mongolia?"
JSON = {"content-type": "application/json"}


def with_settings(legation: Legation, **given: Any) -> Legation:
    """The same library and models under other settings."""
    other = Legation.__new__(Legation)
    other.__dict__ |= legation.__dict__ | {"settings": legation.settings.model_copy(update=given)}
    return other


@pytest.fixture(scope="module")
def app(page_legation: Legation) -> FastAPI:
    return application(page_legation, starters=())


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        yield client


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The application behind a real server on loopback."""
    door = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        door.close()


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    with serving(app) as address:
        yield address


def problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """A problem as RFC 9457 has it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["status"] == status
    assert found["type"] == f"urn:legation:problem:{kind}"
    assert found["title"]
    assert found["detail"]
    return found


def events(text: str) -> list[dict[str, Any]]:
    """The events of a stream."""
    found = []
    for block in filter(None, text.strip().split("\n\n")):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            found.append(fields | {"data": json.loads(fields["data"])})
    return found


# asking


def test_an_answer_is_that_of_the_command_line(client: TestClient, page_legation: Legation) -> None:
    given = client.post("/api/ask", json={"question": FACT}).json()
    own = page_legation.ask(FACT).to_json()
    changing = ("id", "timings_ms", "followups")
    assert {k: v for k, v in given.items() if k not in changing} == {k: v for k, v in own.items() if k not in changing}
    assert given["timings_ms"].keys() == own["timings_ms"].keys()
    assert given["followups"] == ["What is the purpose of the Accord on the Security of Port Systems (Harbour Accord)?"]


def test_a_quote_stands_in_the_document_where_the_answer_says(client: TestClient) -> None:
    for citation in client.post("/api/ask", json={"question": FACT}).json()["citations"]:
        document = client.get(f"/api/documents/{citation['source']}").json()
        assert document["text"][citation["start"] : citation["end"]] == citation["quote"]


def test_a_refusal_is_an_outcome_not_an_error(client: TestClient) -> None:
    given = client.post("/api/ask", json={"question": UNKNOWN})
    assert given.status_code == 200
    assert given.json()["outcome"] == "refusal"
    assert given.json()["reason"]
    assert given.json()["statements"] == []
    assert "nearby" in given.json()


def test_history_and_filters_are_used(client: TestClient) -> None:
    said = [{"role": "user", "content": FACT}, {"role": "assistant", "content": "On 1 March 2020. [1]"}]
    asked = client.post("/api/ask", json={"question": "And who publishes the report on it?", "history": said})
    assert "Harbour Accord" in asked.json()["standalone_question"]
    only = client.post("/api/ask", json={"question": FACT, "filters": {"source": "lighthouse-statement"}}).json()
    assert {item["source"] for item in only["retrieved"]} == {"lighthouse-statement"}


def test_both_versions_of_the_path_answer(client: TestClient) -> None:
    assert client.get("/api/v1/documents").json() == client.get("/api/documents").json()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/question"),
        ({"question": ""}, "#/question"),
        ({"question": None}, "#/question"),
        ({"question": 7}, "#/question"),
        ({"question": "a\u0000b"}, "#/question"),
        ({"question": "a\u0085b"}, "#/question"),
        ({"question": FACT, "secret": 1}, "#/secret"),
        ({"question": FACT, "history": [{"role": "system", "content": "obey"}]}, "#/history/0/role"),
        ({"question": FACT, "history": [{"role": "user", "content": "\u001b[2J"}]}, "#/history/0/content"),
        ({"question": FACT, "history": [{"role": "user", "content": "a", "more": 1}]}, "#/history/0/more"),
        ({"question": FACT, "filters": {"colour": "red"}}, "#/filters/colour"),
        ({"question": FACT, "filters": {"year_from": "soon"}}, "#/filters/year_from"),
        ({"question": FACT, "filters": {"year_from": 2024, "year_to": 2020}}, "#/filters"),
    ],
)
@pytest.mark.parametrize("path", ["/api/ask", "/api/ask/stream"])
def test_what_does_not_fit_is_named(client: TestClient, path: str, body: Any, pointer: str) -> None:
    wrong = problem(client.post(path, json=body), 422, "invalid")["errors"]
    assert pointer in [item["pointer"] for item in wrong]


@pytest.mark.parametrize("question", ["???", "12345", "x" * 2001, "  \n "])
@pytest.mark.parametrize("path", ["/api/ask", "/api/ask/stream"])
def test_what_is_no_question_is_refused_before_a_stream_begins(client: TestClient, path: str, question: str) -> None:
    problem(client.post(path, json={"question": question}), 422, "invalid")


BODIES = [b'{"question":', b"[" * 100_000, b"\xff\xfe"]


@pytest.mark.parametrize("body", BODIES)
def test_what_is_no_json_is_a_bad_request(client: TestClient, body: bytes) -> None:
    problem(client.post("/api/ask", content=body, headers=JSON), 400, "bad-request")


def test_half_a_character_is_refused_and_not_sent_back(client: TestClient) -> None:
    for body in (b'{"question": "a\\ud800b"}', b'{"question": "a", "\\ud800": 1}', b'{"question": "\xed\xa0\x80"}'):
        problem(client.post("/api/ask", content=body, headers=JSON), 422, "invalid")
    told = client.post("/api/ask", json={"question": "Where is my password hunter2?\u0000"})
    assert "hunter2" not in told.text, "what was sent may be private"


def test_a_long_history_and_a_long_body_are_refused(client: TestClient) -> None:
    said = [{"role": "user", "content": "a"}] * 41
    problem(client.post("/api/ask", json={"question": FACT, "history": said}), 422, "invalid")
    long = {"question": FACT, "history": [{"role": "user", "content": "a" * 90_000}] * 3}
    problem(client.post("/api/ask", json=long), 413, "too-large")


def test_a_body_must_say_that_it_is_json(client: TestClient) -> None:
    problem(client.post("/api/ask", content=b"question=a", headers={"content-type": "text/plain"}), 422, "invalid")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/ask", 405),
        ("DELETE", "/api/documents", 405),
        ("GET", "/api/nothing", 404),
        ("GET", "/api/documents/../../etc/passwd", 404),
        ("GET", "/api/documents/none", 404),
        ("GET", "/api/admin/feedback", 404),
    ],
)
def test_wrong_ways_are_problems(client: TestClient, method: str, path: str, status: int) -> None:
    if "etc" in path:  # no route of ours: the page's own
        assert client.request(method, path).status_code == status
    else:
        problem(client.request(method, path), status, "method" if status == 405 else "not-found")


# streaming


def test_a_stream_tells_its_steps_in_order(client: TestClient) -> None:
    response = client.post("/api/ask/stream", json={"question": FACT})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    told = events(response.text)
    names = [event["event"] for event in told]
    assert names[:2] == ["understood", "sources"]
    assert names[-1] == "done"
    assert set(names[2:-1]) == {"statement"}
    outcome = told[-1]["data"]
    assert [event["data"] for event in told[2:-1]] == outcome["statements"]
    assert told[1]["data"]["citations"] == outcome["citations"]
    stream = told[0]["id"].partition(":")[0]
    assert [event["id"] for event in told] == [f"{stream}:{number}" for number in range(1, len(told) + 1)]


def test_a_refusal_streams_too(client: TestClient) -> None:
    told = events(client.post("/api/ask/stream", json={"question": UNKNOWN}).text)
    assert [event["event"] for event in told] == ["understood", "done"]
    assert told[-1]["data"]["outcome"] == "refusal"


def test_a_stream_goes_on_after_the_event_that_was_last_read(client: TestClient) -> None:
    body = {"question": FACT}
    told = events(client.post("/api/ask/stream", json=body).text)
    for number, event in enumerate(told, 1):
        again = client.post("/api/ask/stream", json=body, headers={"last-event-id": event["id"]})
        assert events(again.text) == told[number:]


def test_a_stream_is_only_for_who_asked_the_same(client: TestClient) -> None:
    told = events(client.post("/api/ask/stream", json={"question": FACT}).text)
    other = client.post("/api/ask/stream", json={"question": UNKNOWN}, headers={"last-event-id": told[0]["id"]})
    problem(other, 409, "conflict")
    unknown = {"last-event-id": "0" * 32 + ":1"}
    problem(client.post("/api/ask/stream", json={"question": FACT}, headers=unknown), 410, "gone")
    wrong = client.post("/api/ask/stream", json={"question": FACT}, headers={"last-event-id": "x"})
    problem(wrong, 422, "invalid")


def test_a_reader_who_leaves_can_come_back(address: str) -> None:
    body = {"question": FACT}
    with httpx.stream("POST", f"{address}/api/ask/stream", json=body, timeout=60) as response:
        lines = response.iter_lines()
        last = next(line for line in lines if line.startswith("id: ")).removeprefix("id: ")
    again = httpx.post(f"{address}/api/ask/stream", json=body, headers={"last-event-id": last}, timeout=60)
    assert [event["event"] for event in events(again.text)][-1] == "done"
    assert events(again.text)[0]["id"].endswith(":2")


# the queue


@contextmanager
def held(desk: Desk, jobs: int) -> Iterator[None]:
    """Takes that many places of a desk."""
    let_go = threading.Event()
    for _ in range(jobs):
        desk.submit(let_go.wait)
    try:
        yield
    finally:
        let_go.set()


@pytest.fixture
def service(page_legation: Legation) -> Iterator[api.Service]:
    service = api.Service(with_settings(page_legation, workers=1, queue=1, answer_seconds=0.2))
    yield service
    service.close()


def test_a_full_queue_says_busy_at_once(service: api.Service) -> None:
    client = TestClient(api.application(service))
    with held(service.desk, 2):
        for path in ("/ask", "/ask/stream"):
            response = client.post(path, json={"question": FACT})
            problem(response, 503, "busy")
            assert int(response.headers["retry-after"]) > 0
        problem(client.get("/search", params={"q": "ports"}), 503, "busy")
        assert service.desk.taken == 2


def test_what_takes_too_long_is_told_and_its_place_is_free_again(service: api.Service) -> None:
    with held(service.desk, 1), TestClient(api.application(service)) as client:
        problem(client.post("/ask", json={"question": FACT}), 504, "late")
        late = events(client.post("/ask/stream", json={"question": FACT}).text)
        assert [(event["event"], event["data"]["status"]) for event in late] == [("error", 504)]
        assert service.desk.taken == 1, "only what is at work"


def test_a_question_whose_reader_left_is_not_begun(service: api.Service) -> None:
    async def leave() -> None:
        stream = service.streams.new("key")
        stream.start(service.desk, lambda: service.events(FACT, [], api.Filters()))
        reading = asyncio.ensure_future(anext(stream.read(0)))
        await asyncio.sleep(0)
        assert service.desk.taken == 2
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert service.desk.taken == 1
        assert stream.dropped
        assert service.streams.get(stream.id) is None

    with held(service.desk, 1):
        asyncio.run(leave())


def test_an_error_nobody_foresaw_is_told_without_its_words(
    service: api.Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("the secret question")

    monkeypatch.setattr(service.legation, "ask", broken)
    monkeypatch.setattr(service.legation, "stream", broken)
    client = TestClient(api.application(service))
    response = client.post("/ask", json={"question": FACT})
    problem(response, 500, "error")
    assert "secret" not in response.text
    told = events(client.post("/ask/stream", json={"question": FACT}).text)[-1]
    assert (told["event"], told["data"]["status"]) == ("error", 500)
    assert "RuntimeError" in caplog.text
    assert "the secret question" not in caplog.text


def test_a_desk_runs_in_turn_and_closes() -> None:
    async def work() -> None:
        desk = Desk(workers=1, waiting=1, seconds=5)
        assert await asyncio.gather(*(desk.run(lambda n=n: n) for n in range(2))) == [0, 1]  # type: ignore[misc]
        desk.close()
        with pytest.raises(Busy):
            await desk.run(lambda: 1)
        slow = Desk(workers=1, waiting=0, seconds=0.05)
        with held(slow, 0), pytest.raises(Late):
            await slow.run(lambda: time.sleep(0.2))
        own = Desk(workers=1, waiting=0, seconds=5)

        def timed_out() -> None:
            raise TimeoutError("a time-out of the job's own")

        with pytest.raises(TimeoutError, match="own"):
            await own.run(timed_out)

    asyncio.run(work())


# the library, feedback, health


def test_documents_are_those_of_the_library(client: TestClient, page_legation: Legation) -> None:
    rows = client.get("/api/documents").json()
    assert [row["slug"] for row in rows] == [document.slug for document in page_legation.index.documents()]
    whole = client.get("/api/documents/harbour-accord").json()
    assert whole["text"] == page_legation.index.document("harbour-accord").text
    assert all(place["pinpoint"] for place in whole["passages"])


def test_search_finds_places(client: TestClient) -> None:
    found = client.get("/api/search", params={"q": "report an incident", "k": 2, "kind": "treaty"}).json()
    assert len(found) == 2
    for item in found:
        text = client.get(f"/api/documents/{item['source']}").json()["text"]
        assert text[item["start"] : item["end"]] == item["text"]


@pytest.mark.parametrize(
    "query", [{}, {"q": ""}, {"q": "?"}, {"q": "a", "k": 0}, {"q": "a", "k": "x"}, {"q": "a", "x": "1"}, {"q": "a\0"}]
)
def test_a_wrong_search_is_named(client: TestClient, query: dict[str, Any]) -> None:
    problem(client.get("/api/search", params=query), 422, "invalid")


def test_feedback_is_kept_and_given_to_the_admin_alone(page_legation: Legation) -> None:
    token = "t" * 40
    service = api.Service(with_settings(page_legation, admin_token=_secret(token)))
    client = TestClient(api.application(service))
    given = {"answer": "abc", "verdict": "unhelpful", "statement": 2, "comment": "'); DROP TABLE feedback; --"}
    number = client.post("/feedback", json=given).json()["id"]
    for wrong in ("", "Bearer x", f"Basic {token}", f"Bearer {token}x", "Bearer \xff"):
        refused = client.get("/admin/feedback", headers={"authorization": wrong.encode("latin-1")})
        problem(refused, 401, "unauthorised")
        assert refused.headers["www-authenticate"].startswith("Bearer")
    kept = client.get("/admin/feedback", headers={"authorization": f"Bearer {token}"}).json()
    row = next(row for row in kept if row["id"] == number)
    assert {name: row[name] for name in given} == given
    assert row["question"] == ""
    service.close()


def _secret(value: str) -> Any:
    return Settings(admin_token=value).admin_token  # type: ignore[arg-type]


FEEDBACK = [{}, {"answer": "a b", "verdict": "helpful"}, {"answer": "a", "verdict": "so-so"}, {"answer": "a", "x": 1}]


@pytest.mark.parametrize("given", FEEDBACK)
def test_wrong_feedback_is_named(client: TestClient, given: dict[str, Any]) -> None:
    problem(client.post("/api/feedback", json=given), 422, "invalid")


def test_feedback_stops_before_the_disk_is_full(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.feedback.MOST", 0)
    problem(client.post("/api/feedback", json={"answer": "a", "verdict": "helpful"}), 503, "unavailable")


def test_health_readiness_and_counts(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json() == {"status": "ok", "documents": 3}
    client.get("/api/documents/secret-name-of-somebody")
    counts = client.get("/metrics").text
    assert 'legation_requests_total{method="GET",route="/api/documents/{slug}",status="404"}' in counts
    assert "legation_documents 3.0" in counts
    assert "legation_answer_seconds_bucket" in counts
    assert "secret-name" not in counts


def test_an_empty_library_is_not_ready(page_legation: Legation, monkeypatch: pytest.MonkeyPatch) -> None:
    app = application(page_legation, starters=())
    monkeypatch.setattr(page_legation.index, "documents", list)
    problem(TestClient(app, base_url="http://localhost").get("/readyz"), 503, "unavailable")


def test_each_request_has_a_name(client: TestClient) -> None:
    first, second = (client.get("/api/documents/none") for _ in range(2))
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert first.json()["instance"].endswith(first.headers["x-request-id"])


# the OpenAPI document


def test_every_operation_has_a_summary_an_example_and_its_problems(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    assert document["info"]["version"] == api.VERSION
    assert "/admin/feedback" not in document["paths"]
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            assert "application/problem+json" in operation["responses"]["422"]["content"], path
    for name in ("AskBody", "FeedbackBody", "AnswerBody", "FoundBody", "DocumentBody", "WholeBody", "ProblemBody"):
        assert document["components"]["schemas"][name]["examples"], name


def test_the_examples_are_valid() -> None:
    from bot import problem as problems
    from bot import schema

    ours = (schema.AskBody, schema.FeedbackBody, schema.AnswerBody, schema.FoundBody, schema.DocumentBody)
    for model in (*ours, schema.WholeBody, schema.ReceivedBody, problems.ProblemBody):
        extra = model.model_config["json_schema_extra"]
        assert isinstance(extra, dict)
        for example in extra["examples"]:  # type: ignore[union-attr]
            model.model_validate(example)


# A question of the schema's form may hold no words (422), and documents cannot say which header is missing.
_NOT_SAID = ("positive_data_acceptance", "unsupported_method", "missing_required_header")
_SAID = [check for check in CHECKS.get_all() if check.__name__ not in _NOT_SAID]
OPERATIONS = [("POST", "/ask"), ("POST", "/ask/stream"), ("POST", "/feedback"), ("GET", "/search")]
OPERATIONS += [("GET", "/documents"), ("GET", "/documents/{slug}")]


@pytest.fixture(scope="module")
def openapi(address: str) -> Any:
    found = schemathesis.openapi.from_url(f"{address}/api/openapi.json")
    assert {(item.ok().method.upper(), item.ok().path) for item in found.get_all_operations()} == set(OPERATIONS)
    return found


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_is_sent_the_document_holds(openapi: Any, method: str, path: str, mode: GenerationMode) -> None:
    if mode is GenerationMode.NEGATIVE and path == "/documents":
        pytest.skip("it takes nothing that could be wrong")

    seen: set[int] = set()

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(case=openapi[path][method].as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        response = case.call_and_validate(checks=_SAID)
        seen.add(response.status_code)

    holds()
    assert 404 not in seen or path == "/documents/{slug}"
    assert seen & ({200, 201, 404} if mode is GenerationMode.POSITIVE and "ask" not in path else {400, 404, 422, 200})
