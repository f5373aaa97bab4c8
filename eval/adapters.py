"""Question sets of others, read without code: a small mapping file says which foreign field is which of ours.

    format: records                 # JSON, JSONL or CSV/TSV files; or: beir
    files: [dev-v2.0.json]          # beside the mapping file
    each: data.paragraphs.qas       # where the records are; a record also knows the fields of what it lies in
    fields:                         # ours: theirs, a dotted path; several values are alternatives
      id: id
      question: question
      span: answers.text
      source: title
      unanswerable: is_impossible   # or: answerable
      nugget: answers.text          # words the answer must hold
    documents: {slug: title, title: title, text: context}

For BEIR folders (corpus.jsonl, queries.jsonl, qrels/*.tsv) no fields are needed:
`format: beir`, `folder: scifact`, `split: test`.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from eval.lines import DataError, objects, problems, text_of
from eval.suite import Question

OURS = (
    "id",
    "question",
    "span",
    "source",
    "answerable",
    "unanswerable",
    "nugget",
    "language",
    "type",
    "tags",
    "split",
    "notes",
)


class Recipe(BaseModel):
    """A mapping file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["records", "beir"] = "records"
    files: tuple[str, ...] = ()
    each: str = ""
    fields: dict[str, str] = {}
    documents: dict[str, str] = {}
    folder: str = ""
    split: str = "test"
    language: str = "en"
    type: str = "fact"


def convert(path: Path) -> tuple[list[Question], list[dict[str, Any]]]:
    """The questions and documents that a mapping file describes.

    DataError says which field of which record is wrong.
    """
    mapping = _mapping(path)
    if mapping.format == "beir":
        return _beir(path.parent / mapping.folder, mapping)
    records = [item for name in mapping.files for item in _records(path.parent / name, mapping.each)]
    questions = [question for where, record in records if (question := _question(where, record, mapping))]
    return _unique(questions), _documents(records, mapping)


def _mapping(path: Path) -> Recipe:
    try:
        mapping = Recipe.model_validate(yaml.safe_load(text_of(path)))
    except yaml.YAMLError as error:
        raise DataError(f"{path}: not YAML ({' '.join(str(error).split())}).") from None
    except ValidationError as error:
        raise DataError("\n".join(f"{path}: {problem}" for problem in problems(error))) from None
    unknown = sorted(set(mapping.fields) - set(OURS))
    if unknown:
        raise DataError(f"{path}: fields: {', '.join(unknown)} unknown; ours are {', '.join(OURS)}.")
    if mapping.format == "records" and not (mapping.files and "question" in mapping.fields):
        raise DataError(f"{path}: say which files to read, and under fields at least which one is the question.")
    return mapping


def _records(path: Path, each: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records of a file with where they stand."""
    if path.suffix in (".csv", ".tsv"):
        rows = csv.DictReader(io.StringIO(text_of(path)), delimiter="\t" if path.suffix == ".tsv" else ",")
        yield from ((f"{path}:{number}", dict(row)) for number, row in enumerate(rows, start=2))
        return
    if path.suffix == ".jsonl":
        for number, value in objects(path):
            if isinstance(value, str):
                raise DataError(f"{path}:{number}: {value}")
            yield from _walk(value, each.split(".") if each else [], {}, f"{path}:{number}")
        return
    try:
        whole = json.loads(text_of(path))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: not JSON ({error}).") from None
    yield from _walk(whole, each.split(".") if each else [], {}, str(path))


def _walk(
    value: object, steps: Sequence[str], outer: Mapping[str, Any], where: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Goes down `steps`, lists on the way item by item, and gives each record with the fields of what holds it."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _walk(item, steps, outer, f"{where}[{place}]")
        return
    if not isinstance(value, dict):
        raise DataError(f"{where}: an object was expected, but there is {type(value).__name__}.")
    if not steps:
        yield where, {**outer, **value}
        return
    if steps[0] not in value:
        raise DataError(f"{where}: there is no {steps[0]!r} here; the fields are {', '.join(value) or 'none'}.")
    held = {**outer, **{key: item for key, item in value.items() if key != steps[0]}}
    yield from _walk(value[steps[0]], steps[1:], held, f"{where}.{steps[0]}")


def _values(record: Mapping[str, Any], path: str) -> list[Any]:
    """What a dotted path finds in a record: every value, where lists lie on the way."""
    found: list[Any] = [record]
    for step in path.split("."):
        items = [item for value in found for item in (value if isinstance(value, list) else [value])]
        found = [item[step] for item in items if isinstance(item, dict) and step in item]
    flat = [item for value in found for item in (value if isinstance(value, list) else [value])]
    return [value for value in flat if value is not None and value != ""]


def _question(where: str, record: Mapping[str, Any], mapping: Recipe) -> Question | None:
    got = {ours: _values(record, theirs) for ours, theirs in mapping.fields.items()}
    first = {ours: str(values[0]) for ours, values in got.items() if values}
    spans = list(dict.fromkeys(str(value) for value in got.get("span", ())))
    answerable = (
        not _true(first["unanswerable"])
        if "unanswerable" in first
        else _true(first.get("answerable", str(bool(spans))))
    )
    given: dict[str, Any] = {
        key: first[key] for key in ("id", "question", "language", "type", "split", "notes") if key in first
    }
    given = {"id": where, "language": mapping.language, "type": mapping.type, **given}
    given["tags"] = [str(value) for value in got.get("tags", ())]
    if answerable:
        given["evidence"] = [{"source": slug(first.get("source", "")), "span": span} for span in spans]
        words = list(dict.fromkeys(str(value) for value in got.get("nugget", ())))
        given["nuggets"] = [{"text": words[0], "match": [_words(word) for word in words]}] if words else []
    else:
        given |= {"answerable": False, "type": "unanswerable"}
    try:
        return Question.model_validate(given)
    except ValidationError as error:
        raise DataError(f"{where}: {problems(error)[0]}") from None


def _true(value: str) -> bool:
    return value.strip().lower() in ("true", "1", "yes", "y")


def _words(text: str) -> str:
    """A pattern for these words as whole words, with any white space between them."""
    return r"(?<!\w)" + r"\s+".join(re.escape(word) for word in text.split()) + r"(?!\w)"


def slug(name: str) -> str:
    """A document's name as a slug."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "document"


def _unique(questions: list[Question]) -> list[Question]:
    """The questions with ids made unique, which foreign sets do not promise."""
    seen: dict[str, int] = {}
    kept = []
    for question in questions:
        seen[question.id] = seen.get(question.id, 0) + 1
        again = seen[question.id]
        kept.append(question if again == 1 else question.model_copy(update={"id": f"{question.id}#{again}"}))
    return kept


def _documents(records: Sequence[tuple[str, Mapping[str, Any]]], mapping: Recipe) -> list[dict[str, Any]]:
    """The documents that the records carry with them, as `legation ingest` reads them: texts of one slug joined."""
    found: dict[str, dict[str, Any]] = {}
    for _, record in records:
        got = {
            ours: str(values[0]) for ours, theirs in mapping.documents.items() if (values := _values(record, theirs))
        }
        if "text" not in got:
            continue
        name = slug(got.get("slug") or got.get("title", ""))
        about = {key: value for key, value in got.items() if key not in ("slug", "text")}
        document = found.setdefault(name, {"slug": name, "title": got.get("title", name), **about, "passages": []})
        if got["text"] not in [passage["text"] for passage in document["passages"]]:
            number = len(document["passages"]) + 1
            document["passages"].append({"pinpoint": f"para. {number}", "text": got["text"]})
    return list(found.values())


def _beir(folder: Path, mapping: Recipe) -> tuple[list[Question], list[dict[str, Any]]]:
    """A BEIR folder.

    Relevance is of whole documents there, so a document's text is the span: any passage of it counts.
    """
    corpus = {str(record["_id"]): record for record in _lines(folder / "corpus.jsonl", "_id")}
    queries = {str(record["_id"]): str(record.get("text", "")) for record in _lines(folder / "queries.jsonl", "_id")}
    relevant: dict[str, list[str]] = {}
    for number, line in enumerate(text_of(folder / "qrels" / f"{mapping.split}.tsv").splitlines(), start=1):
        parts = line.split("\t")
        if (number == 1 and parts[-1].strip() == "score") or not line.strip():
            continue
        if (
            len(parts) != 3
            or parts[0] not in queries
            or parts[1] not in corpus
            or not re.fullmatch(r"-?\d+", parts[2].strip())
        ):
            where = folder / "qrels" / f"{mapping.split}.tsv"
            raise DataError(f"{where}:{number}: a query and a document that exist and a score are expected: {line!r}.")
        if int(parts[2]) > 0:
            relevant.setdefault(parts[0], []).append(parts[1])
    questions = [
        Question.model_validate(
            {
                "id": name,
                "type": mapping.type,
                "language": mapping.language,
                "question": queries[name],
                "evidence": [{"source": slug(document), "span": corpus[document]["text"]} for document in documents],
            }
        )
        for name, documents in relevant.items()
    ]
    documents = [
        {"slug": slug(name), "title": record.get("title") or name, "text": record["text"]}
        for name, record in corpus.items()
    ]
    return questions, documents


def _lines(path: Path, needed: str) -> list[dict[str, Any]]:
    found = []
    for number, value in objects(path):
        if isinstance(value, str) or needed not in value or not str(value.get("text", "")).strip():
            raise DataError(f"{path}:{number}: {value if isinstance(value, str) else f'needs {needed} and text'}")
        found.append(value)
    return found
