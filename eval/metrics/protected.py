"""The words of a sentence that may not change: numerals, dates, symbols, names."""

from __future__ import annotations

import re
import unicodedata

_SYMBOL = re.compile(r"\b[A-Z]{1,6}(?:/[\w.()-]*\w)+|\b\d{2,4}/\d{1,4}\b")
_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:[ .,\u00a0\u202f]\d{3})+(?![\w])")
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_][\w’'.&-]*[^\W_]|[^\W\d_]")
_START = re.compile(r"(?:^|[.!?:;]\s+|[\n•|]\s*|[-*]\s+|\(\w{1,4}\)\s+|[“\"(‘]\s*)$")
_NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90"}
_PLAIN = {"one", "zero"}  # "one" is a pronoun more often than a number


def fold(text: str) -> str:
    """`text` without case and accents; typographic marks as the plain ones."""
    text = unicodedata.normalize("NFKD", text.replace("’", "'").replace("‑", "-").replace("–", "-"))
    return "".join(c for c in text if not unicodedata.combining(c)).casefold()


def protected(text: str) -> list[str]:
    """The protected words of `text`, folded, each as often as it stands there."""
    symbols = [match.group() for match in _SYMBOL.finditer(text)]
    rest = _SYMBOL.sub(" ", text)
    return [fold(symbol) for symbol in symbols] + numbers(rest) + [fold(name) for name in names(rest)]


def numbers(text: str) -> list[str]:
    """The numbers of `text` in digits, without thousands separators; number words too."""
    grouped = [re.sub(r"\D", "", match.group()) for match in _GROUPED.finditer(text)]
    plain = [match.group().replace(",", ".") for match in _NUMBER.finditer(_GROUPED.sub(" ", text))]
    spelt = [_NUMBERS[word] for word in re.findall(r"[a-z]+", fold(text)) if word in _NUMBERS and word not in _PLAIN]
    return grouped + plain + spelt


def names(text: str) -> list[str]:
    """Words that begin with a capital inside a sentence, and words of capitals anywhere."""
    found = []
    for match in _WORD.finditer(text):
        word = re.sub(r"['’]s$", "", match.group()).rstrip(".")
        capitals = len(word) > 1 and word.isupper()
        if capitals or (word[:1].isupper() and len(word) > 1 and not _START.search(text[: match.start()])):
            found.append(word)
    return found


def absent(tokens: list[str], source: str) -> list[str]:
    """The protected words that do not stand in `source`, as they are or as initials of its names."""
    folded = fold(source)
    held = set(re.findall(r"[^\W_]+", folded)) | set(numbers(source)) | {"".join(part) for part in _initials(source)}
    return [token for token in tokens if not _held(token, folded, held)]


def _held(token: str, folded: str, held: set[str]) -> bool:
    if token in held or token.replace(".", "") in held:
        return True
    if token.replace(".", "").isdigit():
        return False
    parts = re.findall(r"[^\W_]+", token)
    return (
        token in folded and all(part in held for part in parts)
        if "/" in token
        else bool(parts) and all(part in held for part in parts)
    )


def _initials(source: str) -> list[str]:
    """Initials of each run of capitalised words: EU for European Union; small words between them may be left out."""
    runs = re.findall(r"(?:[A-Z][\w’'-]*[ -](?:(?:of|the|and|for|on|in|de|des|du|la)[ -]){0,2})+[A-Z][\w’'-]*", source)
    initials: list[str] = []
    for run in runs:
        capitals = [word[0].lower() for word in re.split(r"[ -]", run) if word[:1].isupper()]
        initials += [
            "".join(capitals[i:j]) for i in range(len(capitals)) for j in range(i + 2, min(len(capitals), i + 6) + 1)
        ]
    return initials
