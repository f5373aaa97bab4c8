"""Statements made false by one edit, and true ones told otherwise: the cases, the table, the bounds."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval import mutations
from eval.commands import SEED, app
from eval.generate import notes
from eval.lines import DataError


@pytest.fixture(scope="module")
def cases() -> list[mutations.Case]:
    return mutations.generate(notes(), SEED)


def test_enough_cases_of_every_class(cases: list[mutations.Case]) -> None:
    count = Counter(case.kind for case in cases)
    assert set(count) == {*mutations.MUTANTS, *mutations.PARAPHRASES}
    assert min(count.values()) >= 40
    assert sum(count[kind] for kind in mutations.MUTANTS) >= 600
    assert sum(count[kind] for kind in mutations.PARAPHRASES) >= 300
    assert len({case.id for case in cases}) == len(cases)


def test_every_case_cites_words_of_its_document_and_says_something_else(cases: list[mutations.Case]) -> None:
    bodies = {slug: text.document.text for slug, text in notes().items()} | {mutations.ACT: mutations.act()[0]}
    for case in cases:
        for cited in case.citations:
            assert cited["quote"] in bodies[cited["source"]]
            assert cited["quote"] != case.text
        assert len(case.citations) == (2 if case.kind == "merged claims" else 1)


def test_the_seed_alone_decides(cases: list[mutations.Case]) -> None:
    assert mutations.generate(notes(), SEED) == cases
    assert mutations.generate(notes(), SEED + 1) != cases


def test_the_command_prints_the_table_of_the_docs_writes_the_cases_and_keeps_the_bounds(tmp_path: Path) -> None:
    out = tmp_path / "cases.jsonl"
    docs = (Path(__file__).parents[2] / "docs" / "verifier.md").read_text("utf-8")
    seed = re.findall(r"legation eval mutations --seed (\d+)", docs)[0]
    bounds = ["--fail-under", "caught=0.97", "--fail-under", "kept=0.95"]
    done = CliRunner().invoke(app, ["mutations", "--json", "--output", str(out), "--seed", seed, *bounds])
    assert done.exit_code == 0, done.output
    table = [mutations.Row.model_validate(row) for row in json.loads(done.stdout)]
    assert mutations.markdown(table) in docs
    rows = {row["kind"]: row for row in json.loads(done.stdout)}
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    for kind in mutations.MUTANTS:
        judged = [line["judged"] == line["supported"] for line in lines if line["kind"] == kind]
        assert rows[kind]["right"] == round(sum(judged) / len(judged), 4)
    assert rows["all mutants"]["fuzzy"] < 0.2 < rows["all mutants"]["right"]


def test_a_missed_bound_is_said() -> None:
    rows = [
        mutations.Row(kind="all mutants", supported=False, cases=10, right=0.9, fuzzy=0.1),
        mutations.Row(kind="all paraphrases", supported=True, cases=10, right=1, fuzzy=1),
    ]
    assert mutations.missed(rows, {"caught": 0.97, "kept": 0.95}) == ["caught is 0.9000, under 0.97."]
    assert mutations.missed(rows, {"caught": 0.9}) == []


@pytest.mark.parametrize("given", ["caught", "caught=", "recall=0.9", "kept=95", "kept=nan", "kept=-1"])
def test_a_bound_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(DataError, match="--fail-under"):
        mutations.bounds([given])
    done = CliRunner().invoke(app, ["mutations", "--fail-under", given])
    assert done.exit_code == 2
