"""The threshold that `legation eval certify` leaves in a library's folder: it holds for that library alone."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from ingest.index import Index

FILE = "certificate.json"
DEFAULT = 0.5


class Certified(BaseModel):
    """What asking needs of a certificate."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    threshold: float = Field(ge=0, le=1)
    library_sha256: str


def read(folder: Path) -> Certified | None:
    """The certificate in a library's folder; None when there is none. ValueError when it is no certificate."""
    try:
        return Certified.model_validate(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ValidationError) as error:
        raise ValueError(f"{folder / FILE} cannot be read ({type(error).__name__})") from None


def threshold(index: Index, given: float | None) -> float:
    """The confidence under which a question is refused: the one given, else that of a certificate that holds, else 0.5."""
    if given is not None:
        return given
    try:
        certified = read(index.folder)
    except ValueError:
        return DEFAULT  # `legation doctor` says what is wrong with it
    return certified.threshold if certified and certified.library_sha256 == library_sha256(index) else DEFAULT


def library_sha256(index: Index) -> str:
    """One hash for the texts of a library, as `legation eval` writes it into a certificate."""
    texts = ((about.slug, index.document(about.slug).text) for about in index.documents())
    lines = (f"{slug} {hashlib.sha256(text.encode()).hexdigest()}\n" for slug, text in sorted(texts))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
