"""GitHub's limits as settings: the points and calls of an hour, and the secondary limits against haste.

All are on from the start, with GitHub's own figures: whoever tries a program on localhub wants to meet them here first.
They hold for each caller by themselves (a person over all their tokens, an installation over all of its), so a demo or
a story with people and an App of its own stays far below. Whoever means to go beyond says so: seeding a board of ten
thousand cards begins with `POST /_hub/limits {"login": ..., "secondary": false}`, without a login for everybody.

What GitHub does not publish is decided here: every issue, pull request, comment and review counts as content, each
alias of a batch for itself; what is refused counts nowhere. Edits, labels, fields, reactions and draft cards do not
count, unless the strictest reading is ordered: `every_write`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Literal

from pydantic import BaseModel, ConfigDict

Resource = Literal["core", "graphql", "search"]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Limits(BaseModel):
    """What one caller may do."""

    model_config = ConfigDict(extra="forbid")
    core: int = 5000  # REST calls an hour
    graphql: int = 5000  # points an hour
    search: int = 30  # calls a minute
    primary: bool = True  # whether they are refused once these are used up
    status: Literal[403, 429] = 403  # of refusals: GitHub uses both
    exhausted: Literal["RATE_LIMIT", "RATE_LIMITED"] = "RATE_LIMIT"  # GraphQL's two shapes, the newer one first
    secondary: bool = True  # whether those below are enforced
    concurrent: int = 100  # REST and GraphQL together
    rest_points: int = 900  # a minute; a read is one point, a write five
    graphql_points: int = 2000  # a minute; a query is one, a document with a mutation five
    content_a_minute: int = 80
    content_an_hour: int = 500
    every_write: bool = False  # whether each write is content, not only what creates some
    mutations: int = 22  # aliases of one document that are carried out; those after them are refused one by one

    def of(self, resource: Resource) -> int:
        return {"core": self.core, "graphql": self.graphql, "search": self.search}[resource]


@dataclass
class Pace:
    """How much of something one caller did within the span that ends now."""

    span: timedelta
    done: deque[tuple[datetime, int]] = field(default_factory=deque)
    total: int = 0

    def wait(self, now: datetime, limit: int) -> int:
        """Seconds until there is room again; 0 when there is."""
        self._forget(now)
        if self.total < limit:
            return 0
        return max(1, ceil((self.done[0][0] + self.span - now).total_seconds())) if self.done else 60

    def add(self, now: datetime, amount: int) -> None:
        self.done.append((now, amount))
        self.total += amount

    def _forget(self, now: datetime) -> None:
        """What is too long ago; and what is yet to come, for a test may turn the clock back."""
        while self.done and not now - self.span < self.done[0][0] <= now:
            self.total -= self.done.popleft()[1]
