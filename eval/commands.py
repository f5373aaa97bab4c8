"""The commands of `legation eval`.

Exit codes: 0 fine, 1 bound missed, 2 usage or data, 3 worse than the baseline, 4 unscored answers.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from bot.settings import Settings
    from eval.compare import Comparison
    from eval.report import Bound
    from eval.run import Bot, Run
    from eval.score import Scores
    from eval.suite import Suite

MISSED, USAGE, WORSE, UNSCORED = 1, 2, 3, 4
PATIENCE = 600  # seconds to wait in all for a server that says: busy, or too many
SEED = 7  # of the generated suites: the files that ship were made with it
P = ParamSpec("P")
R = TypeVar("R")

app = typer.Typer(
    name="eval",
    help="Say how far cited answers can be trusted: ask a suite, score what was saved, compare, certify.",
    no_args_is_help=True,
    add_completion=False,
)

RunPath = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="Folder of a run, or a file of answers (with --questions).", show_default=False),
]
Data = Annotated[Path | None, typer.Option("--data", help="Folder of the library.", show_default=False)]
Filter = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        help="NAME=VALUE: id, type, language, split, tag, style, cluster, answerable. Repeatable; * is anything.",
    ),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Only the first questions.")]
Questions = Annotated[Path | None, typer.Option("--questions", help="Suite that the answers are judged by.")]
Output = Annotated[Path | None, typer.Option("--output", help="Where to write: a file for one format, else a folder.")]
Format = Annotated[
    str, typer.Option("--format", help="json, md, html, junit; several with commas. Without it: a table.")
]
Under = Annotated[
    list[str] | None,
    typer.Option("--fail-under", metavar="NAME=VALUE", help="Exit 1 when a metric is below. Repeatable."),
]
Over = Annotated[
    list[str] | None,
    typer.Option("--fail-over", metavar="NAME=VALUE", help="Exit 1 when a metric is above. Repeatable."),
]
Baseline = Annotated[
    Path | None,
    typer.Option("--baseline", metavar="RUN", help="Exit 3 when a metric is significantly worse than in this run."),
]
Entailment = Annotated[
    str, typer.Option("--entailment", metavar="MODEL", help="Cross-encoder for the metrics that need a model (N).")
]
Partial = Annotated[
    bool, typer.Option("--partial", help="Score a run that was cut short: each missing answer is a failure.")
]
Replay = Annotated[
    float | None,
    typer.Option("--threshold", min=0, max=1, help="Score as if answers less sure than this had been refused."),
]


def plain(command: Callable[P, R]) -> Callable[P, R]:
    """A command whose known errors are a message on standard error and exit code 2."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        from ingest.documents import LibraryError

        try:
            return command(*args, **kwargs)
        except LibraryError as error:
            typer.echo(f"legation eval: {error}", err=True)
        except OSError as error:
            typer.echo(f"legation eval: {error.filename or 'file'}: {error.strerror or error}", err=True)
        raise typer.Exit(USAGE)

    return wrapped


@app.command("run")
@plain
def run_command(
    suite: Annotated[
        str, typer.Argument(help="JSONL file, mapping file (.yaml), or name of a suite that ships.", show_default=False)
    ],
    output: Annotated[
        Path | None, typer.Option("--output", help="Folder for the run. Default: runs/SUITE-TIME.")
    ] = None,
    data: Data = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --output.")] = False,
    limit: Limit = None,
    filters: Filter = None,
    documents: Annotated[
        list[Path] | None,
        typer.Option("--documents", help="Ask a library made of these alone, for this run. Repeatable."),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option("--threshold", min=0, max=1, help="Ask with this threshold; 0 for certifying.")
    ] = None,
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="Ask the server at this address, through its API.")
    ] = "",
    format_: Format = "",
    fail_under: Under = None,
    fail_over: Over = None,
    baseline: Baseline = None,
    entailment: Entailment = "",
) -> None:
    """Ask a suite, save the run, and score it."""
    from eval.lines import DataError
    from eval.report import formats
    from eval.suite import load

    chosen = load(suite).select(filters or (), limit)
    bounds, kinds = _bounds(fail_under, fail_over), formats(format_)
    if url and (data is not None or documents or threshold is not None):
        raise DataError(
            "--url asks a server, with its own library and threshold: leave --data, --documents and --threshold out."
        )
    settings = _settings(data, threshold)
    folder = output or Path("runs") / f"{chosen.name}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    before = _open(baseline, None, None, False).select(filters or (), limit) if baseline else None
    run = _ask(chosen, folder, _asked(settings, documents or list(chosen.documents), url), resume)
    typer.echo(f"Saved in {folder}", err=True)
    _finish(run, before, kinds, folder if kinds else None, bounds, entailment, None)


@app.command("score")
@plain
def score_command(
    path: RunPath,
    questions: Questions = None,
    data: Data = None,
    limit: Limit = None,
    filters: Filter = None,
    output: Output = None,
    format_: Format = "",
    fail_under: Under = None,
    fail_over: Over = None,
    baseline: Baseline = None,
    entailment: Entailment = "",
    partial: Partial = False,
    threshold: Replay = None,
) -> None:
    """Score a saved run again: no model, no network, the same bytes each time."""
    bounds, kinds = _bounds(fail_under, fail_over), _formats(format_, output)
    run = _open(path, questions, data, partial).select(filters or (), limit)
    before = _open(baseline, questions, None, partial).select(filters or (), limit) if baseline else None
    _finish(run, before, kinds, output, bounds, entailment, threshold)


@app.command("compare")
@plain
def compare_command(
    a: Annotated[Path, typer.Argument(metavar="A", help="Run before.", show_default=False)],
    b: Annotated[Path, typer.Argument(metavar="B", help="Run after.", show_default=False)],
    questions: Questions = None,
    limit: Limit = None,
    filters: Filter = None,
    output: Output = None,
    format_: Annotated[str, typer.Option("--format", help="json or md. Without it: a table.")] = "",
    partial: Partial = False,
    threshold: Replay = None,
) -> None:
    """Compare two runs of one suite: differences, whether they are noise, and the questions that came out otherwise."""
    from eval.compare import compare
    from eval.lines import DataError
    from eval.report import changes, compared

    kinds = _formats(format_, output)
    if set(kinds) - {"json", "md"}:
        raise DataError(f"--format {format_}: a comparison is written as json or md.")
    first, second = (_open(path, questions, None, partial).select(filters or (), limit) for path in (a, b))
    found = compare(first, second, threshold)
    texts = {"json": found.to_json(), "md": compared(found)}
    _put({kind: texts[kind] for kind in kinds}, output, changes(found))
    if found.worse:
        raise typer.Exit(WORSE)


@app.command("certify")
@plain
def certify_command(
    path: RunPath,
    questions: Questions = None,
    alpha: Annotated[
        float, typer.Option("--alpha", help="Most wrong answers, as a share of the answers given.")
    ] = 0.05,
    delta: Annotated[float, typer.Option("--delta", help="Chance that the certificate is wrong.")] = 0.05,
    data: Data = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="File for the certificate. Default: in the library's folder.")
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
) -> None:
    """Find the threshold that keeps wrong answers under a bound (calibration split); check it once (test split)."""
    from bot.certificate import FILE
    from eval import certify
    from eval.answers import library_hash, sha256
    from eval.lines import DataError
    from eval.run import documents_of

    run = _open(path, questions, None, False)
    target = output
    if target is None and not dry:
        folder = _settings(data, None).data
        here = library_hash({slug: sha256(text) for slug, text in documents_of(folder).items()})
        if run.about.library_sha256 and here != run.about.library_sha256:
            raise DataError(
                f"Run {run.name} was made with another library than the one in {folder}. Run the suite on it."
            )
        target = folder / FILE
    found = certify.certify(run, alpha, delta, certify.read(target) if target else None)
    if target is not None:
        certify.save(found, target)
    _out().print(_certificate(found))
    if target is not None:
        typer.echo(f"Written to {target}", err=True)
    if found.held is False:
        raise typer.Exit(MISSED)


@app.command("report")
@plain
def report_command(
    path: RunPath,
    output: Annotated[
        Path, typer.Option("--output", help="A file, or a folder for several formats.", show_default=False)
    ],
    questions: Questions = None,
    data: Data = None,
    limit: Limit = None,
    filters: Filter = None,
    format_: Format = "html",
    baseline: Baseline = None,
    partial: Partial = False,
    threshold: Replay = None,
) -> None:
    """Write the report of a saved run."""
    kinds = _formats(format_, output)
    run = _open(path, questions, data, partial).select(filters or (), limit)
    before = _open(baseline, questions, None, partial).select(filters or (), limit) if baseline else None
    _write(run, before, kinds, output, threshold)


@app.command("validate")
@plain
def validate_command(
    suite: Annotated[
        str, typer.Argument(help="JSONL file, mapping file (.yaml), or name of a suite that ships.", show_default=False)
    ],
    data: Data = None,
    library: Annotated[
        bool, typer.Option("--library/--no-library", help="Whether to look for the spans in the library.")
    ] = True,
    json_: Annotated[bool, typer.Option("--json", help="Print what is found as JSON.")] = False,
) -> None:
    """Find what is wrong with a suite: spans not in the library, stale hashes, duplicates, leakage between splits."""
    from eval.lines import dumps
    from eval.run import documents_of
    from eval.suite import load
    from eval.validate import validate

    chosen = load(suite)
    texts = documents_of(_settings(data, None).data) if library else None
    found = validate(chosen, texts)
    errors = sum(item.level == "error" for item in found)
    if json_:
        typer.echo(dumps([item.model_dump() for item in found], indent=1))
    else:
        for item in found:
            typer.echo(f"{chosen.path}:{item.line}: {item.level}: {item.id}: {item.what}")
        typer.echo(f"{len(chosen.questions)} questions, {errors} errors, {len(found) - errors} warnings")
    if errors:
        raise typer.Exit(MISSED)


@app.command("generate")
@plain
def generate_command(
    output: Annotated[
        Path | None, typer.Option("--output", help="Folder. Default: where the suites that ship stand.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Decides the splits and the rule-made cases.")] = SEED,
) -> None:
    """Write the suites that ship anew, from their hand-written sources and rules."""
    from eval.generate import generate

    for path in generate(output, seed):
        typer.echo(f"Written: {path}", err=True)


@app.command("prepare")
@plain
def prepare_command(
    suite: Annotated[str, typer.Argument(help="Suite that brings documents along.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", help="Folder for the library.", show_default=False)],
) -> None:
    """Make a library of the documents that a suite brings along, to be served and asked with `run --url`."""
    from eval.lines import DataError
    from eval.run import prepare
    from eval.suite import load

    chosen = load(suite)
    if not chosen.documents:
        raise DataError(f"{suite} brings no documents along. Serve the library that it is about.")
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise DataError(f"{output} is there already. Give a new folder with --output.")
    held = prepare(_settings(None, None), chosen.documents, output)
    typer.echo(f"{held} documents in {output}. Serve them: legation serve --data {output}", err=True)


@app.command("convert")
@plain
def convert_command(
    mapping: Annotated[Path, typer.Argument(help="Mapping file (.yaml).", show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", help="Folder for questions.jsonl and documents.jsonl.", show_default=False)
    ],
) -> None:
    """Write a foreign question set as a suite, and the documents that it brings along."""
    from eval.adapters import convert
    from eval.lines import write_lines

    questions, documents = convert(mapping)
    write_lines(output / "questions.jsonl", [question.to_json() for question in questions])
    if documents:
        write_lines(output / "documents.jsonl", documents)
    typer.echo(f"{len(questions)} questions and {len(documents)} documents in {output}")


@app.command("mutations")
@plain
def mutations_command(
    data: Data = None,
    output: Annotated[Path | None, typer.Option("--output", help="Write the cases here, a JSON object a line.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="What the cases are drawn by.")] = SEED,
    fail_under: Under = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Say how many statements made false by one edit the verifier catches, and how many true paraphrases it keeps.

    The statements come from the notes that ship, or from the library in --data. --fail-under takes caught=VALUE and kept=VALUE.
    """
    from eval import mutations
    from eval.lines import dumps, write

    bounds = mutations.bounds(fail_under or ())
    texts = mutations.texts(data)
    cases = mutations.generate(texts, seed)
    supported = mutations.judge(cases, texts)
    rows = mutations.table(cases, supported)
    if output is not None:
        lines = (case.model_dump() | {"judged": said} for case, said in zip(cases, supported, strict=True))
        write(output, "".join(dumps(line) + "\n" for line in lines))
    typer.echo(dumps([row.model_dump() for row in rows]) if json_ else mutations.markdown(rows), nl=json_)
    for missed in mutations.missed(rows, bounds):
        typer.echo(f"legation eval: {missed}", err=True)
        raise typer.Exit(MISSED)


def _settings(data: Path | None, threshold: float | None) -> Settings:
    from bot.settings import Settings

    return Settings.load(data=data, threshold=threshold)  # `legation --data` has set LEGATION_DATA


def _open(path: Path, questions: Path | None, data: Path | None, partial: bool) -> Run:
    from eval.run import open_run

    return open_run(path, questions, data, partial)


@contextmanager
def _asked(settings: Settings, documents: Sequence[Path], url: str) -> Iterator[Bot]:
    """What is asked: a server, a library made of these documents for one run, or the library that the settings name."""
    if url:
        from bot.client import Client
        from eval.remote import Remote

        with Client(url, timeout=PATIENCE, patience=PATIENCE) as client:
            yield Remote(client)
        return
    from bot.ask import Legation
    from eval.run import Here, own_library

    with (
        own_library(settings, documents) if documents else nullcontext(settings) as own,
        Legation.open(own) as legation,
    ):
        yield Here(legation)


def _ask(chosen: Suite, folder: Path, asked: AbstractContextManager[Bot], resume: bool) -> Run:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from eval.run import ask_all

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_err(), transient=True) as bar:
        task = bar.add_task("reading documents", total=len(chosen.questions))

        def progress(done: int, of: int) -> None:
            bar.update(task, description="asking", completed=done, total=of)

        with asked as bot:
            return ask_all(chosen, folder, bot, resume, progress)


def _finish(
    run: Run,
    before: Run | None,
    kinds: Sequence[str],
    output: Path | None,
    bounds: Sequence[Bound],
    entailment: str,
    threshold: float | None,
) -> None:
    """Scores, writes what was asked for, and leaves with the code that the figures deserve."""
    from eval.compare import compare
    from eval.report import rendered, terminal
    from eval.score import score

    scores = score(run, threshold, _entailment(entailment))
    judged = [bound.model_copy(update={"value": _value(scores, bound.name)}) for bound in bounds]
    comparison = compare(before, run, threshold) if before else None
    _put(
        {kind: rendered(kind, run, scores, judged, comparison, threshold) for kind in kinds},
        output,
        terminal(scores, judged, comparison),
    )
    for bound in judged:
        if not bound.kept and kinds:
            typer.echo(f"missed: {bound}", err=True)
    if code := _code(scores, judged, comparison):
        raise typer.Exit(code)


def _write(run: Run, before: Run | None, kinds: Sequence[str], output: Path, threshold: float | None) -> None:
    """Reports alone: no table, no judgement."""
    from eval.compare import compare
    from eval.report import rendered, save
    from eval.score import score

    scores = score(run, threshold)
    comparison = compare(before, run, threshold) if before else None
    for path in save({kind: rendered(kind, run, scores, (), comparison, threshold) for kind in kinds}, output):
        typer.echo(f"Written: {path}", err=True)


def _code(scores: Scores, bounds: Sequence[Bound], comparison: Comparison | None) -> int:
    if scores.unscored:
        typer.echo(f"unscored: {len(scores.unscored)} of {scores.asked} questions", err=True)
        return UNSCORED
    if not all(bound.kept for bound in bounds):
        return MISSED
    return WORSE if comparison is not None and comparison.worse else 0


def _value(scores: Scores, name: str) -> float | None:
    figure = scores.figure(name)
    return figure.value if figure else None


def _put(texts: dict[str, str], output: Path | None, table: RenderableType) -> None:
    """One report and no place for it: to standard output, alone.

    Else the table there, and the reports in their files.
    """
    from eval.report import save

    if output is None and texts:
        sys.stdout.write(next(iter(texts.values())))
        return
    _out().print(table)
    for path in save(texts, output) if output is not None and texts else []:
        typer.echo(f"Written: {path}", err=True)


def _formats(given: str, output: Path | None) -> list[str]:
    from eval.lines import DataError
    from eval.report import formats

    kinds = formats(given) or ([] if output is None else ["json"])
    if output is None and len(kinds) > 1:
        raise DataError(f"--format {given}: say with --output in which folder to write them.")
    if output is not None and output.suffix and output.suffix[1:] in ("json", "md", "html", "xml") and not given:
        return [{"xml": "junit"}.get(output.suffix[1:], output.suffix[1:])]
    return kinds


def _bounds(under: Sequence[str] | None, over: Sequence[str] | None) -> list[Bound]:
    import difflib
    import math

    from eval.lines import DataError
    from eval.metrics.catalogue import names
    from eval.report import Bound

    found = []
    for items, above in ((under or (), False), (over or (), True)):
        for item in items:
            name, _, value = item.partition("=")
            option = "--fail-over" if above else "--fail-under"
            if name not in names():
                near = difflib.get_close_matches(name, names(), n=1)
                raise DataError(
                    f"{option} {item}: there is no metric {name!r}. "
                    + (f"Did you mean {near[0]}?" if near else f"Known: {', '.join(names())}.")
                )
            try:
                limit = float(value)
            except ValueError:
                limit = math.nan
            if not math.isfinite(limit):
                raise DataError(f"{option} {item}: write NAME=VALUE with a number, such as {name}=0.9.")
            found.append(Bound(name=name, limit=limit, over=above))
    return found


def _entailment(name: str) -> tuple[str, Any] | None:
    if not name:
        return None
    from eval.metrics.entailment import cross_encoder

    return name, cross_encoder(name)


def _certificate(found: Any) -> str:
    lines = [
        f"Threshold {found.threshold:g}: at most {found.alpha:.1%} of the answers are wrong, "
        f"with {1 - found.delta:.0%} confidence (p = {found.p:.4f}).",
        f"Calibration: {found.calibration.wrong} wrong of {found.calibration.answered} answers "
        f"to {found.calibration.questions} questions.",
        f"Answered: {found.coverage:.1%} of the answerable questions; wrongly refused: {found.false_refusal:.1%}.",
    ]
    if found.test:
        held = "held" if found.held else "did NOT hold"
        lines.append(
            f"Test: {found.test.wrong} wrong of {found.test.answered} answers "
            f"(at most {found.test.high:.1%}); the bound {held}."
        )
    else:
        lines.append("No test split: the certificate was not checked on other questions.")
    if found.looks > 1:
        lines.append(f"Caution: look number {found.looks} at this test split. Each look makes it less of a test.")
    return "\n".join(lines)


def _out() -> Console:
    from rich.console import Console

    return Console(
        highlight=False,
        markup=False,
        soft_wrap=not sys.stdout.isatty(),
        width=None if sys.stdout.isatty() else _width(),
    )


def _width() -> int:
    return int(os.environ.get("COLUMNS") or 140)


def _err() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False)
