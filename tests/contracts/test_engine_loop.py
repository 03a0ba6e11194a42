"""The loop: due wakes become passes, one at a time per item, and no pass can end it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.context import Context
from bot.core.actions import Decision
from bot.engine import Loop
from bot.errors import Refused, Unavailable
from bot.ledger.ledger import SqlLedger
from bot.ledger.open import open_ledger
from tests.contracts.engine_world import until
from tests.contracts.ledger_world import NOW, add

Pass = Callable[[Context, str], Awaitable[Decision]]


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Passes:
    """Counts the passes over each item, and how many there were at once, of one item and of all."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.at_once: Counter[str] = Counter()
        self.most = 0
        self.most_side_by_side = 0
        self.answers: list[Decision | Exception] = []

    async def __call__(self, ctx: Context, item: str) -> Decision:
        self.made[item] += 1
        self.at_once[item] += 1
        self.most = max(self.most, self.at_once[item])
        self.most_side_by_side = max(self.most_side_by_side, self.at_once.total())
        await asyncio.sleep(0.01)
        self.at_once[item] -= 1
        answer = self.answers.pop(0) if self.answers else Decision("Ready", "waits")
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def passes() -> Passes:
    return Passes()


@pytest.fixture
async def loop(ledger: SqlLedger, clock: Clock, passes: Passes) -> AsyncIterator[Loop]:
    made = loop_on(ledger, clock, passes)
    await made.start()
    yield made
    await made.stop()


def loop_on(ledger: Any, clock: Clock, drain: Pass, crowded: bool = False) -> Loop:
    return Loop(cast(Context, SimpleNamespace(now=clock)), ledger, drain, poll=0.02, crowded=lambda: crowded)


async def test_one_pass_at_a_time_over_all_processes(
    ledger: SqlLedger, database: str, loop: Loop, clock: Clock, passes: Passes
) -> None:
    """Two loops on one ledger, and hints that keep coming: never two passes over one item at once."""
    other_ledger = await open_ledger(database)
    other = loop_on(other_ledger, clock, passes)
    await other.start()
    found = await add(ledger, 1, 2, 3)
    for _ in range(10):
        await asyncio.gather(*(ledger.wake(item, NOW, "hint") for item in found))
    await until(lambda: _rested(ledger))
    await other.stop()
    await other_ledger.close()
    assert passes.most == 1
    assert set(passes.made) == set(found)


async def test_passes_are_made_side_by_side(ledger: SqlLedger, clock: Clock) -> None:
    """Three items are looked at at once: each look waits here for the other two."""
    together, met = asyncio.Barrier(3), set[str]()

    async def drain(ctx: Context, item: str) -> Decision:
        await together.wait()
        met.add(item)
        return Decision("Ready", "waits")

    loop = loop_on(ledger, clock, drain)
    found = await add(ledger, 1, 2, 3)
    await loop.start()
    await until(lambda: _rested(ledger))
    await loop.stop()
    assert met == set(found)


async def test_passes_step_back_when_it_is_crowded(ledger: SqlLedger, clock: Clock, passes: Passes) -> None:
    """While webhooks come in by the dozen items are looked at one after the other."""
    loop = loop_on(ledger, clock, passes, crowded=True)
    await add(ledger, 1, 2, 3)
    await loop.start()
    await until(lambda: _rested(ledger))
    await loop.stop()
    assert (len(passes.made), passes.most_side_by_side) == (3, 1)


async def test_next_look_comes_when_it_is_due(ledger: SqlLedger, loop: Loop, clock: Clock, passes: Passes) -> None:
    """Nothing happens before; a hint in between comes first."""
    passes.answers = [Decision("InReview", "waits", look_again_at=NOW + timedelta(hours=3))]
    [item] = await add(ledger, 1)
    await until(lambda: _rested(ledger))
    assert (passes.made[item], await ledger.next_due()) == (1, NOW + timedelta(hours=3))
    clock.now += timedelta(hours=3)
    await until(lambda: passes.made[item] == 2)


FAILURES = [
    (Unavailable("GitHub does not answer"), 5, "machine"),
    (Unavailable("wait a minute", retry_after=60), 60, "machine"),
    (Refused("no such repository", 404), 600, "person"),
    (ZeroDivisionError("a fault"), 5, "machine"),
]


@pytest.mark.parametrize(("failure", "seconds", "waits_for"), FAILURES)
async def test_failed_pass_is_explained_and_tried_again(
    ledger: SqlLedger, loop: Loop, passes: Passes, failure: Exception, seconds: int, waits_for: str
) -> None:
    """The reason is where `explain` finds it; the next look is later."""
    passes.answers = [failure]
    [item] = await add(ledger, 1)
    await until(lambda: _rested(ledger))
    [said] = await ledger.decisions(item)
    assert str(failure) in said.reason and (said.waits_for, said.performed) == (waits_for, False)
    assert await ledger.next_due() == NOW + timedelta(seconds=seconds)


async def test_repeated_failure_slows_down(ledger: SqlLedger, loop: Loop, clock: Clock, passes: Passes) -> None:
    """Twice as long each time, five minutes at most; a good pass makes it quick again."""
    passes.answers = [Unavailable("down") for _ in range(8)]
    await add(ledger, 1)
    pauses = []
    for _ in range(8):
        await until(lambda: _rested(ledger, clock.now))
        due = await ledger.next_due()
        assert due
        pauses.append((due - clock.now).total_seconds())
        clock.now = due
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300]


async def test_pass_that_gets_nowhere_is_slowed_down(
    ledger: SqlLedger, loop: Loop, clock: Clock, passes: Passes
) -> None:
    """Who decides the same at once again and again does not spin."""
    same = Decision("Ready", "again", look_again_at=NOW)
    passes.answers = [same, same, same]
    await add(ledger, 1)
    await until(lambda: _rested(ledger))
    assert sum(passes.made.values()) == 2
    assert await ledger.next_due() == NOW + timedelta(seconds=5)


async def test_ledger_out_of_reach_does_not_end_the_loop(clock: Clock, passes: Passes) -> None:
    """Neither an outage nor a fault while it asks for work."""
    asked = []

    class Faulty:
        async def due(self, now: datetime, limit: int) -> list[object]:
            asked.append(now)
            raise Unavailable("down") if len(asked) % 2 else RuntimeError("a fault")

    loop = loop_on(Faulty(), clock, passes)
    await loop.start()
    await until(lambda: len(asked) > 4)
    await loop.stop()


async def test_stop_waits_for_passes_under_way(ledger: SqlLedger, clock: Clock) -> None:
    """A pass is never cut in the middle."""
    begun, ended = asyncio.Event(), []

    async def slow(ctx: Context, item: str) -> Decision:
        begun.set()
        await asyncio.sleep(0.2)
        ended.append(item)
        return Decision("Ready", "waits")

    loop = loop_on(ledger, clock, slow)
    await loop.start()
    found = await add(ledger, 1)
    await begun.wait()
    await loop.stop()
    assert ended == found and await ledger.wake_of(found[0]) is None


async def _rested(ledger: SqlLedger, now: datetime = NOW) -> bool:
    due = await ledger.next_due()
    return due is None or due > now
