"""When a machine dies: one of the others takes its runs over, and one that only seemed dead ends itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from bot.engine import Heartbeat
from bot.engine.port import Handler, Status
from bot.errors import Unavailable
from bot.ledger.ledger import SqlLedger
from bot.ledger.shared_tables import workers
from tests.contracts.engine_world import Workshop, engine_on, now, over, until

BEAT, LEASE, DEAD = timedelta(seconds=0.05), timedelta(seconds=0.5), timedelta(seconds=0.6)
PATIENT = timedelta(seconds=0.3), timedelta(minutes=5), timedelta(minutes=5)  # a busy machine beats late


class Ended(Exception):
    """Stands for the end of a process."""


class Taker:
    """An engine that only notes whose work it was given."""

    handlers: dict[str, Handler]

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def adopt(self, executor: str) -> int:
        self.taken.append(executor)
        return 1

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def submit(self, key: str, queue: str, priority: int = 1) -> None: ...
    async def cancel(self, key: str) -> None: ...
    async def set_limit(self, queue: str, limit: int) -> None: ...
    async def status(self, key: str) -> Status | None:
        return None

    async def running(self) -> list[str]:
        return []

    async def purge(self, before: datetime) -> int:
        return 0


class Silent:
    """A ledger out of reach: it refuses, or does not answer at all."""

    def __init__(self, hangs: bool) -> None:
        self.hangs = hangs

    async def join(self, worker: str, now: datetime) -> None: ...

    async def beat(self, worker: str, now: datetime) -> bool:
        if self.hangs:
            await asyncio.Event().wait()
        raise Unavailable("no route to the database")

    async def adopt_one(self, adopter: str, silent: timedelta, now: datetime) -> str | None:
        return None

    async def bury(self, worker: str) -> None: ...


@pytest.fixture
def ended() -> Iterator[list[int]]:
    yield []


async def test_dead_worker_is_adopted_by_one(ledger: SqlLedger, ended: list[int]) -> None:
    """Three live, one is silent: one of the living takes its work, and its row is gone."""
    await ledger.join("dead", now())
    async with ledger.write() as tx:
        await tx.execute(update(workers).values(beat=now() - timedelta(hours=1)))
    engines = [Taker() for _ in range(3)]
    living = [Heartbeat(ledger, e, f"living-{n}", now, *PATIENT, ended.append) for n, e in enumerate(engines)]
    for heart in living:
        await heart.start()
    await until(lambda: any(engine.taken for engine in engines))
    await asyncio.sleep(4 * PATIENT[0].total_seconds())
    assert [name for engine in engines for name in engine.taken] == ["dead"]
    assert await ledger.workers() == ["living-0", "living-1", "living-2"]
    for heart in living:
        await heart.stop()
    assert (await ledger.workers(), ended) == ([], [])


async def test_declared_dead_ends_itself(ledger: SqlLedger, ended: list[int]) -> None:
    """A worker whose runs were given away stops before it does harm."""
    heart = Heartbeat(ledger, Taker(), "paused", now, *PATIENT, ended.append)
    await heart.start()
    await ledger.join("other", now())
    assert await ledger.adopt_one("other", timedelta(seconds=-1), now()) == "paused"
    await until(lambda: ended != [])
    await heart.stop()


@pytest.mark.parametrize("hangs", [False, True])
async def test_worker_without_a_ledger_ends_itself(hangs: bool, ended: list[int]) -> None:
    """Whoever cannot beat for as long as the lease ends, before the others may think it dead."""
    heart = Heartbeat(Silent(hangs), Taker(), "cut-off", now, BEAT, LEASE, DEAD, ended.append)
    await heart.start()
    await until(lambda: ended != [])
    await heart.stop()
    assert set(ended) == {3}


async def test_left_in_good_order(ledger: SqlLedger, database: str, workshop: Workshop) -> None:
    """A worker that stops gives its work back at once: nobody has to wait until it seems dead."""
    if database.startswith("sqlite"):
        pytest.skip("SQLite has one worker")
    first = engine_on(database, workshop, "machine-1")
    await first.start()
    heart = Heartbeat(ledger, first, "machine-1", now)
    await heart.start()
    await first.submit("run:a", "ada")
    await until(lambda: workshop.begun == ["a"])
    await first.stop()
    await heart.stop()
    second = engine_on(database, workshop, "machine-2")
    await second.start()
    await until(lambda: workshop.begun == ["a", "a"])
    workshop.release("a")
    await over(second, "run:a")
    await second.stop()
