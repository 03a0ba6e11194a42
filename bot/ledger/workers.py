"""Workers and schedules: which processes are alive, and what is to happen when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from bot.ledger.shared_tables import firings, schedules, workers
from bot.ledger.store import Store, database_now, insert_once, upsert


@dataclass(frozen=True)
class ScheduleRow:
    """Either `cron` or `every_seconds`; `zone` is an IANA name."""

    id: str
    kind: str
    cron: str | None = None
    every_seconds: int | None = None
    zone: str = "UTC"
    payload: str = "{}"  # JSON
    enabled: bool = True


class Workers(Store):
    async def join(self, worker: str, now: datetime) -> None:
        async with self.write() as tx:
            beat = await database_now(tx, self.sqlite, now)
            await upsert(tx, workers, {"id": worker}, {"beat": beat, "adopter": None, "adopt_at": None})

    async def beat(self, worker: str, now: datetime) -> bool:
        """False: this worker was declared dead, and its runs are somebody else's."""
        async with self.write() as tx:
            beat = await database_now(tx, self.sqlite, now)
            mine = update(workers).where(workers.c.id == worker, workers.c.adopter.is_(None))
            return bool((await tx.execute(mine.values(beat=beat))).rowcount)

    async def adopt_one(self, adopter: str, silent: timedelta, now: datetime) -> str | None:
        """Declare one silent worker dead; the right to take its runs is this adopter's until it goes silent too."""
        async with self.write() as tx:
            instant = await database_now(tx, self.sqlite, now)
            nobody = or_(
                workers.c.adopter.is_(None), workers.c.adopt_at < instant - silent, workers.c.adopter == adopter
            )
            dead = select(workers.c.id).where(workers.c.id != adopter, workers.c.beat < instant - silent, nobody)
            worker = (await tx.execute(dead.order_by(workers.c.beat).limit(1))).scalar_one_or_none()
            if worker is not None:
                taken = update(workers).where(workers.c.id == worker)
                await tx.execute(taken.values(adopter=adopter, adopt_at=instant))
            return worker

    async def bury(self, worker: str) -> None:
        """Its runs are taken over, or it left in good order."""
        async with self.write() as tx:
            await tx.execute(delete(workers).where(workers.c.id == worker))

    async def workers(self) -> list[str]:
        async with self.read() as tx:
            return list((await tx.execute(select(workers.c.id).order_by(workers.c.id))).scalars())


class Schedules(Store):
    async def keep_schedule(self, schedule: ScheduleRow) -> None:
        values = {name: getattr(schedule, name) for name in ScheduleRow.__dataclass_fields__ if name != "id"}
        async with self.write() as tx:
            await upsert(tx, schedules, {"id": schedule.id}, values)

    async def drop_schedule(self, schedule: str) -> bool:
        async with self.write() as tx:
            return bool((await tx.execute(delete(schedules).where(schedules.c.id == schedule))).rowcount)

    async def schedules(self) -> list[ScheduleRow]:
        async with self.read() as tx:
            found = await tx.execute(select(schedules).order_by(schedules.c.id))
            return [ScheduleRow(**row) for row in found.mappings()]

    async def fire_once(self, key: str, now: datetime) -> bool:
        """True for the one process that may act on this firing."""
        async with self.write() as tx:
            await tx.execute(delete(firings).where(firings.c.at < now - timedelta(days=7)))
            return await insert_once(tx, firings, {"key": key}, {"at": now})
