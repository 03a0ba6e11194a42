"""What the runs of a task use while they work, held against what the task may use: a cap, not a warning."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.core.run import Peer
from bot.core.spend import NOTHING, Budget, Price, unpriced
from bot.core.tokens import Tokens
from bot.spending import Counted


class Counting:
    def __init__(self, agents: Counted, price: Price, cap: Budget, pace: float) -> None:
        """`pace`: seconds between two looks at transcripts; a gateway tells by itself."""
        self._agents, self._price, self._cap, self._pace = agents, price, cap, pace
        self._before = NOTHING  # what is recorded of the task
        self._working: dict[str, tuple[str, Peer]] = {}
        self._told: dict[str, tuple[Tokens, ...]] = {}  # by a gateway

    def begin(self, used: tuple[Tokens, ...]) -> None:
        self._before += self._budget(used, None)

    @property
    def reached(self) -> str:
        """Why the task may use no more; empty: it may."""
        if not self._cap.tokens or self._cap.cost_usd == 0.0:
            return "nothing is left of what may be used in 24 hours"
        used = self._before + sum((self._of(run) for run in self._working), NOTHING)
        return f"the task has used {used} of the {self._cap} it may" if used.exceeds(self._cap) else ""

    async def keep(self, run: str, source: str, tokens: tuple[Tokens, ...]) -> None:
        """A gateway's count."""
        self._told[run] = tokens
        if self.reached:
            self._end_all()

    def refusal(self, run: str) -> str | None:
        return self.reached or None

    @asynccontextmanager
    async def counting(self, run: str, home: str, peer: Peer) -> AsyncIterator[None]:
        """While its agent works."""
        self._working[run] = (home, peer)
        watching = asyncio.create_task(self._watch(run, peer))
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait({watching})
            del self._working[run]

    async def used(self, run: str, home: str, peer: Peer) -> tuple[Tokens, ...]:
        told = self._told.get(run, ())
        return told or await asyncio.to_thread(self._agents.billed, run, home, peer)

    async def _watch(self, run: str, peer: Peer) -> None:
        cap = Budget(peer.limits.tokens, None if peer.subscription else peer.limits.cost_usd)
        while True:
            await asyncio.sleep(self._pace)
            home, _ = self._working[run]
            self._told[run] = await self.used(run, home, peer)
            if self._of(run).exceeds(cap):
                self._agents.end(run, "overspent")
            if self.reached:
                self._end_all()

    def _end_all(self) -> None:
        for run in self._working:
            self._agents.end(run, "overspent")

    def _of(self, run: str) -> Budget:
        return self._budget(self._told.get(run, ()), self._working[run][1])

    def _budget(self, used: tuple[Tokens, ...], peer: Peer | None) -> Budget:
        price = unpriced if peer and peer.subscription else self._price
        costs = [cost for each in used if (cost := price(each)) is not None]
        return Budget(sum(each.total for each in used), sum(costs) if costs else None)
