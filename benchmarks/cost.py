"""What a plain item costs of GitHub, as localhub counts it: every read included, shared scans apart."""

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
from tests.world import World

GH_ITEM_LIST = 101  # points for 100 items by `gh project item-list`, measured on the live API by others
CARDS = 100


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, hub(Path(folder)) as server:
        async with World(server, Path(folder), shipped_pace=True) as world:
            return [*await _plain_item(world), await _scan(world)]


async def _plain_item(world: World) -> list[Figure]:
    """From the move to Ready to the closed issue, with a review in between, at the shipped pace."""
    started = time.monotonic()
    before = await _spent(world)
    item = await world.add_issue("A plain item")
    await _until(world, lambda: world.column(item), "In Review")
    await _until(world, lambda: _asked(world), True)
    await world.approve(item)
    await _until(world, lambda: world.column(item), "Done")
    await _until(world, lambda: world.stage(item), "Done")
    spent = {kind: amount - before.get(kind, 0) for kind, amount in (await _spent(world)).items()}
    return [
        Figure("plain item: GraphQL points", spent["graphql_points"], "points", 10),
        Figure("plain item: REST calls", spent["rest_requests"], "calls", 6),
        Figure("plain item: content-creating writes", spent["content_requests"], "writes", 3),
        Figure("plain item: seconds, people's time apart", round(time.monotonic() - started, 1), "s"),
    ]


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
