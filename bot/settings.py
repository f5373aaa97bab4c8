"""Every setting, once: from an option of the command line, else from a LEGATION_ variable, else the default here."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingest.documents import LibraryError

PREFIX = "LEGATION_"
PACKAGED = "packaged"


def _data() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "legation"


class Settings(BaseSettings):
    """What can be set. Each field is read from the variable LEGATION_ plus its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    data: Path = Field(default_factory=_data, description="Folder that holds the library.")
    embedder: str = Field(
        default=PACKAGED,
        min_length=1,
        description="Sentence encoder: `packaged`, or the name or path of any sentence-transformers model.",
    )
    token_encoder: str = Field(
        default=PACKAGED,
        min_length=1,
        description="Late-interaction encoder for reranking: `packaged`, or the name or path of a model.",
    )
    chroma_server: str = Field(
        default="",
        description="Address of a Chroma server, such as `http://localhost:8000`; empty: the vectors live in the library's folder.",
    )
    model: str = Field(
        default="", description="Chat model that writes answers; empty: answers are verbatim quotations."
    )
    threshold: float = Field(default=0.5, ge=0, le=1, description="Confidence under which a question is refused.")
    passages: int = Field(default=20, ge=1, le=200, description="Passages retrieved for a question.")
    max_question_chars: int = Field(default=2000, ge=1, description="Longest question that is read, in characters.")
    host: str = Field(default="127.0.0.1", description="Address that `legation serve` listens on.")
    port: int = Field(default=7860, ge=0, le=65535, description="Port that `legation serve` listens on.")
    allow_private_urls: bool = Field(
        default=False,
        description="Whether `legation ingest` may fetch a URL that resolves to a private or loopback address.",
    )

    @field_validator("data", mode="after")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser()

    @classmethod
    def load(cls, **given: Any) -> Self:
        """The settings, with what is `given` and not None on top; a LibraryError names the wrong one and the mend."""
        _refuse_unknown_variables()
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise LibraryError(
                f"setting {name} ({variable(name)}): {first['msg']}, but it is {first['input']!r}."
            ) from None

    @property
    def packaged(self) -> bool:
        """Whether both encoders come with the packages, or are folders here: then no model hub is needed."""
        return all(name == PACKAGED or Path(name).exists() for name in (self.embedder, self.token_encoder))


def variable(name: str) -> str:
    """The environment variable that sets the setting `name`."""
    return PREFIX + name.upper()


def _refuse_unknown_variables() -> None:
    """A misspelt variable would otherwise be ignored in silence."""
    known = [variable(name) for name in Settings.model_fields]
    for given in sorted(name for name in os.environ if name.upper().startswith(PREFIX)):
        if given.upper() not in known:
            nearest = difflib.get_close_matches(given.upper(), known, n=1, cutoff=0.4)
            mend = f"Did you mean {nearest[0]}?" if nearest else f"Known: {', '.join(known)}."
            raise LibraryError(f"{given}: there is no such setting. {mend}")
