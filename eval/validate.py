"""What is wrong with a suite beyond its form: spans not in the library, stale hashes, duplicates, leakage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict

from eval.answers import sha256
from eval.patterns import BadPattern, any_found, check
from eval.suite import Question, Suite
from eval.text import letters, locate

ALIKE = 92  # rapidfuzz's token_sort_ratio from which two questions of different splits are one


class Finding(BaseModel):
    """One thing found, with its place."""

    model_config = ConfigDict(frozen=True)

    level: Literal["error", "warning"]
    line: int
    id: str
    what: str


def validate(suite: Suite, texts: Mapping[str, str] | None) -> list[Finding]:
    """Everything found, by line. Spans are checked against `texts` (slug -> text) where there are any."""
    found = [
        Finding(level=level, line=suite.lines.get(q.id, 0), id=q.id, what=what) for q, level, what in _all(suite, texts)
    ]
    return sorted(found, key=lambda item: (item.line, item.level, item.what))


Wrong = tuple[Question, Literal["error", "warning"], str]


def _all(suite: Suite, texts: Mapping[str, str] | None) -> Iterator[Wrong]:
    for question in suite.questions:
        yield from _patterns(question)
        if texts is not None:
            yield from _spans(question, texts)
    yield from _duplicates(suite)
    yield from _leaks(suite)


def _patterns(question: Question) -> Iterator[Wrong]:
    for pattern in [*(p for nugget in question.nuggets for p in nugget.match), *question.must_not]:
        try:
            check(pattern)
        except BadPattern as error:
            yield question, "error", str(error)
    gold = " ".join(span.span for span in question.evidence)
    for nugget in question.vital:
        try:
            if not any_found(nugget.match, gold):
                yield question, "warning", f"no gold span states the vital nugget {nugget.text!r}"
        except BadPattern as error:
            yield question, "error", str(error)
    if question.answerable and question.claim is None and not question.vital:
        yield question, "warning", "no vital nugget: the question can never be answered right"


def _spans(question: Question, texts: Mapping[str, str]) -> Iterator[Wrong]:
    for span in question.evidence:
        text = texts.get(span.source)
        if text is None:
            yield question, "error", f"the library has no document {span.source!r}"
        elif span.sha256 and span.sha256 != sha256(text):
            yield (
                question,
                "error",
                f"{span.source} has changed since the span was taken (its SHA-256 is {sha256(text)})",
            )
        if text is not None and not locate(span.span, text):
            yield question, "error", f"span not in {span.source}: {span.span[:80]!r}"


def _duplicates(suite: Suite) -> Iterator[Wrong]:
    seen: dict[str, Question] = {}
    for question in suite.questions:
        key = "|".join(letters(part) for part in (question.question, *(turn.content for turn in question.history)))
        if question.claim is not None:
            key += letters(" ".join(question.claim.quotes))
        if key in seen:
            yield question, "error", f"the same question as {seen[key].id} (line {suite.lines.get(seen[key].id, 0)})"
        seen.setdefault(key, question)


def _leaks(suite: Suite) -> Iterator[Wrong]:
    """Clusters, and questions all but equal, that stand in two splits: what is tuned on one then shows in the other."""
    from rapidfuzz import fuzz, process

    homes: dict[str, Question] = {}
    for question in (q for q in suite.questions if q.split):
        home = homes.setdefault(question.about, question)
        if home.split != question.split:
            yield (
                question,
                "error",
                f"cluster {question.about!r} is in {question.split} and, with {home.id}, in {home.split}",
            )
    parts = [
        [q for q in suite.questions if q.split == split and q.claim is None] for split in ("dev", "calibration", "test")
    ]
    for one, two in [*pairwise(parts), (parts[0], parts[2])]:
        for question in one if two else []:
            match = process.extractOne(
                question.question, [q.question for q in two], scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE
            )
            if match is not None and not question.history and not two[match[2]].history:
                yield two[match[2]], "warning", f"all but the question {question.id} of split {question.split}"
