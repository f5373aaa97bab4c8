"""A chat model behind a server that speaks OpenAI's chat API, such as llama.cpp's or Ollama's."""

from __future__ import annotations

import codecs
import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr, SecretStr

from bot.hear import LATE, Unwritten

if TYPE_CHECKING:
    import httpx

WAIT = 0.5  # seconds before the first new try; each next waits twice as long
BYTES = 2_000_000  # of one reply, after which nothing more is read
_ROLES = {"system": "system", "human": "user", "ai": "assistant"}
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_UNKNOWN = frozenset({400, 404, 415, 422, 501})  # what servers say to a field that they do not know
_EXTRAS = ("response_format", "stream_options")  # fields that not every server knows; the first is left out first
_LOOPBACK = re.compile(r"//(?:127\.0\.0\.1|localhost|\[::1\])[:/]")  # reached without a proxy


class _Refused(Exception):
    """The server answered with a status that is not 200, or was not reached."""

    def __init__(self, words: str, status: int = 0) -> None:
        super().__init__(words)
        self.status = status


class ServerChat(BaseChatModel):
    """Speaks to one server. `schema` given to `stream` asks for a reply of that form, where the server knows how."""

    address: str
    name_: str = ""
    key: SecretStr = SecretStr("")
    seconds: float = 60
    retries: int = 2
    most_tokens: int = 800
    _unknown: set[str] = PrivateAttr(default_factory=set)  # fields that this server was found not to know

    @property
    def _llm_type(self) -> str:
        return "openai-style-server"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        whole: AIMessageChunk | None = None
        for chunk in self._stream(messages, stop, **kwargs):
            message = chunk.message
            if isinstance(message, AIMessageChunk):
                whole = message if whole is None else whole + message
        text = whole.text if whole else ""
        usage = whole.usage_metadata if whole else None
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text, usage_metadata=usage))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        body, left_out = self._body(messages, stop, kwargs.get("schema")), set[str]()
        end, tries = time.monotonic() + self.seconds, 0
        while True:
            begun = False
            try:
                for chunk in self._asked(body, end):
                    begun = True
                    yield chunk
                self._unknown |= left_out
                return
            except _Refused as refused:
                if begun:  # asked again, it would repeat what was heard
                    raise Unwritten("the model's server broke off") from None
                field = next((name for name in _EXTRAS if name in body), "")
                if refused.status in _UNKNOWN and field:
                    del body[field]
                    left_out.add(field)
                    continue
                pause = WAIT * 2**tries
                again = not refused.status or refused.status in _AGAIN
                if not again or tries == self.retries or time.monotonic() + pause >= end:
                    raise Unwritten(str(refused)) from None
            tries += 1
            time.sleep(pause)

    def _body(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, schema: dict[str, Any] | None
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "messages": [{"role": _ROLES.get(m.type, "user"), "content": m.text} for m in messages],
            "max_tokens": self.most_tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        body |= {"model": self.name_} if self.name_ else {}
        body |= {"stop": stop} if stop else {}
        if schema:
            form = {"name": "reply", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return {name: value for name, value in body.items() if name not in self._unknown}

    def _asked(self, body: dict[str, Any], end: float) -> Iterator[ChatGenerationChunk]:
        """The pieces of one reply. _Refused when there is none."""
        import httpx

        secret = self.key.get_secret_value()
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {secret}"} if secret else {})
        try:
            with _client(end, trust_env=not _LOOPBACK.search(self.address)) as client:
                address = f"{self.address.rstrip('/')}/chat/completions"
                with client.stream("POST", address, json=body, headers=headers) as response:
                    if response.status_code != 200:
                        raise _Refused(f"the model's server answered {response.status_code}", response.status_code)
                    yield from _chunks(response, end)
        except httpx.TimeoutException:
            raise Unwritten(LATE) from None
        except (httpx.HTTPError, OSError, RuntimeError) as error:  # the last two: closed under its hands
            if time.monotonic() >= end:
                raise Unwritten(LATE) from None
            raise _Refused(f"the model's server cannot be reached ({type(error).__name__})") from None


@contextmanager
def _client(end: float, trust_env: bool) -> Iterator[httpx.Client]:
    """A client that is closed when time is up: a server that sends a byte now and then meets no time-out."""
    import httpx

    left = max(0.05, end - time.monotonic())
    with httpx.Client(timeout=left, follow_redirects=False, trust_env=trust_env) as client:
        alarm = threading.Timer(left, client.close)
        alarm.daemon = True
        alarm.start()
        try:
            yield client
        finally:
            alarm.cancel()


def _chunks(response: httpx.Response, end: float) -> Iterator[ChatGenerationChunk]:
    """The pieces of a reply, streamed as events or given whole, until it ends or time is up."""
    begun, other = False, ""
    for line in _lines(response, end):
        if not line.startswith("data:"):
            other += line
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        if data and (chunk := _chunk(data)):
            begun = True
            yield chunk
    if not begun and other.lstrip().startswith("{") and (chunk := _chunk(other)):
        yield chunk  # a server that does not stream


def _lines(response: httpx.Response, end: float) -> Iterator[str]:
    """The lines, read as bytes come: one that never ends is bounded too."""
    decoder, rest, size = codecs.getincrementaldecoder("utf-8")("replace"), "", 0
    for piece in response.iter_raw():
        size += len(piece)
        if time.monotonic() > end:
            raise Unwritten(LATE)
        if size > BYTES:
            raise Unwritten("the model's server sent too much")
        *lines, rest = (rest + decoder.decode(piece)).split("\n")
        yield from lines
    yield rest


def _chunk(data: str) -> ChatGenerationChunk | None:
    """One event, or a whole reply; None when it says nothing."""
    try:
        event = json.loads(data)
        if event.get("error"):
            raise Unwritten("the model's server reported an error")
        choices: Sequence[dict[str, Any]] = event.get("choices") or ()
        text = "".join(_text(choice.get("delta") or choice.get("message") or {}) for choice in choices)
        counted = event.get("usage") or {}
        said, told = int(counted.get("prompt_tokens") or 0), int(counted.get("completion_tokens") or 0)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Unwritten("the model's server sent what is no chat reply") from None
    usage = UsageMetadata(input_tokens=said, output_tokens=told, total_tokens=said + told) if counted else None
    return ChatGenerationChunk(message=AIMessageChunk(content=text, usage_metadata=usage)) if text or usage else None


def _text(message: dict[str, Any]) -> str:
    return str(message.get("content") or "")
