"""What agents of other items change at this moment: by their plans, and by what their runs have told so far."""

from __future__ import annotations

import re

from sqlalchemy import select

from bot.core.item import Item
from bot.core.plans.overlap import Busy, touches
from bot.core.run import is_step
from bot.ledger.databases import Tx
from bot.ledger.plans import task_of_item
from bot.ledger.shared_tables import run_events
from bot.ledger.tables import items, runs
from bot.ledger.usage import ACTIVE

TREE = re.compile(r"^.*?/worktrees/[^/]+/[^/]+/")  # programs tell paths from the machine's top


async def busy_of(tx: Tx, mine: Item) -> tuple[Busy, ...]:
    """In the item's repository, an entry for each run."""
    active = select(runs.c.key, runs.c.item, runs.c.step, items.c.number).join(items, items.c.id == runs.c.item)
    others = active.where(runs.c.repo == mine.repo, runs.c.item != mine.id, runs.c.state.in_(ACTIVE))
    found = []
    for row in (await tx.execute(others.order_by(runs.c.seq))).all():
        paths = (*await _declared(tx, row.item, row.step), *await _changed(tx, row.key))
        if paths:
            found.append(Busy(f"#{row.number}", tuple(dict.fromkeys(paths))))
    return tuple(found)


async def _declared(tx: Tx, item: str, step: str) -> tuple[str, ...]:
    task = await task_of_item(tx, item) if is_step(step) else None
    unit = task.execution.find(step) if task else None
    return touches(unit.step) if unit else ()


async def _changed(tx: Tx, run: str) -> tuple[str, ...]:
    told = select(run_events.c.target).where(run_events.c.run == run, run_events.c.kind == "changed").distinct()
    return tuple(sorted(TREE.sub("", target) for (target,) in await tx.execute(told) if target))
