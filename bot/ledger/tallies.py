"""Tallies for people: attempts and rounds of each item, when it was last looked at, and what is claimed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from bot.core.actions import RunPlan
from bot.core.item import Item
from bot.core.run import Run
from bot.ledger.items import item_of
from bot.ledger.runs import run_of, worked
from bot.ledger.store import Store
from bot.ledger.tables import ON_BOARD, decisions, items, runs
from bot.ledger.wakes import RANK


@dataclass(frozen=True)
class Tally:
    attempts: int  # agent runs, restarts included, without what never began
    rounds: int  # the highest round


class Tallies(Store):
    async def tallies(self) -> dict[str, Tally]:
        restarts = func.sum(runs.c.attempts - runs.c.excused)
        counted = select(runs.c.item, func.count(case((worked(), 1))), restarts, func.max(runs.c.round))
        async with self.read() as tx:
            found = await tx.execute(counted.group_by(runs.c.item))
            return {item: Tally(count + restarts, rounds) for item, count, restarts, rounds in found}

    async def plan_of(self, run: str) -> RunPlan | None:
        """What a run was given, its brief included."""
        async with self.read() as tx:
            found: RunPlan | None = (
                await tx.execute(select(runs.c.plan).where(runs.c.key == run))
            ).scalar_one_or_none()
            return found

    async def runs(self, key: str = "", item: str | None = None, limit: int = 50) -> list[Run]:
        """The newest first: those whose key begins so, or of one item."""
        wanted = select(runs).where(runs.c.key.startswith(key, autoescape=True)).order_by(runs.c.seq.desc())
        mine = wanted.where(runs.c.item == item) if item else wanted
        async with self.read() as tx:
            return [run_of(row) for row in (await tx.execute(mine.limit(limit))).mappings()]

    async def looked_at(self, board: str) -> dict[str, datetime]:
        """When each item of the board was last decided upon."""
        newest = select(decisions.c.item, func.max(decisions.c.last_at)).group_by(decisions.c.item)
        mine = newest.join(items, items.c.id == decisions.c.item).where(items.c.board == board)
        async with self.read() as tx:
            return {row[0]: row[1] for row in await tx.execute(mine)}

    async def waiting(self, board: str) -> list[str]:
        """Items not under way that something outside Sluice, or a free slot, could set going; the best rank first."""
        idle = items.c.claim.is_(None) & items.c.done.is_(None) & items.c.gone_at.is_(None)
        wanted = select(items.c.id).where(idle, items.c.board == board, items.c.waits_for != "nobody").order_by(*RANK)
        async with self.read() as tx:
            return list((await tx.execute(wanted)).scalars())

    async def claimed(self) -> list[Item]:
        """Items under way, and parked ones whose pull request may still be merged by somebody."""
        under_way = items.c.claim.is_not(None) | (items.c.parked.is_not(None) & items.c.pull_number.is_not(None))
        async with self.read() as tx:
            found = await tx.execute(
                select(items).where(ON_BOARD, under_way, items.c.done.is_(None)).order_by(items.c.id)
            )
            return [item_of(row) for row in found.mappings()]
