"""Webhooks that come twice, late, backwards, forged, huge or as junk: an item ends as it would have without them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.server import Server
from tests.world import Thing, World

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
    postman = Postman(world.address)
    routes = [Route("/", postman.take, methods=["POST"])]
    server = Server(uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=0, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    await world.admin_patch(f"apps/{world.app['slug']}", {"webhook_url": f"http://127.0.0.1:{port}/"})
    try:
        yield postman
    finally:
        server.should_exit = True
        await serving


async def test_everything_twice(world: World) -> None:
    """Each delivery comes twice under one id: one run, one pull request, one merge, one comment."""
    async with standing_between(world) as postman:
        postman.times = 2
        item = await world.add_issue("Fix the typo")
        await world.settle()
        await world.approve(item)
        await world.settle()
        await ended_well(world, item)


async def test_late_and_backwards(world: World) -> None:
    """Deliveries held back and handed over newest first, old ones among them, lead to the same end."""
    async with standing_between(world) as postman:
        postman.holds = True
        item = await world.add_issue("Fix the typo")
        await world.settle()
        assert await world.column(item) == "Ready"
        first = list(postman.held)
        assert set(await postman.hand_over(lambda held: held[::-1])) == {202}
        await world.settle()
        assert await world.column(item) == "In Review", await world.reason(item)
        await world.approve(item)
        await world.settle()
        postman.held += first  # once more, long after
        assert {202, 200} == set(await postman.hand_over(lambda held: held[::-1]))
        await world.settle()
        await ended_well(world, item)


async def test_forged_huge_and_junk(world: World) -> None:
    """What GitHub did not sign, 25 MB of nothing, and signed junk are refused or shelved, and the real work goes on."""
    async with standing_between(world) as postman:
        item = await world.add_issue("Fix the typo", column="Backlog")
        await world.settle()
        moved = b'{"action": "edited", "projects_v2_item": {"node_id": "%s"}}' % item.card.encode()
        assert await postman.deliver((headers(moved, "wrong secret"), moved)) == 401
        assert await postman.deliver((headers(moved) | {"x-hub-signature-256": ""}, moved)) == 401
        assert await postman.deliver((headers(b""), bytes(LARGE))) == 413
        assert await postman.deliver((headers(b"junk"), b"junk")) == 400
        assert await postman.deliver((headers(b"[]"), b"[]")) == 400
        assert await postman.deliver((headers(moved), moved)) == 202  # half of a payload
        assert await world.column(item) == "Backlog"
        await world.move(item, "Ready")
        await world.settle()
        await world.approve(item)
        await world.settle()
        await ended_well(world, item)


def headers(body: bytes, secret: str = "hush") -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "content-type": "application/json",
        "x-github-event": "projects_v2_item",
        "x-github-delivery": f"made-up-{digest[:8]}",
        "x-hub-signature-256": f"sha256={digest}",
    }


async def ended_well(world: World, item: Thing) -> None:
    assert await world.stage(item) == "Done", await world.reason(item)
    assert await world.column(item) == "Done"
    assert len(await world.pulls(item)) == 1 and len(await world.comments(item)) == 1
    assert world.service
    assert len((await world.service.ledger.recall(item.card, world.now())).runs) == 1
    commits = await world.rest("ann", "GET", "{repo}/commits?sha=main")
    assert len(commits) == 2
