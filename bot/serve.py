"""The server: the chat page on one address of this machine, and nothing that leaves it."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from bot import public
from bot.settings import Settings
from ingest.documents import LibraryError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from bot.api import Service
    from bot.ask import Legation
    from bot.mcp import Endpoint

_ASSETS = Path(__file__).with_name("assets")
FAREWELL = 10  # seconds that the answers under way have when a public server is stopped
_FILES = 512  # that are open besides connections
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Read by Gradio when it is imported; each would call home or keep what was asked.
_QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1", "GRADIO_RUN_HISTORY": "False"}

# Linked, since Gradio would rewrite the selectors of a style sheet given as `css` and put scripts into the page itself.
_HEAD = '<link rel="stylesheet" href="page/page.css"><link rel="stylesheet" href="brand.css"><script src="page/page.js" defer></script>'


def application(legation: Legation, host: str = "127.0.0.1", starters: Sequence[str] | None = None) -> FastAPI:
    """The ASGI application for one library; `starters` are the questions that the page offers to begin with."""
    os.environ.update(_QUIET)
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.staticfiles import StaticFiles
    from starlette.routing import Route

    from bot import api, branding, language, pages
    from bot.chat import AT_ONCE, build, texts
    from bot.problem import install
    from bot.suggest import Offers, suggestions
    from bot.takeaway import Files
    from bot.takeaway import router as briefings
    from bot.theme import theme
    from bot.widget import routes as widget

    service = api.Service(legation)
    agents = _agents(service)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with agents.open() if agents else nullcontext():
            yield
        service.close()

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    _fence(app, service, host)
    install(app)
    routes = api.application(service)
    app.mount(f"/api/v{api.VERSION}", routes)
    app.mount("/api", routes)
    app.include_router(api.watching(service))
    if agents:
        app.router.routes.append(Route("/mcp", agents))
    brand = branding.load(service.settings)
    app.include_router(pages.router(service, brand))
    offered = tuple(starters or brand.questions_in(language.DEFAULT) or suggestions(legation))
    offers = Offers(legation, offered, further=not (starters or brand.questions))
    app.include_router(widget.router(service.settings, brand, offers))
    app.mount("/page", StaticFiles(directory=_ASSETS), name="page")
    app.include_router(briefings(files := Files()))
    page = build(legation, offered, brand, service.feedback, files, translated=not starters)
    page.queue(default_concurrency_limit=AT_ONCE, max_size=200, api_open=False)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=theme(),
        i18n=texts(legation, brand),
        head=_HEAD,
        favicon_path=str(_ASSETS / "favicon.svg"),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
    )
    return app


def _agents(service: Service) -> Endpoint | None:
    """The way in for agents, where the optional package for it is installed."""
    from importlib.util import find_spec

    if find_spec("mcp") is None:
        return None
    from bot.mcp import Endpoint

    return Endpoint(service)


def _fence(app: FastAPI, service: Service, host: str) -> None:
    """What a request passes before it reaches a route; the last to be added comes first."""
    from starlette.middleware.cors import CORSMiddleware
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    from bot.guard import Cors, Guard
    from bot.rates import Rates
    from bot.watch import Watch

    settings = service.settings
    hosts = (*settings.names, *_LOOPBACK) if settings.names or is_loopback(host) else ()
    app.add_middleware(CORSMiddleware, allow_origins=[])  # without one of ours, Gradio's lets every origin in
    app.add_middleware(Rates, settings=settings)
    app.add_middleware(Guard, hosts=hosts, origins=settings.origins, longest=settings.max_body)
    app.add_middleware(Cors, origins=settings.origins)
    app.add_middleware(Watch, metrics=service.metrics)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.proxies))


def serve(settings: Settings, ready: Callable[[str], None] | None = None) -> None:
    """Serves the library that `settings` name until interrupted; `ready` is told the address once it can be opened."""
    import uvicorn

    from bot.ask import Legation
    from bot.patience import Patient
    from bot.watch import configure

    public.check(settings)
    configure(settings)
    _room(settings.connections)

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            # Every open page keeps a stream, which is cut on the way out: that is no error to report.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            super().handle_exit(sig, frame)

    with listen(settings.host, settings.port) as door, Legation.open(settings) as legation:
        app = application(legation, settings.host)
        config = uvicorn.Config(
            app,
            http=Patient,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,  # those of the proxies that are named are read by the application
            limit_concurrency=settings.connections,
            timeout_graceful_shutdown=FAREWELL if settings.public else 1,
        )
        server = Server(config)
        if ready:
            ready(address(door))
        with suppress(KeyboardInterrupt):
            server.run(sockets=[door])


def _room(connections: int) -> None:
    """Lets the process hold so many connections and its own files open, as far as it may ask for that."""
    try:
        import resource
    except ImportError:  # not on this system
        return
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _FILES if most == resource.RLIM_INFINITY else min(most, connections + _FILES)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; LibraryError when the address cannot be had."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        door = socket.socket(family, kind, protocol)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(place)
            door.listen(1024)  # connections that may come at one moment
        except OSError:
            door.close()
            raise
    except OSError as error:
        raise LibraryError(
            f"{host}:{port} cannot be served: {error.strerror or error}. "
            "If another server is there, stop it; or choose another --port."
        ) from None
    return door


def address(door: socket.socket) -> str:
    """The address to open in a browser."""
    host, port = door.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`; then a page of another name is not answered (DNS rebinding)."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
