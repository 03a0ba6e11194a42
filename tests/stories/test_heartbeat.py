"""Somebody is told when Sluice falls silent: by the workflow that reads its sign of life."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.stories.conftest import MakeWorld
from tests.world import World

WORKFLOW = Path(__file__).parents[2] / ".github" / "workflows" / "heartbeat.yml"


async def test_the_workflow_fails_when_sluice_falls_silent(make_world: MakeWorld) -> None:
    """It fails before the first sign, passes after one, and fails again, with a sentence, once that is old."""
    files = {".github/workflows/heartbeat.yml": WORKFLOW.read_text()}
    world: World = await make_world(files=files, heartbeat=True)
    assert world.service
    assert await looked(world) == ("failure", "Sluice has left no sign of life here.")

    before = world.counters()
    await world.service.beat()
    assert world.counters() == before  # git alone: nothing of the API's limits
    assert await looked(world) == ("success", "Sluice was well 0 minutes ago.")

    world.turned -= timedelta(minutes=16)
    await world.service.beat()
    assert await looked(world) == ("failure", "Sluice has been silent for 16 minutes.")
    assert list(await world.refs("sluice/heartbeat")) == ["refs/sluice/heartbeat"]


async def test_a_sluice_that_cannot_read_its_boards_leaves_no_sign(make_world: MakeWorld) -> None:
    """A process that only lives is not well: the sign stands for a sweep that worked."""
    world: World = await make_world(heartbeat=True)
    assert world.service
    world.service.last_sweep = None
    await world.service.beat()
    assert await world.refs("sluice/heartbeat") == {}


async def test_sweeps_that_are_meant_to_be_rare_are_no_silence(make_world: MakeWorld) -> None:
    """Where they are an hour apart, the last one may be half an hour old, but not two hours."""
    world: World = await make_world(heartbeat=True)
    assert world.service and world.service.last_sweep
    assert world.service.settings.pace.sweep_seconds == 3600
    world.service.last_sweep -= 7200
    await world.service.beat()
    assert await world.refs("sluice/heartbeat") == {}
    world.service.last_sweep += 5400
    await world.service.beat()
    assert list(await world.refs("sluice/heartbeat")) == ["refs/sluice/heartbeat"]


async def looked(world: World) -> tuple[str, str]:
    """How the workflow ends when it is started now, and the sentence it ends with."""
    path = "{repo}/actions/workflows/heartbeat.yml"
    await world.rest("ann", "POST", f"{path}/dispatches", {"ref": "main"})
    await world.http.post("/_hub/idle", json={"timeout": 30})
    run = (await world.rest("ann", "GET", f"{path}/runs"))["workflow_runs"][0]
    jobs: Any = await world.rest("ann", "GET", f"{{repo}}/actions/runs/{run['id']}/jobs")
    answer = await world.http.get(
        f"/repos/{world.repo}/actions/jobs/{jobs['jobs'][0]['id']}/logs",
        headers={"authorization": f"Bearer {world.tokens['ann']}"},
        follow_redirects=True,
    )
    said = next(line for line in answer.text.splitlines() if "Sluice " in line and "echo" not in line)
    sentence = said[said.index("Sluice ") :]
    return run["conclusion"], f"{sentence.split('. ')[0].rstrip('.')}."
