"""The part of the chat page that makes a briefing to take away, of a topic or of the conversation."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bot import choices, export, language, render
from bot.briefing import LONGEST, Briefing, gathered
from bot.conversation import Conversation
from bot.problem import in_words
from bot.render import Words
from bot.survey import brief

if TYPE_CHECKING:
    from fastapi import APIRouter

    from bot.ask import Legation

AT_ONCE = 2  # briefings made at the same time: each asks several questions

KEPT = 50  # files that are kept for those who asked for them; the oldest go
TYPES = {
    ".md": "text/markdown; charset=utf-8",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
}

log = logging.getLogger(__name__)


class Files:
    """The files that were made last, in memory, each under a name that nobody can guess."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, name: str, held: bytes) -> str:
        """Keeps a file, and gives its key."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._held[key] = (name, held)
            while len(self._held) > KEPT:
                self._held.popitem(last=False)
        return key

    def get(self, key: str) -> tuple[str, bytes] | None:
        """The name and the bytes, where the file is still kept."""
        with self._lock:
            return self._held.get(key)


def router(files: Files) -> APIRouter:
    """The route that gives a file to save."""
    from fastapi import APIRouter
    from fastapi.responses import PlainTextResponse, Response

    made = APIRouter(include_in_schema=False)

    @made.get("/briefing/{key}")
    def file(key: str) -> Response:
        found = files.get(key)
        if not found:
            return PlainTextResponse("This file is no longer kept. Make the briefing again.", 404)
        name, held = found
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "cache-control": "private, no-store",
        }
        return Response(held, media_type=TYPES[Path(name).suffix], headers=headers)

    return made


class Takeaway:
    """The components, and what happens when a briefing is asked for."""

    def __init__(self, legation: Legation, files: Files) -> None:
        self.legation = legation
        self.files = files

    def lay_out(self, say: Callable[[str], Any]) -> None:
        """Makes the components; `say` gives their words."""
        import gradio as gr

        with gr.Accordion(say("brief_title"), open=False, elem_id="takeaway"):
            with gr.Row():
                self.topic = gr.Textbox(
                    label=say("brief_topic"), lines=1, max_lines=1, max_length=LONGEST, scale=3, min_width=220
                )
                formats = [(say("brief_word"), ".docx"), ("PDF", ".pdf"), ("Markdown", ".md")]
                self.format = gr.Radio(
                    formats, value=".docx", label=say("brief_format"), scale=2, min_width=220, elem_id="format"
                )
            with gr.Row(elem_id="takeaway-row"):
                self.make = gr.Button(say("brief_make"), size="sm", scale=0, min_width=120)
                self.news = gr.Markdown("", elem_id="takeaway-news", container=False, latex_delimiters=[])

    def connect(self, told: Callable[..., Any], kept: Any, filters: Sequence[Any]) -> None:
        """Ties the events to what they change; `told` lets a function know the reader's words."""
        import gradio as gr

        gr.on(
            [self.make.click, self.topic.submit],
            told(self.made),
            [kept, self.topic, self.format, *filters],
            [self.make, self.news],
            api_visibility="private",
            show_progress="hidden",
            trigger_mode="once",
            concurrency_limit=AT_ONCE,
            concurrency_id="brief",
        )

    def made(self, words: Words, said: Conversation, topic: str, suffix: str, *chosen: str) -> Iterator[dict[Any, Any]]:
        """Makes the briefing and offers its file, or says why there is none."""
        yield self._news(words["brief.making"], busy=True)
        try:
            briefing = self._briefing(words, said, topic, choices.filters(chosen, words))
            name = export.file_name(briefing, suffix)
            with TemporaryDirectory() as folder:
                export.save(briefing, Path(folder) / name)
                key = self.files.put(name, (Path(folder) / name).read_bytes())
        except Exception as problem:
            yield self._news(in_words(problem, words, "brief.broken"))
            return
        ready = words["brief.ready"].format(
            sentences=language.many(words, "brief.sentence", len(briefing.statements)),
            documents=language.many(words, "common.document", len(briefing.documents)),
        )
        yield self._news(ready, link=f"[{render.markdown(words['brief.save'].format(name=name))}](briefing/{key})")

    def _briefing(self, words: Words, said: Conversation, topic: str, filters: Any) -> Briefing:
        if topic.strip():
            return brief(self.legation, topic, filters, words["common.code"])
        return gathered([one.outcome for one in said if one.outcome], words["common.code"])

    def _news(self, told: str, busy: bool = False, link: str = "") -> dict[Any, Any]:
        import gradio as gr

        said = " ".join(part for part in (render.markdown(told), link) if part)
        return {self.make: gr.update(interactive=not busy), self.news: said}
