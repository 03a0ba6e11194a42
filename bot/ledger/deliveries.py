"""Deliveries: what GitHub told us, kept before it is acknowledged; and the moves of drafts, which only it tells."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import bindparam, delete, insert, select, update

from bot.core.item import Move
from bot.core.missed import LastLook
from bot.ledger.databases import Tx
from bot.ledger.metadata import facts
from bot.ledger.shared_tables import deliveries, moves
from bot.ledger.store import Store, insert_once, upsert

LOOK = "deliveries_look"
LOOKS = TypeAdapter(LastLook)
AT_ONCE = 500  # ids in one question; databases have a limit
UNHANDLED = select(deliveries).where(deliveries.c.result.is_(None)).order_by(deliveries.c.received)
MOVES = select(moves).where(moves.c.card == bindparam("card")).order_by(moves.c.at, moves.c.key)


@dataclass(frozen=True)
class Delivery:
    guid: str
    event: str
    action: str
    payload: bytes
    received: datetime
    result: str | None = None  # what came of it; None: not followed yet


class Deliveries(Store):
    async def store_delivery(self, guid: str, event: str, action: str, payload: bytes, received: datetime) -> bool:
        """False: the same delivery came before."""
        (new,) = await self.store_deliveries([Delivery(guid, event, action, payload, received)])
        return new

    async def store_deliveries(self, arrived: Sequence[Delivery]) -> list[bool]:
        """One answer for each; False: the same delivery came before. All are kept when this returns."""
        guids = {each.guid for each in arrived}
        async with self.write() as tx:
            known = set((await tx.execute(select(deliveries.c.guid).where(deliveries.c.guid.in_(guids)))).scalars())
            new = {each.guid: each for each in reversed(arrived) if each.guid not in known}
            if new:
                await tx.execute(insert(deliveries), [dict(vars(each)) for each in new.values()])
            return [new.get(each.guid) is each for each in arrived]

    async def mark_delivery(self, guid: str, result: str) -> None:
        await self.mark_deliveries({guid: result})

    async def mark_deliveries(self, results: Mapping[str, str]) -> None:
        if not results:
            return
        of = update(deliveries).where(deliveries.c.guid == bindparam("its_guid")).values(result=bindparam("its_result"))
        async with self.write() as tx:
            told = [{"its_guid": guid, "its_result": result} for guid, result in results.items()]
            await tx.execute(of, told)

    async def unhandled_deliveries(self) -> list[Delivery]:
        """Kept but not acted upon yet, oldest first."""
        async with self.read() as tx:
            return [Delivery(**row) for row in (await tx.execute(UNHANDLED)).mappings()]

    async def forget_deliveries(self, before: datetime) -> int:
        """Handled ones, so that the ledger does not grow for ever."""
        old = delete(deliveries).where(deliveries.c.received < before, deliveries.c.result.is_not(None))
        async with self.write() as tx:
            return (await tx.execute(old)).rowcount

    async def arrived(self, guids: Collection[str]) -> set[str]:
        """Those of them that are kept, handled or not."""
        wanted, found = sorted(guids), set[str]()
        async with self.read() as tx:
            for first in range(0, len(wanted), AT_ONCE):
                some = deliveries.c.guid.in_(wanted[first : first + AT_ONCE])
                found |= set((await tx.execute(select(deliveries.c.guid).where(some))).scalars())
        return found

    async def last_look(self) -> LastLook | None:
        """Where the reading of GitHub's log stands; None: it was never read."""
        async with self.read() as tx:
            text = (await tx.execute(select(facts.c.value).where(facts.c.key == LOOK))).scalar_one_or_none()
            return LOOKS.validate_json(text) if text else None

    async def keep_look(self, look: LastLook) -> None:
        async with self.write() as tx:
            await upsert(tx, facts, {"key": LOOK}, {"value": LOOKS.dump_json(look).decode()})

    async def note_move(self, card: str, move: Move) -> None:
        """A draft has no timeline: a webhook is the only one to say who moved its card."""
        values = asdict(move)
        del values["ours"]  # found out at each look
        async with self.write() as tx:
            await insert_once(tx, moves, {"card": card, "key": values.pop("key")}, values)

    async def moves(self, card: str) -> tuple[Move, ...]:
        async with self.read() as tx:
            return await moves_of(tx, card)


async def moves_of(tx: Tx, card: str) -> tuple[Move, ...]:
    """Oldest first."""
    found = await tx.execute(MOVES, {"card": card})
    return tuple(Move(row.key, row.to, row.actor, row.automated, row.at) for row in found)
