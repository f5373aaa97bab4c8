"""What the cross-encoder reads of the candidates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.answer import Evidence
from bot.retrieve import WHATEVER, _to_read
from ingest.documents import Document, Passage

DOCUMENT = Document(slug="d", title="D", text="x" * 100)


def passage(n: int) -> Passage:
    return Passage(id=f"{n:03}", slug="d", ordinal=n, start=n, end=n + 1, text="x")


def evidence(scores: list[tuple[float, float]]) -> list[Evidence]:
    """Candidates with their score and their score by words alone, best first."""
    made = [Evidence(document=DOCUMENT, passage=passage(n), score=a, raw=b) for n, (a, b) in enumerate(scores)]
    return sorted(made, key=lambda item: (-item.score, item.passage.id))


def test_some_are_read_for_their_words_alone() -> None:
    candidates = evidence([(9, 1), (8, 1), (7, 1), (6, 1), (5, 2), (4, 3)])
    read, rest = _to_read(candidates, 4)
    assert [item.score for item in read] == [9, 8, 7, 4]
    assert [item.score for item in rest] == [5, 6]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=40), st.integers(1, 20))
def test_each_is_read_or_not_and_the_best_are(scores: list[tuple[float, float]], most: int) -> None:
    candidates = evidence(scores)
    read, rest = _to_read(candidates, most)
    assert len(read) == min(most, len(candidates))
    assert sorted(item.passage.id for item in [*read, *rest]) == sorted(item.passage.id for item in candidates)
    sure = most - most // WHATEVER
    assert read[:sure] == candidates[:sure]
