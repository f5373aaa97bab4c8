"""Whether citations exist, quotes are verbatim, sentences are covered, names and numbers are of the source."""

from __future__ import annotations

import re

from eval.cases import Case, faithful
from eval.metrics.metric import Metric, Share
from eval.metrics.protected import absent, protected
from eval.text import letters, same, stands_in, without_marks, words

_FURNITURE = re.compile(r"^\s*(?:#{1,6}\s.*|_[^_]+_|\*[^*]+\*|\*\*[^*]+\*\*:?|\|[\s|:-]*\||.*:)\s*$")
MIN_WORDS = 4  # of a piece of text outside the statements, that it counts as a sentence that needs a citation


def citation_validity(case: Case) -> Share:
    """Citations that resolve and were retrieved / citations.

    A mark without an entry is a citation that does not resolve.
    """
    return Share(len(case.valid), len(case.numbers) + _doubles(case))


def _doubles(case: Case) -> int:
    """Entries beyond the first that bear the same number: each is a bad citation of its own."""
    listed = [cited.number for cited in case.citations]
    return len(listed) - len(set(listed))


def quote_fidelity(case: Case) -> Share:
    """Quotes equal to the source word for word / quotes. Nothing but typography and white space may differ."""
    return Share(sum(_verbatim(case, index) for index in range(len(case.citations))), len(case.citations))


def _verbatim(case: Case, index: int) -> bool:
    cited = case.citations[index]
    text = case.library.texts.get(cited.source)
    if text is not None:
        return faithful(cited, text)
    if case.library.known:
        return False
    return any(
        got.source == cited.source and (same(cited.quote, got.text) or stands_in(cited.quote, got.text))
        for got in case.saved.retrieved
    )


def citation_coverage(case: Case) -> Share:
    """Sentences that need a citation and have a valid one / such sentences: statements, and those outside them."""
    covered = sum(any(number in case.valid for number in said.citations) for said in case.statements)
    return Share(covered, len(case.statements) + len(uncited(case)))


def uncited(case: Case) -> list[str]:
    """The sentences that no statement accounts for: not headings, lead-ins, notes in italics or table rules."""
    known = sorted((letters(without_marks(said.text)) for said in case.statements), key=len, reverse=True)
    left: list[str] = []
    for line in without_marks(case.text).splitlines():
        if _FURNITURE.match(line):
            continue
        for sentence in re.split(r"(?<=[.!?])\s+|\s*(?:\||<br>)\s*", line):
            bare = letters(sentence)
            if _FURNITURE.match(sentence):
                continue
            if words(sentence) >= MIN_WORDS and not any(bare in said or (said and said in bare) for said in known):
                left.append(sentence.strip())
    return left


def name_number_fidelity(case: Case) -> Share:
    """Names, numerals, dates and symbols of a sentence that stand in what it cites / all of them."""
    kept = of = 0
    for said in case.statements:
        entries = [cited for number in said.citations if (cited := case.cites(number)) is not None]
        held = " \n ".join(
            part for c in entries for part in (c.quote, c.title, c.publisher, c.date, c.symbol, c.pinpoint)
        )
        tokens = protected(without_marks(said.text))
        kept, of = kept + len(tokens) - len(absent(tokens, held)), of + len(tokens)
    return Share(kept, of)


METRICS = (
    Metric(
        "citation_validity",
        citation_validity,
        "citations that resolve and were retrieved / citations",
        "arXiv 2405.20362",
        goal=1.0,
    ),
    Metric("quote_fidelity", quote_fidelity, "quotes equal to the source after normalising / quotes", goal=1.0),
    Metric(
        "name_number_fidelity",
        name_number_fidelity,
        "names, numerals, dates, symbols of a sentence found in what it cites / all",
        goal=0.995,
    ),
    Metric(
        "citation_coverage",
        citation_coverage,
        "sentences that need a citation and have a valid one / such sentences",
        goal=0.99,
    ),
)
