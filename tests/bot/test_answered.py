"""Whether a sentence answers: the reading of the cross-encoder, what is expected, places in a series."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import numpy as np
import pytest

from bot.answered import answered
from bot.ask import Legation
from bot.expected import expectation, holds_expected
from bot.question import understand
from bot.quote import BEHIND, Draft, Pick
from bot.refuse import ordinals
from ingest.encoders import PairScorer


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


ASKED = "Within how many hours must a Party notify the Secretariat of a serious incident?"
TOLD = "A Party whose port suffers a serious incident shall notify the Secretariat within 36 hours of becoming aware of it."
BESIDE = "The notification of a serious incident shall state the systems concerned, the services interrupted and the measures taken."


def drafted(legation: Legation, asked: str = ASKED) -> Draft:
    question = understand(asked)
    return legation.quoter.draft(question, legation.retriever.find(question))


def unread(legation: Legation) -> list[Pick]:
    """The considered sentences without what was read of them."""
    return [pick.model_copy(update={"told": None}) for pick in drafted(legation).considered]


def test_what_answers_less_surely_is_not_shown_but_judged(page_legation: Legation) -> None:
    draft = drafted(page_legation)
    shown, considered = {pick.place for pick in draft.picks}, {pick.place for pick in draft.considered}
    assert shown <= considered
    surest = max(pick.told for pick in draft.considered if pick.told is not None)
    dropped = [pick for pick in draft.considered if pick.place not in shown]
    assert all(pick.told is not None and pick.told < surest - BEHIND for pick in dropped)
    assert TOLD in {pick.text for pick in draft.picks}
    pairs = page_legation.index.pairs
    alone = {pick.text: answered(ASKED, [pick], pairs) for pick in unread(page_legation)}
    (told,) = (pick.told for pick in draft.picks if pick.text == TOLD)
    assert told is not None
    assert min(alone, key=lambda text: abs(alone[text] - told)) == TOLD  # 8-bit sums differ a little beside other texts


def test_the_sentence_that_tells_reads_higher_than_the_one_beside_it(page_legation: Legation) -> None:
    picks = {pick.text: pick for pick in unread(page_legation)}
    told = answered(ASKED, [picks[TOLD]], page_legation.index.pairs)
    assert told > answered(
        "What is the colour of the flag of the Secretariat?", [picks[TOLD]], page_legation.index.pairs
    )
    assert told == answered(ASKED, [*picks.values()], page_legation.index.pairs), "the best counts"
    first, second = page_legation.index.pairs.read(ASKED, [TOLD, BESIDE])[1] @ np.asarray(held()["weights"])
    assert first > second


def test_a_sentence_is_read_alike_alone_and_in_company(page_legation: Legation) -> None:
    together = page_legation.index.pairs.read(ASKED, [TOLD, BESIDE])[1]
    alone = page_legation.index.pairs.read(ASKED, [TOLD])[1]
    assert together.shape == (2, len(held()["weights"]))
    assert np.allclose(together[0], alone[0], atol=0.05)


def test_another_cross_encoder_has_no_such_reading(page_legation: Legation) -> None:
    picks = unread(page_legation)
    assert not PairScorer("somebody/another-model").tells
    assert answered(ASKED, picks, PairScorer("somebody/another-model")) == 0.0
    assert answered(ASKED, [], page_legation.index.pairs) == 0.0


def held() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(resources.files("bot").joinpath("answered.json").read_text(encoding="utf-8"))
    return found
