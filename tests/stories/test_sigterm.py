"""Sluice is stopped as supervisors stop a process, and started again."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bot.ledger.open import open_ledger
from tests.stories.test_cli import SLUICE, writes
from tests.world import Thing, World

AGENT = """
if grep -q Stubborn "$SLUICE_BRIEF"; then
  trap "" TERM
  echo half > half.txt
  while true; do sleep 1; done
fi
echo begun > half.txt
sleep 1
echo quick > quick.txt
"""
GOES_ON = "cat half.txt > whole.txt; echo whole >> whole.txt"


async def test_a_stop_saves_what_it_interrupts_and_the_next_start_goes_on(world: World) -> None:
    """SIGTERM with two agents at work: one ends in time, the other, which ignores it, is saved and goes on later."""
    await world.stop()
    agent = world.folder / "agent.sh"
    agent.write_text(AGENT)
    peer = {"runtime": "command", "command": ["/bin/bash", str(agent)], "capacity": 2}
    config = world.write_config(peers={"robo": peer})
    config.write_text(config.read_text().replace("finish_seconds = 0.1", "finish_seconds = 3"))
    stubborn = await world.add_issue("Stubborn", edits=False)
    quick = await world.add_issue("Quick", edits=False)

    process = await serve(config)
    await until(lambda: len([t for t in world.worktrees() if (t / "half.txt").exists()]) == 2)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    await process.wait()
    said = (config.parent / "log").read_text()
    assert process.returncode == 0 and "WARNING dbos" in said, said  # the engine's lines, by our handler that hides
    assert time.monotonic() - began < 30
    assert await saved(world, stubborn) == "half\n"
    assert await saved(world, quick, "quick.txt") == "quick\n"
    before = len(writes(world))

    agent.write_text(GOES_ON)
    process = await serve(config)
    try:
        for item in (stubborn, quick):
            async with asyncio.timeout(60):
                while await world.column(item) != "In Review":
                    await asyncio.sleep(0.1)
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()
    assert await world.file("whole.txt", (await world.pull(stubborn))["head"]["sha"]) == "half\nwhole\n"
    assert await world.file("whole.txt", (await world.pull(quick))["head"]["sha"]) is None  # it had ended
    after = [each["verb"] for each in writes(world)[before:]]
    assert "comment edited" not in after[: after.index("pull opened")]  # nothing is told anew
    ledger = await open_ledger(world.settings().ledger_url())
    for item in (stubborn, quick):
        assert len(await world.comments(item)) == 1
        memory = await ledger.recall(item.card, world.now())
        assert [(run.attempts, run.outcome.ended) for run in memory.runs if run.outcome] == [(0, "finished")]
    await ledger.close()


def test_nothing_that_hangs_holds_the_end_up() -> None:
    """Whatever does not end, threads included, the process does."""
    hangs = "import threading, time; from bot.cli.serve import leave_within; leave_within(0.2)\n"
    hangs += "threading.Thread(target=time.sleep, args=(60,)).start(); time.sleep(60)"
    ended = subprocess.run([sys.executable, "-c", hangs], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1 and "the next start goes on" in ended.stdout + ended.stderr


async def serve(config: Path) -> asyncio.subprocess.Process:
    with (config.parent / "log").open("a") as log:
        return await asyncio.create_subprocess_exec(
            SLUICE, "serve", "--config", str(config), cwd=config.parent, stdout=log, stderr=log
        )


async def saved(world: World, item: Thing, file: str = "half.txt") -> str | None:
    refs = await world.refs("sluice/work")
    [head] = [sha for ref, sha in refs.items() if ref.endswith(item.card)]
    return await world.file(file, head)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not happened():
            await asyncio.sleep(0.05)
