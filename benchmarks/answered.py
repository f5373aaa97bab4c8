"""Fits bot/answered.json: from the middle of the cross-encoder, whether a sentence answers a question.

    python benchmarks/answered.py --ask LIBRARY QUESTIONS.jsonl --ask LIBRARY2 QUESTIONS2.jsonl

A question file holds one JSON object a line with id, question, history, answerable, evidence (source, span), nuggets (match,
vital). Sentences that hold a gold span and a vital nugget are right; those that hold neither are wrong, the ones beside the gold
and the ones of near misses with equal weight, so that the wording of a question cannot decide alone. Grouped by document.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bot.ask import Legation
from bot.question import Filters, understand
from bot.retrieve import as_read
from bot.settings import Settings

OUT = Path(__file__).parents[1] / "bot" / "answered.json"
WRONG, STRENGTH, FOLDS = 6, 0.01, 8  # wrong sentences a question, inverse of the penalty, folds of the cross-validation


def main() -> None:
    """Writes the weights and prints what they tell apart on documents that they were not fitted on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ask", nargs=2, action="append", type=Path, required=True, metavar=("LIBRARY", "QUESTIONS"))
    rows = [row for library, questions in parser.parse_args().ask for row in read(library, questions)]
    states = np.stack([row["state"] for row in rows])
    right = np.array([row["right"] for row in rows])
    weight = weights(right, np.array([row["answerable"] for row in rows]))
    groups = np.unique([row["group"] for row in rows], return_inverse=True)[1]
    told = np.zeros(len(rows))
    for train, test in GroupKFold(FOLDS).split(states, right, groups):
        told[test] = fit(states[train], right[train], weight[train]).decision_function(states[test])
    print(f"{len(rows)} pairs, {right.sum()} right; area under the curve {roc_auc_score(right, told):.3f}")
    scaler, model = fit(states, right, weight).named_steps.values()
    made = model.coef_[0] / scaler.scale_
    bias = float(model.intercept_[0] - made @ scaler.mean_)
    held = {"bias": round(bias, 4), "weights": [round(float(w), 4) for w in made]}
    OUT.write_text(json.dumps(held, indent=0) + "\n", encoding="utf-8")


def fit(states: np.ndarray, right: np.ndarray, weight: np.ndarray) -> Any:
    """A linear reading of the states."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=2000))
    return model.fit(states, right, logisticregression__sample_weight=weight)


def weights(right: np.ndarray, answerable: np.ndarray) -> np.ndarray:
    """Right sentences weigh as much as wrong ones, and of these those beside the right as much as those of near misses."""
    made = np.zeros(len(right))
    for rows, share in ((right, 1.0), (~right & answerable, 0.5), (~right & ~answerable, 0.5)):
        made[rows] = share / max(1, rows.sum())
    return made * len(right) / made.sum()


def read(library: Path, questions: Path) -> list[dict[str, Any]]:
    """The sentences that are ranked for each question, with their states and whether they are right."""
    rows = []
    with Legation.open(Settings(data=library)) as legation:
        for line in questions.read_text(encoding="utf-8").splitlines():
            rows += judged(legation, json.loads(line))
    return rows


def judged(legation: Legation, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The sentences of one question; those that hold a gold span or a nugget alone are left out."""
    question = understand(asked["question"], asked.get("history") or (), legation.retriever.vocabulary)
    found = legation.retriever.find(question, Filters.of(asked.get("filters")), k=20)
    gold = [(e["source"], fold(e["span"])) for e in asked.get("evidence") or ()]
    vital = [m for n in asked.get("nuggets") or () if n.get("vital", True) for m in n.get("match", ())]
    kept, wrong = [], 0
    for pick in legation.quoter.rank(question, question.search, found.evidence[:8]):
        text = fold(pick.text)
        cited = any(pick.document.slug == slug and (text in span or span in text) for slug, span in gold)
        told = not vital or any(re.search(m, pick.text, re.I) for m in vital)
        if asked.get("answerable", True) and (cited != (told and bool(vital or cited)) or (cited and not told)):
            continue
        right = bool(asked.get("answerable", True)) and cited and told
        wrong += not right
        if right or wrong <= WRONG:
            kept.append((pick, right))
    shown = [as_read(pick.document, pick.passage, pick.text, question.search) for pick, _ in kept]
    _, states = legation.index.pairs.read(question.search, shown)
    group = asked.get("cluster") or (gold[0][0] if gold else asked["id"])
    common = {"answerable": bool(asked.get("answerable", True)), "group": f"{group}"}
    return [{**common, "state": s, "right": right} for s, (_, right) in zip(states, kept, strict=True)]


def fold(text: str) -> str:
    """`text` without case and with single spaces."""
    return " ".join(text.split()).casefold()


if __name__ == "__main__":
    main()
