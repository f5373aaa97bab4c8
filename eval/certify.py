"""Certificates: the threshold at which wrong answers stay under a bound, and the file that `ask` takes it from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from eval import statistics
from eval.cases import Case
from eval.lines import DataError, dumps, write
from eval.metrics.outcomes import verdict
from eval.run import Run
from eval.score import certifiable, floor_of


class Counted(BaseModel):
    """Answers of one split at the certified threshold."""

    model_config = ConfigDict(frozen=True)

    questions: int
    answered: int
    wrong: int
    high: float
    """Upper end of the exact one-sided interval of the share of wrong answers."""


class Certificate(BaseModel):
    """What was certified, on what."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal[1] = 1
    threshold: float
    alpha: float
    delta: float
    p: float
    coverage: float
    false_refusal: float
    calibration: Counted
    test: Counted | None = None
    held: bool | None = None
    """Whether the bound held on the test split; None where there is none."""
    looks: int = 1
    """How often the test split has been looked at for this suite: more than once, and it is no longer a test."""
    suite: str
    suite_sha256: str
    library_sha256: str
    settings_sha256: str


def certify(run: Run, alpha: float, delta: float, before: Certificate | None = None) -> Certificate:
    """The certificate of a run.

    DataError when there are too few cases, saying how many are needed, or no threshold passes.
    """
    _sensible(alpha, delta)
    splits = {split: [c for c in run.cases() if c.question.split == split] for split in ("dev", "calibration", "test")}
    judged = splits["calibration"]
    if not judged:
        raise DataError(
            f'Run {run.name} has no calibration cases: mark some questions of the suite with "split": "calibration".'
        )
    passed = certifiable(judged, splits["dev"], alpha, delta, floor_of(run))
    if not passed:
        raise DataError(_why_not(judged, alpha, delta))
    best = passed[-1]
    test = _counted(splits["test"], best.threshold, delta) if splits["test"] else None
    every = [
        case
        for case in run.cases()
        if case.question.answerable and case.question.claim is None and case.question.split != "dev"
    ]
    answered = sum(case.answered and case.saved.confidence >= best.threshold for case in every)
    again = before is not None and test is not None and before.suite_sha256 == run.about.suite_sha256
    return Certificate(
        threshold=best.threshold,
        alpha=alpha,
        delta=delta,
        p=round(best.p, 6),
        coverage=round(answered / len(every), 6) if every else 0.0,
        false_refusal=round(1 - answered / len(every), 6) if every else 0.0,
        calibration=_counted(judged, best.threshold, delta),
        test=test,
        held=test.wrong <= alpha * test.answered if test else None,
        looks=before.looks + 1 if before is not None and again else 1,
        suite=run.about.suite,
        suite_sha256=run.about.suite_sha256,
        library_sha256=run.about.library_sha256,
        settings_sha256=run.about.settings_sha256,
    )


def _sensible(alpha: float, delta: float) -> None:
    for name, value in (("alpha", alpha), ("delta", delta)):
        if not 0 < value < 1:
            raise DataError(f"--{name} {value:g}: give a share between 0 and 1, such as 0.05.")


def _counted(cases: Sequence[Case], threshold: float, delta: float) -> Counted:
    answered = [case for case in cases if case.answered and case.saved.confidence >= threshold]
    wrong = sum(verdict(case) == "wrong" for case in answered)
    high = (
        statistics.clopper_pearson(wrong, len(answered), 1 - 2 * delta if delta < 0.5 else 0.5).high
        if answered
        else 1.0
    )
    return Counted(questions=len(cases), answered=len(answered), wrong=wrong, high=round(high, 6))


def _why_not(judged: Sequence[Case], alpha: float, delta: float) -> str:
    answered = [case for case in judged if case.answered]
    wrong = sum(verdict(case) == "wrong" for case in answered)
    least, needed = statistics.cases_needed(0, alpha, delta), statistics.cases_needed(wrong, alpha, delta)
    bound = f"at most {alpha:.1%} wrong answers with {1 - delta:.0%} confidence"
    if len(answered) < least:
        return (
            f"Too few cases to certify {bound}: {len(answered)} answers in the calibration split; "
            f"at least {least} are needed, all right."
        )
    return (
        f"No threshold gives {bound}: {wrong} of {len(answered)} answers in the calibration split are wrong. "
        f"With so many wrong, {needed} answers are needed; with none, {least}. Mend: more cases, or surer ones."
    )


def save(certificate: Certificate, path: Path) -> None:
    """Writes the certificate, whole or not at all."""
    write(path, dumps(certificate.model_dump(mode="json"), indent=1) + "\n")


def read(path: Path) -> Certificate | None:
    """The certificate in a file; None when there is none or it is no certificate."""
    try:
        return Certificate.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, json.JSONDecodeError, ValidationError):
        return None
