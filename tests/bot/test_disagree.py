"""Where two documents say the same of the same with another figure, the reader sees both and their dates."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from bot.answer import Answer
from bot.ask import Legation
from bot.disagree import disagree
from bot.settings import Settings
from ingest.index import Index
from ingest.sync import ingest

PACT = "The Lantern Pact was opened for signature in the port of Marl with {} founding members."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PACT.format("12"), PACT.format("fourteen")),
        (
            "The sixth group adopted its report on lamps on 28 May 2031.",
            "The sixth group adopted its report on lamps on 28 May 2034.",
        ),
        ("Orsk has signed the Lantern Pact on beacons.", "Orsk has not signed the Lantern Pact on beacons."),
    ],
)
def test_the_same_with_another_figure_or_denied_is_a_disagreement(one: str, other: str) -> None:
    assert disagree(one, other)
    assert disagree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PACT.format("12"), PACT.format("twelve")),
        (PACT.format("12"), "7. " + PACT.format("12").replace("Marl", "Marl on 3 June 2031")),
        (PACT.format("12"), PACT.format("many")),
        ("The group met in Marl on 3 May 2031.", "The group met in Orsk on 9 June 2032."),
        (PACT.format("12"), "The Beacon Forum paid 14 million crowns for lighthouses along the coast of Brindle."),
        ("12", "14"),
    ],
)
def test_other_things_and_the_same_thing_are_none(one: str, other: str) -> None:
    assert not disagree(one, other)


@pytest.fixture(scope="module")
def legation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Legation]:
    folder = tmp_path_factory.mktemp("disagree")
    common = {"publisher": "Beacon Forum", "kind": "note"}
    notes = [
        {**common, "slug": "old", "title": "The pact of Marl", "date": "2031-05-01", "text": PACT.format("12")},
        {**common, "slug": "new", "title": "Twenty years of lamps", "date": "2034-05-01", "text": PACT.format("14")},
    ]
    (folder / "all.jsonl").write_text("\n".join(map(json.dumps, notes)), encoding="utf-8")
    with Index.open(folder / "library", create=True) as index:
        assert ingest(index, [folder / "all.jsonl"]).failed == {}
    with Legation.open(Settings(data=folder / "library")) as opened:
        yield opened


def test_both_are_shown_with_their_dates(legation: Legation) -> None:
    answer = legation.ask("How many founding members did the Lantern Pact have?")
    assert isinstance(answer, Answer)
    assert {citation.document.slug for citation in answer.citations} == {"old", "new"}
    assert "The sources differ: " in answer.note
    assert "The pact of Marl (2031-05-01)" in answer.note
    assert "Twenty years of lamps (2034-05-01)" in answer.note
    french = legation.ask("Combien de membres fondateurs le Lantern Pact a-t-il ?")
    assert isinstance(french, Answer)
    assert "Les sources divergent : " in french.note
