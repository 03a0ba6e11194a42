"""What an item costs of GitHub, as localhub counts it: every read included, shared scans apart."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figure import Figure, beside
from tests.localhub.talk import LocalHub
from tests.world import POLICY, World

GH_ITEM_LIST = 101  # points for 100 items by `gh project item-list`, measured on the live API by others
CARDS = 100
GATED = POLICY + '[gates]\nworkflows = ["gate.yml"]\n'
GATE = {
    ".github/workflows/gate.yml": "run-name: gate ${{ inputs.gate_id }}\n"
    "on: {workflow_dispatch: {inputs: {gate_id: {}}}}\njobs: {gate: {steps: [{run: echo fine}]}}\n"
}


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, hub(Path(folder)) as server:
        plain, gated = (Path(folder) / name for name in ("plain", "gated"))
        for each in (plain, gated):
            each.mkdir()
        async with World(server, gated, shipped_pace=True, policy=GATED, files=GATE) as world:
            found = await _gated_item(world)
        async with World(server, plain, shipped_pace=True) as world:
            return [*await _plain_item(world), *found, await _scan(world)]


async def _plain_item(world: World) -> list[Figure]:
    """With a review in between, at the shipped pace."""
    started = time.monotonic()
    spent = await _item(world, "A plain item")
    return [
        Figure("plain item: GraphQL points", spent["graphql_points"], "points", 10),
        Figure("plain item: REST calls", spent["rest_requests"], "calls", 6),
        Figure("plain item: content-creating writes", spent["content_requests"], "writes", 3),
        Figure("plain item: seconds, people's time apart", round(time.monotonic() - started, 1), "s"),
    ]


async def _gated_item(world: World) -> list[Figure]:
    """The same where the policy names a workflow as a gate, which passes at once and is shown as a check."""
    spent = await _item(world, "A gated item")
    return [
        Figure("item with a workflow gate: GraphQL points", spent["graphql_points"], "points"),
        Figure("item with a workflow gate: REST calls", spent["rest_requests"], "calls"),
        Figure("item with a workflow gate: content-creating writes", spent["content_requests"], "writes"),
    ]


async def _item(world: World, title: str) -> dict[str, int]:
    """What it cost from the move to Ready to the closed issue."""
    before = await _spent(world)
    item = await world.add_issue(title)
    await _until(world, lambda: world.column(item), "In Review")
    await _until(world, lambda: _asked(world), True)
    await world.approve(item)
    await _until(world, lambda: world.column(item), "Done")
    await _until(world, lambda: world.stage(item), "Done")
    return {kind: amount - before.get(kind, 0) for kind, amount in (await _spent(world)).items()}


async def _scan(world: World) -> Figure:
    """One sweep of a board of a hundred cards."""
    world.hub.admin("limits", {"secondary": False})  # people do not write a hundred issues in a minute
    for number in range(CARDS - 1):
        await world.add_issue(f"Card {number}", column=None, edits=False)
    await asyncio.sleep(5)  # the looks that new cards cause are not the scan's
    before = world.counters()["graphql_points"]
    assert world.service
    board = next(iter(world.service.ctx.boards.values()))
    await world.service.github.scan(board)
    points = world.counters()["graphql_points"] - before
    return beside("scan of 100 cards", points, "points", "gh project item-list", GH_ITEM_LIST, target=1)


async def _spent(world: World) -> dict[str, int]:
    """What the ledger booked on items; localhub's own counter must agree on what is not a scan."""
    assert world.service
    total: dict[str, int] = {"graphql_points": 0, "rest_requests": 0, "content_requests": 0}
    for row in await world.service.ledger.items(gone=True):
        for kind, amount in (await world.service.ledger.costs(row.item.id)).items():
            total[kind] = total.get(kind, 0) + amount
    return total


async def _asked(world: World) -> bool:
    pulls = await world.rest("ann", "GET", "{repo}/pulls?state=open")
    return bool(pulls and pulls[0]["requested_reviewers"])


async def _until(world: World, look: object, wanted: object, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while await look() != wanted:  # type: ignore[operator]
        assert time.monotonic() < until, f"never became {wanted}"
        await asyncio.sleep(0.2)


@contextmanager
def hub(folder: Path) -> Iterator[LocalHub]:
    command = [str(Path(sys.executable).with_name("localhub")), "serve", "--port", "0", "--root", str(folder / "hub")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield LocalHub(process.stdout.readline().split()[-1])
        finally:
            process.terminate()
