"""JSONL documents and the folder's manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.documents import Unreadable
from ingest.readers import Reading, read_bytes
from ingest.readers.manifest import load_manifest


def read(*lines: object, name: str = "docs.jsonl") -> Iterator[Reading]:
    return read_bytes("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode(), name)


def test_given_passages_are_kept_one_to_one() -> None:
    passages = [{"pinpoint": "Article 1", "text": "One  sentence. Two."}, {"pinpoint": "Article 2", "text": "Three."}]
    (found,) = read({"slug": "act", "title": "An Act", "date": "2044", "passages": passages, "mine": 1})
    assert found.given
    assert [(block.pinpoint, block.text) for block in found.blocks] == [
        ("Article 1", "One sentence. Two."),
        ("Article 2", "Three."),
    ]
    assert found.metadata == {"slug": "act", "title": "An Act", "date": "2044"}


def test_text_is_read_as_plain_text_and_a_slug_is_made() -> None:
    (found,) = read({"title": "The Plan, 2044!", "text": "First paragraph.\n\nSecond paragraph."})
    assert found.metadata["slug"] == "the-plan-2044"
    assert [block.text for block in found.blocks] == ["First paragraph.", "Second paragraph."]


def test_a_json_file_holds_one_document() -> None:
    (found,) = read(json.dumps({"title": "T", "text": "Words."}, indent=1), name="one.json")
    assert found.blocks[0].text == "Words."


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{broken", "line 2: not valid JSON"),
        ("[1]", "line 2: not a JSON object"),
        ({"title": "T"}, "line 2: give either 'text' or 'passages'"),
        ({"title": "T", "text": "x", "passages": []}, "line 2: give either"),
        ({"title": "T", "text": " "}, "line 2: 'text' is empty"),
        ({"title": "T", "passages": [{"pinpoint": "1"}]}, "line 2: passage 1 has no 'text'"),
        ({"title": "T", "text": "x", "date": "soon"}, "line 2: 'date' 'soon'"),
        ({"text": "x"}, "line 2: has no 'title'"),
        ({"slug": "A B", "title": "T", "text": "x"}, "line 2: slug 'A B'"),
        ({"slug": "good", "title": "T", "text": "x"}, "line 2: slug 'good' is already that of line 1"),
        ("[" * 100_000, "line 2: "),
    ],
)
def test_faulty_lines_are_named_and_the_others_are_given(line: object, reason: str) -> None:
    found = []
    with pytest.raises(Unreadable) as caught:
        found.extend(read({"slug": "good", "title": "G", "text": "Good."}, line)) if False else [
            found.append(one)
            for one in read({"slug": "good", "title": "G", "text": "Good."}, line, {"title": "Z", "text": "Last."})
        ]
    assert reason in str(caught.value)
    assert [one.metadata["title"] for one in found] == ["G", "Z"]


def write(folder: Path, text: str) -> Path:
    (folder / "manifest.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_manifest_gives_metadata(tmp_path: Path) -> None:
    text = (
        "documents:\n- file: a.txt\n  slug: a-1\n  title: 'A:  title'\n  date: 2021-11\n  sha256: 123\n"
        "  language: en (lines 1-698) + nl translation (rest)\n- file: My File.pdf\n  date: 2021-11-10\n- file: c.md\n  date: 2021\n"
    )
    assert load_manifest(write(tmp_path, text)) == {
        "a.txt": {"slug": "a-1", "title": "A: title", "date": "2021-11", "language": "en"},
        "My File.pdf": {"slug": "my-file", "date": "2021-11-10"},
        "c.md": {"slug": "c", "date": "2021"},
    }


def test_no_manifest_is_no_metadata(tmp_path: Path) -> None:
    assert load_manifest(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("documents:\n- file: [a\n", "line 3: not valid YAML"),
        ("title: x\n", "no list under 'documents'"),
        ("", "no list under 'documents'"),
        ("documents:\n- just text\n", "entry 1: is not a list of"),
        ("documents:\n- title: x\n", "entry 1: has no 'file'"),
        ("documents:\n- file: ../secret\n", "entry 1: file '../secret' is outside"),
        ("documents:\n- file: a.md\n  date: last year\n", r"entry 1 (a.md): date 'last year'"),
        ("documents:\n- file: a.md\n  slug: A/B\n", r"entry 1 (a.md): slug 'A/B'"),
        ("documents:\n- file: a.md\n- file: a.md\n", "entry 2: a.md is listed twice"),
        ("documents:\n- file: a.md\n- file: a.txt\n", "entry 2: slug 'a' is already that of entry 1"),
    ],
)
def test_a_wrong_manifest_names_the_place(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        load_manifest(write(tmp_path, text))
    assert reason in str(caught.value)
    assert "manifest.yaml" in str(caught.value)
