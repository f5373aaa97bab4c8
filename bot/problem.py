"""Errors of the HTTP API as problem JSON (RFC 9457): the kind, a sentence for people, and what to do."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from bot import notices
from bot.desk import Busy, Late
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from fastapi import FastAPI

MEDIA_TYPE = "application/problem+json"
SOON = "5"  # seconds after which a reader who was told "busy" may come back
_TITLES = {
    "bad-request": "The request cannot be read",
    "unauthorised": "A token is needed",
    "forbidden": "Not allowed from here",
    "not-found": "There is no such thing here",
    "method": "Not this way",
    "gone": "No longer kept",
    "conflict": "That belongs to another question",
    "host": "This server has another name",
    "slow": "The request came too slowly",
    "too-large": "The request is too large",
    "invalid": "The request does not fit",
    "too-many": "Too many requests",
    "error": "Something went wrong on our side",
    "busy": "Busy",
    "unavailable": "The library cannot be read",
    "late": "It took too long",
    "left": "The reader left",
}
_KINDS = {400: "bad-request", 401: "unauthorised", 403: "forbidden", 404: "not-found", 405: "method", 413: "too-large"}

log = logging.getLogger(__name__)


class Wrong(BaseModel):
    """One field that does not fit."""

    pointer: str = Field(description="Where it stands in the request, such as `#/question`.")
    detail: str


class ProblemBody(BaseModel):
    """A problem as it is sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:legation:problem:busy",
                    "title": "Busy",
                    "status": 503,
                    "detail": "Many questions are being answered just now. Ask again in a few seconds.",
                }
            ]
        }
    )

    type: str = Field(description="`urn:legation:problem:` and the kind, which stays the same between versions.")
    title: str
    status: int
    detail: str
    instance: str = Field(default="", description="The request, as the server's log names it.")
    errors: list[Wrong] = Field(default=[], description="Each field that does not fit.")


class Problem(Exception):
    """Raised anywhere under a route to answer with this problem."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Wrong] = (),
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail
        self.headers, self.errors = dict(headers or {}), tuple(errors)

    def to_json(self, instance: str = "") -> dict[str, Any]:
        """The problem as JSON."""
        body: dict[str, Any] = {
            "type": f"urn:legation:problem:{self.kind}",
            "title": _TITLES[self.kind],
            "status": self.status,
            "detail": self.detail,
        }
        body |= {"instance": instance} if instance else {}
        return body | ({"errors": [error.model_dump() for error in self.errors]} if self.errors else {})


def in_words(error: Exception, words: Mapping[str, str], broken: str = "chat.broken") -> str:
    """What a page says of an error: the mend where the reader has one; what lies with the server goes to its log."""
    from ingest.index import EncoderMismatch, Unusable

    if isinstance(error, (Unusable, EncoderMismatch)):
        log.error("the library cannot be read: %s", error)
        return f"{words['common.unreadable']}. {words['common.unreadable_mend']}"
    if isinstance(error, LibraryError):
        return notices.told(str(error), words)
    log.error("a page could not do what was asked", exc_info=error)
    return words[broken]


def problem_of(error: BaseException) -> Problem:
    """What to tell the caller of an error. Nothing of an error that we did not foresee is told."""
    from bot.feedback import Unkept
    from ingest.index import EncoderMismatch, Unusable

    match error:
        case Problem():
            return error
        case Busy():
            words = "Many questions are being answered just now. Ask again in a few seconds."
            return Problem(503, "busy", words, {"Retry-After": SOON})
        case Late():
            words = "The answer took too long. Ask again, or ask something narrower."
            return Problem(504, "late", words, {"Retry-After": SOON})
        case Unusable() | EncoderMismatch():
            log.error("the library cannot be read: %s", error)
            return Problem(503, "unavailable", "The library cannot be read just now.", {"Retry-After": "60"})
        case Unkept():
            log.error("feedback was lost: %s", error)
            return Problem(503, "unavailable", "Feedback cannot be kept just now.", {"Retry-After": "60"})
        case LibraryError():
            return Problem(422, "invalid", str(error))
        case HTTPException():
            kind = _KINDS.get(error.status_code, "error" if error.status_code >= 500 else "bad-request")
            return Problem(error.status_code, kind, str(error.detail), error.headers)
        case RequestValidationError():
            return _invalid(error)
    log.error("a request failed: %s", _where(error))
    return Problem(500, "error", "Something went wrong on our side; the server's log says what. Please ask again.")


def _invalid(error: RequestValidationError) -> Problem:
    """The fields that do not fit; what they hold is not sent back."""
    wrong = []
    for item in error.errors()[:20]:
        where = [str(part) for part in item["loc"]]
        pointer = "#/" + "/".join(where[1:]) if where[:1] == ["body"] else "/".join(where)
        wrong.append(
            Wrong(pointer=pointer.encode(errors="replace").decode(), detail=item["msg"].removeprefix("Value error, "))
        )
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return Problem(400, "bad-request", "The body is not JSON.", errors=[Wrong(pointer="#/", detail="not JSON")])
    return Problem(422, "invalid", f"{wrong[0].pointer}: {wrong[0].detail}", errors=wrong)


def _where(error: BaseException) -> str:
    """The kind of an error and the line it comes from; its message is left out, since it may hold a question."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return type(error).__name__ + place


def install(app: FastAPI) -> None:
    """Makes every error of `app` a problem."""

    async def answer(request: Request, error: Exception) -> JSONResponse:
        problem = problem_of(error)
        return JSONResponse(
            problem.to_json(instance_of(request)), problem.status, headers=problem.headers, media_type=MEDIA_TYPE
        )

    for kind in (Problem, Busy, Late, LibraryError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, answer)


def instance_of(request: Request) -> str:
    """The request's name in the log."""
    name = getattr(request.state, "request_id", "")
    return f"urn:legation:request:{name}" if name else ""
