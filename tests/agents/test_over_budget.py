"""A real agent that uses more than it may is stopped in the middle of its work."""

from __future__ import annotations

import pytest

from bot.core.tokens import by_model
from tests.agents.desk import truth
from tests.agents.test_whole_life import MENDED, peer
from tests.models.scenario import Billed, Run, Scenario, Turn, Write
from tests.models.serving import Models
from tests.stories.conftest import MakeWorld
from tests.stories.test_cli import sluice

pytestmark = pytest.mark.slow


DEAR = Billed(100_000, 40_000, 10_000, 0, 1_000)
HOLD = Run("while [ ! -e never ]; do sleep 0.1; done")
BEGUN = [Turn([Write("half.txt", "half\n")], billed=DEAR), Turn([HOLD], billed=DEAR)]


@pytest.mark.parametrize("gateway", [True, False], ids=["by the gateway", "by its transcript"])
async def test_it_is_interrupted_and_its_work_is_kept(gateway: bool, make_world: MakeWorld, nearby: Models) -> None:
    """The command it waits for ends with it, what it wrote is saved, and usage is the endpoint's truth to the token."""
    url = nearby.play(f"dear-{gateway}", Scenario([*BEGUN, Turn(say="Done.")]))
    world = await make_world(peers={"robin": peer("claude", url, tokens_per_run=200_000, gateway=gateway)})
    item = await world.add_issue("Spend", edits=False)
    await world.settle()
    assert await world.column(item) == "Needs a person", await world.reason(item)
    assert "agent robin was stopped in round 1: it used 302 k" in await world.reason(item)
    assert await world.refs("sluice/work")
    [row] = (await sluice("usage", "--item", str(item.number), "--json", config=world.write_config())).json["usage"]
    billed = sum(each.total for each in truth(nearby.record(f"dear-{gateway}")))
    assert (row["tokens"], row["cache_read"], row["cache_write"]) == (billed, 80_000, 20_000)
    assert row["told_by"] == ("gateway" if gateway else "transcript")


async def test_with_more_it_goes_on_in_its_session(make_world: MakeWorld, nearby: Models) -> None:
    """Who may only write may not spend; who maintains may, and the agent goes on where it was, billed to the token."""
    begun = [BEGUN[0], Turn([Run("true")], billed=DEAR)]
    url = nearby.play("more", Scenario(begun + MENDED))
    world = await make_world(peers={"robin": peer("codex", url, tokens_per_run=200_000)})
    item = await world.add_issue("Spell the name", edits=False)
    await world.settle()
    [asked] = [text for text in await world.comments(item) if "/sluice budget +5" in text]
    assert "gent robin was stopped in round 1: it used 302 k tokens" in asked and "of the 200 k tokens" in asked
    assert await world.refs("sluice/work")

    await world.comment(item, "/sluice budget +1M", by="bob")
    await world.settle()
    assert await world.column(item) == "Needs a person" and len(nearby.record("more").asked) == len(begun)
    await world.comment(item, "/sluice budget +1M", by="ann")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    head = (await world.pull(item))["head"]["sha"]
    assert await world.file("half.txt", head) == "half\n"
    assert "return 'widgets'" in (await world.file("widgets.py", head) or "")
    turns = [asked.request.turn for asked in nearby.record("more").asked]
    assert turns.count(0) == 1 and turns == sorted(turns), "it began anew"
    spent = await world.service.ledger.spent()
    assert by_model(each.tokens for each in spent) == truth(nearby.record("more"))
