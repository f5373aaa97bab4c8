"""What is asked: the standalone question, the kind of answer it wants, and the instruments, actors, places and dates it names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.answer import Kind
from bot.define import term_of
from bot.expected import Expectation, expectation
from bot.names import fold, instruments, mentioned, named_in
from bot.spelling import Vocabulary, is_english
from bot.terms import in_english, language_of, terms_for
from ingest.documents import LibraryError
from ingest.structure import mentions

Turn = Mapping[str, str]


class Filters(BaseModel):
    """Which documents may be used. An unknown filter is an error, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    publisher: str | None = Field(default=None, description="Publisher, exactly as `legation library` prints it.")
    kind: str | None = Field(default=None, description="Kind of document: treaty, law, statement ...")
    source: str | None = Field(default=None, description="Slug of one document.")
    language: str | None = Field(default=None, description="Language code: en, fr ...")
    year_from: int | None = Field(default=None, description="Earliest year of the document's date.")
    year_to: int | None = Field(default=None, description="Latest year of the document's date.")

    @model_validator(mode="after")
    def _years_in_order(self) -> Filters:
        if self.year_from is not None and self.year_to is not None and self.year_from > self.year_to:
            raise ValueError(f"year_from {self.year_from} is after year_to {self.year_to}")
        return self

    @classmethod
    def of(cls, given: Mapping[str, object] | None) -> Filters:
        """Filters from a mapping; a LibraryError names what is wrong and the filters there are."""
        try:
            return cls.model_validate(dict(given or {}))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            known = ", ".join(cls.model_fields)
            raise LibraryError(f"filter {name or given}: {first['msg']}. Known filters: {known}.") from None

    def where(self) -> dict[str, object]:
        """The filter as the index takes it: only what is set, with `source` called slug."""
        given = self.model_dump(exclude_none=True)
        if "source" in given:
            given["slug"] = given.pop("source")
        return given


class Question(BaseModel):
    """A question, understood."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asked: str
    text: str = Field(description="Standalone, misspelt words put right: what is shown as 'Understood as'.")
    search: str = Field(default="", description="What is searched for: the text, in English.")
    new: str = Field(default="", description="Of a follow-up: its own words, without the earlier question.")
    parts: tuple[str, ...] = Field(
        default=(), description="The questions that it joins by 'and', where it asks several."
    )
    terms: tuple[str, ...] = Field(default=(), description="Terms of art for plain words of the question.")
    language: str = Field(default="en", description="Of the question: en, es or fr.")
    kind: Kind = "fact"
    term: str = Field(default="", description="What is to be defined, where a definition is asked for.")
    expects: Expectation = Field(default="", description="What the answering sentence must hold.")
    seeks_place: bool = Field(default=False, description="Whether it asks where in a text something stands.")
    followup: bool = False
    instruments: dict[str, str] = Field(default={}, description="Canonical name -> the words used.")
    actors: dict[str, str] = Field(default={}, description="Canonical name -> the words used.")
    names: tuple[str, ...] = Field(default=(), description="Other proper names, as written.")
    pinpoints: tuple[str, ...] = Field(default=(), description="Provisions named, normalised.")
    years: tuple[int, ...] = ()
    months: tuple[str, ...] = Field(default=(), description="YYYY-MM named in the question.")


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "janvier", "enero"),
            ("february", "fevrier", "febrero"),
            ("march", "mars", "marzo"),
            ("april", "avril", "abril"),
            ("may", "mai", "mayo"),
            ("june", "juin", "junio"),
            ("july", "juillet", "julio"),
            ("august", "aout", "agosto"),
            ("september", "septembre", "septiembre"),
            ("october", "octobre", "octubre"),
            ("november", "novembre", "noviembre"),
            ("december", "decembre", "diciembre"),
        ),
        1,
    )
    for name in names
}
_YEAR = re.compile(r"(?<![\d/.])(19[6-9]\d|20[0-4]\d)(?![\d/]|\.\d)")
_MONTH_YEAR = re.compile(rf"\b({'|'.join(_MONTHS)}),? (?:de |of )?(\d{{4}})\b")
_MONTH_YEAR_SPLIT = re.compile(rf"\b({'|'.join(_MONTHS)}) \d{{1,2}}(?:st|nd|rd|th)?,? (\d{{4}})\b")

# The first pattern that matches gives the kind. Patterns see folded text (no accents, lower case).
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "overview",
        re.compile(
            r"\b(?:brief me|briefing|overview|summari[sz]e|summary of|tell me about|what do you (?:know|have) (?:on|about)|resume[rn]?\b)"
        ),
    ),
    (
        "timeline",
        re.compile(
            r"\b(?:timeline|chronolog|trace (?:the|how)|in (?:what|which) order|over time|dates please|(?:adoption|key|due) dates|in (?:date|time) order|in order of (?:date|time)|deadlines\b|step by step|history of"
            r"|how (?:did|has|have) .{3,80} (?:develop|evolve|progress)|since (?:its|the) (?:creation|beginning|start)|phases? in|milestones"
            r"|au fil du temps|a lo largo del tiempo)"
        ),
    ),
    (
        "comparison",
        re.compile(
            r"\b(?:versus|vs\.?|compare[ds]?|comparison|comparing|differ(?:s|ed|ence|ences|ent)?\b|as opposed to|change[ds]? (?:from|between)"
            r"|(?:grow|grew|rise|rose|fall|fell) .{0,30}between|which (?:of the two |one )?(?:has|have|is|sets|imposes) .{0,20}(?:higher|lower|longer|shorter|stricter|larger|more|earlier)"
            r"|both .{3,60} and|respectively|(?:than|or) the (?:gdpr|nis|cra|dora)|frente a|comparad[oa]|difference entre|par rapport)"
        ),
    ),
    (
        "definition",
        re.compile(
            r"\b(?:defin(?:e[ds]?|ition|icion|ir|es|i)|what counts as|what is meant by|mean(?:s|t)? by|what does .{2,60} mean\b|meaning of"
            r"|how (?:do|does|is|are) .{3,90} (?:understand|understood|defined)|que significa|qu'entend|que se entiende)"
        ),
    ),
    (
        "list",
        re.compile(
            r"\b(?:list\b|name the|name all|enumerate|which (?:\w+ )?(?:countries|states|members|allies|norms|sectors|measures|criteria|services|agencies|organi[sz]ations|companies"
            r"|principles|categories|pillars|functions|steps|factors|commitments|obligations|formats|partners|bodies|entities|conditions|grounds|tasks|rights|elements|phases|areas)"
            r"|what (?:\w+ ){0,3}(?:countries|states|norms|sectors|measures|criteria|principles|categories|pillars|functions|steps|factors|commitments|obligations|grounds|conditions"
            r"|strands|phases|elements|tasks|rights|areas|priorities|goals|requirements)\b|what are (?:the|they|its|their)"
            r"|what information must|into (?:which|what)|through which|who holds|quels? sont|quelles sont|cuales son|enumer"
            r"|which (?:\w+ ){0,2}?(?!years|hours|months)\w{3,}[^sui\W]s\b(?! of the two)"
            r"|^(?!.*\b(?:what|which|who|when|where|how|why|did|does|do|is|are|was|were)\b).*"
            r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) (?:\w+ ){0,2}?(?!hours|weeks|months|years)\w{3,}[^sui\W]s\b)"
        ),
    ),
    (
        "definition",
        re.compile(
            r"^(?:under |in |according )?.{0,80}\b(?:what is|what's|what are) (?:an? |the )?['\"‘“]?[\w -]{3,50}['\"’”]?(?: in .{3,60}| under .{3,60})?\s*\?*$"
        ),
    ),
)
_PLACE = (
    r"(?:which|what) (?:(?:\w+ ){0,2}(?:article|paragraph|para|section|sub-?section|recital|chapter|annex|clause|provision|page)s?"
    r"|(?:part|item|point)s?(?= (?:of|in) (?!contact)))"
)
_SEEKS_PLACE = re.compile(
    rf"\b{_PLACE}\b(?! ?\(?\d)"
    r"|(?:^|[,:;] )where (?:exactly |precisely )?(?:in (?:the|its|this) |(?:do|does|did) .{3,80} (?:say|mention|state|treat|deal|define|regulate|address|cover)s?\b)"
)
_PLACE_WORDS = re.compile(  # what is not said in the text that is sought
    rf"(?i)^(?:in |under |at )?(?:{_PLACE}|where(?: exactly| precisely)?)(?: (?:of|in|from|on|do|does|did))? "
)
_ELLIPSIS = re.compile(
    r"^(?:and|but|so|also|then|what about|how about|which (?:ones?\b|of (?:them|these|those))|why|et|mais|y|pero|e)\b|^(?:what|how) (?:about|else)\b"
    r"|\b(?:it|its|they|them|their|theirs|this|these|those|that one|the same|there|he|she|his|her|ils?|elles?|leur|ellos|ello|eso)\b"
)
_NAME = re.compile(
    r"(?<![/\w])(?:[A-Z][\w’'-]*\w|[A-Z]{2,}\d*)(?![/\w])"
    r"(?:[ -](?:(?:of|for|on|the|de|du|des|la) (?=[A-Z]))?(?:the )?(?:[A-Z][\w’'-]*\w|\d[\d.-]*)(?![/\w]))*"
)
_DATE_WORD = re.compile(rf"^(?:{'|'.join(_MONTHS)}|(?:19|20)\d\d)$")
_COMPOUND = re.compile(
    r"-(?:led|based|backed|made|sponsored|linked|affiliated|wide|style|born|run|owned|hosted|style)$", re.I
)
_NOT_NAMES = frozenset(
    "what which who whom whose when where why how in on at by under according does did do is are was were can could may might must shall should "
    "would will has have had name list give define compare from to the a an and or if into through over after before during since until with "
    "article articles section sections paragraph para recital annex chapter operative sec art between of for many much biden trump obama macron "
    "internet cyber cybersecurity cyberspace tell explain describe summarise summarize quels quelles quel quelle que quien cuando cuantos cuales "
    "combien comment pourquoi selon dans en el la los las le les un une una directive regulation resolution convention executive order statement "
    "party parties state states member members government minister ministry commission council board court group report reports policy law laws "
    "declaration strategy declaración resolución directiva reglamento president minister".split()
)


def understand(asked: str, history: Sequence[Turn] = (), vocabulary: Vocabulary | None = None) -> Question:
    """What `asked` means, its follow-ups resolved against `history` by rules alone; `vocabulary` puts misspelt words right."""
    asked = asked.strip()
    language = language_of(asked)
    meant = vocabulary.corrected(asked) if vocabulary and language == "en" else asked
    text, followup = _standalone(meant, history)
    named, bodies = named_in(text)
    search = in_english(text, language)
    if language != "en":
        search = " ".join([search, *(name for name in (*named, *bodies) if fold(name) not in fold(search))])
    folded = fold(meant)
    pinpoints = mentions(meant)
    seeks_place = not pinpoints and bool(_SEEKS_PLACE.search(folded))
    if seeks_place and language == "en":
        search = _PLACE_WORDS.sub("", search)
    kind = _kind(folded, bool(pinpoints) or seeks_place)
    expects: Expectation = "" if seeks_place else expectation(meant)
    definable = language == "en" and kind in ("fact", "definition") and expects in ("", "name")
    term = term_of(meant) if definable else ""
    return Question(
        asked=asked,
        text=text,
        search=search,
        new=meant if followup else "",
        parts=() if followup else _parts(search),
        terms=terms_for(search),
        language=language,
        kind="definition" if term else kind,
        term=term,
        expects="" if term else expects,
        seeks_place=seeks_place,
        followup=followup,
        instruments=named,
        actors=bodies,
        names=tuple(
            name
            for name in _names(meant, [*named.values(), *bodies.values()])
            if language == "en"
            or ((" " in name or name.isupper()) and in_english(name, language) in (name, fold(name)))
        ),
        pinpoints=pinpoints,
        years=tuple(dict.fromkeys(int(year) for year in _YEAR.findall(text))),
        months=_months(fold(text)),
    )


def _standalone(asked: str, history: Sequence[Turn]) -> tuple[str, bool]:
    """The question with what it leaves out taken from the last question of the user, and whether anything was."""
    earlier = [
        turn["content"].strip() for turn in history if turn.get("role") == "user" and turn.get("content", "").strip()
    ]
    if not earlier:
        return asked, False
    own_subject = mentioned(asked, instruments())
    words = len(asked.split())
    if (_ELLIPSIS.search(fold(asked)) and words <= 25 and not own_subject) or (
        words <= 12 and not own_subject and not _names(asked, ())
    ):
        return f"{asked} ({earlier[-1]})", True
    return asked, False


_JOINED = re.compile(
    r",? (?:and|et|y) (?=(?:(?:on|in|at|by|to|from|for|of|with|until|since) )?(?:what|which|who|whom|whose|when|where|why|how)\b)",
    re.I,
)


def _parts(text: str) -> tuple[str, ...]:
    """The questions that `text` joins; what a later one leaves out is taken from the first."""
    pieces = [piece.strip() for piece in _JOINED.split(text)]
    if len(pieces) < 2 or len(pieces) > 4 or min(len(piece.split()) for piece in pieces) < 2:
        return ()
    return (pieces[0], *(f"{piece.rstrip('?. ')}? ({pieces[0]})" for piece in pieces[1:]))


def _kind(folded: str, provision: bool) -> Kind:
    kind: Kind = next((kind for kind, pattern in _KINDS if pattern.search(folded)), "fact")
    return "provision" if provision and kind in ("fact", "list", "definition") else kind


def _months(folded: str) -> tuple[str, ...]:
    found = [*_MONTH_YEAR.findall(folded), *_MONTH_YEAR_SPLIT.findall(folded)]
    return tuple(dict.fromkeys(f"{year}-{_MONTHS[month]:02d}" for month, year in found))


def _names(asked: str, known: Sequence[str]) -> tuple[str, ...]:
    """Proper names that are no listed instrument or actor: what the evidence has to mention."""
    found = []
    for match in _NAME.finditer(_without_known(asked, known)):
        words = [word.removesuffix("'s").removesuffix("’s") for word in match.group().split()]
        words = [word for word in words if not _DATE_WORD.match(fold(word))]
        joined = bool(words) and fold(words[0]) in ("and", "but", "or", "et", "y")
        while words and (words[0][0].isdigit() or fold(words[0]) in _NOT_NAMES):
            words = words[1:]
        while words and fold(words[-1]) in _NOT_NAMES:
            words = words[:-1]
        name = _COMPOUND.sub("", " ".join(words))
        opens = not joined and (match.start() == 0 or asked[: match.start()].rstrip()[-1:] in ".!?:")
        if len(name) < 2 or not re.search(r"[A-Za-z]", name) or (opens and len(words) == 1 and is_english(name)):
            continue
        found.append(name)
    return tuple(dict.fromkeys(found))


def _without_known(asked: str, known: Sequence[str]) -> str:
    """`asked` with the names of listed instruments and actors as commas, so that what is left of a chain of names is seen."""
    folded = fold(asked)
    if len(folded) != len(asked):
        return asked
    for name in sorted(known, key=len, reverse=True):
        for match in re.finditer(rf"(?<!\w){re.escape(fold(name))}(?!\w)", folded):
            asked = asked[: match.start()] + "," * len(match.group()) + asked[match.end() :]
    return asked
