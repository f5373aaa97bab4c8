"""The same figures as the reference scorer of the project, on random answers to the shared questions."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from eval_cases import SHARED, synthetic

from eval.answers import Saved
from eval.run import About, Run
from eval.score import score
from eval.suite import load

QUESTIONS = SHARED / "questions" / "library-dev.jsonl"
SCORER = SHARED / "tools" / "score.py"
pytestmark = pytest.mark.skipif(
    not (QUESTIONS.exists() and SCORER.exists()), reason="the shared questions are not here"
)


def _reference() -> Any:
    spec = importlib.util.spec_from_file_location("reference_score", SCORER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", range(4))
def test_our_figures_are_those_of_the_reference(seed: int) -> None:
    questions = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    answers = {a["id"]: a for a in synthetic(questions, seed)}
    theirs, rows = _reference().score(questions, answers)
    suite = load(QUESTIONS)
    saved = {name: Saved.model_validate(a) for name, a in answers.items()}
    run = Run(name="r", about=About(suite="s", suite_sha256=suite.sha256), questions=suite.questions, answers=saved)
    ours = score(run, intervals=False)
    for name, value in theirs.items():
        figure = ours.figure(name)
        assert figure is not None, name
        assert figure.value == pytest.approx(value, abs=1e-9), name
    assert {row.id: row.points for row in ours.rows} == {row["id"]: row["points"] for row in rows}


def test_the_shared_questions_are_readable_as_they_are() -> None:
    suite = load(QUESTIONS)
    assert len(suite.questions) == len(QUESTIONS.read_text(encoding="utf-8").splitlines())
    assert {q.language for q in suite.questions} >= {"en", "fr", "es"}


def test_a_suite_written_by_us_reads_back(tmp_path: Path) -> None:
    suite = load(QUESTIONS)
    copy = tmp_path / "copy.jsonl"
    copy.write_text("".join(json.dumps(q.to_json()) + "\n" for q in suite.questions), encoding="utf-8")
    assert load(copy).questions == suite.questions
    assert load(copy).sha256 == suite.sha256
