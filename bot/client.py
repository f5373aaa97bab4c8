"""A running server, asked over HTTP: the client of the command line's and evaluation's --url, and of anybody's programs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from bot import schema
from bot.question import Filters
from ingest.documents import LibraryError

MOST = 16 << 20  # bytes of one answer that are read
_AGAIN = (429, 503)  # statuses that say when to come back
_STEPS: dict[str, type[BaseModel]] = {
    "understood": schema.UnderstoodBody,
    "sources": schema.SourcesBody,
    "statement": schema.StatementBody,
    "done": schema.AnswerBody,
}

Step = schema.UnderstoodBody | schema.SourcesBody | schema.StatementBody | schema.AnswerBody
Turns = Sequence[dict[str, str]]
T = TypeVar("T")


class Trouble(LibraryError):
    """What came instead of an answer. `status` is 0 where the server was not reached or did not speak our language."""

    def __init__(self, words: str, status: int = 0, kind: str = "", retry_after: int = 0) -> None:
        super().__init__(words)
        self.status, self.kind, self.retry_after = status, kind, retry_after


class Client:
    """A running server. `patience` is how many seconds in all one call may wait where it is told: busy, or too many."""

    def __init__(
        self, url: str, timeout: float = 120, patience: float = 0, transport: httpx.BaseTransport | None = None
    ) -> None:
        if not _is_address(url):
            raise LibraryError(f"{url}: write the address of a server, like http://127.0.0.1:7860")
        self.url = url.rstrip("/")
        self.patience = patience
        self._http = httpx.Client(timeout=timeout, transport=transport, headers={"accept-encoding": "identity"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets the connections go."""
        self._http.close()

    def ask(
        self, question: str, history: Turns = (), filters: Filters | None = None, id: str = ""
    ) -> schema.AnswerBody:
        """The whole answer at once, under `id` where one is given."""
        found = self._get(schema.AnswerBody, "POST", "/api/v1/ask", json=_body(question, history, filters))
        return found.model_copy(update={"id": id}) if id else found

    def stream(self, question: str, history: Turns = (), filters: Filters | None = None) -> Iterator[Step]:
        """The answer as it comes about; the last step is the whole. A connection that breaks is taken up again, twice."""
        last, breaks = "", 0
        while True:
            try:
                headers = {"last-event-id": last} if last else {}
                body = _body(question, history, filters)
                with self._sent("POST", "/api/v1/ask/stream", json=body, headers=headers) as response:
                    for name, event, data in frames(_pieces(response)):
                        last = name or last
                        if step := _step(event, data):
                            yield step
                        if event == "done":
                            return
                raise httpx.RemoteProtocolError("the stream ended before the answer did")
            except httpx.TransportError as error:
                breaks += 1
                if not last or breaks > 2:
                    raise self._unreached(error) from None

    def search(self, words: str, k: int = 20, filters: Filters | None = None) -> list[schema.FoundBody]:
        """The passages nearest to some words, best first."""
        query = {"q": words, "k": k, **_given(filters)}
        return self._get(list[schema.FoundBody], "GET", "/api/v1/search", params=query)

    def documents(self) -> list[schema.DocumentBody]:
        """What the library holds."""
        return self._get(list[schema.DocumentBody], "GET", "/api/v1/documents")

    def document(self, slug: str) -> schema.WholeBody:
        """A document with its text."""
        return self._get(schema.WholeBody, "GET", f"/api/v1/documents/{quote(slug, safe='')}")

    def feedback(self, answer: str, verdict: str, **more: Any) -> int:
        """Tells whether an answer was helpful; the number under which that is kept."""
        body = {"answer": answer, "verdict": verdict, **more}
        return self._get(schema.ReceivedBody, "POST", "/api/v1/feedback", json=body).id

    def version(self) -> str:
        """The version of Legation that the server runs."""
        return str(self._get(dict[str, str], "GET", "/healthz").get("version", ""))

    def _get(self, kind: type[T], method: str, path: str, **more: Any) -> T:
        """What a route gives, as `kind`."""
        try:
            with self._sent(method, path, **more) as response:
                body = b"".join(_bytes(response))
        except httpx.TransportError as error:
            raise self._unreached(error) from None
        try:
            return TypeAdapter(kind).validate_json(body)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            words = (
                f"{self.url} answers {path} in another form ({where}: {first['msg']}). Is it Legation, of this version?"
            )
            raise Trouble(words) from None

    @contextmanager
    def _sent(self, method: str, path: str, **more: Any) -> Iterator[httpx.Response]:
        """An answer that is fine and not yet read; a problem is raised, after what patience there is."""
        until = time.monotonic() + self.patience
        while True:
            with self._http.stream(method, self.url + path, **more) as response:
                if response.status_code // 100 == 2:
                    yield response
                    return
                trouble = _trouble(self.url, response)
            wait = max(1, trouble.retry_after)
            if trouble.status not in _AGAIN or time.monotonic() + wait > until:
                raise trouble
            time.sleep(wait)

    def _unreached(self, error: Exception) -> Trouble:
        return Trouble(f"{self.url} does not answer ({error}). Is a server running there? Start one: legation serve")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return bool(named) and not (parts.username or parts.query or parts.fragment)


def frames(pieces: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """The events in a stream's text: id, event, data. Comments and fields that are not known are passed over."""
    rest = ""
    for piece in pieces:
        *lines, rest = (rest + piece).replace("\r\n", "\n").split("\n\n")
        for block in lines:
            if event := _frame(block):
                yield event


def _frame(block: str) -> tuple[str, str, str] | None:
    fields: dict[str, list[str]] = {}
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name, []).append(value.removeprefix(" "))
    if "data" not in fields:
        return None
    return fields.get("id", [""])[-1], fields.get("event", ["message"])[-1], "\n".join(fields["data"])


def _step(event: str, data: str) -> Step | None:
    """What an event tells; None of one that a later version may have added."""
    try:
        if event == "error":
            raise _told(json.loads(data), 0)
        return _STEPS[event].model_validate_json(data) if event in _STEPS else None  # type: ignore[return-value]
    except (ValidationError, json.JSONDecodeError) as error:
        raise Trouble(f"an event `{event}` came in another form: {str(error).splitlines()[0]}") from None


def _bytes(response: httpx.Response) -> Iterator[bytes]:
    """What comes, up to a bound: no server may fill our memory."""
    size = 0
    for piece in response.iter_bytes():
        size += len(piece)
        if size > MOST:
            raise Trouble(f"{response.url} answered with more than {MOST >> 20} MB.")
        yield piece


def _pieces(response: httpx.Response) -> Iterator[str]:
    import codecs

    decoder: Callable[..., str] = codecs.getincrementaldecoder("utf-8")("replace").decode
    held = ""  # a carriage return whose line feed is still to come
    for piece in _bytes(response):
        words = held + decoder(piece)
        held = "\r" if words.endswith("\r") else ""
        yield words.removesuffix("\r")


def _trouble(url: str, response: httpx.Response) -> Trouble:
    """The problem that a server tells, whatever form it comes in."""
    try:
        body = json.loads(b"".join(_bytes(response)))
    except (ValueError, RecursionError):
        body = None
    after = response.headers.get("retry-after", "")
    if not isinstance(body, dict):
        return Trouble(f"{url} answered with status {response.status_code}.", response.status_code, "", _seconds(after))
    told = _told(body, response.status_code)
    told.retry_after = _seconds(after)
    return told


def _told(problem: Any, status: int) -> Trouble:
    """A problem in words, each field that does not fit with it."""
    body = problem if isinstance(problem, dict) else {}
    errors = body.get("errors") if isinstance(body.get("errors"), list) else []
    wrong = [f"{item.get('pointer')}: {item.get('detail')}" for item in errors or () if isinstance(item, dict)]
    words = "; ".join([str(body.get("detail") or body.get("title") or "The server gives no reason."), *wrong])
    status = status or (body["status"] if isinstance(body.get("status"), int) else 0)
    return Trouble(words, status, str(body.get("type", "")).rpartition(":")[2])


def _seconds(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 7 else 0


def _body(question: str, history: Turns, filters: Filters | None) -> dict[str, Any]:
    body: dict[str, Any] = {"question": question}
    body |= {"history": list(history)} if history else {}
    return body | ({"filters": given} if (given := _given(filters)) else {})


def _given(filters: Filters | None) -> dict[str, Any]:
    return filters.model_dump(exclude_none=True) if filters else {}
