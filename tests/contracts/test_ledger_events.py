"""A run's event log in the ledger."""

from __future__ import annotations

from bot.core.events import event
from bot.ledger import events as module
from bot.ledger.ledger import SqlLedger
from tests.contracts.ledger_world import FINISHED, NOW, add, at, start


async def test_events_are_read_in_the_order_they_happened(ledger: SqlLedger) -> None:
    """Batch by batch, and from where a reader has been; another run's are none of it."""
    await ledger.note_events("one", [(NOW, event("started", "model-1")), (at(1), event("tool", "Run", "ls"))])
    await ledger.note_events("other", [(NOW, event("started"))])
    await ledger.note_events("one", [(at(2), event("finished", "Done."))])
    noted = await ledger.events("one")
    assert [(each.number, each.at, each.event.kind) for each in noted] == [
        (1, NOW, "started"), (2, at(1), "tool"), (3, at(2), "finished"),
    ]  # fmt: skip
    assert noted[1].event.target == "ls"
    assert [each.number for each in await ledger.events("one", after=2)] == [3]


async def test_words_no_database_would_take(ledger: SqlLedger) -> None:
    """NUL bytes, halves of characters and terminal commands are left out."""
    await ledger.note_events("one", [(NOW, event("tool", "Run\0 \ud800\x1b[2J", "ls\x1b]0;owned\x07 \x9b31m-l"))])
    assert [(each.event.text, each.event.target) for each in await ledger.events("one")] == [("Run ", "ls -l")]


async def test_a_log_is_bounded_and_its_end_is_kept(ledger: SqlLedger) -> None:
    """However much an agent says, how it ended stands last, and a line tells that more has happened."""
    said = [(NOW, event("message", f"word {n}")) for n in range(module.MOST + 500)]
    await ledger.note_events("one", said)
    await ledger.note_events("one", [(at(1), event("message", "still here")), (at(1), event("finished", "Done."))])
    noted = await ledger.events("one")
    assert len(noted) == module.MOST + 1
    assert noted[-2].event == module.MORE and noted[-1].event.text == "Done."


async def test_events_of_runs_long_over_are_forgotten(ledger: SqlLedger) -> None:
    """Those of a run that goes on are not, whenever they happened."""
    over, going = await add(ledger, 1, 2)
    await start(ledger, over)
    await start(ledger, going)
    keys = {run.item: run.key for run in await ledger.running()}
    for key in keys.values():
        await ledger.note_events(key, [(NOW, event("started"))])
    await ledger.end_run(keys[over], FINISHED, None, at(1))
    assert await ledger.forget_events(at(2)) == 1
    assert [len(await ledger.events(keys[item])) for item in (over, going)] == [0, 1]
