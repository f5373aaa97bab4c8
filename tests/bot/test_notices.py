"""What the engine says itself is said in French too, and none of its notices is forgotten in the files of languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import language
from bot.answer import Answer, Refusal
from bot.ask import Legation
from bot.notices import told
from bot.suggest import followups, suggestions, translated

EN, FR = language.load("en"), language.load("fr")
BOT = Path(language.__file__).parent
SPOKEN = re.compile(
    r"^The (?:library|question) (?!cannot)| has no \{\}|parts are left out|sentences of the model|^Quoted, since|^It ended early"
)


def spoken() -> set[str]:
    """The notices in the engine's code, with {} for each gap."""
    found = set()
    for name in ("refuse", "ask", "quote", "premise", "write"):
        for node in ast.walk(ast.parse((BOT / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                said = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                said = node.value
            else:
                continue
            if SPOKEN.search(said) and said.rstrip()[-1:] in ".”" and "\n" not in said:
                found.add(said)
    return {one for one in found if not any(one != other and one in other for other in found)}


def test_every_notice_of_the_engine_has_words_in_each_language() -> None:
    held = {re.sub(r"\{\w+\}", "{}", said) for key, said in EN.items() if key.startswith("engine.")}
    notices = spoken()
    assert len(notices) >= 12
    assert notices - held == set(), "add these to `engine` in bot/languages"


@pytest.mark.parametrize(
    ("english", "french"),
    [
        (EN["engine.unclear"], FR["engine.unclear"]),
        (
            "The library holds no text of the Malabo Convention.",
            "La bibliothèque ne contient aucun texte de the Malabo Convention.",
        ),
        (
            "The library says nothing on Brazil or NATO in this connection.",
            "La bibliothèque ne dit rien de Brazil ou NATO à ce propos.",
        ),
        (
            "The library treats the subject, but gives no length of time for it.",
            "La bibliothèque traite le sujet, mais n’y donne pas ce qui est demandé (une durée).",
        ),
        (
            "The Accord has no Article 9: its last Article is 5.",
            "The Accord n’a pas de Article 9 : le dernier numéro (Article) est 5.",
        ),
        (
            "3 of 9 parts are left out here: see the source. CP/2019/4: repealed.",
            "3 parties sur 9 sont omises ici : voir la source. CP/2019/4: repealed.",
        ),
        ("CP/2019/4: repealed.", "CP/2019/4: repealed."),
        ("", ""),
    ],
)
def test_notices_are_put_into_french(english: str, french: str) -> None:
    assert told(english, FR) == french
    assert told(english, EN) == english


@given(st.text())
def test_any_text_is_told(text: str) -> None:
    assert told(text, EN) == text
    told(text, FR)


def test_a_quote_in_a_notice_stays_as_it_is() -> None:
    said = "The library holds otherwise than the question takes for granted: “No ransom. It has no Annex.”"
    assert told(said, FR).endswith("« No ransom. It has no Annex. »")


def test_a_french_question_is_refused_in_french(page_legation: Legation) -> None:
    outcome = page_legation.ask("Que dit l’article 9 du Harbour Accord ?")
    assert isinstance(outcome, Refusal)
    assert "n’a pas de" in outcome.reason


def test_questions_are_offered_in_french_and_answered(page_legation: Legation) -> None:
    english = suggestions(page_legation)
    offered = translated(page_legation, english, "fr")
    assert len(offered) == len(english) > 0
    assert translated(page_legation, ["Who are you?"], "fr") == ()
    assert all(isinstance(page_legation.ask(question), Answer) for question in offered)
    assert all(question.endswith(" ?") for question in offered)
    outcome = page_legation.ask("When did the Harbour Accord enter into force?")
    further = followups(page_legation, outcome, [], words=FR)
    assert further
    assert all(question.endswith(" ?") for question in further)
