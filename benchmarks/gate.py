"""Fits the weights of the gate (bot/refuse.py) on question files and prints them with what they would refuse.

    python benchmarks/gate.py --data LIBRARY QUESTIONS.jsonl...

A question file holds one JSON object a line with id, question, history, answerable. Figures are from cross-validation.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from bot.ask import Legation
from bot.refuse import WEIGHTS
from bot.settings import Settings

NAMES = [name for name in WEIGHTS if name not in ("bias", "placed", "followup")]
FOLDS = 8
FALSE_REFUSALS = (0.03, 0.05, 0.08, 0.10, 0.15)
TARGET = 0.05  # share of answerable questions below 0.5


def main() -> None:
    """Prints weights whose confidence 0.5 refuses `TARGET` of the answerable questions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("questions", nargs="+", type=Path)
    given = parser.parse_args()
    rows, answerable, ruled = [], [], {True: 0, False: 0}
    with Legation.open(Settings(data=given.data)) as legation:
        for path in given.questions:
            for line in path.read_text(encoding="utf-8").splitlines():
                asked = json.loads(line)
                judgement = legation.judge(asked["question"], asked.get("history") or ())
                if judgement.signals is None:
                    ruled[asked["answerable"]] += 1
                else:
                    rows.append([float(getattr(judgement.signals, name)) for name in NAMES])
                    answerable.append(asked["answerable"])
    report(np.array(rows), np.array(answerable), ruled)


def report(signals: np.ndarray, answerable: np.ndarray, ruled: dict[bool, int]) -> None:
    """The weights in the units of the signals, and refusal recall at several shares of false refusals."""
    mean, spread = signals.mean(0), signals.std(0) + 1e-9
    scaled = (signals - mean) / spread
    model = LogisticRegression(C=0.5, max_iter=3000, class_weight="balanced")
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    sure = cross_val_predict(model, scaled, answerable, cv=folds, method="predict_proba")[:, 1]
    model.fit(scaled, answerable)
    weights = model.coef_[0] / spread
    all_answerable = answerable.sum() + ruled[True]
    all_others = (~answerable).sum() + ruled[False]
    print(f"{len(answerable)} judged by signals, {ruled[False]} refused by rule, {ruled[True]} of them wrongly")
    print(f"area under the curve {roc_auc_score(answerable, sure):.3f}")
    for share in FALSE_REFUSALS:
        at = _threshold(sure[answerable], share, all_answerable, ruled[True])
        print(
            f"false refusal {share:.2f}: refusal recall {((sure[~answerable] < at).sum() + ruled[False]) / all_others:.3f}"
        )
    at = _threshold(model.predict_proba(scaled)[answerable, 1], TARGET, all_answerable, ruled[True])
    bias = model.intercept_[0] - (model.coef_[0] * mean / spread).sum() - np.log(at / (1 - at))
    print(
        {"bias": round(float(bias), 2)}
        | {name: round(float(weight), 3) for name, weight in zip(NAMES, weights, strict=True)}
    )


def _threshold(sure: np.ndarray, share: float, answerable: int, ruled: int) -> float:
    """The confidence under which `share` of the answerable questions lie, those refused by rule among them."""
    return float(np.sort(sure)[max(0, round(share * answerable) - ruled)])


if __name__ == "__main__":
    main()
