"""Renamed repositories: whoever asks under a former name is sent on to the present one, over REST and git."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from localhub.hub import Hub
from localhub.model import Repo

PLACE = re.compile(r"(?P<before>/(?:repos/)?)(?P<name>[^/]+/[^/]+?)(?P<after>(?:\.git)?(?:/.*)?)")


def rename(hub: Hub, repo: Repo, name: str) -> None:
    """A name that is taken again is no former one any more."""
    hub.former[repo.full_name.lower()] = hub.repos.pop(repo.full_name.lower())
    repo.name = name
    hub.former.pop(repo.full_name.lower(), None)
    hub.repos[repo.full_name.lower()] = repo


class Renames:
    def __init__(self, app: ASGIApp, hub: Hub) -> None:
        self.app, self.hub = app, hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = PLACE.fullmatch(scope["path"]) if scope["type"] == "http" and self.hub.former else None
        repo = self.hub.former.get(found["name"].lower()) if found else None
        if found is None or repo is None:
            await self.app(scope, receive, send)
            return
        query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        where = f"{scope.get('prefix', '')}{found['before']}{repo.full_name}{found['after']}"
        status = 301 if scope["method"] in ("GET", "HEAD") else 307
        await RedirectResponse(f"{self.hub.base_url}{quote(where)}{query}", status)(scope, receive, send)
