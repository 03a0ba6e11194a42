"""GitHub's limits in an item's life: what is under way goes on, new work waits, and nobody is asked about it."""

from __future__ import annotations

import asyncio
import os
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.stories.conftest import MakeWorld
from tests.stories.test_cli import SLUICE, sluice
from tests.world import World

SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


def left(resource: str, remaining: int) -> dict[str, str]:
    """What GitHub tells of an hour that has just begun."""
    told = {"limit": 5000, "remaining": remaining, "reset": int(time.time()) + 3600, "resource": resource}
    return {f"x-ratelimit-{name}": str(value) for name, value in told.items()}


async def test_new_work_waits_and_what_is_under_way_ends(world: World) -> None:
    """With little of the hour left the open pull request is merged and closed out; sweeps and new cards wait."""
    config = world.write_config()
    first, second = await world.add_issue("First"), await world.add_issue("Second", column="Backlog")
    await world.settle()
    fault = {"match": {"operation": "query See"}, "kind": "status", "headers": left("graphql", 280)}
    world.hub.admin("faults", fault)
    await world.move(second, "Ready")
    await world.settle()
    assert re.search(r"waits for GitHub's limit, resets at \d\d:\d\d UTC", await world.reason(second))
    await world.approve(first)
    await world.settle()
    assert await world.column(first) == "Done", await world.reason(first)
    assert await world.column(second) == "Ready"
    assert world.service
    swept = world.service.last_sweep
    world.service.scan_soon()
    await world.service.idle()
    assert world.service.last_sweep == swept

    told = (await sluice("limits", "--json", config=config)).json
    points = next(limit for limit in told["limits"] if limit["name"] == "GraphQL points an hour")
    assert 240 < points["remaining"] <= 280 and points["resets"] and points["identity"] == world.app["login"]
    content = [limit["used"] for limit in told["limits"] if limit["name"].startswith("new content")]
    assert content[1] == 2 and told["dearest"][0]["title"] == "First"  # the pull request and its status comment
    assert told["dearest"][0]["git_calls"] > 0
    assert told["items_waiting"] == [f"{world.repo}#{second.number}"]
    table = (await sluice("limits", config=config)).out
    assert "GraphQL points an hour" in table and f"{world.repo}#{first.number}" in table

    world.turned += timedelta(hours=1)
    await world.settle()
    assert await world.column(second) == "In Review", await world.reason(second)


async def test_a_refusal_uses_up_no_attempt(world: World) -> None:
    """GitHub says `retry-after` to the claim and to the pull request: both are done later, by the same one run."""
    for operation in ("mutation Write", "createPullRequest"):
        fault: dict[str, Any] = {"match": {"operation": operation}, "kind": "status", "status": 403, "body": SECONDARY}
        world.hub.admin("faults", fault | {"headers": {"retry-after": "40"}})
    item = await world.add_issue("Fix the typo")
    await world.settle()
    assert await world.column(item) == "In Review", await world.reason(item)
    assert world.service
    tally = (await world.service.ledger.tallies())[item.card]
    assert (tally.attempts, tally.rounds) == (1, 1)
    assert len(await world.pulls(item)) == 1 and len(await world.comments(item)) == 1
    told = (await sluice("explain", str(item.number), config=world.write_config())).out
    assert "Unknown: waits for GitHub's limit" in told and "shown, not done" not in told, told


async def test_the_log_tells_no_secret(make_world: MakeWorld, tmp_path: Path) -> None:
    """With all libraries at debug, an App that mints tokens, calls and fails leaves no token and no key in its log."""
    world: World = await make_world(webhooks=False, as_app=True)
    await world.stop()
    key = world.app["private_key"]
    github = {"api_url": world.hub.url, "git_url": world.hub.url, "app_id": world.app["app_id"]}
    config = world.write_config(github=github | {"webhook_secret": "hush-hush-hush"}, log_level="debug")
    for match, status in (("query Scan", 502), ("query See", 401), ("mutation Write", 403)):
        world.hub.admin("faults", {"match": {"operation": match}, "kind": "status", "status": status})
    world.hub.admin("faults", {"match": {"path": "git-upload-pack"}, "kind": "status", "status": 500})
    item = await world.add_issue("Fix the typo")
    with (tmp_path / "log").open("wb") as log:
        environment = {"PATH": os.environ["PATH"], "SLUICE_GITHUB__PRIVATE_KEY": key.replace("\n", "\\n")}
        process = await asyncio.create_subprocess_exec(
            SLUICE, "serve", "--config", str(config), cwd=tmp_path, env=environment, stdout=log, stderr=log
        )
        try:
            async with asyncio.timeout(80):
                while not await world.branches() or await world.column(item) == "Ready":
                    await asyncio.sleep(0.2)
        finally:
            process.terminate()
            await process.wait()
    said = (tmp_path / "log").read_text()
    assert "access_tokens" in said and "[hidden]" in said  # the libraries did speak
    assert not re.search(r"gh[a-z]_\w", said), re.findall(r".{80}gh[a-z]_\w.{20}", said)[:3]
    assert "eyJ" not in said and "hush-hush-hush" not in said
    assert not [line for line in key.splitlines() if len(line) > 20 and line in said]
