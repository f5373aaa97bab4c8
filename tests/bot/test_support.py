"""How much of a question stands together in one sentence."""

from __future__ import annotations

import pytest

from bot.ask import Legation
from bot.expected import expectation, holds_expected
from bot.question import understand
from bot.support import ordinals, support


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What did the 12th ASEAN conference decide?", {12}),
        ("the second and the third summit", {2, 3}),
        ("the first of all", set()),
        ("one third of the States, two thirds of the rest", set()),
        ("the third largest party", set()),
        ("nothing", set()),
    ],
)
def test_places_in_a_series(text: str, found: set[int]) -> None:
    assert ordinals(text) == found


@pytest.mark.parametrize(
    ("asked", "expects"),
    [
        ("When did the treaty enter into force?", "date"),
        ("When does the directive apply?", "date"),
        ("When do States regard an operation as a use of force?", ""),
        ("Where do States stand on a treaty?", ""),
        ("Where was the treaty signed?", "place"),
    ],
)
def test_when_and_where_do_not_always_ask_for_a_date_or_a_place(asked: str, expects: str) -> None:
    assert expectation(asked) == expects


def test_from_year_to_year_is_a_length_of_time() -> None:
    assert holds_expected("She served from September 2022 to January 2025.", "duration")
    assert not holds_expected("She was appointed in September 2022.", "duration")


@pytest.mark.parametrize("asked", ["Who hosted the working group?", "When is the point of contact available?"])
def test_support_is_between_0_and_1_and_falls_with_what_is_not_there(page_legation: Legation, asked: str) -> None:
    def judged(words: str) -> float:
        question = understand(words)
        found = page_legation.retriever.find(question)
        picks = page_legation.quoter.draft(question, found).picks
        held = support(question, picks, [""] * len(picks), page_legation.index, page_legation.retriever.vocabulary)
        assert 0 <= held.together <= 1
        assert 0 <= held.unmatched <= 1
        return held.together

    assert judged(asked.replace("?", " in Ruritania in 1911?")) < judged(asked)
