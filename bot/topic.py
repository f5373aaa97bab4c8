"""What a briefing is on: which sentences name it, and which documents are about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.names import Name, actors, fold, instruments, mentioned, names_of
from bot.wording import Wording
from ingest.documents import Document, Passage

ENOUGH = 2 / 3  # share of the words of a topic that name it; of one or two words, all
DENSE = 0.25  # share of a document's passages that name the topic where the document is about it
_ARTICLE = re.compile(r"^(?:the|a|an|la|le|les|l['’]|el|los|las) ?", re.IGNORECASE)
_AND = re.compile(r"\s*[,;&]\s*|\s+(?:and|et|y)\s+", re.IGNORECASE)

# What a title says of other documents: "(NIS 1, repealed by NIS 2)".
_OTHERS = re.compile(
    r"\b(?:repeal(?:ed|ing|s)|replac(?:ed|ing|es)|supersed(?:ed|ing|es)|amend(?:ed|ing|s)|supplementing)\b[^.;)]*",
    re.IGNORECASE,
)


class Subject:
    """One thing that a topic joins by 'and': a name that is known, or plain words."""

    def __init__(self, words: str, names: Iterable[Name]) -> None:
        self.stems = Wording(words).stems
        bare = _ARTICLE.sub("", fold(words))
        self.names = [name for name in names if any(fold(alias) == bare for alias in name.aliases)]

    def named(self, text: str) -> bool:
        """Whether `text` names it: by one of its names, or by most of its words."""
        if self.names:
            return bool(mentioned(text, self.names))
        held = len(self.stems & Wording(text).stems)
        return bool(self.stems) and held >= (len(self.stems) if len(self.stems) < 3 else ENOUGH * len(self.stems))


class Topic:
    """The words of a topic as the library understands them."""

    def __init__(self, words: str, documents: Sequence[Document]) -> None:
        known = [*instruments(), *actors(), *map(names_of, documents)]
        whole = Subject(words, known)
        parts = [] if whole.names else [part for part in _AND.split(words) if part.strip()]
        self.subjects = [Subject(part, known) for part in parts] if len(parts) > 1 else [whole]
        self.bare = _ARTICLE.sub("", words)
        self._about: dict[str, bool] = {}

    def named(self, text: str) -> bool:
        """Whether `text` names the topic, or one of the things that it joins."""
        return any(subject.named(text) for subject in self.subjects)

    def entitled(self, document: Document) -> bool:
        """Whether the document's title, symbol or publisher names the topic."""
        return self.named(_OTHERS.sub("", f"{document.title}. {document.symbol}. {document.publisher}"))

    def about(self, document: Document, passages: Sequence[Passage]) -> bool:
        """Whether the document is about the topic: it is called so, or speaks of it throughout."""
        if document.slug not in self._about:
            self._about[document.slug] = self.entitled(document) or self._dense(passages)
        return self._about[document.slug]

    def _dense(self, passages: Sequence[Passage]) -> bool:
        naming = sum(self.named(passage.text) for passage in passages)
        return naming > 1 and naming >= DENSE * len(passages)
