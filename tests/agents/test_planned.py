"""A playbook drained by real coding agents: each step a session of its own, the second with what the first left."""

from __future__ import annotations

import pytest

from bot.core.tokens import by_model
from tests.agents.desk import truth
from tests.agents.test_whole_life import both, peer
from tests.models.scenario import Billed, Delegate, Edit, Read, Scenario, Turn, Write
from tests.models.serving import Models
from tests.stories.conftest import MakeWorld
from tests.world import POLICY

pytestmark = pytest.mark.slow
PLANNED = f'{POLICY}[plan]\nplaybook = "scout-builder"\n'
REPORT = ".sluice/scout-report.md"
FOUND = "widgets.py, line 6: the name lacks an e\n"
SCOUT = [
    Turn([Read("widgets.py")], billed=Billed(900, 100, 50, 0, 30)),
    Turn([Write(REPORT, FOUND)]),
    Turn(say="One place."),
]
BUILDER = [
    Turn([Read(REPORT)], billed=Billed(700, 0, 20, 0, 10)),
    Turn([Read("widgets.py")]),
    Turn([Edit("widgets.py", "    return 'widgts'\n", "    return 'widgets'\n")]),
    Turn(say="Spelled right."),
]
SCOUTS, BUILDS = "# Agent Task: 1.1 — Find the exact places\n", "# Agent Task: 2.1 — Spell the name\n"


@both
async def test_a_scout_finds_and_a_builder_builds(name: str, make_world: MakeWorld, nearby: Models) -> None:
    """The builder reads the scout's report, which no commit holds; both are billed to the token, nothing is left."""
    told = [Delegate(SCOUTS, SCOUT), Delegate(BUILDS, BUILDER)]
    url = nearby.play(f"planned-{name}", Scenario([Turn([*told])]))
    world = await make_world(policy=PLANNED, peers={"robin": peer(name, url)})
    item = await world.add_issue("Spell the name", edits=False)
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert (await world.pull(item))["changed_files"] == 1

    record = nearby.record(f"planned-{name}")
    turns = [(asked.branch, asked.request.turn) for asked in record.asked if asked.branch != "aside"]
    assert turns == [(SCOUTS, turn) for turn in range(3)] + [(BUILDS, turn) for turn in range(4)]
    read = next(asked for asked in record.asked if asked.branch == BUILDS and asked.request.turn == 1)
    assert FOUND.strip() in read.request.user[-1] and not record.strays
    spent = await world.service.ledger.spent()
    assert by_model(each.tokens for each in spent) == truth(record)

    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert "return 'widgets'" in (await world.file("widgets.py") or "")
    assert world.worktrees() == [] and not list((world.folder / "data/homes").iterdir())
