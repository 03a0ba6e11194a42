"""Orders: commands people gave, each heard once, and what it changed of the item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from bot.core.actions import NoteOrder
from bot.core.item import Item, Order
from bot.core.queue import priority_of
from bot.core.spend import NOTHING, amount
from bot.ledger.databases import Tx
from bot.ledger.items import change, load
from bot.ledger.shared_tables import reviews
from bot.ledger.store import Store, insert_once
from bot.ledger.tables import orders

FIELDS = tuple(field.name for field in fields(Order))
WAITING = select(orders).where(orders.c.item == bindparam("item"), orders.c.answered_at.is_(None))
UNANSWERED = WAITING.order_by(orders.c.at, orders.c.id)


class Orders(Store):
    async def hear(
        self, item: str, heard: Sequence[Order], now: datetime, until: datetime | None = None
    ) -> tuple[Order, ...]:
        """Keep the orders not known yet; all that wait for an answer, oldest first. `until`: the newest comment."""
        async with self.write() as tx:
            if until:
                await change(tx, item, heard_until=until)
            for order in heard:
                values = {name: getattr(order, name) for name in FIELDS if name != "id"}
                await insert_once(tx, orders, {"item": item, "id": order.id}, {**values, "heard_at": now})
            return await unanswered(tx, item)

    async def note_order(self, item: str, note: NoteOrder, now: datetime) -> None:
        """What the order changes, and that it is answered, at once: nobody obeys it twice."""
        async with self.write() as tx:
            mine = await load(tx, item)
            if note.fresh:
                await tx.execute(delete(reviews).where(reviews.c.item == item, reviews.c.state == "open"))
            if changes := changed_by(note, mine, now):
                await change(tx, item, **changes)
            answered = update(orders).where(orders.c.item == item, orders.c.id == note.order)
            await tx.execute(answered.values(answered_at=now))


async def unanswered(tx: Tx, item: str) -> tuple[Order, ...]:
    found = await tx.execute(UNANSWERED, {"item": item})
    return tuple(Order(**{name: row[name] for name in FIELDS}) for row in found.mappings())


def changed_by(note: NoteOrder, mine: Item, now: datetime) -> dict[str, Any]:
    """The columns an order sets; empty for one that only wanted an answer."""
    match note.verb:
        case "pause":
            return {"paused_by": note.by}
        case "resume":
            return {"paused_by": None}
        case "priority":
            return {"priority_said": priority_of(note.value)}
        case "plan":
            return {"playbook": note.value}
        case "assign":
            return {"peer_wanted": note.value or None}
        case "approve" | "merge" if note.approval:
            return {"approvals": (*mine.approvals, note.approval), "refused": None}
        case "budget":
            more: dict[str, Any] = {"more": mine.more + (amount(note.value) or NOTHING), "more_at": now}
            return _retried(mine) | more if note.starts else more
        case "retry" if note.value == "fresh":
            anew = {"asked_fresh": mine.asked_fresh + 1, "fresh_at": now}
            return anew | {"parked": None, "done": None, "claim": None, "pull_number": None, "pushed_head": None}
        case "retry":
            return _retried(mine)
    return {}


def _retried(mine: Item) -> dict[str, Any]:
    freed: dict[str, Any] = {"parked": None, "done": None}
    if mine.done == "merged":  # the old pull request is over; without it the item would close out again
        return freed | {"pull_number": None, "pushed_head": None}
    return freed
