"""Opens a ledger: brings its tables up to date, then connects.

Before tables are changed a copy is laid beside them, where that is ours to do; tables of a newer Sluice are left alone.
"""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, create_engine, event, func, insert, make_url, select
from sqlalchemy.exc import OperationalError

from bot.errors import Unavailable, UserError
from bot.ledger.databases import TURN, begin_sqlite, connect, prepare_sqlite
from bot.ledger.ledger import SqlLedger
from bot.ledger.shared_tables import facts

log = structlog.get_logger(__name__)
MIGRATIONS = Path(__file__).parent / "migrations"
BACKUPS, KEPT = "backups", 3  # beside the ledger


async def open_ledger(url: str, instance: str | None = None, migrations: Path = MIGRATIONS) -> SqlLedger:
    """`sqlite:///path` or `postgresql://...`. A new ledger is called `instance`, or a random name it keeps."""
    name = await asyncio.to_thread(migrate, url, instance or uuid.uuid4().hex, migrations)
    return SqlLedger(connect(url), name)


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
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(migrations))
            _prepare(connection, ScriptDirectory.from_config(config), target)
            command.upgrade(config, "head")
            known = connection.execute(select(facts.c.value).where(facts.c.key == "instance")).scalar_one_or_none()
            if known is None:
                connection.execute(insert(facts).values(key="instance", value=instance))
            return known or instance
    except OperationalError as error:
        raise Unavailable(f"the ledger at {target.render_as_string()} cannot be opened: {error.orig}") from error
    finally:
        engine.dispose()


def _prepare(connection: Connection, known: ScriptDirectory, target: URL) -> None:
    """In the writer's turn that migrates: nobody writes meanwhile."""
    has = MigrationContext.configure(connection).get_current_revision()
    newest = known.get_current_head()
    if has is None or has == newest:
        return
    if has not in {each.revision for each in known.walk_revisions()}:
        raise UserError(f"{_newer(target.render_as_string(), has, newest)}. Nothing was changed")
    if connection.dialect.name == "sqlite" and target.database:
        log.info("ledger copied before its tables change", copy=str(back_up(Path(target.database), has)), to=newest)
    else:
        log.warning("the ledger's tables change; backing up this database is yours", tables=has, to=newest)


def _newer(where: str, has: str, newest: str | None) -> str:
    return (
        f"the ledger at {where} belongs to a newer Sluice (its tables are {has}, this version knows {newest}); install "
        f"that version again, or put a copy from {BACKUPS}/ back"
    )


def trouble_with(file: Path) -> str:
    """What would keep this version from opening a ledger on SQLite; nothing is written. Empty: nothing would."""
    known = ScriptDirectory(str(MIGRATIONS))
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as ledger:
            (has,) = ledger.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        return f"{file} cannot be read: {error}"
    ours = has in {each.revision for each in known.walk_revisions()}
    return "" if ours else _newer(str(file), has, known.get_current_head())


def back_up(ledger: Path, revision: str) -> Path:
    """A copy made by SQLite itself, whole whoever writes; the last few are kept."""
    folder = ledger.parent / BACKUPS
    folder.mkdir(exist_ok=True)
    copy = folder / f"ledger-{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{revision}.db"
    with closing(sqlite3.connect(ledger)) as source, closing(sqlite3.connect(copy.with_suffix(".partial"))) as target:
        source.backup(target)
    copy.with_suffix(".partial").rename(copy)
    for old in sorted(folder.glob("ledger-*.db"))[:-KEPT]:
        old.unlink()
    return copy
