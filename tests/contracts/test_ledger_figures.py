"""What those who watch are told of the ledger: counts, not rows."""

from __future__ import annotations

from bot.core.actions import Decision
from bot.core.run import Outcome
from bot.ledger.figures import ENDED
from bot.ledger.ledger import SqlLedger
from tests.contracts.ledger_world import BOARD, FINISHED, NOW, add, at, card, start


async def test_items_runs_and_deliveries_are_counted(ledger: SqlLedger) -> None:
    """Each item once, by its last decision, while it is on a board; runs by state and by how they ended."""
    first, second, third, gone = await add(ledger, 1, 2, 3, 4)
    for item in (first, second, third, gone):
        await ledger.record(item, Decision("Ready", "no slot", waits_for="slot"), NOW, False)
        await start(ledger, item)
    await ledger.record(first, Decision("Working", "an agent works"), at(1), True)
    await ledger.upsert_cards(BOARD, [card(n) for n in (1, 2, 3)], at(2))  # the fourth has left the board
    keys = {run.item: run.key for run in await ledger.running()}
    await ledger.start_run(keys[first], at(1))
    await ledger.end_run(keys[second], FINISHED, None, at(2))
    await ledger.end_run(keys[third], Outcome("timed_out", '{"ended":"finished"', 1.0, ""), None, at(2))
    await ledger.store_delivery("one", "issues", "opened", b"{}", NOW)
    await ledger.store_delivery("two", "issues", "opened", b"{}", NOW)
    await ledger.mark_delivery("two", "woke 1")
    found = await ledger.counts()
    assert found.stages == {"Working": 1, "Ready": 2}
    assert found.running == {"running": 1, "admitted": 1}
    assert {end: number for end, number in found.ended.items() if number} == {"finished": 1, "timed_out": 1}
    assert (tuple(found.ended), found.unhandled) == (ENDED, 1)


async def test_of_an_empty_ledger_nothing_is_counted(ledger: SqlLedger) -> None:
    """As it is at the first start."""
    found = await ledger.counts()
    assert (found.stages, found.running, set(found.ended.values()), found.unhandled) == ({}, {}, {0}, 0)
