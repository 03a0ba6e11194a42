"""The main job: a card in Ready ends up Done."""

from __future__ import annotations

from tests.world import World


async def test_ready_item_ends_up_done(world: World) -> None:
    """An item is worked on, reviewed, merged and closed out."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)

    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert (await world.issue(item))["state"] == "closed"
    assert await world.file("notes/fix-the-typo.txt") == "Fix the typo\n"
    assert world.worktrees() == []
    [retrospective] = (world.folder / "data/retrospectives").iterdir()
    assert "1.1 (robo), at the first attempt" in retrospective.read_text()
