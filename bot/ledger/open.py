"""Opens a ledger: brings its tables up to date, then connects."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event, func, insert, make_url, select
from sqlalchemy.exc import OperationalError

from bot.errors import Unavailable
from bot.ledger.ledger import SqlLedger
from bot.ledger.shared_tables import facts
from bot.ledger.store import TURN, begin_sqlite, connect, prepare_sqlite

MIGRATIONS = Path(__file__).parent / "migrations"


async def open_ledger(url: str, instance: str | None = None) -> SqlLedger:
    """`sqlite:///path` or `postgresql://...`. A new ledger is called `instance`, or a random name it keeps."""
    name = await asyncio.to_thread(migrate, url, instance or uuid.uuid4().hex)
    return SqlLedger(connect(url), name)


def migrate(url: str, instance: str) -> str:
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
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(MIGRATIONS))
            command.upgrade(config, "head")
            known = connection.execute(select(facts.c.value).where(facts.c.key == "instance")).scalar_one_or_none()
            if known is None:
                connection.execute(insert(facts).values(key="instance", value=instance))
            return known or instance
    except OperationalError as error:
        raise Unavailable(f"the ledger at {target.render_as_string()} cannot be opened: {error.orig}") from error
    finally:
        engine.dispose()
