"""Times ingest and asking on the starter library, by stage, beside the floor: the models' own arithmetic."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from bot.answer import Answer
from bot.ask import Legation
from bot.settings import Settings
from ingest.index import Index
from ingest.sync import ingest

STARTER = Path(__file__).parents[1] / "ingest" / "starter"
QUESTIONS = (
    "What are the eleven norms of responsible State behaviour?",
    "When did NATO recognise cyberspace as a domain of operations?",
    "Which companies did NotPetya hit?",
    "What does the Budapest Convention say about extradition?",
    "Compare the Budapest Convention and the UN Convention against Cybercrime.",
    "Who are the members of the Counter Ransomware Initiative?",
    "What is a cyber ambassador?",
    "How much is the maximum fine under the GDPR?",
)


def main() -> None:
    """Prints one line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "inputs", nargs="*", default=[str(STARTER)], help="What to ingest; the starter library if nothing is given."
    )
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "library"
        with Index.open(data, create=True) as index:
            for name in ("first ingest", "second ingest"):
                began = time.perf_counter()
                summary = ingest(index, given.inputs)
                took = time.perf_counter() - began
                print(f"{name}: {took:.2f} s, {summary.encoded} passages encoded")
        with Legation.open(Settings(data=data)) as legation:
            began = time.perf_counter()
            legation.ask(QUESTIONS[0])
            print(f"first question, models loaded: {time.perf_counter() - began:.2f} s")
            answers = [legation.ask(question) for _ in range(given.rounds) for question in QUESTIONS]
            for stage in ("understand", "retrieve", "rerank", "answer", "total"):
                times = sorted(getattr(answer.timings_ms, stage) for answer in answers)
                print(
                    f"{stage}: p50 {statistics.median(times):.0f} ms, p95 {times[int(0.95 * (len(times) - 1))]:.0f} ms"
                )
            print(
                f"answered: {sum(isinstance(answer, Answer) for answer in answers) // given.rounds} of {len(QUESTIONS)}"
            )
            print(f"floor, the cross-encoder's arithmetic for one question: {1000 * _floor(legation):.0f} ms")


def _floor(legation: Legation) -> float:
    """Seconds that the cross-encoder takes for 16 passages of 150 words and 28 sentences of 30."""
    passages, sentences = ["policy text " * 75] * 16, ["policy text " * 15] * 28
    began = time.perf_counter()
    legation.index.pairs.score(QUESTIONS[0], passages)
    legation.index.pairs.score(QUESTIONS[0], sentences)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
