"""How well the quotes cover the gold spans."""

from __future__ import annotations

from eval.cases import Case
from eval.metrics.metric import NONE, Metric, Share, yes
from eval.suite import Span
from eval.text import Interval, common, length


def cited_any(case: Case) -> Share:
    """Answerable questions whose citations quote a gold span of at least one group."""
    return yes(any(case.cited_groups().values())) if case.question.answerable else NONE


def cited_all(case: Case) -> Share:
    """Answerable questions whose citations quote a gold span of every group."""
    return yes(all(case.cited_groups().values())) if case.question.answerable else NONE


def citation_precision(case: Case) -> Share:
    """Citations that quote a gold span / citations listed, over answered answerable questions: a lower bound."""
    if not case.question.answerable:
        return NONE
    return Share(sum(case.quotes_gold(cited) for cited in case.citations), len(case.citations))


def cited_span_recall(case: Case) -> Share:
    """Mean over answerable questions: characters of gold that quotes cover / characters; of alternatives the best."""
    if not case.question.answerable:
        return NONE
    covered = wanted = 0
    for spans in case.question.groups.values():
        best = max((_covered(case, span) for span in spans), key=lambda pair: (pair[0] / pair[1], pair[1]))
        covered, wanted = covered + best[0], wanted + best[1]
    return Share(covered / wanted, 1)


def cited_span_precision(case: Case) -> Share:
    """Mean over answered answerable questions: characters quoted that are gold / characters quoted, each once."""
    if not case.question.answerable or not case.citations:
        return NONE
    gold: dict[str, list[Interval]] = {}
    for span in case.question.evidence:
        gold.setdefault(span.source, []).extend(case.places(span))
    fabricated = sum(len(cited.quote) for cited in case.citations) if not case.quoted else 0
    quoted = sum(length(places) for places in case.quoted.values()) + fabricated
    right = sum(length(common(places, gold.get(slug, []))) for slug, places in case.quoted.items())
    return Share(right / quoted, 1) if quoted else NONE


def _covered(case: Case, span: Span) -> tuple[int, int]:
    """Characters of the span that are quoted, and its length; of several places in the document the best covered."""
    quoted = case.quoted.get(span.source, [])
    places = case.places(span)
    return max(
        ((length(common([place], quoted)), place[1] - place[0]) for place in places), default=(0, len(span.span))
    )


METRICS = (
    Metric("cited_any", cited_any, "answerable that cite a gold span of any group / answerable"),
    Metric("cited_all", cited_all, "answerable that cite a gold span of every group / answerable"),
    Metric("citation_precision", citation_precision, "citations that quote a gold span / citations (a lower bound)"),
    Metric(
        "cited_span_recall",
        cited_span_recall,
        "mean of characters of gold spans covered by quotes / characters of gold spans, overlaps merged",
        "LegalBench-RAG, arXiv 2408.10343, mended: overlaps counted once",
        goal=0.90,
        needs_texts=True,
    ),
    Metric(
        "cited_span_precision",
        cited_span_precision,
        "mean of characters quoted that are gold / characters quoted, overlaps merged",
        "LegalBench-RAG, arXiv 2408.10343, mended: overlaps counted once",
        goal=0.60,
        needs_texts=True,
    ),
)
