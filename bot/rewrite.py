"""A follow-up made a standalone question by the chat model, where one is set; what it adds of its own is not believed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from bot.hear import Unwritten, heard
from bot.names import fold
from prompts import load

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from bot.question import Turn

EARLIER = 4  # questions before the last that the model is given
LONGEST = 300  # characters of a question, earlier or rewritten
_WORD = re.compile(r"[^\W_]+")
_HARMLESS = frozenset(
    "a an the of in on at to for by with from and or is are was were be been do does did has have had will would can could"
    " shall should must may what when where which who whom whose why how many much it its that this there under about as".split()
)


class Rewriting(NamedTuple):
    """A standalone question, '' where there is none, and the tokens that it took."""

    text: str = ""
    tokens_in: int = 0
    tokens_out: int = 0


def rewritten(model: BaseChatModel, question: str, history: Sequence[Turn], seconds: float) -> Rewriting:
    """The standalone question; '' when the model fails or brings words that neither the question nor the earlier ones hold."""
    earlier = [turn.get("content", "")[:LONGEST] for turn in history if turn.get("role") == "user"][-EARLIER:]
    from langchain_core.messages import HumanMessage

    boundary = f"=={secrets.token_hex(8)}=="
    listed = "\n".join(f"- {' '.join(text.split())}" for text in earlier)
    prompt = load("rewrite").filled(boundary=boundary, earlier=listed, question=question)
    reply, read, wrote = "", 0, 0
    try:
        for text, used in heard(model, [HumanMessage(prompt)], seconds):
            reply += text
            read, wrote = read + used["tokens_in"], wrote + used["tokens_out"]
            if len(reply) > 4 * LONGEST:
                return Rewriting("", read, wrote)
    except Unwritten:  # the rules remain
        return Rewriting("", read, wrote)
    made = " ".join(reply.split()).strip("\"'“” ")
    return Rewriting(made if _fits(made, question, earlier) else "", read, wrote)


def _fits(made: str, question: str, earlier: Sequence[str]) -> bool:
    """Whether `made` says no more than was asked, and still asks something of the last question."""
    words = {fold(word) for word in _WORD.findall(made)} - _HARMLESS
    last = {fold(word) for word in _WORD.findall(question)} - _HARMLESS
    known = last.union(*({fold(word) for word in _WORD.findall(text)} for text in earlier))
    return bool(words) and len(made) <= LONGEST and words <= known and (not last or bool(words & last))
