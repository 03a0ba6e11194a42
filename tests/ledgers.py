"""New ledgers, and the engine's files beside them, as copies: to make one from nothing takes a tenth of a second."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from dbos import DBOS

from bot.ledger.open import migrate

LEDGER, ENGINE = "ledger.db", "engine.db"


def lay(folder: Path, *names: str) -> None:
    """As they are when nobody has opened or named them yet; what is there stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or (LEDGER, ENGINE):
        if not (folder / name).exists():
            shutil.copyfile(_patterns() / name, folder / name)


@cache
def _patterns() -> Path:
    folder = TemporaryDirectory(prefix="sluice-ledgers-")
    atexit.register(folder.cleanup)
    here = Path(folder.name)
    migrate(f"sqlite:///{here / LEDGER}", "nobody")
    with closing(sqlite3.connect(here / LEDGER)) as made:
        made.execute("DELETE FROM facts")
        made.commit()
        made.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    DBOS.migrate(f"sqlite:///{here / ENGINE}")
    return here
