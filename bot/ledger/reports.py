"""Status updates of boards: when each was told last, and what."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from bot.ledger.shared_tables import facts
from bot.ledger.store import Store, upsert


class Reports(Store):
    async def due_report(self, board: str, news: str, every: timedelta, now: datetime) -> bool:
        """Whether the board is to be told this now; then it counts as told, so that no other process tells it too."""
        key = f"report:{board}"
        async with self.write() as tx:
            kept = (await tx.execute(select(facts.c.value).where(facts.c.key == key))).scalar_one_or_none()
            told, _, at = (kept or "").partition(" ")
            if told == news or (at and now - datetime.fromisoformat(at) < every):
                return False
            await upsert(tx, facts, {"key": key}, {"value": f"{news} {now.isoformat()}"})
            return True

    async def paused_all_by(self) -> str | None:
        async with self.read() as tx:
            said = select(facts.c.value).where(facts.c.key == "paused_all_by")
            return (await tx.execute(said)).scalar_one_or_none()
