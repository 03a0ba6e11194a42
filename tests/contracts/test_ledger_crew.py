"""The crew in the ledger, and items without a card, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.budget import Caps
from bot.core.crew import Mate, fleet
from bot.core.events import event
from bot.core.policy import Work
from bot.core.run import Outcome
from bot.core.spend import unpriced
from bot.core.tokens import Tokens
from bot.core.worktree import FileChange
from bot.core.worktree import Work as Done
from bot.errors import UserError
from bot.ledger.ledger import SqlLedger
from tests.contracts.ledger_world import NOW, PEER, add, at, claim, plan, start

REPO, FOLDER = "local/shop-1a2b3c4d", "/home/ann/shop"
SCOUT = Mate("scout-3f2a", "scout", FOLDER, REPO, "ada", "main", NOW, "ann")


async def hired(ledger: SqlLedger, mate: Mate = SCOUT, text: str = "Look.") -> None:
    await ledger.create_mate(mate)
    await ledger.command_mate(mate.id, text, NOW)


async def begun(ledger: SqlLedger, mate: Mate = SCOUT) -> str:
    """Its first command is at work; the run's key."""
    await ledger.keep_local(mate.id, mate.repo, mate.name, NOW)
    run = plan(mate.id)
    claimed = replace(claim(run), branch=mate.branch)
    assert await ledger.admit(mate.id, claimed, run, Caps(running=50), Work(running=50), PEER, NOW) is None
    await ledger.note_command(mate.id, 1, run=run.key)
    await ledger.start_run(run.key, NOW)
    return run.key


async def test_what_is_known_of_an_agent_follows_from_its_commands_and_runs(ledger: SqlLedger) -> None:
    """Status, words, tokens, files read and files made, read back as they were noted; of nothing more is told."""
    await ledger.create_mate(SCOUT)
    assert (await ledger.told(SCOUT.id)).status == "creating"
    await ledger.command_mate(SCOUT.id, "Look.", NOW)
    run = await begun(ledger)
    told = await ledger.told(SCOUT.id)
    assert (told.status, told.used, told.consumed, told.produced) == ("working", None, None, None)
    tree = "/data/crew/worktrees/local__shop/agent-scout-3f2a/"
    happened = [event("tool", "Read", f"{tree}src/app.py"), event("changed", "Write", f"{tree}report.md")]
    await ledger.note_events(run, [(at(n), each) for n, each in enumerate(happened)])
    await ledger.note_usage(run, "transcript", (Tokens("m", 90, output=10),), at(2), unpriced)
    told = await ledger.told(SCOUT.id)
    assert (told.consumed, told.produced, told.last_tool) == (("src/app.py",), ("report.md",), "Write report.md")
    work = Done("sha1", "sha0", 1, (FileChange("report.md", 1, 0),))
    await ledger.end_run(run, Outcome("finished", "Found it.", 1.0, ""), work, at(3))
    told = await ledger.told(SCOUT.id)
    assert (told.status, told.result, told.produced) == ("complete", "Found it.", ("report.md",))
    assert told.used and told.used.tokens == 100


async def test_two_agents_of_one_name_are_not_there_at_once(ledger: SqlLedger) -> None:
    """Once the first is deleted its name is free, and its record is still found by its id."""
    await hired(ledger)
    again = replace(SCOUT, id="scout-9999", created_at=at(1))
    with pytest.raises(UserError, match="there is an agent scout already"):
        await ledger.create_mate(again)
    await ledger.dismiss_mate(SCOUT.id, "branch sluice/agent-scout-3f2a", at(1))
    with pytest.raises(UserError, match="was deleted"):
        await ledger.command_mate(SCOUT.id, "More.", at(1))
    await hired(ledger, again)
    assert [told.mate.id for told in await ledger.crew(FOLDER)] == ["scout-9999"]
    assert (await ledger.mate("scout", FOLDER)).id == "scout-9999"
    assert (await ledger.mate("scout-3f2a", FOLDER)).left == "branch sluice/agent-scout-3f2a"
    assert len(await ledger.crew(FOLDER, deleted=True)) == 2


async def test_an_agent_of_the_command_line_takes_a_slot_and_is_no_item_of_a_board(ledger: SqlLedger) -> None:
    """One admission counts both; no look is due at it, no sweep lists it and no pause of a board ends it."""
    await hired(ledger)
    run = await begun(ledger)
    [card] = await add(ledger, 1)
    refused = await start(ledger, card, caps=Caps(running=1))
    assert refused and refused.reason == "1 agents already work (limit 1)"
    await ledger.end_run(run, Outcome("finished", "", 1.0, ""), None, at(1))
    assert [wake.item for wake in await ledger.due(at(60), 10)] == [card]
    assert [row.item.id for row in await ledger.items(gone=True)] == [card]
    assert await ledger.claimed() == [] and await ledger.active() == [] and await ledger.at_work() == []


async def test_a_bottleneck_is_who_works_while_others_wait_for_it(ledger: SqlLedger) -> None:
    """Who waits for whom, and how many there are; nobody at work knows of tokens yet."""
    await hired(ledger)
    await begun(ledger)
    await hired(ledger, replace(SCOUT, id="builder-1111", name="builder", after=(SCOUT.id,), created_at=at(1)))
    seen = fleet(await ledger.crew(FOLDER))
    assert (seen.active, seen.waits, seen.bottlenecks, seen.tokens) == (2, (("builder", "scout"),), ("scout",), None)
