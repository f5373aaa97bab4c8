"""Facing the public: what stops the start, who may call from where, how often, and what is told and logged."""

import asyncio
import io
import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sse_starlette.sse import AppStatus
from starlette.testclient import TestClient
from typer.testing import CliRunner

from bot import api, public
from bot.ask import Legation
from bot.cli import app
from bot.problem import Problem
from bot.rates import Rates, who
from bot.serve import application
from bot.settings import Settings, variable
from bot.watch import configure
from ingest.documents import LibraryError

FACT = "When did the Harbour Accord enter into force?"
ADDRESS = "https://ask.example.org"
SITE = "https://www.thinktank.example"
PROXY = "10.1.2.3"
SAFE: dict[str, Any] = {
    "public": True,
    "address": ADDRESS,
    "origins": (SITE,),
    "proxies": (PROXY,),
    "rate": "30/minute; 500/day",
    "rate_total": "20000/day",
    "admin_token": "t" * 40,
}


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)


@pytest.fixture(scope="module")
def safe(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {**SAFE, "data": tmp_path_factory.mktemp("public")}


def with_settings(legation: Legation, **given: Any) -> Legation:
    """The same library and models under other settings."""
    own = Settings.load(**{"data": legation.settings.data} | given)
    other = Legation.__new__(Legation)
    other.__dict__ |= legation.__dict__ | {"settings": own}
    return other


@contextmanager
def served(legation: Legation, peer: str = PROXY, **given: Any) -> Iterator[TestClient]:
    """The whole application as somebody at `peer` reaches it."""
    app = application(with_settings(legation, **given), starters=())
    with TestClient(app, base_url="http://ask.example.org", client=(peer, 50000)) as client:
        yield client


@pytest.fixture(scope="module")
def client(page_legation: Legation, safe: dict[str, Any]) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(variable(name), raising=False)
        with served(page_legation, **{**safe, "data": page_legation.settings.data, "rate": "1000/second"}) as client:
            yield client


# the settings


def test_safe_settings_start(safe: dict[str, Any]) -> None:
    public.check(Settings.load(**safe))
    public.check(Settings.load(**{**safe, "origins": (), "admin_token": ""}))


def test_at_home_nothing_is_asked_for(tmp_path: Path) -> None:
    public.check(Settings.load(data=tmp_path))


@pytest.mark.parametrize(
    ("name", "unsafe", "word"),
    [
        ("address", "", "TLS"),
        ("address", "http://ask.example.org", "TLS"),
        ("origins", ("http://www.thinktank.example",), "https"),
        ("proxies", (), "proxy"),
        ("proxies", ("0.0.0.0/0",), "anybody"),
        ("proxies", ("::/0",), "anybody"),
        ("rate", "", "one address"),
        ("rate_total", "", "together"),
        ("admin_token", "short", "guessed"),
        ("allow_private_urls", True, "network"),
        ("max_question_chars", 100_000, "long"),
        ("max_body", 100_000_000, "memory"),
        ("log_level", "debug", "questions"),
    ],
)
def test_each_unsafe_setting_stops_the_start(safe: dict[str, Any], name: str, unsafe: Any, word: str) -> None:
    with pytest.raises(LibraryError, match=variable(name)) as stopped:
        public.check(Settings.load(**{**safe, name: unsafe}))
    assert word in str(stopped.value)
    assert "short" not in str(stopped.value) or name != "admin_token"


def test_a_library_that_anybody_may_change_stops_the_start(safe: dict[str, Any], tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(LibraryError, match="chmod o-w"):
        public.check(Settings.load(**{**safe, "data": tmp_path}))


def test_the_command_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATION_PUBLIC", "1")
    result = CliRunner().invoke(app, ["serve", "--data", str(tmp_path / "none"), "--port", "0"])
    assert result.exit_code == 2
    assert "LEGATION_RATE_TOTAL:" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "none").exists(), "said before the work, not after"


def test_every_reason_is_named_at_once() -> None:
    with pytest.raises(LibraryError) as stopped:
        public.check(Settings.load(**{"public": True, "admin_token": "x"}))
    for name in ("address", "proxies", "rate", "rate_total", "admin_token"):
        assert variable(name) + ":" in str(stopped.value)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("origins", "*"),
        ("origins", "null"),
        ("origins", "www.thinktank.example"),
        ("origins", "https://www.thinktank.example/"),
        ("origins", "https://www.thinktank.example/page"),
        ("origins", "https://*.thinktank.example"),
        ("origins", "https://WWW.thinktank.example"),
        ("origins", "https://www.thinktank.example:443"),
        ("origins", "https://www.thinktank.example:99999"),
        ("origins", "https://a@b.example"),
        ("origins", "https://a.example;script-src"),
        ("origins", f"{SITE}, javascript:alert(1)"),
        ("address", "ask.example.org"),
        ("address", "https://ask.example.org/chat"),
        ("hosts", "*"),
        ("hosts", "ask.example.org:443"),
        ("proxies", "*"),
        ("proxies", "proxy.example.org"),
        ("rate", "often"),
        ("rate", "0/minute"),
        ("rate_session", "10 a minute"),
        ("rate_store", "memcached://x"),
    ],
)
def test_a_malformed_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, wrong: str) -> None:
    monkeypatch.setenv(variable(name), wrong)
    with pytest.raises(LibraryError, match=variable(name)):
        Settings.load()


def test_lists_are_written_with_commas_or_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATION_ORIGINS", f"{SITE}, https://b.example:8443 http://[::1]:8080")
    monkeypatch.setenv("LEGATION_PROXIES", "10.0.0.0/24 ::1")
    settings = Settings.load()
    assert settings.origins == (SITE, "https://b.example:8443", "http://[::1]:8080")
    assert settings.proxies == ("10.0.0.0/24", "::1")


def test_secrets_are_not_told() -> None:
    with pytest.raises(LibraryError) as stopped:
        Settings.load(rate_store="mysql://user:hunter2@db")
    assert "hunter2" not in str(stopped.value)
    assert "hunter2" not in repr(Settings.load(**{"admin_token": "hunter2"}))


# who may call


@pytest.mark.parametrize("host", ["ask.example.org", "ask.example.org:443", "127.0.0.1:7860", "localhost"])
def test_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.test", "ask.example.org.evil.test", "www.ask.example.org", "10.0.0.1", ""])
def test_other_names_are_not(client: TestClient, host: str) -> None:
    refused = client.get("/api/documents", headers={"host": host})
    assert refused.status_code == 421
    assert refused.headers["content-type"] == "application/problem+json"


def preflight(client: TestClient, origin: str, path: str = "/api/ask/stream") -> httpx.Response:
    asks = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,last-event-id,legation-session",
    }
    return client.options(path, headers={"origin": origin, **asks})


def test_a_listed_site_may_ask_from_its_page(client: TestClient) -> None:
    first = preflight(client, SITE)
    assert first.status_code == 200
    assert first.headers["access-control-allow-origin"] == SITE
    assert "access-control-allow-credentials" not in first.headers
    asked = client.post("/api/ask", json={"question": FACT}, headers={"origin": SITE, "sec-fetch-site": "cross-site"})
    assert asked.json()["outcome"] == "answer"
    assert asked.headers["access-control-allow-origin"] == SITE
    assert "Origin" in asked.headers["vary"]


OTHERS = [
    "https://evil.test",
    "http://www.thinktank.example",
    f"{SITE}.evil.test",
    f"{SITE}:8443",
    "null",
    SITE.upper(),
]


@pytest.mark.parametrize("origin", OTHERS)
def test_another_site_may_not(client: TestClient, origin: str) -> None:
    first = preflight(client, origin)
    assert first.status_code == 400
    assert "access-control-allow-origin" not in first.headers
    for path in ("/api/ask", "/api/ask/stream", "/api/feedback", "/mcp"):
        refused = client.post(path, json={"question": FACT}, headers={"origin": origin})
        assert refused.status_code == 403
        assert refused.json()["type"] == "urn:legation:problem:forbidden"
        assert "access-control-allow-origin" not in refused.headers
    read = client.get("/api/documents", headers={"origin": origin})
    assert "access-control-allow-origin" not in read.headers


def test_a_listed_site_reaches_the_api_alone(client: TestClient) -> None:
    for path in ("/gradio_api/queue/join", "/api/admin/feedback", "/api/v1/admin/feedback"):
        assert preflight(client, SITE, path).status_code == 400
        assert client.post(path, json={}, headers={"origin": SITE}).status_code == 403
    for path in ("/", "/config", "/healthz"):
        for origin in (SITE, "https://evil.test"):
            assert "access-control-allow-origin" not in client.get(path, headers={"origin": origin}).headers


def test_without_a_list_no_site_may(page_legation: Legation) -> None:
    with served(page_legation) as closed:
        local = {"host": "127.0.0.1:7860", "origin": SITE}
        assert closed.post("/api/ask", json={"question": FACT}, headers=local).status_code == 403
        assert "access-control-allow-origin" not in closed.get("/api/documents", headers=local).headers


@pytest.mark.parametrize(
    "path", ["/", "/api/documents", "/healthz", "/api/none", "/page/page.css", "/widget", "/widget.js"]
)
def test_headers_of_every_path(client: TestClient, path: str) -> None:
    headers = client.get(path, headers={"x-forwarded-proto": "https"}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["strict-transport-security"].startswith("max-age=")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    frames = policy.split("frame-ancestors ")[1].split(";")[0]
    assert frames == (f"'self' {SITE}" if path == "/widget" else "'none'")
    if path != "/":
        assert "unsafe" not in policy.split("style-src")[0]
    if path.startswith(("/widget", "/api")):
        assert "unsafe" not in policy
    wide = "cross-origin" if path.startswith("/widget") else "same-origin"
    assert headers["cross-origin-resource-policy"] == wide


def test_without_tls_there_is_no_strict_transport(client: TestClient) -> None:
    assert "strict-transport-security" not in client.get("/healthz").headers


def test_the_page_does_not_believe_where_it_is_said_to_be(client: TestClient) -> None:
    lies = {"x-forwarded-host": "evil.test", "forwarded": "host=evil.test", "x-forwarded-prefix": "/evil"}
    assert "evil" not in client.get("/", headers=lies).text
    assert "evil" not in client.get("/config", headers=lies).text


# how often


def test_an_address_that_asks_too_much_is_told_when_to_come_back(page_legation: Legation, safe: dict[str, Any]) -> None:
    slow = {**safe, "data": page_legation.settings.data, "rate": "3/minute"}
    with served(page_legation, **slow) as client:
        asking = [client.get("/api/documents", headers={"x-forwarded-for": "198.51.100.7"}) for _ in range(5)]
        assert [response.status_code for response in asking] == [200] * 3 + [429] * 2
        last = asking[-1]
        assert last.json()["type"] == "urn:legation:problem:too-many"
        assert 1 <= int(last.headers["retry-after"]) <= 60
        for path in ("/api/ask", "/api/v1/ask/stream", "/mcp", "/gradio_api/queue/join"):
            assert client.post(path, json={}, headers={"x-forwarded-for": "198.51.100.7"}).status_code == 429
        assert client.get("/api/documents", headers={"x-forwarded-for": "198.51.100.8"}).status_code == 200
        for path in ("/", "/healthz", "/api/openapi.json", "/page/page.css"):
            assert client.get(path, headers={"x-forwarded-for": "198.51.100.7"}).status_code == 200
        listed = {"x-forwarded-for": "198.51.100.7", "origin": SITE}
        told = client.get("/api/documents", headers=listed)
        assert told.headers["access-control-allow-origin"] == SITE, "a widget must be able to read it"
        assert "retry-after" in told.headers["access-control-expose-headers"]


def test_a_conversation_that_asks_too_much_is_told(page_legation: Legation, safe: dict[str, Any]) -> None:
    given = {**safe, "data": page_legation.settings.data, "rate_session": "2/minute"}
    with served(page_legation, **given) as client:

        def asked(name: str | None, times: int) -> list[int]:
            headers = {} if name is None else {"legation-session": name}
            return [client.get("/api/documents", headers=headers).status_code for _ in range(times)]

        assert asked("conversation-1", 3) == [200, 200, 429]
        assert asked("conversation-2", 2) == [200, 200]
        for nameless in (None, "", "short", "a b" * 5, "x" * 65, "é" * 9):
            assert asked(nameless and nameless.encode("latin-1"), 3) == [200] * 3, "counted by address alone"  # type: ignore[arg-type]
        refused = client.post("/api/ask", json={"question": FACT}, headers={"legation-session": "conversation-1"})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0


def test_a_conversation_of_the_chat_page_is_known_by_its_own_name(
    page_legation: Legation, safe: dict[str, Any]
) -> None:
    given = {**safe, "data": page_legation.settings.data, "rate_session": "2/minute"}
    with served(page_legation, **given) as client:

        def join(body: Any) -> int:
            return client.post("/gradio_api/queue/join", **body).status_code

        told = [join({"json": {"fn_index": 0, "session_hash": "abcdefgh12"}}) for _ in range(3)]
        assert 429 not in told[:2]
        assert told[2] == 429
        for odd in (b"", b"[]", b"[" * 9999, b'{"session_hash": 7}'):
            assert 429 not in [join({"content": odd}) for _ in range(3)]


def test_a_conversation_cannot_ask_more_than_its_address(page_legation: Legation, safe: dict[str, Any]) -> None:
    given = {**safe, "data": page_legation.settings.data, "rate": "3/minute", "rate_session": "2/minute"}
    with served(page_legation, **given) as client:
        names = [f"conversation-{number}" for number in range(5)]
        told = [client.get("/api/documents", headers={"legation-session": name}).status_code for name in names]
        assert told == [200, 200, 200, 429, 429]


def test_everybody_together_may_ask_so_much(page_legation: Legation, safe: dict[str, Any]) -> None:
    with served(page_legation, **{**safe, "data": page_legation.settings.data, "rate_total": "2/day"}) as client:
        asking = [client.get("/api/documents", headers={"x-forwarded-for": f"198.51.100.{n}"}) for n in range(3)]
        assert [response.status_code for response in asking] == [200, 200, 429]
        assert int(asking[-1].headers["retry-after"]) > 3600


def test_only_a_named_proxy_says_who_somebody_is(page_legation: Legation, safe: dict[str, Any]) -> None:
    slow = {**safe, "data": page_legation.settings.data, "rate": "2/minute"}
    with served(page_legation, peer="203.0.113.9", **slow) as client:
        lies = [client.get("/api/documents", headers={"x-forwarded-for": f"198.51.100.{n}"}) for n in range(3)]
        assert [response.status_code for response in lies] == [200, 200, 429]
        tls = client.get("/healthz", headers={"x-forwarded-proto": "https"})
        assert "strict-transport-security" not in tls.headers
    with served(page_legation, **slow) as client:  # what the client itself put in front is not believed either
        lies = [client.get("/api/documents", headers={"x-forwarded-for": f"1.2.3.{n}, 198.51.100.7"}) for n in range(3)]
        assert [response.status_code for response in lies] == [200, 200, 429]


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("not an address", "not an address"),
    ],
)
def test_who_is_counted(host: str, counted: str) -> None:
    assert who({"client": (host, 1)}) == counted


@given(st.ip_addresses(v=6).filter(lambda address: not address.ipv4_mapped), st.integers(0, 2**64 - 1))
def test_a_network_counts_as_one(address: Any, rest: int) -> None:
    neighbour = type(address)(int(address) >> 64 << 64 | rest)
    if not neighbour.ipv4_mapped:
        assert who({"client": (str(address), 1)}) == who({"client": (str(neighbour), 1)})


def test_a_store_that_is_down_stops_nobody(
    caplog: pytest.LogCaptureFixture, safe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    rates = Rates(app, Settings.load(**safe))

    async def down(*_: Any) -> bool:
        raise ConnectionError("redis://user:hunter2@db")

    monkeypatch.setattr(rates._limiter, "hit", down)
    assert TestClient(rates).get("/api/documents").status_code == 204  # type: ignore[arg-type]
    assert "counted here alone" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_store_that_hangs_stops_nobody_and_is_counted_here_meanwhile(
    caplog: pytest.LogCaptureFixture, safe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    asked: list[Any] = []

    async def hangs(*of: Any) -> bool:
        asked.append(of)
        await asyncio.sleep(3600)
        return True

    monkeypatch.setattr("bot.rates._SECONDS", 0.05)
    rates = Rates(app, Settings.load(**safe | {"rate": "2/minute"}))
    monkeypatch.setattr(rates._limiter, "hit", hangs)
    client = TestClient(rates)  # type: ignore[arg-type]
    assert [client.get("/api/documents").status_code for _ in range(3)] == [204, 204, 429]
    assert len(asked) == 1  # it rests
    assert "counted here alone" in caplog.text


def test_redis_without_its_client_is_said_at_the_start(safe: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(LibraryError, match=r"legation\[redis\]"):
        Rates(None, Settings.load(**{**safe, "rate_store": "redis://localhost:1"}))  # type: ignore[arg-type]


# counts, logs, the end


def test_counts_and_feedback_are_for_the_admin(client: TestClient) -> None:
    for path in ("/metrics", "/api/admin/feedback"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"authorization": "Bearer wrong"}).status_code == 401
        assert client.get(path, headers={"authorization": f"Bearer {'t' * 40}"}).status_code == 200


def test_without_a_token_these_are_closed(page_legation: Legation, safe: dict[str, Any]) -> None:
    given = {**safe, "data": page_legation.settings.data, "admin_token": ""}
    with served(page_legation, **given) as client:
        for path in ("/metrics", "/api/admin/feedback"):
            assert client.get(path, headers={"authorization": "Bearer "}).status_code == 404


@contextmanager
def logged(settings: Settings) -> Iterator[io.StringIO]:
    """What is logged meanwhile."""
    names = ("legation", "bot", "ingest", "mcp")
    before = {name: (logging.getLogger(name).handlers, logging.getLogger(name).propagate) for name in names}
    configure(settings)
    lines = io.StringIO()
    for name in names:
        for handler in logging.getLogger(name).handlers:
            assert isinstance(handler, logging.StreamHandler)
            handler.setStream(lines)
    try:
        yield lines
    finally:
        for name, (handlers, propagate) in before.items():
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize("asked_for", [False, True])
def test_requests_are_logged_and_questions_only_if_asked_for(
    page_legation: Legation, safe: dict[str, Any], asked_for: bool
) -> None:
    given = {**safe, "data": page_legation.settings.data, "log_level": "info", "log_questions": asked_for}
    with served(page_legation, **given) as client, logged(Settings.load(**given)) as lines:
        response = client.post("/api/ask", json={"question": FACT})
        client.get("/api/search", params={"q": "Harbour secrets"})
        client.post("/api/ask", json={"question": "\u0000 Harbour secrets"})
    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    request = next(line for line in found if line["event"] == "request")
    assert request["request"] == response.headers["x-request-id"]
    assert (request["method"], request["route"], request["status"]) == ("POST", "/api/ask", 200)
    assert request["level"] == "info"
    assert "198.51" not in lines.getvalue()
    assert "secrets" not in lines.getvalue()
    assert ("Harbour" in lines.getvalue()) is asked_for


def test_a_stopped_server_ends_its_streams_with_a_word(
    page_legation: Legation, safe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "FAREWELL", 0.1)
    given = {**safe, "data": page_legation.settings.data, "workers": 1}
    service = api.Service(with_settings(page_legation, **given))
    let_go = threading.Event()
    service.desk.submit(let_go.wait)
    monkeypatch.setattr(AppStatus, "should_exit", False)

    def stop() -> None:
        time.sleep(0.3)
        AppStatus.should_exit = True

    threading.Thread(target=stop).start()
    try:
        text = TestClient(api.application(service)).post("/ask/stream", json={"question": FACT}).text
    finally:
        let_go.set()
        service.close()
    assert "event: error" in text
    assert "being stopped" in text


def test_an_error_raised_below_ends_an_answer_once() -> None:
    async def go() -> None:
        streams = api.Streams()
        stream = streams.new("key")
        stream.fail(Problem(503, "busy", "Busy."))
        stream.fail(Problem(503, "busy", "Busy."))
        assert [frame.event async for frame in stream.read(0)] == ["error"]
        assert [frame.event async for frame in stream.read(9)] == []

    asyncio.run(go())
