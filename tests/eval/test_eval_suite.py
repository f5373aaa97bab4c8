"""Suites: what is read, what is refused and with which line, and what validation finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eval_cases import CONTACT, NOTE, TEXTS, lines, question, unanswerable
from hypothesis import given
from hypothesis import strategies as st

from eval.adapters import convert
from eval.answers import sha256
from eval.lines import DataError
from eval.patterns import BadPattern, check, found
from eval.suite import Question, Suite, load
from eval.validate import validate

BROKEN: list[tuple[Any, str]] = [
    ("{", "not JSON"),
    ("[]", "not an object"),
    (question(colour="red"), "colour: Extra inputs"),
    ({k: v for k, v in question().items() if k != "question"}, "question: Field required"),
    (question(question="  "), "only white space"),
    (question(nuggets=[{"text": "x", "match": ["("]}]), "does not compile"),
    (question(nuggets=[{"text": "x", "match": []}]), "at least 1 item"),
    (question(evidence=[]), "needs at least one span"),
    (question(evidence=[{"source": "treaty", "span": "..."}]), "without a letter"),
    (question(evidence=[{"source": "treaty", "span": "a", "sha256": "12"}]), "sha256"),
    (unanswerable(evidence=[{"source": "treaty", "span": "a"}]), "neither evidence nor nuggets"),
    (question(false_premise=True, answerable=True), "not answerable"),
    (question(split="train"), "split"),
    (question(history=[{"role": "system", "content": "x"}]), "history.0.role"),
    (question(must_not=["[a"]), "must_not"),
]


@pytest.mark.parametrize(("line", "told"), BROKEN)
def test_a_broken_line_is_named_with_its_number(tmp_path: Path, line: Any, told: str) -> None:
    path = lines(tmp_path / "s.jsonl", [question("a"), "", line])
    with pytest.raises(DataError) as error:
        load(path)
    assert f"{path}:3: " in str(error.value)
    assert told in str(error.value)


def test_every_broken_line_is_named_and_no_more_than_twenty(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        load(lines(tmp_path / "s.jsonl", ["{"] * 30))
    assert str(error.value).count("not JSON") == 20
    assert "and 10 more" in str(error.value)


def test_ids_are_unique(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r":2: id 'a' is used in line 1"):
        load(lines(tmp_path / "s.jsonl", [question("a"), question("a")]))


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [("none.jsonl", None, "no such file"), ("e.jsonl", b"\n", "no questions"), ("b.jsonl", b"\xff\xfe", "not UTF-8")],
)
def test_a_file_that_cannot_be_a_suite(tmp_path: Path, name: str, body: bytes | None, told: str) -> None:
    path = tmp_path / name
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(DataError, match=told):
        load(path)


def test_a_folder_is_no_suite_and_an_unknown_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        load(tmp_path / "d.jsonl")
    with pytest.raises(DataError, match="nor a suite that ships"):
        load("no-such-suite")


def test_filters_select(tmp_path: Path) -> None:
    suite = load(
        lines(
            tmp_path / "s.jsonl",
            [
                question("a", tags=["near-miss"], language="fr"),
                question("b", type="list", split="test"),
                unanswerable("c", false_premise=True),
            ],
        )
    )

    def ids(*filters: str) -> list[str]:
        return [q.id for q in suite.select(filters).questions]

    assert ids("type=fact") == ["a"]
    assert ids("type=fact", "type=list") == ["a", "b"]
    assert ids("tag=near*") == ["a"]
    assert ids("lang=fr") == ["a"]
    assert ids("split=test") == ["b"]
    assert ids("answerable=false") == ["c"]
    assert ids("cluster=treaty") == ["a", "b"]
    assert ids("split=") == ["a", "c"]
    assert [q.id for q in suite.select([], 2).questions] == ["a", "b"]
    with pytest.raises(DataError, match="left after --filter type=fact --filter lang=es"):
        ids("type=fact", "lang=es")
    with pytest.raises(DataError, match="NAME=VALUE"):
        ids("colour=red")


def test_a_false_premise_is_not_answerable() -> None:
    assert not Question.model_validate({"id": "a", "question": "Why?", "false_premise": True}).answerable


@given(
    st.sampled_from(
        [
            question("a", tags=["x"], language="fr"),
            unanswerable("b"),
            question("c", history=[{"role": "user", "content": "Hi"}]),
        ]
    )
)
def test_questions_survive_being_written(asked: dict[str, Any]) -> None:
    one = Question.model_validate(asked)
    assert Question.model_validate(json.loads(json.dumps(one.to_json()))) == one


@pytest.mark.parametrize("pattern", ["(a+)+$", r"^(\w+\s?)*$", ".*", "a|"])
def test_bad_patterns_are_found_in_bounded_time(pattern: str) -> None:
    with pytest.raises(BadPattern):
        check(pattern)


# validation


def _validate(*questions: dict[str, Any], texts: dict[str, str] | None = None) -> list[str]:
    made = tuple(Question.model_validate(q) for q in questions)
    suite = Suite(name="s", questions=made, lines={q.id: n for n, q in enumerate(made, start=1)})
    return [f"{item.line} {item.level} {item.what}" for item in validate(suite, TEXTS if texts is None else texts)]


def test_a_good_suite_has_nothing_to_find() -> None:
    assert _validate(question("a"), unanswerable("b")) == []


def test_spans_and_hashes_are_looked_up() -> None:
    gold = [
        {"source": "treaty", "span": CONTACT, "sha256": sha256(TEXTS["treaty"])},
        {"source": "treaty", "span": CONTACT, "sha256": "0" * 64},
        {"source": "treaty", "span": "words that are not there"},
        {"source": "nowhere", "span": CONTACT},
    ]
    told = "\n".join(_validate(question("a", evidence=gold)))
    assert told.count("error") == 3
    assert "treaty has changed" in told
    assert "span not in treaty" in told
    assert "no document 'nowhere'" in told


def test_duplicates_are_found() -> None:
    assert (
        "the same question as a (line 1)"
        in _validate(question("a", question="Who hosted it?"), question("b", question="who hosted it"))[0]
    )


def test_a_followup_is_not_a_duplicate_of_another_history() -> None:
    one, two = ([{"role": "user", "content": text}] for text in ("About Kenya.", "About Ghana."))
    assert (
        _validate(question("a", question="And when?", history=one), question("b", question="And when?", history=two))
        == []
    )


def test_leaks_between_splits_are_found() -> None:
    told = _validate(
        question("a", question="Who hosted the group?", split="dev", cluster="x"),
        question("b", question="Where did it meet?", split="test", cluster="x"),
        question("c", question="Who hosted the group of all?", split="test", cluster="y"),
        question("d", question="Who hosted the groups of all?", split="calibration", cluster="z"),
    )
    assert any("cluster 'x' is in test and, with a, in dev" in item for item in told)
    assert any("warning all but the question d of split calibration" in item for item in told)


def test_facts_that_no_span_states_are_warned_of() -> None:
    assert "warning no gold span states" in _validate(question("a", nuggets=[{"text": "x", "match": ["Vienna"]}]))[0]
    assert "warning no vital nugget" in _validate(question("a", nuggets=[]))[0]


# adapters


def test_a_squad_file_is_read_by_a_mapping(tmp_path: Path) -> None:
    asked = [
        {
            "id": "1",
            "question": "Who hosted?",
            "answers": [{"text": "Kenya", "answer_start": 0}, {"text": "by Kenya"}],
            "is_impossible": False,
        },
        {"id": "2", "question": "Who paid?", "answers": [], "is_impossible": True},
    ]
    (tmp_path / "d.json").write_text(
        json.dumps({"data": [{"title": "The Note", "paragraphs": [{"context": NOTE, "qas": asked}]}]})
    )
    (tmp_path / "m.yaml").write_text(
        "files: [d.json]\neach: data.paragraphs.qas\n"
        "fields: {id: id, question: question, span: answers.text, source: title, nugget: answers.text, "
        "unanswerable: is_impossible}\n"
        "documents: {slug: title, title: title, text: context}\n"
    )
    suite = load(tmp_path / "m.yaml")
    assert [(q.id, q.answerable) for q in suite.questions] == [("1", True), ("2", False)]
    assert suite.questions[0].evidence[0].source == "the-note"
    assert found(suite.questions[0].vital[0].match[0], "hosted by Kenya.")
    _, documents = convert(tmp_path / "m.yaml")
    assert documents == [{"slug": "the-note", "title": "The Note", "passages": [{"pinpoint": "para. 1", "text": NOTE}]}]


def _beir(tmp_path: Path, qrels: str) -> Path:
    lines(tmp_path / "corpus.jsonl", [{"_id": "D 1", "title": "Note", "text": NOTE}, {"_id": "D2", "text": CONTACT}])
    lines(tmp_path / "queries.jsonl", [{"_id": "q1", "text": "Who hosted?"}])
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + qrels)
    (tmp_path / "m.yaml").write_text("format: beir\n")
    return tmp_path / "m.yaml"


def test_a_beir_folder_is_read_by_a_mapping(tmp_path: Path) -> None:
    questions, documents = convert(_beir(tmp_path, "q1\tD 1\t1\nq1\tD2\t0\n"))
    assert [(q.id, [s.source for s in q.evidence]) for q in questions] == [("q1", ["d-1"])]
    assert [d["slug"] for d in documents] == ["d-1", "d2"]


def test_a_csv_is_read_by_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("frage,beleg,quelle\nWho hosted?,hosted by Kenya,note\n")
    (tmp_path / "m.yaml").write_text("files: [q.csv]\nfields: {question: frage, span: beleg, source: quelle}\n")
    (only,) = load(tmp_path / "m.yaml").questions
    assert (only.question, only.evidence[0].source) == ("Who hosted?", "note")


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ("a: [", "not YAML"),
        ("colour: red", "colour: Extra"),
        ("files: [q.csv]\nfields: {frage: x}", "frage unknown"),
        ("fields: {question: x}", "which files"),
        ("files: [q.csv]\nfields: {question: nix}", "question: Field required"),
        ("files: [none.json]\nfields: {question: x}", "no such file"),
        ("files: [bad.json]\nfields: {question: x}", "not JSON"),
        ("files: [list.json]\neach: data\nfields: {question: x}", "there is no 'data' here"),
        ("files: [q.csv]\nfields: {question: frage}\ntype: 3", "type"),
    ],
)
def test_a_mapping_that_does_not_fit_is_told(tmp_path: Path, mapping: str, told: str) -> None:
    (tmp_path / "q.csv").write_text("frage\nWho?\n")
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "list.json").write_text('[{"x": 1}]')
    (tmp_path / "m.yaml").write_text(mapping)
    with pytest.raises(DataError, match=told):
        load(tmp_path / "m.yaml")


def test_broken_qrels_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"test.tsv:2: a query and a document"):
        convert(_beir(tmp_path, "q1\tnowhere\t1\n"))
