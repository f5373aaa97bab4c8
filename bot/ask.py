"""One object that serves every way in: a question goes through understanding, retrieval, quoting and the gate to its outcome."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from bot import certificate, language, notices
from bot.answer import Answer, Citation, Evidence, Kind, Refusal, Statement, Timings
from bot.hear import Unwritten
from bot.models import chat_model
from bot.question import Filters, Question, Turn, understand
from bot.quote import Draft, Quoter, headed, statements, table
from bot.refuse import Gate, Judgement, nearby
from bot.retrieve import Found, LegationRetriever, Retriever
from bot.rewrite import Rewriting, rewritten
from bot.settings import Settings
from bot.status import caution
from bot.write import Writer
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from ingest.index import Index

WHOLE = ("list", "comparison", "timeline", "provision")  # quoted even where a model writes: it would leave parts out
_LETTER = re.compile(r"[^\W\d_]")
_HALF = re.compile(r"[\ud800-\udfff]")  # a surrogate without its other half: no encoding takes it


class Event(BaseModel):
    """A step of an answer as it comes about: what was understood, the sources, each checked statement, the outcome."""

    model_config = ConfigDict(frozen=True)

    type: Literal["understood", "sources", "statement", "done"]
    standalone_question: str = ""
    kind: Kind = "fact"
    citations: tuple[Citation, ...] = ()
    statement: Statement | None = None
    outcome: Answer | Refusal | None = None


class Legation:
    """Answers questions from one library."""

    def __init__(self, index: Index, settings: Settings) -> None:
        self.index = index
        self.settings = settings
        self.threshold = certificate.threshold(index, settings.threshold)
        self.retriever = Retriever(index)
        self.quoter = Quoter(index)
        self._gate = Gate(self.retriever)
        model = chat_model(settings) if settings.writes else None
        self.writer = Writer(model, index, settings) if model else None

    @classmethod
    def open(cls, settings: Settings | None = None) -> Self:
        """Opens the library that the settings name; a LibraryError says what is wrong with it and the mend."""
        from ingest.index import Index

        settings = settings or Settings.load()
        index = Index.open(
            settings.data,
            embedder=settings.embedder,
            token_encoder=settings.token_encoder,
            server=settings.chroma_server or None,
        )
        return cls(index, settings)

    def close(self) -> None:
        """Closes the library."""
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def search(self, words: str, k: int = 20, filters: Filters | None = None) -> list[dict[str, Any]]:
        """The passages nearest to some words, best first, each with its place: the evidence, without an answer."""
        asked = check(words, self.settings.max_question_chars)
        return [
            item.to_json()
            | {"title": item.document.title, "page": item.passage.page}
            | {"start": item.passage.start, "end": item.passage.end}
            for item in self.retriever.find(understand(asked), filters, k=k).evidence
        ]

    def ask(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None, id: str = ""
    ) -> Answer | Refusal:
        """The answer to `question`, or the refusal that says why there is none. LibraryError for what is no question."""
        *_, last = self.stream(question, history, filters, id)
        if last.outcome is None:
            raise AssertionError("the last event holds the outcome")
        return last.outcome

    def stream(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None, id: str = ""
    ) -> Iterator[Event]:
        """The steps of the answer in order: understood, sources, statement..., done.

        While a chat model writes, the sources come again with each statement that brings new ones.
        """
        began = time.perf_counter()
        asked = check(question, self.settings.max_question_chars)
        understood, spent = self._understood(asked, history)
        timings = Timings(understand=1000 * (time.perf_counter() - began))
        yield Event(type="understood", standalone_question=understood.text, kind=understood.kind)
        found = self.retriever.find(understood, filters, k=self.settings.passages)
        timings.retrieve, timings.rerank = found.retrieve_ms, found.rerank_ms
        drafting = time.perf_counter()
        draft = self.quoter.draft(understood, found)
        judgement = self._gate.judge(understood, found, draft.considered or draft.picks)
        timings.answer = 1000 * (time.perf_counter() - drafting)
        timings.total = 1000 * (time.perf_counter() - began)
        outcome = self._outcome(id or uuid.uuid4().hex, understood, found, draft, judgement, timings)
        if isinstance(outcome, Answer) and self.writer is not None and outcome.kind not in WHOLE:
            written = yield from self._write(self.writer, understood, outcome, found.evidence, spent)
            timings.verify = 1000 * (time.perf_counter() - began) - timings.total
            timings.total += timings.verify
            if written.mode == "written":
                yield Event(type="done", outcome=written, kind=written.kind)
                return
            outcome = written
        if isinstance(outcome, Answer):
            yield Event(type="sources", citations=outcome.citations)
            for statement in outcome.statements:
                yield Event(type="statement", statement=statement)
        yield Event(type="done", outcome=outcome, kind=outcome.kind)

    def _understood(self, asked: str, history: Sequence[Turn]) -> tuple[Question, Rewriting]:
        """What is asked; a follow-up is made standalone by the chat model where one is set, else by the rules. And what that took."""
        by_rules = understand(asked, history, self.retriever.vocabulary)
        if self.writer is None or not by_rules.followup:
            return by_rules, Rewriting()
        made = rewritten(self.writer.model, asked, history, self.settings.model_seconds / 4)
        if not made.text:
            return by_rules, made
        anew = understand(made.text, (), self.retriever.vocabulary)
        return anew.model_copy(update={"asked": by_rules.asked, "followup": True, "new": by_rules.new}), made

    def _write(
        self, writer: Writer, understood: Question, quoted: Answer, evidence: Sequence[Evidence], spent: Rewriting
    ) -> Generator[Event, None, Answer]:
        """Statements of the chat model as they hold; the written answer, or the quoted one with the reason why."""
        shown = 0
        account = writer.account(spent.tokens_in, spent.tokens_out)
        progress = None
        failed = ""
        try:
            for progress in writer.write(understood, evidence, account):
                account = progress.written
                for statement in progress.statements[shown:]:
                    yield Event(type="sources", citations=progress.citations)
                    yield Event(type="statement", statement=statement)
                shown = len(progress.statements)
        except Unwritten as problem:
            failed = str(problem)
        if progress is None or not progress.statements:
            reason = failed or "the model wrote nothing that the evidence holds"
            note = " ".join(part for part in (quoted.note, f"Quoted, since {reason}.") if part)
            fallback = account.model_copy(update={"fallback": reason})
            text = f"{quoted.text}\n\n_Quoted, since {reason}._"
            return quoted.model_copy(update={"note": note, "text": text, "written": fallback})
        parts = [f"{len(account.dropped)} sentences of the model were dropped." if account.dropped else ""]
        parts += [f"It ended early: {failed}." if failed else "", caution(progress.citations)]
        note = " ".join(part for part in parts if part)
        body = "\n\n".join(f"{s.text} {''.join(f'[{n}]' for n in s.citations)}" for s in progress.statements)
        changed: dict[str, Any] = {
            "mode": "written",
            "statements": progress.statements,
            "citations": progress.citations,
        }
        changed["rows"] = ()
        changed |= {"text": body + (f"\n\n_{note}_" if note else ""), "note": note, "written": account}
        return Answer.model_validate({**dict(quoted), **changed})

    def judge(self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None) -> Judgement:
        """How sure the answer to `question` would be, and from which signals; for setting the gate on data."""
        asked = check(question, self.settings.max_question_chars)
        understood = understand(asked, history, self.retriever.vocabulary)
        found = self.retriever.find(understood, filters, k=self.settings.passages)
        draft = self.quoter.draft(understood, found)
        return self._gate.judge(understood, found, draft.considered or draft.picks)

    def as_retriever(self, k: int = 10) -> LegationRetriever:
        """The retrieval as a LangChain retriever."""
        return LegationRetriever(self.retriever, k=k)

    def as_runnable(self) -> Runnable[Any, Any]:
        """The whole path as a LangChain Runnable: a question, or {question, history, filters}, in; the answer's JSON out."""
        from langchain_core.runnables import RunnableLambda

        def run(given: str | dict[str, Any]) -> dict[str, Any]:
            if isinstance(given, str):
                given = {"question": given}
            return self.ask(given["question"], given.get("history", ()), Filters.of(given.get("filters"))).to_json()

        return RunnableLambda(run, name="legation")

    def _outcome(
        self,
        id: str,
        understood: Question,
        found: Found,
        draft: Draft,
        judgement: Judgement,
        timings: Timings,
    ) -> Answer | Refusal:
        common: dict[str, Any] = {
            "id": id,
            "question": understood.asked,
            "standalone_question": understood.text,
            "kind": understood.kind,
            "confidence": judgement.confidence,
            "retrieved": (*found.evidence, *_brought(found, draft)),
            "timings_ms": timings,
        }
        words = language.load(understood.language)  # a reader is told in the language of the question
        if draft.picks and judgement.confidence >= self.threshold:
            made, cited, text = statements(draft.picks, places=understood.seeks_place)
            if draft.rows:
                text = (headed if understood.kind == "overview" else table)(made, draft.rows)
            note = " ".join(part for part in (notices.told(draft.note, words), caution(cited)) if part)
            return Answer(
                **common,
                text=text + (f"\n\n_{note}_" if note else ""),
                statements=made,
                citations=cited,
                note=note,
                rows=draft.rows,
            )
        reason = judgement.reason or "The library does not hold a clear answer to this question."
        reason = notices.told(reason, words)
        return Refusal(**common, text=reason, reason=reason, nearby=nearby(found.evidence, judgement.denial))


def _brought(found: Found, draft: Draft) -> list[Evidence]:
    """The passages that quoting went on to from the retrieved ones, such as those of the words that open a list."""
    known = {item.passage.id for item in found.evidence}
    more = {pick.passage.id: pick for pick in draft.picks if pick.passage.id not in known}
    lowest = min((item.score for item in found.evidence), default=0.0)
    return [Evidence(document=pick.document, passage=pick.passage, score=lowest) for pick in more.values()]


def check(question: str, longest: int) -> str:
    """`question` fit to be asked; LibraryError says what is wrong with it otherwise."""
    asked = " ".join(question.split())
    if not asked:
        raise LibraryError("The question is empty: type a question.")
    if len(asked) > longest:
        raise LibraryError(
            f"The question has {len(asked):,} characters; the most is {longest:,} (LEGATION_MAX_QUESTION_CHARS). Shorten it."
        )
    if _HALF.search(asked):
        raise LibraryError("The question holds half a character, which cannot be read: type it anew.")
    if not _LETTER.search(asked):
        raise LibraryError("The question holds no words: ask in words.")
    return asked
