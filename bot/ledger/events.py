"""What happened in each run, in order: written in small batches while it works, and bounded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from bot.core.events import Event, Noted, event
from bot.ledger.shared_tables import run_events as events
from bot.ledger.store import Store
from bot.ledger.tables import runs

MOST = 2_000  # events of a run
LAST = ("usage", "finished")  # kept all the same, up to twice as many
MORE = event("notice", "more has happened since than is kept")


class Events(Store):
    async def note_events(self, run: str, happened: Sequence[tuple[datetime, Event]]) -> None:
        """Behind what was noted of it before: a run entered again goes on with its log."""
        if not happened:
            return
        async with self.write() as tx:
            known = select(func.count()).where(events.c.run == run).select_from(events)
            count = (await tx.execute(known)).scalar_one()
            rows = []
            for at, each in happened:
                if count >= MOST and (each.kind not in LAST or count >= 2 * MOST):
                    continue
                count += 1
                kept = MORE if count == MOST else each
                rows.append(
                    {"run": run, "number": count, "at": at, "kind": kept.kind, "text": kept.text, "target": kept.target}
                )
            if rows:
                await tx.execute(insert(events), rows)

    async def events(self, run: str, after: int = 0) -> list[Noted]:
        """Those behind number `after`, in order."""
        mine = select(events).where(events.c.run == run, events.c.number > after).order_by(events.c.number)
        async with self.read() as tx:
            return [Noted(row.number, row.at, Event(row.kind, row.text, row.target)) for row in await tx.execute(mine)]

    async def forget_events(self, before: datetime) -> int:
        """Of runs that ended before then."""
        old = select(runs.c.key).where(runs.c.ended_at < before)
        async with self.write() as tx:
            return (await tx.execute(delete(events).where(events.c.run.in_(old)))).rowcount
