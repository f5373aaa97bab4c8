"""The parts of a question that each need their own evidence: two laws compared, the meetings of a series, two attacks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from bot.catalogue import Match, words_of
from bot.expected import ORDINALS
from bot.names import actors, fold, instruments, mentioned
from bot.proper import is_country
from bot.question import Question
from ingest.documents import Document

MOST = 7  # aspects of one question
_JOINS = re.compile(r"(?: \w+)?(?:,? (?:and|or|versus|vs\.?|than|with) |, )(?:\w+ ){0,2}")
_COMPARING = re.compile(
    r"(?i)^(?:how|in what way) (?:do|does|did|is|are|has|have) |^(?:compare|contrast) (?:how )?"
    r"|^what (?:is|are) the differences? (?:between|in) "
    r"|^which (?:of the two |one )?(?:has|have|is|sets|imposes) (?:the )?"
    r"|\b(?:differ(?:s|ed|ent|ences?)?|change[ds]?|compare[ds]?|versus|vs\.?|respectively|each|both|with th(?:ose|at|ose of)"
    r"|(?:high|low|long|short|strict|larg|earl)(?:i?er))\b(?: (?:from|between|to|with|in)\b)*"
)
_LOOSE = re.compile(r"(?i)^(?:(?:and|or|between) )+|(?: (?:and|or|to|than|under|of|in|with|from|the))+$")
_ADJECTIVE = re.compile(r"(?:i[as]n|ese|ish|rench|rican|erman)$")
ALIKE = 0.85  # a document belongs to a series while its title fits the question this well, as a share of the best title's fit
SERIES = 0.6  # share of the words of two titles that are the same where they are of one series
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
    if len(named := _one_for_each_name(fits)) > 1:
        return _within(question, named)
    if len(question.years) > 1 and len(dated := _one_for_each_year(question, fits, documents)) > 1:
        years = {slug: str(documents[slug].year) for slug in dated}
        return _within(question, years)
    things = _coordinated(question)
    if (
        question.kind == "comparison"
        and len(things) < 2
        and (sides := _with_an_actor(question, named, fits, documents))
    ):
        return _within(question, sides)
    if question.kind == "timeline" or (question.kind == "comparison" and len(things) < 2):
        series = _series(question, fits, documents)
        dates = {documents[slug].date for slug in series}
        if len(dates if question.kind == "timeline" else series) > 1:
            asked = [slug for slug in series if documents[slug].year in question.years]
            series = asked if len(asked) > 1 else series
            return _within(question, dict.fromkeys(series, ""))
        things = [*question.instruments.values(), *(n for n in question.names if fold(n) not in ORDINALS)]
    if len(things) > 1:
        return tuple(
            Aspect(search=_asked_of(question, [other for other in things if other != name]), name=name)
            for name in things[:MOST]
        )
    return ()


def _coordinated(question: Question) -> list[str]:
    """The names that stand side by side, joined by commas, 'and', 'or' or the like: two, or of a comparison any number."""
    folded = fold(question.search)
    compared = question.kind == "comparison"
    bodies = [name for name in question.actors.values() if (compared or len(name) > 2) and not _ADJECTIVE.search(name)]
    named = {*question.instruments.values(), *bodies, *(n for n in question.names if fold(n) not in ORDINALS)}
    spans = sorted(
        (found.start(), found.end(), name)
        for name in named
        if len(name) > 1 and (found := re.search(rf"(?<!\w){re.escape(fold(name))}(?:'s)?(?!\w)", folded))
    )
    chains: list[list[str]] = []
    end = -1
    for start, stop, name in spans:
        if chains and _JOINS.fullmatch(folded[end:start]):
            chains[-1].append(name)
        else:
            chains.append([name])
        end = max(end, stop)
    longest = max(chains, key=len, default=[])
    if compared:
        return longest
    together = len(longest) == 2 and re.search(rf"\bbetween (?:the )?{re.escape(fold(longest[0]))}", folded)
    return longest if len(longest) == 2 and not together else []


def _one_for_each_name(fits: Mapping[str, Match]) -> dict[str, str]:
    """The best document for each name that the question uses: slug -> name."""
    best: dict[str, str] = {}
    for slug, fit in sorted(fits.items(), key=lambda pair: (-pair[1].overlap, pair[0])):
        if fit.named and fold(fit.named) not in map(fold, best.values()):
            best[slug] = fit.named
    return dict(list(best.items())[:MOST])


def _with_an_actor(
    question: Question, named: Mapping[str, str], fits: Mapping[str, Match], documents: Mapping[str, Document]
) -> dict[str, str]:
    """The one document that is named and the best that is titled with the actor it is compared with; slug -> name, else empty."""
    about = [f"{documents[slug].title} {documents[slug].publisher}" for slug in named]
    others = [name for name in actors() if name.canonical in question.actors and not mentioned(" ".join(about), [name])]
    if len(named) != 1 or len(others) != 1:
        return {}
    titled = [slug for slug, document in documents.items() if mentioned(document.title, others)]
    if not titled:
        return {}
    best = max(titled, key=lambda slug: (fits[slug].overlap, slug))
    return {**named, best: question.actors[others[0].canonical]}


def _one_for_each_year(question: Question, fits: Mapping[str, Match], documents: Mapping[str, Document]) -> list[str]:
    """The document whose title fits best for each year of the question, of a timeline also for those between; in the question's order."""
    found = []
    years = range(min(question.years), max(question.years) + 1) if question.kind == "timeline" else question.years
    for year in years:
        of_year = [slug for slug, document in documents.items() if document.year == year and fits[slug].overlap >= FITS]
        if of_year:
            found.append(max(of_year, key=lambda slug: (fits[slug].overlap, slug)))
    return list(dict.fromkeys(found))[:MOST]


def _series(question: Question, fits: Mapping[str, Match], documents: Mapping[str, Document]) -> list[str]:
    """The documents that are titled with the one body or instrument of the question; by date."""
    one_act = sum(bool(fit.named) for fit in fits.values()) == 1
    if one_act and question.kind == "comparison":
        return []
    for name in (*instruments(), *actors()):
        if name.canonical in question.instruments or name.canonical in question.actors:
            titled = [slug for slug, document in documents.items() if mentioned(document.title, [name])]
            if 1 < len(titled) <= MOST and not any(is_country(alias) for alias in name.aliases):
                return sorted(titled, key=lambda slug: (documents[slug].date, slug))
    best = max((fit.overlap for fit in fits.values()), default=0.0)
    if best < FITS or one_act:
        return []
    first = max(fits, key=lambda slug: (fits[slug].overlap, slug))
    alike = [
        slug
        for slug, fit in fits.items()
        if fit.overlap >= ALIKE * best and _titled_alike(documents[slug], documents[first])
    ]
    return sorted(alike, key=lambda slug: (documents[slug].date, slug)) if len(alike) <= MOST else []


def _titled_alike(one: Document, other: Document) -> bool:
    """Whether two documents are of one series: most words of their titles are the same, figures aside."""
    words, others = ({word for word in words_of(about.title) if word.isalpha()} for about in (one, other))
    return bool(words & others) and len(words & others) / len(words | others) >= SERIES


def _asked_of(question: Question, others: Sequence[str]) -> str:
    """What is asked of one thing: the question without the other ones and, of a comparison, without the words that compare."""
    text = _without(question.search, others)
    if question.kind != "comparison":
        return text
    bare = " ".join(_COMPARING.sub(" ", text).split()).strip(" ,;:.?")
    return re.sub(r"(?i)\b(\w+)(?:,? \1\b)+", r"\1", _LOOSE.sub("", bare)) or text


def _within(question: Question, slugs: Mapping[str, str]) -> tuple[Aspect, ...]:
    names = [name for name in slugs.values() if name]
    return tuple(
        Aspect(search=_asked_of(question, [other for other in names if other != name]), slug=slug, name=name)
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
