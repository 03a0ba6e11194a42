"""The App is suspended, taken off a repository, and let in again."""

from __future__ import annotations

import pytest

from tests.stories.conftest import MakeWorld
from tests.stories.test_cli import sluice
from tests.world import World


@pytest.mark.parametrize(
    ("lost", "back", "says"),
    [
        pytest.param({"suspended": True}, {"suspended": False}, "suspended", id="suspended"),
        pytest.param({"repositories": []}, {"repositories": None}, "out of reach", id="repository"),
    ],
)
async def test_what_is_out_of_reach_waits_and_goes_on(
    make_world: MakeWorld, lost: dict[str, object], back: dict[str, object], says: str
) -> None:
    """No item is parked, no attempt used up; explain and doctor say why nothing happens, and it goes on by itself."""
    world: World = await make_world(as_app=True)
    config = world.write_config()
    world.play("Slow", {"write": "half.txt", "text": "half"}, {"wait": 2})
    shown = await world.add_issue("Fix the typo")
    await world.settle()
    slow = await world.add_issue("Slow", edits=False)
    await world.until_working(slow)

    await world.admin_patch(f"apps/{world.app['slug']}", lost)
    await world.approve(shown)
    assert world.service
    await world.service.ledger.wake(shown.card, world.now(), "the look that the sweep would take")  # no webhook comes
    await world.settle()
    for item in (shown, slow):
        assert says in await world.reason(item), await world.reason(item)
    assert (await world.column(shown), await world.column(slow)) == ("In Review", "In Progress")
    doctor = await sluice("doctor", config=config)
    assert doctor.code == 1 and ("suspended" in doctor.out or "install the App on it" in doctor.out), doctor.out

    await world.admin_patch(f"apps/{world.app['slug']}", back)
    await world.settle()
    assert await world.column(shown) == "Done", await world.reason(shown)
    assert await world.column(slow) == "In Review", await world.reason(slow)
    assert world.service
    [run] = (await world.service.ledger.recall(slow.card, world.now())).runs
    assert run.attempts == 0
