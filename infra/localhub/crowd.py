"""How many requests of one caller are under way at once, over REST and GraphQL together: the outermost layer.

It stands outside of the faults, so that answers which a test makes slow count for as long as they take. It also sees
every refusal that names a time to wait, and counts what comes before that is over: a good client sends nothing then.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localhub.credentials import token_in
from localhub.errors import TooFast
from localhub.hub import Hub
from localhub.limits import Resource
from localhub.rest.route import refused

GIT = ("/info/refs", "/git-upload-pack", "/git-receive-pack")
UNCOUNTED = ("/_hub/",)


class Crowd:
    def __init__(self, app: ASGIApp, hub: Hub) -> None:
        self.app = app
        self.hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        counts_as = self._counts_as(scope)
        if counts_as is None:
            await self.app(scope, receive, send)
            return
        meter = self.hub.meter
        meter.arrived(counts_as)

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                wait = Headers(raw=list(message["headers"])).get("retry-after", "")
                if wait.isdecimal():
                    meter.told_to_wait(counts_as, int(wait))
            await send(message)

        try:
            with meter.entered(counts_as):
                await self.app(scope, receive, heard)
        except TooFast as refusal:
            response = refused(refusal)
            resource: Resource = "graphql" if scope["path"].endswith("/graphql") else "core"
            response.headers.update(meter.window(counts_as, resource).headers())
            await response(scope, receive, heard)

    def _counts_as(self, scope: Scope) -> str | None:
        if scope["type"] != "http" or scope["path"].startswith(UNCOUNTED) or scope["path"].endswith(GIT):
            return None
        token = token_in(self.hub, Headers(scope=scope).get("authorization"))
        return token.counts_as if token else None
