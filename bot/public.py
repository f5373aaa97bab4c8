"""What must be set before the server faces the open internet. An unsafe setting stops the start, with its mend."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from bot.settings import variable
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.settings import Settings

SHORTEST_TOKEN = 32
LONGEST_QUESTION = 10_000
LARGEST_BODY = 10 << 20  # bytes: each connection may hold one
LARGEST_NETWORK = 1 << 16  # addresses: a network of proxies is not half of the internet


def check(settings: Settings) -> None:
    """LibraryError with every reason why these settings must not face the public; nothing unless they are to."""
    if settings.public and (wrong := list(unsafe(settings))):
        lines = "\n".join(f"  {variable(name)}: {reason}" for name, reason in wrong)
        raise LibraryError(
            f"LEGATION_PUBLIC is set, but this is not safe to serve:\n{lines}\nMend these; see docs/api.md."
        )


def unsafe(settings: Settings) -> Iterator[tuple[str, str]]:
    """The settings that are unsafe in public, each with the reason and the mend."""
    yield from _ways_in(settings)
    yield from _use(settings)


def _ways_in(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.address.startswith("https://"):
        yield "address", "readers must come over TLS. Name the address they open, like https://ask.example.org."
    for origin in settings.origins:
        if not origin.startswith("https://"):
            yield "origins", f"{origin} could be changed on its way to a reader. List sites under https:// only."
    if not settings.proxies:
        yield "proxies", "TLS ends at a proxy: name its address, or every reader would share one limit."
    for proxy in settings.proxies:
        if ip_network(proxy).num_addresses > LARGEST_NETWORK:
            yield "proxies", f"{proxy} lets almost anybody say who they are. Name the proxy's own address."


def _use(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.rate:
        yield "rate", "one address could take all the answers. Set, for example, 30/minute; 500/day."
    if not settings.rate_total:
        yield "rate_total", "many addresses together could take all the answers. Set, for example, 20000/day."
    if 0 < len(settings.admin_token.get_secret_value()) < SHORTEST_TOKEN:
        yield "admin_token", f"it could be guessed. Use {SHORTEST_TOKEN} random characters or more, or none."
    if settings.allow_private_urls:
        yield "allow_private_urls", "a document could make the server fetch from its own network. Unset it."
    if settings.max_question_chars > LONGEST_QUESTION:
        yield "max_question_chars", f"long questions take long. Set {LONGEST_QUESTION:,} or less."
    if settings.max_body > LARGEST_BODY:
        yield "max_body", f"many long requests take all the memory. Set {LARGEST_BODY:,} or less."
    if settings.log_level == "debug":
        yield "log_level", "what is logged at debug may hold questions. Set info or higher."
    if settings.data.exists() and settings.data.stat().st_mode & 0o002:
        yield "data", f"anybody on this machine can change {settings.data}. Take the right away: chmod o-w."
