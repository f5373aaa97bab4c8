"""The report as one HTML page that loads nothing: for reading in a browser, in the dark, by keyboard and on paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources
from typing import Any, NamedTuple

from eval.cases import Case
from eval.compare import Comparison
from eval.metrics.catalogue import SHARES
from eval.report import Bound, between, failures, goal, headline, met, number
from eval.run import Run
from eval.score import Row, Scores
from eval.text import Interval, common, locate, merged

SHOWN = 10  # retrieved passages of a question
CLIPPED = 600  # characters of a passage that holds no gold
WIDTH, HEIGHT, EDGE = 640, 260, 44
_HIDDEN = re.compile(r"[\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]")


class Piece(NamedTuple):
    """A run of text, marked or not."""

    text: str
    marked: bool


class Quoted(NamedTuple):
    """A quote or a gold span, with what it shares with the other side marked."""

    label: str
    source: str
    pinpoint: str
    pieces: list[Piece]


class Passage(NamedTuple):
    """A retrieved passage."""

    rank: int
    source: str
    pinpoint: str
    score: float
    text: str
    gold: bool


class Item(NamedTuple):
    """A question of the page."""

    row: Row
    case: Case
    quotes: list[Quoted]
    gold: list[Quoted]
    retrieved: list[Passage]
    nuggets: list[tuple[str, bool, bool]]


def page(
    run: Run,
    scores: Scores,
    bounds: Sequence[Bound] = (),
    comparison: Comparison | None = None,
    threshold: float | None = None,
) -> str:
    """The page."""
    from jinja2 import Environment, StrictUndefined

    cases = {case.id: case for case in run.cases(threshold)}
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_seen
    )
    environment.filters.update(number=number, between=between, goal=goal, met=met)
    template = environment.from_string(resources.files("eval").joinpath("page.html").read_text(encoding="utf-8"))
    return template.render(
        run=run,
        scores=scores,
        headline=headline(scores),
        failures=failures(scores),
        bounds=bounds,
        comparison=comparison,
        items=[item(row, cases[row.id]) for row in scores.rows],
        bars=bars(scores),
        curve=plot(scores),
    )


def _seen(value: Any) -> Any:
    """What is written into the page, hidden signs by their codes: what is not seen must not act."""
    if not isinstance(value, str) or hasattr(value, "__html__"):  # of a macro, which has passed here
        return value
    return _HIDDEN.sub(lambda sign: f"[U+{ord(sign[0]):04X}]", value)


def item(row: Row, case: Case) -> Item:
    """Everything that the page says of one question."""
    quoted = case.quoted
    gold: dict[str, list[Interval]] = {}
    for span in case.question.evidence:
        gold.setdefault(span.source, []).extend(case.places(span))
    return Item(
        row=row,
        case=case,
        quotes=[
            Quoted(
                f"[{cited.number}]",
                cited.source,
                cited.pinpoint,
                _marked(case, cited.source, cited.quote, cited.start, gold),
            )
            for cited in case.citations
        ],
        gold=[
            Quoted(
                f"group {span.group}",
                span.source,
                span.pinpoint or "",
                _marked(case, span.source, span.span, None, quoted),
            )
            for span in case.question.evidence
        ],
        retrieved=[_passage(case, rank) for rank in range(1, min(SHOWN, len(case.saved.retrieved)) + 1)],
        nuggets=_nuggets(case),
    )


def _nuggets(case: Case) -> list[tuple[str, bool, bool]]:
    from eval.patterns import any_found

    return [(nugget.text, nugget.vital, any_found(nugget.match, case.text)) for nugget in case.question.nuggets]


def _passage(case: Case, rank: int) -> Passage:
    got = case.saved.retrieved[rank - 1]
    gold = any(case.holds(got, span) for span in case.question.evidence)
    text = got.text if gold or len(got.text) <= CLIPPED else got.text[:CLIPPED].rsplit(" ", 1)[0] + " …"
    return Passage(rank, got.source, got.pinpoint, got.score, text, gold)


def _marked(case: Case, source: str, words: str, start: int | None, others: dict[str, list[Interval]]) -> list[Piece]:
    """The words with what the other side holds too marked; by their place in the document, where its text is known."""
    text = case.library.texts.get(source)
    if text is None or source not in others:
        return [Piece(words, False)]
    places = (
        [(start, start + len(words))]
        if start is not None and text[start : start + len(words)] == words
        else locate(words, text)
    )
    best = max(places, key=lambda place: len(merged(common([place], others[source]))), default=None)
    if best is None:
        return [Piece(words, False)]
    pieces, at = [], best[0]
    for begin, end in common([best], others[source]):
        pieces += [Piece(text[at:begin], False), Piece(text[begin:end], True)]
        at = end
    return [piece for piece in [*pieces, Piece(text[at : best[1]], False)] if piece.text]


class Bar(NamedTuple):
    """One group of a metric."""

    label: str
    cases: int
    value: float
    width: float


def bars(scores: Scores) -> list[tuple[str, list[tuple[str, list[Bar]]]]]:
    """For type, language and split: correct answers, false refusals and refusals of what cannot be answered."""
    names = {
        "correct": "right, of answerable",
        "false_refusal": "refused, of answerable",
        "refusal_recall": "refused, of unanswerable",
    }
    names |= {
        metric.name: metric.name.replace("_", " ")
        for metric in SHARES
        if metric.claims or metric.name == "injection_success"
    }
    found = []
    for kind, groups in scores.groups.items():
        rows = []
        for name, label in names.items():
            held = [
                Bar(group, int(f["cases"]), f[name], 200 * min(1.0, max(0.0, f[name])))
                for group, f in groups.items()
                if name in f
            ]
            if held:
                rows.append((label, held))
        found.append((kind, rows))
    return found


def plot(scores: Scores) -> dict[str, Any]:
    """The risk-coverage curve as points of an SVG, scaled to the highest risk there is."""
    top = max([0.05, *(risk for _, _, risk, _ in scores.curve)])
    wide, high = WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE

    def place(coverage: float, risk: float) -> str:
        return f"{EDGE + coverage * wide:.1f},{HEIGHT - EDGE - risk / top * high:.1f}"

    ticks = [(EDGE + share * wide, f"{share:g}") for share in (0, 0.25, 0.5, 0.75, 1)]
    levels = [(HEIGHT - EDGE - share * high, f"{share * top:.3f}") for share in (0, 0.5, 1)]
    step = max(1, len(scores.curve) // 20)
    return {
        "points": " ".join(place(coverage, risk) for _, coverage, risk, _ in scores.curve),
        "ticks": ticks,
        "levels": levels,
        "rows": [*scores.curve[:-1:step], *scores.curve[-1:]],
        "width": WIDTH,
        "height": HEIGHT,
        "edge": EDGE,
    }
