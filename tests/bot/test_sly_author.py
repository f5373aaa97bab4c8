"""An author who copies true quotes and bends the sentence: each edit of the mutation table, through the whole of written mode.

On a small library with every run; on the starter library, 40 questions, with `make test-llm` (LEGATION_SLY_AUTHOR=FILE keeps the account).
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from model_server import Model, claims, evidence, serving

from bot.answer import Answer
from bot.ask import Legation
from bot.library import starter
from bot.settings import Settings
from eval.mutations import EDITS
from eval.suite import load
from ingest.index import Index
from ingest.sync import ingest

QUESTIONS = 40
EACH = 20  # false sentences in one reply
SEED = 20261124


class Sly:
    """Replies with true quotes and false sentences, and one that is true; remembers which were which."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.false: dict[str, str] = {}  # sentence -> the edit that made it false
        self.true: set[str] = set()

    def reply(self, body: dict[str, Any]) -> str:
        made: list[tuple[str, str, str, str]] = []
        true: list[tuple[str, str, str]] = []
        for name, text in evidence(body).items():
            for sentence in re.split(r"(?<=[.;])\s+", text):
                if not 7 <= len(sentence.split()) <= 60 or not sentence[0].isupper() or not sentence.endswith("."):
                    continue
                true.append((sentence, name, sentence))
                made += [
                    (said, name, sentence, kind)
                    for kind, edit in EDITS.items()
                    for said in edit(sentence, self.rng)
                    if said != sentence
                ]
        self.rng.shuffle(made)
        made.sort(key=lambda claim: Counter(self.false.values())[claim[3]])  # the rare edits first
        chosen = made[:EACH]
        self.false |= {said: kind for said, _, _, kind in chosen}
        self.true |= {said for said, _, _ in true[:1]}
        return claims(*(claim[:3] for claim in chosen), *true[:1])


@pytest.fixture
def model() -> Iterator[Model]:
    with serving() as served:
        yield served


def tell(legation: Legation, sly: Sly, questions: list[str]) -> list[dict[str, Any]]:
    """What was dropped and what was shown of each reply."""
    kept = []
    for question in questions:
        answer = legation.ask(question)
        if not isinstance(answer, Answer) or answer.written is None:
            continue
        shown = [s.text for s in answer.statements] if answer.mode == "written" else []
        dropped = [(d.text, d.reasons[0]["rule"]) for d in answer.written.dropped]
        kept.append({"question": question, "shown": shown, "dropped": dropped})
    return kept


def bent(kept: list[dict[str, Any]], sly: Sly) -> list[tuple[str, str]]:
    """The sentences that were shown though an edit had made them false."""
    return [(sly.false[text], text) for line in kept for text in line["shown"] if text in sly.false]


def test_no_bent_sentence_is_shown(page_legation: Legation, model: Model) -> None:
    sly = Sly(SEED)
    model.reply = sly.reply
    legation = Legation(
        page_legation.index, Settings(data=page_legation.settings.data, model_url=model.url, threshold=0)
    )
    kept = tell(legation, sly, [
        "Within how many hours must a Party notify a serious incident under the Harbour Accord?",
        "When did the Harbour Accord enter into force?",
        "When does the Secretariat publish a report?",
        "Will the Lighthouse Group pay a ransom?",
        "What does Mallory steer?",
    ])  # fmt: skip
    assert bent(kept, sly) == []
    assert len({rule for line in kept for _, rule in line["dropped"]}) >= 4
    assert any(line["shown"] for line in kept), "the true sentence is kept"


@pytest.mark.llm
@pytest.mark.skipif(not os.environ.get("LEGATION_LLM"), reason="takes a minute: make test-llm")
def test_no_bent_sentence_of_the_starter_library_is_shown(model: Model, tmp_path: Path) -> None:
    sly = Sly(SEED)
    model.reply = sly.reply
    with Index.open(tmp_path / "library", create=True) as index:
        ingest(index, [str(starter())])
    suite = [q for q in load("starter").questions if q.answerable and q.language == "en" and not q.history]
    chosen = [q.question for q in suite[:: len(suite) // QUESTIONS][:QUESTIONS]]
    with Legation.open(Settings(data=tmp_path / "library", model_url=model.url, threshold=0)) as legation:
        kept = tell(legation, sly, chosen)
    if file := os.environ.get("LEGATION_SLY_AUTHOR"):
        account = {"false": sly.false, "true": sorted(sly.true), "bent": bent(kept, sly), "kept": kept}
        Path(file).write_text(json.dumps(account, ensure_ascii=False, indent=1), encoding="utf-8")
    assert bent(kept, sly) == []
    assert len(sly.false) > 10 * len(kept)
