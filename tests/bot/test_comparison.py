"""Comparisons as tables, documents that hold no more, facts in two sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot import render
from bot.answer import Answer, Row
from bot.ask import Legation
from bot.question import Filters
from bot.settings import Settings
from bot.status import caution, is_draft, is_over
from eval.answers import Saved
from eval.cases import Case
from eval.metrics.citations import uncited
from eval.suite import Question
from ingest.index import Index
from ingest.sync import ingest

OLD = """---
title: Harbour Accord of 2010
symbol: HA/1
date: 2010-03-01
status: repealed by the Harbour Accord of 2020
---

# Harbour Accord of 2010

## Article 1

A harbour master reports each collision to the port authority within thirty days of learning of it.

## Article 2

The fine for a late report is at most 500 crowns.
"""
NEW = """---
title: Harbour Accord of 2020
symbol: HA/2
date: 2020-03-01
status: in force
---

# Harbour Accord of 2020

## Article 1

A harbour master reports each collision to the port authority within two days of learning of it.

## Article 2

The fine for a late | report is at most 9,000 crowns.
"""


@pytest.fixture(scope="module")
def legation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Legation]:
    folder: Path = tmp_path_factory.mktemp("accords")
    (folder / "harbour-accord-2010.md").write_text(OLD, encoding="utf-8")
    (folder / "harbour-accord-2020.md").write_text(NEW, encoding="utf-8")
    data = folder / "library"
    with Index.open(data, create=True) as index:
        assert not ingest(index, [str(folder)]).failed
    with Legation.open(Settings.load(data=data, threshold=0.0)) as opened:
        yield opened


def compared(legation: Legation) -> Answer:
    outcome = legation.ask("Compare the fine for a late report in the Harbour Accord of 2010 and that of 2020.")
    assert isinstance(outcome, Answer)
    return outcome


def test_a_comparison_is_a_table_with_a_row_for_each(legation: Legation) -> None:
    answer = compared(legation)
    assert answer.kind == "comparison"
    assert [row.label for row in answer.rows] == ["2010", "2020"]
    for row, source, fine in zip(
        answer.rows, ("harbour-accord-2010", "harbour-accord-2020"), ("500", "9,000"), strict=True
    ):
        said = [answer.statements[place] for place in row.statements]
        assert any(fine in statement.text for statement in said)
        assert {answer.citations[number - 1].document.slug for s in said for number in s.citations} == {source}
    assert answer.text.splitlines()[1] == "|---|---|"
    assert "late \\| report" in answer.text
    assert answer.to_json()["rows"][0]["label"] == "2010"


def test_the_page_shows_the_table(legation: Legation) -> None:
    shown = render.answer(compared(legation), 1)
    rows = [line for line in shown.splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert all(line.count("|") == 3 for line in rows[:2])


def test_a_table_has_no_uncited_sentences(legation: Legation) -> None:
    answer = compared(legation)
    question = Question.model_validate({"id": "q", "question": answer.question, "answerable": False})
    saved = Saved.model_validate(answer.to_json() | {"id": "q"})
    assert uncited(Case(question, saved)) == []


def test_rows_hold_every_statement_once(legation: Legation) -> None:
    answer = compared(legation)
    with pytest.raises(ValidationError, match="the rows place"):
        Answer.model_validate(
            {**dict(answer), "rows": (Row(label="only", statements=(0,)), Row(label="same", statements=(0,)))}
        )


def test_a_row_may_be_empty(legation: Legation) -> None:
    answer = compared(legation)
    rows = (Row(label="all", statements=tuple(range(len(answer.statements)))), Row(label="Ruritania"))
    shown = render.table(answer.model_copy(update={"rows": rows}), 1)
    assert "holds nothing" in shown


def test_an_overview_stands_under_the_headings_of_the_documents(legation: Legation) -> None:
    answer = legation.ask("Give me an overview of the Harbour Accord of 2020.", filters=Filters(year_from=2015))
    assert isinstance(answer, Answer)
    assert answer.kind == "overview"
    assert {row.label for row in answer.rows} == {"Article 1", "Article 2"}
    for row in answer.rows:
        for place in row.statements:
            assert answer.citations[answer.statements[place].citations[0] - 1].pinpoint == row.label
    for shown in (answer.text, render.answer(answer, 1), render.plain(answer)):
        lines = [line for line in shown.splitlines() if line.startswith("**Article")]
        assert lines == [f"**{row.label}**" for row in answer.rows]
    question = Question.model_validate({"id": "q", "question": answer.question, "answerable": False})
    assert uncited(Case(question, Saved.model_validate(answer.to_json() | {"id": "q"}))) == []


def test_what_is_repealed_ranks_lower_and_is_labelled(legation: Legation) -> None:
    outcome = legation.ask("Within how many days does a harbour master report a collision?")
    assert isinstance(outcome, Answer)
    assert outcome.citations[0].document.slug == "harbour-accord-2020"
    cited = {citation.document.slug for citation in outcome.citations}
    assert ("HA/1: repealed by the Harbour Accord of 2020." in outcome.note) == ("harbour-accord-2010" in cited)
    assert "HA/1: repealed" in compared(legation).note


def test_nothing_is_said_of_what_holds(legation: Legation) -> None:
    answer = compared(legation)
    holding = [c for c in answer.citations if c.document.slug == "harbour-accord-2020"]
    assert caution(holding) == ""


@pytest.mark.parametrize(
    ("status", "over", "draft"),
    [("in force", False, False), ("Repealed by X", True, False), ("zero draft", False, True), ("", False, False)],
)
def test_statuses(status: str, over: bool, draft: bool) -> None:
    assert (is_over(status), is_draft(status)) == (over, draft)


def test_a_fact_that_stands_out_has_two_sentences_at_most(page_legation: Legation) -> None:
    outcome = page_legation.ask("When did the Harbour Accord enter into force?")
    assert isinstance(outcome, Answer)
    assert len(outcome.statements) <= 2
