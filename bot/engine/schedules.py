"""Schedules: rows of the ledger, mirrored into this process's APScheduler; a firing happens once over all processes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.ledger.workers import ScheduleRow

ANCHOR = datetime(2020, 1, 1, tzinfo=UTC)  # intervals count from here, so that every process has the same due times
MIRROR_SECONDS = 5.0
Fired = Callable[[str, str], Awaitable[None]]  # kind, payload (JSON)


class Rows(Protocol):
    """What the schedules need of the ledger."""

    async def keep_schedule(self, schedule: ScheduleRow) -> None: ...
    async def schedules(self) -> list[ScheduleRow]: ...
    async def fire_once(self, key: str, now: datetime) -> bool: ...


class DueExecutor(AsyncIOExecutor):  # type: ignore[misc]  # APScheduler has no types
    """Tells the job for which time it runs: its first argument is the due time."""

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        if job.id != "mirror":
            job.args = (run_times[-1], *job.args[1:])
        super()._do_submit_job(job, run_times)


class Schedules:
    def __init__(self, ledger: Rows, fired: Fired, now: Callable[[], datetime]) -> None:
        self._ledger, self._fired, self._now = ledger, fired, now
        self._scheduler: AsyncIOScheduler | None = None
        self._mirrored: dict[str, ScheduleRow] = {}

    async def start(self, *standing: ScheduleRow) -> None:
        """`standing`: the schedules the settings ask for; people's own are rows already."""
        for row in standing:
            await self._ledger.keep_schedule(row)
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.add_executor(DueExecutor(), "default")
        every = IntervalTrigger(seconds=MIRROR_SECONDS, start_date=ANCHOR, timezone=UTC)
        self._scheduler.add_job(self._mirror, every, id="mirror", coalesce=True, max_instances=1)
        await self._mirror()
        self._scheduler.start()

    async def stop(self) -> None:
        if self._scheduler:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    async def _mirror(self) -> None:
        """Make this process's jobs what the rows say."""
        scheduler = self._scheduler
        if scheduler is None:
            return
        rows = {row.id: row for row in await self._ledger.schedules() if row.enabled}
        for gone in self._mirrored.keys() - rows.keys():
            scheduler.remove_job(gone)
        for row in rows.values():
            if self._mirrored.get(row.id) != row:
                scheduler.add_job(
                    self._due,
                    _trigger(row),
                    args=(ANCHOR, row),
                    id=row.id,
                    coalesce=True,
                    max_instances=1,
                    replace_existing=True,
                    misfire_grace_time=3600,
                )
        self._mirrored = rows

    async def _due(self, due: datetime, row: ScheduleRow) -> None:
        """Whoever is first acts; the key names the schedule and the due time."""
        if await self._ledger.fire_once(f"schedule:{row.id}:{due.astimezone(UTC).isoformat()}", self._now()):
            await self._fired(row.kind, row.payload)


def _trigger(row: ScheduleRow) -> BaseTrigger:
    if row.cron:
        return CronTrigger.from_crontab(row.cron, timezone=row.zone)
    return IntervalTrigger(seconds=row.every_seconds or 60, start_date=ANCHOR, timezone=UTC)


def standing(kind: str, seconds: float) -> ScheduleRow:
    """A schedule the settings ask for."""
    return ScheduleRow(f"standing-{kind}", kind, every_seconds=max(1, round(seconds)), payload=json.dumps({}))
