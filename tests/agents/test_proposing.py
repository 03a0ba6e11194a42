"""A real agent plans: Claude Code, told by a scripted model what to write."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.agents.test_peer_command import claude, settings
from tests.models.scenario import Scenario, Turn, Write
from tests.models.serving import Models
from tests.stories.test_cli import sluice

pytestmark = pytest.mark.slow


async def test_claude_proposes_a_plan(tmp_path: Path, nearby: Models) -> None:
    """In a clone of what is committed; the plan that is kept is its own."""
    steps = [{"id": "1.1", "agent": "api", "task": "the endpoint"}, {"id": "1.2", "agent": "web", "task": "its page"}]
    said = json.dumps({"phases": [{"number": 1, "name": "Both", "steps": steps}]})
    turns = [Turn([Write(".sluice/proposal.json", said)]), Turn(say="Planned.")]
    config = settings(tmp_path, robin=claude(nearby.play("plan", Scenario(turns))))
    await (await asyncio.create_subprocess_exec("git", "init", "-q", str(tmp_path))).wait()
    told = await sluice("plan", "Add a page", "--save", "--planner", "robin", config=config)
    assert told.code == 0 and "| Phases: 1 | Steps: 2" in told.out, told
    plan = json.loads((tmp_path / ".sluice/plan.json").read_text())
    assert plan["planner"] == "robin" and [each["agent"] for each in plan["phases"][0]["steps"]] == ["api", "web"]
