"""Lists whose items are paragraphs with a label, 'Norm (a) says ...', 'Norm (b) ...', or are counted off, 'First, ...', 'Second, ...'."""

from __future__ import annotations

import re

from bot.expected import CARDINALS, MARKER, ORDINALS
from bot.names import fold
from bot.wording import stem
from ingest.documents import Sentence, Text

LEAST = 3  # items that make a list
SOON = 2  # sentences between the words that announce a list and its first item
APART = 8  # sentences between two items that are counted off
_LABEL = re.compile(
    rf"(?:the )?(?:(?P<before>{'|'.join(ORDINALS)}) (?P<thing>[a-z]{{4,}})"
    rf"|(?P<noun>[a-z]{{4,}}) \(?(?P<after>\d{{1,2}}|[a-z])\)?(?![\w)]))"
)


def labelled(asked: str, text: Text) -> list[Sentence]:
    """The sentences of `text` that begin with the first, second, third ... of a thing that `asked` names; none where these are no list.

    Where `asked` says how many, there must be so many.
    """
    words = fold(asked).split()
    stems = {stem(word.strip("?,.;:")) for word in words}
    things: dict[str, list[Sentence]] = {}
    for sentence in text.sentences:
        found = _label(fold(text.document.text[sentence.start : sentence.end][:80])) if _told(sentence) else None
        if found and stem(found[0]) in stems:
            items = things.setdefault(stem(found[0]), [])
            if found[1] == len(items) + 1:
                items.append(sentence)
    longest = max(things.values(), key=len, default=[])
    wanted = next((CARDINALS.index(word) + 1 for word in words if word in CARDINALS[1:]), 0)
    return longest if len(longest) >= LEAST and wanted in (0, len(longest)) else []


def counted_off(text: Text, at: int) -> list[Sentence]:
    """The sentences that begin with First, Second, Third ..., the first of them soon after sentence `at`; none unless two."""
    items: list[Sentence] = []
    last = at
    for place, sentence in enumerate(text.sentences[at + 1 :], at + 1):
        if place - last > (APART if items else SOON + 1) or sentence.kind == "heading":
            break
        begins = fold(text.document.text[sentence.start : sentence.end][:20])
        if sentence.agreed and re.match(rf"{ORDINALS[len(items)]}(?:ly)?\b", begins):
            items.append(sentence)
            last = place
        elif len(items) > 1 and re.match(r"(?:finally|lastly)\b", begins):
            return [*items, sentence]
        if len(items) == len(ORDINALS):
            break
    return items if len(items) > 1 else []


def _told(sentence: Sentence) -> bool:
    return sentence.agreed and sentence.kind not in ("heading", "note")


def _label(folded: str) -> tuple[str, int] | None:
    """The thing and its place in the series: ('norm', 2) of 'Norm (b), on ...'."""
    found = _LABEL.match(MARKER.sub("", folded))
    if not found:
        return None
    if found["thing"]:
        return found["thing"], ORDINALS.index(found["before"]) + 1
    after = found["after"]
    return found["noun"], int(after) if after.isdigit() else ord(after) - ord("a") + 1
