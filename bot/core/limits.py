"""GitHub's limits: whether a call may be made now, how long it waits otherwise, and for whom the rest is kept."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Literal

Resource = Literal["graphql", "core"]
Spent = tuple[datetime, int]  # when, and how much

WAITS = "waits for GitHub's limit"
NOTHING = timedelta()
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# GitHub's own figures are 2,000 and 900 points a minute, 80 and 500 pieces of content, and 100 calls at once. Somebody
# else may use the same token, and its clock is not ours, so we keep a tenth below.
POINTS: Mapping[Resource, int] = {"graphql": 1800, "core": 800}
CONTENT_A_MINUTE, CONTENT_AN_HOUR = 70, 450
AT_ONCE = 50
PENALTY = timedelta(minutes=15)  # GitHub that goes on refusing is left alone for up to this long
SAME_HOUR = timedelta(minutes=2)  # two answers may give the end of one hour a little differently


class Importance(IntEnum):
    """Who goes first. New work and scans leave a reserve, so that what is under way can always finish."""

    FIRST = 0  # claims, pull requests, merges and what ends an item
    WORK = 1  # what else an item under way needs
    WORDS = 2  # status comments, replies and reactions
    START = 3  # looks at items nobody works on
    SWEEP = 4  # scans of boards


RESERVE: Mapping[Importance, float] = {Importance.START: 0.10, Importance.SWEEP: 0.05}  # of what the hour allows


@dataclass(frozen=True)
class Call:
    resource: Resource
    write: bool = False
    content: int = 0  # what it creates that people are notified of
    importance: Importance = Importance.WORK

    @property
    def points(self) -> int:
        """Of the minute's, as GitHub counts them; the hour's are told by its answers."""
        return 5 if self.write else 1


@dataclass(frozen=True)
class Hour:
    """One resource as GitHub last told it."""

    limit: int
    remaining: int
    resets: datetime

    @property
    def used(self) -> int:
        return self.limit - self.remaining


@dataclass
class Window:
    """So much within so long, looking back from any instant."""

    most: int
    span: timedelta
    spent: deque[Spent] = field(default_factory=deque)
    total: int = 0

    def wait(self, amount: int, now: datetime) -> timedelta:
        """Until so much more fits. What never fits waits until nothing else is counted."""
        self.forget(now)
        over = self.total + amount - self.most
        free = now
        for at, each in self.spent:
            if over <= 0:
                break
            over, free = over - each, at + self.span
        return max(free - now, NOTHING)

    def spend(self, amount: int, now: datetime) -> None:
        if amount:
            self.spent.append((now, amount))
            self.total += amount

    def used(self, now: datetime) -> int:
        self.forget(now)
        return self.total

    def forget(self, now: datetime) -> None:
        """What is past; and what lies in the future, because this machine's clock was set back."""
        while self.spent and self.spent[0][0] + self.span <= now:
            self.total -= self.spent.popleft()[1]
        while self.spent and self.spent[-1][0] > now + self.span:
            self.total -= self.spent.pop()[1]

    def replace(self, spent: Iterable[Spent]) -> None:
        """Oldest first."""
        self.spent = deque(spent)
        self.total = sum(amount for _, amount in self.spent)


@dataclass(frozen=True)
class Standing:
    """How an identity stands with GitHub: what people are shown, what outlives the process, what processes share."""

    identity: str
    at: datetime
    hours: Mapping[Resource, Hour] = field(default_factory=dict)
    content: tuple[Spent, ...] = ()  # of the last hour
    blocked_until: datetime | None = None
    waiting: Mapping[str, int] = field(default_factory=dict)  # calls in the queue, by importance
    minute: Mapping[Resource, int] = field(default_factory=dict)  # points of the last minute, by the last to tell

    def points(self, resource: Resource, now: datetime) -> int:
        """Of the last minute; what was told longer ago is none of it."""
        return self.minute.get(resource, 0) if abs(now - self.at) < MINUTE else 0

    def joined(self, other: Standing) -> Standing:
        """With what another process knows: content counts together, of the hours the later word stands."""
        hours = dict(other.hours)
        for resource, hour in self.hours.items():
            hours[resource] = later(hour, hours.get(resource))
        refusals = [each for each in (self.blocked_until, other.blocked_until) if each and time_left(each, self.at)]
        blocked = max(refusals, default=None)
        content = tuple(each for each in together(self.content, other.content) if abs(each[0] - self.at) < HOUR)
        return replace(self, hours=hours, content=content, blocked_until=blocked)


@dataclass
class Budget:
    """What one identity may still ask of GitHub."""

    hours: dict[Resource, Hour] = field(default_factory=dict)  # absent: not told yet
    minutes: Mapping[Resource, Window] = field(
        default_factory=lambda: {resource: Window(most, MINUTE) for resource, most in POINTS.items()}
    )
    content: tuple[Window, Window] = field(
        default_factory=lambda: (Window(CONTENT_A_MINUTE, MINUTE), Window(CONTENT_AN_HOUR, HOUR))
    )
    under_way: dict[Resource, int] = field(default_factory=lambda: {"graphql": 0, "core": 0})
    blocked_until: datetime | None = None
    strikes: int = 0  # refusals in a row

    def wait(self, call: Call, now: datetime) -> timedelta:
        """How long until the call may be made; nothing when it may be made now."""
        content = [window.wait(call.content, now) for window in self.content] if call.content else []
        minute = self.minutes[call.resource].wait(call.points, now)
        return max(self._blocked(now), self._hour(call.resource, call.importance, now), minute, *content, NOTHING)

    def begin(self, call: Call, now: datetime) -> None:
        """It is being made. What fails may have been counted all the same."""
        self.minutes[call.resource].spend(call.points, now)
        for window in self.content:
            window.spend(call.content, now)
        self.under_way[call.resource] += 1

    def end(self, call: Call) -> None:
        self.under_way[call.resource] -= 1

    @property
    def full(self) -> bool:
        """As many calls are being made as may be at once."""
        return sum(self.under_way.values()) >= AT_ONCE

    def learn(self, resource: Resource, hour: Hour) -> None:
        """What an answer told. Answers overtake each other: within one hour the lower rest is the newer."""
        self.hours[resource] = later(hour, self.hours.get(resource))

    def block(self, wait: timedelta, now: datetime) -> datetime:
        """GitHub refused and named a time, or it is a minute; refused again afterwards, the time doubles."""
        wait = min(wait, HOUR)
        if not self._blocked(now):  # of calls made together all are refused, and that is once
            wait = max(wait, min(wait * 2**self.strikes, PENALTY))
            self.strikes = min(self.strikes + 1, 10)
        self.blocked_until = now + max(wait, self._blocked(now))
        return self.blocked_until

    def forgive(self, now: datetime) -> None:
        """GitHub answers again."""
        if not self._blocked(now):
            self.strikes = 0

    def starts_at(self, now: datetime) -> datetime | None:
        """When new work may begin. None: now, for enough is left to finish it and whatever is under way."""
        hours = (self._hour(resource, Importance.START, now) for resource in self.hours)
        _, content = self.content
        reserve = round(content.most * RESERVE[Importance.START])
        wait = max(self._blocked(now), content.wait(reserve, now), *hours)
        return now + wait if wait else None

    def sweep_pause(self, points: int, now: datetime) -> timedelta:
        """How far apart sweeps of so many points must be. Once half of the hour is used, they take half of the rest."""
        hour = self.hours.get("graphql")
        if hour is None or not time_left(hour.resets, now) or hour.used < hour.limit / 2:
            return NOTHING
        spare = (hour.remaining - hour.limit * RESERVE[Importance.SWEEP]) / 2
        sweeps = spare / max(points, 1)
        return time_left(hour.resets, now) / max(sweeps, 1)

    def standing(self, identity: str, now: datetime, waiting: Mapping[str, int]) -> Standing:
        _, hour = self.content
        hour.forget(now)
        minute = {resource: window.used(now) for resource, window in self.minutes.items()}
        return Standing(identity, now, dict(self.hours), tuple(hour.spent), self.blocked_until, waiting, minute)

    def adopt(self, standing: Standing) -> None:
        """What this process knew before, and what others have asked in the meantime."""
        for resource, hour in standing.hours.items():
            self.learn(resource, hour)
        self.blocked_until = max(filter(None, (self.blocked_until, standing.blocked_until)), default=None)
        for window in self.content:
            window.replace(together(window.spent, standing.content))

    def _blocked(self, now: datetime) -> timedelta:
        return time_left(self.blocked_until, now) if self.blocked_until else NOTHING

    def _hour(self, resource: Resource, importance: Importance, now: datetime) -> timedelta:
        hour = self.hours.get(resource)
        if hour is None:
            return NOTHING
        kept = self.under_way[resource] + hour.limit * RESERVE.get(importance, 0.0)
        return time_left(hour.resets, now) if hour.remaining - kept < 1 else NOTHING


def time_left(instant: datetime, now: datetime) -> timedelta:
    """Nothing when it is past; nor when it is further off than GitHub ever says, for then our clock was set back."""
    wait = instant - now
    return wait if NOTHING < wait <= HOUR + SAME_HOUR else NOTHING


def waits_until(at: datetime) -> str:
    """The reason people are given."""
    return f"{WAITS}, resets at {at:%H:%M} UTC"


def later(hour: Hour, known: Hour | None) -> Hour:
    """The newer of two words about one resource."""
    if known is None or hour.resets > known.resets + SAME_HOUR:
        return hour
    if known.resets > hour.resets + SAME_HOUR:
        return known
    return min(hour, known, key=lambda each: each.remaining)


def together(mine: Iterable[Spent], others: Iterable[Spent]) -> list[Spent]:
    """What both know is counted once."""
    return sorted((Counter(mine) | Counter(others)).elements())
