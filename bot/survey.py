"""A briefing on a topic: what the library says on it, section by section, in sentences that belong there and stand alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from bot import alone, language
from bot.answer import Citation, Evidence
from bot.briefing import FEWEST, LONGEST, Briefing, Collected, Line, Section, instruments, timeline
from bot.figures import dates, durations
from bot.question import Filters, understand
from bot.quote import Pick, alike, introduction, quotable
from bot.status import is_over
from bot.topic import Topic
from ingest.documents import Document, LibraryError, Passage, Sentence

if TYPE_CHECKING:
    from bot.ask import Legation
    from bot.spelling import Vocabulary

POSITIONS = 6  # publishers whose words are given
WIDE = 40  # passages that each search brings
SCORED = 24  # sentences that a section chooses from
BELOW = 0.02  # a passage that a search did not bring has this much less than the last that it brought
ALL = 1000  # passages of a law that is the topic
OPENING = 2  # passages at the beginning of a document about the topic, which say what it is
BEGINNING = 2500  # characters of a document that are its beginning
FLOOR = -5.0  # logit of a sentence that says something on the question
CLOSE = 6.0  # a further sentence is taken while its score is within this of the best
LONGEST_SENTENCE = 60  # words of one that is quoted ...
LONGEST_LAW = 90  # ... of a law
LONGEST_LIST = 160  # ... of one that lists who takes part, or founds the thing
OPENS = 40  # words that open a list
EVENTS = 5  # days of the timeline that the texts name
SAID, MANY = 2, 4  # sentences of a publisher; of so many publishers, one each
LEAD = 3.0  # added to how a document begins, which says what it is ...
NAMES = 2.0  # ... to a sentence that names the topic itself; three times that where it is to say what the topic is
SAYS_WHAT = 2.0  # ... to one that says what something is or is for
STANDS = 2.0  # ... and, for a position, to one that takes a stand


class Part(NamedTuple):
    """A section that is asked for: its name in the languages, how many sentences, and what each must have in it."""

    name: str
    most: int
    fits: re.Pattern[str] | None = None
    of: Literal["any", "law", "policy"] = "any"  # where the topic is a law, or is none
    expected: bool = False  # whether it is an open question where nothing is found
    leads: bool = False  # whether the beginnings of documents are its place
    newer: float = 0.0  # added to the newest document's sentences, and in part to those between


_DUTY = re.compile(
    r"\b(?:shall|must|should|commit(?:s|ted|ments?)?|pledg\w+|undertak\w+|agree[ds]?|required?|requests|calls? (?:up)?on|urges?)\b",
    re.IGNORECASE,
)
_TAKES_PART = re.compile(
    r"\b(?:members? (?:of|are|include)|\d+ members|new members|participants (?:in|of|are)|participating|parties to|signator(?:y|ies)"
    r"|governments of|principals of|compris\w+|consists? of|composed of|joined|(?:appl(?:y|ies)|open) to|new \w+ members)\b",
    re.IGNORECASE,
)
_SUM = re.compile(r"[$€£%]|\b(?:EUR|USD|GBP|dollars?|euros?|million|billion|per ?cent)\b", re.IGNORECASE)
_WITHIN = re.compile(
    r"\b(?:within|(?:no|not) later than|at the latest|every|by|from|until|into force|appl(?:y|ies))\b", re.IGNORECASE
)
_AHEAD = re.compile(
    r"\b(?:will|intends?|plans? to|looks? forward|next (?:year|step|meeting)|coming (?:years?|months?))\b"
)
_STAND = re.compile(
    r"\b(?:we|our|commit\w*|support\w*|condemn\w*|call(?:s|ed)? (?:up)?on|urge[sd]?|discourag\w+|encourag\w+|reaffirm\w*|recogni[sz]e\w*"
    r"|welcom\w+|oppos\w+|reject\w*|endors\w+|policy|shall|must|should|will)\b",
    re.IGNORECASE,
)
# What is asked of the library. Searched, never shown.
ASKED = {
    "background": "What is {topic}?",
    "obligations": "What must or should States or companies do under {topic}?",
    "actors": "Who takes part in {topic}?",
    "dates": "When was {topic} adopted, and when does it apply?",
    "money": "How much money or what fines does {topic} involve?",
    "next": "What will be done next on {topic}?",
    "positions": "What does each say about {topic}?",
    "position": "What does {publisher} say about {topic}?",
    "event": "On which day was {topic} founded, adopted, held or applied?",
}
SEARCHED = ("background", "obligations", "positions", "dates")  # ... and whose searches serve the others:
SEARCHED_FOR = {
    "actors": "background",
    "next": "obligations",
    "position": "positions",
    "money": "dates",
    "event": "dates",
}
PARTS = (
    Part("background", 3, expected=True, leads=True),
    Part("actors", 2, _TAKES_PART, expected=True, newer=3),
    Part("obligations", 4, _DUTY, expected=True),
    Part("dates", 4, _WITHIN, of="law", expected=True),
    Part("money", 3, _SUM, of="law", expected=True),
    Part("next", 2, _AHEAD, of="policy", newer=8),
)
_LAW = ("law", "legislation", "directive", "regulation", "treaty", "convention", "act")
_DEFINES = re.compile(
    r"\b(?:is an?|aims? (?:to|at)|purpose|objective|established|founded|launched|created|brings together|mission|lays? down)\b"
)


def brief(legation: Legation, topic: str, filters: Filters | None = None, code: str = language.DEFAULT) -> Briefing:
    """The briefing on `topic`. LibraryError when the library holds nothing on it."""
    words = language.load(code)
    topic = " ".join(topic.split()).rstrip("?.! ")
    if not topic or len(topic) > LONGEST:
        raise LibraryError(words["brief.no-topic"].format(most=LONGEST))
    survey = Survey(legation, topic, filters, words)
    sections = survey.sections()
    if not sections:
        raise LibraryError(words["brief.nothing"].format(topic=topic))
    return survey.collected.briefing(topic, code, sections, survey.open_questions)


class Survey:
    """What the library says on one topic. Searches a few times, then chooses sentences for each section from what was found."""

    def __init__(self, legation: Legation, words: str, filters: Filters | None, said: language.Words) -> None:
        self.legation = legation
        self.words = words
        self.filters = filters
        self.said = said
        self.topic = Topic(words, legation.index.documents())
        self.collected = Collected()
        self.open_questions: list[str] = []
        self.pool: list[Evidence] = []
        self.scores: dict[str, dict[str, float]] = {}  # of passages in each search
        self.about: list[Document] = []  # by date
        self.law = False  # whether the topic is a law or a treaty
        self._of_it: dict[str, int] = {}  # their places in that order, from 1

    def sections(self) -> list[Section]:
        """The sections in their order; none where the library holds nothing on the topic."""
        self._search()
        if not self.about and not self._sure():
            return []
        positions: list[Section] = []
        found: dict[str, Section] = {}
        for part in PARTS:
            if part.of == "any" or (part.of == "law") == self.law:
                places, items = self._part(part)
                if places:
                    found[part.name] = Section(title=self.said[f"brief.{part.name}"], statements=places, items=items)
                elif part.expected:
                    self.open_questions.append(self.said[f"brief.open-{part.name}"].format(topic=self._named))
            if part.name == "actors":  # before the rest takes the best of them
                positions = self._positions()
        if not (found or positions):
            return []
        events = self._events()
        self._since()
        first = [found.pop("background")] if "background" in found else []
        who = [found.pop("actors")] if "actors" in found else []
        made = [*first, *instruments(self.collected, self.about, self.said), *who, *positions, *found.values()]
        return made + timeline(self.collected, self.about, events, self.said)

    # what there is

    @property
    def _named(self) -> str:
        """The topic at the head of a question."""
        return self.topic.bare[:1].upper() + self.topic.bare[1:]

    def _of_topic(self, document: Document) -> bool:
        """Whether all that the document says is on the topic: it is called so."""
        return self.topic.entitled(document)

    def _search(self) -> None:
        """The passages on the topic: those of documents about it, and those that name it."""
        found: dict[str, Evidence] = {}
        for name in SEARCHED:
            question = understand(ASKED[name].format(topic=self.words), (), self._vocabulary)
            evidence = self.legation.retriever.find(question, self.filters, k=WIDE).evidence
            self.scores[name] = {item.passage.id: item.score for item in evidence}
            for item in evidence:
                found.setdefault(item.passage.id, item)
        documents = {item.document.slug: item.document for item in found.values()}
        passages = {slug: self.legation.index.text(slug).passages for slug in documents}
        self.about = sorted(
            (one for slug, one in documents.items() if self.topic.about(one, passages[slug]) and self._holds(one)),
            key=lambda one: (one.date, one.slug),
        )
        self._of_it = {one.slug: place for place, one in enumerate(self.about, 1)}
        self.law = any(
            any(word in one.kind.casefold().split() for word in _LAW) for one in self.about if self._of_topic(one)
        )
        for one in self.about:  # how a document begins says what it is; a law says it anywhere
            for passage in passages[one.slug][: ALL if self.law and self._of_topic(one) else OPENING]:
                found.setdefault(passage.id, Evidence(document=one, passage=passage, score=0.0))
        on_topic = [item for item in found.values() if self._holds(item.document) and self._speaks(item)]
        self.pool = on_topic
        self.collected.seen(found.values())

    @property
    def _vocabulary(self) -> Vocabulary:
        return self.legation.retriever.vocabulary

    def _holds(self, document: Document) -> bool:
        """Whether the document still holds, or is what is asked about."""
        return not is_over(document.status) or self.topic.entitled(document)

    def _speaks(self, item: Evidence) -> bool:
        return item.document.slug in self._of_it or self.topic.named(
            f"{' '.join(item.passage.path)} {item.passage.text}"
        )

    def _sure(self) -> bool:
        """Whether the library answers what the topic is, where no document is about it."""
        question = ASKED["background"].format(topic=self.words)
        return self.legation.judge(question, filters=self.filters).confidence >= self.legation.threshold

    # what is chosen

    def _rank(
        self,
        name: str,
        fits: Callable[[Evidence, Sentence, str], bool],
        bonus: Callable[[Pick], float],
        pool: Sequence[Evidence] = (),
        **gaps: str,
    ) -> list[Pick]:
        """The sentences of the pool that fit, best first for the question of that name."""
        question = understand(ASKED[name].format(topic=self.words, **gaps), (), self._vocabulary)
        scores = self.scores[SEARCHED_FOR.get(name, name)]
        lowest = min(scores.values(), default=0.0) - BELOW
        narrowed = []
        for item in pool or self.pool:
            kept = tuple(s for s in item.passage.sentences if self._fits(item, s, fits))
            if kept:
                passage = item.passage.model_copy(update={"sentences": kept})
                score = scores.get(passage.id, lowest)
                narrowed.append(item.model_copy(update={"passage": passage, "score": score}))
        ranked = self.legation.quoter.rank(question, question.search, narrowed, SCORED)
        scored = [pick.model_copy(update={"score": pick.score + bonus(pick)}) for pick in ranked]
        return sorted(scored, key=lambda pick: (-pick.score, pick.document.slug, pick.sentence.start))

    def _fits(self, item: Evidence, sentence: Sentence, fits: Callable[[Evidence, Sentence, str], bool]) -> bool:
        text = item.document.text[sentence.start : sentence.end]
        if not quotable(item.document, sentence) or not fits(item, sentence, text):
            return False
        term = alone.term(text)
        if alone.formal(text) or (term and not self.topic.named(term)):
            return False
        return self._of_topic(item.document) or self.topic.named(f"{' '.join(item.passage.path)} {text}")

    def _part(self, part: Part) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The places of a section's statements, and which of them are items of a list."""
        if part.leads and self.law:  # a law says itself what it is for
            places, items = self._asked(part, alone.subject)
            if places:
                return places, items
        return self._asked(part, lambda text: True)

    def _asked(self, part: Part, admitted: Callable[[str], bool]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The same, of the sentences that are admitted."""

        def fits(item: Evidence, sentence: Sentence, text: str) -> bool:
            if part.fits and not part.fits.search(text):
                return False
            if not admitted(text):
                return False
            if part.name == "dates" and not (durations(text) or dates(text)):
                return False
            if part.name == "actors" and not (self.law or self.topic.named(text)):
                return False
            long = part.name == "actors" or (part.leads and alone.operative(text) and self.topic.named(text))
            if self.law and sentence.pinpoint.startswith("recital"):
                return False  # it explains, and binds nobody
            longest = LONGEST_LIST if long else LONGEST_LAW if self.law else LONGEST_SENTENCE
            return len(text.split()) <= longest and self._stands(item.document, item.passage, sentence, text)

        def bonus(pick: Pick) -> float:
            return self._bonus(pick, part) + part.newer * self._of_it.get(pick.document.slug, 0) / max(
                1, len(self.about)
            )

        ranked = self._rank(part.name, fits, bonus)
        chosen = self._choose(ranked, part.most)
        if part.name == "next":  # what an older one announced is over
            chosen = [pick for pick in chosen if pick.document.date == chosen[-1].document.date]
        if part.leads and chosen:  # what says best what it is comes first
            best = max(chosen, key=lambda pick: pick.score)
            chosen = [best, *(pick for pick in chosen if pick is not best)]
        return self._placed(chosen)

    def _bonus(self, pick: Pick, part: Part | None = None) -> float:
        begins = pick.document.slug in self._of_it and pick.sentence.start < BEGINNING
        leads = bool(part and part.leads and begins and not pick.sentence.pinpoint.startswith("recital"))
        defines = bool(part and part.leads and _DEFINES.search(pick.text))
        named = NAMES * (3 if part and part.leads else 1) * self._named_in(pick)
        return LEAD * leads + SAYS_WHAT * defines + named

    def _named_in(self, pick: Pick) -> bool:
        """Whether the sentence itself names the topic; a law calls itself 'this Directive'."""
        return self.topic.named(pick.text) or (self._of_topic(pick.document) and alone.itself(pick.text))

    def _stands(self, document: Document, passage: Passage, sentence: Sentence, text: str) -> bool:
        """Whether the sentence can be read alone: a whole one, or an item that is quoted with the words that open its list."""
        if sentence.kind == "item" and self._opening(document, sentence):
            return True
        return alone.alone(text, "resolution" in document.kind.casefold())

    def _opening(self, document: Document, sentence: Sentence) -> Sentence | None:
        """The sentence that opens the list in which an item stands, where that is short and whole."""
        text = self.legation.index.text(document.slug)
        at = next((i for i, other in enumerate(text.sentences) if other.start == sentence.start), None)
        before = introduction(text, at) if at is not None else None
        if before is None or before == at:
            return None
        opening = text.sentences[before]
        words = document.text[opening.start : opening.end]
        fit = quotable(document, opening) and len(words.split()) <= OPENS and alone.opens(words)
        return opening if fit else None

    def _choose(self, ranked: Sequence[Pick], most: int) -> list[Pick]:
        """The best that are nearly as good as the best, none alike, no more than a few of one document."""
        chosen: list[Pick] = []
        said = [statement.text for statement in self.collected.statements]
        for pick in ranked:
            if len(chosen) == most or pick.score < ranked[0].score - CLOSE:
                break
            if pick.raw < FLOOR:
                continue
            of_it = sum(other.document.slug == pick.document.slug for other in chosen)
            several = len({other.document.slug for other in ranked[:SCORED]}) > 1
            long = pick.words > 2 * LONGEST_SENTENCE // 3 and any(other.words > LONGEST_LAW for other in chosen)
            if long or (several and of_it >= max(2, most // 2)) or any(alike(pick.text, text) for text in said):
                continue
            chosen.append(pick)
            said.append(pick.text)
        return sorted(chosen, key=lambda pick: (pick.document.date, pick.document.slug, pick.sentence.start))

    def _placed(self, picks: Sequence[Pick]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Statements of the picks, with the words that open a list before its items."""
        places: list[int] = []
        items: list[int] = []
        for pick in picks:
            opening = self._opening(pick.document, pick.sentence) if pick.sentence.kind == "item" else None
            if opening:
                at = self._add(pick.document, opening)
                places += [at] if at not in places else []
            place = self._add(pick.document, pick.sentence)
            places.append(place)
            items += [place] if opening else []
        return tuple(dict.fromkeys(places)), tuple(items)

    def _add(self, document: Document, sentence: Sentence) -> int:
        citation = Citation(
            number=1,
            document=document,
            start=sentence.start,
            end=sentence.end,
            pinpoint=sentence.pinpoint,
            page=sentence.page,
        )
        return self.collected.add(document.text[sentence.start : sentence.end], [citation])

    def _positions(self) -> list[Section]:
        """A row for each publisher that speaks of the topic, in its own words; where one speaks alone, that is an open question."""
        by_publisher: dict[str, list[Evidence]] = {}
        for item in self.pool:
            if item.document.publisher:
                by_publisher.setdefault(item.document.publisher, []).append(item)
        rows = []

        def fits(item: Evidence, sentence: Sentence, text: str) -> bool:
            short = len(text.split()) <= LONGEST_SENTENCE
            return short and self._stands(item.document, item.passage, sentence, text) and sentence.kind != "item"

        def bonus(pick: Pick) -> float:
            return self._bonus(pick) + STANDS * bool(_STAND.search(pick.text))

        near = self.scores["positions"]
        nearest = sorted(
            by_publisher.items(), key=lambda held: -max(near.get(item.passage.id, 0.0) for item in held[1])
        )
        for publisher, evidence in nearest[: POSITIONS + 2]:
            ranked = self._rank("position", fits, bonus, evidence, publisher=publisher)
            picks = self._choose(ranked, SAID)
            if picks:
                rows.append((max(pick.score for pick in picks), publisher, picks))
        rows = sorted(rows, key=lambda row: -row[0])[:POSITIONS]
        if len(rows) >= MANY:
            rows = [(score, publisher, [max(picks, key=lambda pick: pick.score)]) for score, publisher, picks in rows]
        if len(rows) < 2:
            sole = rows[0][1] if rows else (self.about[0].publisher if self.about else "")
            if sole:
                told = self.said["brief.open-voice"].format(topic=self._named, publisher=sole)
                self.open_questions.append(told)
            return []
        lines = tuple(Line(label=publisher, statements=self._placed(picks)[0]) for _, publisher, picks in rows)
        places = tuple(place for line in lines for place in line.statements)
        return [Section(title=self.said["brief.positions"], sort="positions", statements=places, rows=lines)]

    def _events(self) -> list[Line]:
        """The days that sentences on the topic name, each with the best sentence on it."""

        def fits(item: Evidence, sentence: Sentence, text: str) -> bool:
            return len(text.split()) <= LONGEST_SENTENCE and alone.whole(text) and bool(alone.event(text))

        days: dict[str, Pick] = {}
        ranked = self._rank("event", fits, lambda pick: self._bonus(pick))
        for pick in ranked:
            day = alone.event(pick.text)
            if len(days) == EVENTS or pick.score < ranked[0].score - CLOSE:
                break
            if day not in days and pick.raw >= FLOOR:
                days[day] = pick
        others = {one.date for one in self.about if one.date and self.collected.of(one)} - set(days)
        if len(days) + len(others) < FEWEST:
            return []  # nothing is cited that is not shown
        return [Line(label=day, statements=(self._add(pick.document, pick.sentence),)) for day, pick in days.items()]

    def _since(self) -> None:
        """The question that every library leaves open: what came after its newest document on the topic."""
        newest = max((one.date for one in self.collected.documents() if one.date), default="")
        if newest:
            day = language.day(self.said, newest)
            self.open_questions.append(self.said["brief.open-since"].format(topic=self._named, date=day))
