"""What the server counts and logs: each request under a name, and no question unless the settings ask for it."""

from __future__ import annotations

import logging
import sys
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from bot.answer import Answer, Refusal
    from bot.guard import Application, Message, Receive, Send
    from bot.settings import Settings

_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 30)
_OURS = ("/api", "/mcp", "/healthz", "/readyz", "/metrics", "/widget", "/page", "/gradio_api")

_EACH: list[Any] = [structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]


def requests_log() -> Any:
    """Where requests are logged; without `configure`, nothing under a warning is shown."""
    return structlog.wrap_logger(
        logging.getLogger("legation"),
        processors=[
            structlog.stdlib.filter_by_level,
            *_EACH,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )


class Metrics:
    """The counts, in Prometheus' form. Each application has its own, so that two in one process do not mix."""

    def __init__(self, taken: Callable[[], int], documents: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "legation_requests", "Requests answered.", ["route", "method", "status"], registry=self.registry
        )
        self.outcomes = Counter("legation_outcomes", "Questions by outcome.", ["outcome"], registry=self.registry)
        self.seconds = Histogram(
            "legation_answer_seconds", "Time to make an answer.", buckets=_SECONDS, registry=self.registry
        )
        Gauge("legation_desk_taken", "Questions at work or waiting.", registry=self.registry).set_function(taken)
        Gauge("legation_documents", "Documents in the library.", registry=self.registry).set_function(documents)

    def answered(self, outcome: Answer | Refusal) -> None:
        """Counts one answer."""
        self.outcomes.labels(type(outcome).__name__.lower()).inc()
        self.seconds.observe(outcome.timings_ms.total / 1000)

    def text(self) -> bytes:
        """What Prometheus reads."""
        return generate_latest(self.registry)


class Watch:
    """An ASGI middleware that names each request, counts it and logs it."""

    def __init__(self, app: Application, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics
        self.log = requests_log()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = name
        began, path, status = time.perf_counter(), scope["path"], 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", name.encode())]
            await send(message)

        try:
            await self.app(scope, receive, sent)
        finally:
            label, method = _route(scope, path), _method(scope["method"])
            self.metrics.requests.labels(label, method, str(status)).inc()
            milliseconds = round(1000 * (time.perf_counter() - began), 1)
            self.log.info("request", request=name, method=method, route=label, status=status, ms=milliseconds)


def _route(scope: Message, path: str) -> str:
    """The route that answered, without what was asked: a label must not grow with the callers' imagination."""
    template = getattr(scope.get("route"), "path", "")
    if path.startswith("/api/") and template and "endpoint" in scope:
        return "/api" + str(template)
    return next((start for start in _OURS if path == start or path.startswith(start + "/")), "other")


def _method(method: str) -> str:
    return method if method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE", "PUT", "PATCH") else "other"


def configure(settings: Settings) -> None:
    """Has everything logged as JSON lines on standard error, from the level that is set."""
    level = getattr(logging, settings.log_level.upper())
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_EACH,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    for name in ("legation", "bot", "ingest", "mcp"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [lines], False
        logger.setLevel(level)
