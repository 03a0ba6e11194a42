"""The review queue: what waits for whom, and what is owed to each pull request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.sweep import renew_claims
from tests.stories.conftest import MakeWorld
from tests.stories.test_cli import sluice
from tests.world import Thing, World

BY_PEOPLE = 'mode = "live"\n'


async def queue(config: Path, *more: str) -> list[Any]:
    told = await sluice("review", "queue", "--json", *more, config=config)
    assert told.code == 0, told.err
    pulls: list[Any] = told.json["pulls"]
    return pulls


async def make(make_world: MakeWorld) -> tuple[World, Path, Thing]:
    """People merge, no approval is demanded, and a pull request has just been opened."""
    world: World = await make_world(policy=BY_PEOPLE, protection={"required_checks": ["test"]})
    world.play("Fix the typo", {"write": "notes/more.txt", "text": "more"}, round=2)
    item = await world.add_issue("Fix the typo")
    await world.settle()
    return world, world.write_config(), item


async def test_review_re_review_and_merged_since(make_world: MakeWorld) -> None:
    """A first review is owed, after more work another one, and a merge nobody looked at stays in the queue."""
    world, config, item = await make(make_world)
    [row] = await queue(config)
    assert row["owed"] == "review" and row["url"] == (await world.pull(item))["html_url"]
    assert row["waits_for"] == world.login("ann") and row["since"]

    await world.request_changes(item, "More, please.")
    await world.settle()
    [row] = await queue(config)
    assert row["owed"] == "re-review" and world.login("bob") in row["waits_for"], row

    await world.merge(item)
    await world.settle()
    [row] = await queue(config)
    assert (row["owed"], row["waits_for"]) == ("merged-since-review", "nobody")

    assert (await sluice("review", "mark", f"{row['url']}/files", config=config)).code == 0
    assert await queue(config) == []
    assert [row["owed"] for row in await queue(config, "--all")] == ["none"]


async def test_a_mark_holds_until_there_is_more_to_see(make_world: MakeWorld) -> None:
    """Who marks a pull request as reviewed owes it nothing until its head moves; closed then, it is told apart."""
    world, config, item = await make(make_world)
    [row] = await queue(config)
    assert (await sluice("review", "mark", row["url"], config=config)).code == 0
    await world.comment(item, "/sluice explain")  # another pass over it
    await world.settle()
    assert await queue(config) == []

    branch = (await world.pull(item))["head"]["ref"]
    await world.write_file("notes/by-hand.txt", "by hand", branch=branch)
    await world.settle()
    assert [row["owed"] for row in await queue(config)] == ["re-review"]
    pull = await world.pull(item)
    await world.rest("ann", "PATCH", f"{{repo}}/pulls/{pull['number']}", {"state": "closed"})
    await world.settle()
    assert [row["owed"] for row in await queue(config)] == ["closed-since-review"]


async def test_a_repository_in_preview_has_a_queue_too(make_world: MakeWorld) -> None:
    """Switched to preview, the pull request is still followed, and the claim on it is no longer renewed."""
    world, config, item = await make(make_world)
    claims = await world.refs("sluice/claim")
    assert len(claims) == 1
    await world.write_file(".github/sluice.toml", 'mode = "preview"\n')
    await world.approve(item)
    await world.settle()
    assert [row["owed"] for row in await queue(config, "--all")] == ["none"]
    assert world.service
    await renew_claims(world.service.ctx, world.service.ledger)
    assert await world.refs("sluice/claim") == claims
