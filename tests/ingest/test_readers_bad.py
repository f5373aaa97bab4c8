"""Files that cannot be read: one clear message each, and nothing but Unreadable for any bytes at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.documents import Unreadable
from ingest.readers import read_bytes, read_path


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.md", b"", "is empty"),
        ("blank.txt", b" \n\n ", "is empty"),
        ("zeros.pdf", b"\x00" * 100, "is empty"),
        ("binary.md", bytes(range(256)) * 10, "not text"),
        ("image.md", b"\x89PNG\r\n\x1a\n" + bytes(range(200)) * 5, "not text"),
        ("only-front.md", b"---\ntitle: x\n---\n", "no text below"),
        ("fake.pdf", b"just words", "not a PDF"),
        ("fake.docx", b"just words", "not a DOCX"),
        ("old.doc", b"\xd0\xcf\x11\xe0" + b"\x01" * 600, "old Office file"),
        ("locked.docx", b"\xd0\xcf\x11\xe0" + b"\x01" * 600, "not a DOCX|password"),
        ("sheet.csv", b"a,b\n1,2\n", r"\.csv files are not read"),
    ],
)
def test_each_bad_file_says_why(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason) as caught:
        list(read_path(write(tmp_path, name, content)))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_folder_and_too_large(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no such file"):
        list(read_path(tmp_path / "none.md"))
    with pytest.raises(Unreadable, match="is a folder"):
        list(read_path(tmp_path))
    sparse = tmp_path / "huge.txt"
    with sparse.open("wb") as file:
        file.truncate(250_000_000)
    with pytest.raises(Unreadable, match="250 MB is over the limit of 200 MB"):
        list(read_path(sparse))
    with pytest.raises(Unreadable, match=r"over the limit of 0\.001 MB"):
        list(read_path(write(tmp_path, "some.txt", b"words " * 1000), max_bytes=1000))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = write(tmp_path, "secret.md", b"text")
    path.chmod(0)
    with pytest.raises(Unreadable, match="permission"):
        list(read_path(path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(Unreadable, match="not a regular file"):
        list(read_path(tmp_path / "pipe.md"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", ["note.md", "note.txt", "note.html"])
def test_usual_encodings_are_read(tmp_path: Path, name: str, encoding: str) -> None:
    text = "Sécurité – “réseau”"
    if name.endswith("html"):
        text = f"<html><head><meta charset='{encoding}'></head><body><p>{text}</p></body></html>"
    (found,) = read_path(write(tmp_path, name, text.encode(encoding)))
    assert found.blocks[0].text == "Sécurité – “réseau”"


@pytest.mark.parametrize(
    "bomb", ["> " * 5000 + "x", "- " * 5000 + "x", "[" * 20_000, "*" * 20_000 + "a", "a: " + "[" * 5000]
)
def test_nested_markdown_is_read_or_refused(bomb: str) -> None:
    try:
        list(read_bytes(bomb.encode(), "bomb.md"))
    except Unreadable:
        return


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("letters.txt", "a"),
        ("address.txt", "http://a.b/"),
        ("line.txt", "word "),
        ("lines.txt", "A line of words, and then it ends.\n"),
        ("hyphens.txt", "hy-\n"),
        ("torn.txt", "a line without an end\n\n"),
        ("quote.md", "> a\n"),
        ("lines.md", "a line of words\n"),
        ("points.md", "a line that ends;\n(a) point\n"),
        ("bold.md", "**Bold line**\\\n"),
        ("rows.md", "| a | b |\n|---|---|\n"),
    ],
)
def test_a_file_that_is_one_long_piece_is_read_in_good_time(name: str, piece: str) -> None:
    """Such files took minutes, and ten times the length a hundred times as long."""
    (found,) = read_bytes(piece.encode() * (100_000 // len(piece)), name)
    assert found.blocks


@pytest.mark.parametrize("name", ["long.txt", "long.md", "long.html", "long.json"])
def test_a_text_that_nobody_could_have_written_is_refused(name: str) -> None:
    with pytest.raises(Unreadable, match=rf"{name}: 21 MB of text is over the limit of 20 MB.*split it"):
        list(read_bytes(b"words " * 3_500_000, name))


def test_many_documents_may_be_longer_than_one() -> None:
    lines = (f'{{"slug": "d{number}", "title": "T", "text": "Words."}}\n' + " " * 7_000_000 for number in range(4))
    assert len(list(read_bytes("\n".join(lines).encode(), "many.jsonl"))) == 4


def test_yaml_bombs_do_not_grow() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)]
    (found,) = read_bytes(("---\n" + "\n".join(lines) + "\ntitle: *i\n---\nText.\n").encode(), "bomb.md")
    assert len(found.metadata.get("title", "")) < 1_000_000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    raw=st.one_of(st.binary(max_size=400), st.text(max_size=400).map(str.encode)),
    start=st.sampled_from([b"", b"%PDF-1.7\n", b"PK\x03\x04", b"---\n", b"<html>", b"\xff\xfe", b"A/RES/1/1\n"]),
    name=st.sampled_from(["a.md", "a.txt", "a.html", "a.pdf", "a.docx", "a.jsonl", "a.json", "a"]),
)
def test_any_bytes_are_read_or_refused(raw: bytes, start: bytes, name: str) -> None:
    try:
        found = list(read_bytes(start + raw, name))
    except Unreadable as error:
        refused: str | None = str(error)
        found = []
    else:
        refused = None
    assert refused is None or refused.startswith(f"{name}: ")
    assert all(reading.blocks for reading in found)
    assert all(block.text == " ".join(block.text.split()) for reading in found for block in reading.blocks)
