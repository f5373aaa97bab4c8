"""How well the checker tells true statements from false ones: verdicts on statements that one edit has made false."""

from __future__ import annotations

from eval.cases import Case
from eval.metrics.metric import NONE, Metric, Share, yes


def mutations_caught(case: Case) -> Share:
    """False statements made by one edit that are caught / made. A missing verdict catches nothing."""
    claim = case.question.claim
    return (
        NONE
        if claim is None or claim.supported
        else yes(case.saved.outcome == "verdict" and case.saved.supported is False)
    )


def paraphrases_kept(case: Case) -> Share:
    """True paraphrases that are kept / made. A missing verdict keeps nothing."""
    claim = case.question.claim
    return (
        NONE
        if claim is None or not claim.supported
        else yes(case.saved.outcome == "verdict" and case.saved.supported is True)
    )


METRICS = (
    Metric(
        "mutations_caught", mutations_caught, "false statements made by one edit, caught / made", goal=0.99, claims=True
    ),
    Metric("paraphrases_kept", paraphrases_kept, "true paraphrases kept / made", goal=0.95, claims=True),
)
