"""What holds for every metric and any answers: bounds, no gain from fabrication, no order, no refusal skipped."""

from __future__ import annotations

import random
from typing import Any

from eval_cases import CONTACT, NOTE, TREATY, answer, case, cite, question, refusal, run_of, unanswerable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eval.metrics.catalogue import SHARES, WHOLE
from eval.metrics.entailment import citation_entailment
from eval.metrics.metric import total
from eval.score import score, shares
from eval.text import common, length, merged

QUOTES = [
    ("treaty", CONTACT),
    ("treaty", TREATY[:60]),
    ("treaty", "met in Geneva on 17 October 2024"),
    ("note", NOTE),
    ("note", "hosted by Kenya"),
]
SAYINGS = ["It is reachable twenty-four hours.", "Kenya hosted it.", "12 States met in Geneva.", "Nobody knows."]

cites = st.lists(st.sampled_from(QUOTES), max_size=4).map(
    lambda items: [cite(n, *item) for n, item in enumerate(items, start=1)]
)
broken = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.integers(0, 5),
            "source": st.sampled_from(["treaty", "note", "nowhere", ""]),
            "quote": st.sampled_from(["", "x", CONTACT, NOTE]),
        },
        optional={"start": st.integers(-5, 300), "end": st.integers(-5, 300)},
    ),
    max_size=4,
)
retrieved = st.lists(
    st.sampled_from(
        [{"source": "treaty", "text": TREATY}, {"source": "note", "text": NOTE}, {"source": "x", "text": "y"}]
    ),
    max_size=12,
)
answers = st.one_of(
    st.builds(
        lambda text, given, got, confidence: answer(text=text, cites=given, retrieved=got, confidence=confidence),
        st.sampled_from(SAYINGS),
        st.one_of(cites, broken),
        retrieved,
        st.floats(0, 1),
    ),
    st.builds(lambda got: refusal(retrieved=got), retrieved),
    st.just({"outcome": "missing"}),
    st.just({"outcome": "error"}),
)
spans = st.lists(
    st.builds(
        lambda item, group: {"source": item[0], "span": item[1], "group": group},
        st.sampled_from(QUOTES),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=4,
)
facts = st.lists(st.sampled_from(["twenty-four", "Kenya", "Geneva"]), max_size=3).map(
    lambda items: [{"text": i, "match": [i]} for i in items]
)
questions = st.one_of(
    st.builds(lambda gold, wanted: question(evidence=gold, nuggets=wanted), spans, facts),
    st.builds(
        lambda gold: question(evidence=gold, tags=["edited-fact", "injection", "poisoned"], must_not=["Kenya"]), spans
    ),
    st.just(unanswerable()),
)
relaxed = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def _no(pairs: Any) -> list[bool]:
    return [len(premise) > len(claim) for premise, claim in pairs]


@given(questions, answers)
@relaxed
def test_every_share_is_within_its_bounds(asked: dict[str, Any], saved: dict[str, Any]) -> None:
    one = case(asked, saved)
    for metric in SHARES:
        value = total(shares(metric, [one]))
        assert value is None or metric.bounds[0] - 1e-9 <= value <= metric.bounds[1] + 1e-9, metric.name
    for share in citation_entailment(one, _no):
        assert 0 <= share.hit <= share.of <= 1
    for whole in WHOLE:
        value = whole.figure([one])
        assert value is None or value >= 0


@given(
    questions,
    st.builds(
        lambda text, given, got: answer(text=text, cites=given, retrieved=got),
        st.sampled_from(SAYINGS),
        cites,
        retrieved,
    ),
)
@relaxed
def test_a_fabricated_citation_never_raises_a_score(asked: dict[str, Any], saved: dict[str, Any]) -> None:
    invented = {"number": 99, "source": "no-such-document", "quote": "Words that nobody ever wrote down anywhere."}
    for fabricated in (
        {**saved, "citations": [*saved["citations"], invented]},
        {**saved, "text": saved["text"] + " [99]"},
        {**saved, "statements": [{**s, "citations": [*s["citations"], 99]} for s in saved["statements"]]},
        {
            **saved,
            "citations": [*saved["citations"], invented],
            "statements": [{**s, "citations": [*s["citations"], 99]} for s in saved["statements"]],
        },
    ):
        before, after = case(asked, saved), case(asked, fabricated)
        for metric in SHARES:
            one, two = total(shares(metric, [before])), total(shares(metric, [after]))
            if one is not None and two is not None and metric.better == "higher":
                assert two <= one + 1e-9, metric.name
            if one is not None and two is not None and metric.better == "lower":
                assert two >= one - 1e-9, metric.name
        for old, new in zip(citation_entailment(before, _no), citation_entailment(after, _no), strict=True):
            assert new.hit <= old.hit + 1e-9


@given(st.lists(st.tuples(questions, answers), min_size=1, max_size=8), st.integers(0, 99))
@settings(deadline=None, max_examples=15)
def test_the_order_of_cases_never_matters(pairs: list[tuple[dict[str, Any], dict[str, Any]]], seed: int) -> None:
    named = [({**asked, "id": f"q{n}"}, saved) for n, (asked, saved) in enumerate(pairs)]
    shuffled = random.Random(seed).sample(named, len(named))
    assert score(run_of(named)).to_json() == score(run_of(shuffled)).to_json()


@given(questions)
@relaxed
def test_a_refusal_is_never_skipped(asked: dict[str, Any]) -> None:
    one = case(asked, refusal())
    for metric in SHARES:
        if metric.name in (
            "cited_any",
            "cited_all",
            "cited_span_recall",
            "vital_strict",
            "recall@10",
            "ndcg@10",
            "correct",
            "false_refusal",
        ):
            assert metric.share(one).of == (1 if one.question.answerable else 0), metric.name
    assert next(m for m in SHARES if m.name == "truthfulness").share(one).of == 1


intervals = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (min(pair), max(pair))), max_size=6
)


@given(intervals, intervals)
def test_intervals_count_characters(one: list[tuple[int, int]], two: list[tuple[int, int]]) -> None:
    def characters(items: list[tuple[int, int]]) -> set[int]:
        return {place for start, end in items for place in range(start, end)}

    assert length(one) == len(characters(one))
    assert characters(merged(one)) == characters(one)
    assert length(common(one, two)) == len(characters(one) & characters(two))
