"""A real agent that uses more than it may is stopped in the middle of its work."""

from __future__ import annotations

import pytest

from tests.agents.test_real_programs import truth
from tests.agents.test_whole_life import peer
from tests.models.scenario import Billed, Run, Scenario, Turn, Write
from tests.models.serving import Models
from tests.stories.conftest import MakeWorld
from tests.stories.test_cli import sluice

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("gateway", [True, False], ids=["by the gateway", "by its transcript"])
async def test_it_is_interrupted_and_its_work_is_kept(gateway: bool, make_world: MakeWorld, nearby: Models) -> None:
    """The command it waits for ends with it, what it wrote is saved, and usage is the endpoint's truth to the token."""
    dear = Billed(200_000, 100_000, 50_000, 0, 1_000)
    turns = [
        Turn([Write("half.txt", "half\n")], billed=dear),
        Turn([Run("while [ ! -e never ]; do sleep 0.1; done")], billed=dear),
        Turn(say="Done."),
    ]
    url = nearby.play(f"dear-{gateway}", Scenario(turns))
    world = await make_world(peers={"robin": peer("claude", url, tokens_per_run=500_000, gateway=gateway)})
    item = await world.add_issue("Spend", edits=False)
    await world.settle()
    assert await world.column(item) == "Needs a person", await world.reason(item)
    assert "agent robin was stopped in round 1: it used 70" in await world.reason(item)
    assert await world.refs("sluice/work")
    [row] = (await sluice("usage", "--item", str(item.number), "--json", config=world.write_config())).json["usage"]
    billed = sum(each.total for each in truth(nearby.record(f"dear-{gateway}")))
    assert (row["tokens"], row["cache_read"], row["cache_write"]) == (billed, 200_000, 100_000)
    assert row["told_by"] == ("gateway" if gateway else "transcript")
