"""Who drives a task: one `sluice execute run` at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.core.worktree import ref_part
from bot.errors import UserError
from bot.locks import is_held, take

PATIENCE = 1.0  # seconds, for whoever only frees what a process before it left


@contextmanager
def held(folder: Path, task: str, pid: int) -> Iterator[None]:
    file = lock_of(folder, task)
    opened = take(file, PATIENCE)
    if opened is None:
        raise UserError(f"task {task} is being driven by process {_pid(file) or 'unknown'} already")
    with opened:
        opened.truncate(0)
        opened.write(f"{pid}\n")
        opened.flush()
        yield


def holder(folder: Path, task: str) -> int | None:
    """Its process; None: nobody drives it."""
    file = lock_of(folder, task)
    return _pid(file) if is_held(file) else None


def lock_of(folder: Path, task: str) -> Path:
    return folder / "executions" / ref_part(task) / "driver.lock"


def _pid(file: Path) -> int:
    told = file.read_text().strip()
    return int(told) if told.isdigit() else 0
