"""A person runs Sluice with a token of their own, and goes on acting under the same name."""

from __future__ import annotations

from tests.stories.conftest import MakeWorld
from tests.world import Thing, World


async def test_a_person_runs_it_with_a_token_of_their_own(make_world: MakeWorld) -> None:
    """Ann's moves, commands and reviews count, though Sluice writes in her name; what it writes itself never fires."""
    world: World = await make_world(as_person="ann")
    item = await world.add_issue("Fix the typo")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert (await world.pull(item))["user"]["login"] == world.login("ann")
    assert await runs(world, item) == 1
    decided = await world.service.ledger.decisions(item.card)
    assert not [each.reason for each in decided if "move" in each.reason or "SpendMove" in each.actions]

    await world.comment(item, "/sluice status", by="ann")
    await world.settle()
    bodies = await said(world, item)
    assert len(bodies) == 3 and sum("sluice:status" in body for body in bodies) == 1, bodies
    assert await runs(world, item) == 1

    await world.move(item, "Needs a person")
    await world.settle()
    assert f"@{world.login('ann')} moved the card" in await world.reason(item)
    await world.move(item, "Ready")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)

    await world.approve(item, by="bob")
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert len(await world.pulls(item)) == 1 and world.worktrees() == []


async def said(world: World, item: Thing) -> list[str]:
    found = await world.rest("ann", "GET", f"{{repo}}/issues/{item.number}/comments")
    return [comment["body"] for comment in found]


async def runs(world: World, item: Thing) -> int:
    assert world.service
    return len((await world.service.ledger.recall(item.card, world.now())).runs)


async def test_a_write_without_an_answer_is_still_sluices(make_world: MakeWorld) -> None:
    """GitHub did what was asked and its answer was lost, while the webhook came: nobody is taken for its author."""
    world: World = await make_world(as_person="ann", one_clock=True)
    write = {"path": "/graphql", "operation": "mutation Write"}
    world.hub.admin("faults", {"match": write, "kind": "status_after", "status": 502})
    item = await world.add_issue("Fix the typo")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert len(await said(world, item)) == 1 and await runs(world, item) == 1
    assert [each["kind"] for each in world.hub.admin("faults")["struck"]] == ["status_after"]
