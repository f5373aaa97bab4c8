"""The names in a text: what is written or listed as one, and whether another text has it, under any of its names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from bot.figures import MONTHS
from bot.names import fold, named_in
from bot.wording import Token, Wording, countries, related, stem, synonyms

_PEOPLE = ("an", "ian", "n", "ese", "ish", "i", "ic", "s", "ans", "ians", "'s", "er", "ers")
_PROPER = re.compile(
    r"(?<![\w])[^\W\d_a-z][\w’'&.-]*\w(?: (?:of |for |on |the |and |de |del )*[^\W\d_a-z][\w’'&-]*\w)*"
)


@lru_cache(maxsize=1024)
def all_listed(text: str) -> Mapping[str, str]:
    """The listed instruments and actors of a text, longest names first."""
    found, others = named_in(text)
    return found | others


def masked(text: str, aliases: Iterable[str]) -> str:
    """`text` with the names that are already told apart written small."""
    for words in sorted(aliases, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", lambda m: m.group().casefold(), text, flags=re.IGNORECASE)
    return text


def proper(text: str) -> Iterator[tuple[str, str]]:
    """What is written like a name; at the start of a sentence without its first word, which may be any, and then with it."""
    for match in _PROPER.finditer(text):
        name = match.group()
        first = not text[: match.start()].strip(" \"“‘'([-–•*") or re.search(
            r"[.!?:]\s*[\"“‘'(]*$", text[: match.start()]
        )
        if first:
            lead, _, rest = name.partition(" ")
            if not is_country(lead) and not any(c.isupper() for c in lead[1:]) and not is_country(name):
                name = (
                    rest.removeprefix("of ")
                    .removeprefix("for ")
                    .removeprefix("the ")
                    .removeprefix("and ")
                    .removeprefix("on ")
                )
        if name and name[0].isupper():
            if fold(name.split()[0].rstrip(".")) not in MONTHS:
                yield name, match.group()


def is_country(name: str) -> bool:
    """Whether a name is that of a country or territory."""
    return fold(name) in countries()


def names_it(name: str, held: str) -> bool:
    """Whether `held` has the name: its words in any case, its initials, what its initials stand for, or the people of a place."""
    source = fold(held)
    if fold(name) in source or initials(name, held):
        return True
    words = set(re.findall(r"[^\W_]+", source))
    parts = [
        p
        for p in re.findall(r"[^\W_]+", fold(name).replace("'s", ""))
        if p not in ("of", "the", "and", "for", "on", "de")
    ]
    return all(part in words or any(_people(part, word) for word in words) or _common(part, words) for part in parts)


def _people(one: str, other: str) -> bool:
    """Albania and Albanian, Iran and Iranian."""
    short, long = sorted((one, other), key=len)
    return len(short) >= 4 and any(long == short.removesuffix("a") + end or long == short + end for end in _PEOPLE)


def _common(part: str, words: set[str]) -> bool:
    """A common word with a capital, such as Ministers: any form of it, or a word that may stand for it."""
    mine = stem(part)
    return len(part) > 3 and any(
        related(mine, stem(w)) or (synonyms(part, w) and not is_country(part)) for w in words if len(w) > 3
    )


def initials(name: str, held: str) -> bool:
    """Whether one is the initials of the other: MSS and Ministry of State Security."""
    if re.fullmatch(r"[A-Z][A-Za-z&.]*[A-Z][a-z]?", name) and len(name) <= 8:
        letters = (
            re.sub(r"[^A-Za-z]", "", name).casefold().removesuffix("s")
            if name.endswith("s")
            else re.sub(r"[^A-Za-z]", "", name).casefold()
        )
        wanted = (
            r"(?<!\w)" + r"\w*[ -](?:(?:of|and|the|for|on|in|to|de) )*".join(re.escape(c) for c in letters) + r"\w+"
        )
        return bool(re.search(wanted, fold(held)))
    words = [
        w for w in re.findall(r"[^\W_]+", name) if w.casefold() not in ("of", "and", "the", "for", "on", "in", "to")
    ]
    return len(words) >= 2 and bool(re.search(rf"(?<!\w){''.join(w[0] for w in words)}s?(?!\w)", held.replace(".", "")))


# who did what to whom


@lru_cache(maxsize=512)
def listed(text: str) -> tuple[tuple[int, int, str], ...]:
    """Where `text` has the listed names of actors, longest first: start, end and first name."""
    folded = text.casefold()
    found: list[tuple[int, int, str]] = []
    if len(folded) != len(text):
        return ()
    for name, words in named_in(text)[1].items():
        found += [(m.start(), m.end(), name) for m in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", folded)]
    return tuple(found)


def named(words: Wording, tokens: Sequence[Token]) -> set[str]:
    """The names among the tokens: what is listed, under its first name; else what is written with a capital."""
    if len(words.text) != len(words.plain):
        return set()
    start, end = tokens[0].start, tokens[-1].end
    found = {name for first, last, name in listed(words.text) if first < end and start < last}
    return found or {
        fold(t)
        for t in re.findall(r"(?<!\w)[A-Z][\w’'-]+", words.text[start:end])
        if (start > 1 or is_country(t)) and fold(t) not in MONTHS
    }
