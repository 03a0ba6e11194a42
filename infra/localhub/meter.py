"""Counts what every caller asks for, says what is left of the hour, and refuses what goes beyond the limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from localhub.errors import Exhausted, TooFast
from localhub.limits import HOUR, MINUTE, Limits, Pace, Resource

READ, WRITE = 1, 5  # points of the secondary limits
ON_THE_WAY = 1.0  # true seconds; what comes this soon after a refusal may have been sent before it was heard


@dataclass
class Figures:
    """What one caller has used since the last reset of the counters."""

    graphql_requests: int = 0
    graphql_points: int = 0
    rest_requests: int = 0
    content_requests: int = 0
    refusals: int = 0  # with a time to wait
    hasty_requests: int = 0  # that came before such a time was over


@dataclass
class Window:
    """One caller's hour for one resource: the numbers of the `x-ratelimit-*` headers."""

    resource: Resource
    limit: int
    used: int
    reset: datetime

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": str(int(self.reset.timestamp())),
            "x-ratelimit-resource": self.resource,
        }


@dataclass
class Meter:
    """By caller login; an App's installation is `slug[bot]`, a further one `slug[bot] on ACCOUNT`.

    What an App asks with its own key stands apart.
    """

    now: Callable[[], datetime]
    everybody: Limits = field(default_factory=Limits)
    special: dict[str, Limits] = field(default_factory=dict)  # by login
    callers: dict[str, Figures] = field(default_factory=dict)
    windows: dict[tuple[str, Resource], Window] = field(default_factory=dict)
    paces: dict[tuple[str, str], Pace] = field(default_factory=dict)
    present: Counter[str] = field(default_factory=Counter)  # requests that are under way
    told: dict[str, tuple[float, datetime]] = field(default_factory=dict)  # when to wait was said, and until when

    # --- refusing ---------------------------------------------------------------------------------------------------

    def admit_rest(self, login: str, subject: str, *, reads: bool) -> None:
        """Lets one REST request in, or says why not; `subject` is how GitHub names the caller."""
        self._refuse_exhausted(login, "core", subject)
        self._keep_pace(login, "rest_points", READ if reads else WRITE)
        if not reads:
            self.write(login)

    def admit_graphql(self, login: str, subject: str, *, reads: bool) -> None:
        self._refuse_exhausted(login, "graphql", subject)
        self._keep_pace(login, "graphql_points", READ if reads else WRITE)

    def content(self, login: str) -> None:
        """One content-creating write, asked for by its verb just before it acts, so nothing is counted twice."""
        if not self.limits_of(login).every_write:
            self._create(login)

    def write(self, login: str) -> None:
        """One write of whatever kind: a REST call, or one mutation of a document."""
        if self.limits_of(login).every_write:
            self._create(login)

    @contextmanager
    def entered(self, login: str) -> Iterator[None]:
        """One request more is under way."""
        limits = self.limits_of(login)
        if limits.secondary and self.present[login] >= limits.concurrent:
            raise TooFast(60, limits.status)
        self.present[login] += 1
        try:
            yield
        finally:
            self.present[login] -= 1

    def told_to_wait(self, login: str, seconds: int) -> None:
        """An answer named a time to wait, whether a limit was met or a test ordered it."""
        self._figures(login).refusals += 1
        self.told[login] = monotonic(), self.now() + timedelta(seconds=seconds)

    def arrived(self, login: str) -> None:
        """One request more, heeding what was said or not."""
        said, until = self.told.get(login) or (0.0, self.now())
        if self.now() < until and monotonic() - said >= ON_THE_WAY:
            self._figures(login).hasty_requests += 1

    def _create(self, login: str) -> None:
        limits, now = self.limits_of(login), self.now()
        minute, hour = self._pace(login, "content a minute", MINUTE), self._pace(login, "content an hour", HOUR)
        wait = max(minute.wait(now, limits.content_a_minute), hour.wait(now, limits.content_an_hour))
        if wait and limits.secondary:
            raise TooFast(wait, limits.status, creating=True)
        minute.add(now, 1)
        hour.add(now, 1)
        self._figures(login).content_requests += 1

    def _refuse_exhausted(self, login: str, resource: Resource, subject: str) -> None:
        limits = self.limits_of(login)
        if limits.primary and not self.window(login, resource).remaining:
            raise Exhausted(subject, limits.status, limits.exhausted)

    def _keep_pace(self, login: str, kind: str, points: int) -> None:
        limits, now = self.limits_of(login), self.now()
        pace = self._pace(login, kind, MINUTE)
        wait = pace.wait(now, getattr(limits, kind))
        if wait and limits.secondary:
            raise TooFast(wait, limits.status)
        pace.add(now, points)

    def _pace(self, login: str, kind: str, span: timedelta) -> Pace:
        return self.paces.setdefault((login, kind), Pace(span))

    # --- counting ---------------------------------------------------------------------------------------------------

    def rest(self, login: str, *, free: bool = False, bucket: str | None = None) -> None:
        """One REST request; an answer of 304 is free on the primary limit."""
        self._figures(login).rest_requests += 1
        self.window(bucket or login, "core").used += 0 if free else 1

    def graphql(self, login: str, points: int) -> None:
        """One GraphQL request and the points its document costs."""
        figures = self._figures(login)
        figures.graphql_requests += 1
        figures.graphql_points += points
        self.window(login, "graphql").used += points

    def window(self, login: str, resource: Resource) -> Window:
        now, limit = self.now(), self.limits_of(login).of(resource)
        span = MINUTE if resource == "search" else HOUR
        window = self.windows.get((login, resource))
        if window is None or not now < window.reset <= now + span:
            window = self.windows[login, resource] = Window(resource, limit, 0, now + span)
        window.limit = limit
        return window

    def counters(self, login: str | None = None) -> dict[str, object]:
        """The figures of one caller, or of everybody by login."""
        if login is not None:
            return asdict(self._figures(login))
        return {name: asdict(figures) for name, figures in self.callers.items()}

    def reset(self) -> None:
        self.callers.clear()

    def _figures(self, login: str) -> Figures:
        return self.callers.setdefault(login, Figures())

    # --- the limits themselves --------------------------------------------------------------------------------------

    def limits_of(self, login: str) -> Limits:
        return self.special.get(login, self.everybody)

    def set_limits(self, login: str | None, changes: dict[str, Any]) -> Limits:
        """Other limits for one caller, or for everybody who has none of their own."""
        changed = (self.limits_of(login) if login else self.everybody).model_copy(update=changes)
        if login is None:
            self.everybody = changed
        else:
            self.special[login] = changed
        return changed

    def restore_limits(self) -> None:
        self.everybody = Limits()
        self.special.clear()
