"""What readers say of answers is kept, and becomes cases that evaluation reads."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.ask import Legation
from bot.cli import app
from bot.feedback import FILE, Feedback, Unkept, cases, record
from bot.question import Filters
from eval.suite import Question

FACT = "When did the Harbour Accord enter into force?"
UNKNOWN = "What is the capital of Mongolia?"


def test_what_was_found_right_is_a_case_as_it_stands(page_legation: Legation, tmp_path: Path) -> None:
    kept = Feedback(tmp_path)
    earlier = [{"role": "user", "content": "What is the Harbour Accord?"}]
    kept.put(**record(page_legation.ask(FACT), "helpful", earlier, Filters(publisher="Conference of Ports")))
    (case,) = cases(kept.all())
    question = Question.model_validate(case)
    assert question.answerable
    assert question.filters == {"publisher": "Conference of Ports"}
    assert question.history[0].content == "What is the Harbour Accord?"
    assert "1 March 2020" in question.evidence[0].span
    assert question.evidence[0].sha256
    assert "unchecked" not in question.tags


def test_a_refusal_found_right_is_a_case_without_an_answer(page_legation: Legation, tmp_path: Path) -> None:
    kept = Feedback(tmp_path)
    kept.put(**record(page_legation.ask(UNKNOWN), "helpful"))
    (case,) = cases(kept.all())
    assert not Question.model_validate(case).answerable


@pytest.mark.parametrize("reason", ["wrong-citation", "missing-source", "wrong-refusal"])
def test_what_was_found_wrong_waits_for_a_person(page_legation: Legation, tmp_path: Path, reason: str) -> None:
    kept = Feedback(tmp_path)
    found = page_legation.ask(UNKNOWN if reason == "wrong-refusal" else FACT)
    kept.put(**record(found, "helpful"))
    kept.put(**record(found, reason) | {"comment": "See\nArticle 9."})
    kept.put(**record(found, reason))
    (case,) = cases(kept.all())
    question = Question.model_validate(case)
    assert set(question.tags) == {"feedback", reason, "unchecked"}
    assert question.notes == "See Article 9."


def test_feedback_without_a_question_is_no_case(tmp_path: Path) -> None:
    kept = Feedback(tmp_path)
    kept.put(answer="a", verdict="helpful")
    assert len(list(kept.all())) == 1
    assert list(cases(kept.all())) == []


def test_a_file_of_an_earlier_version_is_read_and_written(page_legation: Legation, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as file:
        file.execute(
            "CREATE TABLE feedback (id INTEGER PRIMARY KEY, at TEXT NOT NULL, answer TEXT NOT NULL, "
            "verdict TEXT NOT NULL, statement INTEGER, comment TEXT, question TEXT)"
        )
        file.execute("INSERT INTO feedback VALUES (1, '2026-01-01', 'a', 'helpful', NULL, '', 'What?')")
    file.close()
    kept = Feedback(tmp_path)
    kept.put(**record(page_legation.ask(FACT), "helpful"))
    assert [row["id"] for row in kept.all()] == [1, 2]
    assert len(list(cases(kept.all()))) == 1


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(Unkept, match=FILE):
        list(Feedback(tmp_path).all())
    with pytest.raises(Unkept, match=FILE):
        Feedback(tmp_path).put(answer="a", verdict="helpful")


def test_the_command_writes_cases_that_evaluation_accepts(
    page_legation: Legation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGATION_DATA", str(tmp_path))
    output = tmp_path / "cases.jsonl"
    run = CliRunner()
    assert "no feedback yet" in str(run.invoke(app, ["feedback", "export", "--output", str(output)]).output)
    Feedback(tmp_path).put(**record(page_legation.ask(FACT), "helpful"))
    done = run.invoke(app, ["feedback", "export", "--output", str(output), "--json"])
    assert json.loads(done.stdout) == {"feedback": 1, "cases": 1, "unchecked": 0}
    assert Question.model_validate_json(output.read_text()).question == FACT
    assert run.invoke(app, ["feedback", "export"]).exit_code == 2
