"""The routes of those who keep the library: documents in and out, and what readers said. Without a token there are none."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Header
from pydantic import Field

from bot.problem import Problem, problem_of
from ingest.sync import ingest, only_one

if TYPE_CHECKING:
    from bot.api import Service
    from bot.settings import Settings

MOST = 1000  # documents of one request
TOKEN_FORM = re.compile(r"bearer +(\S+)", re.IGNORECASE)
Documents = Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST)]


def allowed(settings: Settings, authorization: str) -> None:
    """Lets the bearer of the admin token through; without a token set, there is nothing here."""
    token = settings.admin_token.get_secret_value()
    if not token:
        raise Problem(404, "not-found", "Not found.")
    given = TOKEN_FORM.fullmatch(authorization.strip())
    if not given or not hmac.compare_digest(given[1].encode(errors="replace"), token.encode()):
        raise Problem(401, "unauthorised", "Send the admin token.", {"WWW-Authenticate": 'Bearer realm="legation"'})


def router(service: Service) -> APIRouter:
    """The routes, none of them in the OpenAPI document."""

    async def admin(authorization: Annotated[str, Header()] = "") -> None:
        allowed(service.settings, authorization)

    made = APIRouter(prefix="/admin", dependencies=[Depends(admin)], include_in_schema=False)
    writing = asyncio.Lock()

    async def alone(job: Any, *given: Any) -> Any:
        """One writer at a time; who comes meanwhile is told so."""
        if writing.locked():
            raise Problem(503, "busy", "The library is being written to. Come back in a minute.", {"Retry-After": "60"})
        async with writing:
            try:
                return await asyncio.to_thread(job, *given)
            except Exception as error:
                raise problem_of(error) from None

    @made.get("/feedback")
    async def feedback() -> Any:
        """Everything that readers said."""
        return await asyncio.to_thread(lambda: list(service.feedback.all()))

    @made.post("/documents")
    async def put(documents: Documents) -> Any:
        """Takes documents in, or anew: the fields of a line of JSONL, each with its slug and its text or passages."""
        return await alone(_put, service, documents)

    @made.delete("/documents/{slug}")
    async def remove(slug: str) -> Any:
        """Takes a document out."""
        return await alone(_remove, service, slug)

    return made


def _put(service: Service, documents: list[dict[str, Any]]) -> dict[str, Any]:
    with TemporaryDirectory(prefix="legation-admin-") as folder:
        lines = Path(folder) / "documents.jsonl"
        lines.write_text("".join(json.dumps(one) + "\n" for one in documents), encoding="utf-8")
        done = ingest(service.legation.index, [lines])
    told = done.model_dump(include={"added", "changed", "unchanged"})
    return told | {"failed": [reason.replace(f"{folder}/", "") for reason in done.failed.values()]}


def _remove(service: Service, slug: str) -> dict[str, Any]:
    service.known(slug)
    with only_one(service.settings.data):
        service.legation.index.remove(slug)
    return {"removed": [slug]}
