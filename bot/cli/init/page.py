"""The little page on this machine that takes a manifest to GitHub and is where the browser comes back to.

GitHub takes a manifest from a form alone, so a link is not enough. What comes back counts only with the state that was
sent along, and the page answers nobody who calls this machine by another name.
"""

from __future__ import annotations

import asyncio
import hmac
import html
import json
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response

from bot.errors import SluiceError, Unavailable, UserError
from bot.github.manifest import Made, form_url
from bot.github.permissions import LEVELS, PERMISSIONS
from bot.server import server_of

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:3em auto;padding:0 1em}button{font:inherit}"


class Page:
    """Waits for one code; `exchange` makes an App of it, and keeps what it is told."""

    def __init__(self, port: int, exchange: Callable[[str], Awaitable[Made]]) -> None:
        self.url = f"http://{HOST}:{port}"
        self.state = secrets.token_urlsafe(32)
        self.made: asyncio.Future[Made] = asyncio.get_running_loop().create_future()
        self._exchange = exchange
        self._one = asyncio.Lock()  # a browser may ask twice, and the code is good once
        self._form: Response | None = None

    @property
    def back(self) -> str:
        return f"{self.url}/made"

    def show(self, web_url: str, organization: str, manifest: Mapping[str, Any]) -> None:
        there, whose = form_url(web_url, organization, self.state), organization or "yourself"
        asked = "".join(
            f"<li>{each.name}: {LEVELS[each.level].lower()} ({html.escape(each.why)})" for each in PERMISSIONS
        )
        told = html.escape(json.dumps(manifest), quote=True)
        self._form = _shown(
            "Make Sluice a GitHub App of its own",
            f"<p>GitHub shows the App once more and asks for its name. It belongs to <b>{html.escape(whose)}</b>, "
            f"nobody else can install it, and these are all its permissions:<ul>{asked}</ul>"
            f'<form method="post" action="{html.escape(there)}"><input type="hidden" name="manifest" value="{told}">'
            "<button>Go to GitHub</button></form>",
        )

    def app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(NAMES))
        app.add_api_route("/", self._begin, methods=["GET"], response_model=None)
        app.add_api_route("/made", self._came_back, methods=["GET"], response_model=None)
        return app

    async def _begin(self) -> Response:
        if self._form is None:
            raise HTTPException(404)
        return self._form

    async def _came_back(self, code: str = "", state: str = "") -> Response:
        """A visitor without the state is not whom we sent, and changes nothing. On success the browser goes on to where
        the App is installed."""
        if not code or not hmac.compare_digest(state.encode(), self.state.encode()):
            return _shown("Not from here", "<p>This is not the way back from the page that init showed.", 400)
        async with self._one:
            if not self.made.done():
                try:
                    self.made.set_result(await self._exchange(code))
                except Unavailable as error:
                    return _shown("Not yet", f"<p>{html.escape(str(error))}<p>Load this page again in a while.", 503)
                except (SluiceError, OSError) as error:
                    self.made.set_exception(error)
            if self.made.exception():
                return _shown("That did not work", "<p>Go on in the terminal, which says why.", 502)
            return RedirectResponse(self.made.result().page, 303)


@asynccontextmanager
async def page(port: int, exchange: Callable[[str], Awaitable[Made]]) -> AsyncIterator[Page]:
    """0 takes a free port."""
    with _bound(port) as listening:
        shown = Page(listening.getsockname()[1], exchange)
        server = server_of(shown.app(), HOST, port)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield shown
        finally:
            server.should_exit = True
            await serving


def _bound(port: int) -> socket.socket:
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen()  # so that a second one is refused now, not when somebody comes
    except OSError as error:
        listening.close()
        raise UserError(f"port {port} on {HOST} cannot be used ({error.strerror}): name another with --port") from None
    return listening


def _shown(title: str, text: str, status: int = 200) -> Response:
    head = f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title><style>{STYLE}</style>"
    return HTMLResponse(f"{head}<h1>{html.escape(title)}</h1>{text}", status, {"cache-control": "no-store"})
