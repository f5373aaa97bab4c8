"""What could not be read when it was last taken in, kept beside the library so that readers learn why it is missing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

FILE = "failures.json"


class Failure(BaseModel):
    """An input that failed, why, and when (ISO 8601)."""

    model_config = ConfigDict(frozen=True)

    name: str
    reason: str
    when: str = ""


_LIST = TypeAdapter(list[Failure])


def failures(folder: Path) -> list[Failure]:
    """What failed the last time it was taken in. A list that cannot be read counts as empty: the next ingest mends it."""
    try:
        return _LIST.validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return []


def keep(folder: Path, given: Iterable[str], failed: Mapping[str, str]) -> None:
    """After a run over the inputs `given`: what failed in it takes the place of what failed under them before."""
    places = [_whole(name) for name in given]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    kept = [old for old in failures(folder) if not _under(old.name, places)]
    kept += [Failure(name=_whole(name), reason=reason, when=now) for name, reason in failed.items()]
    if kept:
        new = folder / f".{FILE}.new"
        new.write_text(json.dumps([one.model_dump() for one in kept], ensure_ascii=False, indent=1), encoding="utf-8")
        new.replace(folder / FILE)
    else:
        (folder / FILE).unlink(missing_ok=True)


def _whole(name: str) -> str:
    """An input's name, however it was given: addresses as they are, paths from the root on."""
    return name if "://" in name else str(Path(name).expanduser().absolute())


def _under(name: str, places: Sequence[str]) -> bool:
    return any(name == place or name.startswith(place.rstrip(os.sep) + os.sep) for place in places)
