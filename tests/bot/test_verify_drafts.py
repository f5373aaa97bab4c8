"""A person's own briefing: its sentences and notes are found, each is held against the library, and bad files are told."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from bot.ask import Legation
from bot.check import Checker
from bot.cli import app
from bot.draft import Sentence, read
from bot.settings import Settings
from ingest.documents import LibraryError
from ingest.index import Index
from ingest.sync import ingest

ACT = {
    "slug": "river-act",
    "title": "River Networks Act",
    "publisher": "River Board",
    "date": "2022-06-01",
    "symbol": "RB/2022/4",
    "kind": "law",
    "url": "https://river.example/act",
    "passages": [
        {"pinpoint": "Article 3", "text": "Operators shall notify the board of serious incidents within 36 hours."},
        {
            "pinpoint": "Article 4",
            "text": "The board may suspend a licence, unless the operator has repaired the fault.",
        },
    ],
}
NOTE = {
    "slug": "mill-note",
    "title": "Note on the Mill Attack",
    "publisher": "Mill Office",
    "kind": "note",
    "passages": [
        {
            "pinpoint": "para. 1",
            "text": "The town of Westmill condemned the attack of the Eastmill guild on its lock gates.",
        }
    ],
}
DRAFT = """---
title: Briefing
---
# Incidents on the river

Operators must notify the board of serious incidents within 36 hours.[1] They have 72 hours for the notification of serious incidents to the board.[1]

The town of Westmill condemned the attack on its lock gates.[^mill] The Eastmill guild condemned the attack of Westmill on its lock gates.[^mill]

The board may suspend a licence. The law says that operators "shall notify the mayor of serious incidents" [1].

- A dam was built in 1950 by the old kings.[2]

> Operators shall notify the board of serious incidents within 36 hours. [1]

[^mill]: Note on the Mill Attack, para. 1.

## Sources

[1] River Networks Act, RB/2022/4
[2] Chronicle of the Dam
"""
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Legation]:
    folder = tmp_path_factory.mktemp("river")
    (folder / "river.jsonl").write_text(json.dumps(ACT) + "\n" + json.dumps(NOTE) + "\n")
    with Index.open(folder / "library", create=True) as index:
        assert ingest(index, [folder / "river.jsonl"]).failed == {}
    with Legation.open(Settings(data=folder / "library")) as legation:
        yield legation


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def word(path: Path, body: list[str], notes: dict[str, str], kind: str = "footnote") -> Path:
    """A Word file with notes: `{n}` in the body is the reference to note n."""
    document = docx.Document()
    for text in body:
        paragraph = document.add_paragraph()
        for part in text.replace("}", "{").split("{"):
            run = paragraph.add_run("" if part in notes else part)
            if part in notes:
                run._r.append(run._r.makeelement(f"{{{W}}}{kind}Reference", {f"{{{W}}}id": part}))
    plain = path.with_suffix(".plain.docx")
    document.save(str(plain))
    held = "".join(
        f'<w:{kind} w:id="{n}"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:{kind}>' for n, text in notes.items()
    )
    part = f'<?xml version="1.0" encoding="UTF-8"?><w:{kind}s xmlns:w="{W}">{held}</w:{kind}s>'
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w") as new:
        for item in old.infolist():
            data = old.read(item.filename)
            if item.filename == "[Content_Types].xml":
                name = f"application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}s+xml"
                data = data.replace(
                    b"</Types>", f'<Override PartName="/word/{kind}s.xml" ContentType="{name}"/></Types>'.encode()
                )
            if item.filename == "word/_rels/document.xml.rels":
                about = f"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}s"
                data = data.replace(
                    b"</Relationships>",
                    f'<Relationship Id="rId99" Type="{about}" Target="{kind}s.xml"/></Relationships>'.encode(),
                )
            new.writestr(item, data)
        new.writestr(f"word/{kind}s.xml", part)
    return path


def test_a_markdown_draft_is_read_with_its_places_marks_and_notes(tmp_path: Path) -> None:
    found = read(written(tmp_path / "draft.md", DRAFT))
    assert [s.text for s in found][:2] == [
        "Operators must notify the board of serious incidents within 36 hours.",
        "They have 72 hours for the notification of serious incidents to the board.",
    ]
    assert [s.notes for s in found] == [
        ("River Networks Act, RB/2022/4",),
        ("River Networks Act, RB/2022/4",),
        ("Note on the Mill Attack, para. 1.",),
        ("Note on the Mill Attack, para. 1.",),
        (),
        ("River Networks Act, RB/2022/4",),
        ("Chronicle of the Dam",),
        ("River Networks Act, RB/2022/4",),
    ]
    assert [s.quoted for s in found] == [False] * 7 + [True]
    assert found[0].place == "line 6"


@pytest.mark.parametrize("kind", ["footnote", "endnote"])
def test_a_word_draft_is_read_with_its_notes(tmp_path: Path, kind: str) -> None:
    body = ["Operators must notify the board.{1} The board may suspend a licence.", "Westmill condemned the attack{2}."]
    found = read(word(tmp_path / "draft.docx", body, {"1": "River Networks Act", "2": "mill-note"}, kind))
    assert [(s.text, s.notes) for s in found] == [
        ("Operators must notify the board.", ("River Networks Act",)),
        ("The board may suspend a licence.", ()),
        ("Westmill condemned the attack.", ("mill-note",)),
    ]


def test_marks_of_several_sources_and_links(tmp_path: Path) -> None:
    text = "Operators notify the board at once [1, 3-4]. The act says so as [well](https://river.example/act).\n\n# Sources\n\n1. One\n3. Three\n4. Four\n"
    first, second = read(written(tmp_path / "draft.md", text))
    assert first.notes == ("One", "Three", "Four")
    assert second.notes == ("https://river.example/act",)


def test_each_sentence_gets_its_verdict_and_the_best_passage(bot: Legation, tmp_path: Path) -> None:
    found = list(Checker(bot).check(read(written(tmp_path / "draft.md", DRAFT))))
    assert [item.status for item in found] == [
        "holds",
        "fails",
        "holds",
        "fails",
        "unsourced",
        "fails",
        "fails",
        "holds",
    ]
    rules = [{reason.rule for reason in item.reasons} for item in found]
    assert "number" in rules[1]
    assert "swapped" in rules[3] or "replaced" in rules[3]
    assert "quote" in rules[5]
    assert rules[6] == {"source"}
    best = found[0].best
    assert best is not None
    assert (best.source, best.pinpoint, best.supports) == ("river-act", "Article 3", True)
    unsourced = found[4].best
    assert unsourced is not None
    assert (unsourced.pinpoint, unsourced.supports) == ("Article 4", False), "the condition is missing"


def test_a_note_names_its_document_by_any_name(bot: Legation) -> None:
    checker = Checker(bot)
    for note in (
        "RB/2022/4",
        "See https://river.example/act.",
        "River Board, River Networks Act (2022)",
        "river-act, p. 3",
    ):
        assert checker.sources(note) == ["river-act"]
    assert checker.sources("Chronicle of the Dam") == []


def test_a_note_that_names_another_article_is_told(bot: Legation) -> None:
    text = "Operators must notify the board of serious incidents within 36 hours."
    right, wrong = (Sentence(place="line 1", text=text, notes=(f"River Networks Act, Article {n}",)) for n in (3, 4))
    held, missed = Checker(bot).check([right, wrong])
    assert held.status == "holds"
    assert (missed.status, [reason.rule for reason in missed.reasons]) == ("fails", ["article"])


def legation(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def test_the_command_prints_writes_and_ends_with_1(bot: Legation, tmp_path: Path) -> None:
    data, draft = bot.settings.data, written(tmp_path / "draft.md", DRAFT)
    done = legation("--data", data, "verify", draft, "--output", tmp_path / "out.jsonl")
    assert done.exit_code == 1
    assert "3 of 8 sentences hold, 4 do not, 1 have no source." in done.stdout
    rows: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["status"] for row in rows].count("holds") == 3
    assert json.loads(legation("--data", data, "verify", draft, "--json").stdout) == rows
    good = written(tmp_path / "good.md", DRAFT.split(" They have")[0] + "\n\n" + DRAFT[DRAFT.index("## Sources") :])
    assert legation("--data", data, "verify", good).exit_code == 0


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("absent.md", None, "cannot be read"),
        ("draft.txt", b"Some words stand here.", ".docx"),
        ("empty.md", b"", "no sentence"),
        ("only.md", b"# Heading\n\n- one\n", "no sentence"),
        ("latin.md", "Désolé".encode("latin-1"), "UTF-8"),
        ("broken.docx", b"PK\x03\x04 broken", "damaged"),
        ("text.docx", b"no archive", "damaged"),
    ],
)
def test_a_draft_that_cannot_be_read_is_told(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LibraryError, match=words):
        read(path)


def test_nothing_or_both_to_check_is_refused(tmp_path: Path) -> None:
    for args in ((), (tmp_path / "a.md", "--input", tmp_path / "b.jsonl")):
        done = legation("verify", *args)
        assert done.exit_code == 2
        assert "one of the two" in done.stderr


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab [](){}^#>*-_:.!\"'\n⟦⟧1234,éñ中"), max_size=120))
def test_any_markdown_is_read(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = written(tmp_path_factory.getbasetemp() / "any.md", text)
    try:
        found = read(path)
    except LibraryError:
        return
    assert all(len(sentence.text.split()) >= 4 for sentence in found)
