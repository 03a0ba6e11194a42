"""The service: everything that runs while `sluice serve` runs, started in one order and stopped in the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from bot.abandoned import free_abandoned
from bot.agents import Launcher
from bot.agents.runtimes import unheld
from bot.anywhere import listen
from bot.context import Context
from bot.core.actions import Decision
from bot.core.missed import Gap
from bot.drain import drain
from bot.engine import DbosEngine, Heartbeat, Loop, Schedules, standing
from bot.engine.mending import mend
from bot.engine.sqlite import lock_beside
from bot.errors import LedgerBusy, Refused, SluiceError, Unavailable
from bot.gateway import Gateway
from bot.github.installations import Installations
from bot.halting import halt
from bot.ledger.board import ItemRow
from bot.ledger.ledger import SqlLedger
from bot.ledger.workers import ScheduleRow
from bot.policy_file import old_names
from bot.redelivery import read_back
from bot.reporting import tell_boards
from bot.settings import Settings
from bot.sweep import Swept, renew_claims, sweep
from bot.watch import watch

log = structlog.get_logger(__name__)
QUIET = timedelta(minutes=10)  # with webhooks, claimed items are looked at this often all the same
NIGHTLY = "17 3 * * *"
OLD_RUNS = timedelta(days=7)  # the engine's rows; the ledger keeps the history
OLD_EVENTS = timedelta(days=30)  # since their run ended
OLD_DELIVERIES = timedelta(days=4)  # longer than GitHub lists them: what is forgotten here would look missed there
HALT_SECONDS = 3.0  # between two looks at what the ledger alone says must stop
BEAT = 300.0  # seconds between two signs of life
SILENT = 900.0  # seconds since the last sweep after which Sluice is not well
READ_BACK = 300.0  # seconds between two looks into GitHub's log of deliveries


@dataclass(frozen=True)
class Judged:
    """An item with what would be decided about it now."""

    row: ItemRow
    decision: Decision


class Onlooker:
    """The engine of a process that has started none: what the ledger believes to be running may well be, elsewhere."""

    stopping = False

    async def submit(self, key: str, queue: str, priority: int = 1) -> None:
        raise SluiceError(f"only a running service can start {key}")

    async def cancel(self, key: str) -> None:
        raise SluiceError(f"only a running service can stop {key}")

    async def status(self, key: str) -> str | None:
        return "running"


class Service:
    def __init__(
        self,
        settings: Settings,
        ctx: Context,
        ledger: SqlLedger,
        github: Installations,
        engine: DbosEngine,
        launcher: Launcher,
        gateway: Gateway,
        problems: tuple[str, ...],
    ) -> None:
        self.settings, self.ctx, self.ledger, self.github = settings, ctx, ledger, github
        self.engine, self.launcher, self.gateway, self.problems = engine, launcher, gateway, problems
        pace = settings.pace
        self.crowded: Callable[[], bool] = lambda: False  # whether webhooks come in by the dozen
        self.loop = Loop(ctx, ledger, drain, pace.workers, pace.poll_seconds, lambda: self.crowded())
        self.schedules = Schedules(ledger, self._fired, ctx.now)
        alone = settings.database is None
        self.heartbeat = None if alone else Heartbeat(ledger, engine, engine.executor, ctx.now)
        self.last_sweep: float | None = None
        self.sweep_seconds: float | None = None  # how long it took
        self.gap: Gap | None = None  # what the last look into GitHub's log of deliveries found
        self.catch_up: Callable[[], Awaitable[int]] | None = None  # handles what came in and was not followed
        self.started = False
        self._soon: asyncio.Task[None] | None = None
        self._halts: asyncio.Task[None] | None = None
        self._scan_wanted = False
        self._wanted: set[str] = set()  # the boards it is wanted for; an unknown name stands for all
        self._told: set[tuple[str, str]] = set()

    async def start(self, sweeping: bool = True) -> None:
        """Orphans end before the engine starts, so that recovery never runs beside a survivor."""
        for warning in self.settings.warnings:
            log.warning("sluice.toml", told=warning)
        for peer in self.ctx.peers:
            if told := unheld(peer):
                log.warning("agent", name=peer.name, told=told)
        for problem in self.problems:
            log.warning("board left alone", problem=problem)
        for board in self.ctx.boards.values():
            if board.lost:
                log.error("board out of reach", problem=board.trouble)
        if self.engine.sqlite:  # the agents of a Sluice that runs on this folder are no orphans
            lock_beside(str(self.settings.data_dir / "engine.db")).close()
        self.launcher.reap()
        if self.heartbeat:
            await self.heartbeat.start()
        await self.engine.start()
        if self.engine.sqlite:
            await self.ledger.forget_leases()
        await self.loop.start()
        self.started = True
        if sweeping:
            pace = self.settings.pace.sweep_seconds
            await self.schedules.start(
                standing("sweep", pace),
                standing("watch", self.settings.pace.watch_seconds),
                standing("renew", self.ctx.claim_minutes * 60 / 3),
                standing("deliveries", READ_BACK),
                standing("heartbeat", BEAT),
                ScheduleRow("standing-tidy", "tidy", cron=NIGHTLY),
            )
            self._halts = asyncio.create_task(self._halting())
            self.scan_soon()

    async def stop(self) -> None:
        """Nothing new is taken, what is nearly done may end, and the rest is interrupted and its work saved."""
        for task in (self._soon, self._halts):
            if task:
                task.cancel()
        if self.started:
            patience = self.settings.pace.finish_seconds
            await self.schedules.stop()
            await asyncio.gather(self.loop.stop(patience), self.engine.wind_down(patience))
            await self.engine.stop()
            if self.heartbeat:
                await self.heartbeat.stop()
            self.started = False
        await self.gateway.stop()
        await self.github.close()
        await self.ledger.close()

    async def runs_elsewhere(self) -> bool:
        """A `sluice serve` is at work on this ledger."""
        if not self.engine.sqlite:
            return bool(await self.ledger.workers())
        try:
            lock_beside(str(self.settings.data_dir / "engine.db")).close()
        except LedgerBusy:
            return True
        return False

    async def look(self) -> Swept:
        """One sweep."""
        began = asyncio.get_running_loop().time()
        if self.started:
            await listen(self.ctx, self.ledger)  # first: nothing starts that somebody has just stopped
        swept = await sweep(self.ctx, self.ledger, self._recheck(), self._asked())
        await self._tell_old_names()
        if self.started:
            await mend(self.ledger, self.engine, self.ctx.now())
            await free_abandoned(self.ledger, self.ctx.now())
            await self._report()
            if self.gap is None:
                await self._read_back()
        self.last_sweep = asyncio.get_running_loop().time()
        self.sweep_seconds = self.last_sweep - began
        return replace(swept, missed=self.gap.missed if self.gap else 0)

    async def _report(self) -> None:
        hours = {key: board.status_update_hours for key, board in self.settings.boards.items()}
        every = {key: timedelta(hours=some) for key, some in hours.items() if some}
        await tell_boards(self.ledger, self.github, list(self.ctx.boards.values()), every, self.ctx.now())

    async def read_back(self) -> None:
        """Webhooks that never came in are asked for again. One counts as handled when its effect is in the ledger, so
        those that came in and were not followed are followed first."""
        if self.catch_up:
            await self.catch_up()
        if self.github.deliveries and self.settings.github.webhook_secret:
            after_a_start = self.gap is None
            self.gap = await read_back(self.github.deliveries, self.ledger, self.ctx.now(), after_a_start)

    async def halt(self) -> None:
        """What may not go on is ended, with what the ledger knows alone."""
        await halt(self.ctx, self.ledger)

    async def _halting(self) -> None:
        while True:
            try:
                await self.halt()
            except Exception:
                log.exception("halting stumbled and goes on")
            await asyncio.sleep(HALT_SECONDS)

    async def beat(self) -> None:
        """A sign of life, where the settings ask for one; none while the boards have not been read for long."""
        repo, last = self.settings.heartbeat.repository, self.last_sweep
        if repo is None or last is None or asyncio.get_running_loop().time() - last >= self._silent():
            return
        try:
            await self.ctx.git.beat(repo, self.ctx.now())
        except SluiceError as error:
            log.warning("no sign of life was left", repo=repo, error=str(error))

    def _silent(self) -> float:
        """Sweeps may be meant to be rare: by the settings, or because GitHub's limits leave little."""
        pause = self.github.sweep_pause(tuple(self.ctx.boards)).total_seconds()
        return max(SILENT, max(pause, self.settings.pace.sweep_seconds) + BEAT)

    async def watch(self) -> None:
        """Whether agents must end because of a policy or a command no webhook told of."""
        busy = sorted({each.repo for each in await self.ledger.at_work()})
        await watch(self.ctx, self.ledger, busy)
        if busy:  # whoever stops everything may say so in any live repository
            await listen(self.ctx, self.ledger)

    async def _tell_old_names(self) -> None:
        """Once for each that a policy still uses."""
        for known in await self.ledger.repositories():
            for told in old_names(known.policy or ""):
                if (known.repo, told) not in self._told:
                    self._told.add((known.repo, told))
                    log.warning(".github/sluice.toml", repo=known.repo, told=told)

    def _asked(self) -> set[str] | None:
        """The boards a sweep must not leave out; None: all of them, since webhooks may not come in."""
        wanted, self._wanted = self._wanted, set()
        hears = self.gap is not None and not self.gap.missed
        return wanted if hears and wanted <= self.ctx.boards.keys() else None

    def _recheck(self) -> timedelta:
        """After a start everything under way is looked at: who knows what webhooks were missed."""
        if self.last_sweep is None:
            return timedelta()
        pace = timedelta(seconds=self.settings.pace.sweep_seconds)
        return QUIET if self.settings.github.webhook_secret else min(pace, QUIET)

    async def judge(self) -> Sequence[Judged]:
        """What would be decided now about every item; nothing is done, and no engine is needed."""
        ctx = self.ctx if self.started else replace(self.ctx, engine=Onlooker())
        rows = [row for row in await self.ledger.items() if row.item.board in ctx.boards]
        return [Judged(row, await _judged(ctx, row.item.id)) for row in rows]

    async def tidy(self) -> None:
        """Forget what nobody asks for any more."""
        now = self.ctx.now()
        runs = await self.engine.purge(now - OLD_RUNS)
        deliveries = await self.ledger.forget_deliveries(now - OLD_DELIVERIES)
        events = await self.ledger.forget_events(now - OLD_EVENTS)
        log.info("tidied", runs=runs, deliveries=deliveries, events=events)

    def scan_soon(self, board: str = "") -> None:
        """A board changed in a way only a scan can tell. One under way may have read it already: another follows."""
        self._scan_wanted = True
        self._wanted.add(board)
        if self._soon is None or self._soon.done():
            self._soon = asyncio.create_task(self._scans())

    def reach_changed(self) -> None:
        """An installation was made, suspended, or given other repositories: what is lost or back, a scan tells."""
        self.github.look_again()
        self.scan_soon()

    async def idle(self) -> None:
        """Until no look is due and nothing runs: for tests and the demo."""
        while not await self._quiet():
            await asyncio.sleep(self.settings.pace.poll_seconds)

    async def _quiet(self) -> bool:
        busy = self.engine.busy or not self.loop.idle or (self._soon is not None and not self._soon.done())
        if busy or await self.ledger.unhandled_deliveries():
            return False
        due = await self.ledger.next_due()
        waiting = due is not None and due <= self.ctx.now() + timedelta(seconds=self.settings.pace.coalesce_seconds)
        return not waiting and not await self.engine.running()

    async def _scans(self) -> None:
        while self._scan_wanted:
            self._scan_wanted = False
            await self._scan()

    async def _scan(self) -> None:
        """Less often than on schedule when GitHub's limits leave little: items under way come first."""
        pause = self.github.sweep_pause(tuple(self.ctx.boards))
        if self.last_sweep is not None and asyncio.get_running_loop().time() - self.last_sweep < pause.total_seconds():
            log.info("no sweep yet: GitHub's limits leave little", seconds_apart=round(pause.total_seconds()))
            return
        try:
            await self.look()
        except SluiceError as error:
            log.warning("the sweep failed and is tried again on schedule", error=str(error))

    async def _read_back(self) -> None:
        try:
            await self.read_back()
        except SluiceError as error:
            log.warning("GitHub's log of deliveries was not read and is tried again on schedule", error=str(error))

    async def _fired(self, kind: str, _payload: str) -> None:
        match kind:
            case "deliveries":
                await self._read_back()
            case "renew":
                await renew_claims(self.ctx, self.ledger)
            case "heartbeat":
                await self.beat()
            case "watch":
                await self.watch()
            case "tidy":
                await self.tidy()
            case _:
                await self._scan()


async def _judged(ctx: Context, item: str) -> Decision:
    """One item that cannot be read does not hide the others."""
    try:
        return await drain(ctx, item, dry=True)
    except (Unavailable, Refused) as error:
        return Decision("Unknown", str(error), waits_for="machine")
