"""Stopping everything: whatever state GitHub or the board is in, agents end and their work is kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.stories.conftest import MakeWorld
from tests.stories.test_boards import rename
from tests.world import POLICY, Thing, World

SLOW = {"wait": 60}
GATE = '[gates]\ncommands = ["test ! -f slow.txt || sleep 60"]\n'


async def working(world: World) -> Thing:
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    await world.until_working(item)
    return item


async def ended(world: World, item: Thing) -> None:
    assert world.service
    await world.service.idle()
    runs = (await world.service.ledger.recall(item.card, world.now())).runs
    assert [run.outcome.ended for run in runs if run.outcome] == ["cancelled"], await world.reason(item)


@pytest.mark.parametrize("how", ["pause", "comment", "off"])
async def test_agents_end_though_the_board_is_in_trouble(world: World, how: str) -> None:
    """A board that lost a column is left alone, but not its agents."""
    item = await working(world)
    assert world.service
    await world.service.watch()
    await rename(world, "Ready", "Todo")
    await world.service.look()
    if how == "comment":
        await world.comment(item, "/sluice pause all", by="ann")
        await world.service.watch()
        await world.service.halt()
    elif how == "pause":
        await world.service.ledger.pause_all("ann", world.now())
        await world.service.halt()
    else:
        await world.write_file(".github/sluice.toml", 'mode = "off"\n')
        await world.service.watch()
    await ended(world, item)
    assert len(await world.refs("sluice/work")) == 1


async def test_agents_end_though_github_fails(world: World) -> None:
    """The order is in the ledger, and nobody needs GitHub's answer to obey it."""
    item = await working(world)
    failing = {"match": {"path": "/graphql"}, "kind": "status", "status": 500, "times": None}
    world.hub.admin("faults", failing)
    assert world.service
    await world.service.ledger.pause_all("ann", world.now())
    await world.service.halt()
    await ended(world, item)
    world.hub.admin("faults", method="DELETE")


async def test_a_gate_command_ends_too_and_runs_again_later(make_world: MakeWorld) -> None:
    """It runs the agent's code; what it would have said is not known, so it is asked again when work goes on."""
    world = await make_world(policy=POLICY + GATE)
    world.play("Slow", {"write": "slow.txt", "text": "slow"})
    item = await world.add_issue("Slow", edits=False)
    await world.until_says(item, "runs test")
    await world.comment(item, "/sluice pause all", by="ann")
    await world.until_says(item, "everything is paused")
    await world.service.idle()
    assert await gates(world, item) == ["unstarted"]
    await world.comment(item, "/sluice resume all", by="ann")
    await world.until_says(item, "runs test")
    assert (await gates(world, item))[0] == "unstarted" and len(await gates(world, item)) == 2


async def gates(world: World, item: Thing) -> list[str]:
    assert world.service
    return [gate.state for gate in (await world.service.ledger.recall(item.card, world.now())).gate_runs]


@pytest.mark.parametrize("where", ["review", "line", "another repository"])
async def test_pause_all_is_heard_wherever_it_is_said(make_world: MakeWorld, where: str) -> None:
    """No webhook tells: in a review or on a line of one of Sluice's pull requests, or in another live repository."""
    world = await make_world(webhooks=False, one_clock=True, protection={"required_checks": ["test"]})
    reviewed = await world.add_issue("Reviewed")
    await world.settle()
    item = await working_without_webhooks(world)
    await world.service.watch()
    if where == "another repository":
        await say_elsewhere(world)
    else:
        await say_in_review(world, reviewed, where)
    await world.service.watch()
    await world.until_says(item, "everything is paused")
    await ended(world, item)


async def working_without_webhooks(world: World) -> Thing:
    world.play("Slow", {"write": "half.txt", "text": "half"}, SLOW)
    item = await world.add_issue("Slow", edits=False)
    assert world.service
    await world.service.look()
    await world.until_working(item)
    return item


async def say_in_review(world: World, reviewed: Thing, where: str) -> None:
    pull = await world.pull(reviewed)
    said: dict[str, Any] = {"event": "COMMENT", "body": "/sluice pause all"}
    if where == "line":
        remark = {"path": "notes/reviewed.txt", "line": 1, "side": "RIGHT", "body": "/sluice pause all"}
        said = {"event": "COMMENT", "body": "See below.", "comments": [remark]}
    await world.rest("ann", "POST", f"{{repo}}/pulls/{pull['number']}/reviews", said)


async def say_elsewhere(world: World) -> None:
    assert world.service
    other = f"{world.org}/gadgets"
    await world.service.ledger.note_repository(other, POLICY, "live", None, None, world.now())
    files = {".github/sluice.toml": POLICY}
    order = {"owner": world.org, "name": "gadgets", "files": files, "collaborators": {world.login("ann"): "admin"}}
    world.hub.admin("repos", order)
    await world.service.watch()
    issue = await world.rest("ann", "POST", f"/repos/{other}/issues", {"title": "Stop it"})
    await world.rest("ann", "POST", f"/repos/{other}/issues/{issue['number']}/comments", {"body": "/sluice pause all"})


async def test_who_is_stopped_while_its_end_is_noted_is_not_lost(make_world: MakeWorld) -> None:
    """The agent has ended and its work is being saved when `/sluice cancel` comes: both count."""
    world = await make_world()
    world.play("Late", {"write": "half.txt", "text": "half"}, {"run": "while [ ! -e go ]; do sleep 0.05; done; rm go"})
    item = await world.add_issue("Late", edits=False)
    await world.until_working(item)
    saving = {"path": "git-receive-pack", "method": "POST"}
    world.hub.admin("faults", {"match": saving, "kind": "delay", "seconds": 3})
    [tree] = world.worktrees()
    (tree / "go").write_text("")
    async with asyncio.timeout(30):
        while not (await world.http.get("/_hub/faults")).json()["struck"]:
            await asyncio.sleep(0.05)
    await world.comment(item, "/sluice cancel", by="ann")
    await world.settle()
    assert "cancelled by" in await world.reason(item)
    assert world.service
    [run] = await world.service.ledger.runs()
    assert run.outcome and run.outcome.ended == "finished" and run.work and run.work.files
