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
from tests.world import POLICY, Thing, World

AGENTS = 3
LIMIT = 30.0  # seconds
LONGEST = 90.0


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, hub(Path(folder)) as server:
        world = World(server, Path(folder), caps=AGENTS, capacity=AGENTS)
        for number in range(AGENTS):
            world.play(f"Slow {number}", {"write": "half.txt", "text": "half"}, {"wait": 600})
        await asyncio.to_thread(world._make_github)
        items = [await world.add_issue(f"Slow {number}", column="Backlog", edits=False) for number in range(AGENTS)]
        try:
            async with serving(world) as address:
                for item in items:
                    await world.move(item, "Ready")
                return [figure for heard in (True, False) for figure in await _both(world, items, address, heard)]
        finally:
            await world.http.aclose()


async def _both(world: World, items: list[Thing], address: str, heard: bool) -> list[Figure]:
    """By the policy and by a command, with webhooks or with all of them lost."""

    async def say(word: str) -> None:
        await world.comment(items[0], f"/sluice {word} all", by="ann")

    async def policy(mode: str) -> None:
        await world.write_file(".github/sluice.toml", POLICY.replace('"live"', f'"{mode}"'))

    ways: dict[str, tuple[Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]] = {
        '`mode = "off"`': (lambda: policy("off"), lambda: policy("live")),
        "`/sluice pause all`": (lambda: say("pause"), lambda: say("resume")),
    }
    found = []
    for name, (stop, go_on) in ways.items():
        await _until_at_work(world)
        await world.admin_patch(f"apps/{world.app['slug']}", {"webhook_url": None if not heard else _hook(address)})
        seconds = await _stopped(world, stop)
        await world.admin_patch(f"apps/{world.app['slug']}", {"webhook_url": _hook(address)})
        await go_on()
        lost = "" if heard else ", its webhook lost"
        found.append(Figure(f"everything stops after {name}{lost}", seconds, "s", LIMIT))
    return found


def _hook(address: str) -> str:
    return f"{address}/webhooks/github"


async def _until_at_work(world: World) -> None:
    end = time.monotonic() + LONGEST
    while sum((tree / "half.txt").exists() for tree in world.worktrees()) < AGENTS or len(agents(world)) < AGENTS:
        assert time.monotonic() < end, "the agents do not come to work"
        await asyncio.sleep(0.2)


async def _stopped(world: World, stop: Callable[[], Awaitable[None]]) -> float:
    started = time.monotonic()
    await stop()
    while agents(world):
        assert time.monotonic() < started + LONGEST, "the agents do not stop"
        await asyncio.sleep(0.1)
    return round(time.monotonic() - started, 1)
