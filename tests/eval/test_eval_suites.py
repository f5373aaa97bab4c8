"""The suites that ship: what the generator makes, no fault in them, and enough of everything that was promised."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from eval.generate import SPLITS, Written, _span, files, notes, nugget, split, starter, suites
from eval.lines import DataError
from eval.patterns import any_found
from eval.suite import Suite, load
from eval.validate import validate
from ingest.documents import Text

KINDS = {"fact", "list", "definition", "pinpoint", "comparison", "timeline", "overview", "followup", "paraphrase"}


@pytest.fixture(scope="module")
def texts() -> dict[str, Text]:
    return notes()


@pytest.fixture(scope="module")
def shipped() -> Suite:
    return load("starter")


def test_the_committed_files_are_what_the_generator_writes() -> None:
    stale = [
        name
        for name, text in files()
        if not (suites() / name).exists() or (suites() / name).read_text(encoding="utf-8") != text
    ]
    assert not stale, f"run `legation eval generate` and commit {', '.join(stale)}"


def test_nothing_is_wrong_with_the_starter_suite(shipped: Suite, texts: dict[str, Text]) -> None:
    found = validate(shipped, {slug: text.document.text for slug, text in texts.items()})
    assert [f"{item.line}: {item.id}: {item.what}" for item in found] == []


def test_there_is_enough_of_every_sort(shipped: Suite) -> None:
    questions = shipped.questions
    answerable = [q for q in questions if q.answerable]
    unanswerable = [q for q in questions if not q.answerable]
    assert len(answerable) >= 250
    assert len(unanswerable) >= 120
    assert sum("near-miss" in q.tags for q in unanswerable) >= len(unanswerable) / 2
    tags = Counter(tag for q in unanswerable for tag in q.tags)
    assert min(tags[tag] for tag in ("wrong-year", "wrong-body", "confusable", "absent-attribute", "false-premise")) > 9
    assert {q.type for q in answerable} == KINDS
    assert sum(bool(q.history) for q in questions) >= 10
    languages = Counter(q.language for q in questions)
    assert languages["fr"] >= 20
    assert languages["es"] >= 20
    assert min(Counter(q.split for q in questions)[name] for name in SPLITS) >= 100


def test_every_answerable_question_names_its_paragraph_and_the_hash_of_its_document(shipped: Suite) -> None:
    for span in (span for q in shipped.questions for span in q.evidence):
        assert span.sha256
        assert span.pinpoint
        assert span.pinpoint.startswith("para. "), span


def test_a_document_is_in_one_split_whatever_the_others_are() -> None:
    names = dict.fromkeys("abcdefghi")
    assert Counter(split(name, names, 1) for name in names) == dict.fromkeys(SPLITS, 3)
    assert split("elsewhere-01", names, 1) in SPLITS


def test_the_seed_moves_documents_between_splits_and_changes_nothing_else() -> None:
    one, two = starter(1), starter(2)
    assert [q.split for q in one] != [q.split for q in two]
    assert [q.model_copy(update={"split": None}) for q in one] == [q.model_copy(update={"split": None}) for q in two]


@pytest.mark.parametrize(
    ("said", "stated", "not_stated"),
    [
        ("27 June 2014", ["on 27 June 2014", "June 27, 2014", "2014-06-27", "le 27 juin 2014", "el 27 de junio de 2014"], ["27 June 2015", "127 June 2014"]),
        ("1 July 2004", ["1er juillet 2004", "1st of July 2004"], ["11 July 2004", "21 July 2004"]),
        ("February 2024", ["in February 2024", "2024-02-06", "febrero de 2024"], ["February 2014"]),
        ("16", ["total of 16", "sixteen measures"], ["2016", "160"]),
        ("five", ["after 5", "Five"], ["fifty", "55"]),
        ("18,000", ["18,000 customers", "18 000", "18000"], ["118,000", "18,0001"]),
        ("GRU | Russian military intelligence", ["the GRU", "Russian\nmilitary intelligence"], ["gruesome"]),
        ("Côte d'Ivoire", ["Côte d’Ivoire"], ["Côte"]),
        (r"re:\b75\b", ["75 Parties"], ["175"]),
    ],
)  # fmt: skip
def test_a_fact_is_recognised_in_its_usual_forms_and_no_other(
    said: str, stated: list[str], not_stated: list[str]
) -> None:
    patterns = nugget(said).match
    assert all(any_found(patterns, text) for text in stated)
    assert not any(any_found(patterns, text) for text in not_stated)


def test_what_is_nice_to_have_is_not_vital() -> None:
    assert not nugget("? Lancaster House").vital
    assert nugget("Lancaster House").text == "Lancaster House"


def test_words_between_dots_are_filled_in_from_the_document(texts: dict[str, Text]) -> None:
    slug, text = next(iter(texts.items()))
    span = _span(slug, "The Malabo Convention is ... Personal Data Protection", text, 1)
    assert (
        span.span
        == "The Malabo Convention is the African Union Convention on Cyber Security and Personal Data Protection"
    )
    assert span.pinpoint == "para. 1"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("- [", "not YAML"),
        ("- 1", "under the slug"),
        ("attribution:\n- ask: x\n  colour: red", "attribution, question 1: colour"),
        ("attribution:\n- span: x", "ask: Field required"),
        ("attribution:\n- {ask: What, span: no such words, say: [x]}", "not in the document"),
        ("attribution:\n- {ask: What, span: [{nowhere: x}], say: [x]}", "nowhere"),
        ("attribution:\n- {ask: What, miss: typo}", "is none of"),
        ("attribution:\n- {ask: What, say: ['re:('], span: Attribution}", "does not compile"),
    ],
)  # fmt: skip
def test_a_fault_in_the_source_is_named(tmp_path: Path, body: str, told: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(body, encoding="utf-8")
    with pytest.raises(DataError, match=r"s\.yaml") as error:
        starter(source=path)
    assert told in str(error.value)


def test_what_is_written_by_hand_has_no_unknown_fields() -> None:
    assert set(Written.model_fields) == {
        "ask",
        "type",
        "span",
        "also",
        "say",
        "miss",
        "why",
        "after",
        "lang",
        "style",
        "tags",
    }
