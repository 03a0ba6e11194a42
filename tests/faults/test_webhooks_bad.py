"""Webhooks that come twice, late, backwards, forged, huge or as junk: an item ends as it would have without them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.stories.conftest import MakeWorld
from tests.world import Thing, World
from webhooks.server import Server

Body = tuple[dict[str, str], bytes]
LARGE = 25 * 1024 * 1024


@dataclass
class Postman:
    """Stands between GitHub and Sluice, and delivers as he likes."""

    address: str = ""
    times: int = 1
    holds: bool = False
    held: list[Body] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        body = dict(request.headers), await request.body()
        if self.holds:
            self.held.append(body)
        else:
            for _ in range(self.times):
                await self.deliver(body)
        return Response(status_code=202)

    async def deliver(self, sent: Body) -> int:
        headers = {name: value for name, value in sent[0].items() if name.startswith("x-") or name == "content-type"}
        async with httpx.AsyncClient(timeout=20) as client:
            return (await client.post(self.address, content=sent[1], headers=headers)).status_code

    async def hand_over(self, order: Callable[[list[Body]], list[Body]]) -> list[int]:
        held, self.held = self.held, []
        return [await self.deliver(body) for body in order(held)]


@asynccontextmanager
async def standing_between(world: World) -> AsyncIterator[Postman]:
    """GitHub sends to the postman, who knows where Sluice listens."""
    import asyncio

    app = world.hub.admin(f"apps/{world.app['slug']}")
    postman = Postman(app["webhook_url"])
    routes = [Route("/", postman.take, methods=["POST"])]
    server = Server(uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=0, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    await world.admin_patch(f"apps/{world.app['slug']}", {"webhook_url": f"http://127.0.0.1:{port}/"})
    yield postman
    server.should_exit = True
    await serving
