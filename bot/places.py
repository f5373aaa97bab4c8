"""The address of a place in a document: where every citation leads, and what can be shared."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

MOST = 100  # other places in one address
_NUMBER = re.compile(r"[0-9]{1,9}")
_SPAN = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
_SUM = re.compile(r"[0-9a-f]{8}")


class Span(NamedTuple):
    """A piece of a document's text, by the offsets of its first character and of the one after its last."""

    start: int
    end: int


class Place(NamedTuple):
    """What an address asks for: a piece to mark, the other pieces that an answer cites, and what the piece said."""

    here: Span | None = None
    cited: tuple[Span, ...] = ()  # all the places of one answer in this document, in its order; `here` may be one
    checksum: str = ""
    part: int | None = None  # of a long document


class NoPlace(ValueError):
    """The address names no place."""


def checksum(quote: str) -> str:
    """A short sign of the words of a place, by which a changed document is noticed."""
    return hashlib.sha256(quote.encode("utf-8", "replace")).hexdigest()[:8]


def query(here: Span, quote: str, cited: Sequence[Span] = ()) -> str:
    """The part of an address that names the place, after the document: `?start=10&end=20&sum=...#quote`."""
    given: dict[str, str | int] = {"start": here.start, "end": here.end, "sum": checksum(quote)}
    if len(cited) > 1:
        given["at"] = ",".join(f"{span.start}-{span.end}" for span in cited[:MOST])
    return f"?{urlencode(given, safe=',')}#quote"


def address(slug: str, here: Span, quote: str, cited: Sequence[Span] = ()) -> str:
    """The address of a place, relative to the page of the chat."""
    return f"read/{slug}{query(here, quote, cited)}"


def parse(given: Mapping[str, str], length: int) -> Place:
    """The place that the query of an address names in a document of `length` characters, or NoPlace."""
    start, end, at = (given.get(name, "") for name in ("start", "end", "at"))
    here = _span(f"{start}-{end}", length) if start or end else None
    listed = at.split(",") if at else []
    if len(listed) > MOST:
        raise NoPlace
    part = _checked(_NUMBER, given.get("part", ""))
    return Place(
        here,
        tuple(_span(span, length) for span in listed),
        _checked(_SUM, given.get("sum", "")),
        max(1, int(part)) if part else None,
    )


def _span(given: str, length: int) -> Span:
    """The piece named by `10-20`."""
    if not (found := _SPAN.fullmatch(given)):
        raise NoPlace
    span = Span(int(found[1]), int(found[2]))
    if not span.start < span.end <= length:
        raise NoPlace
    return span


def _checked(form: re.Pattern[str], given: str) -> str:
    if given and not form.fullmatch(given):
        raise NoPlace
    return given
