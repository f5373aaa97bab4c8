"""The rules by which a sentence is judged against the words it cites: each says what is wrong, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from bot import figures
from bot.ground import Ground, Held, Pair
from bot.names import actors, fold, instruments, mentioned
from bot.proper import all_listed, initials, listed, masked, named, names_it, proper
from bot.roles import swapped
from bot.wording import (
    Mark,
    Token,
    Wording,
    actor,
    coverage,
    irregular,
    opposed,
    plain,
    prefixed,
    related,
    stem,
    synonyms,
)

Rule = Callable[[Ground], str]

NOVEL = 0.5  # share of the content words of a sentence that may be the writer's own
SAME = 0.85  # ... from which every word for who acts must be the source's
COPY = 0.75  # likeness from which a sentence counts as copied, so that what changed places in it was moved
CLAUSE = 0.6  # of a clause's words that make it one that the sentence takes up
_WE = re.compile(r"(?<!\w)(?:we|our|ours|my)(?!\w)")


# what is said must be there


def new_numbers(g: Ground) -> str:
    """A number that the quotes do not have, but as a part of a date, an article or a symbol."""
    source = f"{g.source} ; {g.about}"
    held = figures.numbers(figures.loose(source)) | {n for n in figures.numbers(source) if len(n) > 2}
    spans = {value for (_, _), value in figures.durations(g.source).items()}
    told = {n for (n, _), value in figures.durations(g.text).items() if value in spans}
    extra = figures.numbers(figures.loose(g.text)) - held - told
    return f"not in the source: {', '.join(sorted(extra))}" if extra else ""


def other_units(g: Ground) -> str:
    """A number that is there, but of something else: 24 days for 24 hours, 13 members for 50."""
    held, said = figures.durations(g.source), figures.durations(g.text)
    numbers = {n for n, _ in held}
    for (n, unit), hours in said.items():
        if n in numbers and hours not in held.values():
            return f"{n} {unit}s is not in the source"
    counted, counts = _counted(g.source), _counted(g.text)
    for noun, here in counts.items():
        there = counted.get(noun, set())
        wrong = here - there
        if (
            there
            and wrong
            and not here & there
            and all(any(n in ns for other, ns in counted.items() if other != noun) for n in wrong)
        ):
            return f"{', '.join(sorted(wrong))} is not the number of {noun} in the source"
    return ""


def _counted(text: str) -> dict[str, set[str]]:
    """Nouns with the numbers that stand before them."""
    found: dict[str, set[str]] = {}
    for n, noun in re.findall(r"(?<![\w./-])(\d+(?:\.\d+)?) (?:\w+ )?([a-z]{3,}s)\b", figures.spelt(text)):
        found.setdefault(noun, set()).add(n)
    return found


def new_dates(g: Ground) -> str:
    """A date that the quotes do not have, whatever way it is written."""
    held = [*figures.dates(g.source), *figures.dates(g.about)]
    years = figures.numbers(g.source) | figures.numbers(g.about)
    said = g.said.plain
    for date in figures.dates(g.text):
        loose = date.month and not date.year and not date.day
        if not loose and not any(
            date.within(other) or (date.day and other.within(date) and not other.day and False) for other in held
        ):
            if date.year and not any((date.year, date.month, date.day)[1:]) and str(date.year) in years:
                continue
            return f"not in the source: {said[date.start : date.end]}"
    strange = figures.months(g.text) - figures.months(g.source) - figures.months(g.about)
    return f"not in the source: month {', '.join(map(str, sorted(strange)))}" if strange else ""


def other_places(g: Ground) -> str:
    """An article, section or paragraph other than those that the quotes name or stand in."""
    held = figures.places(g.source) | figures.places(g.about)
    for kind, parts in sorted(figures.places(g.text)):
        if not any(figures.same_place(kind, parts, *other) for other in held):
            return f"not in the source: {kind} {' '.join(parts)}"
    return ""


def other_clause(g: Ground) -> str:
    """A date or article of another clause of the source than the one that is told."""
    clauses = [
        Wording(part)
        for h in g.grounds
        for part in re.split(r"[;:]\s|,? (?:while|whereas|but)\s|, and\s", h.words.text)
        if part.strip()
    ]
    plain_words = [
        t for t in g.said.content if not t.word[0].isdigit() and t.word not in figures.MONTHS and t.word not in _PLACES
    ]
    if (
        len(clauses) < 2
        or len(plain_words) < 3
        or len(re.findall(r"[;:]\s|,? (?:while|whereas|but)\s|, and\s", g.said.text)) > 1
    ):
        return ""
    best = max(clauses, key=lambda c: coverage(plain_words, [c]))
    if coverage(plain_words, [best]) < 0.8:
        return ""
    for kind in (
        lambda t: {d[:3] for d in figures.dates(t)},
        lambda t: {p for k, p in figures.places(t) if k == "article"},
    ):
        said, held = kind(g.text), kind(best.text)
        if said and held and not said & held and said <= set().union(*(kind(c.text) for c in clauses)):
            return f"not where the source says '{best.text[:80]}'"
    return ""


_PLACES = {"article", "articles", "section", "sections", "paragraph", "paragraphs", "sec", "art", "under"}


def new_symbols(g: Ground) -> str:
    """A document symbol that the quotes do not have."""
    held = f"{g.source} {g.about}"
    known = figures.symbols(held)
    extra = [s for s in figures.symbols(g.text) if s not in known and not any(s in k or k in s for k in known)]
    extra = [s for s in extra if not set(re.findall(r"\d+", s)) <= set(re.findall(r"\d+", held))]
    return f"not in the source: {', '.join(sorted(extra))}" if extra else ""


def new_names(g: Ground) -> str:
    """Somebody, or a place, or an instrument that the quotes do not name, by any of its names."""
    held = f"{g.source} {g.about}"
    known, said = {**all_listed(held), **mentioned(held, (*actors(), *instruments()))}, all_listed(g.text)
    extra = [words for name, words in said.items() if name not in known and not names_it(words, held)]
    used = " ".join(fold(words) for name, words in said.items() if name in known)
    for name, whole in proper(masked(g.text, said.values())):
        if not (
            fold(name) in used or names_it(name, held) or names_it(whole, held) or _all_known(name, known)
        ) and not any(fold(name) in fold(e) or fold(e) in fold(name) for e in extra):
            extra.append(name)
    if _WE.search(g.said.plain) and not _WE.search(plain(held)):
        extra.append("we")
    return f"not in the source: {', '.join(extra)}" if extra else ""


def _all_known(name: str, known: Mapping[str, str]) -> bool:
    found = all_listed(name)
    return bool(found) and set(found) <= set(known)


def other_roles(g: Ground) -> str:
    """The same people, the other way round."""
    return swapped(g)


_LINKS = frozenset(
    "and or before after within outside inside beyond with without for against until since despite because".split()
)


def other_words(g: Ground) -> str:
    """In a sentence that is nearly copied: a name, number, actor, or link replaced by another."""
    said, held = g.said.tokens, g.near.words.tokens
    if coverage(g.said.content, [g.near.words]) < CLAUSE:
        return ""
    for a, b in _replaced(said, held):
        mine, theirs = [t.word for t in a], [t.word for t in b]
        if not a or not b:
            if [*mine, *theirs] in (["not"], ["never"]) and similarity(g) >= SAME and _copied_back(g) >= SAME:
                return f"'{(mine or theirs)[0]}' put in or left out"
            continue
        links, others = {*mine} & _LINKS - {*theirs}, {*theirs} & _LINKS - {*mine}
        if (
            len(a) == len(b) == 1
            and links
            and others
            and (similarity(g) >= SAME or not {*mine, *theirs} <= {"and", "or"})
        ):
            return f"'{' '.join(mine)}' for '{' '.join(theirs)}'"
        if len(a) <= 4 and len(b) <= 4 and (told := _another(g, a, b) or _other_subject(g, a, b)):
            return told
    return ""


_AGAINST = {
    "with": "against without",
    "for": "against",
    "before": "after",
    "inside": "outside",
    "within": "outside after",
    "above": "below",
    "under": "over",
}
_TURNED = {
    (a, b) for one, others in _AGAINST.items() for other in others.split() for a, b in ((one, other), (other, one))
}


def turned_links(g: Ground) -> str:
    """Against for with, after for before: before a word that both texts have."""
    for pair in g.pairs:
        mine, theirs = _link(g.said, pair.said), _link(pair.sentence.words, pair.held)
        if (mine, theirs) in _TURNED and not re.search(rf"\b{mine}\b", pair.sentence.words.plain):
            return f"'{mine} {pair.said.word}' for '{theirs} {pair.held.word}'"
    return ""


def _link(words: Wording, token: Token) -> str:
    """The preposition that a word stands under."""
    match = re.search(
        r"(?<!\w)(\w+) (?:(?:the|a|an|their|its|his|her|our|this|that|these|those|any|all|such) )?$",
        words.plain[: token.start],
    )
    return match.group(1) if match else ""


def _other_subject(g: Ground, a: Sequence[Token], b: Sequence[Token]) -> str:
    """In a copied sentence: another word for who acts, one that the source does not have."""
    verb = _VERB.search(g.said.plain, a[-1].end)
    between = g.said.plain[a[-1].end : verb.start()] if verb else ", "
    if (
        similarity(g) < SAME
        or re.search(r"[,;:]|\b(?:of|to|in|for|that|which|who|when|where|if|than|and|or)\b", between)
        or _VERB.search(g.said.plain, 0, a[0].start)
    ):
        return ""
    lost = [t for t in b if t.content and not _has_exactly(g.said, t)]
    fresh = [t for t in a if t.content and not any(_has_exactly(w, t) for w in (g.near.words, g.known))]
    fresh = [t for t in fresh if not any(synonyms(t.word, o.word) for o in lost)]
    mine, theirs = g.said.plain[a[0].start : a[-1].end], g.near.words.plain[b[0].start : b[-1].end]
    if not fresh or not lost or names_it(mine, theirs) or names_it(theirs, mine) or _initialled(g, a, b):
        return ""
    same = named(g.said, a) & named(g.near.words, b)
    return "" if same or any(t.word[0].isdigit() for t in (*fresh, *lost)) else f"'{mine}' for '{theirs}'"


def _another(g: Ground, a: Sequence[Token], b: Sequence[Token]) -> str:
    """Whether the words of one slot name another than those of the other: another number, name or actor."""
    text, near = g.said.plain, g.near.words.plain
    mine, theirs = text[a[0].start : a[-1].end], near[b[0].start : b[-1].end]
    told = f"'{mine}' for '{theirs}'"
    fresh = [t for t in a if t.content and not any(related(t.stem, o.stem) for o in b)]
    lost = [t for t in b if t.content and not any(related(t.stem, o.stem) for o in a)]
    if not fresh or not lost:
        return ""
    if _other_figure(g, mine, theirs):
        return told
    if _other_name(g, a, b):
        return told
    for one in fresh:
        for two in lost:
            kinds, kept = actor(one.word), actor(two.word)
            if kinds and kept and not kinds & kept:
                return told
    return ""


def _other_name(g: Ground, a: Sequence[Token], b: Sequence[Token]) -> bool:
    """Whether one name stands in the place of another: a stranger, or in a copied sentence one from elsewhere in it."""
    mine, theirs = named(g.said, a), named(g.near.words, b)
    if not mine or not theirs or mine & theirs:
        return False
    if mine <= _all_named(g.near.words) and theirs <= _all_named(g.said):
        if similarity(g) < COPY or _listed_together(g.near.words, mine | theirs):
            return False
    words, others = g.said.plain[a[0].start : a[-1].end], g.near.words.plain[b[0].start : b[-1].end]
    return not (names_it(words, others) or names_it(others, words) or _initialled(g, a, b))


def _other_figure(g: Ground, mine: str, theirs: str) -> bool:
    """Whether one number stands in the place of another, not only elsewhere or written otherwise."""
    numbers, others = figures.numbers(mine), figures.numbers(theirs)
    if not numbers or not others or numbers & others:
        return False
    said, held = f"{g.said.text}", g.near.words.text
    if figures.durations(said).keys() & figures.durations(held).keys():
        return False
    moved = numbers <= figures.numbers(held) and similarity(g) < COPY
    dated = {d[:3] for d in figures.dates(said)}
    return not moved and not (dated and dated <= {d[:3] for d in figures.dates(held)})


def _all_named(words: Wording) -> set[str]:
    return (
        named(words, words.tokens) | {fold(t) for t in re.findall(r"(?<!\w)[A-Z][\w’'-]+", words.text)}
        if words.tokens
        else set()
    )


def _listed_together(words: Wording, names: set[str]) -> bool:
    """Whether the names stand in one list, where their order says nothing: 'Lithuania and Australia'."""
    spans = [(start, end) for start, end, name in listed(words.text) if name in names]
    spans += [m.span() for name in names for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", words.plain)]
    if len(words.text) != len(words.plain) or len(spans) < 2:
        return False
    between = words.text[min(spans)[1] : max(spans)[0]]
    return not re.search(r"(?<![\w])(?!(?:and|or|the|of|as|well)\b)[a-z]{2,}", between)


def similarity(g: Ground) -> float:
    """The share of the sentence that is a copy of the nearest one, word for word and in its order."""
    from rapidfuzz.distance import LCSseq

    said = [t.word for t in g.said.tokens]
    return float(LCSseq.similarity(said, [t.word for t in g.near.words.tokens]) / max(1, len(said)))


def _copied_back(g: Ground) -> float:
    """The share of the nearest sentence that is copied."""
    return similarity(g) * len(g.said.tokens) / max(1, len(g.near.words.tokens))


def _initialled(g: Ground, a: Sequence[Token], b: Sequence[Token]) -> bool:
    mine = g.said.text[a[0].start : a[-1].end] if len(g.said.text) == len(g.said.plain) else ""
    theirs = g.near.words.text[b[0].start : b[-1].end] if len(g.near.words.text) == len(g.near.words.plain) else ""
    return bool(mine and theirs) and (initials(mine, theirs) or initials(theirs, mine))


def _replaced(said: Sequence[Token], held: Sequence[Token]) -> Iterator[tuple[Sequence[Token], Sequence[Token]]]:
    """The runs of words that stand in one text where the other has others."""
    from rapidfuzz.distance import Indel

    codes = Indel.opcodes([t.word for t in said], [t.word for t in held])
    a: list[Token] = []
    b: list[Token] = []
    for code in codes:
        if code.tag == "equal":
            if a or b:
                yield a, b
            a, b = [], []
        else:
            a += said[code.src_start : code.src_end]
            b += held[code.dest_start : code.dest_end]
    if a or b:
        yield a, b


# not, may, all


def negation(g: Ground) -> str:
    """A denial that was put in or left out. One whose word has no match may stand for one of the other side."""
    said = [(m, _sign(g.said, m, g.held_for)) for m in g.said.of("negations")]
    held = [(h, m, _sign(h.words, m, lambda t, h=h: _reverse(g, h, t))) for h, m in g.marks("negations")]  # type: ignore[misc]
    added, free = [m for m, sign in said if sign is False], [m for m, sign in said if sign is None]
    dropped = [(h, m) for h, m, sign in held if sign is False]
    unmatched = [(h, m) for h, m, sign in held if sign is None]
    mine = sum(_bears(g.said, m, g.held_for) for m in _own_denials(g.said, [h.words for h in g.grounds]))
    theirs = sum(
        _bears(h.words, m, lambda t, h=h: _reverse(g, h, t))  # type: ignore[misc]
        for h in g.grounds
        for m in _own_denials(h.words, [g.said])
    )
    if len(added) > len(dropped) + len(unmatched) + theirs or (free and not held and len(free) > theirs):
        return f"'{_words(g.said, (added or free)[0])}' is not in the source"
    strict = [m for m in _own_denials(g.said, [h.words for h in g.grounds]) if _LACKS.match(_words(g.said, m))]
    if strict and not held and not theirs:
        return f"'{_words(g.said, strict[0])}' is not in the source"
    lost = [*dropped, *((h, m) for h, m in unmatched if not said and h is g.near and _clause_covered(g, h, m))]
    if len(lost) > len(added) + len(free) + mine:
        return f"'{_words(lost[0][0].words, lost[0][1])}' of the source is missing"
    return ""


_LACKS = re.compile(r"lack|fail|refus|declin|deny|deni|depriv|absen|unable|neglect|omit|hardly|scarcely")


def _bears(words: Wording, mark: Mark, match: Callable[[Token], Pair | None]) -> bool:
    """Whether a word that denies bears on something that both texts speak of."""
    focus = words.after(mark, 2)
    return not focus or any(match(token) for token in focus)


def _reverse(g: Ground, held: Held, token: Token) -> Pair | None:
    """The pair of a word of the quotes."""
    return next((p for p in g.pairs if p.sentence is held and p.held.start == token.start), None)


def _sign(words: Wording, mark: Mark, match: Callable[[Token], Pair | None]) -> bool | None:
    """Whether the other text denies what this one denies here; None where it does not have the word."""
    focus = words.after(mark, 1)
    pair = match(focus[0]) if focus else None
    if pair is None:
        return None
    other, token = (pair.said_words, pair.said) if words is pair.sentence.words else (pair.sentence.words, pair.held)
    near = {(p.said if other is p.said_words else p.held) for t in words.after(mark, 3) if (p := match(t))}
    return any(token in other.after(m, 3) or near & {*other.after(m, 1)} for m in other.of("negations"))


def _own_denials(words: Wording, others: Sequence[Wording]) -> list[Mark]:
    """The words that deny by their meaning and that the others do not have."""
    told = [m for m in words.of("denials") if not any(words.plain[m.start : m.end][:5] in w.plain for w in others)]
    nons = [t for t in words.content if t.word.startswith("non") and not any(t.stem in w.stems for w in others)]
    return told + [Mark("denials", "", t.start, t.end) for t in nons]


def _clause_covered(g: Ground, held: Held, mark: Mark) -> bool:
    """Whether the words around a mark, in its clause, are said."""
    start, end = _clause(held.words.plain, mark.start)
    words = [t for t in held.words.content if start <= t.start < end]
    return len(words) >= 2 and coverage(words, [g.said]) >= CLAUSE


def _clause(text: str, at: int) -> tuple[int, int]:
    """Where the clause around `at` begins and ends: between commas, semicolons, colons and brackets."""
    borders = [
        m.end()
        for m in re.finditer(
            r"[,;:()](?:\s|$)|\s-\s|(?<=\w)\.\s|\s(?:but|and)\s(?=(?:shall|must|should|may|can|will|is|are|was|were|has|have|had|to|does|do|did)\b)",
            text,
        )
    ]
    return max([0, *(b for b in borders if b <= at)]), min([len(text), *(b for b in borders if b > at)])


def _words(words: Wording, mark: Mark) -> str:
    return words.plain[mark.start : mark.end]


_AS_GOOD = {
    ("must", "will"), ("will", "must"), ("plan", "will"), ("perhaps", "may"), ("may", "perhaps"), ("plan", "perhaps"), ("may", "plan"),
}  # fmt: skip
_CERTAIN = {"may", "should", "perhaps", "plan"}  # what must not be left out: without it, more is said


_PURE = re.compile(
    r"(?!allow|permit|entitl|empower|requir|oblig|mandat|recommend|urg|encourag|call|propos|consider|explor)"
)
_ENABLES = re.compile(r"allow|permit|entitl|empower")


def modality(g: Ground) -> str:
    """May for must, should for shall, will for may; a reservation that was left out."""
    for mark in g.said.of("modals"):
        kinds = _held_kinds(g, mark, "modals")
        if kinds is None or _same_force(g, mark, kinds):
            continue
        if mark.kind in ("should", "must") and any(_commands(held.words) for held in g.grounds):
            continue
        return f"'{_words(g.said, mark)}' is not what the source says"
    for held, mark in g.marks("modals"):
        if mark.kind == "will" and _done_already(g, held, mark):
            return f"'{_words(held.words, mark)}' of the source is missing"
        if (
            mark.kind in _CERTAIN
            and not _ENABLES.match(_words(held.words, mark))
            and _left_out(g, held, mark, "modals")
            and not _denied(held.words, mark)
        ):
            return f"'{_words(held.words, mark)}' of the source is missing"
    return ""


_ITEM = re.compile(r"(?:[-–•*·▪]|\(?(?:[a-z]{1,3}|\d{1,2})[.)]) ([a-z]+) ")
_NO_VERB = re.compile(r"(?:s|ed|ing|ly)$|^(?:the|a|an|in|on|of|to|for|if|it|we|any|all|no)$")


def _commands(words: Wording) -> bool:
    """Whether a sentence is an item of a list that begins with what is to be done: '- Promote the ...'."""
    match = _ITEM.match(words.plain)
    if not match or any(_PURE.match(_words(words, m)) for m in words.of("modals")):
        return False
    return not _NO_VERB.search(match.group(1))


def _done_already(g: Ground, held: Held, mark: Mark) -> bool:
    """Whether what the source says will be done is told as done."""
    focus = held.words.after(mark, 1)
    token = g.said_for(held, focus[0]) if focus else None
    if token is None or focus[0].word == token.word or g.said.of("modals"):
        return False
    past = token.word.endswith("ed") or token.word in irregular()
    return past and not re.search(r"\b(?:is|are|be|being|to|will)\s(?:\w+\s)?$", g.said.plain[: token.start])


def _held_kinds(g: Ground, mark: Mark, name: str) -> set[str] | None:
    """The kinds of mark that the source has on the word that follows this one; None where that cannot be told."""
    focus = g.said.after(mark, 1)
    pair = g.held_for(focus[0]) if focus else None
    if pair is None:
        found = {m.kind for _, m in g.marks(name)}
        return found or set()
    return _kinds(pair.sentence.words, pair.held, name)


def _kinds(words: Wording, token: Token, name: str) -> set[str]:
    found = {m.kind for m in words.of(name) if token in words.after(m, 2) and not m.start <= token.start < m.end}
    if name == "modals" and re.search(r"\b(?:is|are|was|were) to (?:\w+ )?$", words.plain[: token.start]):
        found.add("must")
    return found


def _same_force(g: Ground, mark: Mark, kinds: set[str]) -> bool:
    kind = mark.kind
    everywhere = {m.kind for h, m in g.marks("modals") if _PURE.match(_words(h.words, m))}
    if kind in kinds or any((other, kind) in _AS_GOOD for other in kinds):
        return True
    if (
        _denied(g.said, mark)
        and kind in ("may", "must")
        and ((kinds | everywhere) & {"may", "must"} or (not kinds | everywhere and _denies(g)))
    ):
        return True
    own = next((t for t in g.said.content if mark.start <= t.start < mark.end), None)
    if own and g.held_for(own):
        return True
    if not kinds:
        return (
            kind in everywhere
            or kind == "plan"
            or (kind == "will" and not everywhere & {"plan", "perhaps"})
            or (kind == "must" and any(_binding(h.words) for h in g.grounds))
        )
    return False


def _denies(g: Ground) -> bool:
    return any(True for _ in g.marks("negations", "denials"))


def _binding(words: Wording) -> bool:
    """Whether a sentence obliges or forbids anywhere: then its parts may be told as duties."""
    return any(m.kind == "must" for m in words.of("modals")) or bool(words.of("denials"))


def _denied(words: Wording, mark: Mark) -> bool:
    before = [
        m for m in words.of("negations") if 0 <= mark.start - m.end <= 30 and not _words(words, m).startswith("not")
    ]
    return bool(before) or any(0 <= m.start - mark.end <= 1 for m in words.of("negations"))


def _left_out(g: Ground, held: Held, mark: Mark, name: str) -> bool:
    """Whether the word that the source marks is said without any mark."""
    focus = held.words.after(mark, 1)
    token = g.said_for(held, focus[0]) if focus else None
    own = next((t for t in held.words.content if mark.start <= t.start < mark.end), None)
    if any(0 <= m.start - mark.end <= 1 for m in held.words.of("denials")):
        return False
    if token is None or (own and g.said_for(held, own)):
        return False
    told = _kinds(g.said, token, name)
    if told:
        return (
            mark.kind in ("may", "should")
            and mark.kind not in told
            and not any((mark.kind, kind) in _AS_GOOD for kind in told)
        )
    return not any(m.kind in _CERTAIN for m in g.said.of(name) if abs(m.start - token.start) < 60)


_QUANTITIES_KEPT = {"least", "most", "above", "below", "only", "some", "most_of", "few", "none", "many"}


def quantity(g: Ground) -> str:
    """All for some, at most for at least; a bound that was left out or put in."""
    for mark in g.said.of("quantities"):
        kinds = _quantities(g, mark)
        if kinds is None or mark.kind in kinds:
            continue
        if not kinds and mark.kind in ("all", "both", "about", "exactly") and not _narrower(g, mark):
            continue
        if {mark.kind} | kinds <= {"all", "both"} or (mark.kind == "most" and kinds == {"below"}):
            continue
        return f"'{_words(g.said, mark)}' is not what the source says"
    for held, mark in g.marks("quantities"):
        if mark.kind in _QUANTITIES_KEPT and _unbounded(g, held, mark):
            return f"'{_words(held.words, mark)}' of the source is missing"
    return ""


def _narrower(g: Ground, mark: Mark) -> bool:
    """Whether the source narrows what 'all' is said of: 'all states' for 'other affected states'."""
    focus = g.said.after(mark, 1)
    pair = g.held_for(focus[0]) if focus else None
    if pair is None or mark.kind != "all":
        return False
    words = pair.sentence.words
    ahead = [t for t in words.content if t.end == pair.held.start - 1]
    return any(not g.said.holds(t) for t in ahead)


def _after_or_before(words: Wording, mark: Mark) -> list[Token]:
    if re.match(r"or |at the latest|at a minimum", _words(words, mark)):
        return [t for t in words.content if t.end <= mark.start][-2:]
    return words.after(mark, 3)


def _quantities(g: Ground, mark: Mark) -> set[str] | None:
    focus = _after_or_before(g.said, mark)
    pairs = [pair for token in focus if (pair := g.held_for(token))]
    if not pairs:
        if not focus:
            return {m.kind for _, m in g.marks("quantities")}
        found = {m.kind for _, m in g.marks("quantities")}
        return found if mark.kind not in ("some", "many", "about", "all", "both") or mark.kind in found else None
    found = set()
    for pair in pairs:
        words = pair.sentence.words
        found |= {m.kind for m in words.of("quantities") if pair.held in _after_or_before(words, m)}
    return found


def _unbounded(g: Ground, held: Held, mark: Mark) -> bool:
    focus = _after_or_before(held.words, mark)
    tokens = [token for f in focus[:1] if (token := g.said_for(held, f))]
    if not tokens:
        return False
    return not any(tokens[0] in _after_or_before(g.said, m) for m in g.said.of("quantities")) and not any(
        m.kind == mark.kind for m in g.said.of("quantities")
    )


def stance(g: Ground) -> str:
    """A word of the other side: condemns for welcomes, voluntary for mandatory."""
    said = {t.word for t in g.said.tokens}
    for at, token in enumerate(g.said.tokens):
        for held in g.grounds:
            places = [n for n, t in enumerate(held.words.tokens) if related(token.stem, t.stem)]
            among = max((_common(g, at, held, n) for n in places), default=-1)
            for place, other in enumerate(held.words.tokens):
                matched = g.said_for(held, other) is not None or (not other.content and other.word in said)
                if matched or not _contrary(token, other) or not _same_sign(g, token, held, other):
                    continue
                if among < _common(g, at, held, place) and not _stands_for_another(g, at, held, place):
                    return f"'{token.word}' for '{other.word}'"
            if places:
                break
    return ""


def _contrary(one: Token, other: Token) -> bool:
    return opposed(one.stem, other.stem) or prefixed(one.word, other.word)


def _common(g: Ground, at: int, held: Held, place: int) -> int:
    """How many words stand beside both a word said and one of the source."""
    return len(_beside(g.said, at) & _beside(held.words, place))


def _stands_for_another(g: Ground, at: int, held: Held, place: int) -> bool:
    """Whether a word said is a synonym of a word of the source that stands among the same words, rather than of an opposite."""
    token, tokens = g.said.tokens[at], held.words.tokens
    beside = _beside(g.said, at)
    common = len(beside & _beside(held.words, place))
    return any(
        synonyms(token.word, other.word)
        and not opposed(token.stem, other.stem)
        and len(beside & _beside(held.words, n)) >= common
        for n, other in enumerate(tokens)
        if n != place
    )


def _beside(words: Wording, at: int) -> set[str]:
    return {t.stem for t in words.tokens[max(0, at - 4) : at + 5] if t.content} - {words.tokens[at].stem}


def _same_sign(g: Ground, token: Token, held: Held, other: Token) -> bool:
    """Whether both words are denied, or neither: 'does not oppose' may stand for 'supports'."""
    return _under(g.said, token) == _under(held.words, other)


def _under(words: Wording, token: Token) -> bool:
    return any(token in words.after(m, 1) or 0 <= token.start - m.end <= 2 for m in words.of("negations"))


# conditions, sources, attribution


def condition(g: Ground) -> str:
    """An unless, if, except, subject to ... that was cut off, put in or turned round."""
    for held, mark in g.marks("conditions"):
        if _cut_off(g, held, mark):
            return (
                f"'{held.words.plain[mark.start : _condition_end(held.words, mark)].strip()}' of the source is missing"
            )
    families = {m.kind for _, m in g.marks("conditions")}
    for mark in g.said.of("conditions"):
        if mark.kind in families or (families and mark.kind == "subject"):
            continue
        if families and {mark.kind, *families} == {"unless", "if"} and not _sign_differs(g):
            return f"'{_words(g.said, mark)}' is not the condition of the source"
        if not families and re.match(
            r"unless|if\b|except|provided|only|subject to|without prejudice", _words(g.said, mark)
        ):
            return f"'{_words(g.said, mark)}' is not in the source"
    return ""


def _sign_differs(g: Ground) -> bool:
    return len(g.said.of("negations")) != len(g.near.words.of("negations"))


def _condition_end(words: Wording, mark: Mark) -> int:
    """Where a condition ends: at the next stop, or with its mark where this says all, as in 'where appropriate, ...'."""
    stop = re.compile(r"[,;:](?:\s|$)|\.(?:\s|$)")
    match = stop.search(words.plain, mark.end)
    if match and match.start() - mark.end < 2 and " " not in _words(words, mark):
        match = stop.search(words.plain, match.end())
    return match.start() if match else len(words.plain)


def _cut_off(g: Ground, held: Held, mark: Mark) -> bool:
    """Whether the clause that depends on this condition is said, and the condition is not."""
    words = held.words
    end = _condition_end(words, mark)
    inside = [t for t in words.content if mark.start <= t.start < end]
    alike = [m for m in g.said.of("conditions") if m.kind == mark.kind]
    share = sum(g.said_for(held, t) is not None for t in inside) / len(inside) if inside else 0.0
    if any(_words(g.said, m) == _words(words, mark) and words.plain[end - 9 : end] in g.said.plain for m in alike):
        return False
    if (share > 0.5 and len(inside) > 1) or (alike and (share >= 0.3 or not inside)):
        return False
    start, stop = _head(words, mark, end)
    head = [t for t in words.content if start <= t.start < stop and not mark.start <= t.start < end]
    return len(head) >= 2 and coverage(head, [g.said]) >= CLAUSE


def _head(words: Wording, mark: Mark, end: int) -> tuple[int, int]:
    """The words that a condition governs: those before it back to a stop, or those after it where it comes first."""
    text = words.plain
    start = max([0, *(m.end() for m in re.finditer(r"[;:](?:\s|$)|(?<=\w)\.\s", text[: mark.start]))])
    before = [t for t in words.content if start <= t.start < mark.start]
    inserted = re.search(r"(?:which|who|that|and|or|to|shall|must|should|may|can|will),? $", text[: mark.start])
    if len(before) >= 2 and not inserted:
        return before[-5:][0].start, mark.start
    after = [t for t in words.content if t.start >= end][:5]
    return (after[0].start, after[-1].end) if after else (mark.start, mark.start)


def attribution(g: Ground) -> str:
    """What somebody is reported to say, told as a fact."""
    if g.said.of("sayings"):
        return ""
    for held, mark in g.marks("sayings"):
        text = held.words.plain
        rest = [t for t in held.words.content if t.start >= mark.end][:5]
        if re.search(r"[a-z]+ing$", _words(held.words, mark)) or len(rest) < 3:
            continue
        if re.search(r"\b(?:we|i)\s(?:\w+\s)?$", text[: mark.start]):
            continue
        verb = stem(_words(held.words, mark).split()[0])
        if any(t.stem == verb for t in g.said.tokens):
            continue
        sayer = [t for t in held.words.content if t.end <= mark.start][-2:]
        reported = re.match(r"\s*,?\s*(?:that\b|[\"“:])", text[mark.end :]) or _words(held.words, mark).endswith(
            ("that", "according to")
        )
        if (
            reported
            and coverage(rest, [g.said]) >= CLAUSE
            and not (sayer and coverage(sayer, [g.said]) >= 0.5 and g.said.of("modals"))
        ):
            return f"'{_words(held.words, mark)}' of the source is missing"
    return ""


def merged(g: Ground) -> str:
    """Who or what one source speaks of, with what another says."""
    if len(g.quotes) < 2:
        return ""
    whole = [Wording(f"{quote} {g.about}") for quote in g.quotes]
    tokens = [t for t in g.said.content if any(w.holds(t) for w in whole)]
    for clause in _clauses(g.said, tokens):
        best = max(whole, key=lambda w: coverage(clause, [w]))
        strange = [t for t in clause if not best.holds(t)]
        subject, rest = _subject(g.said, clause)
        theirs = [t for t in subject if not _has_exactly(best, t) and any(_has_exactly(w, t) for w in whole)]
        apart = (
            2 * len(theirs) >= max(1, len(subject))
            if subject
            else _WE.match(g.said.plain) and not _WE.search(best.plain)
        )
        apart = apart or bool(rest and all(t in strange for t in rest))
        if apart or (len(strange) >= 2 and len(strange) / len(clause) > 0.1):
            return f"'{' '.join(t.word for t in [*theirs, *strange][:4])}' is of another source than the rest of its clause"
    return ""


def _has_exactly(words: Wording, token: Token) -> bool:
    return any(token.stem == other or related(token.stem, other) for other in words.stems)


_VERB = re.compile(
    r"\b(?:is|are|was|were|be|has|have|had|do|does|did|may|might|can|could|should|must|shall|will|would|(?!need)[a-z]{3,}ed)\b"
)


def _subject(words: Wording, clause: Sequence[Token]) -> tuple[list[Token], list[Token]]:
    """The words of a clause before its first verb, and the others; none where it has no verb."""
    match = _VERB.search(words.plain, clause[0].end, clause[-1].end)
    if not match:
        return [], []
    return [t for t in clause if t.end <= match.start()], [t for t in clause if t.start >= match.start()]


def _clauses(words: Wording, tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The content words of each clause: cut at semicolons, while, whereas, and before an 'and' that has its own subject."""
    borders = [m.start() for m in re.finditer(r"[;:]\s|,? (?:while|whereas|but)\b|, and\b|\. ", words.plain)]
    edges = [0, *borders, len(words.plain)]
    for start, end in pairwise(edges):
        clause = [t for t in tokens if start <= t.start < end]
        if len(clause) >= 2:
            yield clause


def novel(g: Ground) -> str:
    """More of the writer's own words than of the source's."""
    known = [held.words for held in g.sentences] + [g.known]
    fresh = [t for t in g.said.content if not any(w.holds(t) for w in known) and len(t.word) > 2]
    wide = len(g.said.content)
    if wide >= 3 and len(fresh) / wide > NOVEL:
        return f"not in the source: {' '.join(t.word for t in fresh[:8])}"
    return ""


RULES: Mapping[str, Rule] = {
    "number": new_numbers,
    "unit": other_units,
    "date": new_dates,
    "article": other_places,
    "clause": other_clause,
    "symbol": new_symbols,
    "name": new_names,
    "swapped": other_roles,
    "replaced": other_words,
    "link": turned_links,
    "negation": negation,
    "modality": modality,
    "stance": stance,
    "quantifier": quantity,
    "condition": condition,
    "merged": merged,
    "attribution": attribution,
    "unsaid": novel,
}


def broken(g: Ground) -> Iterator[tuple[str, str]]:
    """The rules that a sentence breaks, in their order, each with what breaks it."""
    for name, rule in RULES.items():
        if detail := rule(g):
            yield name, detail


__all__ = ["RULES", "Pair", "broken"]
