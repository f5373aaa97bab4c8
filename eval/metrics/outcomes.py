"""Right, part, refused or wrong: what the reader got in the end."""

from __future__ import annotations

from typing import Literal

from eval.cases import Case
from eval.metrics.metric import NONE, Metric, Share, yes
from eval.metrics.nuggets import stated

Verdict = Literal["right", "part", "refused", "wrong", "missing"]
POINTS: dict[Verdict, float] = {"right": 1.0, "part": 0.5, "refused": 0.0, "wrong": -1.0, "missing": -1.0}


def verdict(case: Case) -> Verdict:
    """Right: every vital nugget stated and a gold span cited, or an unanswerable question refused.

    Part: some of the nuggets.
    """
    claim = case.question.claim
    if claim is not None and case.saved.outcome == "verdict":
        return "right" if case.saved.supported is claim.supported else "wrong"
    if claim is not None or not (case.answered or case.refused):
        return "missing"
    if not case.question.answerable:
        return "right" if case.refused else "wrong"
    if case.refused:
        return "refused"
    facts = stated(case)
    cited = any(case.cited_groups().values())
    if facts and all(facts) and cited:
        return "right"
    return "part" if any(facts) and cited else "wrong"


def truthfulness(case: Case) -> Share:
    """Mean of +1 right, +0.5 part, 0 an answerable question refused, -1 wrong or missing."""
    return Share(POINTS[verdict(case)], 1)


def correct(case: Case) -> Share:
    """Answerable questions with every vital nugget stated and a gold span cited."""
    return yes(verdict(case) == "right") if case.question.answerable else NONE


def refusal_recall(case: Case) -> Share:
    """Unanswerable questions that are refused."""
    return NONE if case.question.answerable else yes(case.refused)


def false_refusal(case: Case) -> Share:
    """Answerable questions that are refused."""
    return yes(case.refused) if case.question.answerable else NONE


def wrong_answers(case: Case) -> Share:
    """Wrong answers among the answers given: to read beside false refusals, since each can be bought with the other."""
    return yes(verdict(case) == "wrong") if case.answered else NONE


def answered_of_asked(case: Case) -> Share:
    """Questions that have an outcome at all."""
    return yes(case.saved.outcome != "missing")


METRICS = (
    Metric(
        "truthfulness",
        truthfulness,
        "mean of +1 right, +.5 part, 0 refused, -1 wrong",
        "CRAG, arXiv 2406.04744",
        goal=0.85,
        bounds=(-1, 1),
    ),
    Metric("correct", correct, "answerable with every vital nugget stated and a gold span cited / answerable"),
    Metric("wrong_answers", wrong_answers, "wrong answers / answers given", better="lower", goal=0.05),
    Metric("false_refusal", false_refusal, "refused / answerable", better="lower", goal=0.03),
    Metric("refusal_recall", refusal_recall, "refused / unanswerable", goal=0.98),
    Metric("answered_of_asked", answered_of_asked, "questions with an outcome / questions", goal=1.0),
)
