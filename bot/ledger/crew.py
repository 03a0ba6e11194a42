"""The crew in the ledger: agents that were created, what each was told to do, and what is known of them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update

from bot.core.crew import Command, Mate, Told
from bot.core.events import Event, Noted
from bot.core.run import Run
from bot.errors import UserError
from bot.ledger.databases import Tx
from bot.ledger.runs import run_of
from bot.ledger.shared_tables import crew, crew_commands, run_events
from bot.ledger.store import Store
from bot.ledger.tables import runs
from bot.ledger.tables import usage as spending
from bot.ledger.usage import counting, in_all


class Crew(Store):
    async def create_mate(self, mate: Mate) -> None:
        """Refused while another of that name is there."""
        living = (crew.c.folder == mate.folder, crew.c.name == mate.name, crew.c.deleted_at.is_(None))
        async with self.write() as tx:
            if (await tx.execute(select(crew.c.id).where(*living))).first():
                raise UserError(f"there is an agent {mate.name} already; give it a command, or delete it first")
            values = {name: getattr(mate, name) for name in ("id", "name", "folder", "created_at")}
            await tx.execute(insert(crew).values(mate=mate, **values))

    async def command_mate(self, mate: str, text: str, now: datetime) -> int:
        """Behind what it was told before; the command's number."""
        async with self.write() as tx:
            if (await _mate(tx, mate)).deleted_at:
                raise UserError(f"agent {mate} was deleted; create another")
            count = select(func.count()).select_from(crew_commands).where(crew_commands.c.mate == mate)
            number: int = (await tx.execute(count)).scalar_one() + 1
            await tx.execute(insert(crew_commands).values(mate=mate, number=number, at=now, text=text))
            return number

    async def note_command(self, mate: str, number: int, **what: str) -> None:
        """What became of it: `run`, `waits` or `dropped`."""
        here = (crew_commands.c.mate == mate, crew_commands.c.number == number)
        async with self.write() as tx:
            await tx.execute(update(crew_commands).where(*here).values(**what))

    async def stop_mate(self, mate: str, by: str, now: datetime) -> None:
        """What it was told until now is not done any more."""
        async with self.write() as tx:
            await _change(tx, replace(await _mate(tx, mate), stopped_at=now, stopped_by=by))

    async def dismiss_mate(self, mate: str, left: str, now: datetime) -> None:
        """It is gone; its record stays. `left`: where its work is."""
        async with self.write() as tx:
            await _change(tx, replace(await _mate(tx, mate), deleted_at=now, left=left))

    async def mate(self, text: str, folder: str) -> Mate:
        """By id or name; those that are there before those that were deleted, the newest first."""
        named = select(crew.c.mate).where((crew.c.id == text) | ((crew.c.name == text) & (crew.c.folder == folder)))
        order = named.order_by(crew.c.deleted_at.is_not(None), crew.c.created_at.desc(), crew.c.id)
        async with self.read() as tx:
            found: Mate | None = (await tx.execute(order.limit(1))).scalars().first()
        if found is None:
            raise UserError(f"there is no agent {text!r}; `sluice agent list` shows all")
        return found

    async def mate_of(self, item: str) -> Mate | None:
        """None: the item is none of the crew's."""
        async with self.read() as tx:
            found: Mate | None = (await tx.execute(select(crew.c.mate).where(crew.c.id == item))).scalar_one_or_none()
            return found

    async def told(self, mate: str) -> Told:
        async with self.read() as tx:
            return (await _told(tx, [await _mate(tx, mate)]))[0]

    async def crew(self, folder: str | None = None, deleted: bool = False) -> list[Told]:
        """The oldest first; `folder`: of that repository alone."""
        which: list[ColumnElement[bool]] = [] if deleted else [crew.c.deleted_at.is_(None)]
        which += [crew.c.folder == folder] if folder is not None else []
        async with self.read() as tx:
            wanted = select(crew.c.mate).where(*which).order_by(crew.c.created_at, crew.c.id)
            return await _told(tx, list((await tx.execute(wanted)).scalars()))


async def _mate(tx: Tx, mate: str) -> Mate:
    found: Mate = (await tx.execute(select(crew.c.mate).where(crew.c.id == mate))).scalar_one()
    return found


async def _change(tx: Tx, mate: Mate) -> None:
    await tx.execute(update(crew).where(crew.c.id == mate.id).values(mate=mate, deleted_at=mate.deleted_at))


async def _told(tx: Tx, mates: Sequence[Mate]) -> list[Told]:
    """Everything about them in a few questions, however many they are."""
    ids = [mate.id for mate in mates]
    commands: defaultdict[str, list[Command]] = defaultdict(list)
    given = select(crew_commands).where(crew_commands.c.mate.in_(ids)).order_by(crew_commands.c.number)
    for row in (await tx.execute(given)).mappings():
        commands[row["mate"]].append(Command(**{name: row[name] for name in COMMAND}))
    theirs: defaultdict[str, list[Run]] = defaultdict(list)
    for row in (await tx.execute(select(runs).where(runs.c.item.in_(ids)).order_by(runs.c.seq))).mappings():
        theirs[row["item"]].append(run_of(row))
    events = await _events(tx, {run.key: mate for mate, found in theirs.items() for run in found})
    spent: defaultdict[str, list[Any]] = defaultdict(list)
    for each in await counting(tx, spending.c.item.in_(ids)):
        spent[each.item].append(each)
    return [
        Told(
            mate,
            tuple(commands[mate.id]),
            tuple(theirs[mate.id]),
            tuple(events[mate.id]),
            in_all(spent[mate.id]) if spent[mate.id] else None,
        )
        for mate in mates
    ]


async def _events(tx: Tx, whose: dict[str, str]) -> defaultdict[str, list[Noted]]:
    found: defaultdict[str, list[Noted]] = defaultdict(list)
    wanted = select(run_events).where(run_events.c.run.in_(whose)).order_by(run_events.c.at, run_events.c.number)
    for row in await tx.execute(wanted):
        found[whose[row.run]].append(Noted(row.number, row.at, Event(row.kind, row.text, row.target)))
    return found


COMMAND = ("number", "at", "text", "run", "waits", "dropped")
