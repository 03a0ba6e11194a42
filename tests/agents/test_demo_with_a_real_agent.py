"""`sluice demo --peer`: the demo's board, drained by a real program in the player's place."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bot.demo.scenario import SCENARIO, Step, Task
from tests.agents.test_peer_command import claude, settings
from tests.models.scenario import Call, Delegate, Edit, Read, Run, Scenario, Turn, Write
from tests.models.serving import Models
from tests.stories.test_cli import sluice
from tests.stories.test_demo import SLOW_MACHINE, started

pytestmark = pytest.mark.slow


def turns(task: Task) -> list[Turn]:
    """What the player would do, as a model asks for it."""
    found: list[Turn] = []
    for steps in task.rounds:
        found += [Turn(calls) for step in steps if (calls := _calls(step))]
        found.append(Turn(say=next((str(step["say"]) for step in steps if "say" in step), "Done.")))
    return found


def _calls(step: Step) -> list[Call]:
    match step:
        case {"write": str(path), "text": str(text)}:
            # what is there already has to be read first, and what is not cannot be
            return [Run(f"rm -f {path}"), Write(path, text)]
        case {"append": str(path), "text": str(text)}:
            return [Run(f"cat >>{path} <<'END'\n{text}END")]
        case {"replace": str(path), "old": str(old), "new": str(new)}:
            return [Read(path), Edit(path, old, new)]
        case {"commit": str(message)}:
            return [Run(f"git add -A && git commit -qm '{message}'")]
        case {"wait": float(seconds)}:
            return [Run(f"sleep {seconds}")]
    return []


async def test_the_demo_is_drained_by_claude_code(tmp_path: Path, nearby: Models) -> None:
    """Every item ends as the scenario says, conflicts, reviews and interruptions included."""
    model = Scenario([Turn([Delegate(f": {task.title}\n", turns(task)) for task in SCENARIO])])
    config = settings(tmp_path, robin=claude(nearby.play("demo", model)))
    own = tmp_path / "own"
    own.mkdir()
    demo = await started(own, "--json", "--peer", "robin", "--config", str(config))
    try:
        out, err = await asyncio.wait_for(demo.communicate(), SLOW_MACHINE)
    finally:
        if demo.returncode is None:
            demo.terminate()
    assert demo.returncode == 0, err.decode() + out.decode()
    told = {item["title"]: item["stage"] for item in json.loads(out)["items"]}
    assert told == {task.title: task.ending.stage for task in SCENARIO}
    assert "its tokens are yours" in err.decode()
    assert nearby.record("demo").strays == []


async def test_who_cannot_work_is_not_hired(tmp_path: Path) -> None:
    """Nobody of that name, a program that is not there, one without a login: a sentence each, and nothing starts."""
    config = settings(tmp_path, robin={"runtime": "claude"}, absent={"runtime": "command", "command": ["/nowhere/x"]})
    for name, words in (("nobody", "no agent 'nobody'"), ("absent", "/nowhere/x is not installed")):
        told = await sluice("demo", "--peer", name, config=config)
        assert told.code == 2 and words in told.err
