"""Schedules: rows of the ledger that every process mirrors; a firing happens once over all of them."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from bot.engine import schedules
from bot.engine.schedules import Schedules, standing
from bot.ledger.ledger import SqlLedger
from bot.ledger.shared_tables import firings
from bot.ledger.workers import ScheduleRow
from tests.contracts.engine_world import now, until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "MIRROR_SECONDS", 1.0)


async def test_three_processes_fire_once(ledger: SqlLedger) -> None:
    """Three on one ledger, one stops in between: every due time is served by exactly one of them."""
    served: list[tuple[int, str]] = []

    def process(number: int) -> Schedules:
        async def fired(kind: str, payload: str) -> None:
            served.append((number, kind))

        return Schedules(ledger, fired, now)

    several = [process(number) for number in range(3)]
    for each in several:
        await each.start(standing("sweep", 1))
    await until(lambda: len(served) >= 2)
    await several[0].stop()
    await until(lambda: len(served) >= 3)
    for each in several[1:]:
        await each.stop()
    async with ledger.read() as tx:
        keys = [row.key for row in await tx.execute(firings.select())]
    assert len(served) == len(keys) == len(set(keys))


async def test_schedule_may_come_and_go(ledger: SqlLedger) -> None:
    """One that a person adds while Sluice runs is noticed, with what it is to do; one that is dropped is not missed."""
    served: Counter[str] = Counter()

    async def fired(kind: str, payload: str) -> None:
        served[payload] += 1

    running = Schedules(ledger, fired, now)
    await running.start()
    await ledger.keep_schedule(ScheduleRow("mine", "report", every_seconds=1, payload='{"to": "ann"}'))
    await ledger.keep_schedule(ScheduleRow("off", "report", every_seconds=1, payload="off", enabled=False))
    await ledger.keep_schedule(ScheduleRow("yearly", "report", cron="0 0 1 1 *", zone="Europe/Berlin"))
    await until(lambda: served['{"to": "ann"}'] > 0)
    await ledger.drop_schedule("mine")
    await asyncio.sleep(1.1)
    after = served.total()
    await asyncio.sleep(1.1)
    await running.stop()
    assert (served.total(), set(served)) == (after, {'{"to": "ann"}'})
