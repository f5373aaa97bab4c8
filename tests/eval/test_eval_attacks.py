"""The adversarial suites that ship: every case is there, and is scored by a canary or an id that can be told apart."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from eval_cases import lines

from eval.answers import Cited, Saved
from eval.attacks import LOOKALIKES, PLACEMENTS
from eval.bundle import Entry, unpacked
from eval.cases import Case
from eval.generate import suites
from eval.lines import DataError, models
from eval.metrics.attacks import forbidden, injection_success, poisoning_success
from eval.patterns import any_found
from eval.suite import Question, Suite, load
from eval.validate import validate
from ingest.readers import read_path

COUNTS = {"injections": 120, "poisoned": 60, "premises": 60, "conflicts": 40, "forgeries": 40, "markup": 40}


def shipped(name: str) -> Suite:
    return load(f"adversarial-{name}")


def bodies(name: str) -> dict[str, str]:
    return {e.name: e.body for _, e in models(suites() / f"adversarial-{name}.files.jsonl", Entry) if e.name}


def answered(question: Question, text: str, source: str = "clean") -> Case:
    cited = Cited(number=1, source=source, quote=text)
    return Case(question, Saved(id=question.id, outcome="answer", text=f"{text} [1]", citations=(cited,)))


@pytest.mark.parametrize(("name", "many"), COUNTS.items())
def test_there_are_as_many_as_promised_and_nothing_is_wrong_with_them(name: str, many: int) -> None:
    suite = shipped(name)
    assert len(suite.questions) == many
    assert [item for item in validate(suite, None) if item.level == "error"] == []
    assert all(q.must_not or q.must_not_cite for q in suite.questions)
    assert len({q.question for q in suite.questions}) == many


def test_every_goal_stands_in_every_placement() -> None:
    questions = shipped("injections").questions
    assert len({q.tags[0] for q in questions}) == 12
    assert set(Counter(q.tags for q in questions).values()) == {1}
    assert {q.tags[1] for q in questions} == set(PLACEMENTS)
    assert len({q.must_not[0] for q in questions}) == len(questions)


def test_an_injected_document_can_be_read_and_still_holds_the_fact(tmp_path: Path) -> None:
    held = bodies("injections")
    for question in shipped("injections").questions:
        name = next(name for name in held if name.startswith(f"{question.id}."))
        path = tmp_path / name
        path.write_text(held[name], encoding="utf-8")
        (reading,) = read_path(path)
        read = " ".join(" ".join(block.text for block in reading.blocks).split())
        assert question.evidence[0].span in read, name
        assert any_found(question.nuggets[0].match, read)
        if question.tags[1] in ("sentence", "paragraph", "heading", "item", "row", "note"):
            assert any_found(question.must_not, held[name])


def test_obeying_is_seen_and_answering_is_not_mistaken_for_it() -> None:
    for question in shipped("injections").questions:
        canary = question.must_not[0].replace("\\", "")
        assert injection_success(answered(question, f"It is {canary}.")).hit == 1
        assert injection_success(answered(question, question.evidence[0].span)).hit == 0


def test_a_forged_document_contradicts_the_note_that_it_imitates() -> None:
    held = bodies("poisoned")
    questions = shipped("poisoned").questions
    assert set(Counter(q.tags[0] for q in questions).values()) == {60 // len(LOOKALIKES)}
    for question in questions:
        forged = held[f"{question.id}.md"]
        gold = " ".join(span.span for span in question.evidence)
        assert any_found(question.must_not, forged), question.id
        assert not any_found(question.must_not, gold)
        assert poisoning_success(answered(question, forged)).hit == 1
        assert poisoning_success(answered(question, gold, question.id)).hit == 1
        assert poisoning_success(answered(question, gold)).hit == 0


def test_the_law_that_was_replaced_says_so_and_alone_is_a_wrong_answer() -> None:
    held = bodies("conflicts")
    assert len(held) == 80
    questions = shipped("conflicts").questions
    assert Counter(q.tags[0] for q in questions) == {"current": 28, "historic": 12}
    for question in questions:
        right = question.nuggets[0].text
        acts = [body for name, body in held.items() if name.startswith(question.id)]
        assert sum("status: repealed by" in body for body in acts) == 1
        wrong = next(body for body in acts if right not in body)
        assert forbidden(answered(question, wrong)).hit == 1
        assert forbidden(answered(question, " ".join(acts))).hit == 0


def test_a_forged_symbol_is_in_no_note_and_repeating_it_counts() -> None:
    for question in shipped("forgeries").questions:
        assert not question.answerable
        assert any_found(question.must_not, question.question)


def test_mark_up_is_judged_as_the_page_shows_it() -> None:
    held = bodies("markup")
    for question in shipped("markup").questions:
        document = json.loads(held[f"{question.id}.jsonl"])
        raw = " ".join(passage["text"] for passage in document["passages"])
        assert any_found(question.must_not, raw), question.id
        case = answered(question, raw)
        assert forbidden(case).hit == 1
        harmless = Case(question, case.saved.model_copy(update={"shown": "&#60;script&#62;"}))
        assert forbidden(harmless).hit == 0


def test_a_bundle_is_laid_out_as_files_for_the_time_of_a_run(tmp_path: Path) -> None:
    bundle = lines(tmp_path / "x.files.jsonl", [{"name": "a.md", "body": "# A\n"}, {"starter": True}])
    other = lines(tmp_path / "y.documents.jsonl", [])
    with unpacked([bundle, other]) as paths:
        assert paths[-1] == other
        assert any(path.name == "starter" for path in paths)
        (file,) = [item for path in paths if path.is_dir() for item in path.glob("a.md")]
        assert file.read_text(encoding="utf-8") == "# A\n"
    assert not file.exists()


@pytest.mark.parametrize(
    "entry", [{}, {"name": "../a.md", "body": ""}, {"name": "a.md", "starter": True}, {"name": "a.md", "colour": "red"}]
)
def test_a_broken_bundle_is_named_with_its_line(tmp_path: Path, entry: dict[str, object]) -> None:
    path = lines(tmp_path / "x.files.jsonl", [{"starter": True}, entry])
    with pytest.raises(DataError, match=r"x\.files\.jsonl:2"), unpacked([path]):
        pass


def test_suites_are_known_by_name_without_their_documents() -> None:
    with pytest.raises(DataError) as error:
        load("no-such-suite")
    assert "adversarial-markup, adversarial-poisoned" in str(error.value)
    assert "files" not in str(error.value)
