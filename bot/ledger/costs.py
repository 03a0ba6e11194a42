"""Costs: what each item used of GitHub's and other people's patience, by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from bot.ledger.shared_tables import costs
from bot.ledger.store import Store

DEAREST = ("content_requests", "graphql_points", "rest_requests", "git_calls")  # the scarcest first
SHARED = ""  # what belongs to no item, like the scan of a board
MORE = (
    update(costs)
    .where(costs.c.item == bindparam("of"), costs.c.kind == bindparam("for"))
    .values(amount=costs.c.amount + bindparam("amount"), last_at=bindparam("last_at"))
)
FIRST = insert(costs).values(
    item=bindparam("of"), kind=bindparam("for"), amount=bindparam("amount"), last_at=bindparam("last_at")
)


class Costs(Store):
    async def book(self, item: str | None, kind: str, amount: int, now: datetime) -> None:
        more = {"of": item or SHARED, "for": kind, "amount": amount, "last_at": now}
        async with self.write() as tx:
            if not (await tx.execute(MORE, more)).rowcount:
                await tx.execute(FIRST, more)

    async def dearest(self, limit: int) -> dict[str, dict[str, int]]:
        """What the dearest items cost, dearest first."""
        found: defaultdict[str, dict[str, int]] = defaultdict(dict)
        async with self.read() as tx:
            for row in await tx.execute(select(costs).where(costs.c.item != SHARED)):
                found[row.item][row.kind] = row.amount
        return {item: found[item] for item in dearest_first(found)[:limit]}

    async def costs(self, item: str | None) -> dict[str, int]:
        mine = select(costs.c.kind, costs.c.amount).where(costs.c.item == (item or SHARED))
        async with self.read() as tx:
            return dict((await tx.execute(mine)).all())


def dearest_first(found: Mapping[str, Mapping[str, int]]) -> list[str]:
    return sorted(found, key=lambda item: tuple(-found[item].get(kind, 0) for kind in DEAREST))
