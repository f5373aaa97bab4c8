"""What kind of thing an answer must hold: a date for 'when', an amount for 'how much', a name for 'who'."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Literal

from bot.names import fold
from bot.wording import stem, synonyms

Expectation = Literal["date", "duration", "money", "number", "name", "place", ""]

_ASKS: tuple[tuple[Expectation, str], ...] = (
    (
        "duration",
        r"how (?:long|fast|quickly|soon|often|frequently)|within what (?:time|period)|time limit|cuanto tiempo|combien de temps",
    ),
    (
        "date",
        r"(?:^|[,:;] |\band )(?:since |by |until )?when (?:did|was|were|will|must|has|have|should|shall|(?:do|does|is|are) .{3,80}(?:due|held|expected|appl(?:y|ies)|enters?|begins?|starts?|ends?|expires?|open))|when$|(?:on |from |by |at )?(?:what|which) (?:exact |precise )?(?:date|day|year|month)|by when|deadline|since when"
        r"|en que (?:fecha|ano)|cuando|quand|quelle date|quel jour|a partir de quand",
    ),
    (
        "money",
        r"how much (?:money|did .{3,60} (?:cost|pay|spend|raise|fund|give|donate))|(?:what|which) (?:\w+ ){0,3}(?:budget|price|cost|fine|value"
        r"|ransom|fee|amount of money|sum)|total (?:budget|cost|fine)|maximum fine|budget (?:in|of)|cuanto (?:pago|costo|dinero)|combien .{0,30}(?:paye|coute)",
    ),
    (
        "number",
        r"how (?:many|much|large|big|high)|(?:what|which) (?:\w+ )?(?:number|share|percentage|amount|figures?)|total (?:number)|cuant[oa]s?|combien",
    ),
    (
        "place",
        r"(?:^|[,:;] |and |from |to )where(?! (?:do|does) (?:\w+ ){1,4}stand)|in which (?:city|country|town|place)|donde|ou (?:s'est|a eu|se tient|a ete)",
    ),
    (
        "name",
        r"who|whom|which (?:\w+ ){0,3}(?:body|organi[sz]ations?|agency|country|countries|(?:member )?states?|compan(?:y|ies)|minister|president"
        r"|services?|unit)|qui|quien(?:es)?",
    ),
)
_ASKED = tuple((what, re.compile(rf"\b(?:{pattern})\b")) for what, pattern in _ASKS)

_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred"
    "|thousand|million|billion|dozens?|tens|hundreds|thousands|half|quarter|third"
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_UNITS = "minutes?|hours?|days?|weeks?|months?|years?"
_HELD: tuple[tuple[Expectation, str], ...] = (
    (
        "date",
        rf"(?i)\b(?:(?:19|20)\d\d|(?:\d{{1,2}} )?(?:{_MONTHS})(?: \d{{1,2}})?\b(?! (?:be|not|also)\b)|no[tr]? later than"
        r"|within (?:the next )?\w+ (?:\w+ )?(?:hours?|days?|weeks?|months?|years?|decade)|within a decade|(?:end of|by) (?:the|this) (?:year|decade))",
    ),
    (
        "duration",
        rf"(?i)\b(?:(?:\d+|{_NUMBER_WORDS}|a|an|every|each)[ -](?:\w+ )?(?:{_UNITS})|(?:bi|semi)?-?(?:annual|monthly|weekly|yearly|quarterly|daily)(?:ly)?|without undue delay"
        r"|immediately)\b"
        rf"|\bfrom (?:(?:\d{{1,2}} )?(?:{_MONTHS}) )?(?:19|20)\d\d (?:to|until|till) ",
    ),
    ("money", r"(?i)(?:[$€£¥]|\b(?:EUR|USD|GBP|AUD|dollars?|euros?|pounds|bitcoins?))|%|per cent"),
    (
        "number",  # neither a year nor the number of a paragraph
        rf"(?i)(?<![\w/(.-])(?!(?:19|20)\d\d\b)\d+(?:[.,]\d+)*(?![\w/)])|%|\b(?:{_NUMBER_WORDS})\b",
    ),
    ("name", r"(?<=\S )[A-Z][\w’'-]+"),
    ("place", r"\b(?:in|at|from|near) (?:the )?[A-Z]\w+"),
)
_HOLDS = {what: re.compile(pattern) for what, pattern in _HELD}


MARKER = re.compile(r"^\W*(?:\d{1,3}(?:\.\d{1,3})*[.)]|\(\w{1,4}\))\s")  # the number of a paragraph or point
CARDINALS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
).split()
_NUMERAL = rf"(?:(?!(?:19|20)\d\d\b)\d[\d,.]*|{'|'.join(CARDINALS)}|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozen)"
_HOW_MANY = re.compile(r"how many ((?:\w+ ?){1,4})")
MEMBERS = frozenset("countries states nations members allies parties governments participants signatories".split())
BESIDE = 7  # words between a number and what it counts, at most
_VERBS = frozenset(
    "is are was were be been do does did has have had can could may must shall should will would".split()
)
_LOOSE = frozenset("other more different that new".split())


def expectation(text: str) -> Expectation:
    """What kind of thing the answering sentence must hold for the question `text`; empty when it may be anything."""
    folded = fold(text.split("? (")[0])
    return next((what for what, pattern in _ASKED if pattern.search(folded)), "")


def holds_expected(text: str, expects: Expectation) -> bool:
    """Whether `text` holds the kind of thing that the question asks for."""
    return not expects or bool(_HOLDS[expects].search(MARKER.sub("", text)))


def counts(question: str, texts: Sequence[str]) -> bool:
    """Whether one of `texts` gives a number beside the thing that `question` asks 'how many' of; True when it asks no such thing."""
    asked = _HOW_MANY.search(fold(question))
    if not asked:
        return True
    phrase = takewhile(lambda word: word not in _VERBS, asked.group(1).split())
    things = [word for word in phrase if len(word) > 3 and word not in _LOOSE]
    return not things or any(_counted(thing, fold(text)) for thing in things for text in texts)


def _counted(thing: str, text: str) -> bool:
    """Whether a number stands within seven words of `thing`, a form of it or a word that may stand for it."""
    words = re.findall(r"\w[\w,.]*", text)
    kin = [i for i, word in enumerate(words) if _kin(thing, word.rstrip(".,"))]
    numerals = [i for i, word in enumerate(words) if re.fullmatch(_NUMERAL, word.rstrip(".,"))]
    return any(0 < abs(i - j) <= BESIDE for i in kin for j in numerals)


def _kin(one: str, other: str) -> bool:
    if one in MEMBERS and other in MEMBERS:
        return True
    return other.startswith(one[: max(4, len(one) - 2)]) or stem(one) == stem(other) or synonyms(one, other)
