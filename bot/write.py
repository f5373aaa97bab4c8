"""Answers written by a chat model from evidence alone: each claim is located, checked, and shown only when it holds."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from bot.answer import Citation, Dropped, Evidence, Statement, Written
from bot.hear import heard
from bot.quote import states
from bot.serverchat import ServerChat
from bot.strict import miscounted, own_words
from bot.verify import Reason, check_statement
from prompts import load

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from bot.question import Question
    from bot.settings import Settings
    from ingest.documents import Sentence
    from ingest.index import Index

CLAIMS = 8  # most claims of an answer
QUOTES = 4  # most quotes of a claim that are looked at
SHORTEST = 12  # letters of a quote: fewer would be found anywhere
LONGEST = 600  # characters of a claim: it is one sentence
REPLY = 40_000  # characters of a reply after which nothing more is read
_MARK = re.compile(r"\[\s*\d+(?:\s*[,;-]\s*\d+)*\s*\]|【[^】]*】")
_HEADERS = re.compile(r"[\x00-\x1f\x7f]")


class Quoted(BaseModel):
    """What a model says that its claim rests on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = ""
    quote: str = ""


class Claimed(BaseModel):
    """A claim as a model makes it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str = ""
    quotes: tuple[Quoted, ...] = ()


class Held(BaseModel):
    """A claim that was checked: the statement with its citations, or the reasons why it is dropped."""

    model_config = ConfigDict(frozen=True)

    text: str
    citations: tuple[Citation, ...] = ()
    reasons: tuple[Reason, ...] = ()


class Progress(BaseModel):
    """How far writing has come: the statements that hold so far, their citations, and the account."""

    model_config = ConfigDict(frozen=True)

    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    written: Written
    over: bool = Field(default=False, description="Nothing more comes.")


class Writer:
    """Lets a chat model write, and believes nothing of it that the evidence does not hold."""

    def __init__(self, model: BaseChatModel, index: Index, settings: Settings) -> None:
        self.model = model
        self.index = index
        self.name = settings.model or settings.model_url
        self.seconds = settings.model_seconds
        self.passages = settings.model_passages
        self.prices = (settings.model_price_in, settings.model_price_out)

    def account(self, tokens_in: int = 0, tokens_out: int = 0) -> Written:
        """The account to begin with: the tokens that rewriting the question took."""
        cost = self._cost({"tokens_in": tokens_in, "tokens_out": tokens_out})
        return Written(model=self.name, tokens_in=tokens_in, tokens_out=tokens_out, cost=cost)

    def write(self, question: Question, evidence: Sequence[Evidence], account: Written) -> Iterator[Progress]:
        """Each statement as soon as it is checked, added to `account`; the last progress is over. Unwritten when the model fails."""
        given = {f"E{number}": item for number, item in enumerate(evidence[: self.passages], 1)}
        before = {"tokens_in": account.tokens_in, "tokens_out": account.tokens_out}
        statements: list[Statement] = []
        cited: list[Citation] = []
        for claim, counted in self._claims(question, given):
            usage = {name: before[name] + counted[name] for name in before}
            account = account.model_copy(update=usage | {"cost": self._cost(usage)})
            if claim is None or len(statements) == CLAIMS:
                continue
            account = account.model_copy(update={"claims": account.claims + 1})
            held = self.check(claim, given)
            if held.reasons:
                dropped = Dropped(text=held.text[:LONGEST], reasons=tuple(r.model_dump() for r in held.reasons))
                account = account.model_copy(update={"dropped": (*account.dropped, dropped)})
                continue
            numbers = [_numbered(cited, citation) for citation in held.citations]
            statements.append(Statement(text=held.text, citations=tuple(dict.fromkeys(numbers))))
            yield Progress(statements=tuple(statements), citations=tuple(cited), written=account)
        yield Progress(statements=tuple(statements), citations=tuple(cited), written=account, over=True)

    def check(self, claim: Claimed, given: dict[str, Evidence]) -> Held:
        """The claim with its citations, each cut from the document; or why it is dropped."""
        text = " ".join(claim.text.split())
        if not text or len(text) > LONGEST:
            return _dropped(text, "form", "no sentence" if not text else f"longer than {LONGEST} characters")
        if mark := _MARK.search(text):
            return _dropped(text, "mark", f"the unknown mark {mark.group()}")
        citations: list[Citation] = []
        for quoted in claim.quotes[:QUOTES]:
            item = given.get(quoted.id.strip().strip("[]"))
            if item is None:
                return _dropped(text, "source", f"{quoted.id[:40] or 'no id'} is not among the evidence")
            place = find_quote(quoted.quote, item.document.text, item.passage.start, item.passage.end)
            if place is None:
                return _dropped(text, "quote", f"not in the source: {quoted.quote[:120]}")
            if not any(states(item.document, sentence) for sentence in _touched(item, *place)):
                return _dropped(text, "quote", f"a heading, a note or no agreed text: {quoted.quote[:120]}")
            citations.append(self._citation(item, *place))
        if not citations:
            return _dropped(text, "citation", "no citation")
        about = [
            f"{c.document.title} {c.document.publisher} {c.document.date} {c.document.symbol} {c.pinpoint}"
            for c in citations
        ]
        quotes = [citation.quote for citation in citations]
        reasons = check_statement(text, quotes, about)
        if not reasons and (own := own_words(text, " ".join([*quotes, *about]))):
            reasons = (Reason(rule="words", detail=f"not in the source: {', '.join(own)}"),)
        if not reasons and miscounted(text, quotes):
            reasons = (Reason(rule="counts", detail="denials or months are not those of the source"),)
        return Held(text=text, citations=tuple(citations), reasons=reasons)

    def _citation(self, item: Evidence, start: int, end: int) -> Citation:
        """The place of a quote, widened to whole sentences: what stands before it may turn it round."""
        touched = _touched(item, start, end)
        sentence = touched[0] if touched else None
        return Citation(
            number=1,
            document=item.document,
            start=min(start, *(s.start for s in touched)) if touched else start,
            end=max(end, *(s.end for s in touched)) if touched else end,
            pinpoint=sentence.pinpoint if sentence else item.passage.pinpoint,
            page=sentence.page if sentence else item.passage.page,
        )

    def _cost(self, counted: dict[str, int]) -> float | None:
        """What the tokens cost; None when no price is set."""
        if not any(self.prices):
            return None
        return round((counted["tokens_in"] * self.prices[0] + counted["tokens_out"] * self.prices[1]) / 1e6, 6)

    def _claims(
        self, question: Question, given: dict[str, Evidence]
    ) -> Iterator[tuple[Claimed | None, dict[str, int]]]:
        """The claims as they become whole in the model's reply, and the tokens counted so far."""
        from langchain_core.messages import HumanMessage, SystemMessage

        boundary = f"=={secrets.token_hex(8)}=="
        rules = load("rules").filled(boundary=boundary, most=str(CLAIMS))
        asked = load("write").filled(question=question.text, evidence=shown(given, boundary), boundary=boundary)
        reply, counted, done = "", {"tokens_in": 0, "tokens_out": 0}, 0
        more = {"schema": claims_schema(list(given))} if isinstance(self.model, ServerChat) else {}
        for text, used in heard(self.model, [SystemMessage(rules), HumanMessage(asked)], self.seconds, **more):
            reply += text
            counted = {name: counted[name] + used[name] for name in counted}
            if "}" in text:
                whole = claims_in(reply)
                for claim in whole[done:-1]:  # the last may go on
                    yield claim, counted
                done = max(done, len(whole) - 1)
            if len(reply) > REPLY or done >= 3 * CLAIMS:
                break
        for claim in claims_in(reply[: reply.rfind("}") + 1])[done:]:  # of what broke off, what was whole
            yield claim, counted
        yield None, counted


def claims_schema(ids: Sequence[str]) -> dict[str, Any]:
    """The form of a reply that cites those pieces of evidence and no other."""
    strings = {"type": "string"}
    return _object(
        claims={
            "type": "array",
            "items": _object(
                text=strings,
                quotes={"type": "array", "items": _object(id={"type": "string", "enum": list(ids)}, quote=strings)},
            ),
        }
    )


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    names = list(properties)
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def _touched(item: Evidence, start: int, end: int) -> list[Sentence]:
    """The sentences of the passage that share text with a place."""
    return [s for s in item.passage.sentences if s.start < end and start < s.end]


def _dropped(text: str, rule: str, detail: str) -> Held:
    return Held(text=text, reasons=(Reason(rule=rule, detail=detail),))


def _numbered(cited: list[Citation], new: Citation) -> int:
    """The number of a citation: that of the same place, else the next."""
    for old in cited:
        if (old.document.slug, old.start, old.end) == (new.document.slug, new.start, new.end):
            return old.number
    cited.append(new.model_copy(update={"number": len(cited) + 1}))
    return len(cited)


def shown(given: dict[str, Evidence], boundary: str) -> str:
    """The evidence as the model is given it: each piece between lines that no document can forge."""
    parts = []
    for name, item in given.items():
        about = item.document
        header = " · ".join(
            p for p in (about.title, about.publisher, about.date, about.symbol, item.passage.pinpoint) if p
        )
        body = item.passage.text.replace(boundary, "").strip()
        parts.append(f"{boundary} {name} {_HEADERS.sub(' ', header).replace(boundary, '')}\n{body}")
    return "\n\n".join(parts)


def claims_in(reply: str) -> list[Claimed]:
    """The claims in a reply, whole or broken off, with prose or a fence around the JSON or without; none where there are none."""
    from langchain_core.utils.json import parse_partial_json

    best: list[Claimed] = []
    for match in list(re.finditer(r'\{\s*"claims"', reply))[:3] or list(re.finditer(r"[\[{]", reply))[:1]:
        text = reply[match.start() :]
        cut = text.rfind("}")
        for piece in (text, text[: cut + 1] if cut >= 0 else ""):
            try:
                value: Any = parse_partial_json(piece) if piece else None
            except (ValueError, RecursionError):
                continue
            if found := _claims_of(value):
                best = max(best, found, key=len)
                break
    return best


def _claims_of(value: Any) -> list[Claimed]:
    listed = value.get("claims") if isinstance(value, dict) else value
    if not isinstance(listed, list):
        return []
    claims = []
    for item in listed[: 4 * CLAIMS]:
        if not isinstance(item, dict):
            continue
        quotes = item.get("quotes")
        made = tuple(
            Quoted(id=str(q.get("id") or ""), quote=str(q.get("quote") or ""))
            for q in (quotes if isinstance(quotes, list) else ())
            if isinstance(q, dict)
        )
        claims.append(Claimed(text=str(item.get("text") or ""), quotes=made))
    return claims


def find_quote(quote: str, text: str, start: int = 0, end: int | None = None) -> tuple[int, int] | None:
    """Where `quote` stands in `text[start:end]`, word for word, white space and typography aside; None when nowhere."""
    words = quote.strip().strip("\"“”'‘’").removesuffix("...").removesuffix("…").split()
    if sum(c.isalnum() for word in words for c in word) < SHORTEST:
        return None
    found = _pattern(tuple(words)).search(text, start, len(text) if end is None else end)
    return found.span() if found else None


@cache
def _typography() -> dict[str, str]:
    same = ("'‘’‛′`´", '"“”„«»″', "-‐‑‒–—−")
    return {sign: f"[{re.escape(signs)}]" for signs in same for sign in signs}


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Finds the words in order, any white space between them, whatever quotation marks and dashes are used."""
    classes = _typography()
    return re.compile(r"\s+".join("".join(classes.get(c, re.escape(c)) for c in word) for word in words))
