"""The gateway's own socket on loopback, open while runs of this process use it.

What reaches the webhooks' port reaches no key here. Several processes on one ledger each serve the runs they run.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from bot.core.run import Peer
from bot.gateway.meter import Account, Beat, Meter, Stop, Upstream
from bot.gateway.passing import PREFIX, Passing
from bot.server import Server, bound, server_of

HOST = "127.0.0.1"
PATIENCE = httpx.Timeout(600.0, connect=15.0)  # seconds between two pieces of an answer: some models think for long
AGAIN = 2.0  # seconds, where the ledger did not take it


@dataclass(frozen=True)
class Entrance:
    """What an agent is given: an address, and a key that opens it."""

    url: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class Face:
    """What is there once it listens."""

    listening: socket.socket
    server: Server
    serving: asyncio.Task[None]
    writing: asyncio.Task[None]
    client: httpx.AsyncClient
    passing: Passing

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.listening.getsockname()[1]}{PREFIX}"


class Gateway:
    """`upstreams`: by peer; a peer without one has a login of its own, or is given its key."""

    def __init__(self, upstreams: dict[str, Upstream], meter: Meter, now: Callable[[], datetime]) -> None:
        self.upstreams, self.meter, self._now = upstreams, meter, now
        self._face: Face | None = None

    async def open(self, run: str, peer: Peer, stop: Stop, beat: Beat) -> Entrance | None:
        """None: this peer's calls do not come here. `stop` is called when the run cannot go on, `beat` when its model
        says something."""
        upstream = self.upstreams.get(peer.name)
        if upstream is None:
            return None
        self._face = self._face or self._open()
        door = self.meter.open(run, peer.name, upstream, peer.limits, stop, beat)
        return Entrance(self._face.url, door.key)

    async def close(self, run: str) -> Account | None:
        """The run has ended: its key too, and everything is counted."""
        self.meter.shut(run)
        if self._face:
            await self._face.passing.hang_up(run)
        await self.meter.write()
        return self.meter.account(run)

    async def stop(self) -> None:
        if face := self._face:
            self._face = None
            face.writing.cancel()
            face.server.should_exit = True
            await face.passing.hang_up()
            await asyncio.gather(face.serving, return_exceptions=True)
            face.listening.close()
            await self.meter.write()
            await face.client.aclose()

    def _open(self) -> Face:
        nearby = dict.fromkeys(("all://127.0.0.1", "all://localhost", "all://[::1]"))  # by no proxy
        client = httpx.AsyncClient(timeout=PATIENCE, limits=httpx.Limits(keepalive_expiry=60.0), mounts=nearby)
        passing = Passing(self.meter, client, self._now)
        listening, server = bound(HOST, 0), server_of(passing, HOST, 0)
        serving = asyncio.create_task(server.serve([listening]))
        return Face(listening, server, serving, asyncio.create_task(self._writes()), client, passing)

    async def _writes(self) -> None:
        """What an answer did not wait for, and what the ledger did not take."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.meter.grew.wait(), AGAIN)
            self.meter.grew.clear()
            await self.meter.write()
