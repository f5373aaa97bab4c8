"""A question that takes something false for granted is told what the library says."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from bot.answer import Answer, Refusal
from bot.ask import Legation
from bot.settings import Settings
from ingest.index import Index
from ingest.sync import ingest

NOTE = """The harbour of Marl was closed by the Fogbank group on 3 May 2031.
The government of Marl refused to pay a ransom to the Fogbank group, which had asked for 4 million crowns.
The Lantern Pact was signed by Brindle and Corvo on 9 June 2032, and Orsk has not signed the Lantern Pact.
The Lantern Pact is a political commitment, not a treaty.
States should not attack the lamps of other States.
No member of the Beacon Forum has imposed sanctions on the Fogbank group.
Three towns had ratified the Lamp Convention in 2033. The towns that had not ratified the Lamp Convention include Marl.
The keepers of Brindle published a strategy for lamps on 4 April 2033."""


@pytest.fixture(scope="module")
def legation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Legation]:
    folder = tmp_path_factory.mktemp("premise")
    note = {"slug": "marl", "title": "Marl and its lamps", "publisher": "Beacon Forum", "date": "2033-05-01"}
    (folder / "all.jsonl").write_text(json.dumps({**note, "kind": "report", "text": NOTE}), encoding="utf-8")
    with Index.open(folder / "library", create=True) as index:
        assert ingest(index, [folder / "all.jsonl"]).failed == {}
    with Legation.open(Settings(data=folder / "library")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("question", "denial"),
    [
        ("How much ransom did the government of Marl pay to the Fogbank group?", "refused to pay a ransom"),
        ("When did Orsk sign the Lantern Pact?", "Orsk has not signed the Lantern Pact"),
        ("When did the Lantern Pact enter into force as a treaty?", "not a treaty"),
        ("Which sanctions has the Beacon Forum imposed on the Fogbank group?", "No member of the Beacon Forum"),
        ("Why did the keepers of Brindle refuse to publish a strategy for lamps?", "published a strategy for lamps"),
    ],
)
def test_a_false_premise_is_corrected_from_the_source(legation: Legation, question: str, denial: str) -> None:
    outcome = legation.ask(question)
    assert isinstance(outcome, Refusal), outcome.text
    assert denial in outcome.reason
    first = outcome.nearby[0]
    assert denial in first.quote
    assert first.document.text[first.start : first.end] == first.quote
    assert [citation.number for citation in outcome.nearby] == list(range(1, len(outcome.nearby) + 1))


@pytest.mark.parametrize(
    "question",
    [
        "Did the government of Marl pay a ransom to the Fogbank group?",
        "Why did the government of Marl refuse to pay a ransom to the Fogbank group?",
        "Which towns ratified the Lamp Convention?",
        "Which State has not signed the Lantern Pact?",
        "When was the Lantern Pact signed by Brindle and Corvo?",
        "What should States not attack?",
        "What did the keepers of Brindle publish on 4 April 2033?",
    ],
)
def test_a_denial_that_answers_or_that_is_a_rule_is_no_correction(legation: Legation, question: str) -> None:
    assert isinstance(legation.ask(question), Answer)
