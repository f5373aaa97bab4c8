"""Fetching: a real server on loopback, allowed for the tests that need an answer and refused by default."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ingest.documents import Unreadable
from ingest.readers import read_url
from ingest.readers.web import _public


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # noqa: C901 - one branch a page
        path = self.path.split("?")[0]
        if path == "/loop":
            self.answer(302, {"Location": "/loop"})
        elif path == "/moved":
            self.answer(301, {"Location": "/page"})
        elif path == "/away":
            self.answer(302, {"Location": "file:///etc/passwd"})
        elif path == "/slow":
            self.answer(200, {"Content-Type": "text/plain"}, b"")
            for _ in range(50):
                time.sleep(0.1)
                try:
                    self.wfile.write(b"drip ")
                    self.wfile.flush()
                except OSError:
                    return
        elif path == "/large":
            self.answer(200, {"Content-Type": "text/plain"}, b"words " * 100_000)
        elif path == "/declared":
            self.answer(200, {"Content-Type": "text/plain", "Content-Length": "900000000"}, b"")
        elif path == "/binary":
            self.answer(200, {"Content-Type": "application/octet-stream"}, b"\x00\x01")
        elif path == "/lies":
            self.answer(200, {"Content-Type": "text/plain"}, bytes(range(256)) * 20)
        elif path == "/notes.md":
            self.answer(200, {"Content-Type": "text/plain; charset=utf-8"}, b"# Notes\n\nText of the note.")
        elif path == "/page":
            self.answer(
                200, {"Content-Type": "text/html"}, b"<html><body><h1>Norm</h1><p>States cooperate.</p></body></html>"
            )
        else:
            self.answer(404, {"Content-Type": "text/html"}, b"no")

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing: the server's own log is not part of the test."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_page_is_read_and_keeps_its_final_address(site: str) -> None:
    found = read_url(f"{site}/moved", allow_private=True)
    assert [block.text for block in found.blocks] == ["Norm", "States cooperate."]
    assert found.metadata["url"] == f"{site}/page"


def test_markdown_sent_as_text_is_read_as_markdown(site: str) -> None:
    assert read_url(f"{site}/notes.md", allow_private=True).blocks[0].kind == "heading"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/loop", "more than 5 redirects"),
        ("/away", "not a web address"),
        ("/large", "larger than the limit of 0.1 MB"),
        ("/declared", "900 MB is over the limit"),
        ("/binary", "application/octet-stream"),
        ("/lies", "not text"),
        ("/gone", "404"),
    ],
)
def test_what_cannot_be_read_says_why(site: str, path: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read_url(site + path, allow_private=True, max_bytes=100_000)


def test_a_dripping_server_is_left(site: str) -> None:
    with pytest.raises(Unreadable, match=r"within 0\.5 seconds"):
        read_url(f"{site}/slow", allow_private=True, timeout=0.5)


def test_private_addresses_are_refused_by_default(site: str) -> None:
    port = site.rsplit(":", 1)[1]
    for host in ("127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "2130706433"):  # noqa: S104 - refused
        with pytest.raises(Unreadable, match=r"private network.*LEGATION_ALLOW_PRIVATE_URLS"):
            read_url(f"http://{host}:{port}/page")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x",
        "file:///etc/passwd",
        "http://",
        "example.org",
        "http://a:b@127.0.0.1/",
        "http://x:99999999/",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(Unreadable):
        read_url(url)


def test_an_unknown_host_is_named() -> None:
    with pytest.raises(Unreadable, match="not known"):
        read_url("http://no-such-host.invalid/")


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "fc00::1",
        "::",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_no_private_or_reserved_address_is_public(address: str) -> None:
    assert not _public(address)


def test_public_addresses_are_public() -> None:
    assert _public("93.184.216.34")
    assert _public("2606:2800:220:1:248:1893:25c8:1946")


def test_it_works_inside_a_running_loop(site: str) -> None:
    async def inside() -> str:
        return read_url(f"{site}/page", allow_private=True).blocks[0].text

    with ThreadPoolExecutor(1) as pool:  # a browser of other tests may have a loop in this thread
        assert pool.submit(lambda: asyncio.run(inside())).result() == "Norm"
