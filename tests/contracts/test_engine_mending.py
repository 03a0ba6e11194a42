"""What a crash left between ledger and engine is found by the next sweep."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.engine import DbosEngine
from bot.engine.mending import mend
from bot.ledger.ledger import SqlLedger
from tests.contracts.engine_world import Workshop, engine_on, over, until
from tests.contracts.ledger_world import NOW, add, at, plan, start


@pytest.fixture
async def engine(database: str, workshop: Workshop) -> AsyncIterator[DbosEngine]:
    started = engine_on(database, workshop)
    await started.start()
    yield started
    await started.stop()


async def test_what_crashes_left_goes_on(ledger: SqlLedger, engine: DbosEngine, workshop: Workshop) -> None:
    """A run without an engine wakes its item; a gate never submitted runs; one that broke has no verdict."""
    one, two = await add(ledger, 1, 2)
    await start(ledger, one)
    for item in (one, two):
        wake = await ledger.wake_of(item)
        await ledger.slept(item, wake.seq if wake else 0, None)
    forgotten = await ledger.admit_gate(one, "command:make", "sha1", "make", NOW)
    broken = await ledger.admit_gate(two, "command:make", "sha1", "make", NOW)
    await ledger.start_gate(broken, NOW)
    workshop.open = True
    await engine.submit(f"gate:{broken}", "gates")
    await over(engine, f"gate:{broken}")

    assert await mend(ledger, engine, at(1)) == 3
    await until(lambda: forgotten in workshop.done)
    [gate] = (await ledger.recall(two, NOW)).gate_runs
    assert (gate.state, gate.reason) == ("unknown", "it ended without a verdict")
    assert [wake.item for wake in await ledger.due(at(1), 9)] == [one, two]


async def test_what_is_under_way_is_left_alone(ledger: SqlLedger, engine: DbosEngine, workshop: Workshop) -> None:
    [item] = await add(ledger, 1)
    await start(ledger, item)
    gate = await ledger.admit_gate(item, "command:make", "sha1", "make", NOW)
    await engine.submit(f"run:{plan(item).key}.0", "ada")
    await engine.submit(f"gate:{gate}", "gates")
    assert await mend(ledger, engine, at(1)) == 0
