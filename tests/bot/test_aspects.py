"""What a question about several things asks of each, and what counts as the number or name that it asks for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.aspects import aspects_of
from bot.catalogue import Catalogue
from bot.expected import counts, holds_expected
from bot.names import as_written, names_of
from bot.question import understand
from bot.refuse import _stands
from ingest.documents import Document

DOCUMENTS = [
    Document(slug="tide-2021", title="Tide Club Joint Statement 2021", date="2021-05-01"),
    Document(slug="tide-2022", title="Tide Club Joint Statement 2022", date="2022-05-01"),
    Document(slug="tide-fisheries", title="Fisheries and the tide: a note on quotas and nets", date="2020-01-01"),
]


def searches(asked: str, library: Sequence[Document] = DOCUMENTS) -> dict[str, str]:
    question = understand(asked)
    documents = {document.slug: document for document in library}
    found = aspects_of(question, Catalogue(library).match(question), documents)
    return {aspect.name or aspect.slug: aspect.search for aspect in found}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            "Compare the fines under the GDPR with those under the Cyber Resilience Act.",
            {"gdpr": "the fines under the GDPR", "cyber resilience act": "the fines under the Cyber Resilience Act"},
        ),
        (
            "How do Estonia, France and Japan differ on countermeasures?",
            {
                "estonia": "Estonia, on countermeasures",
                "france": "France on countermeasures",
                "japan": "Japan on countermeasures",
            },
        ),
        ("What did Estonia and France say in 2019?", {
            "estonia": "What did Estonia say in 2019?", "france": "What did France say in 2019?"
        }),
        ("Which mobile technologies do Canberra, Delhi, Tokyo and Washington want?", {}),
        ("Where did the dialogue between the EU and Japan take place?", {}),
        ("How does usage in Russian and Chinese papers differ from that of others?", {}),
    ],
)  # fmt: skip
def test_each_thing_is_asked_about_alone(asked: str, expected: dict[str, str]) -> None:
    assert searches(asked) == expected


def test_a_series_has_titles_alike() -> None:
    assert set(searches("How did the Tide Club statements develop over time?")) == {"tide-2021", "tide-2022"}


def test_a_state_makes_no_series() -> None:
    notes = [Document(slug=f"n{y}", title=f"France on lamps {y}", date=f"{y}-01-01") for y in (2021, 2022)]
    assert searches("Trace the French emergency over fog, with its orders", notes) == {}


def test_an_act_is_compared_with_what_an_actor_says() -> None:
    library = [
        Document(slug="view", title="Estonia’s view of fog", date="2021-01-01"),
        Document(slug="rule", title="Rules of the sea", symbol="A/RES/73/27", date="2018-01-01"),
    ]
    asked = "Compare Estonia's line on due diligence with the rule of resolution 73/27"
    assert set(searches(asked, library)) == {"estonia's", "73/27"}
    other = Document(slug="plan", title="Estonia’s due diligence plan", date="2031-01-01")
    question = understand(asked)
    documents = {document.slug: document for document in (*library, other)}
    aspects = aspects_of(question, Catalogue([*documents.values()]).match(question), documents)
    assert {aspect.slug for aspect in aspects} == {"plan", "rule"}


def test_a_date_in_brackets_and_a_number_of_an_act_are_told_apart() -> None:
    dated = Document(slug="plan", title="Plan for lamps (March 2031)", symbol="Delegated Regulation (EU) 2031/301")
    assert "2031/301" in names_of(dated).aliases
    assert not {"March 2031", "2031"} & set(names_of(dated).aliases)
    assert "Estonia" not in names_of(Document(slug="act", title="Lamp Act 2031 (Estonia)")).aliases


def test_documents_of_one_day_are_no_timeline() -> None:
    same_day = [document.model_copy(update={"date": "2033-01-01"}) for document in DOCUMENTS]
    assert searches("How did the Tide Club statements develop over time?", same_day) == {}


def test_a_timeline_has_the_years_between() -> None:
    third = Document(slug="tide-2023", title="Tide Club Joint Statement 2023", date="2023-05-01")
    asked = "Trace the work of the Tide Club joint statement from {} to 2023"
    assert set(searches(asked.format(2021), [*DOCUMENTS, third])) == {"2021", "2022", "2023"}
    assert set(searches(asked.format(1998), [*DOCUMENTS, third])) == {"2021", "2022", "2023"}, "however far it began"


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("The 50 members met.", True),
        ("Fifty members met.", True),
        ("The members met in 2021.", False),
        ("3. The members met.", False),
        ("It rose by 4 %.", True),
        ("See A/76/135 and (3).", False),
    ],
)
def test_a_number_is_no_year_and_no_paragraph(text: str, held: bool) -> None:
    assert holds_expected(text, "number") == held


def test_a_count_stands_beside_what_is_counted() -> None:
    asked = "How many members did the club have?"
    assert counts(asked, ["The 50 members of the club met."])
    assert not counts(asked, ["In 2021 members met."])
    assert not counts(asked, ["They spent 50 crowns."])
    assert counts("When did the members meet?", ["Never."])


@pytest.mark.parametrize(
    ("name", "text", "stands"),
    [
        ("TLS 1.3", "transport layer security protocol version 1.3 or a successor", True),
        ("TLS 1.3", "transport layer security protocol version 1.2", False),
        ("TLS 1.3", "version 1.3 of the protocol", False),
    ],
)
def test_a_name_with_a_number_is_found_by_both(name: str, text: str, stands: bool) -> None:
    assert _stands(name, text) == stands


def test_names_are_told_as_the_question_has_them() -> None:
    assert as_written("tallinn manual", "Does the Tallinn Manual say so?") == "Tallinn Manual"
    assert as_written("brazil's", "What is Brazil’s view?") == "Brazil"
    assert as_written("us", "Did they?") == "us"
