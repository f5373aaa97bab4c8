"""Documents of any format in one file beside a suite (SUITE.files.jsonl), laid out as files for one run.

A line is {"name", "body"}, or {"starter": true} for the notes of the starter library.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict, Field, model_validator

from eval.lines import models, write

END = ".files.jsonl"


class Entry(BaseModel):
    """A file, or the starter library."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9_-]*\.[a-z]+)?$")
    body: str = ""
    starter: bool = False

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Entry:
        if self.starter == bool(self.name):
            raise ValueError("give either name and body, or starter")
        return self


@contextmanager
def unpacked(inputs: Sequence[Path]) -> Iterator[list[Path]]:
    """The inputs, with a folder of its files in the place of each bundle. DataError names broken lines."""
    with TemporaryDirectory(prefix="legation-documents-") as folder:
        paths: list[Path] = []
        for number, path in enumerate(inputs):
            if not path.name.endswith(END):
                paths.append(path)
                continue
            place = Path(folder) / str(number)
            for entry in (entry for _, entry in models(path, Entry)):
                if entry.starter:
                    paths.append(Path(str(resources.files("ingest"))) / "starter")
                else:
                    write(place / entry.name, entry.body)
            if place.exists():
                paths.append(place)
        yield paths
