"""A conversation as the page keeps it: exchanges, and what is shown of them. Knows nothing of Gradio."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot import language, render
from bot.answer import Answer, Citation, Kind, Refusal, Statement
from bot.ask import Event
from bot.question import Filters
from bot.render import Words

KEPT = 40  # exchanges of a conversation that stay on the page


@dataclass(frozen=True)
class Exchange:
    """A question and what has come of it so far."""

    turn: int
    question: str
    standalone: str = ""
    citations: tuple[Citation, ...] = ()
    statements: tuple[Statement, ...] = ()
    outcome: Answer | Refusal | None = None
    kind: Kind = "fact"
    filters: Filters = field(default_factory=Filters)
    narrowed: str = ""  # the filters in words
    notice: str = ""  # why it ended without an outcome

    def after(self, event: Event) -> Exchange:
        """The exchange with what `event` brings."""
        if event.type == "understood":
            return replace(self, standalone=event.standalone_question, kind=event.kind)
        if event.type == "sources":
            return replace(self, citations=event.citations)
        if event.type == "statement" and event.statement:
            return replace(self, statements=(*self.statements, event.statement))
        if event.outcome is None:
            return self
        slim = event.outcome.model_copy(
            update={"retrieved": ()}
        )  # the page shows what is cited, not all that was found
        cited = slim.citations if isinstance(slim, Answer) else slim.nearby
        return replace(self, outcome=slim, citations=cited)

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return bool(self.outcome or self.notice)

    def markdown(self, words: Words, waiting: str = "") -> str:
        """What the conversation shows as the answer; `waiting` while there is nothing yet."""
        asked_of = words["chat.filtered"].format(filters=self.narrowed)
        parts = [f"*{render.markdown(asked_of)}*" if self.narrowed else "", self._answer(words, waiting)]
        return "\n\n".join(part for part in parts if part)

    def _answer(self, words: Words, waiting: str) -> str:
        if isinstance(self.outcome, Answer):
            return render.answer(self.outcome, self.turn, words)
        if isinstance(self.outcome, Refusal):
            return render.refusal(self.outcome, self.turn, words, narrowed=bool(self.narrowed))
        said = render.body(self.statements, self.citations, self.turn, words, self.kind)
        word = self.notice or ("" if said else waiting)
        understood = render.understood(self.question, self.standalone, words)
        return "\n\n".join(part for part in (understood, said, f"*{render.markdown(word)}*" if word else "") if part)

    def progress(self, words: Words, documents: int) -> str:
        """What is being done, while it is not over."""
        if self.citations:
            return language.many(words, "chat.checking", len(self.citations))
        return words["chat.searching"].format(documents=language.many(words, "common.document", documents))

    def status(self, words: Words) -> str:
        """What has come of it in a few words, for those who cannot see the page."""
        if isinstance(self.outcome, Answer):
            documents = language.many(words, "common.document", len({c.document.slug for c in self.citations}))
            quotations = language.many(words, "chat.quotation", len(self.citations))
            return words["chat.answered"].format(quotations=quotations, documents=documents)
        if isinstance(self.outcome, Refusal):
            return words["chat.refused_near" if self.citations else "chat.refused"]
        return self.notice

    def sources(self, words: Words, latest: bool) -> str:
        """The cards."""
        copy = render.plain(self.outcome, words) if isinstance(self.outcome, Answer) else ""
        label = "chat.nearest_to" if isinstance(self.outcome, Refusal) else "chat.sources_for"
        shown = render.sources(self.question, self.citations, self.turn, copy, latest, label, words)
        return shown + (render.dropped(self.outcome.written, words) if isinstance(self.outcome, Answer) else "")


Conversation = tuple[Exchange, ...]


def asked(
    conversation: Conversation, question: str, filters: Filters | None = None, narrowed: str = ""
) -> Conversation:
    """The conversation with a new question, asked of the documents that `filters` leave; `narrowed` says which."""
    turn = conversation[-1].turn + 1 if conversation else 1
    new = Exchange(turn=turn, question=question, filters=filters or Filters(), narrowed=narrowed)
    return (*conversation, new)[-KEPT:]


def ended(conversation: Conversation, notice: str) -> Conversation:
    """The conversation with the answer under way ended, and why; nothing changes when none is."""
    if not conversation or conversation[-1].over:
        return conversation
    return (*conversation[:-1], replace(conversation[-1], notice=notice))


def messages(conversation: Conversation, words: Words, waiting: str = "") -> list[dict[str, str]]:
    """The conversation as a chat component takes it."""
    shown = []
    for exchange in conversation:
        shown.append({"role": "user", "content": render.markdown(exchange.question)})
        shown.append({"role": "assistant", "content": exchange.markdown(words, waiting)})
    return shown


def cards(conversation: Conversation, words: Words) -> str:
    """Every source of the conversation, those of the newest answer first and open."""
    found = [e for e in reversed(conversation) if e.citations]
    return "\n\n".join(exchange.sources(words, latest=exchange is conversation[-1]) for exchange in found)


def history(conversation: Conversation) -> list[dict[str, str]]:
    """The conversation as later questions are understood by: plain words."""
    turns = []
    for exchange in conversation:
        if exchange.outcome:
            turns.append({"role": "user", "content": exchange.question})
            turns.append({"role": "assistant", "content": exchange.outcome.text})
    return turns


def refused(exchange: Exchange) -> bool:
    """Whether the exchange ended in a refusal."""
    return isinstance(exchange.outcome, Refusal)
