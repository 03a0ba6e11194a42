"""GitHub fails at every request of an item's life; the item ends as it would have, and nothing happens twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.stories.conftest import MakeWorld
from tests.world import World

PATIENCE = timedelta(minutes=15)  # what was refused is tried again after ten minutes
NARROW = {"message": "Resource not accessible by integration"}
KINDS: dict[str, dict[str, Any]] = {
    "500 before": {"kind": "status", "status": 500},
    "502 after": {"kind": "status_after", "status": 502},
    "401": {"kind": "status", "status": 401, "body": {"message": "Bad credentials"}},
    "403": {"kind": "status", "status": 403, "body": NARROW},
    "404": {"kind": "status", "status": 404, "body": {"message": "Not Found"}},
    "reset": {"kind": "reset"},
}
START = (
    {"path": "/graphql", "operation": "query See"},
    {"path": "/graphql", "operation": "query Scan"},
    {"path": "/permission", "method": "GET"},
    {"path": "git-upload-pack"},
    {"path": "git-receive-pack", "method": "POST"},  # the claim
    {"path": "/graphql", "operation": "mutation Write"},  # nobody else's are called so
)
PULL = (
    {"path": "/graphql", "operation": "createPullRequest"},
    {"path": "/requested_reviewers", "method": "POST"},
)
REFUSED = ("401", "403", "404")  # each costs ten minutes, and GitHub's tokens live for sixty
END = ({"path": "/merge", "method": "PUT"}, START[5])


@pytest.mark.parametrize("kind", KINDS)
async def test_each_request_fails_once(make_world: MakeWorld, kind: str) -> None:
    """The first request of every sort fails; one pull request, one merge and one status comment come of it all."""
    world = await make_world(one_clock=True)
    await order(world, kind, (*START[1:2], *START[4:], *PULL) if kind in REFUSED else START + PULL)
    item = await world.add_issue("Fix the typo")
    await until_in(world, item, "InReview")
    await renew_token(world)
    await order(world, kind, (START[0], *END) if kind in REFUSED else END)
    await world.approve(item)
    await until_in(world, item, "Done")
    await ended_well(world, item)
    assert await left(world) == 0


async def test_each_request_is_never_answered_once(make_world: MakeWorld) -> None:
    """GitHub swallows the first request of every sort; Sluice stops waiting, looks again, and does nothing twice."""
    world = await make_world(one_clock=True, timeout=1)
    unanswered = [match for match in (*START, *PULL, *END) if "git-" not in match["path"]]
    for match in unanswered:
        world.hub.admin("faults", {"match": match, "kind": "timeout"})
    item = await world.add_issue("Fix the typo")
    await until_in(world, item, "InReview")
    await world.approve(item)
    await until_in(world, item, "Done")
    await ended_well(world, item)
    assert await left(world) == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["500 before", "502 after"])
async def test_three_failures_in_a_row(make_world: MakeWorld, kind: str) -> None:
    """Writes that fail three times over, and reads past their own retries, only make it later."""
    world = await make_world(one_clock=True)
    await order(world, kind, (*START[:1], *START[4:], *PULL), times=3)
    item = await world.add_issue("Fix the typo")
    await until_in(world, item, "InReview")
    await order(world, kind, END, times=3)
    await world.approve(item)
    await until_in(world, item, "Done")
    await ended_well(world, item)


async def test_pushes_that_fail_in_the_middle(make_world: MakeWorld) -> None:
    """Of the pushes of a life (claim, saved work, branch, what is taken away) every other one breaks."""
    world = await make_world(one_clock=True)
    for skip in (1, 2, 3, 4):
        fault = {"match": START[4], "kind": "status_after" if skip % 2 else "status", "status": 502, "skip": skip}
        world.hub.admin("faults", fault)
    item = await world.add_issue("Fix the typo")
    await until_in(world, item, "InReview")
    await world.approve(item)
    await until_in(world, item, "Done")
    await ended_well(world, item)


async def test_a_claim_that_cannot_be_given_back_is_given_back_later(make_world: MakeWorld) -> None:
    """An agent changed nothing, and the push that gives the claim back breaks: no claim and no worktree is left."""
    world = await make_world(one_clock=True)
    world.play("Nothing", {"say": "nothing to do"})
    taken = 3  # the claim, and the work saved twice
    world.hub.admin("faults", {"match": START[4], "kind": "status", "status": 502, "skip": taken})
    item = await world.add_issue("Nothing", edits=False)
    await until_in(world, item, "Parked")
    await world.admin_clock(PATIENCE.total_seconds())
    world.service.scan_soon()
    await world.settle(patience=PATIENCE)
    assert await left(world) == 0
    assert world.worktrees() == [] and await world.refs("sluice/claim") == {}


async def test_git_is_away_for_a_while(make_world: MakeWorld) -> None:
    """While nothing can be fetched no agent begins, none is blamed, and nobody is asked."""
    world = await make_world(one_clock=True)
    item = await world.add_issue("Fix the typo", column=None)
    await world.settle()
    before = 3  # the base's workflows are fetched, and the claim is read back
    world.hub.admin("faults", {"match": START[3], "kind": "status", "status": 503, "times": 15, "skip": before})
    await world.move(item, "Ready")
    await until_in(world, item, "InReview")
    runs = (await world.service.ledger.recall(item.card, world.now())).runs
    assert len(runs) == 1 and runs[0].attempts == runs[0].excused > 2 and len(await world.comments(item)) == 1
    assert (await world.service.ledger.tallies())[item.card].attempts == 1
    await world.approve(item)
    await until_in(world, item, "Done")
    await ended_well(world, item)


async def order(world: World, kind: str, matches: tuple[dict[str, str], ...], times: int = 1) -> None:
    """Program the faults; no person's request of these stories fits one of them."""
    for match in matches:
        world.hub.admin("faults", {"match": match, "times": times, **KINDS[kind]})


async def renew_token(world: World) -> None:
    """Sluice starts again with a new token."""
    await world.stop()
    world.app |= world.hub.admin(f"apps/{world.app['slug']}/token", {})
    await world.start()


async def left(world: World) -> int:
    """Faults that no request has met."""
    after: int = world.hub.admin("faults", {"match": {"path": "/nothing"}, "kind": "reset"})["faults"]
    world.hub.admin("faults", method="DELETE")
    return after - 1


async def until_in(world: World, item: Any, stage: str) -> None:
    """Let time go by, with a sweep now and then."""
    for _ in range(6):
        assert world.service
        world.service.scan_soon()
        await world.settle(patience=PATIENCE)
        if await world.stage(item) == stage:
            return
    raise AssertionError(await world.reason(item))


async def ended_well(world: World, item: Any) -> None:
    assert await world.column(item) == "Done", await world.reason(item)
    assert (await world.issue(item))["state"] == "closed"
    assert await world.file("notes/fix-the-typo.txt") == "Fix the typo\n"
    pulls = await world.pulls(item)
    assert len(pulls) == 1 and pulls[0]["merged_at"]
    commits = await world.rest("ann", "GET", "{repo}/commits?sha=main&per_page=100")
    assert len(commits) == 2, [commit["commit"]["message"] for commit in commits]
    assert len(await world.comments(item)) == 1, await world.comments(item)
    assert world.worktrees() == [] and await world.branches() == ["main"]
    assert await world.refs("sluice/") == {}
