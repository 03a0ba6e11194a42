"""Opens a ledger: brings its tables up to date, where they are not, then connects."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, create_engine, event, func, insert, inspect, make_url, select, text
from sqlalchemy.exc import OperationalError

from bot.errors import Unavailable
from bot.ledger.databases import TURN, begin_sqlite, connect, prepare_sqlite
from bot.ledger.metadata import facts
from bot.ledger.store import Store

if TYPE_CHECKING:
    from bot.ledger.ledger import SqlLedger

T = TypeVar("T", bound=Store)
MIGRATIONS = Path(__file__).parent / "migrations"


async def open_ledger(url: str, instance: str | None = None, migrations: Path = MIGRATIONS) -> SqlLedger:
    """`sqlite:///path` or `postgresql://...`. A new ledger is called `instance`, or a random name it keeps."""
    from bot.ledger.ledger import SqlLedger  # here, so that who needs a part of it alone starts quickly

    return await opened(SqlLedger, url, instance, migrations)


async def opened(verbs: type[T], url: str, instance: str | None = None, migrations: Path = MIGRATIONS) -> T:
    """A group of verbs alone, e.g. `Plans`."""
    name = await asyncio.to_thread(migrate, url, instance or uuid.uuid4().hex, migrations)
    return verbs(connect(url), name)


def migrate(url: str, instance: str, migrations: Path = MIGRATIONS) -> str:
    """Bring the tables to the newest shape, one process at a time; the ledger's name."""
    target = make_url(url)
    sqlite = target.get_backend_name() == "sqlite"
    if sqlite and target.database:
        Path(target.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(target.set(drivername="sqlite" if sqlite else "postgresql+psycopg"))
    if sqlite:
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "begin", begin_sqlite)
    try:
        with engine.begin() as connection:
            if not sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(TURN)))
            if not _newest(connection, migrations):
                from bot.ledger.upgrade import upgrade  # here: loading Alembic takes longer than most commands

                upgrade(connection, target, migrations)
            known = connection.execute(select(facts.c.value).where(facts.c.key == "instance")).scalar_one_or_none()
            if known is None:
                connection.execute(insert(facts).values(key="instance", value=instance))
            return known or instance
    except OperationalError as error:
        raise Unavailable(f"the ledger at {target.render_as_string()} cannot be opened: {error.orig}") from error
    finally:
        engine.dispose()


def has_newest_shape(url: str, migrations: Path = MIGRATIONS) -> bool:
    """For who only looks: nothing is made and nothing brought up to date."""
    target = make_url(url)
    sqlite = target.get_backend_name() == "sqlite"
    engine = create_engine(target.set(drivername="sqlite" if sqlite else "postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            return _newest(connection, migrations)
    except OperationalError as error:
        raise Unavailable(f"the ledger at {target.render_as_string()} cannot be opened: {error.orig}") from error
    finally:
        engine.dispose()


def _newest(connection: Connection, migrations: Path) -> bool:
    """Whether the tables have the shape of the newest migration, which its file's name begins with."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    has = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return has == max(file.name.partition("_")[0] for file in (migrations / "versions").glob("*_*.py"))
