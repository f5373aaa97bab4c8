"""Whether a statement is supported by the words that it cites: small rules, from numbers to negation, in a fixed order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from bot.names import actors, fold, mentioned

if TYPE_CHECKING:
    from ingest.index import Index

_NUMBER = re.compile(r"(?<![\w.])\d[\d\s.,\u00a0]*\d|\d+(?:\.\d+)?")
_WORD_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve "
        "thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "seventy": "70",
    "eighty": "80",
    "ninety": "90",
    "hundred": "100",
    "thousand": "1000",
}
_ORDINALS = {
    "first": "1",
    "second": "2",
    "third": "3",
    "fourth": "4",
    "fifth": "5",
    "sixth": "6",
    "seventh": "7",
    "eighth": "8",
    "ninth": "9",
    "tenth": "10",
}
_SYMBOL = re.compile(r"\b[A-Z]{1,4}(?:/[\w.]+){1,4}|\b\d+/\d+\b")
_PROPER = re.compile(r"(?<![.!?:;“\"(\[] )(?<!^)\b[A-Z][\w’'-]*[\w](?:[ -][A-Z][\w’'-]*\w)*")
_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|without|cannot|refus\w+|prohibit\w*|forbid\w*|unless|n't)\b|n['’]t\b"
)
_MODALS = {
    "may": "may",
    "might": "may",
    "can": "may",
    "could": "may",
    "should": "should",
    "ought": "should",
    "must": "must",
    "shall": "must",
    "required": "must",
    "obliged": "must",
}
_STANCES = {
    "support": (
        "support",
        "supports",
        "supported",
        "endorse",
        "endorses",
        "endorsed",
        "welcome",
        "welcomes",
        "welcomed",
        "back",
        "backs",
        "backed",
    ),
    "oppose": (
        "oppose",
        "opposes",
        "opposed",
        "reject",
        "rejects",
        "rejected",
        "condemn",
        "condemns",
        "condemned",
        "denounce",
        "denounces",
        "denounced",
    ),
}
_QUANTIFIERS = {
    "all": ("all", "every", "each", "always", "any"),
    "some": ("some", "several", "certain", "sometimes", "many", "most"),
    "none": ("none", "never"),
    "least": ("at least", "no fewer than", "minimum", "not less than"),
    "most": ("at most", "up to", "no more than", "maximum", "not exceeding"),
    "only": ("only", "solely", "exclusively"),
}


def flat(text: str) -> str:
    """`text` for exact comparison: Unicode compatibility forms, quotes, dashes and spaces made one; no letter of any script lost."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"[‘’‛′`´]", "'", text)
    text = re.sub(r"[“”„«»″]", '"', text)
    text = re.sub(r"[‐‑‒–—−]", "-", text)
    return " ".join(text.split())


def in_source(quote: str, source: str) -> bool:
    """Whether `quote` stands in `source`, word for word, white space and typography aside."""
    return bool(quote.strip()) and flat(quote) in flat(source)


class Reason(BaseModel):
    """Why a statement does not hold: the rule that it breaks, and the words that break it."""

    model_config = ConfigDict(frozen=True)

    rule: str
    detail: str


class Cited(BaseModel):
    """The words that a statement rests on, and the document they are said to stand in."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: str
    quote: str


class Claim(BaseModel):
    """A statement to be checked, with what it cites."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(min_length=1, coerce_numbers_to_str=True)
    text: str = Field(min_length=1)
    citations: tuple[Cited, ...] = ()


class Verdict(BaseModel):
    """What became of a statement: supported, or the reasons why not."""

    model_config = ConfigDict(frozen=True)

    id: str
    supported: bool
    reasons: tuple[Reason, ...] = ()


def check_statement(text: str, quotes: Sequence[str]) -> tuple[Reason, ...]:
    """Why `text` is not supported by `quotes`; empty when nothing speaks against it. A verbatim part of a quote is supported."""
    if not quotes or not any(quote.strip() for quote in quotes):
        return (Reason(rule="citation", detail="no citation"),)
    if any(in_source(text, quote) and _whole_clause(text, quote) for quote in quotes):
        return ()
    together = " ".join(quotes)
    return tuple(Reason(rule=name, detail=said) for name, rule in RULES.items() if (said := rule(text, together)))


def check_statements(library: Index | Mapping[str, str], statements: Iterable[Claim]) -> list[Verdict]:
    """A verdict on each statement, by the words that it cites in the library: an Index, or the texts of documents by slug."""
    texts = library if isinstance(library, Mapping) else _Shelf(library)
    return [_verdict(texts, claim) for claim in statements]


class _Shelf(Mapping[str, str]):
    """The texts of an Index by slug, read when they are asked for."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._slugs = [document.slug for document in index.documents()]

    def __getitem__(self, slug: str) -> str:
        if slug not in self._slugs:
            raise KeyError(slug)
        return self._index.document(slug).text

    def __iter__(self) -> Iterator[str]:
        return iter(self._slugs)

    def __len__(self) -> int:
        return len(self._slugs)


def _verdict(texts: Mapping[str, str], claim: Claim) -> Verdict:
    reasons: list[Reason] = []
    quotes: list[str] = []
    for cited in claim.citations:
        if cited.source not in texts:
            reasons.append(Reason(rule="source", detail=f"the library has no document {cited.source!r}"))
        elif not in_source(cited.quote, texts[cited.source]):
            reasons.append(Reason(rule="quote", detail=f"not in {cited.source}: {cited.quote}"))
        else:
            quotes.append(cited.quote)
    reasons += check_statement(claim.text, quotes)
    return Verdict(id=claim.id, supported=not reasons, reasons=tuple(reasons))


def _whole_clause(text: str, quote: str) -> bool:
    """Whether what stands before the copied words in the quote does not turn their sense: no negation is cut off."""
    source, part = flat(quote).casefold(), flat(text).casefold()
    before = re.split(r"[.;:]\s", source[: source.find(part)])[-1]
    return not _NEGATION.search(before)


def _numbers(text: str) -> set[str]:
    folded = fold(text)
    found = {re.sub(r"[\s,\u00a0]|\.(?=\d{3}\b)", "", match.group()).rstrip(".") for match in _NUMBER.finditer(folded)}
    words = re.findall(r"[a-z]+", folded)
    return found | {number for word in words if (number := _WORD_NUMBERS.get(word) or _ORDINALS.get(word))}


def _new_numbers(text: str, quotes: str) -> str:
    extra = {n for n in _numbers(text) if n not in ("1",)} - _numbers(quotes)
    return f"number not in the source: {', '.join(sorted(extra))}" if extra else ""


def _new_symbols(text: str, quotes: str) -> str:
    extra = [symbol for symbol in _SYMBOL.findall(text) if fold(symbol) not in fold(quotes)]
    return f"symbol not in the source: {', '.join(extra)}" if extra else ""


def _new_names(text: str, quotes: str) -> str:
    known = mentioned(quotes, actors())
    source = fold(quotes)
    extra = [words for canonical, words in mentioned(text, actors()).items() if canonical not in known]
    listed = [fold(words) for words in mentioned(text, actors()).values()]
    for match in _PROPER.finditer(text):
        name = fold(match.group())
        if (
            name not in source
            and not any(alias in name for alias in listed)
            and not all(word in source for word in name.split())
        ):
            extra.append(match.group())
    return f"name not in the source: {', '.join(extra)}" if extra else ""


def _swapped(text: str, quotes: str) -> str:
    """Two actors that stand in another order around the same verb: who did what to whom."""
    said = _order(text)
    for sentence in re.split(r"(?<=[.;])\s", quotes):
        held = _order(sentence)
        shared = [name for name in held if name in said]
        if (
            len(shared) >= 2
            and [name for name in said if name in held] == shared[::-1]
            and _passive(text) == _passive(sentence)
        ):
            return f"actors in another order: {' and '.join(shared)}"
    return ""


def _order(text: str) -> list[str]:
    folded = fold(text)
    return sorted(found := mentioned(text, actors()), key=lambda name: folded.find(found[name]))


def _passive(text: str) -> bool:
    return bool(re.search(r"\b(?:was|were|is|are|been|being)\s+(?:\w+\s+){0,2}\w+(?:ed|en|n)\s+by\b", fold(text)))


def _negated(text: str, quotes: str) -> str:
    said, held = (
        len(_NEGATION.findall(fold(text))) % 2,
        [len(_NEGATION.findall(fold(s))) % 2 for s in _nearest(text, quotes)],
    )
    return "" if said in held else ("negation not in the source" if said else "negation of the source is missing")


def _modal(text: str, quotes: str) -> str:
    said = {_MODALS[word] for word in re.findall(r"[a-z]+", fold(text)) if word in _MODALS}
    held = {_MODALS[word] for s in _nearest(text, quotes) for word in re.findall(r"[a-z]+", fold(s)) if word in _MODALS}
    return f"'{min(said)}' is not what the source says" if said and not said & held else ""


def _stance(text: str, quotes: str) -> str:
    return _class_changed(text, quotes, _STANCES, "stance")


def _quantity(text: str, quotes: str) -> str:
    return _class_changed(text, quotes, _QUANTIFIERS, "quantifier")


def _class_changed(text: str, quotes: str, classes: Mapping[str, tuple[str, ...]], what: str) -> str:
    def found(words: str) -> set[str]:
        folded = fold(words)
        return {name for name, forms in classes.items() if any(re.search(rf"\b{form}\b", folded) for form in forms)}

    extra = found(text) - found(" ".join(_nearest(text, quotes)))
    return f"{what} changed: {', '.join(sorted(extra))}" if extra else ""


def _nearest(text: str, quotes: str) -> list[str]:
    """The sentences of the quotes that share most words with `text`."""
    words = set(re.findall(r"\w+", fold(text)))
    sentences = [s for s in re.split(r"(?<=[.!?;])\s+", quotes) if s.strip()] or [quotes]
    shared = [len(words & set(re.findall(r"\w+", fold(s)))) for s in sentences]
    return [s for s, n in zip(sentences, shared, strict=True) if n == max(shared)]


RULES: Mapping[str, Callable[[str, str], str]] = {
    "number": _new_numbers,
    "symbol": _new_symbols,
    "name": _new_names,
    "swapped": _swapped,
    "negation": _negated,
    "modality": _modal,
    "stance": _stance,
    "quantifier": _quantity,
}
