"""One sitting with a task: the repository, its ledger, and the plan as it stands. All that happens goes by one door."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.ledger import utc_now
from bot.cli.tasks import Place, place_of, task_meant
from bot.core.plans.execution import Execution, StepState
from bot.core.plans.happened import Happened
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.git.standing import Standing
    from bot.ledger.plans import Plans

TICK = timedelta(microseconds=1)


@dataclass
class Sitting:
    place: Place
    ledger: Plans
    task: str
    e: Execution
    happened: tuple[Happened, ...]

    @property
    def now(self) -> datetime:
        """Always behind what happened last, though clocks may be set back: the same at the same instant counts once."""
        return max(utc_now(), self.e.last_at + TICK) if self.e.last_at else utc_now()

    @property
    def files(self) -> Standing:
        from bot.git.standing import Standing

        return Standing(self.place.top, self.place.folder / "snapshots" / self.task)

    @property
    def running(self) -> list[StepState]:
        """What is in somebody's hands: steps, members of a team, and whoever joins what a team did."""
        steps = [*self.e.units, *(step for step in self.e.steps if step.joined)]
        return [unit for unit in steps if unit.state == "running"]

    async def let(self, *what: Happened) -> Execution:
        """It happens, or whoever asked is told why not."""
        self.e, refused = await self.ledger.happen(self.task, *what)
        if refused:
            raise UserError(refused)
        self.happened = (*self.happened, *what)
        return self.e

    def unit(self, step: str) -> StepState:
        found = self.e.find(step)
        if found is None:
            raise UserError(f"there is no step {step}; steps: {', '.join(unit.step.id for unit in self.e.units)}")
        return found


@asynccontextmanager
async def sitting(config: Path, task_id: str) -> AsyncIterator[Sitting]:
    place = place_of(config)
    async with place.plans() as ledger:
        task = await task_meant(place, ledger, task_id)
        yield Sitting(place, ledger, task.plan.task_id, task.execution, task.happened)


def started(sit: Sitting) -> None:
    if sit.e.started is None:
        raise UserError(f"task {sit.task} has not been started; `sluice execute start` starts it")


def who() -> str:
    """Who sits at this terminal, as far as the machine knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name
        return "somebody"
