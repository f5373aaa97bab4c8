"""Words and time of answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from eval.cases import Case
from eval.metrics.metric import Whole
from eval.text import words


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value at that share of the ordered values, no interpolation; None of nothing."""
    ordered = sorted(value for value in values if math.isfinite(value))
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def words_at(share: float) -> Callable[[Sequence[Case]], float | None]:
    """Words of the answers given: nobody reads a dump of passages."""
    return lambda cases: percentile([words(case.text) for case in cases if case.answered], share)


def milliseconds_at(share: float) -> Callable[[Sequence[Case]], float | None]:
    """Milliseconds of a whole answer, refusals too."""
    return lambda cases: percentile(
        [case.saved.timings_ms["total"] for case in cases if "total" in case.saved.timings_ms], share
    )


METRICS = (
    Whole("words_p50", words_at(0.5), "median words of an answer", better=""),
    Whole("words_p95", words_at(0.95), "words of an answer, 95th percentile", better=""),
    Whole("latency_p50_ms", milliseconds_at(0.5), "median milliseconds of timings_ms.total", better="lower"),
    Whole("latency_p95_ms", milliseconds_at(0.95), "milliseconds of timings_ms.total, 95th percentile", better="lower"),
)
