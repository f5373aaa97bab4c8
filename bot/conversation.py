"""A conversation as the page keeps it: exchanges, and what is shown of them. Knows nothing of Gradio."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot import render
from bot.answer import Answer, Citation, Refusal, Statement
from bot.ask import Event

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
    notice: str = ""  # why it ended without an outcome

    def after(self, event: Event) -> Exchange:
        """The exchange with what `event` brings."""
        if event.type == "understood":
            return replace(self, standalone=event.standalone_question)
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

    def markdown(self, waiting: str) -> str:
        """What the conversation shows as the answer; `waiting` while there is nothing yet."""
        if isinstance(self.outcome, Answer):
            return render.answer(self.outcome, self.turn)
        if isinstance(self.outcome, Refusal):
            return render.refusal(self.outcome, self.turn)
        said = render.body(self.statements, self.citations, self.turn)
        word = self.notice or ("" if said else waiting)
        parts = [render.understood(self.question, self.standalone), said, f"*{render.markdown(word)}*" if word else ""]
        return "\n\n".join(part for part in parts if part)

    def status(self) -> str:
        """What has come of it in a few words, for those who cannot see the page."""
        if isinstance(self.outcome, Answer):
            documents = len({citation.document.slug for citation in self.citations})
            return f"Answered: {_count(len(self.citations), 'quotation')} from {_count(documents, 'document')}."
        if isinstance(self.outcome, Refusal):
            return (
                "No answer from this library; the nearest things it holds are shown."
                if self.citations
                else "No answer from this library."
            )
        return self.notice

    def sources(self, latest: bool) -> str:
        """The cards."""
        copy = render.plain(self.outcome) if isinstance(self.outcome, Answer) else ""
        label = "Nearest to" if isinstance(self.outcome, Refusal) else "Sources for"
        return render.sources(self.question, self.citations, self.turn, copy=copy, latest=latest, label=label)


Conversation = tuple[Exchange, ...]


def asked(conversation: Conversation, question: str) -> Conversation:
    """The conversation with a new question."""
    turn = conversation[-1].turn + 1 if conversation else 1
    return (*conversation, Exchange(turn=turn, question=question))[-KEPT:]


def ended(conversation: Conversation, notice: str) -> Conversation:
    """The conversation with the answer under way ended, and why; nothing changes when none is."""
    if not conversation or conversation[-1].over:
        return conversation
    return (*conversation[:-1], replace(conversation[-1], notice=notice))


def messages(conversation: Conversation, waiting: str = "") -> list[dict[str, str]]:
    """The conversation as a chat component takes it."""
    shown = []
    for exchange in conversation:
        shown.append({"role": "user", "content": render.markdown(exchange.question)})
        shown.append({"role": "assistant", "content": exchange.markdown(waiting)})
    return shown


def cards(conversation: Conversation) -> str:
    """Every source of the conversation, those of the newest answer first and open."""
    found = [e for e in reversed(conversation) if e.citations]
    return "\n\n".join(exchange.sources(latest=exchange is conversation[-1]) for exchange in found)


def history(conversation: Conversation) -> list[dict[str, str]]:
    """The conversation as later questions are understood by: plain words."""
    turns = []
    for exchange in conversation:
        if exchange.outcome:
            turns.append({"role": "user", "content": exchange.question})
            turns.append({"role": "assistant", "content": exchange.outcome.text})
    return turns


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
