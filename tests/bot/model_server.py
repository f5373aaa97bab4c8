"""A server that speaks OpenAI's chat API and says what a test tells it to: the bad models of this world."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[dict[str, Any]], str]


class Model:
    """What the server does next, and what it was asked."""

    def __init__(self) -> None:
        self.reply: Reply = lambda _: '{"claims": []}'
        self.status: list[int] = []  # codes given before the reply
        self.hang = 0.0
        self.cut = False
        self.unknown: set[str] = set()  # fields that it answers 400 to
        self.raw: Callable[[Any], None] | None = None  # writes the whole response itself
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""


def prompt(body: dict[str, Any]) -> str:
    return "\n".join(message["content"] for message in body["messages"])


def evidence(body: dict[str, Any]) -> dict[str, str]:
    """The pieces of evidence in a request: id -> text."""
    boundary = re.search(r"lines that begin with (==\w+==)", prompt(body))
    assert boundary
    pieces = body["messages"][-1]["content"].split(boundary.group(1))[1:-1]
    return {piece.split()[0]: piece.split("\n", 1)[1].strip() for piece in pieces}


def claims(*made: tuple[str, str, str]) -> str:
    """A reply with claims: text, id, quote."""
    return json.dumps({"claims": [{"text": t, "quotes": [{"id": i, "quote": q}]} for t, i, q in made]})


def event(text: str) -> bytes:
    return f"data: {json.dumps({'choices': [{'delta': {'content': text}}]})}\n\n".encode()


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


@contextmanager
def serving() -> Iterator[Model]:
    model = Model()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model.asked.append(body)
            model.headers.append(dict(self.headers))
            if model.unknown & body.keys():
                model.status.insert(0, 400)
            if model.status:
                self.send_response(model.status.pop(0))
                self.end_headers()
                return
            if model.raw:
                with suppress(OSError):
                    model.raw(self.wfile)
                return
            time.sleep(model.hang)
            text = model.reply(body)
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            try:
                for begin in range(0, len(text), 200):
                    delta = {"choices": [{"delta": {"content": text[begin : begin + 200]}}]}
                    self.wfile.write(f"data: {json.dumps(delta)}\n\n".encode())
                    if model.cut:
                        return
                usage = {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20}}
                self.wfile.write(f"data: {json.dumps(usage)}\n\ndata: [DONE]\n\n".encode())
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
