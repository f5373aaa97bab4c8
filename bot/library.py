"""The library as the command line opens and fills it: the user's own, or the starter library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot import show
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from bot.ask import Legation
    from bot.settings import Settings
    from ingest.index import Index
    from ingest.sync import Progress, Summary

_UNFINISHED = (
    ".starter"  # lies in the library while the starter library is made: a stopped run is completed by the next
)


def opened(settings: Settings, create: bool = False, check: bool = True) -> Index:
    """The library that the settings name."""
    from ingest.index import Index

    return Index.open(
        settings.data,
        embedder=settings.embedder,
        token_encoder=settings.token_encoder,
        server=settings.chroma_server or None,
        create=create,
        check=check,
    )


@contextmanager
def asked(settings: Settings) -> Iterator[Legation]:
    """The bot for a library that holds something."""
    from ingest.index import FILE

    again = f"legation --data {settings.data} ingest PATH"
    if not (settings.data / FILE).is_file():  # said before the models are imported
        raise LibraryError(f"There is no library in {settings.data}. Make one: {again} (or: legation serve)")
    from bot.ask import Legation

    with Legation.open(settings) as bot:
        if not bot.index.documents():
            raise LibraryError(f"The library in {settings.data} is empty. Fill it: {again} (or --starter)")
        yield bot


def fill(
    index: Index, inputs: Sequence[str], settings: Settings, prune: bool = False, rebuild: bool = False
) -> Summary:
    """Takes `inputs` in with a progress bar, after encoding the library anew where that is asked for."""
    from ingest.sync import ingest, only_one

    encoded = 0
    with show.progress() as bar:
        if rebuild:
            task = bar.add_task("encoding anew", total=None)
            with only_one(index.folder):
                encoded = index.rebuild(lambda done, every: bar.update(task, completed=done, total=every))
            bar.remove_task(task)
        task = bar.add_task("reading", total=None)

        def tell(now: Progress) -> None:
            part = now.encoded / now.passages if now.passages else 0
            bar.update(task, description=Path(now.name).name[:40], completed=now.item - 1 + part, total=now.items)

        summary = ingest(index, inputs, prune=prune, progress=tell, allow_private=settings.allow_private_urls)
    return summary.model_copy(update={"encoded": summary.encoded + encoded})


def check_inputs(inputs: Sequence[str]) -> None:
    """LibraryError when none of the inputs is there: no library is made for the sake of a misspelt path."""
    if inputs and not any("://" in item or Path(item).expanduser().exists() for item in inputs):
        raise LibraryError(f"{', '.join(inputs)}: no such file or folder. Check the path.")


def remove(index: Index, slug: str) -> None:
    """Takes one document out, unless somebody else is writing."""
    from ingest.sync import only_one

    with only_one(index.folder):
        index.remove(slug)


def starter() -> Path:
    """The folder of the briefing notes that come with Legation."""
    import ingest

    return Path(ingest.__path__[0]) / "starter"


def unmade(settings: Settings) -> bool:
    """Whether there is no library yet, or only the beginning of a starter library."""
    from ingest.index import FILE

    if not (settings.data / FILE).is_file() or (settings.data / _UNFINISHED).exists():
        return True
    with opened(settings) as index:
        return not index.documents()


def make_starter(settings: Settings) -> None:
    """Makes the starter library, or completes it."""
    show.note(f"Making the starter library in {settings.data} (once; it takes a minute or more) ...")
    with opened(settings, create=True) as index:
        (settings.data / _UNFINISHED).touch()
        summary = fill(index, [str(starter())], settings)
        show.failures(summary.failed)
        if not index.documents():
            raise LibraryError(
                "The starter library could not be made. Install Legation again, or: legation ingest PATH"
            )
    (settings.data / _UNFINISHED).unlink()
