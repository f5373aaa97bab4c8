"""Listens to a chat model for so long and no longer, whoever made it: its own time-outs are not relied on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

LATE = "the model took too long"
MOST = 64  # models listened to at the same time, those among them that were given up and have not ended
PIECES = 20_000  # pieces of one reply
_places = threading.BoundedSemaphore(MOST)


class Unwritten(Exception):
    """A chat model gave nothing that can be used; the message says why, for the reader."""


def heard(
    model: BaseChatModel, messages: Sequence[BaseMessage], seconds: float, **more: Any
) -> Iterator[tuple[str, dict[str, int]]]:
    """The pieces of a reply as they come: text, and tokens counted. Unwritten when the model fails or is late.

    The time that the reader takes between two pieces is not the model's. A model that is late is left alone, in a thread
    that ends when it says something again or its own time-out comes.
    """
    if not _places.acquire(blocking=False):
        raise Unwritten("too many questions wait for the model")
    said: SimpleQueue[tuple[str, dict[str, int]] | BaseException | None] = SimpleQueue()
    alone = threading.Event()

    def listen() -> None:
        try:
            end = time.monotonic() + seconds
            for number, piece in enumerate(model.stream(list(messages), **more)):
                if alone.is_set():
                    return
                if time.monotonic() > end or number == PIECES:
                    raise Unwritten(LATE)
                said.put((piece.text, _counted(piece)))
            said.put(None)
        except BaseException as error:  # each provider has errors of its own; none may end an answer
            said.put(error)
        finally:
            _places.release()

    threading.Thread(target=copy_context().run, args=(listen,), name="legation-model", daemon=True).start()
    try:
        yield from _pieces(said, seconds)
    finally:
        alone.set()


def _pieces(said: SimpleQueue[Any], seconds: float) -> Iterator[tuple[str, dict[str, int]]]:
    left = seconds
    while True:
        began = time.monotonic()
        try:
            piece = said.get(timeout=max(0.0, left))
        except Empty:
            raise Unwritten(LATE) from None
        left -= time.monotonic() - began
        if piece is None:
            return
        if isinstance(piece, Unwritten):
            raise piece
        if isinstance(piece, BaseException):
            raise Unwritten(f"the model failed ({type(piece).__name__})") from piece
        yield piece


def _counted(piece: Any) -> dict[str, int]:
    used = getattr(piece, "usage_metadata", None) or {}
    return {"tokens_in": int(used.get("input_tokens") or 0), "tokens_out": int(used.get("output_tokens") or 0)}
