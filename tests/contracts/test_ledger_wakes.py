"""Wakes and leases: hints are never lost, and one pass at a time looks at an item."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import create_engine, inspect, make_url

from bot.core.actions import Decision
from bot.ledger.ledger import SqlLedger
from bot.ledger.metadata import metadata
from bot.ledger.open import open_ledger
from tests.contracts.ledger_world import FINISHED, NOW, REPO, add, at, plan, start


async def test_earliest_wake_stands(ledger: SqlLedger) -> None:
    """A later hint changes nothing, an earlier one comes first, with its cause."""
    [item] = await add(ledger, 1)
    await _asleep(ledger, item)
    await ledger.wake(item, at(60), "timer")
    await ledger.wake(item, at(90), "sweep")
    assert await ledger.due(at(59), 10) == []
    await ledger.wake(item, at(5), "comment")
    [wake] = await ledger.due(at(60), 10)
    assert (wake.due, wake.cause) == (at(5), "comment")


async def test_hint_during_a_pass_is_not_lost(ledger: SqlLedger) -> None:
    """What comes in while a pass is under way makes another pass; what the pass answered does not."""
    [item] = await add(ledger, 1)
    [wake] = await ledger.due(NOW, 10)
    await ledger.wake(item, NOW, "comment")
    await ledger.slept(item, wake.seq, at(600))
    [again] = await ledger.due(NOW, 10)
    assert again.cause == "comment"
    await ledger.slept(item, again.seq, at(600))
    assert await ledger.due(NOW, 10) == []
    assert await ledger.next_due() == at(600)


async def test_hint_may_come_before_the_card_is_known(ledger: SqlLedger) -> None:
    """A wake of an unknown card waits for the scan that finds it."""
    await ledger.wake("card-1", NOW, "webhook")
    assert await ledger.due(NOW, 10) == []
    await add(ledger, 1)
    assert [wake.item for wake in await ledger.due(NOW, 10)] == ["card-1"]


async def test_due_items_come_in_rank(ledger: SqlLedger) -> None:
    await add(ledger, 3, 1, 2)
    assert [wake.item for wake in await ledger.due(NOW, 2)] == ["card-1", "card-2"]


async def test_lease_is_one_pass(ledger: SqlLedger) -> None:
    """Twenty want the item and one has it, until it gives it back or dies."""
    [item] = await add(ledger, 1)
    owners = [f"worker-{n}" for n in range(20)]
    got = await asyncio.gather(*(ledger.lease(item, owner, at(60), NOW) for owner in owners))
    assert got.count(True) == 1
    owner = owners[got.index(True)]
    assert await ledger.due(NOW, 10) == []
    assert await ledger.lease(item, owner, at(90), at(30))
    assert not await ledger.lease(item, "other", at(150), at(89))
    assert await ledger.lease(item, "other", at(150), at(90))
    await ledger.unlease(item, owner)
    assert not await ledger.lease(item, owner, at(200), at(100))
    await ledger.unlease(item, "other")
    assert await ledger.lease(item, owner, at(200), at(100))


async def test_ended_run_wakes_who_waits(ledger: SqlLedger) -> None:
    """The item itself, and the first three in rank that wait for something a run's end sets free."""
    first, *others = await add(ledger, 1, 2, 3, 4, 5, 6)
    await start(ledger, first)
    for item, wanted in zip(others, ("slot", "agent", "quota", "person", "slot"), strict=True):
        await ledger.record(item, Decision("Ready", "waits", waits_for=wanted), NOW, True)
    for item in (first, *others):
        await _asleep(ledger, item)
    await ledger.end_run(plan(first).key, FINISHED, None, at(9))
    assert [wake.item for wake in await ledger.due(at(9), 10)] == ["card-1", "card-2", "card-3", "card-4"]


async def test_wake_where(ledger: SqlLedger) -> None:
    """By what is waited for and by repository; without a wish, whatever is claimed."""
    one, two, three = await add(ledger, 1, 2, 3)
    await start(ledger, one)
    await ledger.record(two, Decision("Waiting", "blocked", waits_for="dependency"), NOW, True)
    await ledger.record(three, Decision("Waiting", "blocked", waits_for="dependency"), NOW, True)
    await ledger.finish(three, "closed", "", NOW)
    assert await ledger.wake_where(NOW, "merged", repo=REPO) == 1
    assert await ledger.wake_where(NOW, "over", repo=REPO, waits_for=("dependency",)) == 1
    assert await ledger.wake_where(NOW, "over", repo="acme/other", waits_for=("dependency",)) == 0
    assert await ledger.active() == [one, two]


async def test_dead_worker_has_one_adopter(ledger: SqlLedger) -> None:
    """Only one of the living takes over a silent worker; when that one dies too, another follows."""
    silent = timedelta(seconds=-1)  # by the database's clock, where it has one, everybody is silent
    for worker in ("a", "b", "c"):
        await ledger.join(worker, NOW)
    assert await ledger.beat("a", NOW)
    assert await ledger.adopt_one("c", timedelta(hours=1), NOW) is None
    dead = [await ledger.adopt_one("c", silent, at(5)), await ledger.adopt_one("c", silent, at(5))]
    assert dead[0] in ("a", "b")
    assert not await ledger.beat(dead[0] or "", at(6))
    await ledger.bury(dead[0] or "")
    assert len(await ledger.workers()) == 2


async def test_ledger_keeps_its_name(ledger: SqlLedger, database: str) -> None:
    """Opened again, also by many at once, it is the same ledger."""
    again = await asyncio.gather(*(open_ledger(database, f"name-{n}") for n in range(4)))
    assert {other.instance for other in again} == {ledger.instance}
    for other in again:
        await other.close()


async def test_migrations_make_the_tables_the_code_expects(ledger: SqlLedger, database: str) -> None:
    """Column for column: nobody changed a table and forgot the migration."""
    url = make_url(database)
    engine = create_engine(url.set(drivername="sqlite" if url.drivername == "sqlite" else "postgresql+psycopg"))
    found = inspect(engine)
    real = {name: {c["name"] for c in found.get_columns(name)} for name in found.get_table_names()}
    unique = {name: len(found.get_unique_constraints(name)) for name in metadata.tables}
    indexes = {name: {index["name"] for index in found.get_indexes(name)} for name in metadata.tables}
    engine.dispose()
    real.pop("alembic_version")
    assert real == {name: set(table.columns.keys()) for name, table in metadata.tables.items()}
    assert unique["runs"] == 2
    for name, table in metadata.tables.items():
        assert {str(index.name) for index in table.indexes} <= indexes[name]


async def _asleep(ledger: SqlLedger, item: str) -> None:
    wake = await ledger.wake_of(item)
    if wake:
        await ledger.slept(item, wake.seq, None)
