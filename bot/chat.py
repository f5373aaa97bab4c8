"""The chat page: ask on the left, check on the right."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from bot import conversation as talk
from bot import render
from bot.conversation import Conversation
from bot.suggest import suggestions
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from gradio import Blocks

    from bot.ask import Event, Legation

TITLE = "Legation"
PAUSE = 0.2  # seconds between two updates of a page while an answer comes in
AT_ONCE = 16  # questions answered at the same time
REMEMBERED = 8 * 3600  # seconds that an untouched conversation is kept in memory
_BROKEN = "Something went wrong on our side; the server's log says what. Please ask again."
_EMPTY = (
    '<p class="hint">Every sentence of an answer carries a numbered mark. Follow it, and the exact words it rests on '
    "stand here, with their place, their date and a link to the official text.</p>"
)

log = logging.getLogger(__name__)


def build(legation: Legation, starters: Sequence[str] | None = None) -> Blocks:
    """The page for one library, as Gradio Blocks; `starters` are the questions it offers to begin with."""
    import gradio as gr

    offered = suggestions(legation) if starters is None else tuple(starters)
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        gr.Markdown(_header(legation), elem_id="header", container=False, latex_delimiters=[])
        kept = gr.State((), time_to_live=REMEMBERED)
        with gr.Row(elem_id="desk"):
            with gr.Column(scale=3, min_width=320, elem_id="asking"):
                chat = gr.Chatbot(
                    elem_id="conversation",
                    show_label=False,
                    container=False,
                    layout="panel",
                    buttons=[],
                    feedback_options=None,
                    latex_delimiters=[],
                    allow_file_downloads=False,
                    height="auto",
                    autoscroll=False,
                    placeholder=_welcome(legation),
                )
                with gr.Column(elem_id="starters", visible=bool(offered)) as beginning:
                    buttons = [gr.Button(question, size="sm", elem_classes="starter") for question in offered]
                status = gr.Markdown("", elem_id="status", container=False, latex_delimiters=[])
                with gr.Row(elem_id="question-row"):
                    box = gr.Textbox(
                        label="Your question",
                        show_label=False,
                        container=False,
                        placeholder="Ask about a norm, a law …",
                        lines=1,
                        max_lines=8,
                        scale=1,
                        autofocus=True,
                        elem_id="question",
                    )
                    ask = gr.Button("Ask", variant="primary", scale=0, min_width=88, elem_id="ask")
                    stop = gr.Button("Stop", scale=0, min_width=88, visible=False, elem_id="stop")
                clear = gr.Button("New conversation", size="sm", visible=False, elem_id="clear")
            with gr.Column(scale=2, min_width=320, elem_id="checking"):
                sources = gr.Markdown(_EMPTY, elem_id="sources", container=False, latex_delimiters=[], padding=False)

        def shown(said: Conversation, running: bool, note: str = "") -> dict[Any, Any]:
            """What changes on the page with a step of an answer."""
            return {
                kept: said,
                chat: talk.messages(said, note),
                status: render.markdown(note),
                beginning: gr.update(visible=not said and bool(offered)),
                ask: gr.update(visible=not running),
                stop: gr.update(visible=running),
                clear: gr.update(visible=bool(said) and not running),
            }

        def answered(question: str, said: Conversation) -> Iterator[dict[Any, Any]]:
            """Answers the question in the box, or that on the button that was pressed."""
            waiting = f"Searching {len(legation.index.documents())} documents …"
            try:
                events = legation.stream(question, talk.history(said))
                first = next(events)
            except LibraryError as problem:
                yield {status: f"**{render.markdown(str(problem))}**"}
                return
            said = talk.asked(said, question)
            for now, new_sources in _steps(said, first, events):
                over = now[-1].over
                update = shown(now, running=not over, note=now[-1].status() if over else waiting)
                update |= {sources: talk.cards(now) or _EMPTY} if new_sources else {}
                yield update | ({} if over else {box: ""})

        def stopped(said: Conversation) -> dict[Any, Any]:
            """Ends the answer that is under way where it is."""
            said = talk.ended(said, "Stopped.")
            return shown(said, running=False, note="Stopped.") | {sources: talk.cards(said) or _EMPTY}

        def cleared() -> dict[Any, Any]:
            """Begins anew."""
            return shown((), running=False) | {sources: _EMPTY, box: ""}

        outputs = [kept, chat, status, beginning, ask, stop, clear, sources, box]
        common: dict[str, Any] = {"outputs": outputs, "api_visibility": "private", "show_progress": "hidden"}
        streamed: dict[str, Any] = common | {
            "trigger_mode": "once",
            "concurrency_limit": AT_ONCE,
            "concurrency_id": "ask",
        }
        asking = [gr.on([box.submit, ask.click], answered, [box, kept], **streamed)]
        asking += [button.click(answered, [button, kept], **streamed) for button in buttons]
        stop.click(stopped, [kept], cancels=asking, **common)
        clear.click(cleared, **common)
    return cast("Blocks", page)


def _steps(said: Conversation, first: Event, events: Iterator[Event]) -> Iterator[tuple[Conversation, bool]]:
    """The conversation as the events change it, a few times a second, and whether its sources changed."""
    *earlier, exchange = said
    exchange = exchange.after(first)
    yield (*earlier, exchange), False
    last, new_sources = time.monotonic(), False
    try:
        for event in events:
            exchange = exchange.after(event)
            new_sources = new_sources or event.type in ("sources", "done")
            if exchange.over or time.monotonic() - last > PAUSE:
                yield (*earlier, exchange), new_sources
                last, new_sources = time.monotonic(), False
    except LibraryError as problem:
        yield talk.ended((*earlier, exchange), str(problem)), True
    except Exception:
        log.exception("a question was not answered")
        yield talk.ended((*earlier, exchange), _BROKEN), True


def _header(legation: Legation) -> str:
    """The library's size and span, so that a reader knows what can be expected."""
    documents = legation.index.documents()
    years = sorted(document.year for document in documents if document.year)
    span = f" from {years[0]} to {years[-1]}" if years and years[0] != years[-1] else ""
    many = f"{len(documents):,} document{'' if len(documents) == 1 else 's'}{span}"
    words = "written from cited passages" if legation.settings.writes else "verbatim"
    claim = f"Answers are {words}: every sentence shows the place it rests on."
    return f"<h1>{TITLE}</h1><p>Cyber diplomacy from {many}. {claim}</p>"


def _welcome(legation: Legation) -> str:
    """What stands in the empty conversation."""
    if not legation.index.documents():
        return "The library is empty. Fill it with `legation ingest PATH`, then load this page again."
    return "Ask in your own words. The answer is cited word for word, or it says that the library does not hold it."
