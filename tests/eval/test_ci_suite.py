"""The small fixed suite of every test run: two notes of the starter library, asked by `legation eval`, with bounds.

What must never break has a bound of 1; what answers are worth has a floor that a change for the worse runs into.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from eval.commands import MISSED, app

STARTER = Path(__file__).parents[2] / "ingest" / "starter"
NOTES = ("un-gges", "budapest-convention")
EXACT = {
    "answered_of_asked": 1.0,
    "citation_validity": 1.0,
    "quote_fidelity": 1.0,
    "name_number_fidelity": 1.0,
    "citation_coverage": 1.0,
}
FLOORS = {"recall@10": 0.9, "cited_any": 0.7, "vital_nuggets": 0.7, "refusal_recall": 0.3}
CEILINGS = {"false_refusal": 0.3, "wrong_answers": 0.4}


def bounds(option: str, values: dict[str, float]) -> list[str]:
    return [part for name, value in values.items() for part in (option, f"{name}={value}")]


def eval_(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The run, and what `legation eval run` said of it."""
    folder = tmp_path_factory.mktemp("ci") / "run"
    documents = [part for note in NOTES for part in ("--documents", STARTER / f"{note}.md")]
    filters = [part for note in NOTES for part in ("--filter", f"cluster={note}")]
    limits = [*bounds("--fail-under", EXACT | FLOORS), *bounds("--fail-over", CEILINGS)]
    return folder, eval_("run", "starter", "--output", folder, "--format", "json", *documents, *filters, *limits)


def test_every_bound_is_kept(asked: tuple[Path, Result]) -> None:
    _, result = asked
    assert result.exit_code == 0, result.output


def test_it_asked_what_it_should(asked: tuple[Path, Result]) -> None:
    folder, _ = asked
    questions = [json.loads(line) for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert 20 <= len(questions) <= 35
    assert {question["cluster"] for question in questions} == set(NOTES)
    assert {True, False} == {question["answerable"] for question in questions}


def test_a_bound_that_is_missed_fails(asked: tuple[Path, Result]) -> None:
    folder, _ = asked
    assert eval_("score", folder, "--fail-over", "answered_of_asked=0.5").exit_code == MISSED
    assert eval_("score", folder, *bounds("--fail-under", EXACT)).exit_code == 0


def test_a_corrupted_quote_is_noticed(asked: tuple[Path, Result], tmp_path: Path) -> None:
    folder, _ = asked
    answers = [json.loads(line) for line in (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    first = next(answer for answer in answers if answer["citations"])
    first["citations"][0]["quote"] += " and more"
    spoilt = tmp_path / "answers.jsonl"
    spoilt.write_text("".join(json.dumps(answer) + "\n" for answer in answers), encoding="utf-8")
    library = tmp_path / "run"
    library.mkdir()
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "answers.jsonl":
            (library / path.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
            (library / path.relative_to(folder)).write_bytes(path.read_bytes())
    spoilt.replace(library / "answers.jsonl")
    assert eval_("score", library, "--fail-under", "quote_fidelity=1").exit_code == MISSED
