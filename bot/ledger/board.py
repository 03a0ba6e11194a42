"""The board as it was scanned, and the ways to find an item again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, insert, or_, select

from bot.core.board import Card
from bot.core.item import Item
from bot.core.queue import priority_of
from bot.ledger.databases import Tx
from bot.ledger.decisions import DecisionRow, decision_of
from bot.ledger.items import change, item_of, leave_behind
from bot.ledger.repositories import follow_rename
from bot.ledger.store import Store
from bot.ledger.tables import ON_BOARD, decisions, items
from bot.ledger.wakes import RANK, rouse

BUSY = ("machine", "person", "slot", "agent", "quota", "dependency")

LONGEST_NUMBER = 9  # digits: more fit into no column, and GitHub has none


@dataclass(frozen=True)
class ItemRow:
    """An item as `board show` lists it."""

    item: Item
    kind: str
    column: str | None  # where a scan or a look last saw the card
    archived: bool
    gone_at: datetime | None
    last: DecisionRow | None


class BoardVerbs(Store):
    async def upsert_cards(
        self, board: str, cards: Sequence[Card], now: datetime, gone: Collection[str] | None = None
    ) -> list[str]:
        """Note what a scan found. The items with news (new, changed or gone) are woken and returned.

        `gone`: those that are known to be; None: the scan was of the whole board, so whatever it did not find.
        """
        found = {card.id: card for card in cards if card.kind != "PULL_REQUEST"}  # those come with their issue
        async with self.write() as tx:
            known = (await tx.execute(select(items).where(items.c.board == board))).mappings().all()
            rows = {row["id"]: row for row in known}
            news = [id_ for id_, card in found.items() if await _note(tx, board, card, rows.get(id_), now)]
            here = [row["id"] for row in known if row["gone_at"] is None and row["id"] not in found]
            for id_ in [id_ for id_ in here if gone is None or id_ in gone]:
                await change(tx, id_, gone_at=now)
                news.append(id_)
            for id_ in news:
                await rouse(tx, id_, now, "the board changed")
            return news

    async def cards_in(self, board: str, columns: Collection[str]) -> list[str]:
        """The cards that are claimed, or stood in one of these columns when they were last seen."""
        there = items.c.claim.is_not(None) | items.c.column_name.in_(columns)
        async with self.read() as tx:
            wanted = select(items.c.id).where(items.c.board == board, items.c.gone_at.is_(None), there)
            return list((await tx.execute(wanted.order_by(items.c.id))).scalars())

    async def items(self, board: str | None = None, *, done: bool = True, gone: bool = False) -> list[ItemRow]:
        """In the order of the queue, each with its last decision."""
        wanted = select(items).where(ON_BOARD).order_by(items.c.board, *RANK, items.c.id)
        if board is not None:
            wanted = wanted.where(items.c.board == board)
        if not done:
            wanted = wanted.where(items.c.done.is_(None))
        if not gone:
            wanted = wanted.where(items.c.gone_at.is_(None))
        newest = select(func.max(decisions.c.id)).group_by(decisions.c.item)
        async with self.read() as tx:
            last = {
                row.item: decision_of(row)
                for row in await tx.execute(select(decisions).where(decisions.c.id.in_(newest)))
            }
            return [_listed(row, last.get(row["id"])) for row in (await tx.execute(wanted)).mappings()]

    async def find(self, text: str) -> list[str]:
        """By id, `#12`, `12`, `owner/name#12`, or a part of the title; the first way that finds something."""
        repo, _, number = text.strip().rpartition("#")
        ways = [items.c.id == text]
        if number.isdecimal() and len(number) <= LONGEST_NUMBER:
            ours = or_(items.c.number == int(number), items.c.pull_number == int(number))
            ways.append(ours & (func.lower(items.c.repo) == repo.lower()) if repo else ours)
        elif text.strip():
            ways.append(func.lower(items.c.title).contains(text.strip().lower(), autoescape=True))
        async with self.read() as tx:
            for way in ways:
                found = (await tx.execute(select(items.c.id).where(way).order_by(*RANK, items.c.id))).scalars().all()
                if found:
                    return list(found)
        return []

    async def item_ids_for(self, repo: str, number: int) -> list[str]:
        """The items whose issue or pull request has that number."""
        return (await self.items_numbered(repo, (number,))).get(number, [])

    async def items_numbered(self, repo: str, numbers: Collection[int]) -> dict[int, list[str]]:
        """By number: the items whose issue or pull request has it. Numbers nobody has are not in the answer."""
        ours = or_(items.c.number.in_(numbers), items.c.pull_number.in_(numbers))
        wanted = select(items.c.id, items.c.number, items.c.pull_number)
        wanted = wanted.where(func.lower(items.c.repo) == repo.lower(), ours).order_by(items.c.id)
        found: defaultdict[int, list[str]] = defaultdict(list)
        async with self.read() as tx:
            for row in await tx.execute(wanted):
                for number in {row.number, row.pull_number} & set(numbers):
                    found[number].append(row.id)
        return dict(found)

    async def changed_since_look(self, repo: str, changed: Mapping[int, datetime]) -> list[str]:
        """The items whose pull request changed after they were last decided upon. `changed`: by number."""
        looked = func.max(decisions.c.last_at)
        ours = (func.lower(items.c.repo) == repo.lower()) & items.c.pull_number.in_(changed) & items.c.done.is_(None)
        joined = items.join(decisions, decisions.c.item == items.c.id)
        found = select(items.c.id, items.c.pull_number, looked).select_from(joined).where(ours).group_by(items.c.id)
        async with self.read() as tx:
            return [row[0] for row in await tx.execute(found.order_by(items.c.id)) if changed[row[1]] > row[2]]

    async def item_for_card(self, card: str) -> str | None:
        """None: no scan has seen the card yet."""
        return card if await self.known_cards((card,)) else None

    async def known_cards(self, cards: Collection[str]) -> set[str]:
        """Those of them that a scan has seen."""
        async with self.read() as tx:
            return set((await tx.execute(select(items.c.id).where(items.c.id.in_(cards)))).scalars())

    async def active(self) -> list[str]:
        """Claimed, parked with a pull request, or waiting for something: what a sweep looks at again."""
        parked_with_pull = items.c.parked.is_not(None) & items.c.pull_number.is_not(None)
        under_way = or_(items.c.claim.is_not(None), parked_with_pull, items.c.waits_for.in_(BUSY))
        async with self.read() as tx:
            wanted = select(items.c.id).where(ON_BOARD, items.c.done.is_(None), under_way).order_by(*RANK, items.c.id)
            return list((await tx.execute(wanted)).scalars())


async def _note(tx: Tx, board: str, card: Card, known: RowMapping | None, now: datetime) -> bool:
    """True: there is news of the card."""
    seen: dict[str, Any] = {
        "kind": card.kind,
        "column_name": card.column,
        "archived": card.archived,
        "fingerprint": card.fingerprint,
        "priority": priority_of(card.priority),
        "position": card.position,
        "gone_at": None,
    }
    named = {"title": card.title, "repo": card.repo, "number": card.number, "issue_id": card.issue_id}
    if known is None:
        await tx.execute(insert(items).values(id=card.id, board=board, first_seen=now, **seen, **named))
        return True
    if card.issue_id and known["issue_id"] not in ("", card.issue_id):
        await leave_behind(tx, item_of(known), now)
    elif card.issue_id and card.repo != known["repo"] and known["repo"]:
        await follow_rename(tx, known["repo"], card.repo)
    seen |= {name: value for name, value in named.items() if value}  # a redacted card hides what was known
    if any(known[name] != value for name, value in seen.items()):
        await change(tx, card.id, **seen)
    return bool(known["fingerprint"] != card.fingerprint or known["gone_at"] is not None)


def _listed(row: RowMapping, last: DecisionRow | None) -> ItemRow:
    return ItemRow(item_of(row), row["kind"], row["column_name"], row["archived"], row["gone_at"], last)
