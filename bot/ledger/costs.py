"""Costs: what each item used of GitHub's and other people's patience, by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select, update

from bot.ledger.shared_tables import costs
from bot.ledger.store import Store

DEAREST = ("content_requests", "graphql_points", "rest_requests", "git_calls")  # the scarcest first
SHARED = ""  # what belongs to no item, like the scan of a board


class Costs(Store):
    async def book(self, item: str | None, kind: str, amount: int, now: datetime) -> None:
        key = {"item": item or SHARED, "kind": kind}
        async with self.write() as tx:
            more = update(costs).where(costs.c.item == key["item"], costs.c.kind == kind)
            known = await tx.execute(more.values(amount=costs.c.amount + amount, last_at=now))
            if not known.rowcount:
                await tx.execute(insert(costs).values(**key, amount=amount, last_at=now))

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
