"""Every metric, in the order of the reports."""

from __future__ import annotations

from eval.metrics import attacks, citations, claims, nuggets, outcomes, ranking, risk, spans, speed
from eval.metrics.metric import Metric, Whole

SHARES: tuple[Metric, ...] = (
    *outcomes.METRICS,
    *citations.METRICS,
    *spans.METRICS,
    *nuggets.METRICS,
    *ranking.METRICS,
    *attacks.METRICS,
    *claims.METRICS,
)
WHOLE: tuple[Whole, ...] = (*risk.METRICS, *speed.METRICS)

MODEL = {
    "entailment_recall": "ALCE: sentences supported by their citations together / sentences; mean over questions",
    "entailment_precision": "ALCE: citations needed (leave-one-out) / citations, fabricated too; mean over questions",
    "entailment_f1": "harmonic mean of the two; mean over questions",
}
"""Metrics that need a model (N)."""


def names() -> list[str]:
    """The names that --fail-under knows."""
    return [m.name for m in SHARES] + [m.name for m in WHOLE] + ["certified_coverage", *MODEL]
