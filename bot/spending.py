"""What runs use while they work: counted every few seconds, kept in the ledger, and stopped at the cap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import structlog

from bot.context import Context
from bot.core.run import Ended, Peer, Run
from bot.core.spend import Budget, unpriced
from bot.core.tokens import Tokens
from bot.errors import Unavailable

log = structlog.get_logger(__name__)


class Counted(Protocol):
    def billed(self, run: str, item: str, peer: Peer) -> tuple[Tokens, ...]: ...
    def source(self, peer: Peer) -> str: ...
    def end(self, run: str, how: Ended) -> None: ...


class Spending:
    """Of the runs of this process."""

    def __init__(self, ctx: Context, agents: Counted, pace: float) -> None:
        self._ctx, self._agents, self._pace = ctx, agents, pace
        self._over: dict[str, asyncio.Event] = {}
        self._caps: dict[str, Budget | None] = {}

    def over_budget(self, run: str) -> None:
        """Whoever counts a run's calls says that it has used what it may; it ends at once."""
        if said := self._over.get(run):
            said.set()

    def refusal(self, run: str) -> str | None:
        """Why no more of its calls may be passed on; None: they may."""
        said = self._over.get(run)
        return "this run has used what it may" if said and said.is_set() else None

    async def keep(self, run: str, source: str, tokens: tuple[Tokens, ...]) -> None:
        """What a gateway counted goes into the ledger at once, and is held against the run's cap."""
        used = await self._ctx.ledger.note_usage(run, source, tokens, self._ctx.now(), self._ctx.price)
        if (cap := self._caps.get(run)) and used.exceeds(cap):
            self.over_budget(run)

    @asynccontextmanager
    async def counting(self, run: Run) -> AsyncIterator[None]:
        """While its agent works."""
        self._over[run.key], self._caps[run.key] = asyncio.Event(), run.cap
        watching = asyncio.create_task(self._watch(run))
        watching.add_done_callback(lambda over: self._broke_off(run.key, over))
        try:
            yield
        finally:
            del self._over[run.key], self._caps[run.key]
            watching.cancel()
            await asyncio.wait({watching})

    async def note(self, run: Run) -> Budget:
        """What it used so far is in the ledger; its sum by the source that counts."""
        peer = next((peer for peer in self._ctx.peers if peer.name == run.peer), None)
        if peer is None:
            return await self._ctx.ledger.used(run.key)
        tokens = await asyncio.to_thread(self._agents.billed, run.key, run.home, peer)
        if not tokens:
            return await self._ctx.ledger.used(run.key)
        price = unpriced if peer.subscription else self._ctx.price
        return await self._ctx.ledger.note_usage(run.key, self._agents.source(peer), tokens, self._ctx.now(), price)

    def _broke_off(self, run: str, watching: asyncio.Task[None]) -> None:
        """Nobody knows what such a run uses from here on, so it goes no further."""
        if not watching.cancelled() and (error := watching.exception()):
            log.error("what a run uses cannot be counted", run=run, exc_info=error)
            self._agents.end(run, "failed")

    async def _watch(self, run: Run) -> None:
        said = self._over[run.key]
        while not said.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(said.wait(), self._pace)
            try:
                used = await self.note(run)
            except Unavailable as error:
                log.warning("what a run uses is kept later", run=run.key, reason=str(error))
                continue
            if run.cap and used.exceeds(run.cap):
                said.set()
        log.info("a run has used what it may", run=run.key)
        self._agents.end(run.key, "overspent")
