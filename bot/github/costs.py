"""Which item a call to GitHub is for, so that the ledger can say what each item cost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

Book = Callable[[str | None, str, int], Awaitable[None]]  # (item, kind, amount)

# A pass looks at one item in one task and begins with `see`; what it calls afterwards, down to a permission look-up,
# belongs to that item although those calls do not name it.
item: ContextVar[str | None] = ContextVar("item", default=None)


class Costs:
    """Books what calls cost, on the item of the present task."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def graphql(self, points: int) -> None:
        await self._book(item.get(), "graphql_requests", 1)
        await self._book(item.get(), "graphql_points", points)

    async def rest(self) -> None:
        await self._book(item.get(), "rest_requests", 1)

    async def content(self, created: int) -> None:
        """Writes that create something people are notified of: the scarcest of GitHub's limits."""
        if created:
            await self._book(item.get(), "content_requests", created)
