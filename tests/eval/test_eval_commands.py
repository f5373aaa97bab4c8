"""The commands: runs on a small library, scoring without bot or network, reports, exit codes, bad input."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import Result
from eval_cases import CONTACT, NOTE, TREATY, answer, lines, question, refusal, unanswerable
from typer.testing import CliRunner

from bot import certificate
from eval import certify
from eval.commands import app
from eval.run import Run, open_run
from eval.score import score

SUITE = [
    question("a", question="When is the point of contact available?", split="dev"),
    question(
        "b",
        question="Who hosted the working group?",
        evidence=[{"source": "note", "span": "hosted by Kenya"}],
        nuggets=[{"text": "Kenya", "match": ["Kenya"]}],
    ),
    unanswerable("c", question="How many satellites did Atlantis launch in 1987?"),
    {
        "id": "d",
        "question": "States may attack hospitals.",
        "claim": {"quotes": [NOTE], "supported": False, "edit": "modal"},
    },
]


def eval_(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real library of two documents."""
    from ingest.index import Index
    from ingest.sync import ingest

    folder = tmp_path_factory.mktemp("library")
    (folder / "treaty.txt").write_text(TREATY)
    (folder / "note.txt").write_text(NOTE)
    with Index.open(folder / "data", create=True) as index:
        summary = ingest(index, [folder / "treaty.txt", folder / "note.txt"])
    assert not summary.failed
    return folder / "data"


@pytest.fixture(scope="module")
def asked(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run."""
    folder = tmp_path_factory.mktemp("runs")
    lines(folder / "suite.jsonl", SUITE)
    result = eval_("run", folder / "suite.jsonl", "--data", library, "--output", folder / "run")
    assert result.exit_code == 0, result.output
    return folder / "run"


@pytest.fixture
def run(asked: Path, tmp_path: Path) -> Path:
    """A copy of the run that a test may break."""
    return Path(shutil.copytree(asked, tmp_path / "run"))


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Path]:
    """A file of answers and its questions."""
    questions = lines(tmp_path / "q.jsonl", [question("a"), question("b"), unanswerable("c")])
    return lines(tmp_path / "a.jsonl", [answer("a"), refusal("b"), refusal("c")]), questions


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


# runs


def test_a_run_is_replayable(asked: Path) -> None:
    run = open_run(asked)
    assert [q.id for q in run.questions] == ["a", "b", "c", "d"]
    assert set(run.texts) == set(run.about.library) == {"treaty", "note"}
    assert run.about.versions["python"]
    assert run.about.settings["threshold"]
    assert run.about.finished
    assert "data" not in run.about.settings
    assert run.answers["a"].retrieved
    assert run.answers["d"].outcome == "verdict"
    assert str(asked.parent) not in (asked / "run.json").read_text()


def test_a_run_that_was_killed_goes_on(run: Path, library: Path) -> None:
    whole = (run / "answers.jsonl").read_text()
    kept = whole.splitlines(keepends=True)
    (run / "answers.jsonl").write_text(kept[0] + kept[1][:40])
    assert eval_("score", run).exit_code == 2
    result = eval_("run", run / "questions.jsonl", "--data", library, "--output", run, "--resume")
    assert result.exit_code == 0, result.output
    assert (run / "answers.jsonl").read_text().splitlines()[0] == kept[0].rstrip("\n")
    assert [json.loads(line)["id"] for line in (run / "answers.jsonl").read_text().splitlines()] == ["a", "b", "c", "d"]


def test_a_run_is_not_overwritten_nor_mixed(run: Path, library: Path, tmp_path: Path) -> None:
    assert "holds a run already" in eval_("run", run / "questions.jsonl", "--data", library, "--output", run).output
    other = lines(tmp_path / "other.jsonl", SUITE[:1])
    result = eval_("run", other, "--data", library, "--output", run, "--resume")
    assert result.exit_code == 2
    assert "begun with another suite" in result.output
    result = eval_("run", run / "questions.jsonl", "--data", library, "--output", run, "--resume", "--threshold", "0.9")
    assert result.exit_code == 2
    assert "begun with another settings" in result.output
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    assert "not empty and not a run" in eval_("run", other, "--data", library, "--output", tmp_path / "full").output


def test_a_question_that_cannot_be_asked_is_unscored_and_does_not_end_the_run(library: Path, tmp_path: Path) -> None:
    suite = lines(tmp_path / "s.jsonl", [question("a", filters={"colour": "red"}), SUITE[1]])
    result = eval_("run", suite, "--data", library, "--output", tmp_path / "run")
    assert result.exit_code == 4
    assert "unscored: 1 of 2" in result.output
    found = score(open_run(tmp_path / "run"))
    assert found.unscored == ("a",)
    assert found.rows[0].points == -1


def test_a_suite_may_bring_its_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATION_DATA", str(tmp_path / "nowhere"))
    suite = lines(
        tmp_path / "s.jsonl",
        [question("a", question="Who hosted the summit?", evidence=[{"source": "own", "span": "hosted by Ruritania"}])],
    )
    lines(
        tmp_path / "s.documents.jsonl",
        [{"slug": "own", "title": "Own", "text": "The summit was hosted by Ruritania in May."}],
    )
    result = eval_("run", suite, "--output", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert list(open_run(tmp_path / "run").about.library) == ["own"]


def test_without_a_library_the_mend_is_told(tmp_path: Path) -> None:
    result = eval_("run", lines(tmp_path / "s.jsonl", SUITE), "--data", tmp_path / "none", "--output", tmp_path / "run")
    assert result.exit_code == 2
    assert "There is no library" in result.output
    assert not (tmp_path / "run").exists()


# scoring


def test_three_scorings_are_byte_identical_and_need_no_network(asked: Path, no_network: None) -> None:
    texts = {eval_("score", asked, "--format", "json").stdout for _ in range(3)}
    assert len(texts) == 1
    found = json.loads(texts.pop())
    assert found["asked"] == 4
    assert found["unscored"] == []


def test_scoring_needs_neither_bot_nor_models(asked: Path) -> None:
    import subprocess

    code = (
        "import sys; from pathlib import Path; from eval.run import open_run; from eval.score import score\n"
        "from eval.page import page\n"
        f"run = open_run(Path({str(asked)!r})); page(run, score(run))\n"
        "print([m for m in ('bot', 'torch', 'chromadb', 'sentence_transformers', 'gradio') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_file_of_answers_is_scored_with_its_questions(saved: tuple[Path, Path]) -> None:
    result = eval_("score", saved[0], "--questions", saved[1])
    assert result.exit_code == 0
    assert "3 questions: 2 right, 1 wrongly refused." in result.stdout
    assert "not measured: the run has no texts" in result.stdout


def test_a_library_gives_a_file_of_answers_its_texts(library: Path, tmp_path: Path) -> None:
    questions, answers = lines(tmp_path / "q.jsonl", [question("a")]), lines(tmp_path / "a.jsonl", [answer("a")])
    result = eval_("score", answers, "--questions", questions, "--data", library, "--format", "json")
    figures = {f["name"]: f["value"] for f in json.loads(result.stdout)["figures"]}
    assert figures["cited_span_recall"] == figures["quote_fidelity"] == 1


def test_bounds_decide_the_exit_code(saved: tuple[Path, Path]) -> None:
    args = ("score", saved[0], "--questions", saved[1])
    assert eval_(*args, "--fail-under", "refusal_recall=1", "--fail-over", "false_refusal=0.5").exit_code == 0
    result = eval_(*args, "--fail-under", "correct=0.9")
    assert result.exit_code == 1
    assert "correct 0.500 (at least 0.9)" in result.output
    assert eval_(*args, "--fail-over", "false_refusal=0.03").exit_code == 1
    assert eval_(*args, "--fail-under", "cited_span_recall=0").exit_code == 1


def test_a_baseline_that_was_better_decides_the_exit_code(tmp_path: Path) -> None:
    questions = lines(tmp_path / "q.jsonl", [question(f"q{n}", cluster=f"d{n}") for n in range(40)])
    good = lines(tmp_path / "good.jsonl", [answer(f"q{n}") for n in range(40)])
    bad = lines(tmp_path / "bad.jsonl", [refusal(f"q{n}") for n in range(40)])
    assert eval_("score", bad, "--questions", questions, "--baseline", good).exit_code == 3
    assert eval_("score", good, "--questions", questions, "--baseline", bad).exit_code == 0
    result = eval_("compare", good, bad, "--questions", questions)
    assert result.exit_code == 3
    assert "significantly worse" in result.stdout
    assert "q1: right → refused" in result.stdout
    result = eval_("compare", bad, good, "--questions", questions, "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["worse"] == []
    assert eval_("compare", good, bad, "--questions", questions, "--format", "html").exit_code == 2


def test_a_run_cut_short_is_refused_or_scored_as_failures(saved: tuple[Path, Path], tmp_path: Path) -> None:
    short = lines(tmp_path / "short.jsonl", [answer("a")])
    result = eval_("score", short, "--questions", saved[1])
    assert result.exit_code == 2
    assert "cut short, 2 of 3" in result.output
    result = eval_("score", short, "--questions", saved[1], "--partial")
    assert result.exit_code == 4
    assert "2 without an outcome" in result.output


def test_a_higher_threshold_is_replayed(saved: tuple[Path, Path]) -> None:
    result = eval_("score", saved[0], "--questions", saved[1], "--threshold", "0.95")
    assert "1 right, 2 wrongly refused" in result.stdout


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--fail-under", "corect=1"], "Did you mean correct?"),
        (["--fail-under", "correct"], "write NAME=VALUE"),
        (["--fail-under", "correct=nan"], "write NAME=VALUE"),
        (["--format", "pdf"], "known are json, md, html, junit"),
        (["--format", "json,md"], "say with --output"),
        (["--filter", "type=list"], "No question"),
        (["--filter", "nonsense"], "write NAME=VALUE"),
        (["--limit", "0"], "limit"),
        (["--baseline", "nowhere"], "no such file"),
        (["--entailment", "/no/such/model"], "cannot be loaded"),
    ],
)
def test_wrong_usage_is_told_and_writes_nothing(
    saved: tuple[Path, Path], tmp_path: Path, args: list[str], told: str
) -> None:
    out = ["--output", str(tmp_path / "out")] if "json,md" not in args else []
    result = eval_("score", saved[0], "--questions", saved[1], *args, *out)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", ":4: not JSON"),
        ({"id": "d"}, ":4: outcome: Field required"),
        ({"id": "d", "outcome": "maybe"}, ":4: outcome"),
        (answer("a"), ":4: a second answer to 'a'"),
        (answer("stranger"), "does not have: stranger"),
        (answer("c", confidence=7), ":4: confidence"),
    ],
)
def test_broken_answers_are_told(saved: tuple[Path, Path], line: Any, told: str) -> None:
    lines(saved[0], [answer("a"), refusal("b"), refusal("c"), line])
    result = eval_("score", saved[0], "--questions", saved[1])
    assert result.exit_code == 2
    assert told in " ".join(result.output.replace("\n", " ").split())


def test_answers_without_questions_are_told(saved: tuple[Path, Path], tmp_path: Path) -> None:
    assert "say with --questions" in eval_("score", saved[0]).output
    assert "no such file" in eval_("score", tmp_path / "none").output
    (tmp_path / "empty").mkdir()
    assert "is not a run" in eval_("score", tmp_path / "empty").output


def test_a_run_that_was_tampered_with_is_told(run: Path) -> None:
    text = next((run / "documents").iterdir())
    before = text.read_text()
    text.write_text(before + "!")
    assert "changed after the run" in " ".join(eval_("score", run).output.split())
    text.write_text(before)
    (run / "questions.jsonl").write_text((run / "questions.jsonl").read_text().replace("twenty-four hour", "never"))
    assert "is not what was asked" in " ".join(eval_("score", run).output.split())
    (run / "run.json").write_text("{")
    assert "not JSON" in eval_("score", run).output


def test_a_run_is_judged_by_mended_questions_but_not_by_others(run: Path, tmp_path: Path) -> None:
    mended = [{**q, "nuggets": []} if q["id"] == "a" else q for q in SUITE]
    assert eval_("score", run, "--questions", lines(tmp_path / "m.jsonl", mended)).exit_code == 0
    other = [{**q, "question": "Another?"} if q["id"] == "a" else q for q in SUITE]
    assert "asked otherwise in run run: a" in " ".join(
        eval_("score", run, "--questions", lines(tmp_path / "o.jsonl", other)).output.split()
    )
    result = eval_("score", run, "--questions", lines(tmp_path / "few.jsonl", [*SUITE[1:], question("z")]))
    assert "only in the questions: z; only in the run: a" in " ".join(result.output.split())


def test_a_run_of_another_library_is_told(run: Path, tmp_path: Path) -> None:
    from ingest.index import Index
    from ingest.sync import ingest

    (tmp_path / "note.txt").write_text(NOTE + " It was changed.")
    with Index.open(tmp_path / "data", create=True) as index:
        ingest(index, [tmp_path / "note.txt"])
    result = eval_("score", run, "--data", tmp_path / "data")
    assert result.exit_code == 2
    assert "made with another library" in result.output
    assert "note, treaty" in " ".join(result.output.split())


# reports


def test_every_format_is_written(asked: Path, tmp_path: Path) -> None:
    result = eval_("report", asked, "--format", "json,md,html,junit", "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "report.html",
        "report.json",
        "report.md",
        "report.xml",
    ]
    root = ElementTree.parse(tmp_path / "out" / "report.xml").getroot()  # noqa: S314 - our own file
    assert root.get("tests") == "4"
    assert len(root.findall(".//testcase")) == 4
    assert "| truthfulness |" in (tmp_path / "out" / "report.md").read_text()


def test_the_page_loads_nothing_and_escapes_everything(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    questions = lines(tmp_path / "q.jsonl", [question("a", question=hostile, notes=hostile), unanswerable("b")])
    answers = lines(
        tmp_path / "a.jsonl",
        [answer("a", text=hostile, retrieved=[{"source": hostile, "text": hostile}]), refusal("b", reason=hostile)],
    )
    result = eval_("report", answers, "--questions", questions, "--output", tmp_path / "r.html")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "r.html").read_text()
    assert "<img" not in page
    assert page.count("<script>") == 1
    assert "&lt;script&gt;" in page
    assert not [
        word for word in ("http://", "https://", "src=", "@import", "url(") if word in page.replace("src=x", "")
    ]
    assert "default-src 'none'" in page


def test_markdown_and_xml_survive_hostile_text(tmp_path: Path) -> None:
    questions = lines(tmp_path / "q.jsonl", [question("a", question="x | y\n# z <b>")])
    answers = lines(tmp_path / "a.jsonl", [refusal("a", reason="bell \u0007 and ]]> and \ud83d\ude00")])
    assert eval_("score", answers, "--questions", questions, "--format", "md").exit_code == 0
    ElementTree.fromstring(eval_("score", answers, "--questions", questions, "--format", "junit").stdout)  # noqa: S314


def test_bounds_are_tests_of_their_own_in_junit(saved: tuple[Path, Path]) -> None:
    result = eval_("score", saved[0], "--questions", saved[1], "--format", "junit", "--fail-under", "correct=0.9")
    root = ElementTree.fromstring(result.stdout)  # noqa: S314
    assert result.exit_code == 1
    assert root.get("failures") == "2"
    assert root.get("tests") == "4"


def test_a_report_goes_where_it_was_asked_to(saved: tuple[Path, Path], tmp_path: Path) -> None:
    args = ("score", saved[0], "--questions", saved[1])
    assert eval_(*args, "--output", tmp_path / "x.md").exit_code == 0
    assert (tmp_path / "x.md").read_text().startswith("## a")
    assert eval_(*args, "--format", "json,md", "--output", tmp_path / "x.md").exit_code == 2
    assert eval_(*args, "--format", "json,md", "--output", tmp_path / "x.d").exit_code == 2


# where it failed


@pytest.mark.parametrize(
    ("asked_", "given", "failure"),
    [
        (question(), answer(), ""),
        (question(evidence=[{"source": "treaty", "span": "not a word of it"}]), answer(), "not indexed"),
        (question(), answer(retrieved=[], cites=[]), "not retrieved"),
        (
            question(),
            answer(retrieved=[{"source": "x", "text": "y"}] * 11 + [{"source": "treaty", "text": TREATY}], cites=[]),
            "not reranked",
        ),
        (question(), refusal(retrieved=[{"source": "treaty", "text": TREATY}]), "wrongly refused"),
        (question(), refusal(), "not retrieved"),
        (question(), answer(cites=[]), "not quoted"),
        (question(), answer(text="Nobody knows."), "wrongly answered"),
        (unanswerable(), answer(), "wrongly answered"),
        (question(), {"outcome": "error"}, "not answered"),
    ],
)
def test_the_place_of_the_failure_is_named(asked_: dict[str, Any], given: dict[str, Any], failure: str) -> None:
    from eval_cases import run_of

    assert score(run_of([(asked_, given)]), intervals=False).rows[0].failure == failure


# certificates and validation


def test_a_certificate_is_written_for_ask(tmp_path: Path) -> None:
    many = [question(f"q{n}", split="calibration") for n in range(70)]
    questions, answers = lines(tmp_path / "q.jsonl", many), lines(tmp_path / "a.jsonl", [answer(q["id"]) for q in many])
    result = eval_("certify", answers, "--questions", questions, "--output", tmp_path / "c.json")
    assert result.exit_code == 0
    assert "0 wrong of 70 answers" in result.stdout
    found = certify.read(tmp_path / "c.json")
    assert found is not None
    assert 0 < found.threshold <= 0.9
    assert eval_("certify", answers, "--questions", questions, "--dry-run", "--alpha", "0.01").exit_code == 2


def test_a_certificate_is_not_put_into_another_library(run: Path, library: Path, tmp_path: Path) -> None:
    result = eval_("certify", run, "--data", library)
    assert result.exit_code == 2
    assert "no calibration cases" in result.output
    assert not (library / certificate.FILE).exists()


def test_validate_finds_what_is_not_in_the_library(library: Path, tmp_path: Path) -> None:
    good = lines(tmp_path / "g.jsonl", SUITE)
    assert eval_("validate", good, "--data", library).exit_code == 0
    bad = lines(
        tmp_path / "b.jsonl",
        [question("a"), question("b", question="Hm?", evidence=[{"source": "treaty", "span": "not there"}])],
    )
    result = eval_("validate", bad, "--data", library)
    assert result.exit_code == 1
    assert f"{bad}:2: error: b: span not in treaty" in result.output.replace("\n", "")
    assert json.loads(eval_("validate", bad, "--data", library, "--json").stdout)[0]["line"] == 2
    assert eval_("validate", bad, "--no-library").exit_code == 0


def test_a_foreign_set_is_converted(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text(f"q,s,d\nWho?,{CONTACT},treaty\n")
    (tmp_path / "m.yaml").write_text(
        "files: [q.csv]\nfields: {question: q, span: s, source: d}\ndocuments: {slug: d, text: s}\n"
    )
    assert eval_("convert", tmp_path / "m.yaml", "--output", tmp_path / "out").exit_code == 0
    assert len((tmp_path / "out" / "questions.jsonl").read_text().splitlines()) == 1
    assert json.loads((tmp_path / "out" / "documents.jsonl").read_text())["slug"] == "treaty"


def test_the_entailment_judge_is_any_cross_encoder_and_says_how_good_it_is(
    tmp_path: Path, saved: tuple[Path, Path]
) -> None:
    model = _tiny_cross_encoder(tmp_path / "judge")
    result = eval_("score", saved[0], "--questions", saved[1], "--entailment", model, "--format", "json")
    assert result.exit_code == 0, result.output
    figures = {f["name"]: f for f in json.loads(result.stdout)["figures"]}
    assert "labelled pairs right" in figures["entailment_recall"]["model"]
    assert figures["entailment_recall"]["cases"] == 2


def _tiny_cross_encoder(folder: Path) -> Path:
    """A cross-encoder of a few hundred random weights: it judges nothing well, which is what its label must say."""
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder.mkdir()
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "contact", "hour"])
    )
    labels = {0: "contradiction", 1: "entailment", 2: "neutral"}
    config = BertConfig(
        vocab_size=8,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        id2label=labels,
        label2id={v: k for k, v in labels.items()},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def test_a_run_selects_like_a_suite(asked: Path) -> None:
    run: Run = open_run(asked).select(["answerable=false"], None)
    assert [q.id for q in run.questions] == ["c"]
