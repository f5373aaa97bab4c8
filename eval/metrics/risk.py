"""How well confidence tells right answers from wrong ones: the risk-coverage curve and the area under it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from eval.cases import Case
from eval.metrics.metric import Whole
from eval.metrics.outcomes import verdict


class Point(NamedTuple):
    """What a threshold gives: the share answered, and of wrong answers among all and among those answered."""

    threshold: float
    coverage: float
    risk: float
    selective: float


def curve(confidences: Sequence[float], wrong: Sequence[bool], asked: int) -> list[Point]:
    """The points from the highest threshold to the lowest; equal confidences are one point.

    `asked` counts refusals too.
    """
    ranked = sorted(zip(confidences, wrong, strict=True), key=lambda pair: -pair[0])
    points, answered, errors = [Point(1.0, 0.0, 0.0, 0.0)], 0, 0
    for place, (confidence, error) in enumerate(ranked):
        answered, errors = answered + 1, errors + bool(error)
        if place + 1 == len(ranked) or ranked[place + 1][0] < confidence:
            points.append(Point(confidence, answered / asked, errors / asked, errors / answered))
    return points


def area(points: Sequence[Point]) -> float:
    """The area under generalised risk over coverage, by trapezia.

    Past the last answer nothing more is answered, so nothing is added.
    """
    return sum((b.coverage - a.coverage) * (a.risk + b.risk) / 2 for a, b in pairwise(points))


def curve_of(cases: Sequence[Case]) -> list[Point]:
    """The curve of a run. Refusals are questions that are not answered at any threshold."""
    given = [case for case in cases if case.question.claim is None]
    answered = [case for case in given if case.answered]
    return (
        curve([c.saved.confidence for c in answered], [verdict(c) == "wrong" for c in answered], len(given))
        if given
        else []
    )


def augrc(cases: Sequence[Case]) -> float | None:
    """Area under the generalised risk-coverage curve: the risk of a wrong answer, averaged over thresholds."""
    points = curve_of(cases)
    return area(points) if points else None


METRICS = (
    Whole(
        "augrc",
        augrc,
        "area under P(answered and wrong) over coverage",
        "Traub et al. 2024, arXiv 2407.01032",
        goal=0.01,
        interval=True,
    ),
)
