"""Fetching a web address: checked before it is connected to, bounded in time, size, redirects and kind of content."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ingest.documents import Unreadable

if TYPE_CHECKING:
    import httpx

_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/json": ".json",
    "application/jsonl": ".jsonl",
    "application/x-ndjson": ".jsonl",
}
_AGENT = "legation (reads one page at a user's request)"


@dataclass(frozen=True)
class Page:
    """What came back: the address it came from after redirects, a name whose suffix says its kind, and the bytes."""

    url: str
    name: str
    content: bytes


@dataclass(frozen=True)
class _Limits:
    allow_private: bool
    max_bytes: int
    max_redirects: int
    timeout: float


def fetch(url: str, *, allow_private: bool, timeout: float, max_bytes: int, max_redirects: int) -> Page:
    """The page at `url`. Every hop's addresses are checked, and the checked address is the one connected to."""
    limits = _Limits(allow_private, max_bytes, max_redirects, timeout)

    async def bounded() -> Page:
        async with asyncio.timeout(timeout):
            return await _follow(url, limits)

    try:
        return _in_thread(bounded, timeout + 2)
    except TimeoutError as error:
        raise Unreadable(
            f"{url}: no full answer within {timeout:g} seconds; try again later, or download it and ingest the file"
        ) from error


def _in_thread(work: Callable[[], Coroutine[Any, Any, Page]], patience: float) -> Page:
    """Runs `work` on a loop of its own, since the caller may itself run in one."""
    outcome: list[Page | BaseException] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(work()))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(patience)  # the look-up of a name cannot be cancelled
    result = outcome[0] if outcome else TimeoutError()
    if isinstance(result, BaseException):
        raise result
    return result


async def _follow(url: str, limits: _Limits) -> Page:
    """Follows redirects by hand, so that each hop is checked like the first."""
    import httpx

    at = url
    async with httpx.AsyncClient(trust_env=False, timeout=limits.timeout, follow_redirects=False) as client:
        for _ in range(limits.max_redirects + 1):
            try:
                answer = await _hop(client, at, limits)
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                reason = str(error) or type(error).__name__
                raise Unreadable(f"{at}: cannot be fetched ({reason}); check the address and the connection") from error
            if isinstance(answer, Page):
                return answer
            at = urljoin(at, answer)
    raise Unreadable(f"{url}: more than {limits.max_redirects} redirects; give the final address of the page")


async def _hop(client: httpx.AsyncClient, url: str, limits: _Limits) -> Page | str:
    """One request: the page, or the address that it redirects to."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise Unreadable(f"{url}: not a web address; correct the port") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unreadable(f"{url}: not a web address; give one that starts with http:// or https://")
    if parts.username or parts.password:
        raise Unreadable(f"{url}: holds a user name or password; download the file and ingest it by its path")
    address = await _address(parts.hostname, port or (443 if parts.scheme == "https" else 80), url, limits)
    host = f"[{address}]" if ":" in address else address
    pinned = parts._replace(netloc=f"{host}:{port}" if port else host, fragment="").geturl()
    request = client.build_request(
        "GET",
        pinned,
        headers={
            "Host": parts.netloc,
            "User-Agent": _AGENT,
            "Accept": ", ".join(_SUFFIXES),
            "Accept-Encoding": "identity",
        },
        extensions={"sni_hostname": parts.hostname},
    )
    response = await client.send(request, stream=True)
    try:
        if response.is_redirect:
            return str(response.headers["location"])
        return await _page(response, url, limits)
    finally:
        await response.aclose()


async def _address(host: str, port: int, url: str, limits: _Limits) -> str:
    """A checked address of the host. One private address among several is enough to refuse it."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreadable(f"{url}: the host {host} is not known; check the address and the connection") from error
    addresses = [str(entry[4][0]).split("%")[0] for entry in found]
    if not limits.allow_private:
        private = next((address for address in addresses if not _public(address)), None)
        if private:
            raise Unreadable(
                f"{url}: {host} is in a private network ({private}); to fetch it, set LEGATION_ALLOW_PRIVATE_URLS=1"
            )
    return addresses[0]


def _public(address: str) -> bool:
    """Whether an address is reachable for everyone; IPv4 inside IPv6 is judged as IPv4."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return ip.is_global and not ip.is_multicast


async def _page(response: httpx.Response, url: str, limits: _Limits) -> Page:
    if response.status_code != 200:
        raise Unreadable(
            f"{url}: the server answers {response.status_code} {response.reason_phrase}; check the address"
        )
    kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in _SUFFIXES:
        raise Unreadable(
            f"{url}: content of type {kind or 'unknown'!r} is not read; give a page, text, Markdown, PDF, DOCX or JSON"
        )
    limit = f"{limits.max_bytes / 1e6:g} MB"
    length = response.headers.get("content-length", "")
    if length.isdigit() and int(length) > limits.max_bytes:
        raise Unreadable(
            f"{url}: {int(length) / 1e6:.0f} MB is over the limit of {limit}; download it and ingest the file"
        )
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > limits.max_bytes:
            raise Unreadable(f"{url}: larger than the limit of {limit}; download it and ingest the file")
    return Page(url, _name(url, kind), bytes(content))


def _name(url: str, kind: str) -> str:
    """The last part of the address, with the suffix of the content's type; Markdown is often sent as plain text."""
    path = PurePosixPath(urlsplit(url).path)
    suffix = _SUFFIXES[kind]
    if kind == "text/plain" and path.suffix.lower() in (".md", ".markdown", ".jsonl"):
        suffix = path.suffix.lower()
    return f"{path.stem or urlsplit(url).hostname}{suffix}"
