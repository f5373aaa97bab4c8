"""Files of questions answered in one go: read whole before any is asked, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot.question import Filters
from bot.verify import Cited, Claim
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from bot.ask import Legation
    from bot.client import Client

MOST_NAMED = 20  # broken lines that one message names


def _readable(words: str) -> str:
    """JSON can spell half a character (a lone surrogate), which no file or model takes."""
    if any("\ud800" <= c <= "\udfff" for c in words):
        raise ValueError("holds half a character (a lone surrogate)")
    return words


Words = Annotated[str, AfterValidator(_readable)]
Line = TypeVar("Line", bound="Numbered")


class Numbered(BaseModel):
    """A line of a file, known by its id. What else the line holds is for others to read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Words = Field(min_length=1, coerce_numbers_to_str=True)


class Said(BaseModel):
    """An earlier turn of the conversation."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: Literal["user", "assistant"]
    content: Words


class Asked(Numbered):
    """A question of the file, with what was said before it and the documents it may use."""

    question: Words
    history: tuple[Said, ...] = ()
    filters: Filters | None = None


class Quoted(Cited):
    """The words that a statement rests on, as a file holds them."""

    source: Words
    quote: Words


class Stated(Claim, Numbered):
    """A statement to be checked, as a file holds it."""

    text: Words = Field(min_length=1)
    citations: tuple[Quoted, ...] = ()


class Outcome(BaseModel):
    """What became of a file of questions."""

    asked: int = 0
    answered: int = 0
    refused: int = 0
    failed: dict[str, str] = {}
    output: str = ""


def read(path: Path, kind: type[Line]) -> list[Line]:
    """The lines of a file as `kind`; one LibraryError names every broken line, before anything is done."""
    found: list[Line] = []
    wrong: list[str] = []
    first: dict[str, int] = {}
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = kind.model_validate(_object(line))
        except (ValueError, RecursionError) as error:
            wrong.append(f"{path}, line {number}: {_problem(error)}")
            continue
        if item.id in first:
            wrong.append(f"{path}, line {number}: its id {item.id!r} is also that of line {first[item.id]}")
        first.setdefault(item.id, number)
        found.append(item)
    if wrong:
        more = [f"... and {len(wrong) - MOST_NAMED} more lines"] if len(wrong) > MOST_NAMED else []
        raise LibraryError("\n".join([*wrong[:MOST_NAMED], *more, "Mend these lines; nothing was done."]))
    if not found:
        raise LibraryError(f"{path}: there is nothing in it. It takes one JSON object a line.")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LibraryError(f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8.") from None
    except OSError as error:
        raise LibraryError(
            f"{path} cannot be read ({error.strerror}). Give a JSONL file: one JSON object a line."
        ) from None


def _object(line: str) -> dict[str, Any]:
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError(f"not a JSON object but {type(value).__name__}")
    return {name: item for name, item in value.items() if item is not None}


def _problem(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg'].removeprefix('Value error, ')}"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return f"not JSON ({error})" if isinstance(error, json.JSONDecodeError) else str(error)


def answer_all(
    bot: Legation | Client, questions: Sequence[Asked], output: Path, progress: Callable[[int], None]
) -> Outcome:
    """Asks every question and writes an answer a line; a question that fails gets a line that says why."""
    done = Outcome(output=str(output))
    with replacing(output) as file:
        for number, asked in enumerate(questions, 1):
            answer = _answer(bot, asked)
            done.asked += 1
            done.answered += answer["outcome"] == "answer"
            done.refused += answer["outcome"] == "refusal"
            if answer["outcome"] == "error":
                done.failed[asked.id] = answer["reason"]
            file.write(json.dumps(answer, ensure_ascii=False, allow_nan=False) + "\n")
            progress(number)
    return done


def _answer(bot: Legation | Client, asked: Asked) -> dict[str, Any]:
    """The answer's JSON; what went wrong in its place, so that one question cannot end the others."""
    try:
        history = [turn.model_dump() for turn in asked.history]
        return bot.ask(asked.question, history, asked.filters, id=asked.id).to_json()
    except LibraryError as error:
        reason = str(error)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    return {"id": asked.id, "question": asked.question, "outcome": "error", "reason": reason}


@contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """A file beside `path` to write into, which takes its place once it is whole."""
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise LibraryError(f"{path} is not a file. Give the name of a file for --output.")
    part = target.with_name(f".{target.name}.part")
    try:
        file = part.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise LibraryError(
            f"{path} cannot be written ({error.strerror}). Give a file in a folder that is there and writable."
        ) from None
    try:
        with file:
            yield file
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def verdicts(bot: Legation, claims: Sequence[Stated]) -> list[dict[str, Any]]:
    """Whether each statement holds, by the words that it cites in this library."""
    from bot.entail import entailment
    from bot.verify import check_statements

    judge = entailment(bot.settings.entailment)
    return [verdict.model_dump(mode="json") for verdict in check_statements(bot.index, claims, judge)]


def checked(bot: Legation, draft: Path) -> list[dict[str, Any]]:
    """Whether each sentence of a person's own briefing holds, and the best passage for it."""
    from bot.check import Checker
    from bot.draft import read as sentences

    return [found.model_dump(mode="json") for found in Checker(bot).check(sentences(draft))]


def save(values: Sequence[dict[str, Any]], output: Path | None) -> None:
    """Writes one object a line, whole or not at all, where a file is named."""
    if output is not None:
        with replacing(output) as file:
            file.writelines(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n" for value in values)
