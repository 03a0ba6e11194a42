"""The service: everything that runs while `sluice serve` runs, started in one order and stopped in the other."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from bot.agents import Launcher
from bot.context import Context
from bot.core.actions import Decision
from bot.drain import drain
from bot.engine import DbosEngine, Heartbeat, Loop, Schedules, standing
from bot.engine.mending import mend
from bot.errors import SluiceError
from bot.github.client import GitHubClient
from bot.ledger.ledger import SqlLedger
from bot.settings import Settings
from bot.sweep import Swept, renew_claims, sweep

log = structlog.get_logger(__name__)
QUIET = timedelta(minutes=10)  # with webhooks, claimed items are looked at this often all the same


class Service:
    def __init__(
        self,
        settings: Settings,
        ctx: Context,
        ledger: SqlLedger,
        github: GitHubClient,
        engine: DbosEngine,
        launcher: Launcher,
        problems: tuple[str, ...],
    ) -> None:
        self.settings, self.ctx, self.ledger, self.github = settings, ctx, ledger, github
        self.engine, self.launcher, self.problems = engine, launcher, problems
        pace = settings.pace
        self.loop = Loop(ctx, ledger, drain, workers=pace.workers, poll=pace.poll_seconds)
        self.schedules = Schedules(ledger, self._fired, ctx.now)
        alone = settings.database is None
        self.heartbeat = None if alone else Heartbeat(ledger, engine, engine.executor, ctx.now)
        self.last_sweep: float | None = None
        self.started = False
        self._soon: asyncio.Task[None] | None = None

    async def start(self, sweeping: bool = True) -> None:
        """Orphans end before the engine starts, so that recovery never runs beside a survivor."""
        for problem in self.problems:
            log.warning("board left alone", problem=problem)
        self.launcher.reap()
        if self.heartbeat:
            await self.heartbeat.start()
        await self.engine.start()
        await self.loop.start()
        self.started = True
        if sweeping:
            pace = self.settings.pace.sweep_seconds
            await self.schedules.start(standing("sweep", pace), standing("renew", self.ctx.claim_minutes * 60 / 3))
            self.scan_soon()

    async def stop(self) -> None:
        if self._soon:
            self._soon.cancel()
        if self.started:
            await self.schedules.stop()
            await self.loop.stop()
            await self.engine.stop()
            if self.heartbeat:
                await self.heartbeat.stop()
            self.started = False
        await self.github.close()
        await self.ledger.close()

    async def look(self, dry: bool = False) -> Swept:
        """One sweep. `dry`: every item is judged and nothing is written on GitHub."""
        pace = timedelta(seconds=self.settings.pace.sweep_seconds)
        swept = await sweep(self.ctx, self.ledger, QUIET if self.settings.github.webhook_secret else min(pace, QUIET))
        if self.started:
            await mend(self.ledger, self.engine, self.ctx.now())
        self.last_sweep = asyncio.get_running_loop().time()
        if dry:
            for row in await self.ledger.items(done=True):
                await self.judge(row.item.id)
        return swept

    async def judge(self, item: str) -> Decision:
        """What would be decided now."""
        return await drain(self.ctx, item, dry=True)

    def scan_soon(self, _board: str = "") -> None:
        """A board changed in a way only a scan can tell."""
        if self._soon is None or self._soon.done():
            self._soon = asyncio.create_task(self._scan())

    async def idle(self) -> None:
        """Until no look is due and nothing runs: for tests, the demo and `sluice sweep`."""
        while not await self._quiet():
            await asyncio.sleep(self.settings.pace.poll_seconds)

    async def _quiet(self) -> bool:
        busy = self.engine.busy or not self.loop.idle or (self._soon is not None and not self._soon.done())
        if busy or await self.ledger.unhandled_deliveries():
            return False
        due = await self.ledger.next_due()
        waiting = due is not None and due <= self.ctx.now() + timedelta(seconds=self.settings.pace.coalesce_seconds)
        return not waiting and not await self.engine.running()

    async def _scan(self) -> None:
        try:
            await self.look()
        except SluiceError as error:
            log.warning("the sweep failed and is tried again on schedule", error=str(error))

    async def _fired(self, kind: str, _payload: str) -> None:
        if kind == "renew":
            await renew_claims(self.ctx, self.ledger)
        else:
            await self._scan()
