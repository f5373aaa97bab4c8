"""Every setting, once: from an option of the command line, else from a LEGATION_ variable, else the default here."""

from __future__ import annotations

import difflib
import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ingest.documents import LibraryError

PREFIX = "LEGATION_"
PACKAGED = "packaged"
_ORIGIN = re.compile(r"https?://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9]\d{0,4})?")
_SECRET = ("admin_token", "model_key", "rate_store")  # never in a message
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+")


def _list(value: Any) -> Any:
    """A list as a variable holds it: names with commas or spaces between them."""
    return tuple(part for part in re.split(r"[,\s]+", value) if part) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list)]


def _data() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "legation"


class Settings(BaseSettings):
    """What can be set. Each field is read from the variable LEGATION_ plus its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    data: Path = Field(default_factory=_data, description="Folder that holds the library.")
    embedder: str = Field(
        default=PACKAGED,
        min_length=1,
        description="Sentence encoder: `packaged`, or the name or path of any sentence-transformers model.",
    )
    token_encoder: str = Field(
        default=PACKAGED,
        min_length=1,
        description="Late-interaction encoder for reranking: `packaged`, or the name or path of a model.",
    )
    chroma_server: str = Field(
        default="",
        description="Address of a Chroma server, such as `http://localhost:8000`; empty: the vectors live in the library's folder.",
    )
    model: str = Field(
        default="",
        description="Chat model that writes answers, such as `openai:gpt-4.1-mini`, `anthropic:...`, `ollama:...`; "
        "empty, without `model_url` too: answers are verbatim quotations.",
    )
    entailment: str = Field(
        default="",
        description="Cross-encoder that also judges what `legation verify --input` lets pass; empty: the rules alone.",
    )
    model_url: str = Field(
        default="",
        description="Address of a server that speaks OpenAI's chat API, such as `http://127.0.0.1:8080/v1` of llama.cpp.",
    )
    model_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key of the chat model's server; empty: the provider's own variable, or none.",
    )
    model_seconds: float = Field(default=60, gt=0, le=600, description="Longest that the chat model may take.")
    model_retries: int = Field(default=2, ge=0, le=10, description="New tries after a failure of its server.")
    model_tokens: int = Field(default=800, ge=16, le=8192, description="Most tokens that it writes for one answer.")
    model_passages: int = Field(default=8, ge=1, le=20, description="Most passages that it is given for one answer.")
    model_price_in: float = Field(default=0, ge=0, description="Price of a million tokens that it is given.")
    model_price_out: float = Field(default=0, ge=0, description="Price of a million tokens that it writes.")
    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Confidence under which a question is refused; empty: that of the library's certificate, else 0.5.",
    )
    passages: int = Field(default=20, ge=1, le=200, description="Passages retrieved for a question.")
    max_question_chars: int = Field(default=2000, ge=1, description="Longest question that is read, in characters.")
    host: str = Field(default="127.0.0.1", description="Address that `legation serve` listens on.")
    port: int = Field(default=7860, ge=0, le=65535, description="Port that `legation serve` listens on.")
    allow_private_urls: bool = Field(
        default=False,
        description="Whether `legation ingest` may fetch a URL that resolves to a private or loopback address.",
    )

    branding: Path | None = Field(
        default=None,
        description="A YAML file with the name, colours, logo and words of the pages (see bot/branding.py).",
    )

    # serving
    workers: int = Field(default=2, ge=1, le=64, description="Questions of the API answered at the same time.")
    queue: int = Field(default=32, ge=0, le=10_000, description="Questions that may wait; the next is told: busy.")
    answer_seconds: float = Field(
        default=30, gt=0, le=600, description="Longest that a question waits and is answered."
    )
    max_body: int = Field(default=262_144, ge=1024, description="Longest request of the API, in bytes.")
    max_history: int = Field(
        default=40, ge=0, le=1000, description="Most turns of a conversation sent with a question."
    )
    connections: int = Field(default=1000, ge=1, description="Connections held at the same time; the next is refused.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="What is logged, as JSON lines on standard error: `info` logs each request."
    )
    log_questions: bool = Field(default=False, description="Whether questions stand in the log.")

    # facing the public
    public: bool = Field(
        default=False, description="Serve on the open internet: an unsafe setting stops the start (see docs/api.md)."
    )
    address: str = Field(default="", description="Address that readers open, such as `https://ask.example.org`.")
    hosts: Names = Field(default=(), description="Host names answered to; empty: that of `address`.")
    origins: Names = Field(
        default=(), description="Sites that may show the widget and call the API from a browser: exact origins."
    )
    proxies: Names = Field(default=(), description="Addresses or networks of the proxies whose headers are believed.")
    rate: str = Field(
        default="", description="Most questions of one address, such as `30/minute; 500/day`; empty: no limit."
    )
    rate_session: str = Field(
        default="", description="Most questions of one conversation, such as `10/minute`; empty: no limit."
    )
    rate_total: str = Field(
        default="", description="Most questions of everybody, such as `20000/day`; empty: no limit."
    )
    rate_store: str = Field(
        default="memory://", description="Where they are counted: `memory://`, or the address of a Redis server."
    )
    admin_token: SecretStr = Field(
        default=SecretStr(""), description="Opens /api/admin and, in public, /metrics; empty: these stay closed."
    )

    @field_validator("data", "branding", mode="after")
    @classmethod
    def _expand(cls, value: Path | None) -> Path | None:
        return value.expanduser() if value else None

    @field_validator("origins", mode="after")
    @classmethod
    def _exact_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not _is_origin(origin):
                raise ValueError(f"{origin!r} is no origin: write it as browsers send it, like https://www.example.org")
        return value

    @field_validator("model_url", mode="after")
    @classmethod
    def _model_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username):
            raise ValueError("write an http or https address, like http://127.0.0.1:8080/v1, the key apart")
        return value

    @field_validator("address", mode="after")
    @classmethod
    def _exact_address(cls, value: str) -> str:
        if value and not _is_origin(value.removesuffix("/")):
            raise ValueError("write a scheme and a host in lower case, without a path, like https://ask.example.org")
        return value.removesuffix("/")

    @field_validator("hosts", mode="after")
    @classmethod
    def _exact_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if not _HOST.fullmatch(host):
                raise ValueError(f"{host!r} is no host name: no port, no wildcard, lower case, like ask.example.org")
        return value

    @field_validator("proxies", mode="after")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in value:
            try:
                ip_network(proxy)
            except ValueError as error:
                raise ValueError(f"{error}: write addresses or networks, like 10.0.0.5 or 10.0.0.0/24") from None
        return value

    @field_validator("rate", "rate_session", "rate_total", mode="after")
    @classmethod
    def _limits(cls, value: str) -> str:
        if not value:
            return value
        from limits import parse_many

        try:
            if any(limit.amount < 1 for limit in parse_many(value)):
                raise ValueError("a limit of nothing")
        except ValueError:
            raise ValueError("write counts and spans with semicolons between them, like 30/minute; 500/day") from None
        return value

    @field_validator("rate_store", mode="after")
    @classmethod
    def _store(cls, value: str) -> str:
        if value != "memory://" and not value.startswith(("redis://", "rediss://")):
            raise ValueError("write memory://, or the address of a Redis server like redis://localhost:6379")
        return value

    @classmethod
    def load(cls, **given: Any) -> Self:
        """The settings, with what is `given` and not None on top; a LibraryError names the wrong one and the mend."""
        _refuse_unknown_variables()
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            given_ = "not shown here" if name in _SECRET else repr(first["input"])
            reason = first["msg"].removeprefix("Value error, ")
            raise LibraryError(f"setting {name} ({variable(name)}): {reason}, but it is {given_}.") from None

    @property
    def names(self) -> tuple[str, ...]:
        """The host names that the server answers to, besides those of this machine; empty: not restricted."""
        return self.hosts or ((urlsplit(self.address).hostname or "",) if self.address else ())

    @property
    def writes(self) -> bool:
        """Whether a chat model writes the answers."""
        return bool(self.model or self.model_url)

    @property
    def packaged(self) -> bool:
        """Whether both encoders come with the packages, or are folders here: then no model hub is needed."""
        return all(name == PACKAGED or Path(name).exists() for name in (self.embedder, self.token_encoder))


def _is_origin(value: str) -> bool:
    """Whether `value` is written as browsers write it in an Origin header, where the usual port is left out."""
    if not _ORIGIN.fullmatch(value):
        return False
    try:
        parts = urlsplit(value)
        return parts.port is None or parts.port != {"http": 80, "https": 443}[parts.scheme]
    except ValueError:
        return False


def variable(name: str) -> str:
    """The environment variable that sets the setting `name`."""
    return PREFIX + name.upper()


def _refuse_unknown_variables() -> None:
    """A misspelt variable would otherwise be ignored in silence."""
    known = [variable(name) for name in Settings.model_fields]
    for given in sorted(name for name in os.environ if name.upper().startswith(PREFIX)):
        if given.upper() not in known:
            nearest = difflib.get_close_matches(given.upper(), known, n=1, cutoff=0.4)
            mend = f"Did you mean {nearest[0]}?" if nearest else f"Known: {', '.join(known)}."
            raise LibraryError(f"{given}: there is no such setting. {mend}")
