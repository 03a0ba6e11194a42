"""What is at work, with what the ledger knows that may stop it."""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from bot.context import AtWork
from bot.ledger.gates import OPEN, gate_of
from bot.ledger.repositories import fact
from bot.ledger.runs import run_of
from bot.ledger.shared_tables import repositories
from bot.ledger.store import Store
from bot.ledger.tables import ON_BOARD, gate_runs, items, runs
from bot.ledger.usage import ACTIVE


class Halting(Store):
    async def at_work(self) -> list[AtWork]:
        """Items with an agent, or with a gate command, that works or is about to."""
        active = select(runs.c.item).where(runs.c.state.in_(ACTIVE))
        commands = and_(gate_runs.c.state.in_(OPEN), gate_runs.c.command != "")
        judged = select(gate_runs.c.item).where(commands)
        busy = select(items).where(ON_BOARD, or_(items.c.id.in_(active), items.c.id.in_(judged))).order_by(items.c.id)
        async with self.read() as tx:
            found = (await tx.execute(busy)).mappings().all()
            ids = [row["id"] for row in found]
            mine = select(runs).where(runs.c.state.in_(ACTIVE), runs.c.item.in_(ids)).order_by(runs.c.seq)
            at_work = [run_of(row) for row in (await tx.execute(mine)).mappings()]
            open_gates = select(gate_runs).where(commands, gate_runs.c.item.in_(ids)).order_by(gate_runs.c.seq)
            gates = [(row["item"], gate_of(row)) for row in (await tx.execute(open_gates)).mappings()]
            modes = {row.repo: row.mode for row in await tx.execute(select(repositories.c.repo, repositories.c.mode))}
        return [
            AtWork(
                row["id"],
                row["repo"],
                tuple(run for run in at_work if run.item == row["id"]),
                tuple(gate for item, gate in gates if item == row["id"]),
                row["paused_by"],
                modes.get(row["repo"], "live"),
            )
            for row in found
        ]

    async def paused_all_by(self) -> str | None:
        async with self.read() as tx:
            return await fact(tx, "paused_all_by")
