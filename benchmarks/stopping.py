"""How soon everything stands still: from somebody's word until no agent runs, on the wall clock, at shipped pace."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.hub import hub
from benchmarks.serving import serving
from tests.faults.test_kill import agents
from tests.localhub.talk import LocalHub
from tests.world import POLICY, World

AGENTS = 3
LIMIT = 30.0  # seconds
LONGEST = 90.0


async def measure() -> list[Figure]:
    """Each way in a world of its own: agents that were stopped three times are not started again."""
    with tempfile.TemporaryDirectory() as folder, hub(Path(folder)) as server:
        figures = []
        for number, (name, stop) in enumerate(WAYS.items()):
            for heard in (True, False):
                place = Path(folder) / f"{number}-{heard}"
                place.mkdir()
                lost = "" if heard else ", its webhook lost"
                seconds = await _stopped(server, place, stop, heard)
                figures.append(Figure(f"everything stops after {name}{lost}", seconds, "s", LIMIT))
        return figures


async def _off(world: World) -> None:
    await world.write_file(".github/sluice.toml", POLICY.replace('"live"', '"off"'))


async def _paused(world: World) -> None:
    await world.comment(next(iter(world.things.values())), "/sluice pause all", by="ann")


WAYS: dict[str, Callable[[World], Awaitable[None]]] = {'`mode = "off"`': _off, "`/sluice pause all`": _paused}


async def _stopped(server: LocalHub, folder: Path, stop: Callable[[World], Awaitable[None]], heard: bool) -> float:
    world = World(server, folder, caps=AGENTS, capacity=AGENTS)
    for number in range(AGENTS):
        world.play(f"Slow {number}", {"write": "half.txt", "text": "half"}, {"wait": 600})
    await asyncio.to_thread(world._make_github)
    try:
        async with serving(world):
            for number in range(AGENTS):
                await world.add_issue(f"Slow {number}", edits=False)
            await _until_at_work(world)
            if not heard:
                await world.admin_patch(f"apps/{world.app['slug']}", {"webhook_url": None})
            started = time.monotonic()
            await stop(world)
            while agents(world):
                assert time.monotonic() < started + LONGEST, "the agents do not stop"
                await asyncio.sleep(0.1)
            return round(time.monotonic() - started, 1)
    finally:
        await world.http.aclose()


async def _until_at_work(world: World) -> None:
    end = time.monotonic() + LONGEST
    while sum((tree / "half.txt").exists() for tree in world.worktrees()) < AGENTS or len(agents(world)) < AGENTS:
        assert time.monotonic() < end, "the agents do not come to work"
        await asyncio.sleep(0.2)
