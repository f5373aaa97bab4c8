"""The word index: any text is a query, stems and accents do not matter, what is taken out is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.words import Entry, Words

ENTRIES = [
    Entry("1", "harbour", "Harbour Accord (Council of Owls)", "Ships report incidents to the harbour master."),
    Entry("2", "harbour", "Harbour Accord (Council of Owls)", "Ferries are exempt; ferries carry lanterns."),
    Entry("3", "soup", "Soup Note", "A harbour in winter: leek soup, said José, is hot."),
]


@pytest.fixture
def words(tmp_path: Path) -> Words:
    made = Words(tmp_path / "words")
    made.replace((), ENTRIES)
    return made


def found(words: Words, query: str, k: int = 10, slugs: list[str] | None = None) -> list[str]:
    return [name for name, _ in words.search(query, k, slugs)]


def test_stems_cases_and_accents_do_not_matter(words: Words) -> None:
    assert found(words, "REPORTING an incident") == ["1"]
    assert found(words, "ferry") == ["2"]
    assert found(words, "jose") == found(words, "JOSÉ") == ["3"]


def test_the_title_counts_less_than_the_text(words: Words) -> None:
    assert found(words, "harbour") == ["1", "3", "2"]
    assert found(words, "owls") == ["1", "2"], "equal scores are in the order of the ids"


def test_scores_fall_and_k_is_kept(words: Words) -> None:
    scores = [score for _, score in words.search("harbour ships lanterns", 10)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0
    assert len(found(words, "harbour ships lanterns", 2)) == 2


def test_only_some_documents(words: Words) -> None:
    assert found(words, "harbour", slugs=["soup"]) == ["3"]
    assert found(words, "harbour", slugs=["nobody"]) == found(words, "harbour", slugs=[]) == []
    everywhere = dict(words.search("harbour", 10))
    assert dict(words.search("harbour", 10, ["soup"]))["3"] == pytest.approx(everywhere["3"]), "a filter scores nothing"


@pytest.mark.parametrize("query", ["", " ", "the of and", "!!! ???", "🛰️", "nowhere"])
def test_a_query_without_a_known_word_finds_nothing(words: Words, query: str) -> None:
    assert found(words, query) == []


@pytest.mark.parametrize(
    "query", ['"harbour', "harbour AND (", "text:harbour^2 -ships", "harbour~ [a TO b]", "+harbour"]
)
def test_nothing_is_query_syntax(words: Words, query: str) -> None:
    assert "1" in found(words, query)


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Words:
    made = Words(tmp_path_factory.mktemp("words"))
    made.replace((), ENTRIES)
    return made


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(query=st.text(max_size=200) | st.sampled_from(ENTRIES).map(lambda entry: entry.text))
def test_any_text_is_a_query(fixed: Words, query: str) -> None:
    assert set(found(fixed, query)) <= {"1", "2", "3"}


def test_a_very_long_query(words: Words) -> None:
    assert found(words, " ".join(f"word{number}" for number in range(20_000)) + " lanterns") == ["2"]


def test_what_is_replaced_or_removed_is_gone(words: Words) -> None:
    words.replace(["2"], [ENTRIES[0]._replace(text="Boats tell the captain.")])
    assert words.ids() == {"1", "3"}
    assert words.count() == 2
    assert found(words, "incident") == found(words, "lanterns") == []
    assert found(words, "captain") == ["1"]
    words.replace(["1", "3", "never there"], ())
    assert words.ids() == set()
    assert words.count() == 0


def test_another_reader_sees_what_is_written_when_it_looks_again(words: Words) -> None:
    other = Words(words.folder)
    assert other.count() == 3
    words.replace(["1"], ())
    other.reload()
    assert other.ids() == {"2", "3"}
