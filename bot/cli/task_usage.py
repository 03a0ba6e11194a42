"""What `sluice usage` shows of tasks: real tokens beside what was estimated, task by task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.given import settings_of
from bot.cli.output import console
from bot.cli.tasks import Place, place_of
from bot.core.plans.usage import Used, told_apart
from bot.errors import UserError
from bot.ledger.ledger import SqlLedger

if TYPE_CHECKING:
    from bot.settings import Settings

Found = Sequence[tuple[str, Used]]


def settings_here(config: Path) -> Settings:
    """Of the repository around this folder, where there is one; who is in none has a board."""
    try:
        place: Place | None = place_of(config)
    except UserError:
        place = None
    settings = place.settings if place else settings_of(config)
    if place is None or not (settings.database or (settings.data_dir / "ledger.db").exists()):
        settings.need_board()
    return settings


async def tasks_used(ledger: SqlLedger, task_id: str) -> Found:
    """The newest first, those alone that were begun."""
    tasks = [task for task in await ledger.tasks() if task.happened and task_id in ("", task.plan.task_id)]
    if task_id and not tasks:
        raise UserError(f"there is no task {task_id} that was begun; `sluice execute list` shows all")
    return [(task.plan.task_id, told_apart(task.happened)) for task in tasks]


def say_tasks(found: Found) -> None:
    for task, used in found:
        console.print(f"Task {task}: {used}")
    if len(found) > 1:
        console.print(f"All tasks: {sum((used for _, used in found), Used())}")


def as_data(found: Found) -> list[dict[str, object]]:
    return [{"task_id": task, **asdict(used)} for task, used in found]
