"""Counts what every caller asks for, and says what is left of the hour. It counts; it refuses nobody yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Resource = Literal["core", "graphql", "search"]
LIMITS: dict[Resource, int] = {"core": 5000, "graphql": 5000, "search": 30}


@dataclass
class Figures:
    """What one caller has used since the last reset of the counters."""

    graphql_requests: int = 0
    graphql_points: int = 0
    rest_requests: int = 0
    content_requests: int = 0


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
    """Figures and windows by caller login (an App's calls are counted under `slug[bot]`)."""

    now: Callable[[], datetime]
    callers: dict[str, Figures] = field(default_factory=dict)
    windows: dict[tuple[str, Resource], Window] = field(default_factory=dict)

    def rest(self, login: str, *, free: bool = False) -> None:
        """One REST request; an answer of 304 is free on the primary limit."""
        self._figures(login).rest_requests += 1
        self.window(login, "core").used += 0 if free else 1

    def graphql(self, login: str, points: int) -> None:
        """One GraphQL request and the points its document costs."""
        figures = self._figures(login)
        figures.graphql_requests += 1
        figures.graphql_points += points
        self.window(login, "graphql").used += points

    def content(self, login: str) -> None:
        """One content-creating write; the verbs count it, so REST and GraphQL cannot count it twice."""
        self._figures(login).content_requests += 1

    def window(self, login: str, resource: Resource) -> Window:
        now = self.now()
        window = self.windows.get((login, resource))
        if window is None or window.reset <= now:
            window = Window(resource, LIMITS[resource], 0, now + timedelta(hours=1))
            self.windows[login, resource] = window
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
