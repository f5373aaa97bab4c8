"""What models read of a text: lists of names do not fill it."""

from __future__ import annotations

import pytest

from bot.retrieve import without_long_lists

NAMES = "Ardia, Belmora, Corvenia, Dunmark, the Council of Harbours, the Forum on Lamp Expertise, the United Isles, Vesperia, and Zeland"
TEXT = f"The 9 members of the forum (BF)\u2014{NAMES}\u2014met in Bergen on 2 October 2031."


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("When did they meet?", "Ardia, Belmora, and Zeland"),
        ("Is Dunmark a member?", "Ardia, Belmora, Dunmark, and Zeland"),
        ("Is DUNMARK one?", "Ardia, Belmora, Dunmark, and Zeland"),
    ],
)
def test_of_a_long_list_the_ends_and_what_is_asked_for_are_left(asked: str, left: str) -> None:
    assert without_long_lists(TEXT, asked) == TEXT.replace(NAMES, left)


@pytest.mark.parametrize(
    "text", ["", "Ardia, Belmora and Zeland met.", "lamps, doors, horns, bells, nets, ropes, sails, oars, and hooks"]
)
def test_other_text_stays(text: str) -> None:
    assert without_long_lists(text, "What?") == text
