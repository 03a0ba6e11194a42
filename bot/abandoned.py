"""Runs of shells that are gone: they are over, so that they hold no slot and nothing of the day's money.

Each goes on where it was when its task is driven again, and the result of an agent that had ended is taken up then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.core.plans.plan import FOLDER
from bot.core.run import Outcome, Run
from bot.core.worktree import Work
from bot.drivers import holder

GONE = Outcome("cancelled", "its process is gone", 0.0, "")


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


async def free_abandoned(ledger: Ledger, now: datetime, but: str = "") -> int:
    """Of all tasks of the command line whose folder is on this machine, `but` left out; how many there were."""
    items = {run.item for run in await ledger.running()} - {but}
    gone = [item for item in sorted(items) if await _is_abandoned(ledger, item)]
    return sum([len(await give_up(ledger, item, now)) for item in gone])


async def give_up(ledger: UnderWay, task: str, now: datetime) -> list[Run]:
    """Of a task that no process drives."""
    left = [run for run in await ledger.running() if run.item == task]
    for run in left:
        await ledger.end_run(run.key, GONE, None, now)
    return left


async def _is_abandoned(ledger: Ledger, item: str) -> bool:
    task = await ledger.task(item)
    if task is None or task.item is not None:  # an item of a board, or an agent of the crew
        return False
    folder = Path(task.repo) / FOLDER
    return folder.is_dir() and holder(folder, item) is None
