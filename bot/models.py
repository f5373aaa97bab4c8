"""The chat model that the settings name: any that LangChain knows, or any server that speaks OpenAI's chat API."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, SecretStr

from ingest.documents import LibraryError

if TYPE_CHECKING:
    import httpx

    from bot.settings import Settings

_ROLES = {"system": "system", "human": "user", "ai": "assistant"}
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_LOOPBACK = re.compile(r"//(?:127\.0\.0\.1|localhost|\[::1\])[:/]")  # reached without a proxy
_UNKNOWN = frozenset({400, 404, 415, 422, 501})
WAIT = 0.5  # seconds before the first new try; each next waits twice as long


_QUOTE = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "quote": {"type": "string"}},
    "required": ["id", "quote"],
}
_CLAIM = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "quotes": {"type": "array", "items": _QUOTE}},
    "required": ["text", "quotes"],
}
CLAIMS_SCHEMA = {
    "type": "object",
    "properties": {"claims": {"type": "array", "items": _CLAIM}},
    "required": ["claims"],
}


class Unwritten(Exception):
    """A chat model gave nothing that can be used; the message says why, for the reader."""


def chat_model(settings: Settings) -> BaseChatModel | None:
    """The model that is set, or None. LibraryError when it cannot be made, with the mend."""
    if settings.model_url:
        return ServerChat(
            address=settings.model_url,
            name_=settings.model,
            key=settings.model_key,
            seconds=settings.model_seconds,
            retries=settings.model_retries,
            most_tokens=settings.model_tokens,
            schema_=CLAIMS_SCHEMA,
        )
    if not settings.model:
        return None
    from langchain.chat_models import init_chat_model

    given: dict[str, Any] = {"max_tokens": settings.model_tokens, "temperature": 0}
    given |= {"timeout": settings.model_seconds, "max_retries": settings.model_retries}
    if settings.model_key.get_secret_value():
        given["api_key"] = settings.model_key.get_secret_value()
    if settings.model.startswith("ollama:"):
        given = {"num_predict": settings.model_tokens, "temperature": 0}
        given["client_kwargs"] = {"timeout": settings.model_seconds}
    try:
        model: BaseChatModel = init_chat_model(settings.model, **given)
        return model
    except ImportError as error:
        provider = settings.model.partition(":")[0]
        raise LibraryError(
            f"LEGATION_MODEL={settings.model}: {error.name or provider} is not installed. "
            f"Install it: pip install langchain-{provider}; or leave LEGATION_MODEL empty for quoted answers."
        ) from None
    except Exception as error:  # each provider has errors of its own
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise LibraryError(
            f"LEGATION_MODEL={settings.model} cannot be used: {said[:200]}. Write it as provider:model, "
            "such as openai:gpt-4.1-mini, with the provider's key in its variable."
        ) from None


class ServerChat(BaseChatModel):
    """A chat model behind a server that speaks OpenAI's chat API, such as llama.cpp's."""

    address: str
    name_: str = ""
    key: SecretStr = SecretStr("")
    seconds: float = 60
    retries: int = 2
    most_tokens: int = 800
    schema_: dict[str, Any] = Field(default_factory=dict)

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
        for chunk in self._stream(messages, stop):
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
        import httpx

        body: dict[str, Any] = {
            "messages": [{"role": _ROLES.get(m.type, "user"), "content": m.text} for m in messages],
            "max_tokens": self.most_tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        body |= {"model": self.name_} if self.name_ else {}
        body |= {"stop": stop} if stop else {}
        if self.schema_:
            form = {"name": "claims", "schema": self.schema_, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        secret = self.key.get_secret_value()
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        address = f"{self.address.rstrip('/')}/chat/completions"
        end = time.monotonic() + self.seconds
        with httpx.Client(
            timeout=self.seconds, follow_redirects=False, trust_env=not _LOOPBACK.search(self.address)
        ) as client:
            for attempt in range(self.retries + 1):
                left = end - time.monotonic()
                try:
                    with client.stream(
                        "POST", address, json=body, headers=headers, timeout=max(0.05, left)
                    ) as response:
                        if response.status_code == 200:
                            yield from _chunks(response, end)
                            return
                        problem = f"the model's server answered {response.status_code}"
                        again = response.status_code in _AGAIN
                        if response.status_code in _UNKNOWN and body.pop("response_format", None):
                            again = True  # a server that knows no schemas
                except httpx.TimeoutException:
                    raise Unwritten("the model took too long") from None
                except httpx.HTTPError as error:
                    problem = f"the model's server cannot be reached ({type(error).__name__})"
                    again = True
                pause = WAIT * 2**attempt
                if not again or attempt == self.retries or time.monotonic() + pause >= end:
                    raise Unwritten(problem)
                time.sleep(pause)


def _chunks(response: httpx.Response, end: float) -> Iterator[ChatGenerationChunk]:
    """The pieces of a streamed reply, until it ends or time is up."""
    for line in response.iter_lines():
        if time.monotonic() > end:
            raise Unwritten("the model took too long")
        data = line.removeprefix("data:").strip()
        if not line.startswith("data:") or not data:
            continue
        if data == "[DONE]":
            return
        try:
            event = json.loads(data)
            choices: Sequence[dict[str, Any]] = event.get("choices") or ()
            text = "".join(str((choice.get("delta") or {}).get("content") or "") for choice in choices)
            counted = event.get("usage") or {}
            said, told = int(counted.get("prompt_tokens") or 0), int(counted.get("completion_tokens") or 0)
        except (ValueError, TypeError, AttributeError):
            raise Unwritten("the model's server sent what is no chat reply") from None
        usage = UsageMetadata(input_tokens=said, output_tokens=told, total_tokens=said + told) if counted else None
        if text or usage:
            yield ChatGenerationChunk(message=AIMessageChunk(content=text, usage_metadata=usage))
