"""One reader's view or one writer's turn of the ledger's database. Everything else in this folder is verbs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, func, insert, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.errors import Unavailable
from bot.ledger.databases import Database, Sqlite, Tx


class Store:
    """Base of every group of verbs."""

    def __init__(self, database: Database, instance: str) -> None:
        self._database = database
        self.sqlite = isinstance(database, Sqlite)
        self._instance = instance

    @property
    def instance(self) -> str:
        """The ledger's own name, the same for every process that shares it."""
        return self._instance

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """One consistent view."""
        with _outages():
            async with self._database.reading() as tx:
                yield tx

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """One writer's turn: all of it happens or nothing."""
        with _outages():
            async with self._database.writing() as tx:
                yield tx

    async def close(self) -> None:
        await self._database.close()


class _outages:
    """A database that does not answer is an outside system that does not answer."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OperationalError | InterfaceError):
            raise Unavailable(f"the ledger's database did not answer: {error.orig}") from error


async def upsert(tx: Tx, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Update the row with that key, or insert it; True when it is new. Safe because writers take turns."""
    here = and_(*(table.c[name] == value for name, value in key.items()))
    changed = await tx.execute(update(table).where(here).values(**values))
    if changed.rowcount:
        return False
    await tx.execute(insert(table).values(**key, **values))
    return True


async def insert_once(tx: Tx, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Insert the row unless one has that key; True when it was inserted."""
    here = and_(*(table.c[name] == value for name, value in key.items()))
    if (await tx.execute(select(func.count()).select_from(table).where(here))).scalar_one():
        return False
    await tx.execute(insert(table).values(**key, **values))
    return True


async def database_now(tx: Tx, sqlite: bool, now: datetime) -> datetime:
    """The database's clock where several machines share one; on SQLite the caller's."""
    if sqlite:
        return now
    instant: datetime = (await tx.execute(select(func.clock_timestamp()))).scalar_one()
    return instant
