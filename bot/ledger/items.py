"""Items: the ledger's memory of each card, and the verbs that change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import RowMapping, Update, bindparam, insert, select, update

from bot.core.item import GoAhead, Item, Parked, Refused
from bot.core.parking import transferred
from bot.core.queue import rank
from bot.core.run import Outcome
from bot.core.snapshot import Rival, Twin
from bot.errors import UserError
from bot.ledger.databases import Tx
from bot.ledger.repositories import follow_rename
from bot.ledger.store import Store
from bot.ledger.tables import items, receipts, runs
from bot.ledger.wakes import rouse

LONG_AFTER = timedelta(hours=1)  # what was refused before that is another story
FIELDS = tuple(field.name for field in fields(Item))
ONE = select(items).where(items.c.id == bindparam("item"))
SAME_ISSUE = (items.c.issue_id == bindparam("issue"), items.c.id != bindparam("item"), items.c.gone_at.is_(None))
TWINS = select(items).where(*SAME_ISSUE).order_by(items.c.id)
IN_LANE = (items.c.repo == bindparam("repo"), items.c.lane_base == bindparam("base"), items.c.lane_since.is_not(None))
LANE = select(items).where(*IN_LANE)


@dataclass(frozen=True)
class Receipt:
    """How an item ended, or came to need a person."""

    item: str
    repo: str
    number: int | None
    title: str
    how: str
    text: str
    at: datetime


class Items(Store):
    async def item(self, item: str) -> Item:
        async with self.read() as tx:
            return await load(tx, item)

    async def note_face(self, item: str, column: str | None, priority: float | None) -> Item:
        """How a look found the card; the next scan still finds its news itself."""
        async with self.write() as tx:
            await change(tx, item, column_name=column, priority=priority)
            return await load(tx, item)

    async def note_issue(self, item: str, repo: str, issue_id: str, number: int, title: str) -> None:
        async with self.write() as tx:
            before = await load(tx, item)
            if before.issue_id == issue_id and before.repo != repo:
                await follow_rename(tx, before.repo, repo)
            await change(tx, item, repo=repo, issue_id=issue_id, number=number, title=title)

    async def follow_transfer(self, item: str, repo: str, issue_id: str, number: int, now: datetime) -> None:
        """The card's issue is another one now. What was under way for the old one ends, and waits for a person."""
        async with self.write() as tx:
            await leave_behind(tx, await load(tx, item), now)
            await change(tx, item, repo=repo, issue_id=issue_id, number=number)

    async def accept_go_ahead(self, item: str, go_ahead: GoAhead) -> None:
        async with self.write() as tx:
            await change(tx, item, go_ahead=go_ahead)

    async def spend_move(self, item: str, key: str) -> None:
        async with self.write() as tx:
            await change(tx, item, spent=key)

    async def note_pull(self, item: str, number: int) -> None:
        async with self.write() as tx:
            await change(tx, item, pull_number=number)

    async def note_push(self, item: str, head: str, now: datetime) -> None:
        async with self.write() as tx:
            await change(tx, item, pushed_head=head, pushed_at=now)

    async def note_refused(self, item: str, refused: Refused) -> None:
        async with self.write() as tx:
            known = (await load(tx, item)).refused
            await change(tx, item, refused=known.again(refused, LONG_AFTER) if known else refused)

    async def note_unaskable(self, item: str, logins: Sequence[str]) -> None:
        async with self.write() as tx:
            known = (await load(tx, item)).unaskable
            await change(tx, item, unaskable=tuple(sorted({*known, *(login.casefold() for login in logins)})))

    async def note_stood(self, item: str, stood: tuple[str, ...]) -> None:
        async with self.write() as tx:
            await change(tx, item, stood=stood)

    async def join_lane(self, item: str, base: str, now: datetime) -> bool:
        """Take a place in the queue of the base branch; True when the item is its head."""
        async with self.write() as tx:
            mine = await load(tx, item)
            if mine.lane_since is None:
                await change(tx, item, lane_since=now, lane_base=base)
            return (await lane_of(tx, await row_of(tx, item)))[0].item == item

    async def leave_lane(self, item: str) -> None:
        async with self.write() as tx:
            await leave(tx, item)

    async def park(self, item: str, reason: str, told: bool, now: datetime) -> None:
        """Only a person can free it: claim and lane are given up, pull request and pushed head are kept."""
        async with self.write() as tx:
            mine = await load(tx, item)
            known = mine.parked if mine.parked and mine.parked.reason == reason else Parked(reason, now)
            given = mine.claim.go_ahead if mine.claim else mine.go_ahead  # whom to mention
            await _give_up(tx, item, now, parked=replace(known, told=known.told or told), go_ahead=given)
            await _file(tx, item, "parked", reason, now)

    async def parked_told(self, item: str) -> None:
        async with self.write() as tx:
            mine = await load(tx, item)
            if mine.parked:
                await change(tx, item, parked=replace(mine.parked, told=True))

    async def release(self, item: str) -> None:
        async with self.write() as tx:
            await leave(tx, item)
            await change(tx, item, claim=None, approvals=())

    async def finish(self, item: str, how: str, receipt: str, now: datetime) -> None:
        """The item is over; its receipt is filed."""
        async with self.write() as tx:
            await _give_up(tx, item, now, done=how, parked=None, go_ahead=None)
            await _file(tx, item, how, receipt, now)

    async def receipts(self) -> list[Receipt]:
        """All of them, oldest first."""
        filed = select(receipts, items.c.repo, items.c.number, items.c.title).join(items).order_by(receipts.c.id)
        names = Receipt.__dataclass_fields__
        async with self.read() as tx:
            return [Receipt(**{name: row[name] for name in names}) for row in (await tx.execute(filed)).mappings()]

    async def receipt(self, item: str) -> str | None:
        """The text of the newest receipt; None while nothing has ended."""
        newest = select(receipts.c.text).where(receipts.c.item == item).order_by(receipts.c.id.desc()).limit(1)
        async with self.read() as tx:
            return (await tx.execute(newest)).scalar_one_or_none()


async def load(tx: Tx, item: str) -> Item:
    return item_of(await row_of(tx, item))


async def row_of(tx: Tx, item: str) -> RowMapping:
    row = (await tx.execute(ONE, {"item": item})).mappings().one_or_none()
    if row is None:
        raise UserError(f"the ledger knows no item {item!r}; `sluice sweep` reads the boards")
    return row


def item_of(row: RowMapping) -> Item:
    said = row["priority_said"]
    mine = Item(**{name: row[name] for name in FIELDS})
    return mine if said is None else replace(mine, priority=said)


async def change(tx: Tx, item: str, **values: Any) -> None:
    await tx.execute(_changed(tuple(values)), {"of": item, **values})


@cache
def _changed(names: tuple[str, ...]) -> Update:
    """Built once for the same fields: every look changes a few."""
    given = {name: bindparam(name, type_=items.c[name].type) for name in names}
    return update(items).where(items.c.id == bindparam("of")).values(rev=items.c.rev + 1, **given)


async def twin_of(tx: Tx, mine: Item) -> Twin | None:
    """The card of the same issue on another board that is claimed, or else parked."""
    if not mine.issue_id:
        return None
    theirs = await tx.execute(TWINS, {"issue": mine.issue_id, "item": mine.id})
    found = [item_of(row) for row in theirs.mappings()]
    twin = next((each for each in found if each.claim), None) or next((each for each in found if each.parked), None)
    return Twin(twin.board, bool(twin.claim), twin.parked.at if twin.parked else None) if twin else None


async def lane_of(tx: Tx, row: RowMapping) -> list[Rival]:
    """The queue of the item's base branch, the item itself included, its head first."""
    return await _lane(tx, row["repo"], row["lane_base"] or (row["claim"].base if row["claim"] else None))


async def _lane(tx: Tx, repo: str, base: str | None) -> list[Rival]:
    if base is None:
        return []
    found = [item_of(row) for row in (await tx.execute(LANE, {"repo": repo, "base": base})).mappings()]
    rivals = [Rival(i.id, rank(i), i.lane_since, i.pull_number) for i in found]
    return sorted(rivals, key=lambda rival: (rival.since, rival.rank, rival.item))


async def leave(tx: Tx, item: str) -> None:
    """Give up the place in the lane, and let the next one know."""
    row = (await tx.execute(ONE, {"item": item})).mappings().one_or_none()
    if row is None or row["lane_since"] is None:
        return
    await change(tx, item, lane_since=None, lane_base=None)
    for first in (await _lane(tx, row["repo"], row["lane_base"]))[:1]:
        await rouse(tx, first.item, row["lane_since"], "its turn in the queue of the base branch has come")


async def leave_behind(tx: Tx, mine: Item, now: datetime) -> None:
    """Branch and pull request belong to another repository: under the new issue their numbers would mean others."""
    if mine.claim is None and mine.pull_number is None:
        return
    reason = transferred(mine.repo, mine.number)
    given = mine.claim.go_ahead if mine.claim else mine.go_ahead
    kept = {"parked": Parked(reason, now), "go_ahead": given} if mine.claim or mine.parked else {}
    await _give_up(tx, mine.id, now, pull_number=None, pushed_head=None, approvals=(), **kept)
    if kept:
        await _file(tx, mine.id, "parked", reason, now)


async def _give_up(tx: Tx, item: str, now: datetime, **values: Any) -> None:
    """The claim ends, and with it every run that has not begun."""
    await leave(tx, item)
    await change(tx, item, claim=None, **values)
    never = Outcome("cancelled", "", 0.0, "")
    waiting = update(runs).where(runs.c.item == item, runs.c.state == "admitted")
    await tx.execute(waiting.values(state="ended", ended_at=now, outcome=never))


async def _file(tx: Tx, item: str, how: str, text: str, now: datetime) -> None:
    await tx.execute(insert(receipts).values(item=item, how=how, text=text, at=now))
