"""The chat page: ask on the left, check on the right. Its words come from bot/languages, in the language of the browser."""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from bot import choices, language, render
from bot import conversation as talk
from bot.branding import Branding
from bot.conversation import Conversation
from bot.feedback import Feedback, Unkept, record
from bot.problem import in_words
from bot.render import Words
from bot.suggest import followups, suggestions, translated
from bot.takeaway import Files, Takeaway

if TYPE_CHECKING:
    from gradio import Blocks, I18n, Request

    from bot.ask import Event, Legation

PAUSE = 0.2  # seconds between two updates of a page while an answer comes in
AT_ONCE = 4  # questions answered at the same time; more would only finish all of them later
REMEMBERED = 8 * 3600  # seconds that an untouched conversation is kept in memory
FOLLOWUPS = 3
REASONS = ("helpful", "wrong-citation", "missing-source", "wrong-refusal")

log = logging.getLogger(__name__)


def texts(legation: Legation, branding: Branding | None = None) -> I18n:
    """The words of the page in every language, for Gradio to choose from by the browser's."""
    import gradio as gr

    branding = branding or Branding()
    return gr.I18n(**{code: _texts(legation, branding, code) for code in language.codes()})


def _texts(legation: Legation, branding: Branding, code: str) -> dict[str, str]:
    words = language.load(code)
    groups = ("chat.", "brief.")
    plain = {_key(key): said for key, said in words.items() if key.startswith(groups) and "{" not in said}
    made = {
        "header": _header(legation, branding, words),
        "welcome": _welcome(legation, branding, code),
        "hint": f'<p class="hint">{render.markup(words["chat.hint"])}</p>',
        "privacy": render.markdown(branding.privacy_in(code)),
    }
    return plain | {f"chat_{name}": said for name, said in made.items()}


def _key(name: str) -> str:
    return name.replace(".", "_").replace("-", "_")


def build(
    legation: Legation,
    starters: Sequence[str] | None = None,
    branding: Branding | None = None,
    feedback: Feedback | None = None,
    files: Files | None = None,
    translated: bool = True,
) -> Blocks:
    """The page for one library, as Gradio Blocks; `starters` are the questions it offers to begin with."""
    import gradio as gr

    branding = branding or Branding()
    offered = starters if starters is not None else branding.questions_in(language.DEFAULT)
    page = _Page(legation, branding, tuple(offered or suggestions(legation)), texts(legation, branding))
    page.translated = translated
    page.takeaway = Takeaway(legation, files or Files())
    page.feedback = feedback or Feedback(legation.settings.data)
    with gr.Blocks(title=branding.name, analytics_enabled=False, fill_width=True) as blocks:
        page.lay_out()
        page.connect(blocks)
    return cast("Blocks", blocks)


class _Page:
    """The components of the page, and what each event changes of them."""

    feedback: Feedback
    takeaway: Takeaway

    def __init__(self, legation: Legation, branding: Branding, offered: tuple[str, ...], words: I18n) -> None:
        self.legation = legation
        self.branding = branding
        self.offered = offered
        self.translated = True  # whether the questions to begin with are also offered in other languages
        self.i18n = words

    def say(self, name: str) -> Any:
        """Words that the browser puts into its language."""
        return self.i18n(name if name.startswith("brief_") else f"chat_{name}")

    # what there is

    def lay_out(self) -> None:
        """Makes the components."""
        import gradio as gr

        self.header = gr.Markdown(self.say("header"), elem_id="header", container=False, latex_delimiters=[])
        self.kept = gr.State((), time_to_live=REMEMBERED)
        with gr.Row(elem_id="desk"):
            with gr.Column(scale=3, min_width=320, elem_id="asking"):
                with gr.Column(elem_id="talk"):
                    self._conversation()
                    self._after()
                self._asking()
            with gr.Column(scale=2, min_width=320, elem_id="checking"):
                self.sources = gr.Markdown(
                    self.say("hint"), elem_id="sources", container=False, latex_delimiters=[], padding=False
                )
        if any(self.branding.privacy_in(code) for code in language.codes()):
            gr.Markdown(self.say("privacy"), elem_id="privacy", container=False, latex_delimiters=[])

    def _conversation(self) -> None:
        import gradio as gr

        self.chat = gr.Chatbot(
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
            placeholder=self.say("welcome"),
        )
        with gr.Column(elem_id="starters", visible=bool(self.offered)) as self.beginning:
            gr.Markdown(self.say("starters"), container=False, latex_delimiters=[], elem_classes="lead")
            self.starters = [gr.Button(question, size="sm", elem_classes="starter") for question in self.offered]

    def _after(self) -> None:
        """What is offered under an answer: how to go on, and to say what is wrong with it."""
        import gradio as gr

        with gr.Column(elem_id="followups", visible=False) as self.going_on:
            gr.Markdown(self.say("followups"), container=False, latex_delimiters=[], elem_classes="lead")
            self.followups = [gr.Button("", size="sm", elem_classes="starter", visible=False) for _ in range(FOLLOWUPS)]
        self.status = gr.Markdown("", elem_id="status", container=False, latex_delimiters=[])
        with gr.Row(elem_id="feedback", visible=False) as self.judging:
            gr.Markdown(self.say("feedback"), container=False, latex_delimiters=[], elem_classes="lead")
            self.reasons = {
                reason: gr.Button(self.say(_key(reason)), size="sm", scale=0, min_width=60) for reason in REASONS
            }
        with gr.Row(elem_id="comment-row", visible=False) as self.commenting:
            self.comment = gr.Textbox(
                label=self.say("comment"), lines=1, max_lines=4, max_length=2000, scale=1, elem_id="comment"
            )
            self.send = gr.Button(self.say("send"), size="sm", scale=0, min_width=88)
        self.given = gr.State(())

    def _asking(self) -> None:
        import gradio as gr

        found = self._choices(language.load(language.DEFAULT))
        with gr.Accordion(self.say("narrow"), open=False, elem_id="filters") as self.narrow:
            with gr.Row():
                self.filters = [
                    gr.Dropdown(found[name], value="", label=self.say(said), min_width=130, scale=scale)
                    for name, said, scale in zip(
                        choices.NAMES,
                        ("publisher", "kind", "year_from", "year_to", "document"),
                        (3, 2, 1, 1, 4),
                        strict=True,
                    )
                ]
        with gr.Row(elem_id="question-row"):
            self.box = gr.Textbox(
                label=self.say("question"),
                show_label=False,
                container=False,
                placeholder=self.say("placeholder"),
                lines=1,
                max_lines=8,
                scale=1,
                autofocus=True,
                elem_id="question",
            )
            self.ask = gr.Button(self.say("ask"), variant="primary", scale=0, min_width=88, elem_id="ask")
            self.stop = gr.Button(self.say("stop"), scale=0, min_width=88, visible=False, elem_id="stop")
        with gr.Row(elem_id="actions"):
            self.wide = gr.Button(self.say("unfiltered"), size="sm", scale=0, visible=False, elem_id="unfiltered")
            self.retry = gr.Button(self.say("retry"), size="sm", scale=0, visible=False, elem_id="retry")
            self.clear = gr.Button(self.say("clear"), size="sm", scale=0, visible=False, elem_id="clear")
        self.takeaway.lay_out(self.say)

    # what happens

    def connect(self, blocks: Blocks) -> None:
        """Ties the events to what they change."""
        import gradio as gr

        outputs = [
            *(self.kept, self.chat, self.status, self.beginning, self.ask, self.stop, self.clear, self.retry),
            *(self.wide, self.sources, self.box, self.going_on, *self.followups, self.judging, self.commenting),
            *(self.comment, self.given, *self.reasons.values(), *self.filters, self.narrow, self.header),
            *self.starters,
        ]
        common: dict[str, Any] = {"outputs": outputs, "api_visibility": "private", "show_progress": "hidden"}
        streamed: dict[str, Any] = common | {
            "trigger_mode": "once",
            "concurrency_limit": AT_ONCE,
            "concurrency_id": "ask",
        }
        state = [self.kept, *self.filters]
        answered = _told(self.answered)
        asking = [gr.on([self.box.submit, self.ask.click], answered, [self.box, *state], **streamed)]
        asking += [one.click(answered, [one, *state], **streamed) for one in (*self.starters, *self.followups)]
        asking += [self.retry.click(_told(self.retried), state, **streamed)]
        asking += [self.wide.click(_told(self.widened), [self.kept], **streamed)]
        self.stop.click(_told(self.stopped), [self.kept], cancels=asking, **common)
        self.clear.click(_told(self.cleared), None, **common)
        for reason, button in self.reasons.items():
            button.click(_told(self.judged(reason)), [self.kept], **common)
        said = [self.kept, self.comment, self.given]
        gr.on([self.send.click, self.comment.submit], _told(self.commented), said, **common)
        for one in self.filters:
            one.input(_told(self.narrowed), self.filters, **common)
        self.takeaway.connect(_told, self.kept, self.filters)
        blocks.load(_told(self.loaded), None, **common)
        blocks.load(_told(self.begun), None, **common)

    def loaded(self, words: Words) -> dict[Any, Any]:
        """The library as it is now: it may have changed since the server started."""
        found = self._choices(words)
        fresh = {self.header: _header(self.legation, self.branding, words)}
        return fresh | dict(zip(self.filters, (_choice(found[name]) for name in choices.NAMES), strict=True))

    def begun(self, words: Words) -> dict[Any, Any]:
        """The questions to begin with in the reader's language; those that are shown already where it has none."""
        import gradio as gr

        code = words["common.code"]
        same = {self.status: gr.update()}  # Gradio takes an empty answer for a missing one
        if code == language.DEFAULT or not self.translated:
            return same
        if self.branding.questions:
            offered = self.branding.questions_in(code)
        else:
            offered = translated(self.legation, self.offered, code)
        padded = [*offered, *[""] * len(self.starters)]
        updates = [gr.update(value=question, visible=bool(question)) for question in padded]
        return dict(zip(self.starters, updates, strict=False)) if offered and self.starters else same

    def narrowed(self, words: Words, *chosen: str) -> dict[Any, Any]:
        """Says on the accordion what the next question is narrowed to."""
        return {self.narrow: self._narrow(chosen, words)}

    def _narrow(self, chosen: Sequence[str], words: Words) -> Any:
        import gradio as gr

        try:
            told = choices.told(choices.filters(chosen, words), self.legation.index.documents(), words)
        except Exception as problem:
            return gr.update(label=in_words(problem, words))
        return gr.update(label=words["chat.narrowed"].format(filters=told) if told else words["chat.narrow"])

    def retried(self, words: Words, said: Conversation, *chosen: str) -> Iterator[dict[Any, Any]]:
        """Asks the last question again, of the documents that are chosen now."""
        if said:
            yield from self.answered(words, said[-1].question, said[:-1], *chosen)

    def widened(self, words: Words, said: Conversation) -> Iterator[dict[Any, Any]]:
        """Asks the last question again, of the whole library."""
        none = [""] * len(self.filters)
        every = dict.fromkeys(self.filters, "") | {self.narrow: self._narrow(none, words)}
        if said:
            for update in self.answered(words, said[-1].question, said, *none):
                yield update | every

    def answered(self, words: Words, question: str, said: Conversation, *chosen: str) -> Iterator[dict[Any, Any]]:
        """Answers the question in the box, or that on the button that was pressed."""
        try:
            documents = self.legation.index.documents()
            filters = choices.filters(chosen, words)
            events = self.legation.stream(question, talk.history(said), filters)
            first = next(events)
        except Exception as problem:
            yield {self.status: f"**{render.markdown(in_words(problem, words))}**"}
            return
        said = talk.asked(said, question, filters, choices.told(filters, documents, words))
        for now, new_sources in _steps(said, first, events, words):
            over = now[-1].over
            note = now[-1].status(words) if over else now[-1].progress(words, len(documents))
            update = self._shown(now, words, running=not over, note=note)
            update |= {self.sources: talk.cards(now, words) or self.say("hint")} if new_sources else {}
            yield update | ({} if over else {self.box: ""})

    def stopped(self, words: Words, said: Conversation) -> dict[Any, Any]:
        """Ends the answer that is under way where it is."""
        said = talk.ended(said, words["chat.stopped"])
        cards = talk.cards(said, words) or self.say("hint")
        return self._shown(said, words, running=False, note=words["chat.stopped"]) | {self.sources: cards}

    def cleared(self, words: Words) -> dict[Any, Any]:
        """Begins anew."""
        return self._shown((), words, running=False) | {self.sources: self.say("hint"), self.box: ""}

    def judged(self, reason: str) -> Callable[..., dict[Any, Any]]:
        """Keeps what a reader thinks of the last answer."""

        def judge(words: Words, said: Conversation) -> dict[Any, Any]:
            import gradio as gr

            if not said or not said[-1].outcome:
                return {self.status: gr.update()}
            try:
                self.feedback.put(**record(said[-1].outcome, reason, talk.history(said[:-1]), said[-1].filters))
            except Unkept as problem:
                log.error("feedback was lost: %s", problem)
                return {self.status: f"**{render.markdown(words['chat.unkept'])}**"}
            return {
                self.status: render.markdown(words["chat.thanks"]),
                self.judging: gr.update(visible=False),
                self.commenting: gr.update(visible=reason != "helpful"),
                self.given: (reason,),
            }

        return judge

    def commented(self, words: Words, said: Conversation, comment: str, given: tuple[str, ...]) -> dict[Any, Any]:
        """Keeps what a reader says besides."""
        import gradio as gr

        if not (said and said[-1].outcome and given and comment.strip()):
            return {self.commenting: gr.update(visible=False)}
        kept = record(said[-1].outcome, given[0], talk.history(said[:-1]), said[-1].filters)
        try:
            self.feedback.put(**kept | {"comment": comment.strip()[:2000]})
        except Unkept as problem:
            log.error("feedback was lost: %s", problem)
            return {self.status: f"**{render.markdown(words['chat.unkept'])}**"}
        return {
            self.status: render.markdown(words["chat.thanks"]),
            self.commenting: gr.update(visible=False),
            self.comment: "",
        }

    # what is shown

    def _shown(self, said: Conversation, words: Words, running: bool, note: str = "") -> dict[Any, Any]:
        """What changes on the page with a step of an answer."""
        import gradio as gr

        outcome = said[-1].outcome if said and not running else None
        refused = bool(outcome) and talk.refused(said[-1])
        narrowed = bool(said and said[-1].narrowed)
        shown = {
            self.kept: said,
            self.chat: talk.messages(said, words, note),
            self.status: render.markdown(note),
            self.beginning: gr.update(visible=not said and bool(self.offered)),
            self.ask: gr.update(visible=not running),
            self.stop: gr.update(visible=running),
            self.clear: gr.update(visible=bool(said) and not running),
            self.retry: gr.update(visible=bool(said) and not running),
            self.wide: gr.update(visible=refused and narrowed),
            self.judging: gr.update(visible=bool(outcome)),
            self.commenting: gr.update(visible=False),
            self.comment: "",
            self.given: (),
        }
        for reason in ("wrong-citation", "missing-source", "wrong-refusal"):
            shown[self.reasons[reason]] = gr.update(visible=refused == (reason == "wrong-refusal"))
        return shown | self._going_on(said if outcome else (), words)

    def _going_on(self, said: Conversation, words: Words) -> dict[Any, Any]:
        """The questions offered under the last answer."""
        import gradio as gr

        asked = [one.question for one in said]
        further = followups(self.legation, said[-1].outcome, asked, words=words) if said else ()
        padded = [*further, *[""] * FOLLOWUPS][:FOLLOWUPS]
        updates = (gr.update(value=question, visible=bool(question)) for question in padded)
        return {self.going_on: gr.update(visible=bool(further))} | dict(zip(self.followups, updates, strict=True))

    def _choices(self, words: Words) -> dict[str, list[choices.Choice]]:
        return choices.choices(self.legation.index.documents(), words)


def _choice(found: list[choices.Choice]) -> Any:
    import gradio as gr

    return gr.update(choices=found)


def _told(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as Gradio calls it: it is told the words of the language that the browser asks for."""
    import gradio as gr

    def words(request: Request) -> Words:
        return language.load(language.pick(request.headers.get("accept-language")))

    def once(request: Request, *given: Any) -> Any:
        return function(words(request), *given)

    def often(request: Request, *given: Any) -> Iterator[Any]:
        yield from function(words(request), *given)

    told = often if inspect.isgeneratorfunction(function) else once
    told.__annotations__ = {"request": gr.Request}  # Gradio reads the annotation, and cannot know a late import
    return told


def _steps(
    said: Conversation, first: Event, events: Iterator[Event], words: Words
) -> Iterator[tuple[Conversation, bool]]:
    """The conversation as the events change it, a few times a second, and whether its sources changed."""
    *earlier, exchange = said
    exchange = exchange.after(first)
    yield (*earlier, exchange), False
    last, new_sources = time.monotonic(), False
    try:
        for event in events:
            exchange = exchange.after(event)
            new_sources = new_sources or event.type in ("sources", "done")
            if exchange.over or event.type == "sources" or time.monotonic() - last > PAUSE:
                yield (*earlier, exchange), new_sources
                last, new_sources = time.monotonic(), False
    except Exception as problem:
        yield talk.ended((*earlier, exchange), in_words(problem, words)), True


def _header(legation: Legation, branding: Branding, words: Words) -> str:
    """The library's size and span, so that a reader knows what can be expected; and the words that page.js says."""
    documents = legation.index.documents()
    years = sorted(document.year for document in documents if document.year)
    several = bool(years) and years[0] != years[-1]
    span = words["chat.header_span"].format(first=years[0], last=years[-1]) if several else ""
    told = words["chat.header"].format(
        documents=language.many(words, "common.document", len(documents)),
        span=span,
        claim=words["chat.written" if legation.settings.writes else "chat.verbatim"],
    )
    logo = '<img src="logo" alt="" width="28" height="28">' if branding.logo else ""
    spoken = ("question", "answer", "copied", "busy", "lost", "returned", "reload")
    said = "".join(f'<span class="say-{name}">{render.markup(words[f"chat.{name}"])}</span>' for name in spoken)
    title = f'<h1 lang="{words["common.code"]}">{logo}{render.markup(branding.name)}</h1>'
    library = f'<a href="library">{render.markup(words["chat.library"])}</a>'
    return f"{title}<p>{render.markup(told)} {library}</p><p hidden>{said}</p>"


def _welcome(legation: Legation, branding: Branding, code: str) -> str:
    """What stands in the empty conversation."""
    words = language.load(code)
    own = render.markdown(branding.welcome_in(code)) or words["chat.welcome"]
    return own if legation.index.documents() else words["chat.welcome_empty"]
