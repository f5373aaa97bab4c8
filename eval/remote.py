"""A running server as what a run asks: through its HTTP API, with each citation held against the document's text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.answer import Answer, Citation, Statement
from bot.question import Filters
from eval.lines import DataError
from eval.run import About, made_with
from eval.text import listed
from ingest.documents import Document

if TYPE_CHECKING:
    from bot.client import Client
    from bot.schema import AnswerBody, CitationBody
    from eval.suite import Question, Suite


class Remote:
    """A server and the texts of its library, which are read once: it must not change meanwhile."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.documents = {row.slug: self._document(row.slug) for row in client.documents()}

    def _document(self, slug: str) -> Document:
        body = self.client.document(slug)
        return Document(**{name: getattr(body, name) for name in Document.model_fields})

    def about(self, given: Suite) -> About:
        """What the run is made with. DataError when the server lacks documents that the suite brings along."""
        sources = {span.source for question in given.questions for span in question.evidence}
        if given.documents and (lacking := sorted(sources - self.documents.keys())):
            raise DataError(
                f"{self.client.url} does not hold {listed(lacking)}, which suite {given.name} brings along. "
                f"Make a library of them and serve it: legation eval prepare {given.name} --output DIR; legation serve --data DIR"
            )
        how = {"url": self.client.url, "server": self.client.version()}
        return made_with(given, how, {slug: document.text for slug, document in self.documents.items()})

    def text(self, slug: str) -> str:
        """A document's text."""
        return self.documents[slug].text

    def ask(self, question: Question) -> tuple[dict[str, Any], Answer | None]:
        """The outcome's JSON as it was sent, and the answer built anew: a quote that is not in its document is an error."""
        history = [turn.model_dump() for turn in question.history]
        body = self.client.ask(question.question, history, Filters.of(question.filters))
        return body.to_json(), self._answer(body) if body.outcome == "answer" else None

    def _answer(self, body: AnswerBody) -> Answer:
        return Answer(
            **{name: getattr(body, name) for name in ("id", "question", "standalone_question", "kind", "mode")},
            confidence=body.confidence,
            text=body.text,
            note=body.reason,
            statements=tuple(Statement(text=s.text, citations=tuple(s.citations)) for s in body.statements),
            citations=tuple(self._citation(cited) for cited in body.citations),
            rows=tuple(body.rows),
        )

    def _citation(self, cited: CitationBody) -> Citation:
        document = self.documents.get(cited.source)
        if document is None or document.text[cited.start : cited.end] != cited.quote:
            raise DataError(f"citation {cited.number} is not in {cited.source} where the server says.")
        return Citation(
            number=cited.number,
            document=document,
            start=cited.start,
            end=cited.end,
            pinpoint=cited.pinpoint,
            page=cited.page,
        )
