"""Messages: what people said to an item's agent, and which run heard it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import bindparam, select, update

from bot.core.message import Message
from bot.ledger.databases import Tx
from bot.ledger.store import Store, insert_once
from bot.ledger.tables import messages
from bot.ledger.wakes import rouse

FIELDS = tuple(field.name for field in fields(Message))
SAID = select(messages).where(messages.c.item == bindparam("item")).order_by(messages.c.at, messages.c.id)


class Messages(Store):
    async def tell(self, item: str, message: Message) -> None:
        """Kept once, as it was first told."""
        values = {name: getattr(message, name) for name in FIELDS if name != "id"}
        async with self.write() as tx:
            await insert_once(tx, messages, {"item": item, "id": message.id}, values)

    async def messages(self, item: str) -> tuple[Message, ...]:
        """All that was ever said, oldest first."""
        async with self.read() as tx:
            return await messages_of(tx, item)

    async def heard(self, item: str, ids: Sequence[str], run: str, now: datetime) -> None:
        """The agent of that run heard them; the first to hear counts. Whoever said them is to be told."""
        unheard = update(messages).where(messages.c.item == item, messages.c.id.in_(ids), messages.c.heard_by == "")
        async with self.write() as tx:
            if (await tx.execute(unheard.values(heard_by=run))).rowcount:
                await rouse(tx, item, now, "the agent has heard what was said")

    async def note_heard(self, item: str, message: str) -> None:
        async with self.write() as tx:
            mine = update(messages).where(messages.c.item == item, messages.c.id == message)
            await tx.execute(mine.values(told=True))


async def messages_of(tx: Tx, item: str) -> tuple[Message, ...]:
    found = await tx.execute(SAID, {"item": item})
    return tuple(Message(**{name: row[name] for name in FIELDS}) for row in found.mappings())
