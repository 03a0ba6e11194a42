"""When a machine dies: a heartbeat, one adopter at a time, and the end of whoever was declared dead.

Needed only where several processes share a PostgreSQL engine. A worker that cannot beat for as long as the lease ends
itself, and its agents with it, before another may take its runs over.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.engine.port import EnginePort

log = structlog.get_logger(__name__)
BEAT, LEASE, DEAD = timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=60)


class Register(Protocol):
    """What the heartbeat needs of the ledger."""

    async def join(self, worker: str, now: datetime) -> None: ...
    async def beat(self, worker: str, now: datetime) -> bool: ...
    async def adopt_one(self, adopter: str, silent: timedelta, now: datetime) -> str | None: ...
    async def bury(self, worker: str) -> None: ...


class Heartbeat:
    def __init__(
        self,
        ledger: Register,
        engine: EnginePort,
        worker: str,
        now: Callable[[], datetime],
        beat: timedelta = BEAT,
        lease: timedelta = LEASE,
        dead: timedelta = DEAD,
        end: Callable[[int], None] = os._exit,
    ) -> None:
        """`end` ends the process at once: agents die with the lease of their shim."""
        self._ledger, self._engine, self._worker, self._now = ledger, engine, worker, now
        self._beat, self._lease, self._dead, self._end = beat, lease, dead, end
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._ledger.join(self._worker, self._now())
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Call it when the engine has stopped: it gave back what was interrupted, so nobody need adopt it."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            await self._ledger.bury(self._worker)

    async def _run(self) -> None:
        """Beat, whatever happens. A database that does not answer in time counts as no beat."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(self._beat.total_seconds())
            try:
                async with asyncio.timeout(self._beat.total_seconds()):
                    alive = await self._ledger.beat(self._worker, self._now())
                if not alive:
                    log.error("declared dead by another worker; ending")
                    self._end(3)
                last = time.monotonic()
                async with asyncio.timeout(self._lease.total_seconds()):
                    await self._adopt()
            except Exception:  # of whatever kind: a heart that stops beating leaves a zombie behind
                log.warning("no heartbeat", exc_info=True)
            if time.monotonic() - last > self._lease.total_seconds():
                log.error("no heartbeat for as long as the lease; ending")
                self._end(3)

    async def _adopt(self) -> None:
        dead = await self._ledger.adopt_one(self._worker, self._dead, self._now())
        if dead is not None:
            taken = await self._engine.adopt(dead)
            log.warning("a worker died; its runs are taken over", worker=dead, runs=taken)
            await self._ledger.bury(dead)
