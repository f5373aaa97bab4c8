"""What instruments and actors are called: one name for each, whatever the question calls it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

from ingest.documents import Document

_SPACES = re.compile(r"\s+")
_PARENTHESES = re.compile(r"\(([^()]{3,60})\)")
_RESOLUTION = re.compile(r"^A/(?:RES/)?(\d+/\d+)$")
_ORDER = re.compile(r"^E\.?O\.? ?(\d{5})$")
_NUMBER = re.compile(r"(?<![\w/-])\d{2,4}[/-]\d{1,4}(?![\w/-])")  # 2025/301, 22-01
_DATE = re.compile(
    r"(?:\d{1,2} )?(?:January|February|March|April|May|June|July|August|September|October|November|December)?"
    r"(?: \d{1,2},)? ?(?:19|20)\d\d"
)


def fold(text: str) -> str:
    """`text` without case, accents, typographic quotes and doubled spaces, for comparing names. Every script is kept."""
    text = unicodedata.normalize("NFKD", text.replace("’", "'").replace("\u2011", "-").replace("\u00a0", " "))
    kept = "".join(c for c in text if not (unicodedata.combining(c) and "\u0300" <= c <= "\u036f"))
    return _SPACES.sub(" ", unicodedata.normalize("NFC", kept)).strip().casefold()


class Name(BaseModel):
    """One instrument or actor and everything it is called."""

    model_config = ConfigDict(frozen=True)

    canonical: str
    aliases: tuple[str, ...]


@cache
def _listed(section: str) -> tuple[Name, ...]:
    rows = yaml.safe_load(resources.files("bot").joinpath("aliases.yaml").read_text(encoding="utf-8"))[section]
    return tuple(Name(canonical=str(row[0]), aliases=tuple(str(name) for name in row)) for row in rows)


def instruments() -> tuple[Name, ...]:
    """The instruments that the field knows by several names, whether the library holds them or not."""
    return _listed("instruments")


def actors() -> tuple[Name, ...]:
    """States and bodies with the names that questions and texts use for them."""
    return _listed("actors")


@cache
def _actors_called() -> frozenset[str]:
    """What actors are called, folded: whose a document may be, but never what it is called."""
    return frozenset(fold(alias) for actor in actors() for alias in actor.aliases)


@cache
def pattern(alias: str) -> re.Pattern[str]:
    """Finds `alias` as a whole word in folded text; short capitals such as 'US' or 'CRA' are told from words by `mentioned`."""
    words = re.escape(fold(alias)).replace(r"\ ", r"[ -]?" if len(alias) < 8 else " ")
    return re.compile(rf"(?<![\w/]){words}(?:'s|s'|s)?(?![\w]|/\d)")


def mentioned(text: str, names: Iterable[Name]) -> dict[str, str]:
    """The names that `text` mentions: canonical name -> the words used. An alias of two or three capitals must stand in capitals."""
    folded = fold(text)
    found: dict[str, str] = {}
    for name in names:
        for alias in sorted(name.aliases, key=len, reverse=True):
            if _in_capitals(alias) and not re.search(rf"\b{alias}\b", text):
                continue
            if match := pattern(alias).search(folded):
                found[name.canonical] = match.group()
                break
    return found


def named_in(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """The listed instruments and actors that `text` names, longest names first: the Paris Call names no city."""
    folded = fold(text)
    listed = [(alias, name, True) for name in instruments() for alias in name.aliases]
    listed += [(alias, name, False) for name in actors() for alias in name.aliases]
    taken: list[tuple[int, int]] = []
    found: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for alias, name, instrument in sorted(listed, key=lambda row: -len(row[0])):
        if _in_capitals(alias) and not re.search(rf"\b{alias}\b", text):
            continue
        for match in pattern(alias).finditer(folded):
            if not any(start < match.end() and match.start() < end for start, end in taken):
                taken.append(match.span())
                found[0 if instrument else 1].setdefault(name.canonical, match.group())
    return found


def as_written(words: str, text: str) -> str:
    """The folded `words` with the letters that `text` has for them, no longer a possessive; as they are where it has none."""
    folded = fold(text)
    at = folded.find(words) if len(folded) == len(text) else -1
    return (text[at : at + len(words)] if at >= 0 else words).removesuffix("'s").removesuffix("’s")


def _in_capitals(alias: str) -> bool:
    """Whether `alias` is so short that only capitals tell it from a word: US, GA, CRA."""
    return alias.isupper() and alias.isalpha() and len(alias) <= 3


def names_of(document: Document) -> Name:
    """What a document may be called: its title, symbols, the names in brackets in its title, and listed aliases of any of these."""
    own = [document.title, re.sub(r"\s*\(.*?\)\s*", " ", document.title).strip(), *_PARENTHESES.findall(document.title)]
    for symbol in (part.strip() for part in document.symbol.split(";")):
        if symbol and not re.match(r"(?:OJ |CELEX)", symbol):
            own.append(symbol)
            own += _NUMBER.findall(symbol)
        if match := _RESOLUTION.match(symbol):
            own += [match.group(1)]
        if match := _ORDER.match(symbol):
            own += [
                f"Executive Order {match.group(1)}",
                f"EO {match.group(1)}",
                f"E.O. {match.group(1)}",
                match.group(1),
            ]
    folded = {fold(name) for name in own if name}
    for listed in instruments():
        if any(fold(alias) in folded for alias in listed.aliases):
            own += listed.aliases
    names = (name for name in own if len(name) > 2 and not _DATE.fullmatch(name) and fold(name) not in _actors_called())
    return Name(canonical=document.slug, aliases=tuple(dict.fromkeys(names)))
