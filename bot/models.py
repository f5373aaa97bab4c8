"""The chat model that the settings name: any that LangChain knows, or any server that speaks OpenAI's chat API."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from bot.serverchat import ServerChat
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from bot.settings import Settings

_OLLAMA = "ollama:"


def chat_model(settings: Settings) -> BaseChatModel | None:
    """The model that is set, or None. LibraryError when it cannot be made, with the mend."""
    if settings.model_url:
        return _server(settings, settings.model_url, settings.model)
    if settings.model.startswith(_OLLAMA):
        if settings.model == _OLLAMA:
            raise LibraryError("LEGATION_MODEL=ollama: names no model. Write it as ollama:qwen3:4b.")
        return _server(settings, _ollama(), settings.model.removeprefix(_OLLAMA))
    if not settings.model:
        return None
    from langchain.chat_models import init_chat_model

    given: dict[str, Any] = {"max_tokens": settings.model_tokens, "temperature": 0}
    given |= {"timeout": settings.model_seconds, "max_retries": settings.model_retries}
    if settings.model_key.get_secret_value():
        given["api_key"] = settings.model_key.get_secret_value()
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


def _server(settings: Settings, address: str, name: str) -> ServerChat:
    return ServerChat(
        address=address,
        name_=name,
        key=settings.model_key,
        seconds=settings.model_seconds,
        retries=settings.model_retries,
        most_tokens=settings.model_tokens,
    )


def _ollama() -> str:
    """Where Ollama speaks OpenAI's chat API; its own variable is read as its own programs read it."""
    host = os.environ.get("OLLAMA_HOST", "").strip().rstrip("/") or "127.0.0.1"
    scheme, _, place = host.rpartition("://")
    place = place.replace("0.0.0.0", "127.0.0.1", 1)  # noqa: S104 - not bound to, but reached
    port = "" if scheme or ":" in place.rpartition("]")[2] else ":11434"
    return f"{scheme or 'http'}://{place}{port}/v1"
