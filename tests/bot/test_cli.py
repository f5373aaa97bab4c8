"""The command as people and programs run it: what it prints where, and with which code it ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from ingest.sync import only_one

MANIFEST = """documents:
  - file: compact.md
    slug: lake-compact
    title: Lake Compact on Networks
    publisher: Lake Council
    date: 2020-03-02
    kind: treaty
    symbol: LC/2020/1
    status: in force
    language: en
    url: https://lake.example/compact
  - file: speech.txt
    slug: ferry-speech
    title: Speech on Ferries and Ransomware
    publisher: Ministry of Ferries
    date: 2023-05-04
    kind: statement
"""
COMPACT = """# Lake Compact on Networks

## Article 1

This Compact protects the networks of the lake towns against intrusion and interruption.

## Article 2

Each town shall appoint a network warden, who shall report serious intrusions to the Council within forty-eight hours.

## Article 3

The Compact entered into force on 9 June 2021, after the seventh town had ratified it.
"""
SPEECH = """Ransomware stopped four ferries in the spring of 2023, and no ransom was paid.

The Ministry of Ferries asks every operator to keep copies of its booking system ashore.
"""
QUESTION = "Within how many hours must a network warden report serious intrusions?"
HEAVY = ("torch", "sentence_transformers", "chromadb", "gradio", "tantivy", "transformers", "langchain_core")
COMMAND = [sys.executable, "-c", "from bot.cli import main; main()"]
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "manifest.yaml").write_text(MANIFEST)
    (folder / "compact.md").write_text(COMPACT)
    (folder / "speech.txt").write_text(SPEECH)
    return folder


@pytest.fixture(scope="module")
def made(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that no test changes."""
    data = tmp_path_factory.mktemp("made") / "library"
    assert legation("--data", data, "ingest", inputs).exit_code == 0
    return data


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "library"))


def legation(*words: object, **env: str) -> Result:
    with patch.dict(os.environ, env):
        return CliRunner().invoke(app, [str(word) for word in words])


def value(result: Result, code: int = 0) -> Any:
    """The one JSON value on standard output."""
    assert result.exit_code == code, result.stderr
    assert result.stdout.count("\n") == 1
    return json.loads(result.stdout)


def refused(result: Result, *words: str, code: int = 2) -> None:
    """One message on standard error, nothing on standard output, no traceback."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("legation: ")
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


def process(*words: object, before: tuple[str, ...] = (), **given: Any) -> subprocess.CompletedProcess[str]:
    command = [*before, *COMMAND, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **given)


# help


@pytest.mark.parametrize("command", ["ingest", "library", "search", "ask", "serve", "mcp", "verify", "doctor"])
def test_help_of_each_command_shows_an_example(command: str) -> None:
    result = legation(command, "--help", COLUMNS="100")
    assert result.exit_code == 0
    assert f"legation {command}" in result.stdout.split("Example")[1]


def test_help_names_the_commands_of_other_packages_and_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom bot.cli import app\nfrom contextlib import suppress\n"
        "with suppress(SystemExit): app(['--help'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "eval" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "[]"


def test_the_commands_of_other_packages_get_the_folder_of_the_library(made: Path, tmp_path: Path) -> None:
    suite = tmp_path / "suite.jsonl"
    suite.write_text(json.dumps({"id": "q1", "question": QUESTION, "answerable": False, "type": "unanswerable"}) + "\n")
    assert legation("--data", made, "eval", "validate", suite).exit_code == 0
    assert legation("--data", tmp_path / "none", "eval", "validate", suite).exit_code == 2


def test_version() -> None:
    assert legation("--version").stdout.startswith("legation ")


# ingest


def test_ingest_adds_then_changes_nothing_then_only_what_changed(inputs: Path, tmp_path: Path) -> None:
    folder, data = Path(shutil.copytree(inputs, tmp_path / "in")), tmp_path / "library"
    first = value(legation("--data", data, "ingest", folder, "--json"))
    assert (first["added"], first["failed"]) == (["lake-compact", "ferry-speech"], {})
    assert first["library"]["documents"] == 2
    again = value(legation("--data", data, "ingest", folder, "--json"))
    assert (again["unchanged"], again["encoded"]) == (["lake-compact", "ferry-speech"], 0)
    (folder / "speech.txt").write_text(SPEECH + "\nFerries sail again.\n")
    changed = value(legation("--data", data, "ingest", folder, "--json"))
    assert (changed["changed"], changed["unchanged"]) == (["ferry-speech"], ["lake-compact"])


def test_ingest_prunes_when_asked(inputs: Path, own: Path, tmp_path: Path) -> None:
    extra = tmp_path / "extra"
    extra.mkdir()
    (extra / "note.md").write_text("# Note\n\nA note on lighthouses, kept for a while.\n")
    (extra / "other.md").write_text("# Other\n\nAnother note, on harbours and their masters.\n")
    assert legation("--data", own, "ingest", extra).exit_code == 0
    (extra / "note.md").unlink()
    assert value(legation("--data", own, "ingest", extra, "--json"))["removed"] == []
    assert value(legation("--data", own, "ingest", extra, "--prune", "--json"))["removed"] == ["note"]
    assert len(value(legation("--data", own, "library", "--json"))) == 3


def test_ingest_done_in_part_names_each_failure(own: Path, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("# Good\n\nA note on buoys and the people who paint them.\n")
    (tmp_path / "empty.md").write_text("")
    words = ("ingest", tmp_path / "good.md", tmp_path / "empty.md", tmp_path / "absent.md", "--json")
    result = legation("--data", own, *words)
    summary = value(result, code=3)
    assert summary["added"] == ["good"]
    assert len(summary["failed"]) == 2
    assert "empty.md" in result.stderr
    assert "absent.md" in result.stderr


def test_ingest_of_what_is_unreadable_alone_is_exit_2(own: Path, tmp_path: Path) -> None:
    (tmp_path / "picture.md").write_bytes(bytes(range(256)) * 20)
    result = legation("--data", own, "ingest", tmp_path / "picture.md")
    assert result.exit_code == 2
    assert "picture.md" in result.stderr
    assert len(value(legation("--data", own, "library", "--json"))) == 2


def test_ingest_of_a_misspelt_path_makes_no_library(tmp_path: Path) -> None:
    refused(legation("--data", tmp_path / "new", "ingest", tmp_path / "nowhere"), "nowhere", "no such file")
    assert not (tmp_path / "new").exists()


def test_ingest_does_not_fetch_from_this_machine(own: Path) -> None:
    result = legation("--data", own, "ingest", "http://127.0.0.1:9/secret.html")
    assert result.exit_code == 2
    assert "private" in result.stderr


def test_ingest_needs_something_to_do(own: Path) -> None:
    refused(legation("--data", own, "ingest"), "--starter")


def test_ingest_refuses_a_folder_that_is_something_else(inputs: Path) -> None:
    refused(legation("--data", inputs, "ingest", inputs / "speech.txt"), "not a Legation library")
    refused(legation("--data", inputs / "speech.txt", "ingest", inputs), "not a Legation library")


def test_two_ingests_at_once(inputs: Path, own: Path) -> None:
    with only_one(own):
        refused(legation("--data", own, "ingest", inputs), "Another ingest")
        refused(legation("--data", own, "library", "remove", "lake-compact"), "Another ingest")
    assert legation("--data", own, "ingest", inputs).exit_code == 0


def test_a_file_of_many_documents_that_was_stopped_midway_is_read_again(own: Path, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    good = [
        json.dumps({"slug": f"d{i}", "title": f"D{i}", "text": f"The {i}th note is about pier {i}."}) for i in (1, 2)
    ]
    file.write_text("\n".join([good[0], '{"slug": "Not A Slug!", "title": "x", "text": "y z"}', good[1]]))
    for _ in range(2):
        result = legation("--data", own, "ingest", file, "--json")
        assert json.loads(result.stdout)["failed"], "the failure is named each time, not only the first"
    file.write_text("\n".join(good))
    assert value(legation("--data", own, "ingest", file, "--json"))["failed"] == {}


def test_a_rebuild_encodes_everything_and_mends_a_damaged_index(own: Path) -> None:
    for file in (own / "words").glob("*.term"):
        file.unlink()
    refused(legation("--data", own, "ask", QUESTION), "damaged", "--rebuild")
    summary = value(legation("--data", own, "ingest", "--rebuild", "--json"))
    assert summary["encoded"] == summary["library"]["passages"]
    assert "forty-eight" in legation("--data", own, "ask", QUESTION).stdout


def test_a_library_whose_making_was_stopped_at_once_can_be_made(inputs: Path, tmp_path: Path) -> None:
    data = tmp_path / "library"
    data.mkdir()
    (data / "library.sqlite3").touch()
    refused(legation("--data", data, "library"), "no library")
    assert legation("--data", data, "ingest", inputs).exit_code == 0


# library


def test_library_lists_what_it_holds(made: Path) -> None:
    rows = value(legation("--data", made, "library", "list", "--json"))
    assert [row["slug"] for row in rows] == ["ferry-speech", "lake-compact"]
    fields = "slug title publisher date symbol kind status language url passages words".split()
    assert all(list(row) == fields for row in rows)
    assert rows[1]["symbol"] == "LC/2020/1"
    assert rows == value(legation("library", "--json", "--data", made))
    assert rows == value(legation("library", "--json", LEGATION_DATA=str(made)))
    shown = legation("--data", made, "library", COLUMNS="200").stdout
    assert "Lake Compact on Networks" in shown
    assert "2 documents" in shown


def test_library_show_gives_passages_that_are_the_text(made: Path) -> None:
    found = value(legation("--data", made, "library", "show", "lake-compact", "--json"))
    assert found["title"] == "Lake Compact on Networks"
    assert [p["start"] for p in found["passages"][1:]] == [p["end"] for p in found["passages"][:-1]]
    assert found["passages"][-1]["end"] == len(found["text"])
    assert {"pinpoint", "page", "start", "end"} == set(found["passages"][0])
    assert "Article 2" in legation("--data", made, "library", "show", "lake-compact").stdout


def test_library_remove(own: Path) -> None:
    assert value(legation("--data", own, "library", "remove", "ferry-speech", "--json")) == {
        "removed": ["ferry-speech"]
    }
    refused(legation("--data", own, "library", "remove", "ferry-speech"), "ferry-speech")
    assert len(value(legation("--data", own, "library", "--json"))) == 1


@pytest.mark.parametrize("words", [("show",), ("remove",), ("list", "x")])
def test_library_says_how_it_is_used(made: Path, words: tuple[str, ...]) -> None:
    refused(legation("--data", made, "library", *words), "slug")


def test_text_of_a_document_does_not_steer_the_terminal(own: Path, tmp_path: Path) -> None:
    (tmp_path / "sly.jsonl").write_text(
        json.dumps({"slug": "sly", "title": "Sly\x1b[2J", "text": "Look \x1b]0;owned\x07 \u202eereh\u202c here."})
    )
    legation("--data", own, "ingest", tmp_path / "sly.jsonl")
    for words in (("library",), ("library", "show", "sly"), ("search", "look here")):
        shown = legation("--data", own, *words).stdout
        assert not {"\x1b", "\x07", "\u202e", "\u202c"} & set(shown)


# search and ask


def test_search_gives_evidence_best_first(made: Path) -> None:
    found = value(legation("--data", made, "search", "warden reports intrusions", "-k", "2", "--json"))
    assert len(found) == 2
    assert found[0]["source"] == "lake-compact"
    assert found[0]["score"] >= found[1]["score"]
    assert "Article 2" in legation("--data", made, "search", "warden reports intrusions").stdout


def test_search_and_ask_keep_to_the_filter(made: Path) -> None:
    found = value(legation("--data", made, "search", "network warden", "--filter", "year_from=2022", "--json"))
    assert {item["source"] for item in found} == {"ferry-speech"}
    words = (
        "ask",
        "What does the library hold on ransomware?",
        "--filter",
        "kind=treaty",
        "--filter",
        "year_to=2021",
        "--json",
    )
    asked = value(legation("--data", made, *words))
    assert {item["source"] for item in asked["retrieved"]} == {"lake-compact"}


def test_ask_answers_with_statements_sources_and_quotes(made: Path) -> None:
    answer = value(legation("--data", made, "ask", QUESTION, "--json"))
    assert answer["outcome"] == "answer"
    text = value(legation("--data", made, "library", "show", "lake-compact", "--json"))["text"]
    assert all(text[c["start"] : c["end"]] == c["quote"] for c in answer["citations"] if c["source"] == "lake-compact")
    shown = legation("--data", made, "ask", QUESTION).stdout
    for part in (
        "forty-eight hours. [1]",
        "Sources",
        "Article 2",
        "“Each town",
        "2020-03-02",
        "https://lake.example/compact",
    ):
        assert part in shown


def test_a_refusal_is_done_and_names_what_is_near(made: Path) -> None:
    words = ("ask", "What is the defence budget of Portugal in 2011?")
    answer = value(legation("--data", made, *words, "--json"))
    assert answer["outcome"] == "refusal"
    assert answer["reason"]
    assert "Nearest in the library" in legation("--data", made, *words).stdout


def test_ask_as_a_process_prints_json_alone(made: Path) -> None:
    ended = process("--data", made, "ask", QUESTION, "--json")
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["outcome"] == "answer"
    assert ended.stderr == ""


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("a" * 100_000, "100,000"),
        ("😀 🚢", "words"),
        ("?!", "words"),
        ("\udcff x", "UTF-8"),
    ],
    ids=["empty", "spaces", "long", "emoji", "marks", "bytes"],
)
def test_what_is_no_question_is_refused(made: Path, command: str, question: str, said: str) -> None:
    refused(legation("--data", made, command, question), said)


@pytest.mark.parametrize(
    "question", ["Что такое кибердипломатия?", "网络外交是什么？", "ما هي الدبلوماسية السيبرانية؟"]
)
def test_a_question_in_another_script_gets_an_outcome(made: Path, question: str) -> None:
    assert value(legation("--data", made, "ask", question, "--json"))["outcome"] in ("answer", "refusal")


@pytest.mark.parametrize(
    ("given", "said"),
    [("colour=red", "publisher"), ("kind", "NAME=VALUE"), ("year_from=soon", "year_from"), ("kind=", "NAME=VALUE")],
)
def test_a_wrong_filter_is_named(made: Path, given: str, said: str) -> None:
    refused(legation("--data", made, "ask", QUESTION, "--filter", given), said)
    refused(legation("--data", made, "search", "x y", "--filter", given), said)


def test_filters_that_contradict_each_other_are_named(made: Path) -> None:
    refused(legation("--data", made, "ask", "x y", "--filter", "kind=law", "--filter", "kind=note"), "twice")
    refused(legation("--data", made, "ask", "x y", "--filter", "year_from=2022", "--filter", "year_to=2020"), "2022")


def test_ask_says_how_it_is_used(made: Path, tmp_path: Path) -> None:
    refused(legation("--data", made, "ask"), "--batch")
    refused(legation("--data", made, "ask", "x y", "--batch", tmp_path / "q", "--output", tmp_path / "a"), "either")
    refused(legation("--data", made, "ask", "--batch", tmp_path / "q"), "together")
    refused(legation("--data", made, "ask", "x y", "--output", tmp_path / "a"), "together")
    assert legation("--data", made, "ask", "x", "--nonsense").exit_code == 2


@pytest.mark.parametrize("words", [("ask", "x y"), ("search", "x y"), ("library",)])
def test_a_missing_foreign_empty_or_damaged_library_is_named(
    words: tuple[str, ...], inputs: Path, tmp_path: Path
) -> None:
    refused(legation("--data", tmp_path / "none", *words), "no library", "ingest")
    refused(legation("--data", inputs, *words), "no library")
    (tmp_path / "library.sqlite3").write_bytes(b"not a database at all, but long enough to be looked at" * 40)
    refused(legation("--data", tmp_path, *words), "library.sqlite3")


def test_an_empty_library_says_how_to_fill_it(own: Path) -> None:
    for slug in ("ferry-speech", "lake-compact"):
        legation("--data", own, "library", "remove", slug)
    refused(legation("--data", own, "ask", QUESTION), "empty", "ingest")
    assert value(legation("--data", own, "library", "--json")) == []


def test_another_model_than_the_library_was_made_with(made: Path) -> None:
    refused(legation("--data", made, "ask", QUESTION, LEGATION_EMBEDDER="some/model"), "--rebuild")
    assert len(value(legation("--data", made, "library", "--json", LEGATION_EMBEDDER="some/model"))) == 2


def test_a_misspelt_setting_is_named(made: Path) -> None:
    refused(legation("--data", made, "library", LEGATION_TRESHOLD="0.3"), "LEGATION_THRESHOLD")
    refused(legation("--data", made, "ask", QUESTION, LEGATION_THRESHOLD="high"), "LEGATION_THRESHOLD")


@pytest.mark.skipif(
    os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write anywhere; setpriv is missing"
)
def test_a_read_only_library_and_an_unreadable_file(own: Path, inputs: Path, tmp_path: Path) -> None:
    as_user = tuple(UNPRIVILEGED) if os.geteuid() == 0 else ()
    for path in (own, *own.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        for words in (("ask", QUESTION), ("ingest", inputs)):
            ended = process("--data", own, *words, before=as_user)
            assert (ended.returncode, ended.stdout) == (2, "")
            assert "read-only" in ended.stderr
            assert "Traceback" not in ended.stderr
        made_there = process("--data", own / "new", "ingest", inputs, before=as_user)
        assert made_there.returncode == 2
        assert "writable" in made_there.stderr
        doctor = process("--data", own, "doctor", "--json", before=as_user)
        assert doctor.returncode == 1
        assert [c["name"] for c in json.loads(doctor.stdout) if c["state"] == "fail"] == ["library"]
    finally:
        for path in (own, *own.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    (tmp_path / "secret.md").write_text("# Secret\n\nNobody may read this.\n")
    (tmp_path / "secret.md").chmod(0)
    ended = process("--data", own, "ingest", tmp_path / "secret.md", before=as_user)
    assert ended.returncode == 2
    assert "secret.md" in ended.stderr


# batches


def lines(path: Path, *items: object) -> Path:
    path.write_text("".join((item if isinstance(item, str) else json.dumps(item)) + "\n" for item in items))
    return path


def test_a_batch_gives_an_answer_a_line_in_order(made: Path, tmp_path: Path) -> None:
    earlier = [{"role": "user", "content": "What is the Lake Compact?"}, {"role": "assistant", "content": "A treaty."}]
    questions = lines(
        tmp_path / "q.jsonl",
        {"id": "one", "question": QUESTION, "type": "fact", "answerable": True, "evidence": [], "nuggets": []},
        "",
        {"id": "two", "question": "When did it enter into force?", "history": earlier},
        {
            "id": 3,
            "question": "Who asks for copies ashore?",
            "filters": {"publisher": "Ministry of Ferries"},
            "history": None,
        },
    )
    output = tmp_path / "a.jsonl"
    output.write_text("old\n")
    summary = value(legation("--data", made, "ask", "--batch", questions, "--output", output, "--json"))
    answers = [json.loads(line) for line in output.read_text().splitlines()]
    assert [answer["id"] for answer in answers] == ["one", "two", "3"]
    assert summary["asked"] == 3
    assert summary["answered"] == sum(answer["outcome"] == "answer" for answer in answers)
    assert "Lake Compact" in answers[1]["standalone_question"]
    assert {item["source"] for item in answers[2]["retrieved"]} == {"ferry-speech"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "q.jsonl"]


def test_a_batch_with_questions_that_are_none_is_done_in_part(made: Path, tmp_path: Path) -> None:
    asked = [{"id": "a", "question": "😀"}, {"id": "b", "question": QUESTION}, {"id": "c", "question": ""}]
    questions, output = lines(tmp_path / "q.jsonl", *asked), tmp_path / "a.jsonl"
    result = legation("--data", made, "ask", "--batch", questions, "--output", output)
    assert result.exit_code == 3
    assert "question a" in result.stderr
    assert "question c" in result.stderr
    assert [json.loads(line)["outcome"] for line in output.read_text().splitlines()] == ["error", "answer", "error"]


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[1, 2]",
        '{"id": "x"}',
        '{"question": "x"}',
        '{"id": "good", "question": "the same id"}',
        '{"id": "x", "question": 7}',
        '{"id": "x", "question": "\\ud800"}',
        '{"id": "x", "question": "y", "filters": {"colour": "red"}}',
        '{"id": "x", "question": "y", "history": "before"}',
        '{"id": "x", "question": "y", "history": [{"role": "nobody", "content": "z"}]}',
        "[" * 100_000,
    ],
)
def test_a_bad_line_is_named_before_anything_is_asked(made: Path, tmp_path: Path, line: str) -> None:
    questions = lines(tmp_path / "q.jsonl", {"id": "good", "question": QUESTION}, "", line)
    output = tmp_path / "a.jsonl"
    output.write_text("old\n")
    refused(legation("--data", made, "ask", "--batch", questions, "--output", output), "line 3")
    assert output.read_text() == "old\n"


def test_a_batch_that_cannot_be_read_or_written(made: Path, tmp_path: Path) -> None:
    good = lines(tmp_path / "q.jsonl", {"id": "a", "question": QUESTION})
    (tmp_path / "latin.jsonl").write_bytes('{"id": "a", "question": "où?"}'.encode("latin-1"))
    for questions, said in (
        (tmp_path / "absent.jsonl", "absent.jsonl"),
        (tmp_path, "cannot be read"),
        (tmp_path / "latin.jsonl", "UTF-8"),
        (lines(tmp_path / "empty.jsonl"), "nothing in it"),
    ):
        refused(legation("--data", made, "ask", "--batch", questions, "--output", tmp_path / "a.jsonl"), said)
    for output in (tmp_path / "no" / "a.jsonl", tmp_path, Path(os.devnull)):
        refused(legation("--data", made, "ask", "--batch", good, "--output", output), str(output))
    assert Path(os.devnull).is_char_device()
    refused(
        legation("--data", made, "ask", "--batch", good, "--output", tmp_path / "a.jsonl", "--filter", "kind=law"),
        "filters",
    )


# verify, doctor, serve


def test_verify_tells_what_holds_from_what_does_not(made: Path, tmp_path: Path) -> None:
    quote = "The Compact entered into force on 9 June 2021, after the seventh town had ratified it."
    statements = lines(
        tmp_path / "s.jsonl",
        {"id": "right", "text": quote, "citations": [{"source": "lake-compact", "quote": quote}]},
        {"id": "number", "text": quote.replace("9", "8"), "citations": [{"source": "lake-compact", "quote": quote}]},
        {"id": "forged", "text": "Towns pay.", "citations": [{"source": "lake-compact", "quote": "Towns pay."}]},
        {"id": "stranger", "text": quote, "citations": [{"source": "nowhere", "quote": quote}]},
        {"id": "bare", "text": quote},
    )
    found = value(legation("--data", made, "verify", "--input", statements, "--json"), code=1)
    assert [item["id"] for item in found if item["supported"]] == ["right"]
    assert all(item["reasons"] and set(item["reasons"][0]) == {"rule", "detail"} for item in found[1:])
    assert "1 of 5" in legation("--data", made, "verify", "--input", statements).stdout
    refused(legation("--data", made, "verify", "--input", lines(tmp_path / "bad.jsonl", "{}")), "line 1")


def test_doctor_is_content_with_a_good_library(made: Path) -> None:
    checks = value(legation("--data", made, "doctor", "--json"))
    assert [check for check in checks if check["state"] != "ok"] == []
    assert "All is well" in legation("--data", made, "doctor").stdout


def test_serve_names_an_address_that_it_cannot_have(made: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(legation("--data", made, "serve", "--port", port), "--port")
        refused(legation("--data", tmp_path / "new", "serve", "--port", port), "--port")
    assert not (tmp_path / "new").exists(), "nothing is made for a server that cannot run"
    refused(legation("--data", made, "serve", "--port", "70000"), "port")


def test_serve_as_a_process_answers_and_ends(made: Path) -> None:
    command = [*COMMAND, "--data", str(made), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        said = running.stdout.readline()
        assert "http://127.0.0.1:" in said, running.communicate()[1]
        address = next(word for word in said.split() if word.startswith("http"))
        assert httpx.get(address, timeout=30).status_code == 200
        running.send_signal(signal.SIGINT)
        assert running.communicate(timeout=60) == ("", "")
    assert running.returncode == 0


def test_serve_makes_the_starter_library_and_completes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = tmp_path / "starter"
    notes.mkdir()
    (notes / "one.md").write_text("# One\n\nThe first note tells of the lighthouse keepers.\n")
    served: list[Path] = []
    monkeypatch.setattr("bot.library.starter", lambda: notes)
    monkeypatch.setattr("bot.serve.serve", lambda settings, ready: served.append(settings.data))
    data = tmp_path / "library"
    assert legation("--data", data, "serve", "--port", "0").exit_code == 0
    (notes / "two.md").write_text("# Two\n\nThe second note tells of the pilots.\n")
    assert legation("--data", data, "serve", "--port", "0").exit_code == 0
    assert len(value(legation("--data", data, "library", "--json"))) == 1, "a library that is there is left alone"
    (data / ".starter").touch()  # what a run that was killed leaves
    assert legation("--data", data, "serve", "--port", "0").exit_code == 0
    assert len(value(legation("--data", data, "library", "--json"))) == 2
    assert served == [data] * 3


# being stopped


def test_a_reader_that_has_enough_ends_it_quietly(made: Path) -> None:
    command = [*COMMAND, "--data", str(made), "library", "show", "lake-compact"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0


def interrupted(running: subprocess.Popen[bytes], times: int = 6) -> tuple[bytes, bytes]:
    """What it wrote after an interrupt; pressed again, as people do, where Python lost one that came within a callback."""
    for left in reversed(range(times)):
        running.send_signal(signal.SIGINT)
        try:
            return running.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            if not left:
                raise
    raise AssertionError("not reached")


@pytest.fixture
def heard() -> Iterator[None]:
    """Interrupts reach the processes that a test starts, though those that pytest-xdist starts are deaf to them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_an_interrupt_ends_it_quietly(made: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    command = [*COMMAND, "--data", str(made), "verify", "--input", str(pipe)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        with pipe.open("w"):  # opens once the command reads from it
            assert interrupted(running) == (b"", b"")
    assert running.returncode == 130


def test_a_fault_of_ours_is_a_line_too_and_debug_shows_where(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr("bot.show.documents", broken)
    refused(legation("--data", made, "library"), "ZeroDivisionError", "doctor")
    assert isinstance(legation("--data", made, "--debug", "library").exception, ZeroDivisionError)
