"""The demo: its script does what it says, the whole ends as the scenario says, and nothing of it outlives it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import psutil
import pytest

from bot.demo.files import plays, project_files
from bot.demo.processes import command
from bot.demo.scenario import SCENARIO, Step

SLOW_MACHINE = 250  # seconds


def lay_out(folder: Path) -> None:
    for name, text in project_files().items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def passes_after(folder: Path, steps: tuple[Step, ...]) -> bool:
    """Play the steps as Sluice's scripted agent does, then run the repository's own tests."""
    quick = [step for step in steps if "wait" not in step and "commit" not in step]
    script = folder / "script.json"
    script.write_text(json.dumps(quick))
    subprocess.run([sys.executable, "-m", "bot.agents.play", str(script)], cwd=folder, check=True, capture_output=True)
    script.unlink()
    return subprocess.run([sys.executable, "-m", "unittest"], cwd=folder, capture_output=True).returncode == 0


@pytest.mark.parametrize("title", ["Round discounts to the nearest cent", "Find widgets by a part of their name"])
def test_each_round_of_the_script_has_the_outcome_it_is_there_for(title: str, tmp_path: Path) -> None:
    """The first rounding is red and its repair is green; a reviewer's wish is no test failure."""
    lay_out(tmp_path)
    task = next(task for task in SCENARIO if task.title == title)
    assert [passes_after(tmp_path, steps) for steps in task.rounds] == [not title.startswith("Round"), True]


def test_every_play_names_an_item_and_reads_as_toml() -> None:
    """What the scripted agent reads is what the scenario says."""
    read = tomllib.loads(plays(SCENARIO))["play"]
    rounds = [(task.title, "", number, steps) for task in SCENARIO for number, steps in enumerate(task.rounds, start=1)]
    planned = [(task.title, step, 1, steps) for task in SCENARIO for step, steps in task.plan.items()]
    played = [(play["item"], play.get("step", ""), play.get("round", 1), tuple(play["steps"])) for play in read]
    assert played == [*rounds, *planned]


@pytest.mark.slow
async def test_the_demo_drains_its_board(tmp_path: Path) -> None:
    """Every item ends as the scenario says, within a minute, and standard output holds one JSON object only."""
    demo = await started(tmp_path, "--json")
    out, err = await asyncio.wait_for(demo.communicate(), SLOW_MACHINE)
    told = json.loads(out)
    assert demo.returncode == 0, err.decode() + out.decode()
    assert {item["title"]: item["stage"] for item in told["items"]} == {
        task.title: task.ending.stage for task in SCENARIO
    }
    assert told["worktrees_left"] == 0
    assert 0 < told["api"]["graphql_points"] < 500
    assert list(tmp_path.iterdir()) == []


async def test_whoever_ends_the_demo_early_finds_nothing_left(tmp_path: Path) -> None:
    """Ctrl-C ends every process the demo started and removes its folder."""
    demo = await started(tmp_path)
    family = await grown_up(demo.pid)
    demo.send_signal(signal.SIGINT)
    await asyncio.wait_for(demo.wait(), SLOW_MACHINE)
    assert [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []
    assert list(tmp_path.iterdir()) == []


async def started(temporary: Path, *options: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    env = os.environ | {"TMPDIR": str(temporary)}
    return await asyncio.create_subprocess_exec(command("sluice"), "demo", *options, stdout=pipe, stderr=pipe, env=env)


async def grown_up(pid: int) -> list[psutil.Process]:
    """The demo's processes, once both servers are there."""
    while len(family := psutil.Process(pid).children(recursive=True)) < 2:  # processes set no event
        await asyncio.sleep(0.05)
    return family
