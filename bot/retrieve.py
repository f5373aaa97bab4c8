"""Candidates from vectors, words and named provisions, fused by rank, reranked by late interaction: the evidence."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import BaseModel, ConfigDict, PrivateAttr

from bot.answer import Evidence
from bot.names import Name, actors, fold, mentioned, names_of, pattern
from bot.question import Filters, Question, understand
from ingest.documents import Document, Passage
from ingest.structure import normal

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun

    from ingest.index import Index

FUSION = 60  # the constant of reciprocal rank fusion (Cormack et al., 2009)
CANDIDATES = 60  # a list, before fusion
RERANKED = 120  # candidates that late interaction sees; more changed nothing on the development questions
NAMED = 0.06  # added to a late-interaction score (about 0.6 to 0.95) when the question names the passage's document
DATED = 0.03  # ... when the question gives the month or year of the document
TITLED = 0.05  # ... times the weighted share of the question's words that stand in the document's title
PLACED = 0.5  # ... when the question names the provision


class Match(BaseModel):
    """How well a document fits what the question says of it."""

    model_config = ConfigDict(frozen=True)

    named: bool = False
    month: bool = False
    year: bool = False
    overlap: float = 0.0

    @property
    def bonus(self) -> float:
        """What the match adds to the late-interaction score of the document's passages."""
        return NAMED * self.named + DATED * (self.month + 0.5 * self.year) + TITLED * self.overlap


class Catalogue:
    """The library's documents by what they may be called; made once for each state of the library."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = {document.slug: document for document in documents}
        self.names: dict[str, Name] = {document.slug: names_of(document) for document in documents}
        self._words = {slug: self._card(document) for slug, document in self.documents.items()}
        count: dict[str, int] = defaultdict(int)
        for words in self._words.values():
            for word in words:
                count[word] += 1
        self._rarity = {word: float(np.log(1 + len(documents) / n)) for word, n in count.items()}
        self._common = float(np.log(1 + len(documents)))

    def _card(self, document: Document) -> frozenset[str]:
        card = " ".join([document.title, document.publisher, document.slug.replace("-", " "), *self.names[document.slug].aliases])
        listed = mentioned(card, actors())
        known = {name.canonical: name.aliases for name in actors()}
        return words_of(" ".join([card, *(alias for canonical in listed for alias in known[canonical])]))

    def match(self, question: Question) -> dict[str, Match]:
        """For each document (slug), how the question refers to it."""
        asked = words_of(question.text)
        weight = sum(self._rarity.get(word, self._common) for word in asked) or 1.0
        named = mentioned(question.text, self.names.values())
        found = {}
        for slug, document in self.documents.items():
            shared = sum(self._rarity[word] for word in asked & self._words[slug])
            found[slug] = Match(
                named=slug in named,
                month=document.date[:7] in question.months,
                year=document.year in question.years or any(str(year) in slug for year in question.years),
                overlap=shared / weight,
            )
        return found


_WORD = re.compile(r"[^\W_]+(?:[/.-]\d+)*")
_STOP = frozenset(
    "a an and are as at be by did do does for from had has have how i in into is it its may must of on or should that the their them they this to was "
    "were what when where which who whom whose why will with would under according between can could one whose many much".split()
)


def words_of(text: str) -> frozenset[str]:
    """The words of `text` that say something, folded, plural s dropped."""
    return frozenset(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in _WORD.findall(fold(text))
        if word not in _STOP
    )


class Found(BaseModel):
    """What retrieval hands on: evidence best first, the question's token vectors, and milliseconds of each stage."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    evidence: list[Evidence]
    query: np.ndarray[Any, np.dtype[np.float32]]
    matches: dict[str, Match]
    retrieve_ms: float = 0.0
    rerank_ms: float = 0.0


class Retriever:
    """Finds evidence for questions in one index."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._catalogue: tuple[int, Catalogue] | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The names of the documents, renewed when the library has changed."""
        generation = self.index.generation
        if self._catalogue is None or self._catalogue[0] != generation:
            self._catalogue = (generation, Catalogue(self.index.documents()))
        return self._catalogue[1]

    def find(self, question: Question, filters: Filters | None = None, k: int = 20) -> Found:
        """The `k` best passages for `question` among the documents that `filters` admit."""
        began = time.perf_counter()
        where = (filters or Filters()).where()
        matches = self.catalogue.match(question)
        placed = self._placed(question, matches, where)
        vector = self.index.encoder.embed_query(question.text)
        query = self.index.token_encoder.encode_query(question.text)
        lists = self._lists(question, vector, matches, where)
        candidates = list(dict.fromkeys([*placed, *fuse(lists)]))[:RERANKED]
        retrieved = time.perf_counter()
        evidence = self._rerank(query, candidates, matches, set(placed))[:k]
        return Found(
            evidence=evidence,
            query=query,
            matches=matches,
            retrieve_ms=1000 * (retrieved - began),
            rerank_ms=1000 * (time.perf_counter() - retrieved),
        )

    def _lists(self, question: Question, vector: Any, matches: Mapping[str, Match], where: Mapping[str, Any]) -> list[list[str]]:
        """Ranked passage ids: over the whole library, and within the documents that the question means."""
        scopes: list[Mapping[str, Any]] = [where]
        meant = sorted(matches, key=lambda slug: -matches[slug].bonus)[:3]
        allowed = where.get("slug")
        scopes += [{**where, "slug": slug} for slug in meant if matches[slug].bonus > 0 and allowed in (None, slug)]
        lists = []
        for depth, scope in enumerate(scopes):
            k = CANDIDATES if depth == 0 else CANDIDATES // 3
            lists.append([name for name, _ in self.index.near(vector, k, scope)])
            lists.append([name for name, _ in self.index.words(question.text, k, scope)])
        return lists

    def _placed(self, question: Question, matches: Mapping[str, Match], where: Mapping[str, Any]) -> list[str]:
        """The passages of the provisions that the question names, in the documents that it names."""
        slugs = [slug for slug, match in matches.items() if match.named] if question.pinpoints else []
        return [
            passage.id
            for slug in slugs
            if where.get("slug") in (None, slug)
            for passage in self.index.text(slug).passages
            if any(holds(passage, pinpoint) for pinpoint in question.pinpoints)
        ]

    def _rerank(
        self, query: np.ndarray[Any, Any], candidates: Sequence[str], matches: Mapping[str, Match], placed: set[str]
    ) -> list[Evidence]:
        from ingest.encoders import maxsim_many

        tokens = self.index.tokens(candidates)
        known = [name for name in candidates if name in tokens]
        if not known:
            return []
        scores = maxsim_many(query, [tokens[name].bits for name in known])
        evidence = []
        for name, score in zip(known, scores, strict=True):
            passage = self.index.passage(name)
            total = float(score) + matches[passage.slug].bonus + PLACED * (name in placed)
            evidence.append(Evidence(document=self.index.document(passage.slug), passage=passage, score=total, raw=float(score)))
        return sorted(evidence, key=lambda item: (-item.score, item.passage.id))


def holds(passage: Passage, pinpoint: str) -> bool:
    """Whether `passage` holds the provision `pinpoint` (normalised) or a part of it."""
    return any(within(normal(place), pinpoint) for place in {passage.pinpoint, *(s.pinpoint for s in passage.sentences)} if place)


def within(place: str, pinpoint: str) -> bool:
    """Whether `place` is `pinpoint` or lies inside it: 'article 21(2)(a)' lies inside 'article 21(2)', not inside 'article 2'."""
    return place == pinpoint or (place.startswith(pinpoint) and place[len(pinpoint)] in "(,. ")


def fuse(lists: Iterable[Sequence[str]]) -> list[str]:
    """Reciprocal rank fusion: the sum over lists of 1 / (60 + rank), best first; ties by id."""
    scores: dict[str, float] = defaultdict(float)
    for ranked in lists:
        for rank, name in enumerate(ranked, 1):
            scores[name] += 1 / (FUSION + rank)
    return sorted(scores, key=lambda name: (-scores[name], name))


class LegationRetriever(BaseRetriever):
    """Our retrieval as LangChain knows retrievers: a question in, LangChain documents with their pinpoints out."""

    k: int = 10
    _retriever: Retriever = PrivateAttr()

    def __init__(self, retriever: Retriever, **given: Any) -> None:
        super().__init__(**given)
        self._retriever = retriever

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[LangChainDocument]:
        found = self._retriever.find(understand(query), k=self.k)
        return [
            LangChainDocument(
                id=item.passage.id,
                page_content=item.passage.text,
                metadata={
                    "source": item.passage.slug,
                    "title": item.document.title,
                    "pinpoint": item.passage.pinpoint,
                    "page": item.passage.page,
                    "start": item.passage.start,
                    "end": item.passage.end,
                    "score": item.score,
                },
            )
            for item in found.evidence
        ]


__all__ = ["Catalogue", "Found", "LegationRetriever", "Match", "Retriever", "fuse", "holds", "pattern", "within"]
