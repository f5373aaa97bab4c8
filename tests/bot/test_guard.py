"""Who may call the server, what stays closed, and the headers of every response."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from bot.guard import Guard, name_of

PAGE = "<html><script>inline()</script><script src=a.js></script></html>"


async def _page(_: Request) -> HTMLResponse:
    return HTMLResponse(PAGE)


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def client() -> TestClient:
    routes = [Route("/", _page), Route("/{rest:path}", _echo, methods=["GET", "POST"])]
    app = Starlette(routes=routes, middleware=[Middleware(Guard, hosts=("127.0.0.1", "localhost", "::1"))])
    return TestClient(app, base_url="http://127.0.0.1:7860")


def test_the_page_allows_only_its_own_scripts_and_no_frame(client: TestClient) -> None:
    first, second = client.get("/"), client.get("/")
    policy = first.headers["content-security-policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert first.text.count(f'<script nonce="{nonce}"') == 2
    assert nonce not in second.text
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert "unsafe-eval" not in policy
    assert int(first.headers["content-length"]) == len(first.content)


@pytest.mark.parametrize("path", ["/", "/page/page.css", "/gradio_api/upload"])
def test_every_response_has_the_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/upload",
        "/gradio_api/upload_progress",
        "/gradio_api/proxy=https://evil.test/",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/stream/x",
        "/gradio_api/vibe-edit",
        "/gradio_api/vibe-code/",
        "/gradio_api/call/answered",
        "/gradio_api/run/answered",
        "/gradio_api/api/answered",
        "/gradio_api/info",
        "/gradio_api/component_server",
        "/gradio_api/runs",
        "/gradio_api/deep_link",
        "/gradio_api/queue/join/../../upload",
        "/monitoring",
        "/dev/reload",
        "/login",
    ],
)
def test_what_the_page_does_not_need_is_closed(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


@pytest.mark.parametrize("call", ["queue/join", "queue/data", "heartbeat/a1b2", "cancel"])
def test_what_the_page_needs_is_open(client: TestClient, call: str) -> None:
    assert client.post(f"/gradio_api/{call}", content=b"abc").text == "3"


OTHERS = ["evil.test", "evil.test:7860", "127.0.0.1.evil.test", "user@127.0.0.1", "localhost#evil.test", "[::1", ""]


@pytest.mark.parametrize("host", OTHERS)
def test_another_name_for_this_machine_is_not_answered(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:7860", "localhost:1", "LOCALHOST", "[::1]:7860"])
def test_the_names_of_loopback_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"origin": "http://[::1"},
        {"origin": "http://127.0.0.1:7860", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_pages_may_not_ask(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/gradio_api/queue/join", headers=headers).status_code == 403


def test_the_own_page_and_programs_may_ask(client: TestClient) -> None:
    own = {"origin": "http://127.0.0.1:7860", "sec-fetch-site": "same-origin"}
    assert client.post("/gradio_api/queue/join", headers=own).status_code == 200
    assert client.post("/gradio_api/queue/join").status_code == 200


def test_large_and_endless_requests_are_refused(client: TestClient) -> None:
    assert client.post("/gradio_api/queue/join", content=b"x" * 1_000_001).status_code == 413
    assert client.post("/gradio_api/queue/join", content=iter([b"x", b"y"])).status_code == 413
    assert client.post("/gradio_api/queue/join", headers={"content-length": "-1"}).status_code == 413


def test_without_names_any_host_is_answered() -> None:
    app = Starlette(routes=[Route("/", _page)], middleware=[Middleware(Guard)])
    assert TestClient(app, base_url="http://legation.example").get("/").status_code == 200


NAMES = [("[::1]:80", "::1"), ("A.b", "a.b"), ("[::1", ""), ("a b", ""), ("a:b", "")]


@pytest.mark.parametrize(("host", "name"), NAMES)
def test_names_are_read_from_hosts(host: str, name: str) -> None:
    assert name_of(host) == name
