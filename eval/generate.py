"""The suites that ship, made from what people wrote by hand: hashes, places, splits, patterns and rule-made cases.

The same source and seed always give the same bytes, and a test keeps the committed files equal to them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.answers import sha256
from eval.commands import SEED
from eval.lines import DataError, dumps, problems, text_of, write
from eval.suite import Nugget, Question, Span, Split, Turn
from eval.text import locate as places_of
from ingest.documents import Document, Text

SPLITS: tuple[Split, ...] = ("dev", "calibration", "test")
NEAR = ("wrong-year", "wrong-body", "confusable", "absent-attribute", "false-premise")
MONTHS = {
    "January": ("janvier", "enero"),
    "February": ("février", "febrero"),
    "March": ("mars", "marzo"),
    "April": ("avril", "abril"),
    "May": ("mai", "mayo"),
    "June": ("juin", "junio"),
    "July": ("juillet", "julio"),
    "August": ("août", "agosto"),
    "September": ("septembre", "septiembre"),
    "October": ("octobre", "octubre"),
    "November": ("novembre", "noviembre"),
    "December": ("décembre", "diciembre"),
}
WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_DATE = re.compile(rf"(?:(\d{{1,2}}) )?({'|'.join(MONTHS)}) (\d{{4}})")

Groups = str | dict[str, str] | list[str | dict[str, str]]


class Written(BaseModel):
    """A question as it is written by hand, under the document that it is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ask: str
    type: str = "fact"
    span: Groups = Field(
        default=[],
        description="Words of the document, `first ... last` for all between; a list where all are needed; "
        "{document: words} for other documents, several of which are alternatives.",
    )
    also: dict[str, str] = Field(default={}, description="Where else the first span's fact stands.")
    say: list[str] = Field(
        default=[],
        description="Facts of a right answer: a | b for alternatives, ? before what is nice to have, re: for a regex.",
    )
    miss: str = Field(default="", description=f"Unanswerable, and how: {', '.join(NEAR)}, elsewhere.")
    why: str = ""
    after: list[str] = Field(default=[], description="Earlier turns: user, assistant, user ...")
    lang: str = "en"
    style: str = ""
    tags: list[str] = []


def suites() -> Path:
    """The folder of the suites that ship."""
    return Path(str(resources.files("eval"))) / "suites"


def notes(folder: Path | None = None) -> dict[str, Text]:
    """The starter library as ingestion reads it, by slug, without an index."""
    from ingest.passages import compose
    from ingest.readers import read_path
    from ingest.structure import locate

    found: dict[str, Text] = {}
    for path in sorted((folder or Path(str(resources.files("ingest"))) / "starter").glob("*.md")):
        for reading in read_path(path):
            about = Document(**{k: v for k, v in reading.metadata.items() if k in Document.model_fields}, text=" ")
            places = locate(reading.blocks, about.kind, about.symbol)
            found[about.slug] = compose(about, reading.blocks, places, reading.given)
    return found


def starter(seed: int = SEED, source: Path | None = None) -> list[Question]:
    """The questions on the starter library. DataError names what in the source does not hold."""
    path = source or suites() / "starter.yaml"
    texts = notes()
    questions: list[Question] = []
    wrong: list[str] = []
    for slug, number, written in _read(path):
        try:
            questions.append(_question(slug, number, written, texts, seed))
        except (ValueError, KeyError) as error:
            wrong.append(f"{path}: {slug}, question {number} ({written.ask[:60]!r}): {error}")
    if wrong:
        raise DataError("\n".join(wrong))
    return questions


def _read(path: Path) -> Iterator[tuple[str, int, Written]]:
    try:
        held = yaml.safe_load(text_of(path))
    except yaml.YAMLError as error:
        raise DataError(f"{path}: not YAML: {error}") from None
    if not isinstance(held, dict):
        raise DataError(f"{path}: write a list of questions under the slug of each document.")
    for slug, items in held.items():
        for number, item in enumerate(items or (), start=1):
            try:
                yield str(slug), number, Written.model_validate(item)
            except ValidationError as error:
                raise DataError(f"{path}: {slug}, question {number}: {'; '.join(problems(error))}") from None


def _question(slug: str, number: int, written: Written, texts: Mapping[str, Text], seed: int) -> Question:
    name = f"{slug}-{number:02d}"
    unheard = slug not in texts
    if written.miss and written.miss not in (*NEAR, "elsewhere"):
        raise ValueError(f"miss {written.miss!r} is none of {', '.join(NEAR)}, elsewhere")
    cluster = name if unheard else slug
    tags = [*written.tags]
    if written.miss:
        tags += ["near-miss", written.miss] if written.miss in NEAR else [written.miss]
    if written.after:
        tags.append("followup")
    return Question(
        id=name,
        type="unanswerable" if written.miss else written.type,
        question=written.ask,
        history=tuple(
            Turn(role="assistant" if place % 2 else "user", content=turn) for place, turn in enumerate(written.after)
        ),
        answerable=not written.miss,
        false_premise=written.miss == "false-premise",
        evidence=tuple(_evidence(slug, written, texts)),
        nuggets=tuple(nugget(said) for said in written.say),
        tags=tuple(tags),
        language=written.lang,
        style=written.style,
        notes=written.why,
        split=split(cluster, texts, seed),
        cluster=cluster,
    )


def split(cluster: str, clusters: Mapping[str, Any], seed: int) -> Split:
    """The split of a cluster: documents are dealt out in turn in an order that only the seed and names decide."""

    def rank(name: str) -> str:
        return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()

    order = sorted(clusters, key=rank)
    place = order.index(cluster) if cluster in clusters else int(rank(cluster)[:8], 16)
    return SPLITS[place % len(SPLITS)]


def _evidence(slug: str, written: Written, texts: Mapping[str, Text]) -> Iterator[Span]:
    groups = written.span if isinstance(written.span, list) else [written.span]
    for number, group in enumerate(groups, start=1):
        spans = {slug: group} if isinstance(group, str) else dict(group)
        if number == 1:
            spans |= written.also
        for source, words in spans.items():
            yield _span(source, words, texts[source], number)


def _span(source: str, words: str, text: Text, group: int) -> Span:
    """The words as they stand in the document, with the paragraph they are in."""
    body = text.document.text
    first, _, last = words.partition(" ... ")
    begin = _only(first, body, 0)
    end = _only(last, body, begin[0])[1] if last else begin[1]
    pinpoint = next(p.pinpoint for p in text.passages if p.start <= begin[0] < p.end)
    return Span(
        source=source,
        span=" ".join(body[begin[0] : end].split()),
        pinpoint=re.sub(r" \(part \d+\)$", "", pinpoint) or None,
        group=group,
        sha256=sha256(body),
    )


def _only(words: str, body: str, after: int) -> tuple[int, int]:
    found = [place for place in places_of(words, body) if place[0] >= after]
    if not found:
        raise ValueError(f"not in the document: {words!r}")
    return found[0]


def nugget(said: str) -> Nugget:
    """A fact as it is written by hand, with the patterns by which an answer is seen to state it."""
    nice = said.startswith("?")
    wordings = [part.strip() for part in said.lstrip("? ").split(" | ")]
    patterns = [p for wording in wordings for p in patterns_of(wording)]
    return Nugget(text=wordings[0].removeprefix("re:"), match=tuple(dict.fromkeys(patterns)), vital=not nice)


def patterns_of(wording: str) -> list[str]:
    """Patterns for a wording: dates in any order and in French and Spanish, small numbers in words as in figures."""
    if wording.startswith("re:"):
        return [wording[3:]]
    if match := _DATE.fullmatch(wording):
        return _dates(*match.groups())
    if wording.isdigit() and 1 <= int(wording) <= len(WORDS):
        return [rf"\b{wording}\b", rf"\b{WORDS[int(wording) - 1]}\b"]
    if wording.lower() in WORDS:
        return [rf"\b{WORDS.index(wording.lower()) + 1}\b", rf"\b{wording.lower()}\b"]
    body = r"[\s-]+".join(_word(word) for word in re.split(r"[\s-]+", wording))
    return [rf"(?<!\w){body}(?!\w)"]


def _word(word: str) -> str:
    escaped = re.sub(r"['’]", "['’]", re.sub(r"([^\w\s'’,%-])", r"\\\1", word))
    return re.sub(r"(?<=\d),(?=\d{3})", r"[,.\\s]?", escaped)


def _dates(day: str | None, month: str, year: str) -> list[str]:
    french, spanish = MONTHS[month]
    number = list(MONTHS).index(month) + 1
    if day is None:
        return [rf"\b{month},?\s+{year}\b", rf"\b{year}-{number:02d}\b", rf"\b({french}|{spanish}( de)?)\s+{year}\b"]
    return [
        rf"\b{day}(st|nd|rd|th)?( of)?\s+{month},?\s+{year}\b",
        rf"\b{month}\s+{day}(st|nd|rd|th)?,?\s+{year}\b",
        rf"\b{year}-{number:02d}-{int(day):02d}\b",
        rf"\b{day}(er)?( de)?\s+({french}|{spanish})( de)?\s+{year}\b",
    ]


def files(seed: int = SEED) -> Iterator[tuple[str, str]]:
    """Every file that is generated: its name and its text."""
    from eval import attacks

    questions = starter(seed)
    yield "starter.jsonl", "".join(dumps(question.to_json()) + "\n" for question in questions)
    yield from attacks.files(suites() / "adversarial.yaml", questions, notes(), seed)


def generate(folder: Path | None = None, seed: int = SEED) -> list[Path]:
    """Writes every generated suite into `folder` (by default: where those that ship stand)."""
    made = list(files(seed))
    written = []
    for name, text in made:
        write((folder or suites()) / name, text)
        written.append((folder or suites()) / name)
    return written
