"""Facts that the answer should state."""

from __future__ import annotations

from eval.cases import Case
from eval.metrics.metric import NONE, Metric, Share, yes
from eval.patterns import any_found
from eval.text import without_marks


def stated(case: Case) -> list[bool]:
    """For each vital nugget, whether the answer's text states it."""
    return [any_found(nugget.match, case.text) for nugget in case.question.vital]


def stated_and_cited(case: Case) -> list[bool]:
    """For each vital nugget, whether a sentence states it whose own citation quotes a gold span."""
    rested = [
        without_marks(said.text)
        for said in case.statements
        if any(
            (cited := case.cites(number)) is not None and number in case.valid and case.quotes_gold(cited)
            for number in said.citations
        )
    ]
    return [any(any_found(nugget.match, text) for text in rested) for nugget in case.question.vital]


def vital_nuggets(case: Case) -> Share:
    """Vital nuggets stated / vital nuggets. A refusal states none."""
    return Share(sum(facts := stated(case)), len(facts)) if case.question.answerable else NONE


def vital_strict(case: Case) -> Share:
    """Answerable questions with every vital nugget stated."""
    return yes(bool(facts := stated(case)) and all(facts)) if case.question.answerable else NONE


def vital_recall_strict(case: Case) -> Share:
    """Vital nuggets stated and cited to a gold span / vital nuggets. A refusal states none."""
    return Share(sum(facts := stated_and_cited(case)), len(facts)) if case.question.answerable else NONE


METRICS = (
    Metric(
        "vital_nuggets", vital_nuggets, "vital nuggets stated / vital nuggets", "TREC RAG nuggets, arXiv 2411.09607"
    ),
    Metric("vital_strict", vital_strict, "answerable with every vital nugget stated / answerable"),
    Metric(
        "vital_recall_strict",
        vital_recall_strict,
        "vital nuggets stated in a sentence whose own valid citation quotes a gold span / vital nuggets",
        "TREC 2025 RAG, strict",
        goal=0.85,
    ),
)
