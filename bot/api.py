"""The HTTP API: the Answer JSON of the command line, over HTTP, with server-sent events for those who want it as it comes."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import anyio
from fastapi import APIRouter, FastAPI, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from bot import admin, language, schema, show
from bot.ask import Event, Legation, check
from bot.desk import Desk
from bot.feedback import Feedback
from bot.problem import MEDIA_TYPE, Problem, ProblemBody, install, problem_of
from bot.question import Filters, understand
from bot.streams import Stream, Streams
from bot.suggest import followups
from bot.watch import Metrics, requests_log

if TYPE_CHECKING:
    from bot.answer import Answer, Refusal
    from ingest.documents import Text

VERSION = "1"
T = TypeVar("T")
_EVENT_ID = r"^[0-9a-f]{32}:[0-9]{1,6}$"
FAREWELL = 6  # seconds that an answer under way has when a public server is stopped
_PING = 15  # seconds between signs of life on a stream
_ABOUT = """Questions in, cited answers out. Every sentence of an answer carries the numbers of its citations, and each
citation is the exact words of a document of the library, with their place. Where the library holds no answer, the
outcome is a refusal that says so. `/api/v1/...` is this version; `/api/...` is the newest."""
_EVENTS = """event: understood
id: 0a1b2c3d4e5f60718293a4b5c6d7e8f9:1
data: {"standalone_question": "When must a port report an incident?", "kind": "provision"}

event: sources
data: {"citations": [{"number": 1, "quote": "..."}]}

event: statement
data: {"text": "A port shall report a serious incident within 24 hours.", "citations": [1]}

event: done
data: {"outcome": "answer", "text": "..."}
"""


class Service:
    """What the routes share: the library, the queue, and what is kept beside them."""

    def __init__(self, legation: Legation) -> None:
        self.legation = legation
        self.settings = legation.settings
        self.desk = Desk(self.settings.workers, self.settings.queue, self.settings.answer_seconds)
        self.streams = Streams()
        self.feedback = Feedback(self.settings.data)
        self.metrics = Metrics(lambda: self.desk.taken, lambda: len(legation.index.documents()))
        self._ready = -1
        self._rows: tuple[int, list[dict[str, Any]]] = (-1, [])

    async def run(self, job: Callable[[], T], request: Request | None = None) -> T:
        """A job's result from the queue; an error that we did not foresee is told as a problem, and its words to nobody.

        Where the request is given and its reader leaves, the job gives its place up.
        """
        work = asyncio.ensure_future(self.desk.run(job))
        left = asyncio.ensure_future(_left(request))
        try:
            await asyncio.wait((work, left), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise Problem(499, "left", "The reader left before the answer was made.")
            return work.result()
        except Exception as error:
            raise problem_of(error) from None
        finally:
            work.cancel()
            left.cancel()

    def fit(self, body: schema.AskBody) -> str:
        """The question, fit to be asked, with bounds that the settings set."""
        most = self.settings.max_history
        if len(body.history) > most:
            raise Problem(422, "invalid", f"#/history: {len(body.history)} turns; the most is {most}. Send the last.")
        question = check(body.question, self.settings.max_question_chars)
        if self.settings.log_questions:
            requests_log().info("question", question=question)
        return question

    def ask(self, question: str, history: list[dict[str, str]], filters: Filters | None) -> Answer | Refusal:
        """The outcome, counted."""
        outcome = self.legation.ask(question, history, filters)
        self.metrics.answered(outcome)
        return outcome

    def whole(self, question: str, history: list[dict[str, str]], filters: Filters | None) -> dict[str, Any]:
        """The outcome as it is sent."""
        outcome = self.ask(question, history, filters)
        return outcome.to_json() | {"followups": self.further(question, history, outcome)}

    def events(
        self, question: str, history: list[dict[str, str]], filters: Filters
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """The steps of the answer as they are sent."""
        for event in self.legation.stream(question, history, filters):
            if event.outcome:
                self.metrics.answered(event.outcome)
            more = {"followups": self.further(question, history, event.outcome)} if event.outcome else {}
            yield event.type, _told(event) | more

    def further(self, question: str, history: list[dict[str, str]], outcome: Answer | Refusal) -> list[str]:
        """Questions to go on with, none of them asked before."""
        earlier = (turn["content"] for turn in history if turn["role"] == "user")
        words = language.load(understand(question).language)
        return followups(self.legation, outcome, [*earlier, question], words=words)

    def documents(self) -> list[dict[str, Any]]:
        """What the library holds; read anew when it has changed."""
        index = self.legation.index
        generation = index.generation
        if self._rows[0] != generation:
            self._rows = (generation, [show.about(index.text(document.slug)) for document in index.documents()])
        return self._rows[1]

    def document(self, slug: str) -> dict[str, Any]:
        """One document with its text."""
        return show.whole(self._text(slug))

    def piece(self, slug: str, start: int, length: int) -> dict[str, Any]:
        """A piece of a document's text."""
        found = self._text(slug).document
        about = {name: getattr(found, name) for name in ("title", "publisher", "date", "symbol", "status", "url")}
        end = start + length
        more = end if end < len(found.text) else None
        return {"source": slug, **about, "start": start, "text": found.text[start:end], "next": more}

    def _text(self, slug: str) -> Text:
        self.known(slug)
        return self.legation.index.text(slug)

    def known(self, slug: str) -> None:
        """Problem unless the library holds a document of that name."""
        if slug not in {document.slug for document in self.legation.index.documents()}:
            raise Problem(404, "not-found", "The library has no document of that name. See /api/documents.")

    def ready(self) -> int:
        """How many documents can be asked about: a search is made once, which loads the models and reads the indexes."""
        index = self.legation.index
        documents = len(index.documents())
        if not documents:
            raise Problem(503, "unavailable", "The library is empty.")
        if self._ready != index.generation:
            self.legation.retriever.find(understand("cyber diplomacy"), None, k=1)
            self._ready = index.generation
        return documents

    def close(self) -> None:
        """Lets what is at work end."""
        self.desk.close()


async def _left(request: Request | None) -> None:
    """Ends when the reader of the answer has gone; never where there is none."""
    if request is None:
        await asyncio.Event().wait()
    while request and (await request.receive())["type"] != "http.disconnect":
        continue


def _told(event: Event) -> dict[str, Any]:
    """An event's JSON."""
    match event.type:
        case "understood":
            return {"standalone_question": event.standalone_question, "kind": event.kind}
        case "sources":
            return {"citations": [citation.to_json() for citation in event.citations]}
        case "statement" if event.statement:
            return {"text": event.statement.text, "citations": list(event.statement.citations)}
        case "done" if event.outcome:
            return event.outcome.to_json()
    raise ValueError(f"an event {event.type} without what it tells")


def application(service: Service) -> FastAPI:
    """The API as an application of its own, to be mounted at /api and /api/v1."""
    app = FastAPI(
        title="Legation",
        version=VERSION,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        responses=_problems(400, 422, 500, 503),
        separate_input_output_schemas=False,
        servers=[{"url": "/api", "description": "The newest version."}, {"url": f"/api/v{VERSION}"}],
        root_path_in_servers=False,
    )
    app.include_router(_asking(service))
    app.include_router(_reading(service))
    app.include_router(_feedback(service))
    app.include_router(admin.router(service))
    app.router.redirect_slashes = False
    install(app)
    return app


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    words = {
        400: "The request cannot be read.",
        401: "A token is needed.",
        404: "There is no such thing here.",
        409: "The event is of another question.",
        410: "The stream is no longer kept.",
        413: "The request is too large.",
        422: "The request does not fit.",
        429: "Too many requests; Retry-After says when to come back.",
        500: "Something went wrong on our side.",
        503: "Busy, or the library cannot be read; Retry-After says when to come back.",
        504: "It took too long.",
    }
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    return {status: {"description": words[status], "content": content, "model": ProblemBody} for status in statuses}


def _asking(service: Service) -> APIRouter:
    router = APIRouter(tags=["ask"])

    @router.post(
        "/ask",
        response_model=schema.AnswerBody,
        response_model_exclude_unset=True,
        responses=_problems(413, 429, 504),
        operation_id="ask",
    )
    async def ask(body: schema.AskBody, request: Request) -> Any:
        """The whole answer at once."""
        question = service.fit(body)
        return await service.run(lambda: service.whole(question, body.turns(), body.filters), request)

    @router.post(
        "/ask/stream",
        response_class=EventSourceResponse,
        responses=_problems(409, 410, 413, 429)
        | {200: {"description": "Events.", "content": {"text/event-stream": {"example": _EVENTS}}}},
        operation_id="stream",
    )
    async def stream(
        body: schema.AskBody,
        last_event_id: Annotated[
            str | None, Header(pattern=_EVENT_ID, description="Go on after this event of a stream that broke.")
        ] = None,
    ) -> Response:
        """The answer as it comes about: `understood`, `sources`, each checked `statement`, then `done`, or an `error`.

        When the connection breaks, send the same body again with the last event's id as `Last-Event-ID`.
        """
        question = service.fit(body)
        key = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
        if last_event_id:
            found, after = _resumed(service.streams, last_event_id, key)
        else:
            found, after = service.streams.new(key), 0
            try:
                found.start(service.desk, lambda: service.events(question, body.turns(), body.filters))
            except BaseException:
                service.streams.drop(found)
                raise
        if not service.settings.public:  # Ctrl+C is not made to wait
            return EventSourceResponse(_sent(found, after), ping=_PING, sep="\n", send_timeout=30)
        return EventSourceResponse(
            _sent(found, after, leaving := anyio.Event()),
            ping=_PING,
            sep="\n",
            send_timeout=30,
            shutdown_event=leaving,
            shutdown_grace_period=FAREWELL + 2,
        )

    return router


def _resumed(streams: Streams, event: str, key: str) -> tuple[Stream, int]:
    """The stream that an event was of, and the event's number."""
    name, _, number = event.partition(":")
    found = streams.get(name)
    if not found:
        raise Problem(410, "gone", "That stream is no longer kept. Ask again without Last-Event-ID.")
    if not hmac.compare_digest(found.key, key):
        raise Problem(409, "conflict", "That event is of another question. Ask again without Last-Event-ID.")
    return found, int(number)


async def _sent(stream: Stream, after: int, leaving: anyio.Event | None = None) -> AsyncIterator[ServerSentEvent]:
    """The events as they are sent; when the server is stopped, what is not done by then ends with an error."""
    ending = asyncio.create_task(_end(stream, leaving)) if leaving else None
    try:
        async for frame in stream.read(after):
            yield ServerSentEvent(id=frame.id, event=frame.event, data=frame.data, sep="\n")
    finally:
        if ending:
            ending.cancel()


async def _end(stream: Stream, leaving: anyio.Event) -> None:
    await leaving.wait()
    await asyncio.sleep(FAREWELL)
    words = "The server is being stopped. Ask again in a minute."
    stream.fail(Problem(503, "unavailable", words, {"Retry-After": "60"}))


def _reading(service: Service) -> APIRouter:
    router = APIRouter(tags=["library"])

    @router.get("/documents", response_model=list[schema.DocumentBody], operation_id="documents")
    async def documents() -> Any:
        """What the library holds."""
        return await service.run(service.documents)

    @router.get("/documents/{slug}", response_model=schema.WholeBody, responses=_problems(404), operation_id="document")
    async def document(slug: Annotated[str, Path(max_length=200, examples=["harbour-accord"])]) -> Any:
        """A document with its text and the places of its passages."""
        return await service.run(lambda: service.document(slug))

    @router.get("/search", response_model=list[schema.FoundBody], responses=_problems(429, 504), operation_id="search")
    async def search(query: Annotated[schema.SearchQuery, Query()], request: Request) -> Any:
        """The passages nearest to some words, best first: the evidence, without an answer."""
        return await service.run(lambda: service.legation.search(query.q, query.k, query.filters()), request)

    return router


def _feedback(service: Service) -> APIRouter:
    router = APIRouter(tags=["feedback"])

    @router.post(
        "/feedback",
        status_code=201,
        response_model=schema.ReceivedBody,
        responses=_problems(413, 429),
        operation_id="feedback",
    )
    async def feedback(body: schema.FeedbackBody) -> Any:
        """Tell whether an answer was helpful."""
        return {"id": await asyncio.to_thread(service.feedback.put, **body.model_dump())}

    return router


def watching(service: Service) -> APIRouter:
    """The routes of those who run the server: is it alive, is it ready, what does it count."""
    router = APIRouter()

    @router.get("/healthz")
    async def live() -> dict[str, str]:
        """That the process answers."""
        return {"status": "ok", "version": version("legation")}

    @router.get("/readyz")
    async def ready() -> JSONResponse:
        """That the library is open and the models are loaded."""
        return JSONResponse({"status": "ok", "documents": await service.run(service.ready)})

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        """Counts, for Prometheus."""
        if service.settings.public:
            admin.allowed(service.settings, request.headers.get("authorization", ""))
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
