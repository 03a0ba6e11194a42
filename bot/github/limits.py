"""Calls wait for their turn: the more important first, as `core.limits` reckons and as GitHub's answers tell."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from bot.core.limits import HOUR, Budget, Call, Hour, Importance, Resource, Standing, waits_until
from bot.errors import Limited, SluiceError, Unavailable
from bot.github.times import answered_at

PATIENCE = timedelta(seconds=20)  # a call waits this long; what takes longer is for the timer
SLICE = 0.25  # seconds after which the first in a line sees whether somebody more important came
KEPT_EVERY = timedelta(seconds=1)

Keep = Callable[[Standing], Awaitable[Standing]]  # stores it; answers with what other processes add to it
Ticket = tuple[Importance, int]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Limits:
    """Of one identity: a person's token, or an App's installation."""

    def __init__(
        self,
        identity: str = "",
        now: Callable[[], datetime] = utc_now,
        keep: Keep | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.budget = Budget()
        self._identity, self._now, self._keep, self._sleep = identity, now, keep, sleep
        self._lines: defaultdict[str, list[Ticket]] = defaultdict(list)
        self._numbers = itertools.count()
        self._moved = asyncio.Condition()
        self._kept_at: datetime | None = None

    @asynccontextmanager
    async def turn(self, call: Call) -> AsyncIterator[None]:
        """Within it the call is made; Limited when its turn is further off than anybody should wait here."""
        await self._share(at_once=self._kept_at is None or bool(call.content))
        await self._queue(call)
        try:
            yield
            self.budget.forgive(self._now())
        finally:
            self.budget.end(call)
            await self._wake()
            await self._share(at_once=bool(call.content))

    def heard(self, resource: Resource, headers: Mapping[str, str]) -> None:
        """The numbers that came with an answer."""
        told = hour_of(headers, self._now())
        if told and headers.get("x-ratelimit-resource", resource) == resource:
            self.budget.learn(resource, told)

    def obeyed(self, error: SluiceError, headers: Mapping[str, str]) -> SluiceError:
        """What a failure means to everybody: when GitHub says to wait, nobody asks on in the meantime."""
        if not isinstance(error, Unavailable) or error.retry_after is None:
            return error
        now, wait = self._now(), timedelta(seconds=error.retry_after)
        if "retry-after" in headers or headers.get("x-ratelimit-remaining") != "0":  # else it is one resource's hour
            wait = self.budget.block(wait, now) - now
            self._kept_at = None  # kept at once: another process, or the next life of this one, waits as well
        return self._limited(wait, str(error))

    def starts_at(self) -> datetime | None:
        """When new work may begin; None: now."""
        return self.budget.starts_at(self._now())

    def sweep_pause(self, points: int) -> timedelta:
        return self.budget.sweep_pause(points, self._now())

    async def close(self) -> None:
        with contextlib.suppress(Unavailable):  # nothing is lost that GitHub would not tell again
            await self._share(at_once=True)

    async def _queue(self, call: Call) -> None:
        """Whoever is first in its line waits for the budget, the others for their place."""
        line = self._lines["content" if call.content else call.resource]
        ticket = (call.importance, next(self._numbers))
        insort(line, ticket)

        def first() -> bool:
            return line[0] == ticket and not self.budget.full

        try:
            while not first() or (wait := self.budget.wait(call, self._now())):
                if not first():
                    async with self._moved:
                        await self._moved.wait_for(first)
                elif wait > PATIENCE:
                    raise self._limited(wait)
                else:
                    await self._sleep(min(wait.total_seconds(), SLICE))
            self.budget.begin(call, self._now())
        finally:
            line.remove(ticket)
            await self._wake()

    async def _wake(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    def _limited(self, wait: timedelta, said: str = "") -> Limited:
        told = waits_until((self._now() + wait).astimezone(UTC))
        return Limited(f"{told} ({said})" if said else told, retry_after=wait.total_seconds())

    async def _share(self, at_once: bool) -> None:
        """Keep what is known, and learn what other processes have asked; now and then, for it is a write."""
        now = self._now()
        if self._keep is None or not (at_once or self._kept_at is None or abs(now - self._kept_at) >= KEPT_EVERY):
            return
        self._kept_at = now
        waiting = Counter(ticket[0].name.lower() for line in self._lines.values() for ticket in line)
        self.budget.adopt(await self._keep(self.budget.standing(self._identity, now, waiting)))


def hour_of(headers: Mapping[str, str], now: datetime) -> Hour | None:
    """By GitHub's own clock, which the answer tells: ours may be wrong."""
    told = {name: headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "remaining", "reset")}
    if not all(value.isdecimal() for value in told.values()):
        return None
    seconds = int(told["reset"]) - answered_at(headers, now).timestamp()
    wait = min(max(timedelta(seconds=seconds), timedelta()), HOUR)
    return Hour(int(told["limit"]), int(told["remaining"]), now + wait)
