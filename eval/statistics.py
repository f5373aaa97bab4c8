"""Intervals and tests: resampled by cluster, since questions on one document stand and fall together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from eval.metrics.metric import Share

SEED = 20261123
RESAMPLES = 2000
PERMUTATIONS = 9999
LEVEL = 0.95


class Interval(NamedTuple):
    """An interval with the way it was made."""

    low: float
    high: float
    method: Literal["bootstrap", "exact"]


class Difference(NamedTuple):
    """B minus A, with a bootstrap interval and the p-value of a permutation test."""

    value: float
    low: float | None
    high: float | None
    p: float | None


def _scipy() -> Any:
    """scipy.stats, imported late: it takes a second."""
    from scipy import stats

    return stats


def sums(shares: Sequence[Share], clusters: Sequence[str]) -> Any:
    """Hits and totals summed by cluster, clusters in alphabetical order: shape (clusters, 2).

    The order of cases does not matter.
    """
    import numpy

    names = sorted(set(clusters))
    row = {name: place for place, name in enumerate(names)}
    parts: list[list[list[float]]] = [[[], []] for _ in names]
    for share, cluster in zip(shares, clusters, strict=True):
        parts[row[cluster]][0].append(share.hit)
        parts[row[cluster]][1].append(share.of)
    return numpy.array([[math.fsum(hits), math.fsum(of)] for hits, of in parts], dtype=float).reshape(-1, 2)


def interval(shares: Sequence[Share], clusters: Sequence[str], level: float = LEVEL) -> Interval | None:
    """The interval of a share: bootstrap by cluster; exact (Clopper-Pearson) where all clusters agree."""
    stats = _scipy()

    table = sums([s for s in shares if s.of], [c for s, c in zip(shares, clusters, strict=True) if s.of])
    hit, of = float(table[:, 0].sum()), float(table[:, 1].sum())
    if not of:
        return None
    rates = {hits / total for hits, total in table.tolist()}
    if len(table) < 2 or len(rates) == 1:
        whole = hit == int(hit) and of == int(of) and 0 <= hit <= of
        return clopper_pearson(int(hit), int(of), level) if whole else None

    def ratio(rows: Any, axis: int = -1) -> Any:
        return table[rows, 0].sum(axis=axis) / table[rows, 1].sum(axis=axis)

    rows = range(len(table))
    found = stats.bootstrap(
        (rows,), ratio, n_resamples=RESAMPLES, confidence_level=level, method="percentile", vectorized=True, rng=SEED
    ).confidence_interval
    return Interval(float(found.low), float(found.high), "bootstrap")


def clopper_pearson(hits: int, of: int, level: float = LEVEL) -> Interval:
    """The exact interval of a share."""
    stats = _scipy()

    found = stats.binomtest(hits, of).proportion_ci(confidence_level=level, method="exact")
    return Interval(float(found.low), float(found.high), "exact")


def resampled(
    items: Sequence[Any], clusters: Sequence[str], figure: Callable[[list[Any]], float | None], level: float = LEVEL
) -> Interval | None:
    """The interval of any figure of many items, by drawing clusters with replacement."""
    import numpy

    names = sorted(set(clusters))
    members = {name: [item for item, cluster in zip(items, clusters, strict=True) if cluster == name] for name in names}
    if len(names) < 2:
        return None
    rng = numpy.random.default_rng(SEED)
    draws = rng.integers(0, len(names), size=(400, len(names)))
    values = [
        v for draw in draws if (v := figure([item for place in draw for item in members[names[place]]])) is not None
    ]
    if not values:
        return None
    low, high = numpy.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), "bootstrap")


def paired(
    a: Sequence[Share], b: Sequence[Share], clusters: Sequence[str], tested: bool = True, level: float = LEVEL
) -> Difference | None:
    """The difference of two runs on the same questions; None where one has no cases.

    The test, where it is asked for, swaps the runs within whole clusters.
    """
    import numpy

    first, second = sums(a, clusters), sums(b, clusters)
    used = (first[:, 1] + second[:, 1]) > 0
    first, second = first[used], second[used]
    if not first[:, 1].sum() or not second[:, 1].sum():
        return None
    value = _rate(second.sum(axis=0)) - _rate(first.sum(axis=0))
    if numpy.array_equal(first, second):
        return Difference(0.0, 0.0, 0.0, 1.0 if tested else None)
    if len(first) < 2:
        return Difference(value, None, None, None)
    low, high = _paired_interval(first, second, level)
    return Difference(value, low, high, _swapped(first, second) if tested else None)


def _rate(pair: Any) -> float:
    return float(pair[0] / pair[1])


def _paired_interval(first: Any, second: Any, level: float) -> tuple[float | None, float | None]:
    import numpy

    stats = _scipy()

    def difference(rows: Any, axis: int = -1) -> Any:
        a, b = first[rows].sum(axis=axis - 1), second[rows].sum(axis=axis - 1)
        with numpy.errstate(invalid="ignore", divide="ignore"):
            return numpy.nan_to_num(b[..., 0] / b[..., 1]) - numpy.nan_to_num(a[..., 0] / a[..., 1])

    rows = range(len(first))
    found = stats.bootstrap(
        (rows,),
        difference,
        n_resamples=RESAMPLES,
        confidence_level=level,
        method="percentile",
        vectorized=True,
        rng=SEED,
    ).confidence_interval
    return float(found.low), float(found.high)


def _swapped(first: Any, second: Any) -> float:
    """Two-sided p-value of the paired permutation test.

    Rows of `both` below the middle are run A's clusters, the others run B's.
    """
    import numpy

    stats = _scipy()

    both = numpy.concatenate([first, second])

    def difference(rows_a: Any, rows_b: Any, axis: int = -1) -> Any:
        a, b = both[rows_a].sum(axis=axis - 1), both[rows_b].sum(axis=axis - 1)
        with numpy.errstate(invalid="ignore", divide="ignore"):
            return numpy.nan_to_num(b[..., 0] / b[..., 1]) - numpy.nan_to_num(a[..., 0] / a[..., 1])

    rows = numpy.arange(len(first))
    test = stats.permutation_test(
        (rows, rows + len(first)),
        difference,
        permutation_type="samples",
        vectorized=True,
        n_resamples=PERMUTATIONS,
        batch=1000,
        rng=SEED,
    )
    return float(test.pvalue)


def holm(values: Sequence[float]) -> list[float]:
    """P-values corrected for testing many metrics at once, after Holm (1979)."""
    order = sorted(range(len(values)), key=lambda place: values[place])
    corrected, highest = [0.0] * len(values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, values[place] * (len(values) - rank)))
        corrected[place] = highest
    return corrected


def binomial_p(wrong: int, answered: int, alpha: float) -> float:
    """P-value of 'the risk is above alpha': the chance of so few wrong answers if it were alpha."""
    stats = _scipy()

    return float(stats.binom.cdf(wrong, answered, alpha)) if answered else 1.0


def cases_needed(wrong: int, alpha: float, delta: float) -> int:
    """The fewest answers that certify a risk of at most alpha with `wrong` errors among them."""
    low, high = wrong + 1, wrong + 2
    while binomial_p(wrong, high, alpha) > delta:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if binomial_p(wrong, middle, alpha) <= delta:
            high = middle
        else:
            low = middle + 1
    return low


class Tested(NamedTuple):
    """One threshold of the sequence."""

    threshold: float
    answered: int
    wrong: int
    p: float


GRID = tuple(round(1 - step / 200, 3) for step in range(200))
"""Thresholds that may be certified, from 1 down to 0.005: fixed beforehand, so that the data cannot choose them."""


def at_each(confidences: Sequence[float], wrong: Sequence[bool], alpha: float) -> list[Tested]:
    """Answers, wrong answers and p-value at every threshold of the grid, from the highest down."""
    import numpy

    order = numpy.argsort(-numpy.asarray(confidences, dtype=float), kind="stable")
    sure = -numpy.asarray(confidences, dtype=float)[order]
    errors = numpy.concatenate([[0], numpy.cumsum(numpy.asarray(wrong, dtype=int)[order])])
    answered = numpy.searchsorted(sure, -numpy.asarray(GRID), side="right")
    p = numpy.where(answered > 0, _scipy().binom.cdf(errors[answered], answered, alpha), 1.0)
    return [Tested(t, int(n), int(k), float(v)) for t, n, k, v in zip(GRID, answered, errors[answered], p, strict=True)]


def learn_then_test(
    confidences: Sequence[float], wrong: Sequence[bool], alpha: float, delta: float, start: float | None = None
) -> list[Tested]:
    """The thresholds that keep wrong answers at most alpha of those given, with confidence 1 - delta; the lowest last.

    Fixed-sequence testing (Angelopoulos et al., arXiv 2110.01052): from `start` down the grid, each at the full delta,
    until one fails. `start` comes from other data; without it, the first threshold with enough answers to pass at all.
    """
    least = cases_needed(0, alpha, delta)
    passed: list[Tested] = []
    for tested in at_each(confidences, wrong, alpha):
        if tested.threshold > start if start is not None else tested.answered < least:
            continue
        start = tested.threshold if start is None else start
        if tested.p > delta:
            break
        passed.append(tested)
    return passed


def best_start(confidences: Sequence[float], wrong: Sequence[bool], alpha: float) -> float | None:
    """Where to start the sequence, from other cases (the dev split): the threshold whose p-value is smallest there."""
    return (
        min(at_each(confidences, wrong, alpha), key=lambda tested: (tested.p, -tested.threshold)).threshold
        if len(confidences)
        else None
    )
