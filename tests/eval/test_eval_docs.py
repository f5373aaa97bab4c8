"""The mapping files that docs/evaluation.md shows, read as a reader would use them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from eval.adapters import convert
from eval.suite import load

PAGE = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")
SQUAD, BEIR, TABLE = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_squad_mapping(tmp_path: Path) -> None:
    answers = [{"text": "1 March 2020", "answer_start": 0}]
    asked = [
        {"id": "a", "question": "When did it enter into force?", "answers": answers, "is_impossible": False},
        {"id": "b", "question": "Who objected?", "answers": [], "is_impossible": True},
    ]
    paragraphs = [{"context": "The accord entered into force on 1 March 2020.", "qas": asked}]
    whole = {"data": [{"title": "Accord", "paragraphs": paragraphs}]}
    (tmp_path / "dev-v2.0.json").write_text(json.dumps(whole), encoding="utf-8")
    (tmp_path / "squad.yaml").write_text(SQUAD, encoding="utf-8")
    questions, documents = convert(tmp_path / "squad.yaml")
    assert [question.answerable for question in questions] == [True, False]
    assert questions[0].evidence[0].source == documents[0]["slug"] == "accord"


def test_the_beir_mapping(tmp_path: Path) -> None:
    folder = tmp_path / "scifact"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text('{"_id": "D1", "title": "Accord", "text": "In force since 2020."}\n')
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "since when in force?"}\n')
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tD1\t1\n")
    (tmp_path / "beir.yaml").write_text(BEIR, encoding="utf-8")
    questions, documents = convert(tmp_path / "beir.yaml")
    assert questions[0].evidence[0].source == documents[0]["slug"] == "d1"


def test_the_table_mapping(tmp_path: Path) -> None:
    (tmp_path / "questions.csv").write_text("nr,frage,stelle,dokument\n1,Wann?,im Jahr 2020,Accord\n")
    (tmp_path / "table.yaml").write_text(TABLE, encoding="utf-8")
    (question,), _ = convert(tmp_path / "table.yaml")
    assert question.evidence[0].span == "im Jahr 2020"


def test_the_example_of_a_suite(tmp_path: Path) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "mine.jsonl").write_text(json.dumps(json.loads(example)) + "\n", encoding="utf-8")
    assert load(tmp_path / "mine.jsonl").questions[0].nuggets


def test_the_table_of_suites_is_true() -> None:
    told = {name: int(count) for name, count in re.findall(r"^\| `(adversarial-\w+)` \| (\d+)", PAGE, re.MULTILINE)}
    assert {name: len(load(name).questions) for name in told} == told
    starter = load("starter").questions
    answerable = sum(question.answerable for question in starter)
    near = sum("near-miss" in question.tags for question in starter)
    assert f"{answerable} answerable, {len(starter) - answerable} not ({near} of them near misses)" in PAGE
