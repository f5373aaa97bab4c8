"""Small worlds for the tests of evaluation: documents, questions and saved answers made by hand."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from eval.answers import Saved, library_hash, sha256
from eval.cases import Case, Library
from eval.run import About, Run
from eval.suite import Question

SHARED = Path(__file__).resolve().parents[3] / "shared"

TREATY = (
    "Article 1. Each Party shall designate a point of contact available on a twenty-four hour basis. "
    "Article 2. A Party may refuse assistance if the request concerns an offence it considers political. "
    "Article 3. The Council met in Geneva on 17 October 2024 and 12 States signed resolution A/RES/73/27."
)
NOTE = (
    "The working group was hosted by Kenya. States should not attack hospitals, nor should they attack water supplies."
)
TEXTS = {"treaty": TREATY, "note": NOTE}
LIBRARY = Library(documents={slug: sha256(text) for slug, text in TEXTS.items()}, texts=TEXTS)

CONTACT = "designate a point of contact available on a twenty-four hour basis"


def cite(number: int, source: str, quote: str, **more: Any) -> dict[str, Any]:
    """A citation of words that stand in a document, at their place."""
    start = TEXTS.get(source, "").find(quote)
    place = {"start": start, "end": start + len(quote)} if start >= 0 else {}
    return {"number": number, "source": source, "quote": quote, **place, **more}


def answer(
    name: str = "q", text: str | None = None, cites: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    """An answer of one statement that rests on all its citations, which were retrieved."""
    cites = [cite(1, "treaty", CONTACT)] if cites is None else cites
    text = "The point of contact is available on a twenty-four hour basis." if text is None else text
    numbers = [c["number"] for c in cites]
    return {
        "id": name,
        "outcome": "answer",
        "confidence": 0.9,
        "text": text + "".join(f" [{number}]" for number in numbers),
        "statements": [{"text": text, "citations": numbers}],
        "citations": cites,
        "retrieved": [{"source": slug, "text": body, "score": 1.0} for slug, body in TEXTS.items()],
        "timings_ms": {"total": 12.0},
        **more,
    }


def refusal(name: str = "q", **more: Any) -> dict[str, Any]:
    """A refusal."""
    return {"id": name, "outcome": "refusal", "reason": "not held", "text": "not held", "confidence": 0.1, **more}


def question(name: str = "q", **more: Any) -> dict[str, Any]:
    """An answerable question with one gold span and one vital nugget."""
    given = {
        "id": name,
        "question": f"When can the point of contact be reached ({name})?",
        "evidence": [{"source": "treaty", "span": CONTACT}],
        "nuggets": [{"text": "around the clock", "match": ["twenty-four hour", "24 ?h"]}],
    }
    return {**given, **more}


def unanswerable(name: str = "u", **more: Any) -> dict[str, Any]:
    """A question without an answer in the library."""
    return {"id": name, "question": f"Who chaired it ({name})?", "type": "unanswerable", "answerable": False, **more}


def case(asked: dict[str, Any], saved: dict[str, Any], library: Library = LIBRARY) -> Case:
    """A case of the two."""
    return Case(Question.model_validate(asked), Saved.model_validate({**saved, "id": asked["id"]}), library)


def run_of(
    pairs: list[tuple[dict[str, Any], dict[str, Any] | None]], name: str = "run", library: Library = LIBRARY
) -> Run:
    """A run of questions with their answers; None for an answer that is missing."""
    questions = tuple(Question.model_validate(asked) for asked, _ in pairs)
    answers = {
        asked["id"]: Saved.model_validate({**saved, "id": asked["id"]}) for asked, saved in pairs if saved is not None
    }
    about = About(
        suite="suite", suite_sha256="0", library=dict(library.documents), library_sha256=library_hash(library.documents)
    )
    return Run(name=name, about=about, questions=questions, answers=answers, texts=dict(library.texts))


def lines(path: Path, values: list[Any]) -> Path:
    """Writes one object a line; strings as they are."""
    path.write_text("".join((v if isinstance(v, str) else json.dumps(v)) + "\n" for v in values), encoding="utf-8")
    return path


def synthetic(questions: list[dict[str, Any]], seed: int, right: float = 0.7) -> list[dict[str, Any]]:
    """Random answers: gold and strange passages, right and wrong texts, refusals, citations of all sorts."""
    rng = random.Random(seed)
    held = [span for q in questions for span in q["evidence"]]
    return [_synthetic(rng, q, held, right) for q in questions if rng.random() < 0.97]


def _synthetic(rng: random.Random, asked: dict[str, Any], held: list[dict[str, Any]], right: float) -> dict[str, Any]:
    got = [
        {"source": s["source"], "text": f"Before that. {s['span']} And more of it.", "score": 0.5}
        for s in rng.sample(held, 15)
    ]
    for span in asked["evidence"]:
        if rng.random() < 0.8:
            cut = rng.choice([0, 0, len(span["span"]) // 3, len(span["span"]) // 2])
            got.insert(rng.randrange(12), {"source": span["source"], "text": span["span"][cut:], "score": 0.9})
    base = {
        "id": asked["id"],
        "retrieved": got,
        "confidence": round(rng.random(), 3),
        "timings_ms": {"total": rng.random() * 900},
    }
    if rng.random() > (0.85 if asked["answerable"] else 0.4):
        return {**base, "outcome": "refusal", "text": "no", "reason": "no", "citations": [], "statements": []}
    gold = [{"source": s["source"], "quote": s["span"]} for s in asked["evidence"] if rng.random() < right]
    other = [{"source": g["source"], "quote": g["text"]} for g in rng.sample(got, 2)]
    cites = [{"number": n, **c} for n, c in enumerate(gold + other[: rng.randrange(3)], start=1)]
    facts = [n["text"] for n in asked["nuggets"] if rng.random() < right] or ["Nothing is known"]
    statements = [{"text": fact, "citations": [c["number"] for c in cites]} for fact in facts]
    return {
        **base,
        "outcome": "answer",
        "text": ". ".join(facts) + " [1]",
        "citations": cites,
        "statements": statements,
    }
