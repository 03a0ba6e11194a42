"""Runs of processes that are gone, a shell's or an agent's of the crew: they are over, so that they hold no slot and
nothing of the day's money.

Each goes on where it was when its task is driven again, or its agent gets its next command, and the result of an agent
that had ended is taken up then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.core.crew import Mate
from bot.core.plans.plan import FOLDER
from bot.core.run import GONE, Outcome, Run
from bot.core.worktree import Work
from bot.drivers import lock_of
from bot.locks import left


class Task(Protocol):
    @property
    def item(self) -> str | None: ...
    @property
    def repo(self) -> str: ...


class UnderWay(Protocol):
    async def running(self) -> Sequence[Run]: ...
    async def end_run(self, key: str, outcome: Outcome, work: Work | None, now: datetime) -> bool: ...


class Ledger(UnderWay, Protocol):
    async def task(self, task: str) -> Task | None: ...
    async def mate_of(self, item: str) -> Mate | None: ...


async def free_abandoned(ledger: Ledger, now: datetime, but: str = "") -> int:
    """Of all tasks and agents of the command line that were at work on this machine, `but` left out; how many runs
    there were. Nobody goes on with one of them meanwhile."""
    freed = 0
    for item in sorted({run.item for run in await ledger.running()} - {but}):
        lock = await _lock_of(ledger, item)
        if lock and (taken := left(lock)):
            with taken:
                freed += len(await give_up(ledger, item, now))
    return freed


async def give_up(ledger: UnderWay, item: str, now: datetime) -> list[Run]:
    """Of a task, or an agent, that no process is at."""
    gone = [run for run in await ledger.running() if run.item == item]
    for run in gone:
        await ledger.end_run(run.key, GONE, None, now)
    return gone


async def _lock_of(ledger: Ledger, item: str) -> Path | None:
    """By which its process is known. None: it is an item of a board."""
    if task := await ledger.task(item):
        return lock_of(Path(task.repo) / FOLDER, item) if task.item is None else None
    mate = await ledger.mate_of(item)
    return Path(mate.lock) if mate and mate.lock else None
