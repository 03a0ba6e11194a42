"""GitHub's limits as arithmetic: no sequence of calls that waits as it is told ever exceeds them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.limits import (
    CONTENT_A_MINUTE,
    CONTENT_AN_HOUR,
    HOUR,
    MINUTE,
    PENALTY,
    POINTS,
    Budget,
    Call,
    Hour,
    Importance,
    Standing,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
RESET = NOW + timedelta(minutes=20)
READ, WRITE = Call("graphql"), Call("graphql", write=True)
SCAN, START = Call("graphql", importance=Importance.SWEEP), Call("graphql", importance=Importance.START)
CALLS = st.builds(
    Call,
    resource=st.sampled_from(["graphql", "core"]),
    write=st.booleans(),
    content=st.sampled_from([0, 0, 1, 3, 20]),
    importance=st.sampled_from(Importance),
)


def with_left(remaining: int) -> Budget:
    budget = Budget()
    budget.learn("graphql", Hour(5000, remaining, RESET))
    return budget


@given(st.lists(st.tuples(CALLS, st.integers(0, 2000), st.integers(1, 60)), max_size=60))
def test_no_budget_is_ever_exceeded(wishes: list[tuple[Call, int, int]]) -> None:
    """Whoever calls whenever they like, each as often as it pleases, but waits as told, stays below every limit."""
    budget, now = Budget(), NOW
    made: list[tuple[datetime, Call]] = []
    for call, pause, times in wishes:
        now += timedelta(milliseconds=pause)
        for _ in range(times):
            now += budget.wait(call, now)
            budget.begin(call, now)
            budget.end(call)
            made.append((now, call))
    for resource, most in POINTS.items():
        assert densest(made, MINUTE, lambda c, r=resource: c.points if c.resource == r else 0) <= most  # type: ignore[misc]
    assert densest(made, MINUTE, lambda c: c.content) <= CONTENT_A_MINUTE
    assert densest(made, HOUR, lambda c: c.content) <= CONTENT_AN_HOUR


@given(st.lists(CALLS, max_size=40), st.integers(0, 30))
def test_the_hour_is_never_overdrawn(calls: list[Call], remaining: int) -> None:
    """While answers are still to come, each call under way counts as one; beyond the rest, all wait for the reset."""
    budget = Budget()
    for resource in POINTS:
        budget.learn(resource, Hour(5000, remaining, RESET))
    for call in calls:
        if not budget.wait(call, NOW):
            budget.begin(call, NOW)
    assert max(budget.under_way.values()) <= remaining


def test_what_is_under_way_goes_on_when_new_work_waits() -> None:
    """Of the hour's points a tenth is left to items under way, and scans stop when half of that is gone."""
    for left, start, scan in ((501, False, False), (500, True, False), (251, True, False), (250, True, True)):
        budget = with_left(left)
        assert bool(budget.wait(START, NOW)) == start, left
        assert bool(budget.wait(SCAN, NOW)) == scan, left
        assert not budget.wait(WRITE, NOW)
        assert budget.starts_at(NOW) == (RESET if start else None)
    assert with_left(0).wait(WRITE, NOW) == RESET - NOW
    assert with_left(0).wait(WRITE, RESET) == timedelta()


def test_new_work_waits_for_comments_to_be_had() -> None:
    """When a tenth of the hour's content is left nothing new starts, and an item under way may still say something."""
    budget = Budget()
    for minute in range(41):
        budget.begin(Call("graphql", True, 10), NOW + minute * MINUTE)
    later = NOW + 41 * MINUTE
    assert budget.starts_at(later) == NOW + HOUR
    assert not budget.wait(Call("graphql", True, 3), later)


def test_answers_that_overtake_each_other() -> None:
    """Within an hour the lower rest is the newer; the next hour begins with all of it."""
    budget = with_left(400)
    budget.learn("graphql", Hour(5000, 450, RESET))
    assert budget.hours["graphql"].remaining == 400
    budget.learn("graphql", Hour(5000, 5000, RESET + HOUR))
    assert budget.hours["graphql"].remaining == 5000


def test_github_that_goes_on_refusing_is_left_alone_longer() -> None:
    """The first time counts as told; calls made together are one refusal; later ones double the wait, up to a cap."""
    budget, now = Budget(), NOW
    assert budget.block(MINUTE, now) == now + MINUTE
    assert budget.block(MINUTE, now) == now + MINUTE
    waits = []
    for _ in range(6):
        now = budget.blocked_until or now
        waits.append(budget.block(MINUTE, now) - now)
    assert waits[:2] == [2 * MINUTE, 4 * MINUTE] and waits[-1] == PENALTY
    now += PENALTY
    budget.forgive(now)
    assert budget.block(MINUTE, now) == now + MINUTE
    assert budget.wait(READ, now) == MINUTE


@pytest.mark.parametrize(("left", "points", "apart"), [(3000, 100, 0), (2250, 1, 1.2), (450, 10, 120), (260, 10, 1200)])
def test_sweeps_slow_down(left: int, points: int, apart: float) -> None:
    """While half of the hour is left they come as they like, then they share half of the rest, at last they wait."""
    assert with_left(left).sweep_pause(points, NOW) == timedelta(seconds=apart)


def test_a_clock_that_is_set_back() -> None:
    """What was noted by a clock that ran a day ahead holds nobody up."""
    ahead = NOW + timedelta(days=1)
    budget = Budget()
    budget.learn("graphql", Hour(5000, 0, ahead + MINUTE))
    budget.begin(Call("graphql", True, CONTENT_A_MINUTE), ahead)
    budget.block(MINUTE, ahead)
    assert budget.wait(Call("graphql", True, 1), ahead) == MINUTE
    assert budget.wait(Call("graphql", True, 1), NOW) == timedelta()
    assert budget.starts_at(NOW) is None and budget.sweep_pause(1, NOW) == timedelta()


def test_a_minutes_points_are_shown_for_a_minute() -> None:
    """A write counts five, a read one; of a standing that is older nothing is left."""
    budget = Budget()
    for write in (True, False):
        budget.begin(Call("graphql", write), NOW)
    standing = budget.standing("x", NOW, {})
    assert (standing.points("graphql", NOW), standing.points("core", NOW)) == (6, 0)
    assert standing.points("graphql", NOW + MINUTE) == 0


def test_processes_share_what_they_know() -> None:
    """Content of both counts, what both know counts once, and what is older than an hour is forgotten."""
    both, mine, theirs = (NOW - timedelta(minutes=m) for m in (10, 5, 1))
    old = (NOW - timedelta(hours=2), 9)
    one = Standing("x", NOW, {"core": Hour(5000, 90, RESET)}, (old, (both, 1), (mine, 2)))
    other = Standing("x", NOW - MINUTE, {"core": Hour(5000, 80, RESET)}, ((both, 1), (theirs, 4)), blocked_until=RESET)
    joined = one.joined(other)
    assert joined.content == ((both, 1), (mine, 2), (theirs, 4))
    assert joined.hours["core"].remaining == 80 and joined.blocked_until == RESET
    budget = Budget()
    budget.begin(Call("graphql", True, 2), mine)
    budget.adopt(joined)
    assert [window.used(NOW) for window in budget.content] == [0, 7]


def densest(made: list[tuple[datetime, Call]], span: timedelta, weigh: object) -> int:
    """The most within any such span."""
    most = total = first = 0
    for at, call in made:
        total += weigh(call)  # type: ignore[operator]
        while made[first][0] <= at - span:
            total -= weigh(made[first][1])  # type: ignore[operator]
            first += 1
        most = max(most, total)
    return most
