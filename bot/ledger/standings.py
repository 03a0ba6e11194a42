"""Standings: how each identity stands with GitHub, shared by the processes that use it."""

from __future__ import annotations

from pydantic import TypeAdapter
from sqlalchemy import select

from bot.core.limits import Standing
from bot.ledger.metadata import facts
from bot.ledger.store import Store, upsert

KEY = "limits:"
_TEXT: TypeAdapter[Standing] = TypeAdapter(Standing)


class Standings(Store):
    async def keep_standing(self, standing: Standing) -> Standing:
        """Join it with what is kept; all of it is the answer."""
        key = f"{KEY}{standing.identity}"
        async with self.write() as tx:
            kept = (await tx.execute(select(facts.c.value).where(facts.c.key == key))).scalar_one_or_none()
            joined = standing.joined(_TEXT.validate_json(kept)) if kept else standing
            await upsert(tx, facts, {"key": key}, {"value": _TEXT.dump_json(joined).decode()})
            return joined

    async def standings(self) -> list[Standing]:
        all_of_them = select(facts.c.value).where(facts.c.key.startswith(KEY, autoescape=True)).order_by(facts.c.key)
        async with self.read() as tx:
            return [_TEXT.validate_json(text) for text in (await tx.execute(all_of_them)).scalars()]
