"""The library narrowed, grouped and counted: what is counted is what is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot import stacks
from ingest.documents import Document

SHELF = st.lists(
    st.builds(
        Document,
        slug=st.uuids().map(lambda one: f"d{one.hex}"),
        title=st.sampled_from(["Accord", "Écho statement", "Memo on ports"]),
        publisher=st.sampled_from(["", "EU", "UN", "Council of Europe"]),
        date=st.sampled_from(["", "2019", "2020-05", "2022-01-31", "soon"]),
        kind=st.sampled_from(["", "law", "treaty"]),
        status=st.sampled_from(["", "in force", "repealed"]),
    ),
    max_size=12,
)
GIVEN = st.dictionaries(
    st.sampled_from(["q", "publisher", "kind", "year", "status", "by", "page"]),
    st.sampled_from(
        ["", "-", "EU", "UN", "law", "2019", "repealed", "memo", "echo", "year", "status", "1", "7", "\x00"]
    ),
)


@given(SHELF, GIVEN)
def test_what_is_counted_is_what_is_shown(documents: list[Document], given_: dict[str, str]) -> None:
    made = stacks.stacks(documents, given_)
    shown = [document.slug for shelf in made.shelves for document in shelf.documents]
    assert len(shown) == len(set(shown)) == made.found
    assert sum(shelf.held for shelf in made.shelves) == made.found
    for way, choices in made.choices.items():
        for choice in choices:
            narrowed = {**given_, way: choice.value, "page": "1"}
            assert stacks.stacks(documents, narrowed).found == choice.held
        assert [choice.value for choice in choices if choice.chosen] == (
            [made.chosen[way]] if way in made.chosen else []
        )


@given(SHELF)
def test_nothing_asked_shows_all(documents: list[Document]) -> None:
    assert stacks.stacks(documents, {}).found == len(documents)


def test_many_documents_come_in_pages() -> None:
    documents = [Document(slug=f"d{i}", title=f"Title {i}", publisher=f"P{i % 3}") for i in range(250)]
    seen = []
    for page in ("1", "2", "3"):
        made = stacks.stacks(documents, {"page": page})
        assert made.pages == 3
        seen += [document.slug for shelf in made.shelves for document in shelf.documents]
        assert all(shelf.held in (83, 84) for shelf in made.shelves)
    assert len(set(seen)) == len(seen) == 250


@given(st.lists(st.integers(1, 3000), max_size=30))
def test_the_picture_counts_every_document_and_stays_in_its_frame(years: list[int]) -> None:
    documents = [Document(slug=f"d{i}", title="T", date=f"{year:04d}") for i, year in enumerate(years)]
    made = stacks.picture(documents)
    if made is None:
        assert len(set(years)) < 2 or max(years) - min(years) > 500
        return
    assert sum(bar.held for bar in made.bars) == len(years)
    for bar in made.bars:
        assert 0 <= bar.x
        assert bar.x + bar.width <= made.width
        assert bar.y >= 0
        assert abs(bar.y + bar.height - made.base) < 0.1
    assert made.bars[-1].label
