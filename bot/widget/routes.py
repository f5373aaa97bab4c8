"""What the site widget is made of, as it is served: packed once, with a mark by which browsers know what they have."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot import language

if TYPE_CHECKING:
    from bot.branding import Branding
    from bot.settings import Settings

_FOLDER = Path(__file__).parent
_SCRIPT = "text/javascript; charset=utf-8"
_STYLE = "text/css; charset=utf-8"
_PAGE = "text/html; charset=utf-8"
_FOREVER = "public, max-age=31536000, immutable"  # the address changes with the file
_HOUR = "public, max-age=3600"
_ASK = "no-cache"  # kept, but asked about each time
_LAUNCHER = ("launch", "unframed", "unframed_link")  # words that the launcher says itself
_TURNS = 12  # of the conversation, sent with a question
_BARE = re.compile(rb"^\s*(?://.*)?\n?", re.MULTILINE)
_ROOM = re.compile(r"/\*.*?\*/|\s*([{};,])\s*|(?<=:)\s+", re.DOTALL)


class File(NamedTuple):
    """One file as it is sent, plain and packed."""

    body: bytes
    packed: bytes
    media_type: str
    caching: str

    @classmethod
    def of(cls, text: str, media_type: str, caching: str) -> File:
        """A file without its comments and indentation, which only those who read the source need."""
        body = _BARE.sub(b"", (_tight(text) if media_type == _STYLE else text).encode())
        return cls(body, gzip.compress(body, 9, mtime=0), media_type, caching)

    @property
    def version(self) -> str:
        """A short sign of what is in it."""
        return hashlib.sha256(self.body).hexdigest()[:12]

    def answer(self, request: Request) -> Response:
        """The file, packed where the browser can unpack it; only its mark where the browser has it."""
        mark = f'W/"{self.version}"'
        headers = {"etag": mark, "cache-control": self.caching, "vary": "Accept-Encoding"}
        if self.media_type == _PAGE:
            headers["vary"] = "Accept-Encoding, Accept-Language"
        if mark in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.packed, media_type=self.media_type, headers=headers | {"content-encoding": "gzip"})
        return Response(self.body, media_type=self.media_type, headers=headers)


def router(
    settings: Settings, branding: Branding, offered: Callable[[str], Sequence[str]] = lambda code: ()
) -> APIRouter:
    """The routes; `offered` tells questions to begin with in a language, where neither site nor branding names any."""
    made = APIRouter(include_in_schema=False)
    launcher = File.of(_launcher(), _SCRIPT, _HOUR)
    files = {
        "chat.js": File.of(_text("chat.js"), _SCRIPT, _FOREVER),
        "chat.css": File.of(branding.css() + _text("chat.css"), _STYLE, _FOREVER),
    }

    @lru_cache(maxsize=16)
    def made_of(code: str, questions: tuple[str, ...]) -> File:
        return _page(code, settings, branding, questions, files)

    @made.get("/widget.js")
    def script(request: Request) -> Response:
        return launcher.answer(request)

    @made.get("/widget")
    def page(request: Request) -> Response:
        wished = request.query_params.get("language", "")[:2].lower()
        code = wished if wished in language.codes() else language.pick(request.headers.get("accept-language"))
        return made_of(code, tuple(branding.questions_in(code) or offered(code))).answer(request)

    if not settings.public:
        files["demo.css"] = File.of(_text("demo.css"), _STYLE, _ASK)
        site = File.of(_text("demo.html"), _PAGE, _ASK)

        @made.get("/demo")
        def demo(request: Request) -> Response:
            return site.answer(request)

    @made.get("/widget/{name}")
    def file(name: str, request: Request) -> Response:
        found = files.get(name)
        return found.answer(request) if found else Response("Not found.", 404, media_type="text/plain")

    return made


def _launcher() -> str:
    """The launcher with its words in every language and its style."""
    words = {code: {name: language.load(code)[f"widget.{name}"] for name in _LAUNCHER} for code in language.codes()}
    script = _text("widget.js").replace('"LEGATION_WORDS"', _json(words))
    return script.replace('"LEGATION_STYLE"', _json(_tight(_text("launcher.css"))))


def _tight(style: str) -> str:
    """A style sheet without the comments and the room that only people need."""
    return _ROOM.sub(r"\1", style).replace(";}", "}")


def _page(code: str, settings: Settings, branding: Branding, questions: Sequence[str], files: dict[str, File]) -> File:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    words = language.load(code)
    said = {key.removeprefix("widget."): value for key, value in words.items() if key.startswith("widget.")}
    given = {
        "name": branding.name,
        "welcome": branding.welcome_in(code) or said["welcome"],
        "privacy": branding.privacy_in(code),
        "questions": list(questions),
        "words": {
            name: value for name, value in said.items() if name not in (*_LAUNCHER, "welcome", "library", "noscript")
        },
        "origins": settings.origins,
        "history": min(_TURNS, settings.max_history) // 2 * 2,
    }
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(_text("page.html"))
    text = template.render(
        words=words,
        brand=branding,
        given=Markup(_json(given)),  # noqa: S704 - no sign in it ends the element
        style=files["chat.css"].version,
        script=files["chat.js"].version,
    )
    return File.of(text, _PAGE, _ASK)


def _json(value: object) -> str:
    """JSON that can stand in a script element: nothing in it ends the element or opens a comment."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
