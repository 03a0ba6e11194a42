"""The engine's file on SQLite: its settings, and a lock beside it that falls with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Engine, create_engine, event

from bot.errors import LedgerBusy


def lock_beside(database: str) -> IO[str]:
    """Hold the returned file open for as long as the lock is wanted."""
    path = Path(database)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.with_suffix(".lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        other = file.read().strip() or "unknown"
        file.close()
        raise LedgerBusy(
            f"another Sluice (process {other}) already runs on {path.parent}; stop it, or set another data_dir"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def open_file(url: str) -> Engine:
    """DBOS sets no write-ahead log itself; with it, it is two to three times as fast and readers do not block."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for setting in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {setting}")

    return engine
