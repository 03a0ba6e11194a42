"""Living within GitHub's limits: the queue, what GitHub's refusals mean to everybody, and reads that cost nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.actions import AskPerson, MoveCard, Reply, SayStatus
from bot.core.limits import AT_ONCE, CONTENT_A_MINUTE, MINUTE, Call, Importance, Standing
from bot.core.trust import Role
from bot.errors import Limited, Unavailable
from bot.github.auth import StaticToken
from bot.github.limits import PATIENCE, Limits, hour_of
from tests.contracts.github_world import GitHubWorld, world

__all__ = ["world"]
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


class Clock:
    """Time that goes by when somebody waits."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


async def crowd(calls: Sequence[Call]) -> tuple[list[tuple[datetime, Call]], int, int]:
    """All at once: who went when, how many were told to come back, and how many were under way at the same time."""
    clock = Clock()
    limits = Limits(now=clock, sleep=clock.sleep)
    went: list[tuple[datetime, Call]] = []
    inside = most = 0

    async def one(call: Call) -> None:
        nonlocal inside, most
        async with limits.turn(call):
            went.append((clock.now, call))
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    ends = await asyncio.gather(*(one(call) for call in calls), return_exceptions=True)
    assert all(end is None or isinstance(end, Limited) for end in ends), ends
    return went, sum(end is not None for end in ends), most


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.builds(
            Call,
            resource=st.sampled_from(["graphql", "core"]),
            write=st.just(True),
            content=st.sampled_from([0, 1, 1, 5]),
            importance=st.sampled_from(Importance),
        ),
        min_size=30,
        max_size=150,
    )
)
async def test_a_crowd_stays_below_the_limits(calls: list[Call]) -> None:
    """Whoever comes at once goes one after the other, within a minute's content and never too many together."""
    went, told, most = await crowd(calls)
    assert len(went) + told == len(calls)
    assert sum(call.content for at, call in went if at < NOW + MINUTE) <= CONTENT_A_MINUTE
    assert most <= AT_ONCE
    assert all(at <= NOW + len(calls) * PATIENCE for at, _ in went)


async def test_the_more_important_goes_first() -> None:
    """A merge that comes last overtakes the status comments that wait."""
    clock = Clock()
    limits = Limits(now=clock, sleep=clock.sleep)
    limits.budget.block(timedelta(seconds=5), clock.now)
    order: list[str] = []

    async def one(name: str, importance: Importance) -> None:
        async with limits.turn(Call("graphql", True, importance=importance)):
            order.append(name)

    words = [asyncio.create_task(one(f"words {n}", Importance.WORDS)) for n in range(3)]
    await asyncio.sleep(0)
    await asyncio.gather(one("merge", Importance.FIRST), *words)
    assert order == ["merge", "words 0", "words 1", "words 2"]


async def test_refusal_holds_everybody_and_is_sent_once(world: GitHubWorld) -> None:
    """After `retry-after` nothing more is sent, reading or writing, until the time is over; nothing was done."""
    item = world.add_issue("Fix", column="Ready")
    seen = await world.github.see(world.board, item)
    match, headers = {"operation": "mutation Write"}, {"retry-after": "45"}
    world.admin("faults", match=match, kind="status", status=403, body=SECONDARY, headers=headers)
    before = world.admin(f"counters?login={world.app['login']}", method="GET")
    with pytest.raises(Limited, match="waits for GitHub's limit, resets at") as limited:
        await world.github.write(world.board, item, [SayStatus("Working.")], seen)
    assert limited.value.retry_after == 45
    for call in (world.github.see(world.board, item), world.github.role(world.repo, world.mona.login)):
        with pytest.raises(Limited):
            await call
    after = world.admin(f"counters?login={world.app['login']}", method="GET")
    assert after == before | {"refusals": before["refusals"] + 1}
    assert world.github.starts_at(world.repo) is not None


async def test_refusal_is_known_to_the_next_life() -> None:
    """Killed right after it was told to wait, Sluice asks nothing when it starts again."""
    clock, kept = Clock(), list[Standing]()

    async def keep(standing: Standing) -> Standing:
        known = kept[-1] if kept else standing
        kept.append(standing.joined(known))
        return kept[-1]

    first = Limits("sluice[bot]", clock, keep, clock.sleep)
    async with first.turn(Call("graphql")):
        pass
    with pytest.raises(Limited):
        async with first.turn(Call("graphql")):
            raise first.obeyed(Unavailable("not so fast", retry_after=90), {"retry-after": "90"})
    with pytest.raises(Limited):
        async with Limits("sluice[bot]", clock, keep, clock.sleep).turn(Call("graphql")):
            pass


async def test_content_that_ran_out_within_a_document_is_a_limit_too(world: GitHubWorld) -> None:
    """What was created stands, the rest says so, and then nobody writes before the wait is over."""
    item = world.add_issue("Fix", column="Ready")
    seen = await world.github.see(world.board, item)
    world.admin("limits", login=world.app["login"], content_a_minute=1)
    said = await world.github.write(world.board, item, [Reply("One.", "m1"), Reply("Two.", "m2")], seen)
    assert [each.ok for each in said] == [True, False] and "submitted too quickly" in said[1].error
    with pytest.raises(Limited, match="waits for GitHub's limit"):
        await world.github.write(world.board, item, [MoveCard("Done")], seen)


async def test_document_of_which_nothing_was_done_waits(world: GitHubWorld) -> None:
    """GitHub's refusal with status 200 and no time in it means what one with 403 does: a minute, and no answer."""
    item = world.add_issue("Fix", column="Ready")
    seen = await world.github.see(world.board, item)
    hasty = {"type": "UNPROCESSABLE", "path": ["w0"], "message": "was submitted too quickly"}
    body = {"data": {"w0": None}, "errors": [hasty]}
    world.admin("faults", match={"operation": "mutation Write"}, kind="status", status=200, body=body)
    with pytest.raises(Limited) as limited:
        await world.github.write(world.board, item, [SayStatus("Working.")], seen)
    assert limited.value.retry_after == 60


async def test_points_that_are_used_up_leave_rest(world: GitHubWorld) -> None:
    """Each resource has an hour of its own: without GraphQL points a pull request can still be merged."""
    item = world.add_issue("Fix", column="Ready")
    spent = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-resource": "graphql"}
    spent["x-ratelimit-reset"] = str(int(time.time()) + 3590)
    body = {"errors": [{"type": "RATE_LIMIT", "message": "API rate limit already exceeded"}]}
    world.admin("faults", match={"operation": "query See"}, kind="status", status=200, body=body, headers=spent)
    for _ in range(2):  # the second is not even sent
        with pytest.raises(Limited) as limited:
            await world.github.see(world.board, item)
        assert limited.value.retry_after == pytest.approx(3590, abs=20)
    assert await world.github.role(world.repo, world.mona.login) == Role.ADMIN


async def test_refusals_in_a_row_double_the_wait(world: GitHubWorld) -> None:
    """GraphQL that says with status 200 to wait, and says it again a minute later, is left alone for two."""
    clock = Clock()
    github = world.client(StaticToken(world.app["token"]), limits=Limits(now=clock))
    body = {"errors": [{"type": "RATE_LIMITED", "message": "slow down"}]}
    world.admin("faults", match={"operation": "query Board"}, kind="status", status=200, times=2, body=body)
    for wait in (60, 120):
        with pytest.raises(Limited) as limited:
            await github.board(world.key)
        assert limited.value.retry_after == wait
        clock.now += timedelta(seconds=wait)
    assert (await github.board(world.key)).key == world.key
    await github.close()


async def test_read_that_has_not_changed_is_free(world: GitHubWorld) -> None:
    """A role asked for again by its ETag takes nothing of the hour, and a change is seen at once."""
    assert await world.github.role(world.repo, world.olga.login) == Role.READ
    left = _core_left(world)
    assert await world.github.role(world.repo, world.olga.login) == Role.READ
    assert _core_left(world) == left - 1  # the look at the hour itself
    path = f"/repos/{world.repo}/collaborators/{world.olga.login}"
    world.mona.rest("PUT", path, permission="push")
    assert await world.github.role(world.repo, world.olga.login) == Role.WRITE


async def test_each_alias_has_its_own_end(world: GitHubWorld) -> None:
    """Of three writes in one document the second fails; the others are done, it says why, and nothing is sent again."""
    item = world.add_issue("Fix", column="Ready")
    seen = await world.github.see(world.board, item)
    world.costs.clear()
    writes = [Reply("One.", "m1"), AskPerson("x" * 70_000, "m2"), MoveCard("In Review")]
    one, two, three = await world.github.write(world.board, item, writes, seen)
    assert (one.ok, two.ok, three.ok) == (True, False, True) and two.error
    assert world.costs[item.id, "graphql_requests"] == 1
    found = await world.github.see(world.board, item)
    assert found.asked == ("m1",) and found.face and found.face.column == "In Review"


def test_the_hour_goes_by_githubs_clock() -> None:
    """A machine whose clock is a day ahead still knows how long the hour lasts."""
    told = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "7", "x-ratelimit-reset": "1700000600"}
    wrong = datetime.fromtimestamp(1700000000, UTC) + timedelta(days=1)
    hour = hour_of(told | {"date": "Tue, 14 Nov 2023 22:13:20 GMT"}, wrong)
    assert hour and (hour.remaining, hour.resets - wrong) == (7, timedelta(seconds=600))


def _core_left(world: GitHubWorld) -> int:
    token = {"authorization": f"Bearer {world.app['token']}"}
    answer = world.mona.client.get(f"/repos/{world.repo}", headers=token)
    return int(answer.headers["x-ratelimit-remaining"])
