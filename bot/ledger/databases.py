"""The two databases, alike to the verbs: a view to read, a turn to write, and statements inside.

Writers take turns: BEGIN IMMEDIATE on SQLite, one advisory lock on PostgreSQL. What is read inside a turn stays true
until its end, so no update is lost and nothing deadlocks. Turns last milliseconds.

On SQLite a statement takes microseconds and is carried out where it is asked for: handed to a thread, as drivers for
asyncio do, it would wait for the event loop twice. Only what may wait, for another process or for the disk, goes there;
a commit does not wait for the disk (the log is kept by the system if the process dies, and SQLite keeps it whole).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVarTuple, overload

from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Dialect,
    Engine,
    Executable,
    QueuePool,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.sql.selectable import TypedReturnsRows
from sqlalchemy.util import LRUCache

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

TURN = 0x51_0_1CE  # the advisory lock's number; any will do, as long as all use the same
POSTGRES_OPTIONS = "-c idle_in_transaction_session_timeout=15000"  # a frozen writer loses its turn
PATIENT = "busy_timeout=30000"  # milliseconds
LOG = 16_000_000  # bytes of SQLite's write-ahead log, after which it is emptied into the file
_COMPILED: LRUCache[Any, Any] = LRUCache(1000)  # statements as SQLite takes them
AT_A_STRETCH = 0.005  # seconds of statements, after which others of this process have theirs
Types = TypeVarTuple("Types")


class Here:
    """A connection whose statements are carried out on the thread of the event loop."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._now = asyncio.get_running_loop().time
        self._since = self._now()

    @overload
    async def execute(self, statement: TypedReturnsRows[*Types], parameters: Any = None) -> CursorResult[*Types]: ...
    @overload
    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]: ...
    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        if self._now() - self._since > AT_A_STRETCH:
            await asyncio.sleep(0)
            self._since = self._now()
        return self._connection.execute(statement, parameters)


Tx: TypeAlias = "Here | AsyncConnection"


class Sqlite:
    def __init__(self, target: URL) -> None:
        self._engine = _engine(target.set(drivername="sqlite"))
        event.listen(self._engine, "connect", prepare_sqlite)
        event.listen(self._engine, "connect", _leave_the_log)
        event.listen(self._engine, "begin", begin_sqlite)
        self._file, self._log = Path(str(target.database)), Path(f"{target.database}-wal")
        self._aside = ThreadPoolExecutor(1, "ledger")  # one is enough: writers take turns
        self._turn = asyncio.Lock()  # the writers of this process queue here, not in SQLite's busy loop

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        await asyncio.sleep(0)  # others of this process have their turn between two views
        with self._engine.connect().execution_options(sluice_reads=True) as connection, connection.begin():
            yield Here(connection)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Tx]:
        async with self._turn:
            with self._engine.connect() as connection:  # which takes back what was not committed
                await self._begin(connection)
                yield Here(connection)
                connection.commit()
            with suppress(OSError, sqlite3.Error):  # it is written all the same, and the next turn tries again
                if self._log.stat().st_size > LOG:
                    await self._wait(self._empty_log)

    async def _begin(self, connection: Connection) -> None:
        try:
            connection.execution_options(sluice_hurries=True).begin()
        except OperationalError:  # another process writes
            connection.execution_options(sluice_hurries=False)
            await self._wait(connection.begin)

    def _empty_log(self) -> None:
        """What was written goes to its place in the file. That takes the disk's time, and readers may hold it up."""
        with closing(sqlite3.connect(self._file, timeout=0.1)) as raw:
            raw.execute("PRAGMA synchronous=NORMAL")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def _wait(self, verb: Callable[[], object]) -> None:
        """Until it is done, whoever cancels: a connection is used by one thread at a time."""
        doing = asyncio.get_running_loop().run_in_executor(self._aside, verb)
        try:
            await asyncio.shield(doing)
        except asyncio.CancelledError:
            await asyncio.wait([doing])
            raise

    async def close(self) -> None:
        self._engine.dispose()
        self._aside.shutdown(wait=False)


class Postgres:
    def __init__(self, target: URL) -> None:
        from sqlalchemy.ext.asyncio import create_async_engine  # here: on SQLite nobody needs it

        options = {"pool_pre_ping": True, "connect_args": {"options": POSTGRES_OPTIONS}}
        self._engine = create_async_engine(target.set(drivername="postgresql+psycopg"), **options)
        self._turn = asyncio.Lock()  # the writers of this process queue here, each with a connection less to hold

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Tx]:
        async with self._turn, self._engine.begin() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(TURN)))
            yield connection

    async def close(self) -> None:
        await self._engine.dispose()


Database = Sqlite | Postgres


def connect(url: str) -> Database:
    """For `sqlite:///path` or `postgresql://...`."""
    target = make_url(url)
    return Sqlite(target) if target.get_backend_name() == "sqlite" else Postgres(target)


def _engine(target: URL) -> Engine:
    """Never a wait for a free connection: that wait would stop the event loop."""
    dialect = _dialect()
    args, options = dialect.create_connect_args(target)
    pool = QueuePool(lambda: dialect.connect(*args, **options), max_overflow=-1)
    return Engine(pool, dialect, target, execution_options={"compiled_cache": _COMPILED})


@cache
def _dialect() -> Dialect:
    """One for all ledgers of a process: statements are compiled for a dialect, and that takes longer than they do."""
    pattern = create_engine("sqlite://")
    with pattern.connect():  # from which it learns what SQLite can do
        return pattern.dialect


def prepare_sqlite(dbapi: Any, record: object) -> None:
    dbapi.isolation_level = None  # the driver starts no transactions by itself
    for setting in (PATIENT, "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        dbapi.execute(f"PRAGMA {setting}")


def _leave_the_log(dbapi: Any, record: object) -> None:
    dbapi.execute("PRAGMA wal_autocheckpoint=0")  # no commit does it on the event loop


def begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: one that reads first and writes later could be refused in between."""
    options = connection.get_execution_options()
    if options.get("sluice_reads"):
        connection.exec_driver_sql("BEGIN")
        return
    raw: Any = connection.connection.dbapi_connection
    raw.execute("PRAGMA busy_timeout=0" if options.get("sluice_hurries") else f"PRAGMA {PATIENT}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        raw.execute(f"PRAGMA {PATIENT}")
