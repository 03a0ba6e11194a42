"""The loop: due wakes become passes, one at a time per item over all processes. It never dies of one pass."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.context import Context
from bot.core.actions import Decision
from bot.errors import Refused, SluiceError, Unavailable, UserError
from bot.ledger.wakes import Wake

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=2)  # longer than any pass; a dead process's lease runs out
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
REFUSED_PAUSE = timedelta(minutes=10)

Pass = Callable[[Context, str], Awaitable[Decision]]


class Wakes(Protocol):
    """What the loop needs of the ledger."""

    async def due(self, now: datetime, limit: int) -> list[Wake]: ...
    async def lease(self, item: str, owner: str, until: datetime, now: datetime) -> bool: ...
    async def unlease(self, item: str, owner: str) -> None: ...
    async def slept(self, item: str, seq: int, look_again_at: datetime | None) -> None: ...
    async def record(self, item: str, decision: Decision, now: datetime, performed: bool) -> None: ...


class Loop:
    def __init__(
        self,
        ctx: Context,
        ledger: Wakes,
        drain: Pass,
        workers: int = 4,
        poll: float = 0.25,
        crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        """While others are `crowded` at the door of this process, passes are made one after the other."""
        self._crowded = crowded
        self._ctx, self._ledger, self._drain = ctx, ledger, drain
        self._workers, self._poll = workers, poll
        self._owner = uuid.uuid4().hex
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._failures: defaultdict[str, int] = defaultdict(int)
        self._last: dict[str, Decision] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self, patience: float | None = None) -> None:
        """Take nothing new, and let the passes under way end; one that takes longer is cut off, which it stands."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        passes = list(self._busy.values())
        if passes:
            _, late = await asyncio.wait(passes, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*passes, return_exceptions=True)

    @property
    def idle(self) -> bool:
        return not self._busy

    async def _run(self) -> None:
        while True:
            try:
                await self._take()
            except Unavailable as error:
                log.warning("the ledger did not answer", error=str(error))
            except Exception:
                log.exception("the loop stumbled and goes on")
            await asyncio.sleep(self._poll)

    async def _take(self) -> None:
        """Start a pass for each due item, as far as there are workers."""
        workers = 1 if self._crowded() else self._workers
        if len(self._busy) >= workers:
            return
        for wake in await self._ledger.due(self._ctx.now(), workers):
            if wake.item in self._busy or len(self._busy) >= workers:
                continue
            self._busy[wake.item] = asyncio.create_task(self._work(wake))

    async def _work(self, wake: Wake) -> None:
        try:
            await self.one(wake)
        finally:
            self._busy.pop(wake.item, None)

    async def one(self, wake: Wake) -> None:
        """One pass, under a lease; what it says about the next look is kept."""
        now = self._ctx.now()
        if not await self._ledger.lease(wake.item, self._owner, now + LEASE, now):
            return
        try:
            with structlog.contextvars.bound_contextvars(item=wake.item, cause=wake.cause):
                again = await self._pass(wake.item)
            await self._ledger.slept(wake.item, wake.seq, again)
        except Unavailable as error:
            log.warning("a pass could not be kept", item=wake.item, error=str(error))
        finally:
            with contextlib.suppress(Unavailable):
                await self._ledger.unlease(wake.item, self._owner)

    async def _pass(self, item: str) -> datetime | None:
        try:
            decision = await self._drain(self._ctx, item)
        except Unavailable as error:
            pause = timedelta(seconds=error.retry_after) if error.retry_after else self._backoff(item)
            return await self._failed(item, str(error), "machine", pause)
        except Refused as error:
            return await self._failed(item, str(error), "person", REFUSED_PAUSE)
        except (UserError, SluiceError) as error:
            return await self._failed(item, str(error), "person", REFUSED_PAUSE)
        except Exception as error:
            log.exception("a pass failed", item=item)
            return await self._failed(item, f"a fault in Sluice: {error!r}", "machine", self._backoff(item))
        return self._next_look(item, decision)

    def _next_look(self, item: str, decision: Decision) -> datetime | None:
        """As decided; but who decides the same again and again at once gets nowhere, and is slowed down."""
        again, last = decision.look_again_at, self._last.get(item)
        self._last[item] = replace(decision, look_again_at=None)
        if again is None or again > self._ctx.now() or self._last[item] != last:
            self._failures.pop(item, None)
            return again
        return self._ctx.now() + self._backoff(item)

    async def _failed(self, item: str, reason: str, waits_for: str, pause: timedelta) -> datetime:
        """The reason is kept where `explain` finds it."""
        log.warning("pass ended early", item=item, reason=reason)
        again = self._ctx.now() + pause
        await self._ledger.record(
            item,
            Decision("Unknown", reason, look_again_at=again, waits_for=waits_for),
            self._ctx.now(),
            performed=False,
        )
        return again

    def _backoff(self, item: str) -> timedelta:
        self._failures[item] += 1
        pause: timedelta = FIRST_PAUSE * 2 ** min(self._failures[item] - 1, 10)
        return min(pause, LONGEST_PAUSE)
