"""A lock on a file: it falls with the processes that have it, whatever ends them."""

from __future__ import annotations

import fcntl
import time
from pathlib import Path
from typing import IO

PAUSE = 0.05  # seconds between two tries


def take(file: Path, patience: float = 0.0) -> IO[str] | None:
    """Held as long as what is returned is open; None: another process has it. `patience`: seconds, for somebody who
    has it only to look, or to tidy up."""
    file.parent.mkdir(parents=True, exist_ok=True)
    opened = file.open("a+")
    end = time.monotonic() + patience
    while not _locked(opened, fcntl.LOCK_EX):
        if time.monotonic() >= end:
            opened.close()
            return None
        time.sleep(PAUSE)
    return opened


def is_held(file: Path) -> bool:
    """By any process. What may not be read may be held."""
    try:
        with file.open("r") as opened:
            return not _locked(opened, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def left(file: Path) -> IO[str] | None:
    """The lock, if a process of this machine had it once and none has it now: whoever has it was ended in between.
    None: it is held, or nobody here knows of it."""
    try:
        return take(file) if file.exists() else None
    except OSError:
        return None


def _locked(opened: IO[str], how: int) -> bool:
    try:
        fcntl.flock(opened, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
