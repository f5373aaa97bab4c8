"""Sync: the library follows its inputs; what fails is named, what was stopped is completed, nothing is lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ingest import sync
from ingest.documents import LibraryError, Text
from ingest.index import Index, Unusable
from ingest.sync import Progress, Summary, ingest, only_one

LANTERNS = "Ferries carry lanterns from dusk until dawn, and ring a bell in fog, whatever the season may be."
LIGHTHOUSE = "The lighthouses of the northern lakes are painted green before each winter by the ministry."


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "library", create=True) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of three inputs: Markdown with front matter, text, and two documents in JSONL."""
    made = tmp_path / "papers"
    (made / "sub").mkdir(parents=True)
    (made / "act.md").write_text(act("Ships report within twelve hours to the harbour master."))
    (made / "sub" / "speech.txt").write_text(f"Heron Speech\n\n{LIGHTHOUSE}\n")
    (made / "more.jsonl").write_text(jsonl(gulls="Gulls do not vote.", storks="Storks deliver letters."))
    return made


def act(first: str) -> str:
    return f"---\ntitle: Harbour Act\nkind: law\n---\n## Article 1\n\n{first}\n\n## Article 2\n\n{LANTERNS}\n"


def jsonl(**texts: str) -> str:
    return "".join(
        json.dumps({"slug": slug, "title": slug.title(), "text": text}) + "\n" for slug, text in texts.items()
    )


def held(index: Index) -> dict[str, str]:
    return {about.slug: index.document(about.slug).text for about in index.documents()}


def whole(index: Index) -> None:
    """What holds for every library that is well."""
    names = {passage.id for about in index.documents() for passage in index.text(about.slug).passages}
    assert set(index.vectors.get(include=[])["ids"]) == index._words.ids() == set(index.tokens(names)) == names
    for about in index.documents():
        found: Text = index.text(about.slug)
        assert "".join(passage.text for passage in found.passages) == found.document.text


def quiet(summary: Summary, **expected: Any) -> None:
    """That an ingest did this and nothing else."""
    assert summary == Summary(**expected)


# what is new, changed, unchanged or gone


def test_a_second_ingest_encodes_nothing_and_changes_nothing(index: Index, folder: Path) -> None:
    first = ingest(index, [folder])
    quiet(first, added=["act", "gulls", "storks", "speech"], encoded=5)
    generation, before = index.generation, held(index)
    quiet(ingest(index, [str(folder)]), unchanged=["act", "gulls", "storks", "speech"])
    quiet(ingest(index, [folder / "act.md"]), unchanged=["act"])
    assert index.generation == generation
    assert held(index) == before
    whole(index)


def test_only_changed_passages_are_encoded_again(index: Index, folder: Path) -> None:
    ingest(index, [folder])
    kept = index.text("act").passages[1].id
    (folder / "act.md").write_text(act("Ships report within one hour."))
    quiet(ingest(index, [folder]), changed=["act"], unchanged=["gulls", "storks", "speech"], encoded=1)
    assert "one hour" in held(index)["act"]
    assert "twelve" not in held(index)["act"]
    assert index.text("act").passages[1].id == kept
    whole(index)


def test_a_file_that_is_only_saved_again_is_unchanged(index: Index, folder: Path) -> None:
    ingest(index, [folder])
    (folder / "act.md").write_text(act("Ships report within twelve hours to the harbour master.") + "\n\n\n")
    quiet(ingest(index, [folder / "act.md"]), unchanged=["act"])


def test_one_line_of_many_changes(index: Index, folder: Path) -> None:
    ingest(index, [folder])
    (folder / "more.jsonl").write_text(jsonl(gulls="Gulls do vote.", storks="Storks deliver letters.", owls="Owls."))
    quiet(ingest(index, [folder / "more.jsonl"]), added=["owls"], changed=["gulls"], unchanged=["storks"], encoded=2)


def test_what_a_manifest_says_counts(index: Index, folder: Path) -> None:
    (folder / "manifest.yaml").write_text("documents:\n- file: act.md\n  slug: the-act\n  date: 2031\n  kind: treaty\n")
    assert ingest(index, [folder]).added[0] == "the-act"
    assert (index.document("the-act").kind, index.document("the-act").title) == ("treaty", "Harbour Act")
    (folder / "manifest.yaml").write_text("documents:\n- file: act.md\n  slug: the-act\n  date: 2032\n  kind: treaty\n")
    changed = ingest(index, [folder])
    assert changed.changed == ["the-act"], "the file is the same, what is said of it is not"
    assert index.document("the-act").date == "2032"
    assert ingest(index, [folder / "act.md", folder]).failed == {}, (
        "a file named twice is read once, as the manifest says"
    )
    assert index.document("the-act").kind == "treaty"


def test_prune_removes_what_left_the_folder_and_nothing_else(index: Index, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "apart.md").write_text("# Apart\n\nA note from elsewhere.\n")
    ingest(index, [folder, tmp_path / "apart.md"])
    (folder / "sub" / "speech.txt").unlink()
    (folder / "more.jsonl").write_text(jsonl(storks="Storks deliver letters."))
    assert ingest(index, [folder]).removed == []
    quiet(ingest(index, [folder], prune=True), unchanged=["act", "storks"], removed=["gulls", "speech"])
    assert set(held(index)) == {"act", "storks", "apart"}
    whole(index)


def test_prune_of_a_file_removes_the_lines_that_left_it(index: Index, folder: Path) -> None:
    file = folder / "more.jsonl"
    ingest(index, [file, folder / "act.md"])
    file.write_text(jsonl(gulls="Gulls do not vote."))
    assert ingest(index, [file], prune=True).removed == ["storks"]
    assert set(held(index)) == {"gulls", "act"}


@pytest.mark.parametrize("spoil", ["unreadable", "manifest", "emptied", "gone"])
def test_prune_keeps_what_only_failed(index: Index, folder: Path, spoil: str) -> None:
    ingest(index, [folder])
    before = held(index)
    if spoil == "unreadable":
        (folder / "act.md").write_bytes(bytes(range(256)) * 9)
        (folder / "more.jsonl").write_text("{broken\n" + jsonl(storks="Storks deliver letters."))
    elif spoil == "manifest":
        (folder / "manifest.yaml").write_text("documents: [")
    elif spoil == "emptied":  # as when the disk that it is on is not there
        shutil.rmtree(folder)
        folder.mkdir()
    else:
        shutil.rmtree(folder)
    summary = ingest(index, [folder], prune=True)
    assert summary.failed
    assert summary.removed == []
    assert held(index) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_prune_keeps_what_it_may_not_look_at(index: Index, folder: Path) -> None:
    ingest(index, [folder])
    (folder / "sub").chmod(0)
    try:
        summary = ingest(index, [folder], prune=True)
    finally:
        (folder / "sub").chmod(0o755)
    assert list(summary.failed) == [str(folder / "sub")]
    assert summary.removed == []


def test_what_was_removed_can_come_again(index: Index, folder: Path) -> None:
    ingest(index, [folder])
    index.remove("act")
    quiet(ingest(index, [folder / "act.md"]), added=["act"], encoded=2)
    whole(index)


def test_progress_is_told(index: Index, folder: Path) -> None:
    told: list[Progress] = []
    ingest(index, [folder], progress=told.append)
    assert [step.item for step in told if not step.passages] == [1, 2, 3]
    assert {step.items for step in told} == {3}
    assert next((step.encoded, step.passages) for step in told if step.passages) == (2, 2)


def test_hidden_and_other_files_are_left_out(index: Index, folder: Path) -> None:
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "secret.md").write_text("# Secret\n\nNot for the library.\n")
    (folder / ".note.md").write_text("# Note\n\nNot for the library.\n")
    (folder / "table.csv").write_text("a,b\n")
    assert ingest(index, [folder]).failed == {}
    assert set(held(index)) == {"act", "gulls", "storks", "speech"}


# web addresses


@pytest.fixture
def site(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_address_is_followed_too(index: Index, folder: Path, site: str) -> None:
    url = f"{site}/sub/speech.txt"
    assert "private network" in ingest(index, [url]).failed[url]
    quiet(ingest(index, [url], allow_private=True), added=["speech"], encoded=1)
    assert index.document("speech").url == url
    quiet(ingest(index, [url], allow_private=True), unchanged=["speech"])
    (folder / "sub" / "speech.txt").write_text("Heron Speech\n\nThe lighthouses stay as they are this year.\n")
    quiet(ingest(index, [url], allow_private=True), changed=["speech"], encoded=1)
    (folder / "sub" / "speech.txt").unlink()
    assert "404" in ingest(index, [url], allow_private=True, prune=True).failed[url]
    assert set(held(index)) == {"speech"}


# what fails


def test_each_failure_is_named_with_its_reason_and_the_others_go_on(index: Index, folder: Path, tmp_path: Path) -> None:
    bad = {
        "empty.md": (b"", "is empty"),
        "binary.md": (bytes(range(256)) * 9, "not text"),
        "cut.pdf": (b"%PDF-1.7\n1 0 obj", "damaged|cut"),
        "locked.docx": (b"\xd0\xcf\x11\xe0" + b"\x01" * 600, "password|not a DOCX"),
        "yaml.md": (b"---\ntitle: [a\n---\nWords.\n", "YAML"),
        "slug.md": (b"---\nslug: A B\n---\nWords.\n", "slug 'A B'"),
        "lines.jsonl": (b'{"title": "T"}\n', "line 1"),
    }
    for name, (content, _) in bad.items():
        (folder / name).write_bytes(content)
    summary = ingest(index, [folder, tmp_path / "none.md", "http://"])
    assert set(summary.added) == {"act", "gulls", "storks", "speech"}
    assert set(summary.failed) == {str(folder / name) for name in bad} | {str(tmp_path / "none.md"), "http://"}
    for name, (_, reason) in bad.items():
        assert any(part in summary.failed[str(folder / name)] for part in reason.split("|")), summary.failed
    assert "no such file" in summary.failed[str(tmp_path / "none.md")]
    assert all("\n" not in reason for reason in summary.failed.values())
    assert ingest(index, [folder]).failed.keys() == {str(folder / name) for name in bad}, "named each time"
    whole(index)


def test_a_fault_of_ours_in_one_input_stops_no_other(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(index, [folder])

    def broken(blocks: Any, kind: str = "", symbol: str = "") -> Any:
        if kind == "law":
            raise IndexError("no such luck")
        return located(blocks, kind, symbol)

    located = sync.locate
    monkeypatch.setattr(sync, "locate", broken)
    (folder / "act.md").write_text(act("Ships report at once."))
    (folder / "sub" / "speech.txt").write_text("Heron Speech\n\nNothing is painted this year.\n")
    summary = ingest(index, [folder], prune=True)
    assert summary.changed == ["speech"]
    assert "IndexError: no such luck" in summary.failed[str(folder / "act.md")]
    assert "twelve hours" in held(index)["act"]


def test_two_inputs_with_one_slug(index: Index, folder: Path) -> None:
    (folder / "sub" / "act.md").write_text("# Another\n\nA different act altogether.\n")
    for _ in range(2):
        summary = ingest(index, [folder])
        (reason,) = summary.failed.values()
        assert "slug 'act' is also that of" in reason
        assert "manifest.yaml" in reason
    assert "twelve hours" in held(index)["act"]
    again = ingest(index, [folder / "sub" / "act.md"])
    assert again.changed == ["act"]
    assert f"takes the place of {folder / 'act.md'}" in again.warnings["act"][0]


def test_a_file_that_has_moved_is_the_same_document(index: Index, folder: Path) -> None:
    ingest(index, [folder])
    (folder / "act.md").rename(folder / "sub" / "act.md")
    quiet(ingest(index, [folder], prune=True), unchanged=["gulls", "storks", "act", "speech"])
    (folder / "sub" / "act.md").rename(folder / "act.md")
    (folder / "act.md").write_text(act("Ships report within one hour."))
    quiet(ingest(index, [folder / "act.md"]), changed=["act"], encoded=1)


def test_a_file_named_twice_is_read_once(index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    quiet(ingest(index, ["act.md", folder / "act.md", "./act.md"]), added=["act"], encoded=2)


def test_a_folder_without_anything_to_read_and_one_whose_manifest_names_what_is_not_there(
    index: Index, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "bare").mkdir()
    assert "nothing here can be read" in ingest(index, [tmp_path / "bare"]).failed[str(tmp_path / "bare")]
    (folder / "manifest.yaml").write_text("documents:\n- file: act.md\n- file: lost.md\n")
    summary = ingest(index, [folder])
    assert "names lost.md, but the file is not there" in summary.failed[str(folder / "lost.md")]
    assert len(summary.added) == 4


# the disk


def test_a_full_disk_stops_the_run_with_one_message_and_the_next_completes_it(index: Index, folder: Path) -> None:
    ingest(index, [folder / "act.md"])
    rows = [{"pinpoint": str(n), "text": f"Buoy {n} has colour {n * 7} and is painted yearly."} for n in range(200)]
    (folder / "buoys.jsonl").write_text(json.dumps({"slug": "buoys", "title": "Buoys", "passages": rows}))
    pages = index._database.execute("PRAGMA page_count").fetchone()[0]
    index._database.execute(f"PRAGMA max_page_count = {pages + 40}")
    with pytest.raises(Unusable, match=r"disk is full.*run the same command again"):
        ingest(index, [folder])
    assert set(held(index)) == {"act"}
    index._database.execute("PRAGMA max_page_count = 1000000")
    summary = ingest(index, [folder])
    assert summary.failed == {}
    assert 0 < summary.encoded < 203, "what was encoded before the disk was full is kept"
    whole(index)


def test_what_may_not_be_written_stops_the_run(index: Index, folder: Path) -> None:
    ingest(index, [folder / "act.md"])
    index._database.execute("PRAGMA query_only = 1")
    with pytest.raises(Unusable, match=r"read-only.*chmod"):
        ingest(index, [folder])
    assert set(held(index)) == {"act"}


def test_a_lock_that_cannot_be_made_is_named(folder: Path) -> None:
    with pytest.raises(LibraryError, match=r"act\.md cannot be written"), only_one(folder / "act.md"):
        pass


# two at once, and killed

SLOW = """
import sys, time
from ingest.index import Index
from ingest.sync import ingest

def told(step):
    if step.encoded:
        print(step.encoded, flush=True)
        time.sleep(60 * (step.encoded == 64))

with Index.open({library!r}, create=True) as index:
    ingest(index, [{folder!r}], progress=told)
"""


def nearest(index: Index, question: str) -> str:
    """The text of the passage nearest to a question."""
    (name, _), *_ = index.near(index.encoder.embed_query(question), 1)
    return index.passage(name).text


def test_two_at_once_and_a_kill_in_the_middle(tmp_path: Path, folder: Path) -> None:
    library = tmp_path / "library"
    (folder / "about-owls.md").write_text("# Owls\n\nOwls sit on the council of the harbour.\n")
    rows = [{"pinpoint": str(n), "text": f"Buoy {n} has colour {n * 7}."} for n in range(150)]
    (folder / "buoys.jsonl").write_text(json.dumps({"slug": "buoys", "title": "Buoys", "passages": rows}))
    with Index.open(library, create=True) as index:
        ingest(index, [folder / "act.md"])
        (folder / "act.md").write_text(act("Ships report within one hour to the harbour master."))
        assert "twelve hours" in nearest(index, "When do ships report?")
        program = SLOW.format(library=str(library), folder=str(folder))
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert [int(other.stdout.readline()) for _ in range(3)] == [1, 1, 64], "it waits in the midst of a document"
            with pytest.raises(LibraryError, match=r"Another ingest is writing to .*library.*run this again"):
                ingest(index, [folder])
            assert "one hour" in nearest(index, "When do ships report?"), "what the other has finished is seen"
            assert "Owls sit" in nearest(index, "Who sits on the council?")
            assert index.words("owls", 1)
            other.send_signal(signal.SIGKILL)
    with Index.open(library) as index:
        assert set(held(index)) == {"about-owls", "act"}
        assert "one hour" in nearest(index, "When do ships report?"), "it answers"
        summary = ingest(index, [folder])
        assert summary.encoded == 150 - 64 + 3
        assert (summary.added, summary.failed) == (["buoys", "gulls", "storks", "speech"], {})
        assert summary.unchanged == ["about-owls", "act"]
        whole(index)


class Killed(BaseException):
    """As good as a kill: nothing in the house catches it."""


def test_a_run_stopped_at_any_step_is_completed_by_the_next(tmp_path: Path, folder: Path) -> None:
    ends = 0
    for steps in range(20):
        told = 0

        def step(_: Progress, most: int = steps) -> None:
            nonlocal told
            told += 1
            if told > most:
                raise Killed

        with Index.open(tmp_path / f"stopped-{steps}", create=True) as index:
            with contextlib.suppress(Killed):
                ingest(index, [folder], progress=step)
                ends += 1
            before = held(index)
            summary = ingest(index, [folder])
            assert summary.failed == {}
            assert set(before) <= {*summary.unchanged}, "what was finished stays"
            assert len(held(index)) == 4
            quiet(ingest(index, [folder]), unchanged=["act", "gulls", "storks", "speech"])
            whole(index)
        if ends:
            break
    assert steps == 7, "three inputs and four documents"
