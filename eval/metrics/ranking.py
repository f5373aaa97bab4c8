"""How early the gold spans are among the retrieved passages.

ir-measures does the arithmetic; scores decrease strictly with rank.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from eval.cases import Case
from eval.metrics.metric import NONE, Metric, Share, yes

KS = (1, 3, 5, 10, 20)


def hit_at(k: int) -> Callable[[Case], Share]:
    """Answerable questions with a gold span of any group inside one of the first k passages."""
    return lambda case: yes(any(rank <= k for rank in case.first_rank.values())) if case.question.answerable else NONE


def all_at(k: int) -> Callable[[Case], Share]:
    """Answerable questions with a gold span of every group inside the first k passages."""
    return lambda case: yes(_found(case, k) == len(case.question.groups)) if case.question.answerable else NONE


def _found(case: Case, k: int) -> int:
    return sum(rank <= k for rank in case.first_rank.values())


def recall_at_10(case: Case) -> Share:
    """Evidence groups found in the first 10 passages / evidence groups; the mean over answerable questions."""
    if not case.question.answerable:
        return NONE
    groups = tuple(f"group {number}" for number in case.question.groups)
    early = sorted((rank, f"group {number}") for number, rank in case.first_rank.items() if rank <= 10)
    return Share(measured("R@1000", dict.fromkeys(groups, 1), [name for _, name in early]), 1)


def ndcg_at_10(case: Case) -> Share:
    """The gain of a passage is the number of groups it is the first to hold; a group not retrieved is a gain missed."""
    if not case.question.answerable:
        return NONE
    gains: dict[str, int] = {}
    for number in case.question.groups:
        rank = case.first_rank.get(number)
        name = f"rank {rank}" if rank else f"missing {number}"
        gains[name] = gains.get(name, 0) + 1
    return Share(measured("nDCG@10", gains, [f"rank {rank}" for rank in range(1, len(case.saved.retrieved) + 1)]), 1)


def measured(measure: str, gains: dict[str, int], ranked: list[str]) -> float:
    """One measure of ir-measures on one ranking, best first."""
    return _measured(measure, tuple(sorted(gains.items())), tuple(ranked))


@lru_cache(maxsize=65536)
def _measured(measure: str, gains: tuple[tuple[str, int], ...], ranked: tuple[str, ...]) -> float:
    import ir_measures

    if not ranked:
        return 0.0
    scores = {name: float(len(ranked) - place) for place, name in enumerate(ranked)}
    figures = ir_measures.iter_calc([ir_measures.parse_measure(measure)], {"q": dict(gains)}, {"q": scores})
    return float(next(iter(figures)).value)


METRICS = (
    *(
        Metric(f"retrieved_hit@{k}", hit_at(k), f"answerable with a gold span in the first {k} passages / answerable")
        for k in KS
    ),
    *(
        Metric(f"retrieved_all@{k}", all_at(k), f"answerable with a span of every group in the first {k} / answerable")
        for k in KS
    ),
    Metric(
        "recall@10",
        recall_at_10,
        "mean of evidence groups in the first 10 passages / groups",
        "ir-measures R@k",
        goal=0.98,
    ),
    Metric(
        "ndcg@10", ndcg_at_10, "mean nDCG@10, gain: groups first held by the passage", "ir-measures nDCG@10", goal=0.90
    ),
)
