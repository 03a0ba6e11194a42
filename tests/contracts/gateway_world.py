"""A gateway before the scripted endpoint or an odd provider, both on real sockets, and calls as programs make them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI, Request
from starlette.responses import Response

from bot.core.run import Ended, Limits, Peer
from bot.core.tokens import Tokens
from bot.gateway import Gateway, Meter, Upstream
from bot.server import bound, server_of
from tests.models.endpoint import create_app
from tests.models.record import RECORD, Record
from tests.models.scenario import SCENARIO, Scenario

Json = dict[str, Any]
REAL = "key-of-the-provider"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PLAIN = {"messages": [{"role": "user", "content": "do it"}]}
ITEMS = {"input": [{"role": "user", "content": "do it"}]}
CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "do it"}]}]}


@dataclass(frozen=True)
class Speaking:
    """How a program of this dialect asks; `{}` is its key."""

    path: str
    header: str
    value: str
    body: Json

    def whole(self) -> Speaking:
        """Without a stream."""
        body = {kind: given for kind, given in self.body.items() if not kind.startswith("stream")}
        return Speaking(self.path.partition("?")[0].replace("streamG", "g"), self.header, self.value, body)


TOOLS: Json = {"model": "m", "stream": True}
NAMED: Json = {"tools": [{"name": "shell"}]}
DIALECTS: Mapping[str, Speaking] = {
    "anthropic": Speaking("/v1/messages?beta=true", "x-api-key", "{}", PLAIN | TOOLS | NAMED),
    "responses": Speaking("/v1/responses", "authorization", "Bearer {}", ITEMS | TOOLS | NAMED),
    "chat": Speaking(
        "/v1/chat/completions", "authorization", "Bearer {}",
        PLAIN | TOOLS | {"tools": [{"type": "function", "function": {"name": "shell"}}]},
    ),
    "gemini": Speaking(
        "/v1beta/models/m:streamGenerateContent?alt=sse", "x-goog-api-key", "{}",
        CONTENTS | {"tools": [{"functionDeclarations": [{"name": "shell"}]}]},
    ),
}  # fmt: skip


@dataclass
class World:
    gateway: Gateway
    http: httpx.AsyncClient
    models: str  # the scripted endpoint
    odd: str  # a provider that answers as the test says
    kept: dict[str, tuple[Tokens, ...]] = field(default_factory=dict)  # by run, as the ledger has it
    stopped: list[tuple[str, Ended]] = field(default_factory=list)
    beats: list[str] = field(default_factory=list)  # by run, whenever its model said something
    limits: Limits = field(default_factory=Limits)
    answer: Callable[[Request], Awaitable[Response]] | None = None
    url: str = ""

    async def play(self, name: str, scenario: Scenario) -> str:
        """The key of a run of this name, whose model plays the scenario."""
        where = f"{self.models}/_models/{name}"
        (await self.http.put(where, content=SCENARIO.dump_json(scenario))).raise_for_status()
        return await self.door(name, f"{self.models}/s/{name}")

    async def door(self, run: str, upstream: str) -> str:
        self.gateway.upstreams["robin"] = Upstream(upstream, REAL)
        peer = Peer("robin", "claude", limits=self.limits)
        way = await self.gateway.open(
            run, peer, lambda how: self.stopped.append((run, how)), lambda: self.beats.append(run)
        )
        assert way is not None
        self.url = way.url
        return way.key

    async def record(self, name: str) -> Record:
        return RECORD.validate_json((await self.http.get(f"{self.models}/_models/{name}")).content)

    async def ask(self, key: str, speaking: Speaking, **more: str) -> httpx.Response:
        return await self.http.send(self.request(key, speaking, **more))

    def request(self, key: str, speaking: Speaking, **more: str) -> httpx.Request:
        headers = {speaking.header: speaking.value.format(key), **{n.replace("_", "-"): v for n, v in more.items()}}
        return self.http.build_request("POST", self.url + speaking.path, json=speaking.body, headers=headers)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    with bound("127.0.0.1", 0) as listening:
        server = server_of(app, "127.0.0.1", 0)
        task = asyncio.create_task(server.serve([listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            task.cancel()  # at once: nothing is to be saved
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def gateway_world() -> AsyncIterator[World]:
    odd = FastAPI()
    async with serving(create_app()) as models, serving(odd) as address, httpx.AsyncClient(timeout=20) as http:
        kept: dict[str, tuple[Tokens, ...]] = {}

        async def keep(run: str, _source: str, billed: tuple[Tokens, ...]) -> None:
            kept[run] = billed

        gateway = Gateway({}, Meter(keep), lambda: NOW)
        world = World(gateway, http, models, address, kept)

        @odd.api_route("/{path:path}", methods=["GET", "POST"])
        async def answer(request: Request) -> Response:
            assert world.answer is not None
            return await world.answer(request)

        try:
            yield world
        finally:
            await http.aclose()  # first: the gateway waits for its callers
            await gateway.stop()


def event(told: Json) -> bytes:
    return f"data: {json.dumps(told)}\n\n".encode()
