"""Candidates from vectors, words and named provisions, fused by rank, reranked by late interaction and a cross-encoder: the evidence."""

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
from bot.aspects import Aspect, aspects_of
from bot.catalogue import Catalogue, Match, meant
from bot.define import defines
from bot.names import fold
from bot.question import Filters, Question, understand
from bot.spelling import Vocabulary
from bot.status import is_over
from ingest.documents import Document, Passage
from ingest.structure import normal

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun

    from ingest.index import Index

FUSION = 60  # the constant of reciprocal rank fusion (Cormack et al., 2009)
CANDIDATES = 60  # a list, before fusion
RERANKED = 120  # candidates that late interaction sees; more changed nothing on the development questions
READ = 16  # passages that the cross-encoder reads, of the best by late interaction
READ_ASPECT = 6  # ... of each aspect of a question that has several
WHATEVER = 4  # one in so many is read for its words alone, whatever the question seems to say of its document
PAIRED = 0.015  # weight of the cross-encoder's logit (-11 to 11) against the late-interaction score (0.6 to 0.95)
PLACED = 0.5  # added when the question names the provision
DEFINING = 0.08  # ... when it asks for a definition, and the passage gives it
OVER = 0.03  # taken off what is repealed or superseded, unless the question names it
KEPT = 3  # passages of each aspect that stay in the evidence


class Found(BaseModel):
    """What retrieval hands on: evidence best first, that of each aspect, how documents fit, and milliseconds of each stage."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    evidence: list[Evidence]
    query: np.ndarray[Any, np.dtype[np.float32]]
    matches: dict[str, Match]
    aspects: list[tuple[Aspect, list[Evidence]]] = []
    retrieve_ms: float = 0.0
    rerank_ms: float = 0.0


class Search(BaseModel):
    """One search: the words, the terms of art added to find candidates, and the documents that are searched."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    words: str
    terms: tuple[str, ...] = ()
    where: Mapping[str, Any] = {}
    read: int = READ

    @property
    def phrasings(self) -> list[str]:
        """The words alone, and with the terms of art where there are some."""
        return [self.words, f"{self.words} {' '.join(self.terms)}"][: 1 + bool(self.terms)]


class Retriever:
    """Finds evidence for questions in one index."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._catalogue: tuple[int, Catalogue] | None = None
        self._vocabulary: tuple[int, Vocabulary] | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The names of the documents, renewed when the library has changed."""
        generation = self.index.generation
        if self._catalogue is None or self._catalogue[0] != generation:
            self._catalogue = (generation, Catalogue(self.index.documents()))
        return self._catalogue[1]

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the library, renewed when it has changed."""
        generation = self.index.generation
        if self._vocabulary is None or self._vocabulary[0] != generation:
            texts = (self.index.text(document.slug) for document in self.index.documents())
            words = Vocabulary(passage.text for text in texts for passage in text.passages)
            self._vocabulary = (generation, words)
        return self._vocabulary[1]

    def find(self, question: Question, filters: Filters | None = None, k: int = 20) -> Found:
        """The `k` best passages for `question` among the documents that `filters` admit."""
        began = time.perf_counter()
        where = (filters or Filters()).where()
        matches = self.catalogue.match(question)
        placed = self._placed(question, matches, where)
        parts = [
            aspect
            for aspect in aspects_of(question, matches, self.catalogue.documents)
            if not (aspect.slug and where) or self._admits(where, aspect.slug)
        ]
        terms = (*question.terms, f"{question.term} means") if question.term else question.terms
        whole = Search(words=question.search, terms=terms, where=where)
        searches = [whole]
        for aspect in parts:
            scope = {**where, "slug": aspect.slug} if aspect.slug else where
            searches.append(Search(words=aspect.search, terms=question.terms, where=scope, read=READ_ASPECT))
        candidates = [self._candidates(search, matches, placed if search is whole else []) for search in searches]
        retrieved = time.perf_counter()
        query = self.index.token_encoder.encode_query(whole.words)
        defining = self._defining(question.term, candidates[0]) if question.term else set()
        ranked = [
            self._rerank(search, names, matches, set(placed), defining)
            for search, names in zip(searches, candidates, strict=True)
        ]
        return Found(
            evidence=_joined(ranked[0], ranked[1:], k),
            query=query,
            matches=matches,
            aspects=[(aspect, evidence[:k]) for aspect, evidence in zip(parts, ranked[1:], strict=True) if evidence],
            retrieve_ms=1000 * (retrieved - began),
            rerank_ms=1000 * (time.perf_counter() - retrieved),
        )

    def _admits(self, where: Mapping[str, Any], slug: str) -> bool:
        return where.get("slug") in (None, slug)

    def _candidates(self, search: Search, matches: Mapping[str, Match], placed: Sequence[str]) -> list[str]:
        """Passage ids from several ranked lists: over all that is searched, and within the documents that the question means."""
        where = search.where
        scopes: list[Mapping[str, Any]] = [where]
        if "slug" not in where:
            meant = sorted(matches, key=lambda slug: -matches[slug].bonus)[:3]
            scopes += [{**where, "slug": slug} for slug in meant if matches[slug].bonus > 0]
        vectors = [self.index.encoder.embed_query(phrasing) for phrasing in search.phrasings]
        lists = []
        for depth, scope in enumerate(scopes):
            k = CANDIDATES if depth == 0 else CANDIDATES // 3
            for phrasing, vector in zip(search.phrasings, vectors, strict=True):
                lists.append([name for name, _ in self.index.near(vector, k, scope)])
                lists.append([name for name, _ in self.index.words(phrasing, k, scope)])
        return list(dict.fromkeys([*placed, *fuse(lists)]))[:RERANKED]

    def _placed(self, question: Question, matches: Mapping[str, Match], where: Mapping[str, Any]) -> list[str]:
        """The passages of the provisions that the question names, in the documents that it names."""
        slugs = meant(matches) if question.pinpoints else []
        return [
            passage.id
            for slug in slugs
            if where.get("slug") in (None, slug)
            for passage in self.index.text(slug).passages
            if any(holds(passage, pinpoint) for pinpoint in question.pinpoints)
        ]

    def _defining(self, term: str, candidates: Sequence[str]) -> set[str]:
        """Those of the candidates that say what `term` is."""
        passages = (self.index.passage(name) for name in candidates)
        return {
            p.id
            for p in passages
            if any(defines(term, p.text[s.start - p.start : s.end - p.start]) for s in p.sentences)
        }

    def _rerank(
        self,
        search: Search,
        candidates: Sequence[str],
        matches: Mapping[str, Match],
        placed: set[str],
        defining: set[str],
    ) -> list[Evidence]:
        """The candidates by late interaction, the best of them then read together with the question by the cross-encoder."""
        from ingest.encoders import maxsim_many

        tokens = self.index.tokens(candidates)
        known = [name for name in candidates if name in tokens]
        if not known:
            return []
        bits = [tokens[name].bits for name in known]
        queries = [self.index.token_encoder.encode_query(phrasing) for phrasing in search.phrasings]
        scores = np.mean([maxsim_many(query, bits) for query in queries], axis=0)
        evidence = []
        for name, score in zip(known, scores, strict=True):
            passage = self.index.passage(name)
            document, match = self.index.document(passage.slug), matches[passage.slug]
            total = float(score) + match.bonus + PLACED * (name in placed) + DEFINING * (name in defining)
            total -= OVER * (is_over(document.status) and not match.named)
            evidence.append(Evidence(document=document, passage=passage, score=total, raw=float(score)))
        read, rest = _to_read(_best_first(evidence), search.read)
        shown = [as_read(item.document, item.passage, item.passage.text, search.words) for item in read]
        logits = self.index.pairs.score(search.words, shown)
        read = [
            item.model_copy(update={"score": item.score + PAIRED * float(logit), "pair": float(logit)})
            for item, logit in zip(read, logits, strict=True)
        ]
        floor = min([PAIRED * float(logit) for logit in logits], default=0.0)
        return _best_first(
            [*read, *(item.model_copy(update={"score": item.score + floor, "pair": floor / PAIRED}) for item in rest)]
        )


def as_read(document: Document, passage: Passage, text: str, asked: str) -> str:
    """`text` of a passage as the cross-encoder reads it with a question: under its document's title and its nearest heading."""
    heading = passage.path[-1] if passage.path else ""
    return f"{document.title}. {heading}: {without_long_lists(text, asked)}"


_NAME = r"(?:the )?[A-Z][\w.’'-]*(?: (?:(?:of|and|on|for|in)(?: the)? )?[A-Z][\w.’'-]*){0,5}"
_LONG_LIST = re.compile(rf"{_NAME}(?:, (?:and )?{_NAME}){{7,}}")


def without_long_lists(text: str, asked: str) -> str:
    """`text` as models read it with the question: of eight names and more in a row, the first two, the last and those asked for.

    A statement that begins with its fifty signatories would else fill all that a model reads.
    """
    words = {fold(word) for word in re.findall(r"[A-Z]\w{3,}", asked)}

    def shorter(found: re.Match[str]) -> str:
        names = found.group().split(", ")
        return ", ".join([*names[:2], *(n for n in names[2:-1] if words & set(fold(n).split())), names[-1]])

    return _LONG_LIST.sub(shorter, text)


def _best_first(evidence: Iterable[Evidence]) -> list[Evidence]:
    return sorted(evidence, key=lambda item: (-item.score, item.passage.id))


def _to_read(evidence: Sequence[Evidence], most: int) -> tuple[list[Evidence], list[Evidence]]:
    """What the cross-encoder reads and what it does not: the best, and the best of the others by late interaction alone."""
    fitting = most - most // WHATEVER
    others = sorted(evidence[fitting:], key=lambda item: (-item.raw, item.passage.id))
    return [*evidence[:fitting], *others[: most - fitting]], others[most - fitting :]


def _joined(whole: Sequence[Evidence], parts: Sequence[Sequence[Evidence]], k: int) -> list[Evidence]:
    """The `k` best, the first few of every part among them."""
    kept = {item.passage.id: item for part in parts for item in part[:KEPT]}
    for item in whole:
        if len(kept) >= k:
            break
        kept.setdefault(item.passage.id, item)
    return _best_first(kept.values())[:k]


def holds(passage: Passage, pinpoint: str) -> bool:
    """Whether `passage` holds the provision `pinpoint` (normalised) or a part of it."""
    return any(
        within(normal(place), pinpoint)
        for place in {passage.pinpoint, *(s.pinpoint for s in passage.sentences)}
        if place
    )


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

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        found = self._retriever.find(understand(query, vocabulary=self._retriever.vocabulary), k=self.k)
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
