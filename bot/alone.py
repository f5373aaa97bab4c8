"""What a sentence must be to stand in a note by itself, told by its form: whole, leaning on nothing, saying something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.figures import dates
from bot.render import visible
from bot.wording import plain

_NUMBER = r"(?:\(?\w{1,4}[.)]\s+)?"
_CAPITAL = r"""["“‘'«(]?[A-ZÀ-ÞΑ-ΩА-Я0-9]"""
_ACTS = (
    "Directive|Regulation|Decision|Convention|Treaty|Protocol|Agreement|Accord|Pact|Covenant|Charter|Act|Declaration|Recommendation|Code"
    "|Memorandum|Framework|Strategy|order"
)
_WHOLE = re.compile(rf"""^{_NUMBER}{_CAPITAL}.*[.!]["”’'»)\]]*$""", re.DOTALL)
_OPENING = re.compile(rf"^{_NUMBER}{_CAPITAL}.*:$", re.DOTALL)
_OPERATIVE = re.compile(
    r"^(?:\d+\.\s+)?(?:Also |Further )?(?:Calls|Requests|Decides|Invites|Welcomes|Encourages|Urges|Affirms|Reaffirms|Supports|Recognizes"
    r"|Stresses|Underlines|Emphasizes|Endorses|Condemns|Notes|Confirms|Acknowledges)\b.*[;.](?: \d{1,2})?$",
    re.DOTALL,
)
_LEANS = re.compile(
    rf"^{_NUMBER}(?:(?:Such|They|These|Those|It|Its|Their|This (?!{_ACTS}|statement|resolution|meeting)\w+ \w+|In addition|However"
    r"|Therefore|Moreover|Furthermore|Accordingly|Thus|Hence|Also|To (?:that|this) end|Not surprisingly"
    r"|As such|In (?:so )?doing(?: so)?|For example"
    r"|For instance|Similarly|Likewise)\b|That \w+ (?:is|was)\b)"
    r"|\b(?:do|does|did) (?:not )?(?:do )?so\b|\bwith them\b|\bthe following (?:actions|measures|steps|commitments)\b"
)
_FORMAL = re.compile(
    r"\bnot intended to,? and does not,? create any right|\bnothing in this \w+ shall be construed"
    r"|\bsubject to the availability of appropriations|\bbinding in its entirety|\bopen for signature|\bcertified copies"
    r"|\b(?:is|are) (?:deleted|replaced by the following|addressed to the)\b|\b(?:enters?|entry) into force on the \w+ day"
    r"|\binstruments? of (?:ratification|accession|acceptance)|\bthe date of receipt of such notification"
)
_TERM = re.compile(r"^\W*(?:\w{1,3}\)\s+)?(?:the term )?[“‘\"']([^”’\"']+)[,”’\"']+ .{0,60}?means\b", re.IGNORECASE)
_ITSELF = re.compile(rf"\bthis (?:{_ACTS})\b", re.IGNORECASE)
_SUBJECT = re.compile(
    rf"(?<!for the )\b(?:aims?|purposes?|objectives?) of this (?:{_ACTS})\b"
    rf"|\bthis (?:{_ACTS}) (?:lays? down|establish\w*|sets? (?:out|up)|aims?|provides?|creates?|is intended)\b",
    re.IGNORECASE,
)
_CITED = re.compile(r"\b(?:of|dated|on)(?: the)? $")
_INSTRUMENT = re.compile(
    r"\b(?:directive|regulation|resolution|decision|recommendation|act|convention|council|commission|order)\b"
)


def alone(text: str, resolution: bool = False) -> bool:
    """Whether a sentence can be read alone; an operative paragraph of a resolution can, though it ends with a semicolon."""
    return not _LEANS.search(visible(text)) and (whole(text) or (resolution and operative(text)))


def whole(text: str) -> bool:
    """Whether a text is a sentence from its capital to its full stop."""
    return bool(_WHOLE.match(visible(text)))


def operative(text: str) -> bool:
    """Whether a text is an operative paragraph: 'Decides to convene ...;'."""
    return bool(_OPERATIVE.match(visible(text)))


def opens(text: str) -> bool:
    """Whether a sentence opens a list and can be read with its items alone."""
    words = visible(text)
    return bool(_OPENING.match(words)) and not _LEANS.search(words)


def formal(text: str) -> bool:
    """Whether a sentence is one of those that orders, laws and treaties say of themselves, and that tell nothing."""
    return bool(_FORMAL.search(text))


def term(text: str) -> str:
    """The term that a sentence defines; '' where it defines none."""
    found = _TERM.match(text)
    return found[1] if found else ""


def itself(text: str) -> bool:
    """Whether a text speaks of itself: 'this Directive'."""
    return bool(_ITSELF.search(text))


def subject(text: str) -> bool:
    """Whether a law says here what it is for."""
    return bool(_SUBJECT.search(text))


def event(text: str) -> str:
    """The day, or at least the month, on which something happens according to a sentence; '' where it names none."""
    return next(_days(text), "")


def _days(text: str) -> Iterator[str]:
    """The days named; not those that only tell an instrument from others: 'Regulation (EU) 2016/679 ... of 27 April 2016'."""
    given = plain(text)
    for date in dates(text):
        before = given[max(0, date.start - 80) : date.start]
        if date.year and date.month and not (_CITED.search(before) and _INSTRUMENT.search(before)):
            yield "-".join([f"{date.year}", f"{date.month:02}", *([f"{date.day:02}"] if date.day else [])])
