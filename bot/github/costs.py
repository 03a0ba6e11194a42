"""What calls to GitHub cost, and on whose account: each is booked on the item of the present task.

The kinds: `graphql_requests`, `graphql_points`, `rest_requests`, `content_requests`, `git_calls`, `token_requests`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

from bot.context import item_at_work as item
from bot.core.limits import Call, Importance
from bot.github.limits import Limits

__all__ = ["Book", "Costs", "importance", "item"]

Book = Callable[[str | None, str, int], Awaitable[None]]  # (item, kind, amount)

# How much the present task's reads matter; a write's importance is told by what it does.
importance: ContextVar[Importance] = ContextVar("importance", default=Importance.WORK)


class Costs:
    """The one rate ledger: every call waits here for its turn, and is booked here."""

    def __init__(self, book: Book, limits: Limits | None = None) -> None:
        self._book = book
        self.limits = limits or Limits()

    @asynccontextmanager
    async def turn(self, call: Call) -> AsyncIterator[None]:
        """Within it the call is made. What it creates counts before it is known whether it came to anything."""
        async with self.limits.turn(call):
            if call.content:
                await self.content(call.content)
            yield

    async def graphql(self, points: int) -> None:
        await self._book(item.get(), "graphql_requests", 1)
        await self._book(item.get(), "graphql_points", points)

    async def rest(self) -> None:
        await self._book(item.get(), "rest_requests", 1)

    async def content(self, created: int) -> None:
        """Writes that create something people are notified of: the scarcest of GitHub's limits."""
        await self._book(item.get(), "content_requests", created)

    async def git(self) -> None:
        """A git command that talks to GitHub: no points, but a call."""
        await self._book(item.get(), "git_calls", 1)

    async def token(self) -> None:
        """An installation token was asked for; many items use it."""
        await self._book(None, "token_requests", 1)
