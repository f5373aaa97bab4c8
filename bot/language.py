"""The words of the interface: one file a language in bot/languages, so that adding a file adds a language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

DEFAULT = "en"
Words = Mapping[str, str]
_FOLDER = Path(__file__).with_name("languages")
_OFFER = re.compile(r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=\s*([01](?:\.\d{0,3})?)\s*)?")
_LONGEST = 500  # characters of an Accept-Language header that are read


@cache
def codes() -> tuple[str, ...]:
    """The languages that the interface speaks, the default first."""
    return tuple(sorted((path.stem for path in _FOLDER.glob("*.yaml")), key=lambda code: (code != DEFAULT, code)))


@cache
def load(code: str) -> Mapping[str, str]:
    """The words of a language by key, such as `read.print`; those of the default where it has no such language."""
    file = _FOLDER / f"{code if code in codes() else DEFAULT}.yaml"
    groups = yaml.safe_load(file.read_text(encoding="utf-8"))
    return MappingProxyType(
        {f"{group}.{name}": str(words) for group, entries in groups.items() for name, words in entries.items()}
    )


def pick(accept: str | None) -> str:
    """The language that a browser's Accept-Language header likes best, among those that the interface speaks."""
    best, liking = DEFAULT, 0.0
    for part in (accept or "")[:_LONGEST].split(","):
        found = _OFFER.fullmatch(part)
        code = found[1].lower() if found else ""
        code = DEFAULT if code == "*" else code
        if found and code in codes() and float(found[2] or 1) > liking:
            best, liking = code, float(found[2] or 1)
    return best


def many(words: Mapping[str, str], key: str, count: int) -> str:
    """A number of things in words: `many(words, "common.document", 3)` is `3 documents`."""
    return words[f"{key}_one" if count == 1 else f"{key}_many"].format(count=number(words, count))


def number(words: Mapping[str, str], count: int) -> str:
    """A number with the language's sign between the thousands."""
    return f"{count:,}".replace(",", words["common.thousands"])


def day(words: Mapping[str, str], date: str) -> str:
    """An ISO date as people write it: 14 December 2022. What is no ISO date stays as it is."""
    found = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?.*", date)
    if not found or not 1 <= int(found[2] or 1) <= 12:
        return date
    month = words["common.months"].split()[int(found[2]) - 1] if found[2] else ""
    parts = {"day": int(found[3]) if found[3] else "", "month": month, "year": found[1]}
    return " ".join(words["common.date"].format(**parts).split())
