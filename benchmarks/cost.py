"""What an item costs of GitHub, as localhub counts it: every read included, shared scans apart."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.hub import hub
from tests.world import POLICY, World

GATED = POLICY + '[gates]\nworkflows = ["gate.yml"]\n'
GATE = {
    ".github/workflows/gate.yml": "run-name: gate ${{ inputs.gate_id }}\n"
    "on: {workflow_dispatch: {inputs: {gate_id: {}}}}\njobs: {gate: {steps: [{run: echo fine}]}}\n"
}
PLANNED = POLICY + '[plan]\nplaybook = "three"\n'
THREE = {
    ".github/sluice/playbooks/three.toml": """about = "Two side by side, then a third."
[[phases]]
name = "Build"
commands = ["test -f one.txt"]
[[phases.steps]]
task = "One of: {task}"
[[phases.steps]]
task = "Two of: {task}"
[[phases]]
name = "Finish"
[[phases.steps]]
task = "The rest of: {task}"
"""
}
STEPS = {"1.1": "one.txt", "1.2": "two.txt", "2.1": "three.txt"}


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, hub(Path(folder)) as server:
        plain, gated, planned = (Path(folder) / name for name in ("plain", "gated", "planned"))
        for each in (plain, gated, planned):
            each.mkdir()
        async with World(server, gated, shipped_pace=True, policy=GATED, files=GATE) as world:
            found = await _gated_item(world)
        async with World(server, planned, shipped_pace=True, policy=PLANNED, files=THREE) as world:
            found += await _planned_item(world)
        async with World(server, plain, shipped_pace=True) as world:
            return [*await _plain_item(world), *found]


async def _plain_item(world: World) -> list[Figure]:
    """With a review in between, at the shipped pace."""
    started = time.monotonic()
    cost = await _item(world, "A plain item")
    return [
        Figure("plain item: GraphQL points", cost["graphql_points"], "points", 10),
        Figure("plain item: REST calls", cost["rest_requests"], "calls", 6),
        Figure("plain item: content-creating writes", cost["content_requests"], "writes", 3),
        Figure("plain item: seconds, people's time apart", round(time.monotonic() - started, 1), "s"),
    ]


async def _gated_item(world: World) -> list[Figure]:
    """The same where the policy names a workflow as a gate, which passes at once and is shown as a check."""
    cost = await _item(world, "A gated item")
    return [
        Figure("item with a workflow gate: GraphQL points", cost["graphql_points"], "points"),
        Figure("item with a workflow gate: REST calls", cost["rest_requests"], "calls"),
        Figure("item with a workflow gate: content-creating writes", cost["content_requests"], "writes"),
    ]


async def _planned_item(world: World) -> list[Figure]:
    """The same with a plan of three steps, two of them side by side, and a gate between its phases."""
    for step, file in STEPS.items():
        world.play("A planned item", {"write": file, "text": "done\n"}, step=step)
    cost = await _item(world, "A planned item", edits=False)
    return [
        Figure("item with a plan of three steps: GraphQL points", cost["graphql_points"], "points"),
        Figure("item with a plan of three steps: REST calls", cost["rest_requests"], "calls"),
        Figure("item with a plan of three steps: content-creating writes", cost["content_requests"], "writes", 3),
    ]


async def _item(world: World, title: str, edits: bool = True) -> dict[str, int]:
    """What it cost from the move to Ready to the closed issue."""
    before = await spent(world)
    item = await world.add_issue(title, edits=edits)
    await until(lambda: world.column(item), "In Review")
    await until(lambda: asked(world), True)
    await world.approve(item)
    await until(lambda: world.column(item), "Done")
    await until(lambda: world.stage(item), "Done")
    return {kind: amount - before.get(kind, 0) for kind, amount in (await spent(world)).items()}


async def spent(world: World) -> dict[str, int]:
    """What the ledger booked on items; localhub's own counter must agree on what is not a scan."""
    assert world.service
    total: dict[str, int] = {"graphql_points": 0, "rest_requests": 0, "content_requests": 0}
    for row in await world.service.ledger.items(gone=True):
        for kind, amount in (await world.service.ledger.costs(row.item.id)).items():
            total[kind] = total.get(kind, 0) + amount
    return total


async def asked(world: World) -> bool:
    pulls = await world.rest("ann", "GET", "{repo}/pulls?state=open")
    return bool(pulls and pulls[0]["requested_reviewers"])


async def until(look: Callable[[], Awaitable[object]], wanted: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while (found := await look()) != wanted:
        assert time.monotonic() < end, f"never became {wanted}, is {found}"
        await asyncio.sleep(0.1)
