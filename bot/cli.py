"""The `legation` command. Heavy libraries are imported by the commands that need them, so that help is quick.

Exit codes: 0 done; 1 an asked-for bound was missed; 2 wrong usage or unreadable input; 3 done in part.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from bot import library as shelf
from bot import show
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from bot.ask import Legation
    from bot.client import Client
    from bot.question import Filters
    from bot.settings import Settings

MISSED, USAGE, PARTLY, INTERRUPTED = 1, 2, 3, 130
PATIENCE = 60  # seconds to wait in all for a server that says: busy
GROUP = "legation.commands"  # entry points whose typer apps become commands here
_QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class Commands(TyperGroup):
    """The commands of this file and those of other packages, loaded when asked for; errors as one line and a code."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names that `legation --help` lists."""
        return [*super().list_commands(ctx), *(point.name for point in _points())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name, from here or from another package."""
        here = super().get_command(ctx, cmd_name)
        point = next((point for point in _points() if point.name == cmd_name), None)
        return here if here or not point else typer.main.get_command(point.load())

    def invoke(self, ctx: Any) -> Any:
        """Runs a command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _let_go()
            raise typer.Exit(0) from None
        except Exception as error:
            if ctx.params.get("debug") or not (message := _plain(error)):
                raise
            show.note(f"legation: {message}")
            raise typer.Exit(USAGE) from None
        return result


def _points() -> Sequence[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def _plain(error: Exception) -> str:
    """What the user can mend, in a line; '' for what typer itself reports."""
    if isinstance(error, LibraryError):
        return str(error)
    if type(error).__module__.partition(".")[0] == "typer":
        return ""
    if isinstance(error, OSError):
        mend = "Check that it is there, may be read or written, and the disk is not full."
        return f"{error.filename or 'a file'}: {error.strerror or error}. {mend}"
    mend = "This should not happen: see what `legation doctor` finds, or where it comes from with `legation --debug`."
    return f"{type(error).__name__}: {error}. {mend}"


def _let_go() -> None:
    """Whoever reads our output has enough: Python must not complain about it on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    name="legation",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Begin: [b]legation serve[/b] makes the starter library and opens the chat. "
    "Your own documents: [b]legation ingest FOLDER[/b], then [b]legation ask QUESTION[/b].",
)

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Folder of the library. Else: LEGATION_DATA.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]
Filtered = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="NAME=VALUE",
        help="Only these documents: publisher, kind, source, language, year_from, year_to. Repeatable.",
        show_default=False,
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", help="Ask the server at this address, not a library here.", show_default=False
    ),
]


def main() -> None:
    """Runs `legation`."""
    app()


@app.callback()
def root(
    data: Data = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
    version_: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=lambda on: _version(on))
    ] = False,
) -> None:
    """Answers questions about cyber diplomacy from a library, and shows the exact place that each sentence rests on."""
    os.environ.update(_QUIET)
    if data is not None:
        os.environ["LEGATION_DATA"] = str(data)  # where the commands of other packages look too


def _version(asked: bool) -> None:
    if asked:
        show.text(f"legation {version('legation')}")
        raise typer.Exit


def _settings(data: Path | None = None, **given: Any) -> Settings:
    from bot.settings import Settings

    settings = Settings.load(data=data, **given)
    if settings.packaged:
        os.environ["HF_HUB_OFFLINE"] = "1"
    return settings


def _bot(url: str | None, data: Path | None) -> AbstractContextManager[Legation | Client]:
    """A library here, or a server that has one."""
    return shelf.asked(_settings(data)) if url is None else _server(url, data)


def _server(url: str, data: Path | None) -> Client:
    if data is not None:
        raise LibraryError("--url asks a server, which has a library of its own. Leave --data out.")
    from bot.client import Client

    return Client(url, patience=PATIENCE)


def _filters(given: Sequence[str] | None) -> Filters:
    from bot.question import Filters

    found: dict[str, object] = {}
    for item in given or ():
        name, equals, value = item.partition("=")
        if not equals or not value:
            raise LibraryError(f"--filter {item}: write NAME=VALUE, such as year_from=2021.")
        if name in found:
            raise LibraryError(f"--filter {name} is given twice. Give it once.")
        found[name] = value
    return Filters.of(found)


@app.command(
    epilog="Examples:\n\n[b]legation ingest papers/ --prune[/b]\n\n[b]legation ingest act.pdf https://example.org/news.html[/b]"
)
def ingest(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH_OR_URL...", help="Files, folders, web addresses.", show_default=False),
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Take out what is no longer in the folders given.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Encode the library anew, with the models that are set.")
    ] = False,
    starter: Annotated[
        bool, typer.Option("--starter", help="Take in the briefing notes that come with Legation.")
    ] = False,
    data: Data = None,
    json_: Json = False,
) -> None:
    """Take documents into the library, or bring it up to date with them.

    Reads Markdown, text, HTML, PDF, DOCX and JSONL. A folder may describe its files in a manifest.yaml.
    What has not changed is not read again; a run that was stopped is completed by the next.
    """
    wanted = [*(inputs or ()), *([str(shelf.starter())] if starter else ())]
    if not wanted and not rebuild:
        raise LibraryError("Name what to take in: files, folders, web addresses; or give --starter or --rebuild.")
    settings = _settings(data)
    shelf.check_inputs(wanted)
    with shelf.opened(settings, create=bool(wanted), check=not rebuild) as index:
        summary = shelf.fill(index, wanted, settings, prune=prune, rebuild=rebuild)
        counts = index.counts()
    if json_:
        show.value(summary.model_dump() | {"library": counts})
    else:
        show.ingested(summary, counts)
    show.failures(summary.failed)
    if summary.failed:
        done = summary.added or summary.changed or summary.unchanged or summary.removed
        raise typer.Exit(PARTLY if done else USAGE)


@app.command(
    epilog="Examples:\n\n[b]legation library[/b]\n\n[b]legation library show nis2 --json[/b]\n\n"
    "[b]legation library remove draft-2019[/b]"
)
def library(
    action: Annotated[Literal["list", "show", "remove"], typer.Argument(help="What to do.")] = "list",
    slug: Annotated[
        str, typer.Argument(help="The document, by the name that the list gives.", show_default=False)
    ] = "",
    data: Data = None,
    url: Url = None,
    json_: Json = False,
) -> None:
    """List the documents of the library, show one, or take one out."""
    if bool(slug) == (action == "list"):
        raise LibraryError(f"`library {action}` {'takes no' if slug else 'needs the'} name (slug) of a document.")
    if url is not None:
        _told_by(url, data, action, slug, json_)
        return
    with shelf.opened(_settings(data), check=action == "remove") as index:
        if action == "list":
            rows = [show.about(index.text(document.slug)) for document in index.documents()]
            show.value(rows) if json_ else show.documents(rows)
        elif action == "show":
            from bot.schema import WholeBody

            found = show.whole(index.text(slug))
            show.value(found) if json_ else show.document(WholeBody.model_validate(found))
        else:
            shelf.remove(index, slug)
            show.value({"removed": [slug]}) if json_ else show.text(f"Removed {slug}.")


def _told_by(url: str, data: Path | None, action: str, slug: str, json_: bool) -> None:
    """What a server's library holds."""
    if action == "remove":
        raise LibraryError("A document is taken out where its library is. Leave --url out.")
    with _server(url, data) as server:
        if action == "list":
            rows = [row.model_dump() for row in server.documents()]
            show.value(rows) if json_ else show.documents(rows)
        else:
            found = server.document(slug)
            show.value(found.model_dump()) if json_ else show.document(found)


@app.command(epilog='Example: [b]legation search "incident reporting deadline" -k 5 --filter kind=law[/b]')
def search(
    words: Annotated[str, typer.Argument(metavar='"WORDS"', help="What to look for.", show_default=False)],
    k: Annotated[int, typer.Option("-k", min=1, max=200, help="How many passages.")] = 20,
    filters: Filtered = None,
    data: Data = None,
    url: Url = None,
    json_: Json = False,
) -> None:
    """Find the passages nearest to some words: the evidence, without an answer."""
    chosen = _filters(filters)
    with _bot(url, data) as bot:
        from bot.schema import FoundBody

        found = [FoundBody.model_validate(row) for row in bot.search(_utf8(words), k, chosen)]
    show.value([row.model_dump() for row in found]) if json_ else show.evidence(found)


def _utf8(words: str) -> str:
    """A terminal may hand on bytes that are no text."""
    try:
        words.encode()
    except UnicodeEncodeError:
        raise LibraryError(
            "The question is not UTF-8 text. Set the terminal to UTF-8, or use --batch with a UTF-8 file."
        ) from None
    return words


@app.command(
    epilog='Examples:\n\n[b]legation ask "Who must report a serious incident, and by when?"[/b]\n\n'
    "[b]legation ask --batch questions.jsonl --output answers.jsonl[/b]"
)
def ask(
    question: Annotated[
        str | None, typer.Argument(metavar='"QUESTION"', help="What to ask.", show_default=False)
    ] = None,
    filters: Filtered = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch",
            metavar="FILE",
            help="Questions, a JSON object a line: id, question, history, filters.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Where the answers to --batch go.", show_default=False),
    ] = None,
    data: Data = None,
    url: Url = None,
    json_: Json = False,
) -> None:
    """Ask a question, or a file of questions.

    The answer is made of sentences of the library, each with its place. Where the library holds none, it says so.
    """
    if (question is None) == (batch is None):
        raise LibraryError('Give either a question, such as "What is due diligence?", or --batch FILE.')
    if (batch is None) != (output is None):
        raise LibraryError("--batch and --output go together.")
    chosen = _filters(filters)
    if batch is not None and output is not None:
        if filters:
            raise LibraryError("With --batch, filters stand in the file: a field `filters` in the line of a question.")
        _ask_all(batch, output, data, url, json_)
    if question is not None:
        with _bot(url, data) as bot:
            found = bot.ask(_utf8(question), filters=chosen).to_json()
        from bot.schema import AnswerBody

        show.value(found) if json_ else show.outcome(AnswerBody.model_validate(found))


def _ask_all(batch: Path, output: Path, data: Path | None, url: str | None, json_: bool) -> None:
    from bot.batch import Asked, answer_all, read

    questions = read(batch, Asked)
    with _bot(url, data) as bot, show.progress() as bar:
        task = bar.add_task("asking", total=len(questions))
        done = answer_all(bot, questions, output, lambda number: bar.update(task, completed=number))
    if json_:
        show.value(done.model_dump())
    else:
        counts = f"{done.answered} answered, {done.refused} refused, {len(done.failed)} failed"
        show.text(f"{done.asked} asked: {counts}. Written to {output}")
    show.failures({f"question {name}": reason for name, reason in done.failed.items()})
    if done.failed:
        raise typer.Exit(PARTLY)


@app.command(epilog='Example: [b]legation brief "Counter Ransomware Initiative" --output note.docx[/b]')
def brief(
    topic: Annotated[str, typer.Argument(metavar='"TOPIC"', help="What to be briefed on.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Where it goes: .md, .docx or .pdf.", show_default=False),
    ] = None,
    filters: Filtered = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """Write a briefing on a topic: sections of quoted sentences, positions, a timeline, what is not answered, sources."""
    from bot import export
    from bot.survey import brief as made_of

    chosen = _filters(filters)
    if output is not None and output.suffix.lower() not in export.FORMATS:
        raise LibraryError(f"--output {output}: a briefing is written as one of {', '.join(export.FORMATS)}.")
    with shelf.asked(_settings(data)) as bot:
        made = made_of(bot, _utf8(topic), chosen)
    if output is not None:
        export.save(made, output)
    if json_:
        show.value(made.to_json())
    elif output is None:
        show.text(export.markdown(made))
    else:
        show.text(f"{len(made.statements)} sentences from {len(made.documents)} documents. Written to {output}")


@app.command(epilog="Example: [b]legation serve --port 8080[/b]")
def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on.  [127.0.0.1]", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", help="Port to listen on; 0 for any that is free.  [7860]", show_default=False),
    ] = None,
    data: Data = None,
) -> None:
    """Open the chat in the browser. Makes the starter library first when there is no library yet."""
    settings = _settings(data, host=host, port=port)
    from bot import public
    from bot.serve import listen
    from bot.serve import serve as run

    public.check(settings)
    if shelf.unmade(settings):
        listen(settings.host, settings.port).close()  # an address that cannot be had is said before the work, not after
        shelf.make_starter(settings)
    run(settings, ready=_say_ready)


def _say_ready(address: str) -> None:
    show.text(f"Legation answers at {address}  (stop it with Ctrl+C)")
    sys.stdout.flush()


@app.command(epilog="Example: [b]legation feedback export --output cases.jsonl[/b]")
def feedback(
    action: Annotated[Literal["export"], typer.Argument(help="What to do.")] = "export",
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Where the cases go.", show_default=False)
    ] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """Turn what readers said of answers into cases for `legation eval`.

    An answer that was found helpful is a case as it stands. One that was found wrong is tagged `unchecked`: its evidence
    is what was shown, for a person to put right.
    """
    from bot.batch import save
    from bot.feedback import FILE, Feedback, cases

    if output is None:
        raise LibraryError("Say where the cases go: --output cases.jsonl.")
    folder = _settings(data).data
    if not (folder / FILE).exists():
        raise LibraryError(f"{folder / FILE}: there is no feedback yet. It is kept there once a reader has given some.")
    given = list(Feedback(folder).all())
    found = list(cases(given))
    save(found, output)
    done = {"feedback": len(given), "cases": len(found), "unchecked": sum("unchecked" in one["tags"] for one in found)}
    if json_:
        show.value(done)
    else:
        show.text(
            "{feedback:,} said, {cases:,} cases, {unchecked:,} of them unchecked.".format(**done)
            + f" Written to {output}"
        )


@app.command(epilog="Example, for an agent's list of servers: [b]legation mcp --data DIR[/b]")
def mcp(data: Data = None) -> None:
    """Serve the library to an agent over standard input and output (Model Context Protocol)."""
    settings = _settings(data)
    with shelf.asked(settings) as bot:
        from bot.api import Service
        from bot.mcp import run_stdio

        run_stdio(Service(bot))


@app.command(
    epilog="Example: [b]legation verify briefing.docx[/b]  or  [b]legation verify --input statements.jsonl --json[/b]"
)
def verify(
    draft: Annotated[
        Path | None, typer.Argument(metavar="DRAFT", help="A briefing as Markdown or DOCX.", show_default=False)
    ] = None,
    statements: Annotated[
        Path | None,
        typer.Option(
            "--input",
            metavar="FILE",
            help='A JSON object a line: {"id", "text", "citations": [{"source", "quote"}]}.',
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write the verdicts here, a JSON object a line.")
    ] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """Check statements, or the sentences of a draft, against the words of the library. Exit code 1 when one does not hold."""
    from bot import batch

    if (draft is None) == (statements is None):
        raise LibraryError("Give a draft (legation verify DRAFT) or statements (--input FILE), one of the two.")
    if statements is not None:
        claims = batch.read(statements, batch.Stated)
        with shelf.asked(_settings(data)) as bot:
            found = batch.verdicts(bot, claims)
        batch.save(found, output)
        show.value(found) if json_ else show.verdicts(found)
        held = all(item["supported"] for item in found)
    else:
        with shelf.asked(_settings(data)) as bot:
            found = batch.checked(bot, draft or Path())
        batch.save(found, output)
        show.value(found) if json_ else show.checked(found)
        held = all(item["status"] == "holds" for item in found)
    if not held:
        raise typer.Exit(MISSED)


@app.command(epilog="Example: [b]legation doctor --json[/b]")
def doctor(data: Data = None, json_: Json = False) -> None:
    """Say what is installed, loaded, stale or broken, and the mend for each. Exit code 1 when something is broken."""
    from bot.doctor import examine

    found = examine(_settings(data))
    show.value([check.model_dump() for check in found]) if json_ else show.checks(found)
    if any(check.state == "fail" for check in found):
        raise typer.Exit(MISSED)
