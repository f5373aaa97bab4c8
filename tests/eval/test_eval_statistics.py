"""Intervals, tests and certificates, against hand-worked figures and by simulation."""

from __future__ import annotations

import random
from typing import Any

import numpy
import pytest
from eval_cases import CONTACT, answer, cite, question, refusal, run_of, unanswerable
from scipy import stats

from eval import statistics
from eval.certify import certify
from eval.compare import compare
from eval.lines import DataError
from eval.metrics.metric import Share
from eval.run import Run


def test_exact_intervals_are_those_of_the_books() -> None:
    found = statistics.clopper_pearson(0, 60)
    assert (found.low, found.high) == (0, pytest.approx(0.0596, abs=1e-4))


def test_a_share_of_all_or_nothing_has_an_exact_interval() -> None:
    found = statistics.interval([Share(1, 1)] * 30, [f"d{n}" for n in range(30)])
    assert found is not None
    assert (found.method, found.high) == ("exact", 1.0)
    assert found.low == pytest.approx(0.8843, abs=1e-4)


def test_one_cluster_has_no_interval_for_a_mean() -> None:
    assert statistics.interval([Share(0.5, 1), Share(0.25, 1)], ["d", "d"]) is None
    assert statistics.interval([], []) is None


def test_intervals_resample_documents_not_questions() -> None:
    """Ten questions to a document that stand and fall together: an interval as of ten times fewer cases."""
    parts = [Share(float(n % 2), 1) for n in range(20) for _ in range(10)]
    clustered = statistics.interval(parts, [f"d{n}" for n in range(20) for _ in range(10)])
    single = statistics.interval(parts, [str(n) for n in range(200)])
    assert clustered is not None
    assert single is not None
    assert clustered.high - clustered.low > 2.5 * (single.high - single.low)


def test_intervals_are_the_same_each_time() -> None:
    parts = [Share(float(n % 3 == 0), 1) for n in range(40)]
    assert len({statistics.interval(parts, [str(n) for n in range(40)]) for _ in range(3)}) == 1


def test_bootstrap_covers_the_truth() -> None:
    rng = numpy.random.default_rng(1)
    held = 0
    for _ in range(60):
        rates = rng.beta(4, 2, size=40)
        parts = [Share(float(rng.random() < rate), 1) for rate in rates for _ in range(4)]
        found = statistics.interval(parts, [str(n) for n in range(40) for _ in range(4)])
        held += found is not None and found.low <= 4 / 6 <= found.high
    assert held >= 51


def test_holm() -> None:
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert statistics.holm([]) == []


def test_what_five_percent_allows() -> None:
    """The figures of the design: no error in 60, 4 in 200, 8 in 300."""
    for answered, most in ((60, 0), (200, 4), (300, 8)):
        assert statistics.binomial_p(most, answered, 0.05) <= 0.05 < statistics.binomial_p(most + 1, answered, 0.05)
    assert statistics.cases_needed(0, 0.05, 0.05) == 59
    assert statistics.cases_needed(4, 0.05, 0.05) == min(
        n for n in range(5, 400) if stats.binom.cdf(4, n, 0.05) <= 0.05
    )
    assert statistics.binomial_p(0, 0, 0.05) == 1


def test_the_sequence_stops_at_the_first_failure() -> None:
    confidences = [0.9] * 100 + [0.5] * 100 + [0.3] * 1000
    wrong = [False] * 100 + [True] * 50 + [False] * 1050
    passed = statistics.learn_then_test(confidences, wrong, 0.05, 0.05)
    assert passed[-1].threshold == pytest.approx(0.505)
    assert all(item.p <= 0.05 for item in passed)


def test_nothing_passes_on_too_few_answers() -> None:
    assert statistics.learn_then_test([0.9] * 58, [False] * 58, 0.05, 0.05) == []
    assert len(statistics.learn_then_test([0.9] * 59, [False] * 59, 0.05, 0.05)) > 0
    assert statistics.learn_then_test([], [], 0.05, 0.05) == []


@pytest.mark.parametrize("with_dev", [False, True])
def test_certificates_are_broken_at_most_delta_of_the_time(with_dev: bool) -> None:
    """1,000 draws whose true risk at each threshold is known: at most delta of the thresholds are too low."""
    alpha, delta, draws, cases = 0.1, 0.1, 1000, 200
    rng = numpy.random.default_rng(7)

    def draw(size: int) -> tuple[Any, Any]:
        confidence = rng.random(size)
        return confidence, rng.random(size) < 0.25 * (1 - confidence)

    def risk(threshold: float) -> float:  # mean of 0.25 (1 - c) over c >= threshold
        return 0.25 * (1 - threshold) / 2

    broken = certified = 0
    for _ in range(draws):
        start = None
        if with_dev:
            start = statistics.best_start(*draw(100), alpha)
        passed = _fast(*draw(cases), alpha, delta, start)
        certified += passed is not None
        broken += passed is not None and risk(passed) > alpha
    slack = 2 * (delta * (1 - delta) / draws) ** 0.5
    assert broken / draws <= delta + slack
    assert certified > draws / 3


@pytest.mark.parametrize("with_dev", [False, True])
def test_a_bot_just_over_the_bound_is_certified_at_most_delta_of_the_time(with_dev: bool) -> None:
    """The worst case: whatever the threshold, slightly more wrong answers than allowed."""
    alpha = delta = 0.05
    rng = numpy.random.default_rng(11)
    certified = 0
    for _ in range(1000):
        wrong, before = rng.random(300) < alpha + 1e-4, rng.random(150) < alpha + 1e-4
        start = statistics.best_start(rng.random(150), before, alpha) if with_dev else None
        certified += _fast(rng.random(300), wrong, alpha, delta, start) is not None
    assert certified / 1000 <= delta + 2 * (delta * (1 - delta) / 1000) ** 0.5


def _fast(confidences: Any, wrong: Any, alpha: float, delta: float, start: float | None) -> float | None:
    passed = statistics.learn_then_test(confidences, wrong, alpha, delta, start)
    return passed[-1].threshold if passed else None


# two runs


def _noisy(seed: int, size: int = 80, right: float = 0.8) -> Run:
    """A run of one bot whose luck depends on the seed; questions on one document are alike."""
    rng = random.Random(seed)
    pairs: list[tuple[dict[str, Any], dict[str, Any] | None]] = []
    for n in range(size):
        asked = question(f"q{n}", cluster=f"d{n // 4}") if n % 5 else unanswerable(f"u{n}", cluster=f"d{n // 4}")
        lucky = rng.random() < right
        saved = answer() if lucky == (n % 5 > 0) else refusal()
        if rng.random() < 0.1 and saved["outcome"] == "answer":
            saved = answer(text="Nobody knows.", cites=[cite(1, "note", "hosted by Kenya")])
        pairs.append((asked, {**saved, "confidence": rng.random()}))
    return run_of(pairs, name=f"seed {seed}")


def test_two_runs_that_differ_in_luck_alone_do_not_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "PERMUTATIONS", 499)
    monkeypatch.setattr(statistics, "RESAMPLES", 9)
    found = [compare(_noisy(seed), _noisy(seed + 1000)) for seed in range(100)]
    assert sum(any(change.significant for change in item.changes) for item in found) <= 5


def test_the_same_run_twice_differs_in_nothing() -> None:
    found = compare(_noisy(1), _noisy(1))
    assert not found.flips
    assert all(change.difference == 0 for change in found.changes)
    assert all(change.p in (1.0, None) for change in found.changes)


def test_one_citation_in_ten_corrupted_is_detected() -> None:
    rng = random.Random(3)
    pairs = [(question(f"q{n}", cluster=f"d{n // 2}"), answer(f"q{n}")) for n in range(200)]
    corrupted = []
    for asked, saved in pairs:
        bad = saved
        if rng.random() < 0.1:
            bad = {**saved, "citations": [{**saved["citations"][0], "quote": CONTACT.replace("twenty-four", "twelve")}]}
        corrupted.append((asked, bad))
    found = compare(run_of(list(pairs)), run_of(list(corrupted)))
    assert "quote_fidelity" in [change.name for change in found.worse]


def test_better_is_not_worse() -> None:
    bad = run_of([(question(f"q{n}", cluster=f"d{n}"), refusal()) for n in range(60)])
    good = run_of([(question(f"q{n}", cluster=f"d{n}"), answer()) for n in range(60)])
    changes = {change.name: change for change in compare(bad, good).changes}
    assert changes["truthfulness"].direction == changes["false_refusal"].direction == "better"
    assert not compare(bad, good).worse
    assert compare(good, bad).worse
    assert len(compare(good, bad).flips) == 60


def test_runs_of_other_questions_are_not_compared() -> None:
    with pytest.raises(DataError, match="only in a: q1; only in b: q2"):
        compare(run_of([(question("q1"), answer())], "a"), run_of([(question("q2"), answer())], "b"))
    with pytest.raises(DataError, match="otherwise in the two runs: q1"):
        compare(run_of([(question("q1"), answer())]), run_of([(question("q1", question="Another?"), answer())]))


# certificates


def _split(split: str, right: int, wrong: int, refused: int = 0) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    made = [(question(f"{split}{n}", split=split), {**answer(), "confidence": 0.8}) for n in range(right)]
    made += [(unanswerable(f"{split}w{n}", split=split), {**answer(), "confidence": 0.4}) for n in range(wrong)]
    return made + [(question(f"{split}r{n}", split=split), refusal()) for n in range(refused)]


def test_a_certificate_names_the_threshold_that_keeps_the_bound() -> None:
    run = run_of([*_split("calibration", 100, 10), *_split("test", 60, 10, 20), *_split("dev", 50, 10)])
    found = certify(run, 0.05, 0.05)
    assert 0.4 < found.threshold <= 0.8
    assert (found.calibration.answered, found.calibration.wrong) == (100, 0)
    assert found.test is not None
    assert (found.test.answered, found.test.wrong, found.held) == (60, 0, True)
    assert found.coverage == pytest.approx(160 / 180, abs=1e-6)
    assert found.looks == 1
    assert certify(run, 0.05, 0.05, found).looks == 2


def test_no_threshold_under_the_one_asked_with_is_certified() -> None:
    """What was refused was never judged: it may be wrong."""
    run = run_of(_split("calibration", 100, 0))
    assert certify(run, 0.05, 0.05).threshold == 0.8
    asked = run.model_copy(update={"about": run.about.model_copy(update={"settings": {"threshold": 0.5}})})
    assert certify(asked, 0.05, 0.05).threshold == 0.5


def test_too_few_cases_are_refused_with_the_number_needed() -> None:
    with pytest.raises(DataError, match="30 answers in the calibration split; at least 59"):
        certify(run_of(_split("calibration", 30, 0)), 0.05, 0.05)
    with pytest.raises(DataError, match="no calibration cases"):
        certify(run_of(_split("dev", 100, 0)), 0.05, 0.05)


def test_too_many_wrong_answers_are_refused() -> None:
    pairs = [(unanswerable(f"c{n}", split="calibration"), {**answer(), "confidence": 0.9}) for n in range(100)]
    with pytest.raises(DataError, match="100 of 100 answers in the calibration split are wrong"):
        certify(run_of(list(pairs)), 0.05, 0.05)


@pytest.mark.parametrize(("alpha", "delta"), [(0, 0.05), (1, 0.05), (0.05, 0), (0.05, 2), (-1, 0.05)])
def test_bounds_that_are_no_shares_are_refused(alpha: float, delta: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        certify(run_of(_split("calibration", 100, 0)), alpha, delta)


def test_a_bound_that_does_not_hold_on_the_test_split_is_told() -> None:
    test = [(unanswerable(f"t{n}", split="test"), {**answer(), "confidence": 0.9}) for n in range(30)]
    found = certify(run_of([*_split("calibration", 100, 0), *test]), 0.05, 0.05)
    assert found.held is False
