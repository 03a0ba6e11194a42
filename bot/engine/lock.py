"""One engine at a time on a SQLite database: a lock file that falls with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

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
