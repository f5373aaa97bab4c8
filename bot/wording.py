"""The words of a text as the verifier compares them: tokens, stems, and what denies, obliges, limits, reports or takes sides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Any, NamedTuple

import regex
import yaml

_TOKEN = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}]|[%§€£$¥]|\d[\d.,]*\d|\d|non-[^\W\d_]+|[^\W\d_\p{Han}\p{Hiragana}\p{Katakana}][^\W_\p{Han}\p{Hiragana}\p{Katakana}]*(?:'[^\W\d_]+)?",
    regex.VERSION1,
)
_WIDE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_STOPS = frozenset(
    "a an the of in on at to for by with from as and or but that which who whom whose this these those it its they them their he she his"
    " her him we our us you your i my is are was were be been being am do does did done has have had having there here such than then so"
    " into onto upon through during over between among amongst via per s t also too very other own itself themselves including"
    " le la les un une des du de et en au aux que qui dans pour par sur est sont el los las una y del al por para con se su sus es son"
    " der die das den dem ein eine einer eines und von zu im mit auf für ist sind het een van op te voor met dat zijn"
    " и в на с по к о об от до из за для что это как а но 的 和 与 及 在 是 了 于 对 و في من على إلى عن أن التي الذي هذا هذه".split()
)


def flat(text: str) -> str:
    """`text` for exact comparison: Unicode compatibility forms, quotes, dashes and spaces made one; no letter of any script lost."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"[\u00ad\u200b-\u200f\u2060\ufeff]", "", text)
    text = re.sub(r"[‘’‛′`´]", "'", text)
    text = re.sub(r"[“”„«»″]", '"', text)
    text = re.sub(r"[‐‑‒–—−]", "-", text)
    return " ".join(text.split())


def plain(text: str) -> str:
    """`flat` text without case and accents of Latin letters, with "n't" written as "not": what patterns are matched in."""
    text = flat(text).casefold()
    text = re.sub(r"\bwon't\b", "will not", re.sub(r"\bcan'?t\b|\bcannot\b", "can not", text))
    text = re.sub(r"n't\b", " not", text)
    return " ".join(text.split())


class Mark(NamedTuple):
    """A word or phrase that denies, obliges, limits ...: of which list, of which kind there, and where."""

    list: str
    kind: str
    start: int
    end: int


class Token(NamedTuple):
    """A word: as compared, its stem, where it stands, and whether it carries content of its own."""

    word: str
    stem: str
    start: int
    end: int
    content: bool


@cache
def _lists() -> Mapping[str, Any]:
    held: Mapping[str, Any] = yaml.safe_load(
        resources.files("bot").joinpath("wording.yaml").read_text(encoding="utf-8")
    )
    return held


@cache
def _patterns() -> tuple[tuple[str, str, regex.Pattern[str]], ...]:
    found = [("idioms", "", "|".join(_lists()["idioms"]))]
    for name in ("conditions", "quantities", "modals"):
        found += [(name, kind, words) for kind, words in _lists()[name].items()]
    found += [(name, "", "|".join(_lists()[name])) for name in ("denials", "negations", "sayings")]
    return tuple((name, kind, _compiled(words)) for name, kind, words in found)


def _compiled(words: str) -> regex.Pattern[str]:
    """One pattern for a list: whole words where the script has spaces, anywhere in Chinese and Japanese."""
    parts = [part.strip().replace("~", r"(?:[^\s,;]+ ){1,3}?").replace("}? ", "}?") for part in _split(words)]
    wide = [part for part in parts if _WIDE.search(part)]
    spaced = [part for part in parts if not _WIDE.search(part)]
    whole = rf"(?<![\w'])(?:{'|'.join(spaced)})(?!\w)" if spaced else ""
    return regex.compile("|".join([part for part in (whole, *wide) if part]))


def _split(words: str) -> list[str]:
    """The alternatives of a list at its outermost `|`."""
    parts, depth = [""], 0
    for c in words:
        depth += (c == "(") - (c == ")")
        if c == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts


@cache
def _stemmer() -> Any:
    from snowballstemmer import stemmer

    return stemmer("english")


@cache
def irregular() -> Mapping[str, str]:
    """Forms of irregular verbs, with the verb."""
    return {form: row.split()[0] for row in _lists()["irregular"] for form in row.split()[1:]}


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The stem of an English word, its spelling made British or American alike; other scripts are left as they are."""
    word = irregular().get(word, word)
    if not word.isascii() or not word.isalpha() or len(word) < 4:
        return word
    made = str(_stemmer().stemWord(word))
    if word.removesuffix("s").endswith(("er", "or")) and made != word.removesuffix("s"):
        made += "er"  # who imports is not what is imported
    return re.sub(r"is(e|at|)$", r"iz\1", made.replace("our", "or").replace("defenc", "defens"))


@cache
def _groups(name: str) -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, row in enumerate(_lists()[name]):
        for word in row.split():
            found.setdefault(word, set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


@lru_cache(maxsize=65536)
def _of(name: str, word: str) -> frozenset[int]:
    """The groups of a list that a word stands in, in any of its inflected forms."""
    held = _groups(name)
    return frozenset().union(*(held.get(form, frozenset()) for form in _forms(word)))


def _forms(word: str) -> set[str]:
    """What a word may be an inflected form of."""
    found = {word, irregular().get(word, word)}
    for ending, others in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            found |= {word[: -len(ending)] + other for other in others}
            if len(ending) > 1 and word[-len(ending) - 1 : -len(ending)] == word[-len(ending) - 2 : -len(ending) - 1]:
                found.add(word[: -len(ending) - 1])
    return found


_ENDINGS = (("ies", ("y",)), ("ied", ("y",)), ("es", ("", "e")), ("s", ("",)), ("ed", ("", "e")), ("ing", ("", "e")))


@cache
def countries() -> frozenset[str]:
    """Countries and territories as English, French and Spanish call them, folded."""
    from babel import Locale

    names = (str(name) for code in ("en", "fr", "es") for name in Locale(code).territories.values())
    return frozenset(name.casefold() for name in names if len(name) > 3)


@cache
def _sides() -> Mapping[str, tuple[tuple[str, int, int], ...]]:
    """The stems of the opposites, by their first letters, with their row and side."""
    found: dict[str, list[tuple[str, int, int]]] = {}
    for row, sides in enumerate(_lists()["opposites"]):
        for side, words in enumerate(sides):
            for word in words.split():
                found.setdefault(stem(word)[:3], []).append((stem(word), row, side))
    return {start: tuple(rows) for start, rows in found.items()}


@lru_cache(maxsize=65536)
def _side(word: str) -> frozenset[tuple[int, int]]:
    return frozenset((row, side) for other, row, side in _sides().get(word[:3], ()) if _same(word, other))


@lru_cache(maxsize=65536)
def opposed(one: str, other: str) -> bool:
    """Whether two stems stand on opposite sides: support and oppose, raise and lower, lawful and unlawful."""
    if one == other or _same(one, other):
        return False
    theirs = _side(other)
    mine = _side(one)
    return (any((row, 1 - side) in theirs for row, side in mine) and not mine & theirs) or prefixed(one, other)


_PREFIXES = (
    ("un", ""), ("in", ""), ("im", ""), ("il", ""), ("ir", ""), ("dis", ""), ("non", ""), ("mis", ""), ("de", ""), ("anti", ""),
    ("over", "under"), ("pre", "post"), ("inter", "intra"), ("in", "out"), ("in", "ex"), ("up", "down"), ("multi", "uni"), ("pro", "anti"),
    ("en", "dis"), ("as", "dis"), ("over", ""), ("under", ""), ("in", "de"), ("counter", ""),
)  # fmt: skip


def prefixed(one: str, other: str) -> bool:
    """Lawful and unlawful, overstate and understate."""
    pairs = [*_PREFIXES, *((b, a) for a, b in _PREFIXES)]
    return any(
        one.startswith(a) and other.startswith(b) and one[len(a) :] == other[len(b) :] and len(one) - len(a) >= 4
        for a, b in pairs
    )


def synonyms(one: str, other: str) -> bool:
    """Whether two words may stand for each other."""
    return not _of("synonyms", one).isdisjoint(_of("synonyms", other))


def actor(word: str) -> frozenset[int]:
    """The kinds of actor that a word may name; none for other words."""
    return _of("actors", word) if not word.endswith(("ed", "ing")) else frozenset()


def related(one: str, other: str) -> bool:
    """Whether two stems are forms of one word: notify and notification."""
    return one == other or (_same(one, other) and not opposed(one, other))


@lru_cache(maxsize=65536)
def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    if one[:4] != other[:4] or one.isdigit():
        return False
    shared = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return shared >= max(4, 0.7 * max(len(one), len(other)))


class Wording:
    """A text with its tokens and marks."""

    def __init__(self, text: str) -> None:
        self.text = flat(text)
        self.plain = plain(text)

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """What denies, obliges, limits and reports, in order; each place is taken by one list only."""
        found: list[Mark] = []
        taken = bytearray(len(self.plain))
        for name, kind, pattern in _patterns():
            for match in pattern.finditer(self.plain):
                start, end = match.span()
                if start < end and not any(taken[start:end]):
                    taken[start:end] = b"\1" * (end - start)
                    found.append(Mark(name, kind, start, end))
        return tuple(sorted(found, key=lambda mark: mark.start))

    def of(self, *names: str) -> list[Mark]:
        """The marks of these lists."""
        return [mark for mark in self.marks if mark.list in names]

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Every word in order; those that only link, and those of marks that have no content of their own, are no content."""
        hollow = [
            mark
            for mark in self.marks
            if mark.list not in ("denials", "sayings", "idioms") and not _has_content(self.plain, mark)
        ]
        covered = bytearray(len(self.plain))
        for mark in hollow:
            covered[mark.start : mark.end] = b"\1" * (mark.end - mark.start)
        made = []
        for match in _TOKEN.finditer(self.plain):
            word = match.group().removesuffix("'s").strip("'").replace("-", "")
            made.append(Token(word, stem(word), *match.span(), word not in _STOPS and not covered[match.start()]))
        return tuple(made)

    @cached_property
    def content(self) -> tuple[Token, ...]:
        """The words that carry content."""
        return tuple(token for token in self.tokens if token.content)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of the content words."""
        return frozenset(token.stem for token in self.content)

    def after(self, mark: Mark, most: int = 1, reach: int = 60) -> list[Token]:
        """The content words that follow a mark closely, up to `most`, within its clause."""
        found: list[Token] = []
        for token in self.content:
            if token.start >= mark.end:
                between = self.plain[mark.end : token.start]
                if token.start - mark.end > reach or _STOP.search(between):
                    break
                if not (found == [] and token.word.endswith("ly") and len(token.word) > 4):
                    found.append(token)
                if len(found) == most:
                    break
        return found

    @cached_property
    def words(self) -> frozenset[str]:
        """The content words."""
        return frozenset(token.word for token in self.content)

    def holds(self, token: Token) -> bool:
        """Whether the text has this word, a form of it, or one that may stand for it."""
        return (
            token.stem in self.stems
            or any(related(token.stem, other) for other in self.stems)
            or any(synonyms(token.word, other) for other in self.words)
        )


_STOP = re.compile(r"[.;:!?](?:\s|$)")
_CONTENT_MARK = re.compile(
    r"(?:requir|oblig(?!at)|mandat|recommend|urg|encourag|intend|propos|consider|explor|intent|exceed|exclud|suspect|alleg|limit|allow|permit|entitl|empower)"
)


def _has_content(text: str, mark: Mark) -> bool:
    """Whether a mark is a word with content of its own: 'requires' obliges and says what is done."""
    return bool(_CONTENT_MARK.match(text[mark.start : mark.end]))


def coverage(tokens: Iterable[Token], texts: Iterable[Wording]) -> float:
    """The share of `tokens` that the texts hold."""
    wanted = list(tokens)
    held = list(texts)
    return sum(any(text.holds(token) for text in held) for token in wanted) / len(wanted) if wanted else 1.0
