"""Two runs of the same questions: what got better, what got worse, and whether that is noise."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from eval import statistics
from eval.cases import Case
from eval.lines import DataError, dumps
from eval.metrics.catalogue import SHARES, WHOLE
from eval.metrics.metric import total
from eval.metrics.outcomes import verdict
from eval.run import Run
from eval.score import shares
from eval.text import listed

ALPHA = 0.05


class Change(BaseModel):
    """One metric in both runs.

    `p` is corrected for testing many metrics (Holm); None where the metric is not tested.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    a: float
    b: float
    difference: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    better: str = ""

    @property
    def significant(self) -> bool:
        """Whether the difference is more than noise."""
        return self.p is not None and self.p <= ALPHA

    @property
    def direction(self) -> str:
        """'better', 'worse' or '' when the metric has no good direction or nothing changed."""
        if not self.difference or not self.better:
            return ""
        return "better" if (self.difference > 0) == (self.better == "higher") else "worse"


class Flip(BaseModel):
    """A question that came out otherwise."""

    model_config = ConfigDict(frozen=True)

    id: str
    type: str
    question: str
    before: str
    after: str


class Comparison(BaseModel):
    """What changed from run A to run B."""

    model_config = ConfigDict(frozen=True)

    format: int = 1
    a: str
    b: str
    questions: int
    notes: tuple[str, ...] = ()
    changes: tuple[Change, ...]
    tags: dict[str, dict[str, tuple[float, float]]] = {}
    flips: tuple[Flip, ...] = ()

    @property
    def worse(self) -> list[Change]:
        """The metrics that are significantly worse in B."""
        return [change for change in self.changes if change.significant and change.direction == "worse"]

    def to_json(self) -> str:
        """The comparison as text."""
        return dumps(self.model_dump(mode="json") | {"worse": [change.name for change in self.worse]}, indent=1) + "\n"


def compare(a: Run, b: Run, threshold: float | None = None) -> Comparison:
    """The differences B - A on the questions of both. DataError when they are not about the same questions."""
    _same_questions(a, b)
    first, second = (sorted(run.cases(threshold), key=lambda case: case.id) for run in (a, b))
    return Comparison(
        a=a.name,
        b=b.name,
        questions=len(first),
        notes=tuple(_notes(a, b)),
        changes=tuple(changes(first, second)),
        tags=_by_label(first, second),
        flips=tuple(_flips(first, second)),
    )


def _same_questions(a: Run, b: Run) -> None:
    first, second = {q.id: q for q in a.questions}, {q.id: q for q in b.questions}
    only_a, only_b = sorted(first.keys() - second.keys()), sorted(second.keys() - first.keys())
    if only_a or only_b:
        told = [f"only in {a.name}: {listed(only_a)}"] * bool(only_a) + [f"only in {b.name}: {listed(only_b)}"] * bool(
            only_b
        )
        raise DataError(f"The runs are not about the same questions; {'; '.join(told)}.")
    other = [name for name, question in first.items() if question != second[name]]
    if other:
        raise DataError(
            f"Asked or judged otherwise in the two runs: {listed(other)}. Score both with the same --questions."
        )


def _notes(a: Run, b: Run) -> list[str]:
    told = []
    for what in ("library", "settings"):
        one, two = getattr(a.about, f"{what}_sha256"), getattr(b.about, f"{what}_sha256")
        if one and two and one != two:
            told.append(f"the {what} differ{'s' if what == 'library' else ''}: {_what_differs(a, b, what)}")
    return told


def _what_differs(a: Run, b: Run, what: str) -> str:
    one, two = getattr(a.about, what), getattr(b.about, what)
    return listed([str(key) for key in sorted(one.keys() | two.keys()) if one.get(key) != two.get(key)])


def changes(first: Sequence[Case], second: Sequence[Case]) -> list[Change]:
    """Every metric of two runs; the p-values corrected together."""
    clusters = [case.question.about for case in first]
    found: list[Change] = []
    for metric in SHARES:
        a, b = shares(metric, first), shares(metric, second)
        if metric.needs_texts and not (first[0].library.known and second[0].library.known):
            continue
        difference = statistics.paired(a, b, clusters, tested=metric.goal is not None)
        if difference is not None:
            value, low, high, p = difference
            one, two = total(a) or 0.0, total(b) or 0.0
            found.append(
                Change(name=metric.name, a=one, b=two, difference=value, low=low, high=high, p=p, better=metric.better)
            )
    return _corrected(found) + _whole(first, second)


def _corrected(found: list[Change]) -> list[Change]:
    """P-values corrected over the tested metrics that differ: one that cannot be rejected costs nothing (Tarone).

    Only metrics with a goal are tested; the others, such as retrieval at every k, say the same again.
    """
    values = [change.p for change in found if change.p is not None and change.p < 1]
    corrected = iter(statistics.holm(values))
    return [c if c.p is None or c.p >= 1 else c.model_copy(update={"p": next(corrected)}) for c in found]


def _whole(first: Sequence[Case], second: Sequence[Case]) -> list[Change]:
    found = []
    one, two = ([case for case in cases if case.question.claim is None] for cases in (first, second))
    for whole in WHOLE:
        a, b = whole.figure(one), whole.figure(two)
        if a is not None and b is not None:
            found.append(Change(name=whole.name, a=a, b=b, difference=b - a, better=whole.better))
    return found


def _by_label(first: Sequence[Case], second: Sequence[Case]) -> dict[str, dict[str, tuple[float, float]]]:
    """Truthfulness of both runs by type, tag and language."""
    metric = next(m for m in SHARES if m.name == "truthfulness")
    members: dict[str, dict[str, list[int]]] = {"type": {}, "tag": {}, "language": {}}
    for place, case in enumerate(first):
        labels = {"type": (case.question.type,), "tag": case.question.tags, "language": (case.question.language,)}
        for kind, values in labels.items():
            for value in values:
                members[kind].setdefault(value, []).append(place)
    return {
        kind: {
            value: (
                total(shares(metric, [first[p] for p in places])) or 0.0,
                total(shares(metric, [second[p] for p in places])) or 0.0,
            )
            for value, places in sorted(values.items())
        }
        for kind, values in members.items()
        if values
    }


def _flips(first: Sequence[Case], second: Sequence[Case]) -> list[Flip]:
    return [
        Flip(id=a.id, type=a.question.type, question=a.question.question, before=verdict(a), after=verdict(b))
        for a, b in zip(first, second, strict=True)
        if verdict(a) != verdict(b)
    ]
