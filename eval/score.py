"""Scores of a saved run: figures, whole and by group; where each question failed. No bot, no network.

Where the project's reference scorer defines a metric, ours has its name and its figure, with two differences:
percentiles of words and milliseconds are of the questions asked (not of every answer in the file), and a pattern is
bounded in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from eval import statistics
from eval.answers import sha256
from eval.cases import Case
from eval.lines import dumps
from eval.metrics.catalogue import MODEL, SHARES, WHOLE
from eval.metrics.entailment import Entails, accuracy, citation_entailment, labelled
from eval.metrics.metric import Metric, Share, Whole, total
from eval.metrics.outcomes import POINTS, verdict
from eval.metrics.risk import curve_of
from eval.run import Run

ALPHA = DELTA = 0.05
READ = 10  # passages that an answer is made from: gold below that was found but not reranked high enough


class Figure(BaseModel):
    """One metric of one run."""

    model_config = ConfigDict(frozen=True)

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    interval: str = ""
    cases: int = 0
    goal: float | None = None
    better: str = ""
    met: bool | None = None
    formula: str = ""
    source: str = ""
    model: str = ""
    note: str = ""


class Row(BaseModel):
    """One question of a run."""

    model_config = ConfigDict(frozen=True)

    id: str
    type: str
    outcome: str
    verdict: str
    points: float
    failure: str
    confidence: float


class Scores(BaseModel):
    """Everything that a run scores. The same run gives the same bytes each time."""

    model_config = ConfigDict(frozen=True)

    format: int = 1
    run: str
    suite: str
    suite_sha256: str
    answers_sha256: str
    library_sha256: str
    settings_sha256: str
    threshold: float | None = None
    asked: int
    unscored: tuple[str, ...] = ()
    figures: tuple[Figure, ...]
    groups: dict[str, dict[str, dict[str, float]]] = {}
    rows: tuple[Row, ...] = ()
    curve: tuple[tuple[float, float, float, float], ...] = ()

    def to_json(self) -> str:
        """The scores as text, the same bytes for the same run; six digits, so that no machine's last bit shows."""
        return dumps(_rounded(self.model_dump(mode="json")), indent=1) + "\n"

    def figure(self, name: str) -> Figure | None:
        """The metric of that name."""
        return next((figure for figure in self.figures if figure.name == name), None)


def score(
    run: Run, threshold: float | None = None, entailment: tuple[str, Entails] | None = None, intervals: bool = True
) -> Scores:
    """All figures of the run, in an order that does not depend on the order of its lines."""
    cases = sorted(run.cases(threshold), key=lambda case: case.id)
    figures = [figure for metric in SHARES if (figure := _share(metric, cases, intervals))]
    figures += [figure for whole in WHOLE if (figure := _whole(whole, cases, intervals))]
    figures.append(_certified(cases, floor_of(run)))
    if entailment:
        figures += _entailed(cases, *entailment)
    return Scores(
        run=run.name,
        suite=run.about.suite,
        suite_sha256=run.about.suite_sha256,
        answers_sha256=sha256("".join(dumps(case.saved.model_dump(mode="json")) for case in cases)),
        library_sha256=run.about.library_sha256,
        settings_sha256=run.about.settings_sha256,
        threshold=threshold,
        asked=len(cases),
        unscored=tuple(case.id for case in cases if unscored(case)),
        figures=tuple(figures),
        groups=grouped(cases),
        rows=tuple(row(case) for case in cases),
        curve=tuple(curve_of(cases)),
    )


def unscored(case: Case) -> bool:
    """Whether there is nothing to score: no answer, an error, or a verdict where an answer was asked for."""
    wanted = ("verdict",) if case.question.claim is not None else ("answer", "refusal")
    return case.saved.outcome not in wanted


def shares(metric: Metric, cases: Sequence[Case]) -> list[Share]:
    """What each case adds to the metric."""
    return [metric.share(case) if metric.claims == (case.question.claim is not None) else Share(0, 0) for case in cases]


def _share(metric: Metric, cases: Sequence[Case], intervals: bool) -> Figure | None:
    parts = shares(metric, cases)
    value = total(parts)
    blind = metric.needs_texts and bool(cases) and not cases[0].library.known
    if value is None and not blind:
        return None
    found = statistics.interval(parts, [case.question.about for case in cases]) if intervals and not blind else None
    low, high, how = found or (None, None, "")
    return Figure(
        name=metric.name,
        value=None if blind else value,
        low=low,
        high=high,
        interval=how,
        cases=sum(part.of > 0 for part in parts),
        goal=metric.goal,
        better=metric.better,
        met=None if blind or value is None else metric.met(value),
        formula=metric.formula,
        source=metric.source,
        note="not measured: the run has no texts; give --data" if blind else "",
    )


def _whole(whole: Whole, cases: Sequence[Case], intervals: bool) -> Figure | None:
    given = [case for case in cases if case.question.claim is None]
    value = whole.figure(given)
    if value is None:
        return None
    clusters = [case.question.about for case in given]
    found = statistics.resampled(given, clusters, whole.figure) if intervals and whole.interval else None
    low, high, how = found or (None, None, "")
    return Figure(
        name=whole.name,
        value=value,
        low=low,
        high=high,
        interval=how,
        cases=len(given),
        goal=whole.goal,
        better=whole.better,
        met=whole.met(value),
        formula=whole.formula,
        source=whole.source,
    )


def _certified(cases: Sequence[Case], floor: float | None) -> Figure:
    """The share of answerable questions answered at the threshold that certification finds; 0 where it finds none."""
    given = [case for case in cases if case.question.claim is None]
    judged = [c for c in given if c.question.split == "calibration"] or given
    dev = [c for c in given if c.question.split == "dev"] if judged is not given else []
    passed = certifiable(judged, dev, ALPHA, DELTA, floor)
    answerable = [case for case in given if case.question.answerable]
    note, value = (
        f"no threshold passes: at least {statistics.cases_needed(0, ALPHA, DELTA)} right answers are needed",
        0.0,
    )
    if passed and answerable:
        kept = [case for case in answerable if case.answered and case.saved.confidence >= passed[-1].threshold]
        note, value = f"at threshold {passed[-1].threshold:g}", len(kept) / len(answerable)
    return Figure(
        name="certified_coverage",
        value=value,
        cases=len(judged),
        goal=0.9,
        better="higher",
        met=value >= 0.9,
        formula="answerable answered at the lowest threshold with wrong answers <= 5 %, 95 % confidence / answerable",
        source="Learn then Test, arXiv 2110.01052",
        note=note,
    )


def certifiable(
    judged: Sequence[Case], dev: Sequence[Case], alpha: float, delta: float, floor: float | None = None
) -> list[statistics.Tested]:
    """The thresholds that pass on `judged`; `dev`, where there is any, says where the sequence starts.

    None lies under `floor`, the threshold asked with (else the least sure answer): what it refused was never seen.
    """
    answered, before = [c for c in judged if c.answered], [c for c in dev if c.answered]
    start = statistics.best_start(*_confidence_and_error(before), alpha) if before else None
    lowest = min((case.saved.confidence for case in answered), default=1.0) if floor is None else floor
    passed = statistics.learn_then_test(*_confidence_and_error(answered), alpha, delta, start)
    return [tested for tested in passed if tested.threshold >= lowest]


def floor_of(run: Run) -> float | None:
    """The threshold that the run was asked with, where it is known."""
    given = run.about.settings.get("threshold")
    return float(given) if isinstance(given, int | float) else None


def _confidence_and_error(cases: Sequence[Case]) -> tuple[list[float], list[bool]]:
    return [case.saved.confidence for case in cases], [verdict(case) == "wrong" for case in cases]


def _entailed(cases: Sequence[Case], name: str, entails: Entails) -> list[Figure]:
    pairs = labelled()
    label = f"{name}: judges {accuracy(entails, pairs):.2f} of {len(pairs)} labelled pairs right"
    verdicts = [citation_entailment(case, entails) for case in cases if case.question.claim is None]
    clusters = [case.question.about for case in cases if case.question.claim is None]
    figures = []
    for place, (metric, formula) in enumerate(MODEL.items()):
        parts = [verdicts_of_case[place] for verdicts_of_case in verdicts]
        value = total(parts)
        if value is not None:
            low, high, how = statistics.interval(parts, clusters) or (None, None, "")
            figures.append(
                Figure(
                    name=metric,
                    value=value,
                    low=low,
                    high=high,
                    interval=how,
                    cases=sum(p.of > 0 for p in parts),
                    goal=0.95,
                    better="higher",
                    met=value >= 0.95,
                    formula=formula,
                    source="ALCE, arXiv 2305.14627, mended",
                    model=label,
                )
            )
    return figures


def grouped(cases: Sequence[Case]) -> dict[str, dict[str, dict[str, float]]]:
    """The share metrics by type, tag, language and split: {"type": {"fact": {"cases": 22, "correct": 0.9, ...}}}."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for kind in ("type", "tag", "language", "split"):
        members: dict[str, list[Case]] = {}
        for case in cases:
            for value in _labels(case, kind):
                members.setdefault(value, []).append(case)
        if members:
            found[kind] = {value: _figures(members[value]) for value in sorted(members)}
    return found


def _labels(case: Case, kind: str) -> Sequence[str]:
    question = case.question
    return {
        "type": [question.type],
        "tag": question.tags,
        "language": [question.language],
        "split": [question.split] if question.split else [],
    }[kind]


def _figures(cases: Sequence[Case]) -> dict[str, float]:
    values = {
        metric.name: total(shares(metric, cases))
        for metric in SHARES
        if not metric.needs_texts or cases[0].library.known
    }
    return {"cases": float(len(cases))} | {name: value for name, value in values.items() if value is not None}


def row(case: Case) -> Row:
    """What became of one question."""
    judged = verdict(case)
    return Row(
        id=case.id,
        type=case.question.type,
        outcome=case.saved.outcome,
        verdict=judged,
        points=POINTS[judged],
        failure=failure(case, judged),
        confidence=case.saved.confidence,
    )


def failure(case: Case, judged: str) -> str:
    """Where a question failed first: indexing, retrieval, reranking, refusing, quoting or answering."""
    if judged == "right":
        return ""
    if judged == "missing":
        return "not answered"
    if case.question.claim is not None or not case.question.answerable:
        return "wrongly answered"
    groups = case.question.groups
    if case.library.known and all(not any(case.places(span) for span in spans) for spans in groups.values()):
        return "not indexed"
    if not case.first_rank:
        return "not retrieved"
    if min(case.first_rank.values()) > READ and not any(case.cited_groups().values()):
        return "not reranked"
    if case.refused:
        return "wrongly refused"
    return "wrongly answered" if all(case.cited_groups().values()) else "not quoted"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6) + 0.0
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value
