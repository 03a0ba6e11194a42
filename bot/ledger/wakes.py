"""Wakes: the durable requests for a pass, and the lease that keeps it to one pass at a time over all processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, or_, select, update

from bot.ledger.databases import Tx
from bot.ledger.shared_tables import leases, wakes
from bot.ledger.store import Store, insert_once
from bot.ledger.tables import ON_BOARD, items

FOR_SLOT = ("slot", "agent", "quota")  # what a run's end may set free
FEW = 3  # how many are told of it; the sweep asks everybody


@dataclass(frozen=True)
class Wake:
    item: str
    seq: int
    cause: str
    due: datetime


class Waiting(Protocol):
    """Whoever waits for one of these, in one repository or in all of them."""

    @property
    def cause(self) -> str: ...
    @property
    def repo(self) -> str | None: ...
    @property
    def waits_for(self) -> tuple[str, ...]: ...


class Wakes(Store):
    async def wake(self, item: str, due: datetime, cause: str) -> None:
        async with self.write() as tx:
            await rouse(tx, item, due, cause)

    async def wake_all(self, causes: Mapping[str, str], due: datetime, waiting: Sequence[Waiting] = ()) -> list[int]:
        """Each item for its cause, and those that wait; how many each of these was. All in one turn."""
        if not causes and not waiting:
            return []
        async with self.write() as tx:
            for item, cause in causes.items():
                await rouse(tx, item, due, cause)
            return [await rouse_where(tx, due, each.cause, each.repo, each.waits_for) for each in waiting]

    async def wake_where(
        self,
        due: datetime,
        cause: str,
        *,
        repo: str | None = None,
        waits_for: Sequence[str] = (),
        limit: int | None = None,
    ) -> int:
        """Wake the items, not done, whose last decision waits for one of these; none given: every claimed item."""
        async with self.write() as tx:
            return await rouse_where(tx, due, cause, repo, waits_for, limit)

    async def due(self, now: datetime, limit: int) -> list[Wake]:
        """Who is to be looked at, earliest first, then by rank; items of a living lease are somebody's already."""
        async with self.read() as tx:
            found = await tx.execute(DUE, {"now": now, "most": limit})
            return [Wake(row.item, row.seq, row.cause, row.due) for row in found]

    async def next_due(self) -> datetime | None:
        """When the earliest wake of a known item is due."""
        async with self.read() as tx:
            found: datetime | None = (await tx.execute(EARLIEST)).scalar_one()
            return found

    async def wake_of(self, item: str) -> Wake | None:
        async with self.read() as tx:
            row = (await tx.execute(OF, {"item": item})).one_or_none()
            return Wake(row.item, row.seq, row.cause, row.due) if row and row.due else None

    async def lease(self, item: str, owner: str, until: datetime, now: datetime) -> bool:
        """The right to make a pass. It runs out by itself when the process dies."""
        async with self.write() as tx:
            mine = {"of": item, "by": owner, "now": now, "until": until, "owner": owner}
            if (await tx.execute(RENEW, mine)).rowcount:
                return True
            return await insert_once(tx, leases, {"item": item}, {"owner": owner, "until": until})

    async def unlease(self, item: str, owner: str) -> None:
        async with self.write() as tx:
            await tx.execute(END, {"of": item, "by": owner})

    async def forget_leases(self) -> None:
        """For the only process there is, at its start: whoever held one is dead."""
        async with self.write() as tx:
            await tx.execute(delete(leases))

    async def slept(self, item: str, seq: int, look_again_at: datetime | None) -> None:
        """A pass is over: the wake it answered goes, one that came meanwhile stays, and the next look is set."""
        async with self.write() as tx:
            await tx.execute(ANSWERED, {"of": item, "answers": seq})
            if look_again_at:
                await rouse(tx, item, look_again_at, "it was time to look again")


RANK: tuple[ColumnElement[object], ...] = (
    func.coalesce(items.c.priority_said, items.c.priority).asc().nulls_last(),
    items.c.position.asc(),
)
OF = select(wakes).where(wakes.c.item == bindparam("item"))
LEASED = (leases.c.item == bindparam("of"), or_(leases.c.owner == bindparam("by"), leases.c.until <= bindparam("now")))
RENEW = update(leases).where(*LEASED).values(owner=bindparam("owner"), until=bindparam("until"))
END = delete(leases).where(leases.c.item == bindparam("of"), leases.c.owner == bindparam("by"))
ANSWERED = update(wakes).where(wakes.c.item == bindparam("of"), wakes.c.seq == bindparam("answers")).values(due=None)
MORE = update(wakes).where(wakes.c.item == bindparam("of")).values(seq=wakes.c.seq + 1)
SOONER = MORE.values(due=bindparam("due"), cause=bindparam("cause"))
EARLIEST = select(func.min(wakes.c.due)).join(items, items.c.id == wakes.c.item).where(ON_BOARD)
DUE = (
    select(wakes)
    .join(items, items.c.id == wakes.c.item)
    .outerjoin(leases, and_(leases.c.item == wakes.c.item, leases.c.until > bindparam("now")))
    .where(wakes.c.due <= bindparam("now"), leases.c.item.is_(None), ON_BOARD)
    .order_by(wakes.c.due, *RANK)
    .limit(bindparam("most"))
)


async def rouse(tx: Tx, item: str, due: datetime, cause: str) -> None:
    """The earliest due stands, with its cause; `seq` tells a pass under way that there is news."""
    row = (await tx.execute(OF, {"item": item})).one_or_none()
    if row is None:
        await insert_once(tx, wakes, {"item": item}, {"due": due, "cause": cause, "seq": 1})
        return
    if row.due is None or due <= row.due:
        await tx.execute(SOONER, {"of": item, "due": due, "cause": cause})
    else:
        await tx.execute(MORE, {"of": item})


async def rouse_where(
    tx: Tx,
    due: datetime,
    cause: str,
    repo: str | None = None,
    waits_for: Sequence[str] = (),
    limit: int | None = None,
) -> int:
    who = select(items.c.id).where(items.c.done.is_(None), ON_BOARD).order_by(*RANK)
    who = who.where(items.c.waits_for.in_(waits_for) if waits_for else items.c.claim.is_not(None))
    if repo is not None:
        who = who.where(items.c.repo == repo)
    return await _rouse_all(tx, who.limit(limit), due, cause)


async def _rouse_all(tx: Tx, who: Select[str], due: datetime, cause: str) -> int:
    found = list((await tx.execute(who)).scalars())
    for item in found:
        await rouse(tx, item, due, cause)
    return len(found)
