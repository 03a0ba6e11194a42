"""Figures for those who watch: how many items stand where, how many runs there are and how they ended, what waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from sqlalchemy import Text, case, func, select, type_coerce

from bot.core.run import Ended
from bot.ledger.shared_tables import deliveries
from bot.ledger.store import Store
from bot.ledger.tables import decisions, items, runs

ENDED: tuple[Ended, ...] = get_args(Ended)


@dataclass(frozen=True)
class Counts:
    stages: Mapping[str, int] = field(default_factory=dict)  # as last decided, of items still on a board
    running: Mapping[str, int] = field(default_factory=dict)  # agent runs that have not ended, by state
    ended: Mapping[Ended, int] = field(default_factory=dict)  # agent runs so far
    unhandled: int = 0  # deliveries


class Figures(Store):
    async def counts(self) -> Counts:
        """Without reading a single row of them: it is asked for every few seconds."""
        newest = select(func.max(decisions.c.id)).group_by(decisions.c.item)
        here = items.c.gone_at.is_(None) & decisions.c.id.in_(newest)
        stages = select(decisions.c.stage, func.count()).join(items, items.c.id == decisions.c.item).where(here)
        states = select(runs.c.state, func.count()).where(runs.c.state != "ended").group_by(runs.c.state)
        outcome = type_coerce(runs.c.outcome, Text)  # JSON that begins with how it ended
        how = [func.count(case((outcome.startswith(f'{{"ended":"{end}"'), 1))) for end in ENDED]
        waiting = select(func.count()).where(deliveries.c.result.is_(None))
        async with self.read() as tx:
            by_stage = (await tx.execute(stages.group_by(decisions.c.stage))).all()
            by_state = (await tx.execute(states)).all()
            by_outcome = (await tx.execute(select(*how))).one()
            unhandled = (await tx.execute(waiting)).scalar_one()
        return Counts(
            {row[0]: row[1] for row in by_stage},
            {row[0]: row[1] for row in by_state},
            dict(zip(ENDED, by_outcome, strict=True)),
            unhandled,
        )
