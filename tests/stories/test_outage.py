"""Sluice was away: what happened meanwhile is found, and nobody's word is put under what they never saw."""

from __future__ import annotations

from tests.stories.conftest import MakeWorld

DAY = 24 * 3600.0


async def test_days_away_heal_in_one_sweep(make_world: MakeWorld) -> None:
    """A draft moved meanwhile starts, for its mover is known; an order given for an older head does not count."""
    world = await make_world(as_app=True, one_clock=True, protection={"required_checks": ["test"]})
    item = await world.add_issue("Fix the typo")
    draft = await world.add_draft("Idea", column="Backlog")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)

    await world.stop()
    await world.move(draft, "Ready")
    await world.comment_pull(item, "/sluice merge", by="ann")
    await world.write_file("notes/extra.txt", "more\n", branch=(await world.pull(item))["head"]["ref"], by="bob")
    await world.admin_clock(2.5 * DAY)

    await world.start()
    await world.settle()
    assert await world.stage(draft) == "InReview", await world.reason(draft)
    assert await world.column(item) == "In Review", await world.reason(item)
    replies = [text for text in await world.comments(item) if "omething newer has come" in text]
    assert len(replies) == 1
    assert world.service.gap.missed > 0
