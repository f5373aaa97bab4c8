"""What a metric is: a function from a case to a share, summed over the cases; refusals are cases like all others."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from eval.cases import Case

Better = Literal["higher", "lower", ""]


class Share(NamedTuple):
    """What one case adds to a metric: `hit` out of `of`. The metric is the sum of hits over the sum of `of`."""

    hit: float
    of: float


NONE = Share(0, 0)


def yes(value: bool) -> Share:
    """One case of one."""
    return Share(float(value), 1)


@dataclass(frozen=True)
class Metric:
    """A metric with what a report says of it."""

    name: str
    share: Callable[[Case], Share]
    formula: str
    source: str = ""
    better: Better = "higher"
    goal: float | None = None
    bounds: tuple[float, float] = (0.0, 1.0)
    needs_texts: bool = False
    claims: bool = False
    """Whether it judges verdicts of the checker instead of answers."""

    def met(self, value: float) -> bool | None:
        """Whether the goal is reached; None when there is none."""
        if self.goal is None:
            return None
        return value <= self.goal + 1e-12 if self.better == "lower" else value >= self.goal - 1e-12


@dataclass(frozen=True)
class Whole:
    """A metric of all cases together, such as a percentile or the area under a curve."""

    name: str
    figure: Callable[[Sequence[Case]], float | None]
    formula: str
    source: str = ""
    better: Better = "lower"
    goal: float | None = None
    interval: bool = False
    """Whether resampling it makes sense."""

    def met(self, value: float) -> bool | None:
        """Whether the goal is reached; None when there is none."""
        if self.goal is None:
            return None
        return value <= self.goal + 1e-12 if self.better == "lower" else value >= self.goal - 1e-12


def total(shares: Sequence[Share]) -> float | None:
    """The metric of these shares: None when it does not apply to any case."""
    of = sum(share.of for share in shares)
    return sum(share.hit for share in shares) / of if of else None


def kebab(name: str) -> str:
    """A name as an anchor in a page."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
