"""Pinpoints as text: brought into one form, found in a question, and one that covers several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_NUMBER = r"\d{1,3}(?:\.\d{1,2})?[a-z]?"
_POINT = r"\(\s?[a-z0-9]{1,5}\s?\)"
_PLACE = rf"(?:{_NUMBER}|[ivxl]{{1,6}})(?![\w/])(?:\s?{_POINT})*"
_KINDS = {
    "artikel": r"artikel[sn]?",
    "article": r"art[ií]c(?:le|ulo|olo)s?|artigos?|artciles?|articel|arts?\.|art(?=\s?\d)",
    "para.": r"(?:operative\s|preambular\s)?para(?:graph(?:e|s|es)?|s)?\b\.?|párrafos?|apartados?|OP(?=\s?\d)",
    "sec.": r"(?:sub)?sections?|secci[oó]n|secs?\.?|§§?",
    "recital": r"recitals?|considérants?|considerandos?",
    "annex": r"annex(?:es|e)?|anexos?",
    "appendix": r"appendi(?:x|ces)",
    "norm": r"norms?",
}
_WORD = {
    name: re.compile(rf"^(?:{spellings})\s*(?=\(?(?:\d|[ivxl]+\b|$))", re.IGNORECASE)
    for name, spellings in _KINDS.items()
}
_INNER = re.compile(  # what follows an article: ', paragraph 1', ', point (a)'
    r",?\s*(?<!\w)(?:paragraphs?|paragraphe|párrafo|apartado|paras?\.?|abs\.?|lid|points?|letter|letra|lit\.?|subparagraph)\s*"
    r"\(?(?P<mark>\d{1,3}[a-z]?|[a-z]{1,4})\)?(?![\w(])",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    r"\b(?P<inner>(?:point|letter|letra|paragraph|paragraphe|apartado|párrafo|subsection|para\.?|par\.)\s*\(?(?P<mark>\d{1,3}|[a-z])\)?)"
    r",?\s+(?:of|du|del?|de l['’])\s*(?P<outer>(?:art|sec|annex)\w*\.?\s?(?:\d|[ivx]+\b)[\d()., a-z]{0,12}(?<=[\w)]))",
    re.IGNORECASE,
)
_OUTER = re.compile(
    rf"(?<!\w)(?:{_KINDS['artikel']}|{_KINDS['article']}|{_KINDS['annex']})\s?{_PLACE}"
    rf"(?:{_INNER.pattern.replace('?P<mark>', '')})+",
    re.IGNORECASE,
)
_MORE = r"(?:\s?(?:,|;|and|or|to|et|y|e|und|en|-|–|&)\s?)"
_UNITS = r"(?!\s?(?:%|percent|days?|hours?|weeks?|months?|years?|countries|states|members)\b)"
_NAMED = re.compile(
    "|".join(
        rf"(?<!\w)(?P<k{at}>{spellings})\s?\(?(?P<p{at}>{_PLACE}\)?(?:{_MORE}+(?:{_PLACE}{_UNITS}|{_POINT}))*)"
        for at, spellings in enumerate(_KINDS.values())
    ),
    re.IGNORECASE,
)
_PART = re.compile(rf"({_MORE}*)({_PLACE}|{_POINT})", re.IGNORECASE)
_CATEGORY = re.compile(r"(?<![\w.])[A-Z]{2}\.[A-Z]{2}(?:-\d{1,2})?(?![\w.])")
_RANGE = re.compile(r"^\s?(?:to|-|–)\s?$")
_LONGEST_RANGE = 20  # 'Articles 5 to 9' names five; a longer range names its ends


def normal(pinpoint: str) -> str:
    """A pinpoint in comparable form: 'Art. 21 (2)', 'Article 21.2' and 'article 21 para 2' are all 'article 21(2)'."""
    text = " ".join(pinpoint.split())
    for name, word in _WORD.items():
        text, found = word.subn(f"{name} ", text, count=1)
        if found:
            break
    text = text.lower()
    if text.startswith(("article ", "artikel ", "sec. ", "annex ", "recital ")):
        text = re.sub(r"^((?:article|artikel) \d+[a-z]?)\.(\d+)", r"\1(\2)", text)
        text = _INNER.sub(r"(\g<mark>)", text)
    text = re.sub(r"\s*([()])\s*", r"\1", text)
    text = re.sub(r"\)(?=\w)", ") ", text)
    text = re.sub(r"^recital\(?(?: \(?)?(\d+)\)?", r"recital \1", text)
    text = re.sub(r"^norm (?=\d+\(?[a-z])", "para. ", text)
    text = re.sub(r"^(para\. \d+)([a-z])$", r"\1(\2)", text)
    return text.strip().rstrip(".")


def mentions(text: str) -> tuple[str, ...]:
    """The provisions that a question names, in comparable form: 'Article 21(2) of NIS2' gives ('article 21(2)',)."""
    found = list(_turned(text))
    rest = _OUTER.sub(lambda match: _INNER.sub(r"(\g<mark>)", match.group()), _WITHIN.sub(" ", text))
    for match in _NAMED.finditer(rest):
        at = next(at for at in range(len(_KINDS)) if match.group(f"k{at}"))
        found += _each(list(_KINDS)[at], match.group(f"p{at}"))
    found += [name.lower() for name in _CATEGORY.findall(rest)]
    found += [f"article{place[7:]}" for place in found if place.startswith("artikel ")]
    return tuple(dict.fromkeys(found))


def _turned(text: str) -> Iterator[str]:
    """'point (a) of Article 21(2)' and 'paragraph 3 of Article 25', the inner place last."""
    for match in _WITHIN.finditer(text):
        outer = next(iter(mentions(match.group("outer"))), "")
        if outer:
            yield f"{outer}({match.group('mark').lower()})"


def _each(kind: str, places: str) -> Iterator[str]:
    """The places of one enumeration: '21(2)(a) and (b)', '5, 6 and 9', '5 to 7'."""
    last = ""
    for joint, place in _PART.findall(places):
        if kind == "norm" and not re.match(r"\d+\s?\(?[a-z]", place):
            continue
        if (
            not place[0].isdigit()
            and place[0] != "("
            and kind not in ("annex", "article", "artikel", "sec.", "appendix")
        ):
            continue
        if place.startswith("(") and not last.endswith(")"):
            continue
        name = re.sub(r"\([^()]*\)$", "", last) + place.lower() if place.startswith("(") else normal(f"{kind} {place}")
        if last and _RANGE.match(joint):
            yield from _between(last, name)
        last = name
        yield name


def _between(first: str, last: str) -> Iterator[str]:
    """What lies between the ends of 'Articles 5 to 9' or of 'Article 6(1)(a)-(f)'."""
    low, high = (re.fullmatch(r"(.*?)(\d+|(?<=\()[a-z](?=\)))(\)?)", name) for name in (first, last))
    if not low or not high or low[1] != high[1] or low[2].isdigit() != high[2].isdigit():
        return
    values = [int(name) if name.isdigit() else ord(name) for name in (low[2], high[2])]
    if values[1] - values[0] <= _LONGEST_RANGE:
        for value in range(values[0] + 1, values[1]):
            yield f"{low[1]}{value if low[2].isdigit() else chr(value)}{low[3]}"


_JOINT = re.compile(
    r"(?= > )|(?=\([^()\s]{1,5}\))|(?=, (?:point|para\.|Part|Section|Class|Chapter|Title|Table)\s)"
    r"|(?<=\d)(?=\.\d)|(?=-\d{1,2}$)"
)
_LAST = re.compile(r"\([^()]+\)|\.\d+")


def covering(pinpoints: Sequence[str]) -> str:
    """The finest place that covers all: 'Article 21(2)' for its points, 'Article 21(1)-(3)' for whole paragraphs."""
    unique = list(dict.fromkeys(pinpoints))
    if len(unique) < 2:
        return "".join(unique)
    pages = [re.fullmatch(r"p\. (\d+)", pinpoint) for pinpoint in unique]
    if unique and all(pages):
        return f"pp. {unique[0][3:]}-{unique[-1][3:]}"
    parts = [_JOINT.split(pinpoint) for pinpoint in unique]
    depth = 0
    while all(len(part) > depth and part[depth] == parts[0][depth] for part in parts):
        depth += 1
    common = "".join(parts[0][:depth]) if parts else ""
    if not common:
        return ""
    next_parts = list(dict.fromkeys(part[depth] if len(part) > depth else "" for part in parts))
    if len(next_parts) > 1 and all(_LAST.fullmatch(part) for part in next_parts):
        first, last = next_parts[0], next_parts[-1]
        return f"{common}{first}-{common.rsplit(' ', 1)[-1] if first[0] == '.' else ''}{last}"
    return common
