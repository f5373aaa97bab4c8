"""The path of a question on a small library of made-up documents: evidence, quotations, refusals, LangChain objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable

from bot.answer import Answer, Refusal
from bot.ask import Legation
from bot.labelled import counted_off, labelled
from bot.question import Filters, understand
from bot.refuse import confidence_of
from bot.settings import Settings
from ingest.documents import LibraryError
from ingest.index import Index
from ingest.sync import ingest


def act(slug: str, title: str, hours: int, fine: int) -> dict[str, Any]:
    return {
        "slug": slug,
        "title": title,
        "publisher": "Harbour Union",
        "date": "2031-05-04",
        "kind": "law",
        "passages": [
            {
                "pinpoint": "recital (1)",
                "text": f"Operators should report incidents within {hours} hours so that harbours stay safe.",
            },
            {
                "pinpoint": "Article 1",
                "text": "This act lays down rules on the security of lighthouses and their networks.",
            },
            {
                "pinpoint": "Article 2",
                "text": "For the purposes of this act, beacon means a device that sends light by command of a network.",
            },
            {
                "pinpoint": "Article 3",
                "text": f"Operators of lighthouses shall report significant incidents within {hours} hours of becoming aware of them.",
            },
            {
                "pinpoint": "Article 4",
                "text": f"Infringements shall be subject to administrative fines of up to EUR {fine} 000.",
            },
            {"pinpoint": "Article 5", "text": "This act shall enter into force on 1 March 2032."},
        ],
    }


def statement(year: int, place: str, members: int) -> dict[str, Any]:
    return {
        "slug": f"beacon-forum-{year}",
        "title": f"Beacon Forum joint statement {year}",
        "publisher": "Beacon Forum",
        "date": f"{year}-10-02",
        "kind": "statement",
        "text": f"The {members} members of the Beacon Forum met in {place} on 2 October {year}. They promised to share warnings about fog.",
    }


LISTED = """# Guidance for keepers

The keeper of a lighthouse takes these measures:

- counting the lamps;
- closing the doors of the tower;
- writing down every visitor.

Keepers rest on Sundays.
"""


COLUMN = {
    "slug": "column",
    "title": "Whose convention is it?",
    "passages": [
        {
            "pinpoint": "para. 1",
            "text": "The Malabo Convention had a hard start among the towns of the coast, as many feared.",
        },
        {
            "pinpoint": "para. 2",
            "text": "As of 2031, only eight towns had ratified the convention, which needs fifteen of them.",
        },
    ],
}

SPEECH = """# A speech on fog

Three features make fog special for keepers. First, it comes without a sign. We all know such nights. Second, it hides
the harbour from its keepers. Finally, it moves with the wind.

Thank you for your patience tonight.
"""

CODE = "# Code of the tower\n\nThe code of the tower gives four rules to whoever keeps it.\n\n" + "\n\n".join(
    f"{n}. Rule ({letter}), on {thing}, says that keepers should {what}."
    for n, (letter, thing, what) in enumerate(
        [
            ("a", "lamps", "trim the lamps each evening"),
            ("b", "doors", "close the doors at night"),
            ("c", "guests", "write down who comes"),
            ("d", "fog", "sound the horn in fog"),
        ],
        2,
    )
)


@pytest.fixture(scope="module")
def legation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Legation]:
    folder = tmp_path_factory.mktemp("answering")
    documents = [
        act("lamp-act", "Lamp Act", 24, 700),
        act("horn-act", "Horn Act", 72, 900),
        COLUMN,
        statement(2031, "Bergen", 12),
        statement(2032, "Cork", 15),
        statement(2033, "Faro", 21),
    ]
    (folder / "all.jsonl").write_text("\n".join(json.dumps(document) for document in documents), encoding="utf-8")
    (folder / "keepers.md").write_text(LISTED, encoding="utf-8")
    (folder / "code.md").write_text(CODE, encoding="utf-8")
    (folder / "speech.md").write_text(SPEECH, encoding="utf-8")
    with Index.open(folder / "library", create=True) as index:
        files = [folder / name for name in ("all.jsonl", "keepers.md", "code.md", "speech.md")]
        assert ingest(index, files).failed == {}
    with Legation.open(Settings(data=folder / "library")) as opened:
        yield opened


def answered(legation: Legation, question: str, **given: Any) -> Answer:
    outcome = legation.ask(question, **given)
    assert isinstance(outcome, Answer), outcome.text
    return outcome


QUESTIONS = [
    "Within how many hours shall operators report under the Lamp Act?",
    "What does Article 4 of the Horn Act say?",
    "Compare the fines of the Lamp Act and the Horn Act",
    "What is a beacon under the Lamp Act?",
    "Where did the Beacon Forum meet in 2032?",
    "What measures does the keeper of a lighthouse take?",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_quote_is_the_text_at_its_place_and_was_retrieved(legation: Legation, question: str) -> None:
    answer = answered(legation, question)
    for citation in answer.citations:
        assert legation.index.document(citation.document.slug).text[citation.start : citation.end] == citation.quote
    assert [number for made in answer.statements for number in made.citations] == [c.number for c in answer.citations]
    assert all(made.text == answer.citations[made.citations[0] - 1].quote for made in answer.statements)
    assert [item.score for item in answer.retrieved] == sorted((item.score for item in answer.retrieved), reverse=True)


@pytest.mark.parametrize("question", QUESTIONS[:3])
def test_the_same_question_has_the_same_answer(legation: Legation, question: str) -> None:
    first, second = (answered(legation, question, id="x").to_json() for _ in range(2))
    assert {**first, "timings_ms": None} == {**second, "timings_ms": None}


def test_a_fact_comes_from_the_act_asked_about(legation: Legation) -> None:
    answer = answered(legation, QUESTIONS[0])
    assert "within 24 hours" in answer.text
    assert answer.citations[0].document.slug == "lamp-act"


def test_a_provision_is_found_by_name_and_given_verbatim(legation: Legation) -> None:
    answer = answered(legation, QUESTIONS[1])
    assert answer.kind == "provision"
    assert [(c.document.slug, c.pinpoint) for c in answer.citations] == [("horn-act", "Article 4")]


def test_a_comparison_quotes_both(legation: Legation) -> None:
    answer = answered(legation, QUESTIONS[2])
    assert {citation.document.slug for citation in answer.citations} >= {"lamp-act", "horn-act"}
    assert "EUR 700 000" in answer.text
    assert "EUR 900 000" in answer.text


def test_a_definition_is_the_defining_sentence(legation: Legation) -> None:
    assert "beacon means a device" in answered(legation, QUESTIONS[3]).statements[0].text


def test_a_timeline_is_in_the_order_of_dates(legation: Legation) -> None:
    answer = answered(legation, "Timeline of the Beacon Forum meetings in 2031, 2032 and 2033")
    years = [citation.document.date[:4] for citation in answer.citations]
    assert years == sorted(years)
    assert set(years) == {"2031", "2032", "2033"}


def test_a_list_is_whole_and_has_its_opening(legation: Legation) -> None:
    texts = [made.text for made in answered(legation, QUESTIONS[5]).statements]
    assert texts[0].endswith("takes these measures:")
    assert len(texts) == 4


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("What does Article 9 of the Lamp Act say?", "has no article 9: its last article is 5"),
        ("What does the Tallinn Manual say about lighthouses?", "holds no text of Tallinn Manual"),
        ("When did Atlantis join the Beacon Forum?", "Atlantis"),
        ("How many ships sank in the Suez Canal?", ""),
    ],
)
def test_what_the_library_does_not_hold_is_refused(legation: Legation, question: str, reason: str) -> None:
    outcome = legation.ask(question)
    assert isinstance(outcome, Refusal)
    assert reason in outcome.reason
    assert 1 <= len(outcome.nearby) <= 3
    assert all(c.document.text[c.start : c.end] == c.quote for c in outcome.nearby)


def test_every_turn_passes_the_gate_by_itself(legation: Legation) -> None:
    history = [{"role": "user", "content": QUESTIONS[0]}, {"role": "assistant", "content": "Within 24 hours."}]
    assert isinstance(legation.ask("And who is the king of Atlantis?", history), Refusal)


def test_filters_are_kept(legation: Legation) -> None:
    found = legation.retriever.find(understand("lighthouse operators report"), Filters(source="horn-act"))
    assert {item.document.slug for item in found.evidence} == {"horn-act"}
    nothing = legation.ask("lighthouse operators report", filters=Filters(publisher="Nobody"))
    assert isinstance(nothing, Refusal)
    assert nothing.reason == "The library holds nothing on this question."


def test_the_steps_come_in_order(legation: Legation) -> None:
    events = list(legation.stream(QUESTIONS[0]))
    types = [event.type for event in events]
    assert types[:2] == ["understood", "sources"]
    assert set(types[2:-1]) == {"statement"}
    assert types[-1] == "done"
    assert isinstance(events[-1].outcome, Answer)


@pytest.mark.parametrize("question", ["", "  ", "🙂🙂", "x" * 100_000])
def test_what_is_no_question_is_named(legation: Legation, question: str) -> None:
    with pytest.raises(LibraryError, match="question"):
        legation.ask(question)


def test_another_script_has_an_outcome(legation: Legation) -> None:
    assert legation.ask("什么是灯塔法?").to_json()["outcome"] in ("answer", "refusal")


def test_the_ways_for_langchain(legation: Legation) -> None:
    retriever, runnable = legation.as_retriever(k=3), legation.as_runnable()
    assert isinstance(retriever, BaseRetriever)
    assert isinstance(runnable, Runnable)
    documents = retriever.invoke(QUESTIONS[0])
    assert len(documents) == 3
    place = documents[0].metadata
    assert legation.index.document(place["source"]).text[place["start"] : place["end"]] == documents[0].page_content
    asked = runnable.invoke({"question": QUESTIONS[0], "filters": {"source": "lamp-act"}})
    assert asked["outcome"] == "answer"
    assert {citation["source"] for citation in asked["citations"]} == {"lamp-act"}


@pytest.mark.parametrize("question", ["What are the four rules of the tower?", "List the rules of the tower."])
def test_paragraphs_with_a_label_are_a_list(legation: Legation, question: str) -> None:
    answer = answered(legation, question)
    assert [citation.pinpoint for citation in answer.citations] == [f"para. {n}" for n in (2, 3, 4, 5)]


def test_an_instrument_named_elsewhere_in_a_quoted_document_is_half_missed(legation: Legation) -> None:
    judged = legation.judge("How many towns had ratified the Malabo Convention by 2031?")
    assert judged.signals
    assert 0 < judged.signals.missing < 0.5
    assert legation.judge("How many towns had ratified the Tallinn Manual by 2031?").confidence == 0


def test_a_provision_without_the_number_asked_for_is_no_answer(legation: Legation) -> None:
    signals = legation.judge("Within how many weeks must fines be paid under Article 4 of the Lamp Act?").signals
    assert signals
    assert not signals.placed
    assert signals.uncounted


def test_what_has_nothing_to_do_with_the_question_is_told_apart(legation: Legation) -> None:
    apart = legation.judge("Who bakes the bread of the moon people?").signals
    near = legation.judge("Where did the Beacon Forum meet in 2032?").signals
    assert apart
    assert near
    assert apart.unrelated
    assert not near.unrelated
    assert confidence_of(near.model_copy(update={"unrelated": True})) < confidence_of(near) / 2


def test_what_is_counted_off_is_a_list(legation: Legation) -> None:
    answer = answered(legation, "Which features make fog special for keepers?")
    assert [statement.text.split()[0] for statement in answer.statements] == ["Three", "First,", "Second,", "Finally,"]
    text = legation.index.text("speech")
    assert counted_off(text, len(text.sentences) - 1) == []


def test_where_a_thing_stands_is_said(legation: Legation) -> None:
    answer = answered(legation, "Which article of the Lamp Act sets out the fines?")
    assert answer.kind == "provision"
    assert answer.text.startswith("**Article 4**\n\n")
    assert answer.citations[0].pinpoint == "Article 4"


def test_a_wrong_number_of_rules_is_not_made_up_for(legation: Legation) -> None:
    text = legation.index.text("code")
    assert len(labelled("What are the four rules?", text)) == 4
    assert labelled("What are the five rules?", text) == labelled("What are the lamps?", text) == []
