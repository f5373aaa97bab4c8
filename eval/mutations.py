"""True quoted statements turned into false ones by one edit, and told otherwise without a change of sense: what a checker must tell apart.

The edits are made with lists of their own (eval/suites/mutations.yaml), not with those that the verifier judges by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict

from eval.generate import MONTHS, WORDS
from eval.lines import DataError
from ingest.documents import Text

MUTANTS = (
    "negation", "modality", "number", "date", "actor", "swapped actors", "place", "stance", "quantifier", "dropped condition",
    "wrong article", "merged claims",
)  # fmt: skip
PARAPHRASES = (
    "active and passive",
    "synonyms",
    "date formats",
    "abbreviations",
    "numbers in words",
    "modal verbs",
    "order",
)
BOUNDS = {"caught": "all mutants", "kept": "all paraphrases"}
MOST = 60  # cases of one class
FUZZY = 90.0  # the ratio from which plain fuzzy matching takes a statement for supported
ACT = "harbour-networks-act"
_DATE = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})\b|\b({'|'.join(MONTHS)}) (\d{{4}})\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")


class Quoted(NamedTuple):
    """A true sentence and the document that it stands in."""

    source: str
    text: str


class Case(BaseModel):
    """A statement with its citations and whether they support it: what `legation verify --input` reads, and the answer."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str
    supported: bool
    text: str
    citations: tuple[dict[str, str], ...]


class Row(BaseModel):
    """How a class came out: cases, and the share that the verifier and plain fuzzy matching judged rightly."""

    model_config = ConfigDict(frozen=True)

    kind: str
    supported: bool
    cases: int
    right: float
    fuzzy: float


Edit = Callable[[str, Random], Iterator[str]]


@cache
def _held() -> Mapping[str, Any]:
    text = resources.files("eval").joinpath("suites", "mutations.yaml").read_text(encoding="utf-8")
    held: Mapping[str, Any] = yaml.safe_load(text)
    return held


def act() -> tuple[str, list[str]]:
    """The made-up act: its text, and its sentences."""
    held = _held()["act"]
    sentences = []
    for place, who in enumerate(held["who"]):
        for step, (modal, verb, what, how) in enumerate(held["duties"]):
            number = place * len(held["duties"]) + step + 1
            condition = held["conditions"][number % len(held["conditions"])]
            said = [
                f"{who} {modal} {verb} {what} {how}, {condition}",
                f"{condition[0].upper()}{condition[1:]}, {_small(who)} {modal} {verb} {what} {how}",
            ]
            sentences.append(f"Under Article {number}, {_small(said[0])}." if step % 3 == 0 else f"{said[step % 2]}.")
    return f"{held['title']}\n\n" + "\n\n".join(sentences), sentences


def sentences(texts: Mapping[str, Text]) -> Iterator[Quoted]:
    """The sentences of the library that could stand in an answer: whole, agreed, of a length that people quote."""
    for slug, text in texts.items():
        for place in text.sentences:
            words = re.sub(r"^(?:(?:\(?\w{1,3}[.)]|[-–•*])\s+)+", "", text.document.text[place.start : place.end])
            if (
                place.kind in ("paragraph", "item")
                and place.agreed
                and 7 <= len(words.split()) <= 45
                and words.endswith(".")
            ):
                yield Quoted(slug, words)


# edits that make it false


def negation(text: str, rng: Random) -> Iterator[str]:
    """A 'not' put in after the first auxiliary verb, or a denial taken out."""
    for old, new in ((r" not (?!only)", " "), (r"\bno (?=[a-z])", "a "), (r"\bnever ", ""), (r"\bwithout\b", "with")):
        if re.search(old, text):
            yield re.sub(old, new, text, count=1)
    if re.search(r"\b(?:may|should|must|shall|will|can|is|are|was|were|has|have)\b(?! not)", text):
        yield re.sub(r"\b(may|should|must|shall|will|can|is|are|was|were|has|have)\b(?! not)", r"\1 not", text, count=1)


def modality(text: str, rng: Random) -> Iterator[str]:
    """Another modal verb."""
    for word, others in _held()["modals"].items():
        for other in others:
            if re.search(rf"\b{word}\b(?! not)", text):
                yield re.sub(rf"\b{word}\b(?! not)", other, text, count=1)


def number(text: str, rng: Random) -> Iterator[str]:
    """Another number, in figures or in words, outside dates, articles and symbols."""
    bare = _DATE.sub(lambda m: "#" * len(m.group()), _ISO.sub("##########", text))
    for match in re.finditer(r"(?<![\w./#(-])(?<!Article )(?<!No\. )(?<!paragraph )\d{1,3}(?![\w/#)-]|[.,]\d)", bare):
        yield f"{text[: match.start()]}{int(match.group()) + rng.randrange(2, 9)}{text[match.end() :]}"
    for match in re.finditer(rf"\b(?:{'|'.join(WORDS[1:12])})\b", bare):
        other = rng.choice([word for word in WORDS[1:15] if word != match.group()])
        yield f"{text[: match.start()]}{other}{text[match.end() :]}"


def date(text: str, rng: Random) -> Iterator[str]:
    """Another day, month or year."""
    for match in _DATE.finditer(text):
        day, month, year, alone, its_year = match.groups()
        other = rng.choice([name for name in MONTHS if name not in (month, alone)])
        if day:
            yield text.replace(match.group(), f"{int(day) % 27 + 1} {month} {year}", 1)
            yield text.replace(match.group(), f"{day if int(day) < 29 else 28} {other} {year}", 1)
            yield text.replace(match.group(), f"{day} {month} {int(year) + rng.choice((-2, -1, 1, 2))}", 1)
        else:
            yield text.replace(match.group(), f"{other} {its_year}", 1)
            yield text.replace(match.group(), f"{alone} {int(its_year) + rng.choice((-1, 1))}", 1)


def actor(text: str, rng: Random) -> Iterator[str]:
    """Another name for whoever acts: of its kind, and not one that the sentence has."""
    for row in _held()["actors"]:
        for name in row:
            if match := _named(name, text):
                if not re.search(r"\b(?:in|at|from|near|to)\s$", text[: match.start()]):
                    yield from _renamed(text, match, row, rng)


def place(text: str, rng: Random) -> Iterator[str]:
    """Another place after a word of place."""
    for row in _held()["places"]:
        for name in row:
            if (match := _named(name, text)) and re.search(r"\b(?:in|at|from|near|to|of|on)\s$", text[: match.start()]):
                yield from _renamed(text, match, row, rng)


def _renamed(text: str, match: re.Match[str], row: Sequence[str], rng: Random) -> Iterator[str]:
    others = [name for name in row if not _named(name, text) and name != match.group()]
    if others:
        other = rng.choice(others)
        other = other[0].upper() + other[1:] if match.start() == 0 else other
        yield text[: match.start()] + other + text[match.end() :]


def swapped(text: str, rng: Random) -> Iterator[str]:
    """Two names that stand on both sides of a verb, each in the place of the other."""
    found = [m for name in sorted({n for row in _held()["actors"] for n in row}, key=len) if (m := _named(name, text))]
    found = sorted(
        (m for m in found if not any(m is not o and o.start() <= m.start() and m.end() <= o.end() for o in found)),
        key=lambda m: m.start(),
    )
    for one, two in pairwise(found):
        between = text[one.end() : two.start()]
        if re.search(r"\w+(?:ed|es|s)\b|’s|'s|\b(?:against|led|from|to)\b", between) and re.search(
            r"\b(?!and |or |the |of )[a-z]{3,} ", between
        ):
            first, second = (m.group() for m in (one, two))
            second = second[0].upper() + second[1:] if one.start() == 0 else second
            first = first[0].lower() + first[1:] if first.startswith("The ") else first
            yield text[: one.start()] + second + between + first + text[two.end() :]
    match = re.match(
        r"((?:The|A|Each) \w+(?: \w+)?) (shall|may|must|should) (inform|notify|appoint|inspect) ((?:the|a) [a-z ]+?)"
        r"( of | within | on |,)",
        text,
    )
    if match:
        who, modal, verb, whom, rest = match.groups()
        yield f"{whom[0].upper()}{whom[1:]} {modal} {verb} {_small(who)}{rest}{text[match.end() :]}"


def stance(text: str, rng: Random) -> Iterator[str]:
    """The word of the other side."""
    for word, other in _held()["stances"].items():
        if re.search(rf"(?<![\w-]){word}\b", text):
            yield re.sub(rf"(?<![\w-]){word}\b", other, text, count=1)


def quantifier(text: str, rng: Random) -> Iterator[str]:
    """Another quantity word."""
    for word, others in _held()["quantifiers"].items():
        for other in others:
            if re.search(rf"(?<![\w-])(?<!the )(?<!’s )(?<!'s ){word} (?!longer|one|\d)", text):
                yield re.sub(rf"(?<![\w-]){word} ", f"{other} ", text, count=1)


def dropped_condition(text: str, rng: Random) -> Iterator[str]:
    """The clause that limits the sentence, taken off."""
    words = (
        r"(?:unless|except|provided that|if|only if|subject to|without prejudice to|"
        r"(?<!Except )(?<!except )where|as long as|so long as)"
    )
    if match := re.search(rf",? (?<!as )(?:{words}) [^,;.]+(?=[.;]|,)", text):
        yield re.sub(r",,|,\.", ".", text[: match.start()] + text[match.end() :])
    if match := re.match(rf"(?:{words}) [^,;]+, ", text, re.IGNORECASE):
        rest = text[match.end() :]
        yield rest[0].upper() + rest[1:]


def wrong_article(text: str, rng: Random) -> Iterator[str]:
    """Another article, section, paragraph or norm."""
    for match in re.finditer(r"\b(?:Articles?|Section|paragraph|Rule|Principle|Decision No\.|No\.) (\d+)", text):
        yield f"{text[: match.start(1)]}{int(match.group(1)) + rng.randrange(1, 9)}{text[match.end(1) :]}"
    for match in re.finditer(r"\b[Nn]orm \(([a-k])\)", text):
        other = rng.choice([c for c in "abcdefghijk" if c != match.group(1)])
        yield f"{text[: match.start(1)]}{other}{text[match.end(1) :]}"


EDITS: Mapping[str, Edit] = {
    "negation": negation,
    "modality": modality,
    "number": number,
    "date": date,
    "actor": actor,
    "swapped actors": swapped,
    "place": place,
    "stance": stance,
    "quantifier": quantifier,
    "dropped condition": dropped_condition,
    "wrong article": wrong_article,
}


_SUBJECT = re.compile(
    r"((?:The |A |An |Each )?(?:[\w'’.-]+ ){0,5}?[\w'’.-]+) ((?:has|have|was|were|is|are|shall|may|must|should|will|can|"
    r"adopted|published|launched|led|founded|signed|opened|created|agreed|began|called|decided|set|held|met|sanctioned)\b .+)"
)


def merged(found: Sequence[Quoted], rng: Random) -> Iterator[tuple[Quoted, Quoted, str]]:
    """Who one source speaks of, with what another says."""
    parts = [(quoted, match.group(1), match.group(2)) for quoted in found if (match := _SUBJECT.fullmatch(quoted.text))]
    parts = [
        part
        for part in parts
        if 1 <= len(part[1].split()) <= 6
        and not re.search(r"\b(?:that|which|who|whose)\b", part[1])
        and not re.match(
            r"(?:It|This|That|These|Those|They|There|Both|He|She|We|I|You|Such|Where|When|But|And|If)\b", part[1]
        )
    ]
    for (one, who, _), (two, _, what) in zip(parts, rng.sample(parts, len(parts)), strict=True):
        if one.source != two.source:
            yield one, two, f"{who} {what}"


# edits that keep it true


def date_formats(text: str, rng: Random) -> Iterator[str]:
    """The date as others write it."""
    for match in _DATE.finditer(text):
        day, month, year, _, _ = match.groups()
        if (
            day
            and text[match.start() - 1 : match.start()] not in ("-", "–")
            and not re.search(r"\d (?:and|to) $", text[: match.start()])
        ):
            forms = (
                f"{month} {day}, {year}",
                f"{year}-{list(MONTHS).index(month) + 1:02d}-{int(day):02d}",
                f"{day} {month[:3]}. {year}",
                f"the {_nth(int(day))} of {month} {year}",
            )
            yield text.replace(match.group(), rng.choice(forms if month != "May" else forms[:2]), 1)
    for match in _ISO.finditer(text):
        yield text.replace(
            match.group(), f"{int(match.group(3))} {list(MONTHS)[int(match.group(2)) - 1]} {match.group(1)}", 1
        )


def abbreviations(text: str, rng: Random) -> Iterator[str]:
    """The long name for the short one, or the short for the long."""
    for long, short in _held()["abbreviations"]:
        for old, new in ((long, short), (short, long)):
            if (match := _named(old, text)) and not _named(new, text):
                new = new[0].upper() + new[1:] if match.start() == 0 else new
                yield text[: match.start()] + new + text[match.end() :]


def synonyms(text: str, rng: Random) -> Iterator[str]:
    """Two words for others that say the same."""
    made, changed = text, 0
    for word, other in _held()["synonyms"].items():
        if re.search(rf"(?<![\w-]){word}\b(?!-)", made) and changed < 2:
            made, changed = re.sub(rf"(?<![\w-]){word}\b(?!-)", other, made, count=1), changed + 1
    if changed:
        yield made


def modal_verbs(text: str, rng: Random) -> Iterator[str]:
    """The same force in other words."""
    for word, others in _held()["modal_synonyms"].items():
        match = re.search(rf"\b{word} (?!not\b|be\b)(?=[a-z])", text)
        if match:
            other = rng.choice(others)
            plural = re.search(r"\b(?:[A-Z]?[a-z]+[^s\W]s|they|who|that)\s$", text[: match.start()])
            other = other.replace("is ", "are ").replace("has ", "have ") if plural else other
            yield text[: match.start()] + other + " " + text[match.end() :]


def numbers_in_words(text: str, rng: Random) -> Iterator[str]:
    """A small number in words for figures, or in figures for words."""
    bare = _DATE.sub(lambda m: "#" * len(m.group()), text)
    if match := re.search(r"(?<![\w./#(-])(?<!Article )(?<!No\. )(\d{1,2})(?= (?!and|to|of)[a-z])", bare):
        if 1 < int(match.group()) <= len(WORDS):
            yield text[: match.start()] + WORDS[int(match.group()) - 1] + text[match.end() :]
    if match := re.search(rf"(?<=[a-z] )({'|'.join(WORDS[1:])})(?= [a-z])", bare):
        yield text[: match.start()] + str(WORDS.index(match.group()) + 1) + text[match.end() :]


def passive(text: str, rng: Random) -> Iterator[str]:
    """The passive of an active sentence, or the active of a passive one."""
    for base, past, *rest in _held()["verbs"]:
        done = (rest or [past])[0]
        if match := re.fullmatch(
            rf"((?:The |A |Each )?[\w'’ -]{{3,40}}?) (shall|must|should|may) {base} ([^,.;]+?)((?: within| for| by| at| on|,)[^;]*)\.",
            text,
        ):
            who, modal, what, how = match.groups()
            yield f"{what[0].upper()}{what[1:]} {modal} be {done} by {_small(who)}{how}."
        if match := re.fullmatch(
            rf"([A-Z][\w'’ -]{{2,60}}?) (was|were) {done} by ([^,.;]+?)((?: in| on| at) [^,;.]*)?\.", text
        ):
            what, _, who, how = match.groups()
            yield f"{who[0].upper()}{who[1:]} {past} {_small(what)}{how or ''}."
        if match := re.fullmatch(
            rf"([A-Z][\w'’ -]{{2,40}}?) {past} (the [\w'’ -]+?|an? [\w'’ -]+?|its [\w'’ -]+?)((?: in| on| at| for)\b[^;.]*)?\.",
            text,
        ):
            who, what, how = match.groups()
            be = "were" if re.search(r"[^s]s$", what) else "was"
            if not what.startswith("its"):
                yield f"{what[0].upper()}{what[1:]} {be} {done} by {_small(who)}{how or ''}."


def order(text: str, rng: Random) -> Iterator[str]:
    """The time or the condition first."""
    if match := re.fullmatch(r"([A-Z][^,;:]+?) ((?:in|on) (?:\d{1,2} )?(?:[A-Z][a-z]+ )?\d{4})\.", text):
        yield f"{match.group(2)[0].upper()}{match.group(2)[1:]} {_small(match.group(1))}."
    if match := re.fullmatch(r"([^,;]+), ((?:unless|if|where|provided that|except where) [^,;]+)\.", text):
        yield f"{match.group(2)[0].upper()}{match.group(2)[1:]}, {_small(match.group(1))}."


KEEPS: Mapping[str, Edit] = {
    "active and passive": passive,
    "synonyms": synonyms,
    "date formats": date_formats,
    "abbreviations": abbreviations,
    "numbers in words": numbers_in_words,
    "modal verbs": modal_verbs,
    "order": order,
}


def _named(name: str, text: str) -> re.Match[str] | None:
    """Where a name stands in the text, with a capital article at its beginning."""
    loose = f"[{name[0]}{name[0].upper()}]" + re.escape(name[1:]) if name[0].isalpha() else re.escape(name)
    after = r"(?![\w’'-]| (?:Convention|Call|Manual|Pact|Agreement|Declaration|Process|Charter))"
    return re.search(rf"(?<![\w-]){loose}{after}", text)


def _small(words: str) -> str:
    """Words for the middle of a sentence: names keep their capital."""
    return (
        words[0].lower() + words[1:]
        if re.match(r"(?:The|A|An|Each|Its|In|On|Under|Only|No|Every|All|These|Some|Most|Many)\b", words)
        else words
    )


def _nth(day: int) -> str:
    return f"{day}{'th' if 10 < day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def generate(texts: Mapping[str, Text], seed: int) -> list[Case]:
    """The cases: up to 60 of each class, drawn from all the sentences by the seed alone."""
    found = [*sentences(texts), *(Quoted(ACT, sentence) for sentence in act()[1])]
    cases: list[Case] = []
    for kind, edit in (*EDITS.items(), *KEEPS.items()):
        cases += _drawn(kind, edit, found, _random(seed, kind))
    rng = _random(seed, "merged claims")
    pairs = [
        (one, two, text)
        for one, two, text in merged([q for q in found if q.source != ACT], rng)
        if text not in (one.text, two.text)
    ]
    for one, two, text in rng.sample(pairs, min(MOST, len(pairs))):
        cases.append(_case("merged claims", len(cases), text, (one, two)))
    return cases


def _drawn(kind: str, edit: Edit, found: Sequence[Quoted], rng: Random) -> Iterator[Case]:
    """Cases of one class: each sentence gives one before any gives a second."""
    rounds: list[list[tuple[Quoted, str]]] = []
    for quoted in rng.sample(found, len(found)):
        made = [text for text in dict.fromkeys(edit(quoted.text, rng)) if text != quoted.text]
        for at, text in enumerate(rng.sample(made, len(made))):
            while len(rounds) <= at:
                rounds.append([])
            rounds[at].append((quoted, text))
    drawn = [pair for one in rounds for pair in one][:MOST]
    return (_case(kind, number, text, (quoted,)) for number, (quoted, text) in enumerate(drawn))


def _case(kind: str, number: int, text: str, quotes: Sequence[Quoted]) -> Case:
    return Case(
        id=f"{kind.replace(' ', '-')}-{number + 1:03d}",
        kind=kind,
        supported=kind in PARAPHRASES,
        text=text,
        citations=tuple({"source": quoted.source, "quote": quoted.text} for quoted in quotes),
    )


def _random(seed: int, name: str) -> Random:
    return Random(f"{seed} {name}")  # noqa: S311 - the same each time is what is wanted


def judge(cases: Sequence[Case], texts: Mapping[str, Text]) -> list[bool]:
    """For each case, whether the verifier takes it for supported."""
    from bot.verify import Claim, check_statements

    bodies = {slug: text.document.text for slug, text in texts.items()} | {ACT: act()[0]}
    claims = [Claim.model_validate(case.model_dump(include={"id", "text", "citations"})) for case in cases]
    return [verdict.supported for verdict in check_statements(bodies, claims)]


def fuzzy(case: Case) -> bool:
    """Whether plain fuzzy matching takes a case for supported: a part of one quote that is alike at 90 of 100."""
    from rapidfuzz import fuzz

    return any(fuzz.partial_ratio(case.text, cited["quote"]) >= FUZZY for cited in case.citations)


def table(cases: Sequence[Case], supported: Sequence[bool]) -> list[Row]:
    """A row a class, and one for all mutants and all paraphrases."""
    rows = []
    judged = list(zip(cases, supported, strict=True))
    for kinds, name in ((MUTANTS, "all mutants"), (PARAPHRASES, "all paraphrases")):
        rows += [_row(kind, [pair for pair in judged if pair[0].kind == kind]) for kind in kinds]
        rows.append(_row(name, [pair for pair in judged if pair[0].kind in kinds]))
    return [row for row in rows if row.cases]


def _row(kind: str, judged: Iterable[tuple[Case, bool]]) -> Row:
    pairs = list(judged)
    count = max(1, len(pairs))
    return Row(
        kind=kind,
        supported=bool(pairs) and pairs[0][0].supported,
        cases=len(pairs),
        right=round(sum(said == case.supported for case, said in pairs) / count, 4),
        fuzzy=round(sum(fuzzy(case) == case.supported for case, _ in pairs) / count, 4),
    )


def markdown(rows: Sequence[Row]) -> str:
    """The table as the docs show it."""
    lines = ["| class | cases | judged rightly | by fuzzy matching at 90 |", "|---|---:|---:|---:|"]
    lines += [f"| {row.kind} | {row.cases} | {row.right:.3f} | {row.fuzzy:.3f} |" for row in rows]
    return "\n".join(lines) + "\n"


def texts(data: Path | None) -> Mapping[str, Text]:
    """The documents that statements are made of: those of a library in English, else the notes that ship."""
    if data is None:
        from eval.generate import notes

        return notes()
    from ingest.index import Index

    with Index.open(data, check=False) as index:
        return {about.slug: index.text(about.slug) for about in index.documents() if about.language in ("", "en")}


def bounds(given: Sequence[str]) -> dict[str, float]:
    """`caught=0.97` and `kept=0.95` as numbers; DataError for what is neither."""
    found = {}
    for item in given:
        name, _, value = item.partition("=")
        if name not in BOUNDS or not re.fullmatch(r"0?\.\d+|[01](?:\.0+)?", value):
            raise DataError(f"--fail-under {item}: write caught=VALUE or kept=VALUE, from 0 to 1.")
        found[name] = float(value)
    return found


def missed(rows: Sequence[Row], bounds: Mapping[str, float]) -> list[str]:
    """What is under its bound."""
    shares = {BOUNDS[name]: (name, limit) for name, limit in bounds.items()}
    return [
        f"{shares[row.kind][0]} is {row.right:.4f}, under {shares[row.kind][1]:g}."
        for row in rows
        if row.kind in shares and row.right < shares[row.kind][1]
    ]
