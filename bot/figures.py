"""Numbers, dates, durations, places in a document and symbols of a text, each in one form however it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.wording import flat, plain

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_NUMERALS = {word: n for n, word in enumerate(_UNITS.split())} | {
    word: n
    for n, word in zip(range(20, 100, 10), "twenty thirty forty fifty sixty seventy eighty ninety".split(), strict=True)
}
ORDINALS = {
    word: n
    for n, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth".split(),
        1,
    )
} | {"twentieth": 20, "thirtieth": 30, "twenty-first": 21}
_TIMES = {
    "doubl(?:e|ed|es|ing)": "2",
    "twice": "2",
    "tripl(?:e|ed|es|ing)": "3",
    "quadrupl": "4",
    "halv(?:e|ed|es|ing)": "1/2",
}
_SCALES = {
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "billion": 10**9,
    "bn": 10**9,
    "trillion": 10**12,
    "dozen": 12,
}
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier enero januar januari января январь يناير كانون",
            "february feb février febrero februar februari февраля февраль فبراير",
            "march mar mars marzo märz maart марта март مارس",
            "april apr avril abril апреля апрель أبريل",
            "may mai mayo mei мая май مايو",
            "june jun juin junio juni июня июнь يونيو",
            "july jul juillet julio juli июля июль يوليو",
            "august aug août agosto augustus августа август أغسطس",
            "september sep sept septembre septiembre сентября сентябрь سبتمبر",
            "october oct octobre octubre oktober октября октябрь أكتوبر",
            "november nov novembre noviembre ноября ноябрь نوفمبر",
            "december dec décembre diciembre dezember декабря декабрь ديسمبر",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<!\w)(?P<m>{_MONTH})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>[12]\d{{3}}))?(?![\w])",
        rf"(?<!\w)(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|º)?\.?,? (?:of |de |day of )?(?P<m>{_MONTH})\.?,?(?: de| del)?(?:,? (?P<y>[12]\d{{3}}))?(?![\w])",
        rf"(?<!\w)(?P<m>{_MONTH})\.?,?(?: of| de| del)? (?P<y>[12]\d{{3}})(?!\w)",
        r"(?<![\w/.-])(?P<y>[12]\d{3})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?![\w/-])",
        r"(?<![\w/.-])(?P<y>[12]\d{3})-(?P<m>\d{2})(?![\w/-])",
        r"(?<![\w/.-])(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>[12]\d{3})(?![\w/-])",
        r"(?P<y>[12]\d{3}) ?年(?: ?(?P<m>\d{1,2}) ?月(?: ?(?P<d>\d{1,2}) ?日)?)?",
    )
)
_DAYS = re.compile(
    rf"(?<![\w/.-])(?:(?P<d>\d{{1,2}}(?:,? (?:and|to|or) |-)\d{{1,2}}) (?P<m>{_MONTH})|(?P<n>{_MONTH}) (?P<e>\d{{1,2}}(?:,? (?:and|to|or) |-)\d{{1,2}}))"
    r"(?:,? (?P<y>[12]\d{3}))?(?!\w)"
)
_FIGURE = re.compile(r"\d+(?:[ ]\d{3}(?!\d))+(?:[.,]\d+)?|\d+(?:[.,]\d+)*")
_WORDS = re.compile(r"[a-z]+(?:-[a-z]+)?|\d[\d.,]*\d|\d")
_PLACE = re.compile(
    r"\b(?P<kind>articles?|arts?\.|artikel|artículos?|articulos?|sections?|secs?\.|§§?|paragraphs?|paras?\.|subsections?|subparagraphs?|"
    r"recitals?|annex(?:es)?|chapters?|points?|principles?|norms?|rules?|titles?|pillars?|ets no\.?|cets no\.?|objectives?|appendix|part)"
    r" ?(?P<labels>(?:\([a-z]\)|\(?[0-9ivxlc]+[a-z]?\)?(?![a-z]))(?:[.(][0-9a-z]+\)?)*(?:(?:,| and| or| to|-| through) ?(?:and )?\(?(?:\d+[a-z]?|[ivxlc]+)\b\)?(?![a-z])(?:[.(][0-9a-z]+\)?)*)*)"
)
_LABEL = re.compile(r"^\([a-z]\)|\(?[0-9]+[a-z]?\)?(?![a-z])(?:[.(][0-9a-z]+\)?)*|\(?\b[ivxlc]+\b\)?(?:\([0-9a-z]+\))*")
_KINDS = {
    "art": "article", "sec": "section", "§": "section", "para": "paragraph", "cets no": "treaty", "ets no": "treaty",
    "annex": "annex", "point": "paragraph", "norm": "norm", "sub": "paragraph",
}  # fmt: skip
_SYMBOL = re.compile(
    r"\b[A-Z]{1,4}(?:/[A-Za-z0-9.]+){1,5}|\b\d+/\d+(?:/[A-Z]{2,4})?\b|\b(?:E\.?O\.?|PPD|NSM|CVE|SP|HR|S)[ -]\d[\d-]*\b"
)
_ONE = re.compile(r"\bone\b(?! (?:hundred|thousand|million|billion))")
_SYMBOL_PLAIN = re.compile(_SYMBOL.pattern, re.IGNORECASE)
_DURATION = re.compile(
    r"(?P<n>\d+(?:[.,]\d+)?)[ -](?P<unit>minute|hour|day|week|month|year|working day|business day|calendar day)s?\b"
)
_HOURS = {"minute": 1 / 60, "hour": 1, "day": 24, "week": 168, "month": 730, "year": 8760}


class Date(NamedTuple):
    """A date, as far as it is given: 0 for what is not said."""

    year: int
    month: int
    day: int
    start: int
    end: int

    def within(self, other: Date) -> bool:
        """Whether `other` says all that this date says."""
        return all(mine in (0, theirs) for mine, theirs in zip(self[:3], other[:3], strict=True))


def dates(text: str) -> list[Date]:
    """The dates of `text`: '17 October 2024', 'October 17, 2024' and '2024-10-17' are one."""
    given = plain(text)
    found: list[Date] = []
    for match in _DAYS.finditer(given):
        if (
            (match["m"] or match["n"]) == "may"
            and not match["y"]
            and not _capital(text, given, match.start("m" if match["m"] else "n"))
        ):
            continue
        days = re.findall(r"\d+", match["d"] or match["e"])
        which = MONTHS[match["m"] or match["n"]]
        if all(int(day) <= 31 for day in days):
            found += [Date(int(match["y"] or 0), which, int(day), *match.span()) for day in days]
    for pattern in _DATES:
        for match in pattern.finditer(given):
            parts = match.groupdict()
            month = parts.get("m") or "0"
            if month == "may" and not parts.get("y") and not _capital(text, given, match.start("m")):
                continue
            date = Date(
                int(parts.get("y") or 0),
                int(month) if month.isdigit() else MONTHS[month],
                int(parts.get("d") or 0),
                *match.span(),
            )
            if (
                date.month <= 12
                and date.day <= 31
                and not any(d.start < date.end and date.start < d.end for d in found)
            ):
                found.append(date)
    return sorted(found, key=lambda date: date.start)


def months(text: str) -> set[int]:
    """The months that `text` names, in dates or alone with a capital."""
    alone = re.findall(
        rf"(?<![\w-])(?:in|of|by|since|until|from|to|and|late|early|mid|during|-) ?({_MONTH})(?!\w)", plain(text)
    )
    capital = {word.casefold() for word in re.findall(r"(?<!\w)[A-Z]\w+", flat(text))}
    return {date.month for date in dates(text) if date.month} | {MONTHS[name] for name in alone if name in capital}


def _capital(text: str, given: str, at: int) -> bool:
    """Whether the plain form of `text` has a capital at a place; where that cannot be told, yes."""
    original = flat(text)
    return len(original) != len(given) or original[at].isupper()


def spelt(text: str) -> str:
    """`text` in its plain form, with numbers in words and thousands with marks written in figures: 'seventy-two' is 72."""
    given = re.sub(r"(?<=\d)[,\u00a0](?=\d{3}(?!\d))", "", plain(text))
    given = re.sub(
        r"(?<![\d.])(\d{1,3})((?: \d{3})+)(?![\d,.]\d)", lambda m: m.group(1) + m.group(2).replace(" ", ""), given
    )
    given = re.sub(r"(?<=\d) ?%|(?<=\d) per ?cent\b", " percent", given)
    out: list[str] = []
    at = 0
    for start, end, value in _numerals(given):
        out += [given[at:start], value]
        at = end
    return "".join([*out, given[at:]])


def _numerals(given: str) -> Iterator[tuple[int, int, str]]:
    """Runs of number words with their value: 'one hundred and twenty-four', '1.5 million'."""
    words = list(_WORDS.finditer(given))
    at = 0
    while at < len(words):
        used, value = _run(given, words, at)
        if used > 1 or (used and not words[at].group()[0].isdigit()):
            yield words[at].start(), words[at + used - 1].end(), f"{value:.10g}"
        at += max(1, used)


def _run(given: str, words: list[re.Match[str]], at: int) -> tuple[int, float]:
    """How many words from `at` on make one number, and the number."""
    total, current, used = 0.0, 0.0, 0
    for step, match in enumerate(words[at:]):
        word = match.group()
        if step and given[words[at + step - 1].end() : match.start()] not in (" ", "-"):
            break
        if word == "and" and used and current and current % 100 == 0 and _numeral(words, at + step + 1):
            continue
        if _numeral(words, at + step):
            parts = [_NUMERALS[part] for part in word.split("-")]
            if used and (current % 10 or (current % 100 and parts[0] >= 10)):
                break
            current += sum(parts)
        elif word in _SCALES and (used or _SCALES[word] != 10**9 or word == "billion"):
            scale = _SCALES[word]
            total, current = (total, (current or 1) * 100) if scale == 100 else (total + (current or 1) * scale, 0.0)
        elif not step and re.fullmatch(r"\d+(?:\.\d+)?", word):
            current = float(word)
        else:
            break
        used = step + 1
    return used, total + current


def _numeral(words: list[re.Match[str]], at: int) -> bool:
    return at < len(words) and all(part in _NUMERALS for part in words[at].group().split("-"))


def numbers(text: str, dated: bool = True) -> set[str]:
    """The numbers of `text` in figures, ordinals too, those of dates if `dated`; the word 'one' is not taken for a number."""
    text = plain(text) if dated else _undated(text)
    given = _ONE.sub(" ", text)
    given = spelt(given)
    found = {_value(match.group()) for match in _FIGURE.finditer(given)}
    found |= {f"times {times}" for word, times in _TIMES.items() if re.search(rf"\b{word}", given)}
    return found | {
        str(n) for word, n in ORDINALS.items() if n > 1 and re.search(rf"\b{word}\b(?! (?:of all|and foremost))", given)
    }


def _value(figure: str) -> str:
    figure = (
        re.sub(r"[ ]|[.,](?=\d{3}\b)(?!\d{3}\.\d{3})", "", figure)
        if re.fullmatch(r"\d{1,3}(?:[ .,]\d{3})+", figure)
        else figure
    )
    figure = figure.replace(" ", "").replace(",", ".").strip(".")
    try:
        return f"{float(figure):.12g}"
    except ValueError:
        return figure


def _undated(text: str) -> str:
    bare = list(plain(text))
    for date in dates(text):
        bare[date.start : date.end] = " " * (date.end - date.start)
    return "".join(bare)


def loose(text: str) -> str:
    """`text` without dates, symbols and places in documents: what is left of its numbers counts something."""
    bare = _undated(text)
    return _PLACE.sub(" ", spelt(_ONE.sub(" ", _SYMBOL_PLAIN.sub(" ", bare))))


def durations(text: str) -> dict[tuple[str, str], float]:
    """Numbers with a unit of time, and how many hours they are."""
    found = {}
    for match in _DURATION.finditer(spelt(text)):
        unit = match["unit"].split()[-1]
        found[(_value(match["n"]), unit)] = float(match["n"].replace(",", ".")) * _HOURS[unit]
    return found


def places(text: str) -> set[tuple[str, tuple[str, ...]]]:
    """Articles, sections, paragraphs ... that `text` names: ('article', ('23', '4'))."""
    found = set()
    for match in _PLACE.finditer(spelt(text)):
        kind = next(
            (name for start, name in _KINDS.items() if match["kind"].startswith(start)), match["kind"].rstrip("s")
        )
        for label in _LABEL.finditer(match["labels"]):
            parts = tuple(re.findall(r"[0-9]+|[a-z]+", label.group()))
            if parts:
                found.add((kind, parts))
    return found


def symbols(text: str) -> set[str]:
    """Document symbols: A/RES/73/27, 2022/2555, EO 14028."""
    return {
        re.sub(r"[^0-9a-z/]", "", symbol.casefold()).removeprefix("a/res/") for symbol in _SYMBOL.findall(flat(text))
    }


def same_place(kind: str, parts: tuple[str, ...], other: str, others: tuple[str, ...]) -> bool:
    """Whether two places are one, or one lies within the other: Article 23 and Article 23(4)."""
    n = min(len(parts), len(others))
    return parts[:n] == others[:n] and (
        kind == other or ({kind, other} <= {"article", "section", "paragraph"} and n > 1)
    )
