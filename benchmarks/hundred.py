"""A hundred plain items at once, at the shipped pace and within GitHub's limits: what they cost, and how long it takes.

No clock is turned. What bounds it is GitHub: so many writes of content a minute, and each item needs two, for its pull
request and its comment. The peer of the seconds is therefore that limit alone, which no client can beat.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.cost import spent
from benchmarks.figure import Figure, beside
from benchmarks.hub import hub
from tests.world import POLICY, World

ITEMS = 100
AGENTS = 5
A_MINUTE = 80  # writes of content that GitHub takes
AT_ONCE = 20  # cards moved in one document
LONGEST = 420.0  # seconds
ENOUGH = f"runs_per_day = {2 * ITEMS}\n"  # of [work], which is last; a repository has fifty, unless it says more
CHECK = """name: CI
on: [pull_request]
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: "true"
"""


async def measure() -> list[Figure]:
    files = {".github/workflows/ci.yml": CHECK}
    with tempfile.TemporaryDirectory() as folder, hub(Path(folder)) as server:
        world = World(server, Path(folder), POLICY + ENOUGH, files, shipped_pace=True, caps=AGENTS, capacity=AGENTS)
        for number in range(1, ITEMS + 1):
            world.play(f"Card {number}", {"write": f"notes/{number}.txt", "text": f"{number}\n"}, {"say": "Done."})
        async with world:
            return await _drained(world)


async def _drained(world: World) -> list[Figure]:
    world.hub.admin("limits", {"login": world.login("ann"), "secondary": False})  # she stands for a hundred people
    order = {"project": world.project["id"], "repo": world.repo, "columns": {"Backlog": ITEMS}}
    cards: list[str] = world.hub.admin("stock", order)["cards"]
    before, started = world.counters(), time.monotonic()
    await _move(world, cards)
    done = await _reviewed(world, started + LONGEST)
    seconds = round(time.monotonic() - started, 1)
    used = {name: amount - before[name] for name, amount in world.counters().items()}
    items = await spent(world)
    name = f"{ITEMS} plain items at once: "
    floor = round(used["content_requests"] / A_MINUTE * 60, 1)
    limit = f"the limit of {A_MINUTE} writes of content a minute"
    return [
        Figure(f"{name}not done within {LONGEST:.0f} s", ITEMS - done, "items", 0),
        beside(f"{name}seconds in all", seconds, "s", limit, floor),
        Figure(f"{name}GraphQL points, each", round(items["graphql_points"] / ITEMS, 2), "points"),
        Figure(f"{name}REST calls, each", round(items["rest_requests"] / ITEMS, 2), "calls"),
        Figure(f"{name}writes of content, each", round(items["content_requests"] / ITEMS, 2), "writes"),
        Figure(f"{name}GraphQL points in all, scans too", used["graphql_points"], "points"),
        Figure(f"{name}requests in all, scans too", used["graphql_requests"] + used["rest_requests"], "requests"),
        Figure(f"{name}refused by GitHub", used["refusals"], "requests", 0),
    ]


async def _move(world: World, cards: list[str]) -> None:
    """Everything to Ready."""
    change = (
        'm{0}: updateProjectV2ItemFieldValue(input: {{projectId: "{1}", itemId: "{2}", fieldId: "{3}",'
        ' value: {{singleSelectOptionId: "{4}"}}}}) {{ clientMutationId }}'
    )
    board = world.project
    told = [
        change.format(number, board["id"], card, board["status_field"], board["options"]["Ready"])
        for number, card in enumerate(cards)
    ]
    for first in range(0, len(told), AT_ONCE):
        await world.graphql("ann", f"mutation {{ {' '.join(told[first : first + AT_ONCE])} }}")


async def _reviewed(world: World, until: float) -> int:
    """Ann approves whatever asks for her; how many are merged and closed in the end."""
    assert world.service
    while time.monotonic() < until:
        for pull in await world.rest("ann", "GET", "{repo}/pulls?state=open&per_page=100"):
            if pull["requested_reviewers"]:
                opinion = {"event": "APPROVE", "body": "", "commit_id": pull["head"]["sha"]}
                await world.rest("ann", "POST", f"{{repo}}/pulls/{pull['number']}/reviews", opinion)
        rows = await world.service.ledger.items(done=True)
        done = sum(row.last is not None and row.last.stage == "Done" for row in rows)
        if done == ITEMS:
            break
        await asyncio.sleep(1)
    return done
