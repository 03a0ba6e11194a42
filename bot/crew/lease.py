"""The process that carries an agent's commands out: one at a time, held by a lock that falls with it."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path
from typing import IO

LOCK, LOG = "lock", "process.log"


def take(folder: Path) -> IO[str] | None:
    """Held as long as the file is open; None: another process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / LOCK).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_held(folder: Path) -> bool:
    if not (folder / LOCK).exists():
        return False
    file = take(folder)
    if file is None:
        return True
    file.close()
    return False


def begin(folder: Path, mate: str, config: Path | None, data_dir: Path) -> None:
    """It outlives the shell that began it. Where one is at work already it finds the lock taken, and ends."""
    folder.mkdir(parents=True, exist_ok=True)
    file = str(config.resolve()) if config else ""
    words = [sys.executable, "-m", "bot.crew.worker", mate, file, str(data_dir.resolve())]
    with (folder / LOG).open("a") as log:
        nothing = subprocess.DEVNULL
        _begun.append(subprocess.Popen(words, stdin=nothing, stdout=log, stderr=log, start_new_session=True))
    _begun[:] = [process for process in _begun if process.poll() is None]


_begun: list[subprocess.Popen[bytes]] = []  # by this process: whoever has ended is not left a zombie
