"""What goes wrong: reads are tried again, writes never, and every failure says what it means."""

from __future__ import annotations

import time
from typing import Any

import pytest
import respx
from httpx import Response

from bot.core.actions import SayStatus
from bot.core.board import Board, Columns
from bot.core.item import Item
from bot.errors import Ambiguous, BoardError, Refused, Unavailable
from bot.github.auth import StaticToken
from bot.github.client import GitHubClient
from tests.contracts.github_world import GitHubWorld, world

__all__ = ["world"]
API = "https://api.github.example"
BOARD = Board(key="acme/1", project_id="PVT_1", status_field_id="F_1", options={"Ready": "1"}, columns=Columns())
ITEM = Item(id="PVTI_1", board="acme/1", repo="acme/shop", number=1, issue_id="I_1")


def fault(world: GitHubWorld, operation: str = "", path: str = "", **kind: Any) -> None:
    match = {"operation": operation} if operation else {"path": path}
    world.admin("faults", match=match, **kind)


async def test_read_survives_a_hiccup(world: GitHubWorld) -> None:
    """Two bad gateways in a row are not noticed."""
    fault(world, "query Board", kind="status", status=502, times=2)
    assert (await world.github.board(world.key)).key == world.key


async def test_read_that_keeps_failing_is_unavailable(world: GitHubWorld) -> None:
    """After three tries the pass is told to come back later."""
    fault(world, "query Board", kind="status", status=502, times=3)
    with pytest.raises(Unavailable) as failed:
        await world.github.board(world.key)
    assert not isinstance(failed.value, Ambiguous)


async def test_write_that_failed_after_it_was_done_is_not_repeated(world: GitHubWorld) -> None:
    """A bad gateway after the commit is ambiguous; one comment stands, and the next look finds it."""
    item = world.add_issue("Fix")
    seen = await world.github.see(world.board, item)
    fault(world, "addComment", kind="status_after", status=502)
    with pytest.raises(Ambiguous):
        await world.github.write(world.board, item, [SayStatus("Working.")], seen)
    assert len(world.mona.rest("GET", f"/repos/{world.repo}/issues/{item.number}/comments")) == 1
    assert (await world.github.see(world.board, item)).status is not None


async def test_merge_that_failed_after_it_was_done_is_ambiguous(world: GitHubWorld) -> None:
    """REST writes are not sent twice either."""
    fault(world, path="/merge", kind="status", status=502, times=1)
    with pytest.raises(Ambiguous):
        await world.github.merge(world.repo, 1, "0" * 40, "squash")
    with pytest.raises(Refused):  # the fault struck once, so the one request was the only one
        await world.github.merge(world.repo, 1, "0" * 40, "squash")


async def test_server_that_says_nothing_is_unavailable(world: GitHubWorld) -> None:
    """A timeout of a write is ambiguous, of a read it is not."""
    item = world.add_issue("Fix")
    seen = await world.github.see(world.board, item)
    fault(world, "addComment", kind="timeout")
    hasty = world.client(StaticToken(world.app["token"]), timeout=0.3)
    with pytest.raises(Ambiguous):
        await hasty.write(world.board, item, [SayStatus("Working.")], seen)
    await hasty.close()


async def test_wrong_token_is_refused_with_advice(world: GitHubWorld) -> None:
    """What will fail again says so, and what to check."""
    stranger = world.client(StaticToken("ghs_wrong"))
    with pytest.raises(Refused, match="token is wrong or has expired") as refused:
        await stranger.board(world.key)
    with pytest.raises(Refused, match="401"):
        await stranger.role(world.repo, world.mona.login)
    assert refused.value.status == 401
    await stranger.close()


async def test_missing_status_field_names_those_there_are() -> None:
    """A board without Status is explained by what it has instead."""
    async with mocked() as (github, route):
        fields = {"nodes": [{"__typename": "ProjectV2Field", "id": "F", "name": "Title"}]}
        project = {"id": "PVT", "title": "T", "closed": False, "fields": fields}
        answer = {"rateLimit": {"cost": 1}, "organization": {"projectV2": project}, "user": None}
        route.mock(Response(200, json={"data": answer}))
        with pytest.raises(BoardError, match="its fields are: Title"):
            await github.board("acme/1")


async def test_mocked_call_really_is_intercepted() -> None:
    """gql speaks through the HTTP library that the mock replaces: nothing reaches the network."""
    async with mocked() as (github, route):
        route.mock(Response(200, json={"data": {"organization": None, "user": None}}))
        with pytest.raises(BoardError):
            await github.board("acme/1")
        sent = route.calls.last.request
        assert str(sent.url) == f"{API}/graphql" and sent.headers["authorization"] == "Bearer t"


@pytest.mark.parametrize("kind", [{"type": "RATE_LIMITED"}, {"type": "RATE_LIMIT", "code": "graphql_rate_limit"}])
async def test_used_up_points_wait_until_the_reset(kind: dict[str, str]) -> None:
    """GraphQL says it with status 200 and in two ways; both mean waiting until the hour is over."""
    async with mocked() as (github, route):
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 900)}
        route.mock(Response(200, json={"errors": [{**kind, "message": "API rate limit exceeded"}]}, headers=headers))
        with pytest.raises(Unavailable) as limited:
            await github.scan(BOARD)
        assert limited.value.retry_after == pytest.approx(900, abs=5)
        assert route.call_count == 1


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [(429, {"retry-after": "30"}, 30), (403, {"retry-after": "7"}, 7), (403, {}, 60)],
)
async def test_secondary_limits_are_obeyed(status: int, headers: dict[str, str], wait: float) -> None:
    """A write that GitHub slowed down was not done, and waits as long as GitHub says, else a minute."""
    async with mocked() as (github, route):
        body = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
        route.mock(Response(status, json=body, headers=headers))
        with pytest.raises(Unavailable) as limited:
            await github.write(BOARD, ITEM, [SayStatus("x")], None)
        assert limited.value.retry_after == wait and not isinstance(limited.value, Ambiguous)


@pytest.mark.parametrize(("type_", "error"), [("FORBIDDEN", Refused), ("INTERNAL", Unavailable)])
async def test_hole_in_the_answer_is_no_fact(type_: str, error: type[Exception]) -> None:
    """Checks that could not be read are not the same as no checks: the pass ends instead."""
    async with mocked() as (github, route):
        wrong = {
            "type": type_,
            "path": ["card", "content", "repository", "pullRequest", "statusCheckRollup"],
            "message": "no",
        }
        route.mock(Response(200, json={"data": {"card": {"type": "ISSUE"}}, "errors": [wrong]}))
        with pytest.raises(error):
            await github.see(BOARD, ITEM)


class mocked:
    """A client whose only GitHub is what the test says it answers."""

    async def __aenter__(self) -> tuple[GitHubClient, respx.Route]:
        self.router = respx.mock(assert_all_called=False)
        self.router.start()
        self.github = GitHubClient(API, StaticToken("t"), "sluice[bot]", self.book)
        return self.github, self.router.post(f"{API}/graphql")

    async def __aexit__(self, *_: object) -> None:
        await self.github.close()
        self.router.stop()

    async def book(self, item: str | None, kind: str, amount: int) -> None:
        """Costs of a GitHub that does not exist."""
