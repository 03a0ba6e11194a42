"""What Sluice adds to an agent's run: from the claim to the agent's first breath, and from its last to the push."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import tempfile
import time
from datetime import datetime
from pathlib import Path

from benchmarks.cost import until
from benchmarks.figure import Figure, beside
from benchmarks.hub import hub
from benchmarks.serving import serving
from bot.ledger.open import open_ledger
from tests.world import Thing, World

ITEMS = 5  # one after another, at the shipped pace, each in the sandbox
LIMIT = 5.0  # seconds, each way
AGENT = "date +%s.%N >begun.txt; echo done >work.txt; date +%s.%N >over.txt"
HAND = "by hand with git"


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, hub(Path(folder)) as server:
        peers = {"robo": {"runtime": "command", "command": ["/bin/bash", "-c", AGENT]}}
        world = World(server, Path(folder), peers=peers)
        await asyncio.to_thread(world._make_github)
        try:
            async with serving(world):
                ways = [await _item(world, number) for number in range(ITEMS)]
            began, pushed = await asyncio.to_thread(_by_hand, world, Path(folder) / "hand")
        finally:
            await world.http.aclose()
        starts, ends = (statistics.median(way) for way in zip(*ways, strict=True))
        return [
            beside("from the claim to the agent's start", round(starts, 2), "s", HAND, began, LIMIT),
            beside("from the agent's end to the push", round(ends, 2), "s", HAND, pushed, LIMIT),
        ]


async def _item(world: World, number: int) -> tuple[float, float]:
    """Seconds before and after, by the clock of this machine, which all of them share."""
    item = await world.add_issue(f"Item {number}", edits=False)
    await until(lambda: world.column(item), "In Review")
    head = (await world.pull(item))["head"]["sha"]
    begun, over = [float(await world.file(name, head) or 0) for name in ("begun.txt", "over.txt")]
    claimed, pushed = await _noted(world, item)
    return begun - claimed.timestamp(), pushed.timestamp() - over


async def _noted(world: World, item: Thing) -> tuple[datetime, datetime]:
    ledger = await open_ledger(world.settings().ledger_url())
    try:
        mine = (await ledger.recall(item.card, world.now())).item
    finally:
        await ledger.close()
    assert mine.claim and mine.pushed_at
    return mine.claim.at, mine.pushed_at


def _by_hand(world: World, folder: Path) -> tuple[float, float]:
    """The least that has to be done: a worktree of what is fetched, and a commit that is pushed."""
    token = world.tokens["ann"]
    url = world.hub.url.replace("://", f"://ann:{token}@") + f"/{world.repo}.git"
    _git("clone", "-q", "--bare", url, str(folder / "bare"))
    started = time.monotonic()
    _git("-C", str(folder / "bare"), "fetch", "-q", "origin", "main")
    _git("-C", str(folder / "bare"), "worktree", "add", "-q", "-b", "by-hand", str(folder / "tree"), "main")
    began = time.monotonic() - started
    (folder / "tree/work.txt").write_text("done\n")
    started = time.monotonic()
    _git("-C", str(folder / "tree"), "add", "-A")
    _git("-C", str(folder / "tree"), "-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "Work")
    _git("-C", str(folder / "tree"), "push", "-q", url, "by-hand")
    return round(began, 3), round(time.monotonic() - started, 3)


def _git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)
