"""Webhooks are hints and nothing more: with none at all the sweep alone brings items to the same ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.budget import Caps
from bot.core.plans.driving import run_for
from bot.core.plans.execution import StepState, begin
from bot.core.plans.plan import FOLDER, Phase, Plan, Step
from bot.core.policy import Work
from bot.core.prompts import Brief
from bot.core.run import Run
from bot.core.worktree import WorkSpec
from bot.drivers import held
from bot.headless.admission import Admission
from tests.stories.conftest import MakeWorld
from tests.world import World

SLOW = {"wait": 60}
TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
async def deaf(make_world: MakeWorld) -> World:
    """A world whose GitHub sends no webhook."""
    world: World = await make_world(webhooks=False)
    return world


async def test_a_plain_item(deaf: World) -> None:
    """The sweep finds the card, the agent's end, the approval and the merge."""
    item = await deaf.add_issue("Fix the typo")
    await deaf.settle()
    assert await deaf.column(item) == "In Review", await deaf.reason(item)
    await deaf.approve(item)
    await deaf.settle()
    assert await deaf.column(item) == "Done", await deaf.reason(item)
    assert deaf.worktrees() == [] and await deaf.branches() == ["main"]


async def test_a_card_told_of_during_a_scan_is_found(deaf: World) -> None:
    """Whoever asks for a scan while one is under way gets one more: this one had no chance to see the new card."""
    item = await deaf.add_issue("Late", column="Backlog")
    first_scan = {"path": "/graphql", "operation": "query Scan"}
    deaf.hub.admin("faults", {"match": first_scan, "kind": "status", "status": 403, "body": {"message": "No"}})
    deaf.service.scan_soon()
    await asyncio.sleep(0)  # it has begun
    deaf.service.scan_soon()
    await deaf.service.idle()
    assert (await deaf.row(item)).item.number == item.number


async def test_what_a_killed_shell_left_keeps_no_card_waiting(make_world: MakeWorld, tmp_path: Path) -> None:
    """A task of the command line has the one slot, and its process is gone: the sweep finds that, and the card goes
    on."""
    world: World = await make_world(webhooks=False, caps=1)
    assert world.service
    ledger, now, step = world.service.ledger, world.service.ctx.now(), Step("1.1", "robo", "Rename it")
    plan = Plan("task-gone", "Rename it", (Phase(1, "Build", (step,)),), now)
    await ledger.save_plan(plan, str(tmp_path))
    with held(tmp_path / FOLDER, plan.task_id, 4242):
        spec = WorkSpec("local/shop", plan.task_id, "sluice/task-gone", "sha0")
        mine = Admission(ledger, spec, plan.summary, Caps(), None, Work(), "ann", now, world.service.ctx.now)
        await mine.open()
        (robo,), unit = world.service.ctx.peers, StepState(step)
        given = run_for(begin(plan), unit, robo, "sha0", Brief("Rename it."), mine.go_ahead)
        assert isinstance(await mine.admit(unit, given, robo), Run)
    item = await world.add_issue("Fix the typo")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)


async def test_a_red_check_and_requested_changes(deaf: World) -> None:
    """A failed check comes back, so does a reviewer's word, and the third round is merged."""
    deaf.play("Add", {"replace": "widgets.py", "old": "return a + b", "new": "return a - b"})
    deaf.play("Add", {"replace": "widgets.py", "old": "return a - b", "new": "return b + a"}, round=2)
    deaf.play("Add", {"append": "widgets.py", "text": "# sums\n"}, round=3)
    item = await deaf.add_issue("Add", edits=False)
    await deaf.settle()
    assert await deaf.column(item) == "In Review", await deaf.reason(item)
    await deaf.request_changes(item, "Say what it does.")
    await deaf.settle()
    await deaf.approve(item)
    await deaf.settle()
    assert await deaf.column(item) == "Done", await deaf.reason(item)
    merged = await deaf.file("widgets.py") or ""
    assert "return b + a" in merged and "# sums" in merged


async def test_a_blocked_item(deaf: World) -> None:
    """What waits for another item starts when a sweep sees that one done."""
    first = await deaf.add_issue("First")
    second = await deaf.add_issue("Second", column="Backlog")
    await deaf.block(second, first)
    await deaf.move(second, "Ready")
    await deaf.settle()
    assert "blocked by" in await deaf.reason(second)
    await deaf.approve(first)
    await deaf.settle()
    assert await deaf.column(second) == "In Review", await deaf.reason(second)


async def test_a_blocker_that_a_person_closes(deaf: World) -> None:
    """Nothing tells that an issue beside the board was closed: what waits for it is looked at again in ten minutes."""
    blocker = await deaf.add_issue("Decide", column="Backlog")
    item = await deaf.add_issue("Do", column="Backlog")
    await deaf.block(item, blocker)
    await deaf.move(item, "Ready")
    await deaf.settle()
    await deaf.close(blocker)
    deaf.turned += TEN_MINUTES
    await deaf.settle()
    assert await deaf.column(item) == "In Review", await deaf.reason(item)


async def test_a_parked_item_hears_a_command(deaf: World) -> None:
    """A comment moves no card, yet the sweep sees it."""
    deaf.play("Twice", {"say": "nothing to do"})
    item = await deaf.add_issue("Twice", edits=False)
    await deaf.settle()
    assert await deaf.column(item) == "Needs a person", await deaf.reason(item)
    deaf.play("Twice", {"write": "second.txt", "text": "second"})
    await deaf.admin_clock(5)
    await deaf.comment(item, "/sluice retry")
    await deaf.settle()
    assert await deaf.column(item) == "In Review", await deaf.reason(item)


async def test_a_comment_cancels(deaf: World) -> None:
    """`/sluice cancel` reaches the agent at work by the sweep alone."""
    deaf.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await deaf.add_issue("Slow", edits=False)
    await deaf.service.look()
    await deaf.until_working(item)
    await deaf.comment(item, "/sluice cancel")
    await deaf.settle()
    assert await deaf.column(item) == "Needs a person", await deaf.reason(item)
    assert deaf.worktrees() == [] and len(await deaf.refs("sluice/work")) == 1


async def test_a_drag_stops(deaf: World) -> None:
    """A card dragged away from an agent at work stops it, and the card stays where the person put it."""
    deaf.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await deaf.add_issue("Slow", edits=False)
    await deaf.service.look()
    await deaf.until_working(item)
    await deaf.move(item, "Backlog", by="tess")
    await deaf.settle()
    assert await deaf.column(item) == "Backlog", await deaf.reason(item)
    assert deaf.worktrees() == [] and len(await deaf.refs("sluice/work")) == 1


async def test_a_conflict(deaf: World) -> None:
    """Of two items that change one line the second comes back to its agent and is merged after the first."""
    deaf.play("One", {"write": "README.md", "text": "# One\n"})
    deaf.play("Two", {"write": "README.md", "text": "# Two\n"})
    deaf.play("Two", {"write": "README.md", "text": "# One and two\n"}, round=2)
    one, two = [await deaf.add_issue(title, edits=False) for title in ("One", "Two")]
    await deaf.settle()
    await deaf.approve(one)
    await deaf.settle()
    await deaf.approve(two)
    await deaf.settle()
    assert [await deaf.column(item) for item in (one, two)] == ["Done", "Done"], await deaf.reason(two)
    assert await deaf.file("README.md") == "# One and two\n"


async def test_a_draft(deaf: World) -> None:
    """Nobody can tell who moved a draft without webhooks: it says so, and as an issue moved anew it starts."""
    draft = await deaf.add_draft("From a draft")
    await deaf.settle()
    assert "not known who moved" in await deaf.reason(draft)
    assert await deaf.column(draft) == "Ready"


async def test_the_board_is_told_after_a_sweep_when_asked_for(world: World) -> None:
    """One status update with what needs a person; no second one while nothing changed or the time is not up."""
    await world.stop()
    key = f"{world.org}/{world.project['number']}"
    world.more_boards = {key: {"status_update_hours": 4}}
    world.play("Fix the typo", {"say": "No idea."})
    await world.start()
    item = await world.add_issue("Fix the typo", edits=False)
    await world.settle()
    assert world.service
    await world.service.look()
    first = await updates(world)
    assert [each["status"] for each in first] == ["AT_RISK"] and f"#{item.number}: " in first[0]["body"]
    await world.service.look()
    world.turned += timedelta(hours=5)
    await world.service.look()
    assert await updates(world) == first

    await world.rest("ann", "PATCH", f"{{repo}}/issues/{item.number}", {"state": "closed"})
    await world.settle()
    await world.service.look()
    assert [each["status"] for each in await updates(world)] == ["COMPLETE", "AT_RISK"]


UPDATES = """query($p: ID!) { node(id: $p) { ... on ProjectV2 { statusUpdates(first: 9) {
  nodes { status body creator { login } } } } } }"""


async def updates(world: World) -> Any:
    return (await world.graphql("ann", UPDATES, p=world.project["id"]))["node"]["statusUpdates"]["nodes"]
