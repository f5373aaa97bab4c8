"""Fits the weights of the gate (bot/refuse.py) on question files and prints them with what they would refuse.

    python benchmarks/gate.py --ask LIBRARY QUESTIONS.jsonl --ask LIBRARY2 QUESTIONS2.jsonl

A question file holds one JSON object a line with id, question, history, answerable. Each file weighs the same, and so do its
answerable and its unanswerable questions together. Figures are from cross-validation.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from bot.ask import Legation
from bot.question import Filters
from bot.refuse import WEIGHTS
from bot.settings import Settings

NAMES = [name for name in WEIGHTS if name not in ("bias", "placed", "followup", "unrelated")]
FOLDS, STRENGTH = 8, 0.1  # of the cross-validation; inverse of the penalty
THRESHOLDS = (0.4, 0.5, 0.6, 0.7)


def main() -> None:
    """Prints the weights, and what they refuse of each file at several thresholds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ask", nargs=2, action="append", type=Path, required=True, metavar=("LIBRARY", "QUESTIONS"))
    signals, answerable, files, ruled = [], [], [], []
    for library, questions in parser.parse_args().ask:
        with Legation.open(Settings(data=library)) as legation:
            for asked in map(json.loads, questions.read_text(encoding="utf-8").splitlines()):
                filters = Filters.of(asked.get("filters"))
                judgement = legation.judge(asked["question"], asked.get("history") or (), filters)
                if judgement.signals is None:
                    ruled.append((questions.stem, asked["answerable"]))
                else:
                    signals.append([float(getattr(judgement.signals, name)) for name in NAMES])
                    answerable.append(asked["answerable"])
                    files.append(questions.stem)
    report(np.array(signals), np.array(answerable), np.array(files), ruled)


def report(signals: np.ndarray, answerable: np.ndarray, files: np.ndarray, ruled: list[tuple[str, bool]]) -> None:
    """The weights in the units of the signals, and the shares refused by cross-validation."""
    mean, spread = signals.mean(0), signals.std(0) + 1e-9
    scaled, weight = (signals - mean) / spread, _weights(answerable, files)
    sure = np.zeros(len(answerable))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(scaled, answerable):
        sure[test] = fit(scaled[train], answerable[train], weight[train]).predict_proba(scaled[test])[:, 1]
    for name in dict.fromkeys(files):
        _tell(name, sure[files == name], answerable[files == name], [right for file, right in ruled if file == name])
    model = fit(scaled, answerable, weight)
    weights = model.coef_[0] / spread
    bias = float(model.intercept_[0] - weights @ mean)
    print({"bias": round(bias, 2)} | {name: round(float(w), 2) for name, w in zip(NAMES, weights, strict=True)})


def fit(scaled: np.ndarray, answerable: np.ndarray, weight: np.ndarray) -> LogisticRegression:
    """A logistic model of the signals."""
    return LogisticRegression(C=STRENGTH, max_iter=3000).fit(scaled, answerable, sample_weight=weight)


def _weights(answerable: np.ndarray, files: np.ndarray) -> np.ndarray:
    """Files weigh alike, then the answerable and the unanswerable."""
    weight = np.array([1 / (files == name).sum() for name in files])
    weight *= np.where(answerable, 1 / weight[answerable].sum(), 1 / weight[~answerable].sum())
    return weight / weight.mean()


def _tell(name: str, sure: np.ndarray, answerable: np.ndarray, ruled: list[bool]) -> None:
    """What is refused of one file, questions refused by rule among it."""
    print(f"{name}: {len(sure)} judged by signals, area under the curve {roc_auc_score(answerable, sure):.3f}")
    for threshold in THRESHOLDS:
        wrongly = ((sure[answerable] < threshold).sum() + sum(ruled)) / (answerable.sum() + sum(ruled))
        others = len(ruled) - sum(ruled)
        rightly = ((sure[~answerable] < threshold).sum() + others) / ((~answerable).sum() + others)
        print(f"  below {threshold}: {rightly:.3f} of the unanswerable, {wrongly:.3f} of the answerable")


if __name__ == "__main__":
    main()
