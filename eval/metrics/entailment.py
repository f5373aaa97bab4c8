"""Citation recall, precision and F1 after ALCE, with a cross-encoder as the judge of entailment.

The only metrics that need a model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from eval.cases import Case
from eval.lines import DataError
from eval.metrics.metric import NONE, Share
from eval.text import without_marks

Entails = Callable[[Sequence[tuple[str, str]]], list[bool]]
"""Judges pairs of (what is cited, what is said)."""


class Verdicts(NamedTuple):
    """What entailment says of one case."""

    recall: Share
    precision: Share
    f1: Share


def citation_entailment(case: Case, entails: Entails) -> Verdicts:
    """Recall: sentences that their citations together support / sentences. Precision: citations needed / citations.

    A citation is not needed when it does not support the sentence by itself and the others do without it.
    Fabricated marks count against precision. A refused answerable question counts 0; a refused unanswerable
    one has nothing to judge.
    """
    if not case.answered:
        missed = Share(0, 1) if case.question.answerable else NONE
        return Verdicts(missed, missed, missed)
    supported = needed = cited = 0
    for said in case.statements:
        text = without_marks(said.text)
        quotes = {
            number: entry.quote
            for number in dict.fromkeys(said.citations)
            if (entry := case.cites(number)) and number in case.valid
        }
        joint = bool(quotes) and entails([("\n".join(quotes.values()), text)])[0]
        supported, cited = supported + joint, cited + len(set(said.citations))
        needed += sum(_needed(number, quotes, text, entails) for number in quotes) if joint else 0
    named = {number for said in case.statements for number in said.citations}
    cited += len(set(case.numbers) - named)
    recall = supported / len(case.statements) if case.statements else 0.0
    precision = needed / cited if cited else 0.0
    f1 = 2 * recall * precision / (recall + precision) if recall + precision else 0.0
    return Verdicts(Share(recall, 1), Share(precision, 1), Share(f1, 1))


def _needed(number: int, quotes: dict[int, str], text: str, entails: Entails) -> bool:
    if len(quotes) == 1 or entails([(quotes[number], text)])[0]:
        return True
    others = "\n".join(quote for other, quote in quotes.items() if other != number)
    return not entails([(others, text)])[0]


class Pair(BaseModel):
    """A labelled pair for measuring the judge itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    premise: str
    claim: str
    entailed: bool


def labelled() -> list[Pair]:
    """The pairs written for this project: true restatements, and statements that one edit has made false."""
    text = resources.files("eval").joinpath("entailment.jsonl").read_text(encoding="utf-8")
    return [Pair.model_validate(json.loads(line)) for line in text.splitlines() if line.strip()]


def accuracy(entails: Entails, pairs: Sequence[Pair]) -> float:
    """Pairs that the judge gets right / pairs: printed beside each figure that rests on it."""
    judged = entails([(pair.premise, pair.claim) for pair in pairs])
    return sum(found == pair.entailed for found, pair in zip(judged, pairs, strict=True)) / len(pairs)


def cross_encoder(name: str) -> Entails:
    """The judge: a CrossEncoder by name or path, with an `entailment` label or one score (0.5 and more: yes)."""
    import numpy
    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(name, device="cpu")
    except Exception as error:
        raise DataError(
            f"--entailment {name}: cannot be loaded ({' '.join(str(error).split())[:200]}). "
            "Give the name or folder of a CrossEncoder."
        ) from None
    labels = {str(label).lower(): int(index) for index, label in model.model.config.id2label.items()}
    entailment = labels.get("entailment")
    if entailment is None and model.model.config.num_labels != 1:
        raise DataError(f"--entailment {name}: it has the labels {', '.join(labels)}, none of them 'entailment'.")

    def entails(pairs: Sequence[tuple[str, str]]) -> list[bool]:
        scores: Any = numpy.asarray(model.predict(list(pairs), show_progress_bar=False))
        return [bool(v) for v in (scores >= 0.5 if entailment is None else scores.argmax(axis=1) == entailment)]

    return entails
