"""Files of one JSON object a line, read with the line's number in every error, and written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ingest.documents import LibraryError

Model = TypeVar("Model", bound=BaseModel)
MOST_ERRORS = 20


class DataError(LibraryError):
    """A file that evaluation cannot use: the message says where and the mend."""


def text_of(path: Path) -> str:
    """The text of a file; DataError when it is missing, a folder or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file.") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder; give a file.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}. Save it as UTF-8.") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}.") from None


def objects(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Each line's number with its object, or with what is wrong with it. Empty lines are skipped."""
    for number, line in enumerate(text_of(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            yield number, f"not JSON ({error})"
            continue
        yield number, value if isinstance(value, dict) else f"not an object but {type(value).__name__}"


def models(path: Path, kind: type[Model]) -> list[tuple[int, Model]]:
    """Each line's number with its object as a `kind`; one DataError names every broken line, at most 20."""
    good: list[tuple[int, Model]] = []
    wrong: list[str] = []
    for number, value in objects(path):
        if isinstance(value, str):
            wrong.append(f"{path}:{number}: {value}")
            continue
        try:
            good.append((number, kind.model_validate(value)))
        except ValidationError as error:
            wrong += [f"{path}:{number}: {problem}" for problem in problems(error)]
    if wrong:
        raise DataError(
            "\n".join(
                [
                    *wrong[:MOST_ERRORS],
                    *([f"... and {len(wrong) - MOST_ERRORS} more"] if len(wrong) > MOST_ERRORS else []),
                ]
            )
        )
    return good


def problems(error: ValidationError) -> list[str]:
    """What pydantic found wrong, one short line each."""
    found = []
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        found.append(f"{where}{': ' if where else ''}{item['msg'].removeprefix('Value error, ')}")
    return found


def dumps(value: object, indent: int | None = None) -> str:
    """JSON that is the same each time: keys sorted, letters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=indent, allow_nan=False)


def write(path: Path, text: str) -> None:
    """Writes the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)


def write_lines(path: Path, values: Iterator[Mapping[str, Any]] | list[dict[str, Any]]) -> None:
    """Writes one object a line, whole or not at all."""
    write(path, "".join(dumps(value) + "\n" for value in values))
