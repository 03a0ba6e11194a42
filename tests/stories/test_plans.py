"""Items with a plan of several steps, from the card in Ready to the merge."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.plans.plan import Gate, Phase, Plan, Step
from tests.world import Thing, World

TITLE = "Rename the shop"


def steps(*more: Phase) -> tuple[Phase, ...]:
    scout = Step("1.1", "scout", "Find it", changes=False, deliverables=(".sluice/scout-report.md",))
    code = Step("2.1", "backend", "Rename it in the code", deliverables=("shop.py",))
    docs = Step("2.2", "writer", "Rename it in the documents", deliverables=("docs",))
    return (
        Phase(1, "Scout", (scout,)),
        Phase(2, "Build", (code, docs), gate=Gate(("test -f shop.py && test -f docs/shop.md",))),
        *more,
    )


async def planned(world: World, phases: tuple[Phase, ...], **facts: str) -> Thing:
    """An item whose plan is made; then somebody moves it to Ready."""
    item = await world.add_issue(TITLE, column="Backlog", edits=False)
    world.play(TITLE, {"write": ".sluice/scout-report.md", "text": "shop.py:1\n"}, {"say": "Found it"}, step="1.1")
    world.play(TITLE, {"write": "shop.py", "text": "SHOP = 1\n"}, {"say": "Renamed"}, step="2.1")
    world.play(TITLE, {"write": "docs/shop.md", "text": "# Shop\n"}, {"say": "Wrote"}, step="2.2")
    await world.settle()
    assert world.service
    plan = Plan(f"task-{world.tag}", TITLE, phases, datetime.now(UTC), **facts)  # type: ignore[arg-type]
    await world.service.ledger.save_plan(plan, world.repo, item.card)
    await world.move(item, "Ready")
    return item


async def test_a_plan_is_carried_out_and_its_result_merged(world: World) -> None:
    """A scout reports, two builders work side by side, the gate passes, and one pull request holds it all."""
    item = await planned(world, steps())
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    await world.approve(item)
    await world.settle()
    assert await world.column(item) == "Done", await world.reason(item)
    assert await world.file("shop.py") == "SHOP = 1\n"
    assert await world.file("docs/shop.md") == "# Shop\n"
    assert world.worktrees() == []
