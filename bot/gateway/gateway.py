"""The gateway's own socket on loopback, open while runs of this process use it: what reaches the webhooks' port does
not reach it. Several processes on one ledger each serve the runs they run."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import httpx
import structlog

from bot.core.run import Peer
from bot.errors import SluiceError
from bot.gateway.meter import Account, Meter, Upstream
from bot.gateway.passing import PREFIX, Passing
from bot.server import Server, bound, server_of

log = structlog.get_logger(__name__)
HOST = "127.0.0.1"
PATIENCE = httpx.Timeout(600.0, connect=15.0)  # seconds between two pieces of an answer: some models think for long
WRITTEN = 0.5  # seconds within which what was counted is in the ledger


class Way(Protocol):
    """What an agent is given: an address, and a key that opens it."""

    @property
    def url(self) -> str: ...
    @property
    def key(self) -> str: ...


class Entrance:
    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key


class Gateway:
    """`upstreams`: by peer; a peer without one has a login of its own, or is given its key."""

    def __init__(self, upstreams: dict[str, Upstream], meter: Meter, now: Callable[[], datetime]) -> None:
        self.meter = meter
        self.upstreams = upstreams
        self._client = httpx.AsyncClient(timeout=PATIENCE, limits=httpx.Limits(keepalive_expiry=60.0))
        self._passing = Passing(meter, self._client, now)
        self._listening: socket.socket | None = None
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None

    async def open(self, run: str, peer: Peer, spent: Callable[[], None]) -> Way | None:
        """None: this peer's calls do not come here. `spent` is called when the run has used what it may."""
        upstream = self.upstreams.get(peer.name)
        if upstream is None:
            return None
        port = self._listen()
        door = self.meter.open(run, peer.name, upstream, peer.limits, spent)
        return Entrance(f"http://{HOST}:{port}{PREFIX}", door.key)

    async def close(self, run: str) -> Account | None:
        """The run has ended: its key too, and everything is counted."""
        self.meter.shut(run)
        await self._passing.hang_up(run)
        await self._write()
        return self.meter.account(run)

    async def stop(self) -> None:
        if self._writing:
            self._writing.cancel()
        if self._server and self._serving:
            self._server.should_exit = True
            await self._passing.hang_up()
            await asyncio.gather(self._serving, return_exceptions=True)
        if self._listening:
            self._listening.close()
        await self._write()
        await self._client.aclose()

    def _listen(self) -> int:
        """From the first door on."""
        if self._listening is None:
            self._listening = bound(HOST, 0)
            self._server = server_of(self._passing, HOST, 0)
            self._serving = asyncio.create_task(self._server.serve([self._listening]))
            self._writing = asyncio.create_task(self._writes())
        port: int = self._listening.getsockname()[1]
        return port

    async def _writes(self) -> None:
        while True:
            await asyncio.sleep(WRITTEN)
            await self._write()

    async def _write(self) -> None:
        try:
            await self.meter.write()
        except SluiceError as error:  # the ledger's trouble is not the agent's
            log.warning("what runs were billed is not written yet", error=str(error))
