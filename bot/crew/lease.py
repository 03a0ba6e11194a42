"""The process that carries an agent's commands out: one at a time, held by a lock that falls with it.

Whoever begins it takes the lock first and hands it on, so that a machine that is slow to start a process never looks
like one whose process is gone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO

from bot import locks
from bot.core.crew import Told
from bot.ledger.crew import Crew

LOCK, LOG = "lock", "process.log"


def take(folder: Path, patience: float = 0.0) -> IO[str] | None:
    return locks.take(folder / LOCK, patience)


def is_held(folder: Path) -> bool:
    return locks.is_held(folder / LOCK)


async def present(folder: Path, ledger: Crew, told: Told) -> Told:
    """With whether its process is there. It may have ended since it was read, so it is read again before it is said
    to be gone."""
    if told.over or is_held(folder):
        return told
    told = await ledger.told(told.mate.id)
    return replace(told, alive=is_held(folder))


def begin(folder: Path, mate: str, config: Path | None, data_dir: Path, held: IO[str] | None) -> None:
    """It outlives the shell that began it. `held`: the lock, handed on; without it another process is at work already,
    and this one looks once more whether it still is."""
    folder.mkdir(parents=True, exist_ok=True)
    file = str(config.resolve()) if config else ""
    passed = (held.fileno(),) if held else ()
    words = [sys.executable, "-m", "bot.crew.worker", mate, file, str(data_dir.resolve()), *map(str, passed)]
    with (folder / LOG).open("a") as log:
        nothing = subprocess.DEVNULL
        _begun.append(
            subprocess.Popen(words, stdin=nothing, stdout=log, stderr=log, start_new_session=True, pass_fds=passed)
        )
    _begun[:] = [process for process in _begun if process.poll() is None]


def handed_on(number: int) -> IO[str]:
    """The lock, by the process that was begun with it. What that starts does not get it."""
    os.set_inheritable(number, False)
    return os.fdopen(number, "a+")


_begun: list[subprocess.Popen[bytes]] = []  # by this process: whoever has ended is not left a zombie
