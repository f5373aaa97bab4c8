"""What a sentence names and counts: it must be there in what it cites."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot import figures
from bot.ground import WE, Ground
from bot.names import actors, fold, instruments, mentioned
from bot.proper import all_listed, masked, names_it, proper
from bot.wording import (
    Wording,
    coverage,
    plain,
)


def new_numbers(g: Ground) -> str:
    """A number that the quotes do not have, but as a part of a date, an article or a symbol."""
    source = f"{g.source} ; {g.about}"
    held = figures.numbers(figures.loose(source)) | {n for n in figures.numbers(source) if len(n) > 2}
    spans = {value for (_, _), value in figures.durations(g.source).items()}
    told = {n for (n, _), value in figures.durations(g.text).items() if value in spans}
    extra = figures.numbers(figures.loose(g.text)) - held - told
    return f"not in the source: {', '.join(sorted(extra))}" if extra else ""


def other_units(g: Ground) -> str:
    """A number that is there, but of something else: 24 days for 24 hours, 13 members for 50."""
    held, said = figures.durations(g.source), figures.durations(g.text)
    numbers = {n for n, _ in held}
    for (n, unit), hours in said.items():
        if n in numbers and hours not in held.values():
            return f"{n} {unit}s is not in the source"
    counted, counts = _counted(g.source), _counted(g.text)
    for noun, here in counts.items():
        there = counted.get(noun, set())
        wrong = here - there
        if (
            there
            and wrong
            and not here & there
            and all(any(n in ns for other, ns in counted.items() if other != noun) for n in wrong)
        ):
            return f"{', '.join(sorted(wrong))} is not the number of {noun} in the source"
    return ""


def _counted(text: str) -> dict[str, set[str]]:
    """Nouns with the numbers that stand before them."""
    found: dict[str, set[str]] = {}
    for n, noun in re.findall(r"(?<![\w./-])(\d+(?:\.\d+)?) (?:\w+ )?([a-z]{3,}s)\b", figures.spelt(text)):
        found.setdefault(noun, set()).add(n)
    return found


def new_dates(g: Ground) -> str:
    """A date that the quotes do not have, whatever way it is written; one told less exactly is the same."""
    held = [*figures.dates(g.source), *figures.dates(g.about)]
    for date in figures.dates(g.text):
        if not any(date.within(other) for other in held):
            return f"not in the source: {g.said.plain[date.start : date.end]}"
    strange = figures.months(g.text) - figures.months(g.source) - figures.months(g.about)
    return f"not in the source: month {', '.join(map(str, sorted(strange)))}" if strange else ""


def other_places(g: Ground) -> str:
    """An article, section or paragraph other than those that the quotes name or stand in."""
    held = figures.places(g.source) | figures.places(g.about)
    for kind, parts in sorted(figures.places(g.text)):
        if not any(figures.same_place(kind, parts, *other) for other in held):
            return f"not in the source: {kind} {' '.join(parts)}"
    return ""


def other_clause(g: Ground) -> str:
    """A date or article of another clause of the source than the one that is told."""
    clauses = [
        Wording(part)
        for h in g.grounds
        for part in re.split(r"[;:]\s|,? (?:while|whereas|but)\s|, and\s", h.words.text)
        if part.strip()
    ]
    plain_words = [
        t for t in g.said.content if not t.word[0].isdigit() and t.word not in figures.MONTHS and t.word not in _PLACES
    ]
    if (
        len(clauses) < 2
        or len(plain_words) < 3
        or len(re.findall(r"[;:]\s|,? (?:while|whereas|but)\s|, and\s", g.said.text)) > 1
    ):
        return ""
    best = max(clauses, key=lambda c: coverage(plain_words, [c]))
    if coverage(plain_words, [best]) < 0.8:
        return ""
    for kind in (
        lambda t: {d[:3] for d in figures.dates(t)},
        lambda t: {p for k, p in figures.places(t) if k == "article"},
    ):
        said, held = kind(g.text), kind(best.text)
        if said and held and not said & held and said <= set().union(*(kind(c.text) for c in clauses)):
            return f"not where the source says '{best.text[:80]}'"
    return ""


_PLACES = {"article", "articles", "section", "sections", "paragraph", "paragraphs", "sec", "art", "under"}


def new_symbols(g: Ground) -> str:
    """A document symbol that the quotes do not have."""
    held = f"{g.source} {g.about}"
    known = figures.symbols(held)
    extra = [s for s in figures.symbols(g.text) if s not in known and not any(s in k or k in s for k in known)]
    extra = [s for s in extra if not set(re.findall(r"\d+", s)) <= set(re.findall(r"\d+", held))]
    return f"not in the source: {', '.join(sorted(extra))}" if extra else ""


def new_names(g: Ground) -> str:
    """Somebody, or a place, or an instrument that the quotes do not name, by any of its names."""
    held = f"{g.source} {g.about}"
    known, said = {**all_listed(held), **mentioned(held, (*actors(), *instruments()))}, all_listed(g.text)
    extra = [words for name, words in said.items() if name not in known and not names_it(words, held)]
    used = " ".join(fold(words) for name, words in said.items() if name in known)
    for name, whole in proper(masked(g.text, said.values())):
        if not (
            fold(name) in used or names_it(name, held) or names_it(whole, held) or _all_known(name, known)
        ) and not any(fold(name) in fold(e) or fold(e) in fold(name) for e in extra):
            extra.append(name)
    if WE.search(g.said.plain) and not WE.search(plain(held)):
        extra.append("we")
    return f"not in the source: {', '.join(extra)}" if extra else ""


def _all_known(name: str, known: Mapping[str, str]) -> bool:
    found = all_listed(name)
    return bool(found) and set(found) <= set(known)
