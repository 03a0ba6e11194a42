"""What Sluice does for itself: old rows are forgotten every night."""

from __future__ import annotations

from datetime import timedelta

from tests.world import World


async def test_old_rows_are_forgotten_and_history_is_kept(world: World) -> None:
    """After a week the engine's rows and GitHub's deliveries are gone, and the item's story is still told."""
    item = await world.add_issue("Fix the typo")
    await world.settle()
    assert world.service
    ledger, engine = world.service.ledger, world.service.engine
    [run] = (await ledger.recall(item.card, world.now())).runs
    guid = world.hub.admin("deliveries")[-1]["guid"]
    await world.service.tidy()
    assert await engine.status(f"run:{run.job}") == "over"
    assert not await ledger.store_delivery(guid, "ping", "", b"{}", world.now())  # it is known still

    world.turned += timedelta(days=8)
    await world.service.tidy()
    assert await engine.status(f"run:{run.job}") is None
    assert await ledger.store_delivery(guid, "ping", "", b"{}", world.now())
    await ledger.mark_delivery(guid, "handled")
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert len((await ledger.recall(item.card, world.now())).runs) == 1
