"""Brings the tables of a ledger to the newest shape, with Alembic; before they change a copy is laid beside them, where
that is ours to do. Tables of a newer Sluice are left alone.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection

from bot.errors import UserError
from bot.ledger.open import MIGRATIONS

log = structlog.get_logger(__name__)
BACKUPS, KEPT = "backups", 3  # beside the ledger


def upgrade(connection: Connection, target: URL, migrations: Path) -> None:
    """In the writer's turn: nobody writes meanwhile."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(migrations))
    _prepare(connection, ScriptDirectory.from_config(config), target)
    command.upgrade(config, "head")


def _prepare(connection: Connection, known: ScriptDirectory, target: URL) -> None:
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
