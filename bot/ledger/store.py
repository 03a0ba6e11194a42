"""The connection to the database: one reader's view or one writer's turn. Everything else in this folder is verbs.

Writers take turns, on both databases alike: BEGIN IMMEDIATE on SQLite, one advisory lock on PostgreSQL. What is read
inside a turn stays true until its end, so no update is lost and nothing deadlocks. Turns last milliseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, event, func, insert, make_url, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import Unavailable

TURN = 0x51_0_1CE  # the advisory lock's number; any will do, as long as all use the same
POSTGRES_OPTIONS = "-c idle_in_transaction_session_timeout=15000"  # a frozen writer loses its turn


class Store:
    """Base of every group of verbs."""

    def __init__(self, engine: AsyncEngine, instance: str) -> None:
        self.engine = engine
        self.sqlite = engine.dialect.name == "sqlite"
        self._instance = instance
        self._turn = asyncio.Lock()  # the writers of this process queue here, not in SQLite's busy loop

    @property
    def instance(self) -> str:
        """The ledger's own name, the same for every process that shares it."""
        return self._instance

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view."""
        with _outages():
            async with self.engine.connect() as connection:
                reading = {"sluice_reads": True} if self.sqlite else {"isolation_level": "REPEATABLE READ"}
                async with (await connection.execution_options(**reading)).begin():
                    yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One writer's turn: all of it happens or nothing."""
        with _outages():
            async with self._turn, self.engine.begin() as connection:
                if not self.sqlite:
                    await connection.execute(select(func.pg_advisory_xact_lock(TURN)))
                yield connection

    async def close(self) -> None:
        await self.engine.dispose()


class _outages:
    """A database that does not answer is an outside system that does not answer."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OperationalError | InterfaceError):
            raise Unavailable(f"the ledger's database did not answer: {error.orig}") from error


def connect(url: str) -> AsyncEngine:
    """An engine for `sqlite:///path` or `postgresql://...`."""
    target = make_url(url)
    if target.get_backend_name() == "sqlite":
        engine = create_async_engine(target.set(drivername="sqlite+aiosqlite"))
        event.listen(engine.sync_engine, "connect", prepare_sqlite)
        event.listen(engine.sync_engine, "begin", begin_sqlite)
        return engine
    target = target.set(drivername="postgresql+psycopg")
    return create_async_engine(target, pool_pre_ping=True, connect_args={"options": POSTGRES_OPTIONS})


def prepare_sqlite(dbapi: Any, record: object) -> None:
    dbapi.isolation_level = None  # the driver starts no transactions by itself
    cursor = dbapi.cursor()
    for setting in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: one that reads first and writes later could be refused in between."""
    reads = connection.get_execution_options().get("sluice_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


async def upsert(tx: AsyncConnection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Update the row with that key, or insert it; True when it is new. Safe because writers take turns."""
    here = and_(*(table.c[name] == value for name, value in key.items()))
    changed = await tx.execute(update(table).where(here).values(**values))
    if changed.rowcount:
        return False
    await tx.execute(insert(table).values(**key, **values))
    return True


async def insert_once(tx: AsyncConnection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Insert the row unless one has that key; True when it was inserted."""
    here = and_(*(table.c[name] == value for name, value in key.items()))
    if (await tx.execute(select(func.count()).select_from(table).where(here))).scalar_one():
        return False
    await tx.execute(insert(table).values(**key, **values))
    return True


async def database_now(tx: AsyncConnection, sqlite: bool, now: datetime) -> datetime:
    """The database's clock where several machines share one; on SQLite the caller's."""
    if sqlite:
        return now
    instant: datetime = (await tx.execute(select(func.clock_timestamp()))).scalar_one()
    return instant
