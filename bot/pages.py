"""The pages that are not the chat: the source at the cited place, the library, and what they share. Server-rendered, no inline code."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from bot import language, places, reader, render, stacks
from bot.branding import LOGOS, Branding
from bot.problem import Problem
from bot.question import Filters
from ingest.documents import Document, LibraryError, Text
from ingest.failures import failures

if TYPE_CHECKING:
    from jinja2 import Environment

    from bot.api import Service

FOUND = 20  # passages that a search shows
CUT = 400  # characters of each
_HEADERS = {"vary": "accept-language", "cache-control": "private, no-cache"}

log = logging.getLogger(__name__)


class Trouble(Exception):
    """A page that cannot be shown: its status, and the keys of what is said and of the mend."""

    def __init__(self, status: int, said: str, mend: str, **gaps: Any) -> None:
        self.status = status
        self.said = said
        self.mend = mend
        self.gaps = gaps


class Page:
    """One request's page: its language, and where it stands below the place of the whole application."""

    def __init__(self, request: Request, branding: Branding, root: str) -> None:
        self.code = language.pick(request.headers.get("accept-language"))
        self.words = language.load(self.code)
        self.given = dict(request.query_params)
        self.branding = branding
        self.root = root

    def say(self, key: str, **gaps: Any) -> str:
        """The words of a key, with its gaps filled."""
        return self.words[key].format(**{name: render.visible(str(value)) for name, value in gaps.items()})

    def many(self, key: str, count: int) -> str:
        """A number of things in words."""
        return language.many(self.words, key, count)

    def html(self, template: str, status: int = 200, **given: Any) -> HTMLResponse:
        """A template as the response."""
        text = _templates().get_template(template).render(page=self, say=self.say, **given)
        return HTMLResponse(text, status, _HEADERS)

    def trouble(self, problem: Trouble) -> HTMLResponse:
        """What is wrong and the mend, calmly."""
        mend = self.say(problem.mend, **problem.gaps)
        return self.html("trouble.html", problem.status, title=self.say(problem.said), mend=mend)


def router(service: Service, branding: Branding) -> APIRouter:
    """The routes of the pages."""
    made = APIRouter(include_in_schema=False)

    @made.get("/read/{slug}")
    def read(slug: str, request: Request) -> Response:
        page = Page(request, branding, "../")
        try:
            return _reading(page, _text(service, slug))
        except Trouble as problem:
            return page.trouble(problem)

    @made.get("/library")
    def library(request: Request) -> Response:
        page = Page(request, branding, "./")
        try:
            return _library(page, service)
        except Trouble as problem:
            return page.trouble(problem)

    @made.get("/library/search")
    async def search(request: Request) -> Response:
        page = Page(request, branding, "../")
        return await _search(page, service)

    @made.get("/brand.css")
    def colours() -> Response:
        return Response(branding.css(), media_type="text/css", headers={"cache-control": "no-cache"})

    @made.get("/logo")
    def logo() -> Response:
        place = branding.logo or Path(__file__).parent / "assets" / "favicon.svg"
        return FileResponse(place, media_type=LOGOS[place.suffix.lower()])

    return made


def _text(service: Service, slug: str) -> Text:
    """The document of a slug."""
    index = service.legation.index
    with _readable():
        if slug in {document.slug for document in index.documents()}:
            return index.text(slug)
    raise Trouble(404, "read.no_document", "read.no_document_mend")


@contextmanager
def _readable() -> Iterator[None]:
    """Says calmly that the library cannot be read, where that is so."""
    try:
        yield
    except LibraryError as error:
        log.error("the library cannot be read: %s", error)
        raise Trouble(503, "common.unreadable", "common.unreadable_mend") from None


def _reading(page: Page, text: Text) -> HTMLResponse:
    """A document at the place that the address names."""
    about = text.document
    length = language.number(page.words, len(about.text))
    try:
        place = places.parse(page.given, len(about.text))
    except places.NoPlace:
        problem = Trouble(400, "read.no_place", "read.no_place_mend", length=length)
        given = {"title": page.say(problem.said), "mend": page.say(problem.mend, length=length), "slug": about.slug}
        return page.html("trouble.html", 400, **given)
    view = reader.view(text, place)
    where = _where(view.pinpoint, view.page)
    return page.html(
        "reader.html",
        about=about,
        title=render.named(about),
        day=language.day(page.words, about.date),
        standing=render.standing(about.status),
        lang=render.language_tag(about.language),
        view=view,
        where=where,
        turns=_turns(view, place, about),
        here=places.query(view.here, _quote(about, view.here), place.cited) if view.here else "",
        reference=_reference(page, about, where, view.here),
        **_official(about, view.page),
    )


def _quote(about: Document, span: places.Span) -> str:
    return about.text[span.start : span.end]


def _where(pinpoint: str, number: int | None) -> str:
    """The pinpoint, and the page where that does not name it already."""
    name = f"p. {number}" if number and f"p. {number}" not in pinpoint else ""
    return ", ".join(part for part in (render.visible(pinpoint), name) if part)


def _turns(view: reader.View, place: places.Place, about: Document) -> dict[str, Any]:
    """The ways to the answer's other citations of this document, in the answer's order."""
    cited = list(dict.fromkeys(place.cited))
    if view.here not in cited or len(cited) < 2:
        return {}
    number = cited.index(view.here)
    addresses = [places.query(span, _quote(about, span), cited) for span in cited]
    return {
        "number": number + 1,
        "count": len(cited),
        "previous": addresses[number - 1] if number else "",
        "next": addresses[number + 1] if number + 1 < len(cited) else "",
        "each": {span: (i, address) for i, (span, address) in enumerate(zip(cited, addresses, strict=True), 1)},
    }


def _official(about: Document, number: int | None) -> dict[str, Any]:
    """The official text's address, at the page where it is a PDF."""
    address = render.link(about.url, schemes=("https", "http"))
    at_page = bool(address and number and urlsplit(address).path.lower().endswith(".pdf"))
    return {
        "official": f"{address.partition('#')[0]}#page={number}" if at_page else address,
        "host": urlsplit(address).hostname or "",
        "official_page": number if at_page else None,
    }


def _reference(page: Page, about: Document, where: str, here: places.Span | None) -> str:
    """The place as it is cited in a note, on one line."""
    facts = (about.publisher, language.day(page.words, about.date), about.symbol, where, about.status)
    shown = [render.named(about), *(render.visible(fact) for fact in facts if fact), render.link(about.url)]
    words = f"“{render.visible(_quote(about, here))}” – " if here else ""
    return words + ", ".join(part for part in shown if part)


def _library(page: Page, service: Service) -> HTMLResponse:
    """What the library holds, as the address asks for it."""
    with _readable():
        documents = service.legation.index.documents()
        rows = {row["slug"]: row for row in service.documents()}
    years = [document.year for document in documents if document.year]
    failed = (
        [] if service.settings.public else failures(service.settings.data)
    )  # their names are places on this machine
    return page.html(
        "library.html",
        here_is_library=True,
        documents=documents,
        rows=rows,
        passages=sum(row["passages"] for row in rows.values()),
        total=sum(row["words"] for row in rows.values()),
        span=(min(years), max(years)) if years else None,
        found=stacks.stacks(documents, page.given),
        picture=stacks.picture(documents),
        failed=[(Path(one.name).name, one.reason.replace(one.name, Path(one.name).name), one.when) for one in failed],
    )


async def _search(page: Page, service: Service) -> HTMLResponse:
    """The passages nearest to some words, each leading to its place."""
    words = page.given.get("q", "").strip()[: stacks.LONGEST]
    found: list[dict[str, Any]] = []
    said, status = "", 200
    try:
        if words:
            found = await service.run(lambda: service.legation.search(words, FOUND, Filters()))
            said = "" if found else "library.passages_none"
    except Problem as problem:
        status = problem.status
        said = "library.passages_busy" if status >= 500 else "library.unfit"
    for one in found:
        span = places.Span(one["start"], one["end"])
        one["address"] = page.root + places.address(one["source"], span, one["text"])
        one["where"] = _where(one["pinpoint"], one["page"])
    return page.html("passages.html", status, words=words, found=found, said=said)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update({"visible": render.visible, "short": render.short, "named": render.named, "cut": _cut})
    made.filters.update({"standing": render.standing, "day": language.day, "with": _with})
    return made


def _cut(text: str) -> str:
    """The beginning of a passage."""
    text = render.visible(text)
    return text if len(text) <= CUT else text[:CUT].rsplit(" ", 1)[0] + " …"


def _with(given: Mapping[str, str], **changed: Any) -> str:
    """The address of the library with some of what it asks for changed; nothing takes a thing away."""
    names = ("q", *stacks.WAYS, "by", "page")
    asked = {name: given[name] for name in names if given.get(name)} | changed
    return "library?" + urlencode({name: value for name, value in asked.items() if value})
