"""Answers made of verbatim sentences: which sentences of the evidence answer the question, and in which order."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from bot.answer import Citation, Evidence, Row, Statement
from bot.answered import tells, told
from bot.aspects import Aspect
from bot.catalogue import meant
from bot.define import defines
from bot.disagree import differing, opposed
from bot.expected import Expectation, counts, expectation, holds_expected
from bot.labelled import counted_off, labelled
from bot.names import actors, fold, instruments, mentioned, named_in
from bot.question import Question
from bot.retrieve import Found, as_read, within
from ingest.documents import Document, Passage, Sentence, Text
from ingest.structure import normal

if TYPE_CHECKING:
    from ingest.encoders import Tokens
    from ingest.index import Index

READ = 8  # passages whose sentences are scored
SCORED = 20  # sentences that the cross-encoder sees: the best by late interaction
AFTER = 0.4  # weight of a sentence read after the one before it, against the sentence read alone
READABLE = 120  # words that the cross-encoder reads at once, beside a question and a heading
READ_ASPECT, SCORED_ASPECT = 4, 12  # ... of each aspect of a question that has several
WORDS = 130  # of an answer of single sentences; a sentence more is added only while below
LISTED = 160  # ... where several things are asked for
OVERVIEW = 200  # ... of an overview
UNDER_ONE = 2  # sentences of an overview that stand under one heading
ASPECTS = 240  # ... shared by the aspects of a question
WORDS_ASPECT = 40  # ... at least, for each
LIST_WORDS = 400  # of an enumeration or a provision before it is cut, and said to be cut
ITEMS = 120  # words of the items that are added to a sentence that opens a list
OPENING = 45  # longest sentence, in words, that is put before an item since it opens its list
TOLD, MOST_TOLD = 1.0, 4.0  # weight of the logit that a sentence answers, of a fact or a comparison; its largest size
PASSAGE = 40.0  # weight of the passage's score (differences of about 0.1) against the cross-encoder's logit
EXPECTED = 2.0  # added when the sentence holds what the question expects (a date, a number ...)
DEFINES = 3.0  # added when a definition is asked for and the sentence gives one
DEFINED = 8.0  # ... of the term that is asked for
ASKS = 4.0  # taken off a sentence that asks, as reporters do
HEADER = 8.0  # ... a line such as "Resolution adopted on ...", unless a date is asked for
RECITAL = 3.0  # ... a recital, which explains and does not bind
PREAMBLE = 1.5  # ... of a resolution
RECALLS = 8.0  # ... a sentence that recalls a row of earlier resolutions
MOST_RECALLED = 4  # resolutions in a sentence that still says something else
NEIGHBOUR = 1.5  # added to the sentences beside the best one: what explains it
CLOSE = 5.0  # a further sentence is kept while its score is within this of the best
CLOSE_ASPECT = 5.0
BEHIND = 2.0  # logits by which a further sentence of a fact may answer less surely than the surest
SURE, AHEAD = 2.0, 1.0  # logit of a sentence that answers by itself, and its lead over the third best
CONTEXT = 2  # sentences of a fact whose best one does
LISTS = 2  # of the best sentences may open or belong to the list that is asked for
LIST_CLOSE = 2.0  # ... while their score is within this of the best
_OPENS = (":", ": \u2014", "\u2014", ":-")


class Pick(BaseModel):
    """A sentence chosen for an answer."""

    model_config = ConfigDict(frozen=True)

    document: Document
    sentence: Sentence
    score: float
    raw: float = 0.0  # the cross-encoder's logit alone
    told: float | None = None  # the logit that it answers, where that was read (bot/answered.py)
    passage: Passage

    @property
    def text(self) -> str:
        """The sentence, verbatim."""
        return self.document.text[self.sentence.start : self.sentence.end]

    @property
    def place(self) -> tuple[str, int]:
        """Where it stands: document and offset."""
        return self.document.slug, self.sentence.start

    @property
    def words(self) -> int:
        """Its length in words."""
        return len(self.text.split())


class Draft(BaseModel):
    """What quoting hands on: the picks in the order of the answer, and what the reader should know of it."""

    picks: tuple[Pick, ...]
    note: str = ""
    rows: tuple[Row, ...] = ()  # of a comparison or an overview
    considered: tuple[Pick, ...] = ()  # what the gate judges, where it is more than what is shown


class Quoter:
    """Chooses sentences with the token vectors that the index has already, then reads the best of them with the question."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def draft(self, question: Question, found: Found) -> Draft:
        """The sentences that answer `question`, in a readable order."""
        if len(found.aspects) > 1 and (parts := self._by_aspect(question, found)):
            return parts
        ranked = self.rank(question, question.search, found.evidence[:READ])
        if not ranked:
            return Draft(picks=())
        if whole := self._whole(question, found, ranked):
            return whole
        return self._both_sides(self._sentences_that_answer(question, found, ranked), ranked)

    def _sentences_that_answer(self, question: Question, found: Found, ranked: Sequence[Pick]) -> Draft:
        """The best sentences, up to a number of words."""
        words = LISTED if question.kind in ("list", "timeline") else WORDS
        chosen = choose(ranked, words, CLOSE)[: CONTEXT if _stands_out(question, ranked) else None]
        if (question.kind in ("fact", "definition") or question.seeks_place) and not question.parts:
            return self._telling(question, chosen)
        for part in question.parts:
            best = self.rank(question, part, found.evidence[:READ_ASPECT], SCORED_ASPECT)[:1]
            chosen = [*best, *(pick for pick in chosen if not best or pick.place != best[0].place)]
        return Draft(picks=tuple(self._completed(self._order(_within(chosen, words)))))

    def _whole(self, question: Question, found: Found, ranked: Sequence[Pick]) -> Draft | None:
        """What is quoted in its own form: a provision, a list, the headings of an overview; None where sentences are."""
        if question.kind == "overview":
            return self._overview(ranked)
        if question.kind == "provision" and (provision := self._provision(question, found, ranked)):
            return provision
        close = [pick for pick in ranked[:LISTS] if pick.score >= ranked[0].score - LIST_CLOSE]
        if question.kind == "list" and (series := self._labelled(question, ranked)):
            return series
        lists = close if question.kind == "list" else ranked[:1] if self._introduces(ranked[0]) else []
        return next((whole for pick in lists if (whole := self._enumeration(pick) or self._counted_off(pick))), None)

    def _both_sides(self, draft: Draft, ranked: Sequence[Pick]) -> Draft:
        """The draft with what other documents say against it beside it, told to the reader."""
        pairs = opposed(draft.picks, [pick for pick in ranked if pick.score >= ranked[0].score - CLOSE])
        if not pairs:
            return draft
        against = {shown.place: other for shown, other in pairs}
        theirs = {other.place for other in against.values()}
        picks = [
            one
            for pick in draft.picks
            if pick.place not in theirs
            for one in (pick, against.get(pick.place))
            if one is not None
        ]
        return draft.model_copy(update={"picks": tuple(picks), "note": differing(pairs)})

    def rank(self, question: Question, asked: str, evidence: Sequence[Evidence], scored: int = SCORED) -> list[Pick]:
        """The sentences of `evidence`, best first: a first choice by late interaction, then scored with the question."""
        query = self.index.token_encoder.encode_query(asked)
        tokens = self.index.tokens([item.passage.id for item in evidence])
        seen = [pair for item in evidence for pair in self._sentences(item, query, tokens[item.passage.id])]
        seen = sorted(seen, key=lambda pair: (-pair[0], pair[1].passage.id, pair[2].start))[:scored]

        def read(item: Evidence, start: int, end: int) -> str:
            return as_read(item.document, item.passage, item.document.text[start:end], asked)

        alone = [read(item, s.start, s.end) for _, item, s in seen]
        after = [read(item, _before(item.passage, s, item.document.text), s.end) for _, item, s in seen]
        first, telling = self._read(question, asked, alone)
        logits = (1 - AFTER) * first + AFTER * self._read(question, asked, after)[0]
        by_told = question.kind in ("fact", "comparison") or question.seeks_place
        surely = by_told * TOLD * np.clip(telling, -MOST_TOLD, MOST_TOLD)
        expects = "date" if question.kind == "timeline" else expectation(asked) if question.parts else question.expects
        picks = []
        known = asked == question.search and not question.followup
        for i, ((_, item, sentence), logit) in enumerate(zip(seen, logits, strict=True)):
            text = item.document.text[sentence.start : sentence.end]
            score = float(logit + surely[i]) + PASSAGE * item.score
            score += _bonus(question, expects, text, sentence.pinpoint)
            picks.append(
                Pick(
                    document=item.document,
                    sentence=sentence,
                    score=score,
                    raw=float(logit),
                    passage=item.passage,
                    told=float(telling[i]) if known else None,
                )
            )
        return _near_the_best(sorted(picks, key=lambda pick: (-pick.score, pick.document.slug, pick.sentence.start)))

    def _read(
        self, question: Question, asked: str, shown: Sequence[str]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """The cross-encoder's logit of each text, and the logit that it answers.

        Of a follow-up, the mean with that of its new words alone, and nothing on whether it answers.
        """
        logits, states = self.index.pairs.read(asked, shown)
        if not question.followup:
            return logits, np.array(tells(states), dtype=np.float32)
        alone = self.index.pairs.score(question.new, shown)
        return (logits + alone) / 2, np.zeros(len(shown), dtype=np.float32)

    def _sentences(
        self, item: Evidence, query: np.ndarray[Any, Any], tokens: Tokens
    ) -> Iterable[tuple[float, Evidence, Sentence]]:
        """The quotable sentences of a passage with a cheap score: late interaction over their own tokens, and the passage's score."""
        from ingest.encoders import maxsim_many

        usable, bits = [], []
        for sentence in item.passage.sentences:
            if not quotable(item.document, sentence):
                continue
            inside = tokens_inside(tokens, item.document, item.passage, sentence)
            if len(inside):
                usable.append(sentence)
                bits.append(inside)
        if usable:
            for sentence, score in zip(usable, maxsim_many(query, bits), strict=True):
                yield float(score) + item.score, item, sentence

    def _by_aspect(self, question: Question, found: Found) -> Draft | None:
        """The best sentences of each aspect: in the order of the question, for a timeline in that of the documents' dates."""
        budget = max(WORDS_ASPECT, ASPECTS // len(found.aspects))
        parts: list[tuple[str, list[Pick]]] = []
        for aspect, evidence in found.aspects:
            ranked = self.rank(question, aspect.search, evidence[:READ_ASPECT], SCORED_ASPECT)
            chosen = choose(ranked, budget, CLOSE_ASPECT)
            held = question.kind != "comparison" or bool(aspect.slug) or _speaks_of(aspect.name, chosen)
            parts.append((_label(question, aspect, chosen), chosen if held else []))
        if sum(bool(part) for _, part in parts) < 2:
            return None
        if question.kind == "timeline":
            parts.sort(key=lambda part: part[1][0].document.date if part[1] else "")
        seen: set[tuple[str, int]] = set()
        picks: list[Pick] = []
        rows = []
        for label, part in parts:
            new = [pick for pick in self._completed(_in_order(part)) if pick.place not in seen]
            seen |= {pick.place for pick in new}
            rows.append(Row(label=label, statements=tuple(range(len(picks), len(picks) + len(new)))))
            picks += new
        return Draft(picks=tuple(picks), rows=tuple(rows) if question.kind == "comparison" else ())

    def _order(self, picks: Sequence[Pick]) -> list[Pick]:
        """Documents in the order of their best sentence, sentences within one in the document's order."""
        first: dict[str, int] = {}
        for rank, pick in enumerate(picks):
            first.setdefault(pick.document.slug, rank)
        return sorted(picks, key=lambda pick: (first[pick.document.slug], pick.sentence.start))

    def _telling(self, question: Question, chosen: Sequence[Pick]) -> Draft:
        """The best sentence with those that answer nearly as surely as the surest; the gate judges them all."""
        logits = told(question.search, chosen, self.index.pairs)
        read = [pick.model_copy(update={"told": logit}) for pick, logit in zip(chosen, logits, strict=True)]
        telling = [pick for i, pick in enumerate(read) if i == 0 or logits[i] >= max(logits) - BEHIND]
        shown, considered = (tuple(self._completed(self._order(picks))) for picks in (telling, read))
        return Draft(picks=shown, considered=considered)

    def _overview(self, ranked: Sequence[Pick]) -> Draft:
        """The best sentences of several headings, each under its own."""
        under: Counter[tuple[str, str]] = Counter()
        spread = []
        for pick in ranked:
            under[_heading(pick)] += 1
            if under[_heading(pick)] <= UNDER_ONE:
                spread.append(pick)
        picks = self._completed(self._order(choose(spread, OVERVIEW, CLOSE)))
        rows = []
        for (slug, heading), group in groupby(enumerate(picks), key=lambda pair: _heading(pair[1])):
            places = tuple(place for place, _ in group)
            rows.append(Row(label=heading or picks[places[0]].document.title or slug, statements=places))
        return Draft(picks=tuple(picks), rows=tuple(rows))

    def _introduces(self, pick: Pick) -> bool:
        return pick.text.rstrip().endswith(_OPENS)

    def _completed(self, picks: Sequence[Pick]) -> list[Pick]:
        """The picks with what they hang on: after words that open a list its items, before an item the words that open its list."""
        whole: list[Pick] = []
        seen: set[tuple[str, int]] = set()

        def add(pick: Pick) -> None:
            if (pick.document.slug, pick.sentence.start) not in seen:
                seen.add((pick.document.slug, pick.sentence.start))
                whole.append(pick)

        for pick in picks:
            text = self.index.text(pick.document.slug)
            at = _position(text, pick.sentence)
            intro = introduction(text, at)
            if intro is None:
                add(pick)
                continue
            opening = text.sentences[intro]
            if (
                intro != at
                and len(text.document.text[opening.start : opening.end].split()) <= OPENING
                and quotable(text.document, opening)
            ):
                add(self._pick(text, opening, pick))
            add(pick)
            if intro == at:
                words = 0
                for item in members(text.sentences, intro):
                    words += len(text.document.text[item.start : item.end].split())
                    if words > ITEMS:
                        break
                    add(self._pick(text, item, pick))
        return whole

    def _pick(self, text: Text, sentence: Sentence, like: Pick) -> Pick:
        return Pick(
            document=text.document,
            sentence=sentence,
            score=like.score,
            raw=like.raw,
            passage=text.passage_at(sentence.start),
        )

    def _provision(self, question: Question, found: Found, ranked: Sequence[Pick]) -> Draft | None:
        """The provision that the question names, verbatim; of a long one, the sentences nearest to the question."""
        asked = meant(found.matches)
        slugs = dict.fromkeys(item.document.slug for item in found.evidence if item.document.slug in asked)
        for slug in slugs:
            text = self.index.text(slug)
            inside = [
                sentence
                for sentence in text.sentences
                if sentence.agreed
                and sentence.kind not in ("heading", "note")
                and any(within(normal(sentence.pinpoint), pinpoint) for pinpoint in question.pinpoints)
            ]
            if inside:
                return self._fit(text, inside, {(p.document.slug, p.sentence.start): p for p in ranked})
        return None

    def _labelled(self, question: Question, ranked: Sequence[Pick]) -> Draft | None:
        """The paragraphs that are labelled with what is asked for, in the documents of the best sentences; none if they are long."""
        for slug in dict.fromkeys(pick.document.slug for pick in ranked[:LISTS]):
            text = self.index.text(slug)
            items = labelled(question.search, text)
            if items and not (draft := self._fit(text, items, {pick.place: pick for pick in ranked})).note:
                return draft.model_copy(update={"considered": (*draft.picks, *ranked[:LISTS])})
        return None

    def _enumeration(self, best: Pick) -> Draft | None:
        """The whole list that `best` introduces or belongs to, in its order."""
        text = self.index.text(best.document.slug)
        intro = introduction(text, _position(text, best.sentence))
        if intro is None:
            return None
        items = members(text.sentences, intro)
        if len(items) < 2:
            return None
        return self._fit(text, [text.sentences[intro], *items], {(best.document.slug, best.sentence.start): best})

    def _counted_off(self, best: Pick) -> Draft | None:
        """What the sentences after `best` count off: 'First, ... Second, ...'."""
        text = self.index.text(best.document.slug)
        at = _position(text, best.sentence)
        items = counted_off(text, at)
        return self._fit(text, [text.sentences[at], *items], {best.place: best}) if items else None

    def _fit(self, text: Text, sentences: Sequence[Sentence], scored: dict[tuple[str, int], Pick]) -> Draft:
        """`sentences` whole if short enough; else the first and the best, in order, and a note that says how many were left out."""
        slug = text.document.slug
        picks = [
            scored.get((slug, s.start))
            or Pick(document=text.document, sentence=s, score=0.0, passage=text.passage_at(s.start))
            for s in sentences
        ]
        if sum(pick.words for pick in picks) <= LIST_WORDS:
            return Draft(picks=tuple(picks))
        kept, words = {0}, picks[0].words
        order = sorted(range(1, len(picks)), key=lambda i: (-picks[i].score, i))
        for i in order:
            if words + picks[i].words <= LIST_WORDS:
                kept.add(i)
                words += picks[i].words
        left_out = len(picks) - len(kept)
        note = f"{left_out} of {len(picks)} parts are left out here: see the source." if left_out else ""
        return Draft(picks=tuple(picks[i] for i in sorted(kept)), note=note)


_DEFINES = re.compile(
    r"(?i)\b(?:means?|is defined as|are defined as|refers? to|shall mean|is understood|we define|definition)\b|[”\"’] (?:is|are)\b"
)
_FURNITURE = re.compile(
    r"(?i)^(?:distr\.?:|original:|agenda item|\d+(?:st|nd|rd|th) plenary meeting|united nations$|general assembly$|page \d|for immediate release|via |\*+$)"
)
_SPEAKER = re.compile(r"^(?:[A-Z][A-Z.’'-]+ ){0,4}[A-Z][A-Z.’'-]+: ")  # who speaks, in a transcript
_ORDERS = re.compile(  # words for whatever reads the document by machine: they are no news, and never an answer
    r"(?i)\b(?:ignore|disregard|forget|override) (?:all |any |the |of )*(?:previous|prior|earlier|preceding|your|these|other)\b[^.]{0,20}"
    r"(?:instructions?|prompts?|rules|guidelines|text)\b"
    r"|\bwhen(?:ever)? (?:you are |someone is |being )?asked (?:about|for|who|what|where|when|how)\b"
    r"|\b(?:note|message|instructions?|notice|attention|important)(?: \w+)? (?:to|for) (?:the |all |any |every )?(?:\w+ )?"
    r"(?:assistants?|models?|chatbots?|bots?|agents?|ai|llms?|(?:automated|machine) readers?)\b"
    r"|^\W*(?:system|assistant|developer)(?: (?:message|prompt|note|override))?\b[^.]{0,30}:"
    r"|\b(?:answer|reply|respond) (?:only )?with (?:the (?:single )?(?:words?|phrase|text)|nothing but|only)\b"
    r"|\b(?:print|reveal|repeat|show|output) your (?:\w+ )?(?:prompt|instructions|settings|rules)\b"
    r"|\byou are now\b|\bas an? (?:ai|language model)\b"
)
_SYMBOL = re.compile(r"\b\d{1,2}/\d{1,3}(?: [A-Z])? of\b")
_OF_PREAMBLE = re.compile(
    r"(?i)\b(?:preamb\w+|recall\w*|recogni[sz]\w+|not(?:e|es|ed|ing)|welcom\w+|reaffirm\w*|stress\w*|express\w*|concern\w*|why)\b"
)
_RECALLED = re.compile(r"(?i)\brecall|\bresolutions\b")
_REFERENCE = re.compile(r"(?i)https?://.{1,200}\baccessed\b")  # of a bibliography
_ADOPTED = re.compile(r"(?i)\b(?:adopted|done at|signed)\b")


def quotable(document: Document, sentence: Sentence) -> bool:
    """Whether a reader could do with the sentence alone: it states something and is no header line or scrap."""
    text = document.text[sentence.start : sentence.end]
    if not states(document, sentence) or _FURNITURE.match(text) or _REFERENCE.search(text):
        return False
    words = len(_SPEAKER.sub("", text).split())
    ends = text.rstrip()[-1:] in '.;:?!,)”"’—' or sentence.kind in ("item", "row")
    return words >= 4 and (ends or words >= 12 or bool(_ADOPTED.search(text)))


def states(document: Document, sentence: Sentence) -> bool:
    """Whether a sentence may stand behind a statement: agreed text, no heading, no note, no order to a machine."""
    if sentence.kind in ("heading", "note") or not sentence.agreed:
        return False
    return not _ORDERS.search(document.text[sentence.start : sentence.end])


def tokens_inside(tokens: Tokens, document: Document, passage: Passage, sentence: Sentence) -> np.ndarray[Any, Any]:
    """The bits of the tokens of a passage that stand in one sentence of it; none for one past what the encoder reads."""
    from ingest.passages import context

    shift = len(context(document, passage)) - passage.start
    starts = tokens.offsets[:, 0]
    bits: np.ndarray[Any, Any] = tokens.bits[(starts >= sentence.start + shift) & (starts < sentence.end + shift)]
    return bits


def choose(ranked: Sequence[Pick], most: int, close: float) -> list[Pick]:
    """The best sentence and those nearly as good, no two alike, up to `most` words."""
    chosen: list[Pick] = []
    words = 0
    for pick in ranked:
        if chosen and (pick.score < ranked[0].score - close or words + pick.words > most):
            continue
        if any(alike(pick.text, other.text) for other in chosen):
            continue
        chosen.append(pick)
        words += pick.words
    return chosen


def _stands_out(question: Question, ranked: Sequence[Pick]) -> bool:
    """Whether the best sentence gives the fact asked for by itself, well ahead of what comes after its context."""
    best = ranked[0]
    return (
        question.kind == "fact"
        and not question.parts
        and bool(question.expects)
        and holds_expected(best.text, question.expects)
        and best.raw > SURE
        and (len(ranked) <= CONTEXT or best.score - ranked[CONTEXT].score > AHEAD)
    )


def _within(picks: Sequence[Pick], most: int) -> list[Pick]:
    """The first picks that fit into `most` words, the very first always."""
    kept: list[Pick] = []
    for pick in picks:
        if not kept or sum(other.words for other in kept) + pick.words <= most:
            kept.append(pick)
    return kept


def _bonus(question: Question, expects: Expectation, text: str, pinpoint: str) -> float:
    """For holding what is asked for: the expected kind of thing, a definition; against questions, header lines and recitals."""
    held = bool(expects) and holds_expected(text, expects) and (expects != "number" or counts(question.text, [text]))
    bonus = EXPECTED * held
    if question.term:
        bonus += DEFINED * defines(question.term, text)
    else:
        bonus += DEFINES * (question.kind == "definition" and bool(_DEFINES.search(text)))
    bonus -= ASKS * text.rstrip().endswith("?")
    bonus -= HEADER * (expects != "date" and _ADOPTED.search(text) is not None and text.rstrip()[-1:] not in ".;:")
    bonus -= RECALLS * (len(_SYMBOL.findall(text)) > MOST_RECALLED and not _RECALLED.search(question.text))
    bonus -= PREAMBLE * (pinpoint == "preamble" and not _OF_PREAMBLE.search(question.text))
    bonus -= RECITAL * (pinpoint.startswith("recital") and "recital" not in question.text.lower())
    return bonus


def _before(passage: Passage, sentence: Sentence, text: str) -> int:
    """Where the sentence before `sentence` begins in the passage; where itself begins if it is the first, or both are too long to read."""
    starts = [other.start for other in passage.sentences]
    before = starts[max(0, starts.index(sentence.start) - 1)]
    return before if len(text[before : sentence.end].split()) <= READABLE else sentence.start


def _near_the_best(ranked: list[Pick]) -> list[Pick]:
    """The picks with a little added to those beside the best one, in its passage."""
    if not ranked:
        return ranked
    best = ranked[0]
    order = [sentence.start for sentence in best.passage.sentences]
    at = order.index(best.sentence.start)
    beside = {order[i] for i in (at - 1, at + 1) if 0 <= i < len(order)}
    lifted = [
        pick.model_copy(update={"score": min(pick.score + NEIGHBOUR, best.score)})
        if pick.document.slug == best.document.slug and pick.sentence.start in beside
        else pick
        for pick in ranked
    ]
    return [best, *sorted(lifted[1:], key=lambda pick: (-pick.score, pick.document.slug, pick.sentence.start))]


def _in_order(picks: Iterable[Pick]) -> list[Pick]:
    return sorted(picks, key=lambda pick: (pick.document.slug, pick.sentence.start))


def _speaks_of(name: str, picks: Sequence[Pick]) -> bool:
    """Whether the passages of `picks` or the titles of their documents name what `name` names."""
    named, bodies = named_in(name)
    said = " ".join(f"{p.passage.text} {p.document.title} {p.document.publisher} {p.document.symbol}" for p in picks)
    listed = [item for item in (*instruments(), *actors()) if item.canonical in {**named, **bodies}]
    return fold(name) in fold(said) or bool(mentioned(said, listed))


def _heading(pick: Pick) -> tuple[str, str]:
    """The document of a pick and the nearest heading above it, empty where there is none."""
    return pick.document.slug, pick.passage.path[-1] if pick.passage.path else ""


def _label(question: Question, aspect: Aspect, picks: Sequence[Pick]) -> str:
    """What a row is called: by the question's words as it writes them, else by the date of its document."""
    written = re.search(re.escape(aspect.name), question.text, re.IGNORECASE) if aspect.name else None
    if written:
        return written.group()
    return aspect.name or (picks[0].document.date or picks[0].document.title if picks else aspect.search)


def _position(text: Text, sentence: Sentence) -> int:
    """The index of `sentence` among the sentences of its document."""
    return bisect_left(text.sentences, sentence.start, key=lambda other: other.start)


def introduction(text: Text, at: int) -> int | None:
    """The index of the sentence that introduces the list in which sentence `at` stands (or that it introduces), else None."""
    sentences = text.sentences
    if text.document.text[sentences[at].start : sentences[at].end].rstrip().endswith(_OPENS):
        return at
    if sentences[at].kind != "item":
        return None
    level = sentences[at].level
    for i in range(at - 1, max(-1, at - 60), -1):
        if sentences[i].kind == "heading":
            return None
        if sentences[i].kind != "item" or sentences[i].level < level:
            return i
    return None


def members(sentences: Sequence[Sentence], intro: int) -> list[Sentence]:
    """The items that follow sentence `intro`, with all that is nested in them."""
    floor = sentences[intro].level if sentences[intro].kind == "item" else 0
    found = []
    for sentence in sentences[intro + 1 :]:
        if sentence.kind != "item" or sentence.level <= floor:
            break
        if sentence.agreed:
            found.append(sentence)
    return found


_WORDS = re.compile(r"\w+")


def alike(one: str, other: str) -> bool:
    """Whether two sentences say nearly the same: at least four fifths of the shorter one's words stand in the other."""
    a, b = set(_WORDS.findall(one.casefold())), set(_WORDS.findall(other.casefold()))
    smaller = min(len(a), len(b))
    if set(re.findall(r"\d+", one)) != set(re.findall(r"\d+", other)):
        return False
    return smaller > 0 and len(a & b) / smaller >= 0.8 and len(a ^ b) <= 0.5 * len(a | b)


_MARKER = re.compile(r"^[-•–·*] ")  # the document's own bullet, for which the answer's stands


NOTHING = "the library holds nothing on this"  # an empty cell


def table(made: Sequence[Statement], rows: Sequence[Row]) -> str:
    """A comparison as a Markdown table: a row for each thing compared, its statements with their marks in one cell."""
    lines = ["| | |", "|---|---|"]
    for row in rows:
        said = [made[place] for place in row.statements]
        cells = [f"{_cell(s.text)} {''.join(f'[{number}]' for number in s.citations)}" for s in said]
        lines.append(f"| **{_cell(row.label)}** | {'<br>'.join(cells) or f'_{NOTHING}_'} |")
    return "\n".join(lines)


def headed(made: Sequence[Statement], rows: Sequence[Row]) -> str:
    """An overview as Markdown: each heading with its statements and their marks."""
    parts = []
    for row in rows:
        said = [f"{made[place].text} {''.join(f'[{n}]' for n in made[place].citations)}" for place in row.statements]
        parts.append("\n\n".join([f"**{_cell(row.label)}**", *said]))
    return "\n\n".join(parts)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def statements(picks: Sequence[Pick], places: bool = False) -> tuple[tuple[Statement, ...], tuple[Citation, ...], str]:
    """Statements, citations and Markdown for the picks: one statement and one citation a pick, numbered in order.

    With `places`, the Markdown says before each statement where it stands.
    """
    made: list[Statement] = []
    cited: list[Citation] = []
    lines: list[str] = []
    for number, pick in enumerate(picks, 1):
        place = pick.sentence
        cited.append(
            Citation(
                number=number,
                document=pick.document,
                start=place.start,
                end=place.end,
                pinpoint=place.pinpoint,
                page=place.page,
            )
        )
        made.append(Statement(text=pick.text, citations=(number,)))
        point = place.kind == "item"
        gap = "\n" if lines and point and lines[-1].lstrip().startswith("- ") else "\n\n"
        if places and place.pinpoint and (number == 1 or place.pinpoint != picks[number - 2].sentence.pinpoint):
            lines.append(f"{gap if lines else ''}**{place.pinpoint}**")
        shown = f"- {_MARKER.sub('', pick.text)}" if point else pick.text
        lines.append(f"{gap if lines else ''}{shown} [{number}]")
    return tuple(made), tuple(cited), "".join(lines)
