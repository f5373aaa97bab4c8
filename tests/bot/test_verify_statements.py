"""Statements against the words they cite: verbatim sentences hold, cases written by hand, and any text at all."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.entail import entailment
from bot.verify import Cited, Claim, check_statement, check_statements
from ingest.documents import LibraryError
from ingest.sentences import spans

NOTES = Path(__file__).parents[2] / "ingest" / "starter"
CASES = [json.loads(line) for line in (Path(__file__).parent / "verify_cases.jsonl").read_text("utf-8").splitlines()]
KNOWN_MISS = "Parts of the text were not supported by the United States, which dissociated itself from them."
QUOTE = "Entities shall notify the authority within 24 hours, unless the incident was minor."

OTHER_SCRIPTS = [
    ("Государства не должны сознательно допускать использование своей территории.", "не ", ""),
    ("Государства должны сообщать об инцидентах в течение 72 часов.", "72", "24"),
    ("Государства должны сообщать об инцидентах.", "должны", "могут"),
    ("各国不得允许其领土被用于国际不法行为。", "不得", "可以"),
    ("各国应当在24小时内报告事件。", "24", "72"),
    ("لا يجوز للدول أن تسمح باستخدام أراضيها.", "لا ", ""),
    ("يجب على الدول الإبلاغ عن الحوادث خلال 24 ساعة.", "24", "48"),
    ("Les États doivent notifier les incidents dans un délai de 72 heures.", "doivent", "peuvent"),
    ("Los Estados no deben permitir el uso de su territorio.", "no ", ""),
    ("Die Mitgliedstaaten müssen den Vorfall melden.", "müssen", "können"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_cases_written_by_hand(case: dict[str, Any]) -> None:
    reasons = check_statement(case["text"], [cited["quote"] for cited in case["citations"]])
    assert (not reasons) == (case["supported"] and case["text"] != KNOWN_MISS), reasons


@pytest.mark.parametrize(("quote", "old", "new"), OTHER_SCRIPTS, ids=lambda words: words[:12])
def test_other_scripts(quote: str, old: str, new: str) -> None:
    assert old in quote
    assert check_statement(quote, [quote]) == ()
    assert check_statement(quote.replace(old, new, 1), [quote])


def test_every_sentence_of_the_starter_notes_is_supported_by_its_paragraph() -> None:
    for note in sorted(NOTES.glob("*.md"))[::4]:
        for paragraph in note.read_text("utf-8").split("\n\n"):
            for start, end in spans(paragraph.replace("\n", " ")):
                assert check_statement(paragraph.replace("\n", " ")[start:end], [paragraph]) == ()


@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=3))
def test_any_text_is_judged(text: str, quotes: list[str]) -> None:
    for reason in check_statement(text, quotes):
        assert reason.rule
        assert reason.detail


@settings(max_examples=50)
@given(st.sampled_from([case["citations"][0]["quote"] for case in CASES]), st.text(max_size=60))
def test_a_quote_supports_itself_with_anything_beside_it(quote: str, other: str) -> None:
    assert check_statement(quote, [other, quote]) == ()
    assert check_statement(f"  {quote}\n", [quote]) == ()


def test_sources_and_quotes_come_first() -> None:
    texts = {"act": f"Article 1\n\n{QUOTE} Nobody is exempt."}

    def verdict(text: str, *cited: tuple[str, str]) -> list[str]:
        claim = Claim(id="1", text=text, citations=tuple(Cited(source=s, quote=q) for s, q in cited))
        (found,) = check_statements(texts, [claim])
        assert found.supported == (not found.reasons)
        return [reason.rule for reason in found.reasons]

    assert verdict(QUOTE, ("act", QUOTE)) == []
    assert verdict(QUOTE, ("act", QUOTE.replace(" ", "\n").replace("24", "２４"))) == []
    assert verdict(QUOTE, ("law", QUOTE))[0] == "source"
    assert verdict(QUOTE, ("act", QUOTE.replace("24", "72")))[0] == "quote"
    assert verdict(QUOTE, ("act", "")) == ["quote", "citation"]
    assert verdict(QUOTE) == ["citation"]
    assert verdict(QUOTE, ("act", "Nobody is exempt.")) != []


def test_a_model_is_asked_only_about_what_the_rules_let_pass() -> None:
    asked: list[str] = []

    def entails(text: str, quotes: Sequence[str]) -> bool:
        asked.append(text)
        return "must" in text

    claims = [
        Claim(id=str(n), text=text, citations=(Cited(source="act", quote=QUOTE),))
        for n, text in enumerate(
            (QUOTE.replace("shall", "must"), QUOTE.replace("shall", "have to"), QUOTE.replace("24", "72"))
        )
    ]
    found = check_statements({"act": QUOTE}, claims, entails)
    assert [verdict.supported for verdict in found] == [True, False, False]
    assert [reason.rule for reason in found[1].reasons] == ["entailment"]
    assert asked == [claims[0].text, claims[1].text]


def test_no_model_is_the_default_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    assert entailment("") is None
    with pytest.raises(LibraryError, match="LEGATION_ENTAILMENT"):
        entailment(str(tmp_path))


def test_what_a_document_and_its_place_are_called_lends_names_and_articles() -> None:
    quote = "Entities shall notify the authority within 24 hours."
    text = "Under Article 23 of NIS2, entities must notify the authority within 24 hours."
    assert {reason.rule for reason in check_statement(text, [quote])} >= {"article", "name"}
    assert check_statement(text, [quote], ["NIS2 Directive", "Article 23(4)"]) == ()
    assert check_statement(text.replace("23", "32"), [quote], ["NIS2 Directive", "Article 23(4)"])
