"""Plans in whose middle people do something else: pause, amend, cancel and start over."""

from __future__ import annotations

from tests.stories.conftest import MakeWorld
from tests.stories.test_plans import TITLE, TWO, changed_files, planned, runs_of
from tests.world import Thing, World

SLOW = {"run": "sleep 300"}
TEAM = {".github/sluice/playbooks/two.toml": TWO}


async def both_at_work(make_world: MakeWorld) -> tuple[World, Thing]:
    """Two steps side by side, neither of which ends by itself."""
    world = await make_world(policy=planned("two"), files=TEAM)
    world.play(TITLE, {"write": "half.txt", "text": "half"}, SLOW, step="1.1")
    world.play(TITLE, {"write": "other.txt", "text": "half"}, SLOW, step="1.2")
    item = await world.add_issue(TITLE, edits=False)
    await world.until_working(item, "half.txt")
    await world.until_working(item, "other.txt")
    return world, item


def now_quick(world: World) -> None:
    world.plays[0]["steps"] = [{"write": "shop.py", "text": "SHOP = 1\n"}]
    world.plays[1]["steps"] = [{"write": "right.txt", "text": "2\n"}]
    world.play("unused", {"say": ""})


async def test_a_plan_is_paused_amended_and_resumed(make_world: MakeWorld) -> None:
    """A word on what is not shown yet is refused; what is added is done, and no step is done twice."""
    world, item = await both_at_work(make_world)
    await world.comment(item, "/sluice approve", by="ann")
    await world.until_reacted(item, "confused")
    world.play(TITLE, {"write": "note.md", "text": "x\n"}, step="2.1")
    await world.comment(item, "/sluice amend Write a note")
    await world.comment(item, "/sluice pause")
    await world.settle()
    assert "paused by" in await world.reason(item)
    now_quick(world)
    await world.comment(item, "/sluice resume")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert await changed_files(world, item) == {"shop.py", "right.txt", "note.md", "half.txt", "other.txt"}
    assert [run.step for run in await runs_of(world, item)] == ["1.1", "1.2", "2.1"]


async def test_starting_over_begins_a_plan_anew(make_world: MakeWorld) -> None:
    """Cancelled in the middle, and everything done afresh: nothing of the first attempt is in the result."""
    world, item = await both_at_work(make_world)
    await world.comment(item, "/sluice cancel")
    await world.settle()
    assert await world.column(item) == "Needs a person"
    now_quick(world)
    await world.comment(item, "/sluice retry --fresh")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert await changed_files(world, item) == {"shop.py", "right.txt"}
