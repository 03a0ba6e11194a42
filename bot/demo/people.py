"""The people: each looks at GitHub now and then and acts through its API, as people with a browser would."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.demo.account import Account
from bot.demo.scenario import SCENARIO, Task
from bot.demo.watch import GLANCE, Seen
from bot.demo.world import REPO, World

HESITATION = 2.0  # seconds between seeing an agent at work and stopping it


async def act(world: World, seen: Seen) -> None:
    """Everybody at once; over when nobody has anything left to do but reviewing, which goes on."""
    async with asyncio.TaskGroup() as group:
        group.create_task(give_go_aheads(world))
        group.create_task(review(world, seen))
        for task in SCENARIO:
            if task.while_working:
                group.create_task(interfere(world, seen, task))
            if task.plan_approved:
                group.create_task(approve_plan(world, seen, task))


async def give_go_aheads(world: World) -> None:
    """Ann moves her cards to Ready; an outsider's issue gets there by a bot, which may not start work."""
    for task in SCENARIO:
        await world.move("ann" if task.author == "ann" else "intake", task.title, "Ready")


async def review(world: World, seen: Seen) -> None:
    """Bob looks at every pull request that asks for him: each new head again."""
    bob, asked_once = world.people["bob"], set[str]()
    tasks = {task.title: task for task in SCENARIO}
    while True:
        for pull in await bob.get(f"/repos/{REPO}/pulls", state="open", per_page="50"):
            task = tasks.get(pull["title"])
            wanted = "bob" in [person["login"] for person in pull["requested_reviewers"]]
            if task and wanted and _its_turn(task, seen):
                await _give_opinion(world, pull, task, asked_once)
        await asyncio.sleep(GLANCE)


def _its_turn(task: Task, seen: Seen) -> bool:
    """Bob keeps an order between two items where the scenario needs one."""
    open_first, merged_first = task.approved_once_open, task.approved_once_merged
    return (not open_first or open_first in seen.pulls) and (not merged_first or seen.merged(merged_first))


async def _give_opinion(world: World, pull: dict[str, Any], task: Task, asked_once: set[str]) -> None:
    first_look = task.title not in asked_once
    asked_once.add(task.title)
    opinion = {"event": "APPROVE", "body": "Looks good.", "commit_id": pull["head"]["sha"]}
    if task.wants_change and first_look:
        opinion |= {"event": "REQUEST_CHANGES", "body": task.wants_change}
    await world.people["bob"].post(f"/repos/{REPO}/pulls/{pull['number']}/reviews", opinion)


async def interfere(world: World, seen: Seen, task: Task) -> None:
    """Once the card says that an agent works on it, somebody stops it: by comment, or by dragging the card."""
    while seen.columns.get(task.title) != "In Progress":  # what happens on GitHub sets no event
        await asyncio.sleep(GLANCE)
    await asyncio.sleep(HESITATION)
    if task.while_working == "drag":
        await world.move("bob", task.title, "Needs a person")
        return
    comment = {"body": "We decided against this.\n\n/sluice cancel"}
    await world.people["ann"].post(f"/repos/{REPO}/issues/{seen.numbers[task.title]}/comments", comment)


async def approve_plan(world: World, seen: Seen, task: Task) -> None:
    """Ann reads the plan that the issue shows her, and lets it start."""
    ann = world.people["ann"]
    while not (number := seen.numbers.get(task.title)) or not await _asked(ann, number):
        await asyncio.sleep(GLANCE)
    comment = {"body": "Read, and so it should be done.\n\n/sluice approve"}
    await ann.post(f"/repos/{REPO}/issues/{number}/comments", comment)


async def _asked(who: Account, number: int) -> bool:
    said = await who.get(f"/repos/{REPO}/issues/{number}/comments", per_page="50")
    return any("needs your approval" in comment["body"] for comment in said)
