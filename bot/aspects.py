"""The parts of a question that each need their own evidence: two laws compared, the meetings of a series, two attacks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from bot.catalogue import Match
from bot.names import actors, fold, instruments, mentioned
from bot.question import Question
from ingest.documents import Document

MOST = 7  # aspects of one question
ALIKE = 0.85  # a document belongs to a series while its title fits the question this well, as a share of the best title's fit
FITS = 0.25  # ... and the best title at least this well


class Aspect(BaseModel):
    """One part: what to search for, and the one document to search in where the question means one."""

    model_config = ConfigDict(frozen=True)

    search: str
    slug: str = ""
    name: str = ""  # what it is of, in the question's words; of a series, the document says it


def aspects_of(question: Question, fits: Mapping[str, Match], documents: Mapping[str, Document]) -> tuple[Aspect, ...]:
    """The aspects of `question`, none where it is all of one piece."""
    if question.followup:
        return ()
    several = question.kind in ("comparison", "timeline")
    if len(named := _one_for_each_name(fits)) > 1:
        return _within(question, named)
    if len(question.years) > 1 and len(dated := _one_for_each_year(question, fits, documents)) > 1:
        years = {slug: str(documents[slug].year) for slug in dated}
        return _within(question, years)
    if several and len(series := _series(question, fits, documents)) > 1:
        asked = [slug for slug in series if documents[slug].year in question.years]
        series = asked if len(asked) > 1 else series
        return _within(question, dict.fromkeys(series, ""))
    things = _coordinated(question) if not several else [*question.instruments.values(), *question.names]
    if len(things) > 1:
        return tuple(
            Aspect(search=_without(question.search, [other for other in things if other != name]), name=name)
            for name in things[:MOST]
        )
    return ()


def _coordinated(question: Question) -> list[str]:
    """The first two names of the question that stand side by side, joined by 'and', 'or' or the like."""
    folded = fold(question.search)
    things = [
        name for name in (*question.instruments.values(), *question.actors.values(), *question.names) if len(name) > 2
    ]
    for one in things:
        for other in things:
            if re.search(
                rf"(?<!\w){re.escape(fold(one))}(?: \w+)? (?:and|or|versus|vs\.?|than) (?:\w+ ){{0,2}}{re.escape(fold(other))}(?!\w)",
                folded,
            ):
                return [one, other]
    return []


def _one_for_each_name(fits: Mapping[str, Match]) -> dict[str, str]:
    """The best document for each name that the question uses: slug -> name."""
    best: dict[str, str] = {}
    for slug, fit in sorted(fits.items(), key=lambda pair: (-pair[1].overlap, pair[0])):
        if fit.named and fold(fit.named) not in map(fold, best.values()):
            best[slug] = fit.named
    return dict(list(best.items())[:MOST])


def _one_for_each_year(question: Question, fits: Mapping[str, Match], documents: Mapping[str, Document]) -> list[str]:
    """The document whose title fits best for each year of the question; in the question's order."""
    found = []
    for year in question.years[:MOST]:
        of_year = [slug for slug, document in documents.items() if document.year == year and fits[slug].overlap >= FITS]
        if of_year:
            found.append(max(of_year, key=lambda slug: (fits[slug].overlap, slug)))
    return list(dict.fromkeys(found))


def _series(question: Question, fits: Mapping[str, Match], documents: Mapping[str, Document]) -> list[str]:
    """The documents that are titled with the one body or instrument of the question; by date."""
    for name in (*instruments(), *actors()):
        if name.canonical in question.instruments or name.canonical in question.actors:
            titled = [slug for slug, document in documents.items() if mentioned(document.title, [name])]
            if 1 < len(titled) <= MOST:
                return sorted(titled, key=lambda slug: (documents[slug].date, slug))
    best = max((fit.overlap for fit in fits.values()), default=0.0)
    if best < FITS:
        return []
    alike = [slug for slug, fit in fits.items() if fit.overlap >= ALIKE * best]
    return sorted(alike, key=lambda slug: (documents[slug].date, slug)) if len(alike) <= MOST else []


def _within(question: Question, slugs: Mapping[str, str]) -> tuple[Aspect, ...]:
    names = [name for name in slugs.values() if name]
    return tuple(
        Aspect(search=_without(question.search, [other for other in names if other != name]), slug=slug, name=name)
        for slug, name in slugs.items()
    )


def _without(text: str, names: Sequence[str]) -> str:
    """`text` without the `names`."""
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(
            rf"(?i)(?:\b(?:and|or|versus|vs\.?|than)\s+)?(?:\bthe\s+)?(?<!\w){re.escape(name)}(?!\w)", " ", text
        )
    text = re.sub(
        r"(?i)\b(between|behind|from|were|was|the|did|does|do|are|is|by|of|in|to) (?:and|or|versus|vs\.?|than)\b",
        r"\1",
        " ".join(text.split()),
    )
    return text.strip()
