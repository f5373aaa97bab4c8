"""What the engine tells a reader, in the reader's language: its English words are the keys, `engine` in bot/languages."""

from __future__ import annotations

import re
from functools import cache

from bot import language

_GROUP = "engine."


def told(text: str, words: language.Words) -> str:
    """`text` with the sentences that the engine makes put into the language of `words`; what it does not know stays."""
    if words["common.code"] == language.DEFAULT or not text:
        return text
    parts, rest = [], text
    while rest:
        key, found = _first(rest)
        if found is None:
            parts.append(rest)
            break
        said = {name: _inner(name, value, words) for name, value in found.groupdict().items()}
        parts.append(words[key].format(**said))
        rest = rest[found.end() :].lstrip()
    return " ".join(parts)


def _inner(name: str, value: str, words: language.Words) -> str:
    """What fills a gap: the kind of thing that is missing has a word of its own, several names an `or` between them."""
    if name == "thing":
        return words.get(f"{_GROUP}thing-{value.replace(' ', '-')}", value)
    return value.replace(" or ", f" {words['engine.or']} ") if name == "names" else value


def _first(text: str) -> tuple[str, re.Match[str] | None]:
    """The notice that `text` begins with: the whole of it, or up to another that the engine makes."""
    for key, pattern in _patterns():
        if (found := pattern.match(text)) and (not found.end() < len(text) or text[found.end()] == " "):
            return key, found
    return "", None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """A pattern for each English notice, the longest first."""
    english = language.load(language.DEFAULT)
    notices = {key: said for key, said in english.items() if key.startswith(_GROUP) and said[-1:] in ".”"}
    ordered = sorted(notices.items(), key=lambda item: -len(item[1]))
    return tuple((key, re.compile(_pattern(said))) for key, said in ordered)


def _pattern(said: str) -> str:
    parts = re.split(r"\{(\w+)\}", said)
    return "".join(rf"(?P<{part}>.+?)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
