"""Sluice is taken off a board."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.stories.conftest import MakeWorld
from tests.stories.test_cli import sluice, writes
from tests.world import World

SLOW = {"wait": 60}


async def test_sluice_is_taken_off(make_world: MakeWorld) -> None:
    """Agents end with their work saved, cards go back, claims go, and nothing that people need is lost or started."""
    world: World = await make_world(as_person="ann")
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    world.play("Nothing", {"say": "nothing to change"})
    await world.add_issue("Nothing", edits=False)
    shown = await world.add_issue("In review")
    await world.settle()
    slow = await world.add_issue("Slow", edits=False)
    await world.until_working(slow)
    await world.stop()
    config = world.write_config()
    assert (await sluice("remove", config=config)).code == 2

    before, ledger = writes(world), dump(world.folder / "data" / "ledger.db")
    dry = await sluice("remove", "--dry-run", config=config)
    assert dry.code == 0 and "its card goes to Backlog" in dry.out, dry
    assert "refs/sluice/work/" in dry.out and "refs/sluice/claim/" not in dry.out, dry.out
    assert writes(world) == before and dump(world.folder / "data" / "ledger.db") == ledger
    assert not (world.folder / "sluice-receipts.jsonl").exists()

    await world.start()  # the agent goes on, beside the command
    await world.until_working(slow)
    done = await sluice("remove", "--yes", config=config)
    assert done.code == 0 and "left over" in done.out, done
    assert (await world.column(slow), await world.column(shown)) == ("Backlog", "In Review")
    assert (await world.pull(shown))["state"] == "open" and await world.refs("sluice/claim") == {}
    [saved] = [sha for ref, sha in (await world.refs("sluice/work")).items() if ref.endswith(slow.card)]
    assert await world.file("half.txt", saved) == "half" and world.worktrees() == []
    [receipt] = (world.folder / "sluice-receipts.jsonl").read_text().splitlines()
    assert json.loads(receipt)["title"] == "Nothing" and json.loads(receipt)["how"] == "parked"
    await world.stop()

    before = writes(world)
    again = await sluice("remove", "--yes", config=config)
    assert again.code == 0 and writes(world) == before, again

    (world.folder / "data").rename(world.folder / "old")  # a later Sluice, which remembers nothing
    await world.start()
    await world.settle()
    assert (await world.column(slow), await world.column(shown)) == ("Backlog", "In Review")
    assert writes(world) == before


def dump(ledger: Path) -> list[str]:
    with sqlite3.connect(ledger) as database:
        return list(database.iterdump())
