"""docs/threats.md tells the truth: every test that it names exists, and its table of refusals is what the server says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import public
from bot.ask import check
from bot.settings import Settings, variable
from ingest.documents import LibraryError

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)))
SAFE = {
    "public": "1",
    "address": "https://ask.example.org",
    "proxies": "10.1.2.3",
    "rate": "30/minute; 500/day",
    "rate_total": "20000/day",
}
UNSAFE = (
    ("address", "http://ask.example.org"),
    ("origins", "http://www.thinktank.example"),
    ("proxies", ""),
    ("proxies", "0.0.0.0/0"),
    ("rate", ""),
    ("rate_total", ""),
    ("admin_token", "short"),
    ("allow_private_urls", "1"),
    ("max_question_chars", "100000"),
    ("max_body", "100000000"),
    ("log_level", "debug"),
)


def test_threats_name_enough_tests() -> None:
    assert len(NAMED) >= 30


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_named_test_exists(file: str, name: str) -> None:
    assert re.search(rf"^\s*(?:async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_row_names_a_test() -> None:
    threats = PAGE.partition("## Settings")[0]
    rows = [line for line in threats.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert len(rows) >= 15
    assert [row for row in rows if "::test_" not in row] == []


def refusals() -> str:
    rows = ["| setting | the server does not start, and says |", "|---|---|"]
    for name, value in UNSAFE:
        given = {key: val for key, val in {**SAFE, name: value}.items() if val or key == name}
        settings = Settings.load(**given, data=ROOT / "docs")
        rows += [f"| `{variable(said)}={value}` | {why} |" for said, why in public.unsafe(settings) if said == name]
    return "\n".join(rows) + "\n"


def test_the_table_of_refusals_is_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    table = refusals()
    assert table.count("\n") == len(UNSAFE) + 2
    assert table in PAGE, table


@pytest.mark.parametrize("question", ["What is \ud83d due diligence?", "\udfff?", "Norms\ud800"])
def test_half_a_character_is_no_question(question: str) -> None:
    with pytest.raises(LibraryError, match="half a character"):
        check(question, 2000)


def test_whole_characters_are() -> None:
    assert check("What is 😀 due diligence?", 2000)
