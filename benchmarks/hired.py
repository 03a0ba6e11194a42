"""The demo's board drained by the real Claude Code, its model scripted, beside the same board drained by the player."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.figure import Figure, beside
from bot.core.plans.playbook import TASK
from bot.core.policy import Policy
from bot.demo.files import project_files
from bot.demo.processes import command
from bot.demo.scenario import SCENARIO, Step, Task
from bot.playbook_files import shipped
from bot.policy_file import read_policy
from tests.agents.test_peer_command import claude, settings
from tests.models.scenario import Call, Delegate, Edit, Read, Run, Scenario, Turn, Write
from tests.models.serving import serving

PLAYED = "drained by the script's player"


async def measure() -> list[Figure]:
    """Both must end as the scenario says, conflicts, reviews and interruptions included."""
    model = Scenario([Turn([Delegate(opening, turns) for task in SCENARIO for opening, turns in conversations(task)])])
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), apart=False) as models:
        config = settings(Path(folder), robin=claude(models.play("demo", model)))
        hired = await _drained(Path(folder), "--peer", "robin", "--config", str(config))
        played = await _drained(Path(folder))
    return [beside("the demo's board, drained by Claude Code", hired, "s", PLAYED, played)]


async def _drained(folder: Path, *options: str) -> float:
    pipe, env = asyncio.subprocess.PIPE, os.environ | {"TMPDIR": str(folder)}
    run = [command("sluice"), "demo", "--json", *options]
    began = time.monotonic()
    demo = await asyncio.create_subprocess_exec(*run, stdout=pipe, stderr=pipe, env=env)
    out, err = await demo.communicate()
    assert demo.returncode == 0, err.decode() + out.decode()
    told = {item["title"]: item["stage"] for item in json.loads(out)["items"]}
    assert told == {task.title: task.ending.stage for task in SCENARIO}
    return round(time.monotonic() - began, 1)


def conversations(task: Task) -> Iterator[tuple[str, list[Turn]]]:
    """What each begins with, and what the player would do in it, as a model asks for it."""
    for step, done in task.plan.items():
        yield f"# Agent Task: {step} — {heading(task, step)}\n", _turns([done])
    if task.rounds:
        yield f": {task.title}\n", _turns(task.rounds)


def heading(task: Task, step: str) -> str:
    playbooks = {playbook.name: playbook for playbook in shipped()}
    policy = read_policy(project_files()[".github/sluice.toml"])
    assert isinstance(policy, Policy)
    phase, number = (int(part) - 1 for part in step.split("."))
    told = playbooks[policy.plan.labels[task.label]].phases[phase].steps[number].task
    return told.replace(TASK, task.title).strip().partition("\n")[0]


def _turns(rounds: Iterable[tuple[Step, ...]]) -> list[Turn]:
    found: list[Turn] = []
    for steps in rounds:
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
