"""A story of a repository whose workflows would run agents' code with its secrets."""

from __future__ import annotations

import pytest

from tests.stories.conftest import MakeWorld
from tests.stories.test_cli import sluice
from tests.world import POLICY, World

pytestmark = pytest.mark.slow
DEPLOY = """on: [push]
permissions: {contents: write}
jobs: {deploy: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}
"""


async def test_nothing_starts_until_a_person_has_accepted_them(make_world: MakeWorld) -> None:
    """Whoever wants work started is told which files, why, and what to write; then it goes on by itself."""
    world: World = await make_world(files={".github/workflows/deploy.yml": DEPLOY})
    item = await world.add_issue("Tidy up")
    await world.settle()
    assert await world.column(item) == "Ready" and await world.branches() == ["main"]
    [told] = [text for text in await world.comments(item) if f"@{world.login('ann')}" in text]
    assert "`deploy.yml` (has a token that may write)" in told and 'accepted_workflows = ["deploy.yml"]' in told
    said = await finding(world)
    assert said["state"] == "warning" and "deploy.yml (has a token that may write)" in said["told"]
    await world.write_file(".github/sluice.toml", f'{POLICY}accepted_workflows = ["deploy.yml"]\n')
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert (await finding(world))["state"] == "ok"


async def finding(world: World) -> dict[str, str]:
    """What `sluice doctor` says of the repository's workflows."""
    told = await sluice("doctor", "--json", config=world.write_config())
    return next(each for each in told.json["findings"] if each["what"] == f"workflows of {world.repo}")
