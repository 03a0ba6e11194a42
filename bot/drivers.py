"""Who drives a task: one `sluice execute run` at a time. The lock goes with its process, whatever ends it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.core.worktree import ref_part
from bot.errors import UserError


@contextmanager
def held(folder: Path, task: str, pid: int) -> Iterator[None]:
    file = _file(folder, task)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"task {task} is being driven by process {_pid(file) or 'unknown'} already") from None
        opened.truncate(0)
        opened.write(f"{pid}\n")
        opened.flush()
        yield


def holder(folder: Path, task: str) -> int | None:
    """Its process; None: nobody drives it."""
    file = _file(folder, task)
    if not file.exists():
        return None
    with file.open("r+") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return _pid(file)
    return None


def _pid(file: Path) -> int:
    told = file.read_text().strip()
    return int(told) if told.isdigit() else 0


def _file(folder: Path, task: str) -> Path:
    return folder / "executions" / ref_part(task) / "driver.lock"
