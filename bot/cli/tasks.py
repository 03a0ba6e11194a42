"""Where the commands of plans are at home: the repository they stand in, its ledger, and the task that is meant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.given import settings_of
from bot.cli.ledger import ledger_of
from bot.core.plans.plan import FOLDER
from bot.errors import UserError
from bot.whereabouts import FILE, Whereabouts, whereabouts

if TYPE_CHECKING:
    from bot.ledger.ledger import SqlLedger
    from bot.ledger.plans import Plans, Task
    from bot.settings import Settings

ACTIVE = "active-task-id.txt"  # in FOLDER: the task of shells that are bound to none


@dataclass(frozen=True)
class Place:
    top: Path  # of the repository
    where: Whereabouts
    config: Path  # the settings file; it may not be there

    @cached_property
    def settings(self) -> Settings:
        """All of them, for who needs more than to know where it is."""
        return settings_of(self.config).model_copy(update={"data_dir": self.where.data_dir})

    @property
    def repo(self) -> str:
        """How the ledger calls it."""
        return str(self.top)

    @property
    def folder(self) -> Path:
        """Of plans, artifacts and exports."""
        return self.top / FOLDER

    def made_folder(self) -> Path:
        """It is there, and git ignores it by itself, so that nobody's own .gitignore is touched."""
        if self.folder.is_symlink() or (self.folder.exists() and not self.folder.is_dir()):
            raise UserError(f"{self.folder} is no folder, and Sluice keeps plans and its ledger in one: move it away")
        self.folder.mkdir(exist_ok=True)
        ignored = self.folder / ".gitignore"
        if not ignored.exists() or not ignored.stat().st_size:  # whatever ended who made it may have left it empty
            ignored.write_text("*\n")
        return self.folder

    @asynccontextmanager
    async def ledger(self) -> AsyncIterator[SqlLedger]:
        self.made_folder()
        async with ledger_of(self.settings) as ledger:
            yield ledger

    @asynccontextmanager
    async def plans(self) -> AsyncIterator[Plans]:
        """The ledger's verbs of plans alone: quick."""
        from bot.ledger.open import opened
        from bot.ledger.plans import Plans

        self.made_folder()
        found = await opened(Plans, self.where.ledger_url())
        try:
            yield found
        finally:
            await found.close()

    @property
    def active(self) -> str:
        """The id of the task that was planned, started or switched to last; empty: none."""
        file = self.folder / ACTIVE
        return file.read_text().strip() if file.is_file() else ""

    def activate(self, task_id: str) -> None:
        (self.made_folder() / ACTIVE).write_text(f"{task_id}\n")


def place_of(config: Path = FILE, project: Path | None = None) -> Place:
    """The repository around this folder, or around `project`, with the settings that lie here or at its top.

    Without a settings file the ledger is the repository's own, `.sluice/ledger.db`.
    """
    top = _top((project or Path()).resolve())
    beside = top / FILE
    if config != FILE or FILE.exists():
        return Place(top, whereabouts(config), config)
    config = beside if beside.exists() else FILE
    where = whereabouts(config)
    return Place(top, replace(where, data_dir=top / where.data_dir), config)


async def task_meant(place: Place, ledger: Plans, given: str = "") -> Task:
    """The one that is named, else the one this shell is bound to (SLUICE_TASK_ID), else the active one, else the only
    one; with what somebody edited in its files before it started."""
    task_id = given or place.where.task_id or place.active
    task = await ledger.task(task_id) if task_id else await _only_one(place, ledger)
    if task is not None and task.happened:
        return task
    from bot.cli.plan_desk import alone, laid_out, taken_back  # here, so that a task at work is looked at quickly

    with alone(place):
        if task is None and (plan := laid_out(place)) and task_id in ("", plan.task_id):  # another ledger's
            await ledger.save_plan(plan, place.repo)
            task = await ledger.task(plan.task_id)
        if task is not None:
            return await taken_back(place, ledger, task)
    if task_id:
        raise UserError(f"there is no task {task_id}; `sluice execute list` shows all")
    raise UserError('no task: `sluice plan "SUMMARY" --save` makes one, --task-id ID names one')


async def _only_one(place: Place, ledger: Plans) -> Task | None:
    """Of this repository's that are not over."""
    tasks = [task for task in await ledger.tasks(place.repo, under_way=True) if task.item is None]
    return tasks[0] if len(tasks) == 1 else None


def _top(here: Path) -> Path:
    if not here.is_dir():
        raise UserError(f"{here} is no folder")
    found = next((folder for folder in (here, *here.parents) if _begins(folder / ".git")), None)
    if found is None:
        raise UserError(f"{here} is in no git repository: go into one, or run `git init`")
    return found


def _begins(git: Path) -> bool:
    """A repository: its folder, or in a worktree or submodule the file that names it."""
    return git.is_file() or (git / "HEAD").exists()
