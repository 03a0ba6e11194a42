"""Status updates of boards: when each was told last, and what."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.ledger.metadata import facts
from bot.ledger.repositories import fact
from bot.ledger.store import Store, upsert


class Reports(Store):
    async def due_report(self, board: str, news: str, every: timedelta, now: datetime) -> bool:
        """Whether the board is to be told this now; then it counts as told, so that no other process tells it too."""
        key = f"report:{board}"
        async with self.write() as tx:
            told, _, at = (await fact(tx, key) or "").partition(" ")
            if told == news or (at and now - datetime.fromisoformat(at) < every):
                return False
            await upsert(tx, facts, {"key": key}, {"value": f"{news} {now.isoformat()}"})
            return True
