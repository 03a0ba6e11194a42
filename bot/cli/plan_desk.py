"""A plan's files in `.sluice/` of its repository: laid out for people, and taken back when somebody edited them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.plans.explaining import context
from bot.core.plans.plan import FOLDER, Plan
from bot.errors import UserError
from bot.plan_files.page import page
from bot.plan_files.reading import NotUnderstood, read_page
from bot.plan_files.record import read_record, record

if TYPE_CHECKING:
    from bot.cli.tasks import Place
    from bot.ledger.plans import Plans, Task

RECORD, PAGE, CONTEXT, EXPLANATION = "plan.json", "plan.md", "context.md", "explanation.md"
LOCK = "files.lock"


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """One shell at a time lays files out or takes them back: another's, half laid, would count as somebody's edit."""
    with (place.made_folder() / LOCK).open("a") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


class NotRead(UserError):
    """Says what somebody's edit has made of a file, and what to do."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}\nmend that, or delete the file: without it the plan is what was saved")
        self.why = why


def lay_out(place: Place, plan: Plan) -> None:
    """Ended at any point, it leaves no page of one plan beside the record of another."""
    folder = place.made_folder()
    (folder / PAGE).unlink(missing_ok=True)
    _put(folder / CONTEXT, context(plan))
    _put(folder / EXPLANATION, f"{plan.explanation}\n")
    _put(folder / RECORD, record(plan))
    _put(folder / PAGE, page(plan))


def _put(file: Path, text: str) -> None:
    """All of it, or what was there before."""
    partial = file.with_name(f"{file.name}.partial")
    partial.write_text(text)
    os.replace(partial, file)


def laid_out(place: Place) -> Plan | None:
    """The plan that lies there, if one does; raises NotRead."""
    file = place.folder / RECORD
    if not file.is_file():
        return None
    found = read_record(file.read_text(errors="replace"))
    if isinstance(found, str):
        raise NotRead(f"{FOLDER}/{RECORD}: {found}")
    return found


async def cleared(place: Place, ledger: Plans) -> str:
    """Room for another plan: what somebody edited of the one that lies there counts. Where it cannot be read it is laid
    beside, and this says where."""
    try:
        if (before := laid_out(place)) and (task := await ledger.task(before.task_id)):
            await taken_back(place, ledger, task)
        return ""
    except UserError as wrong:
        why = wrong.why if isinstance(wrong, NotRead) else str(wrong)
        kept = [(place.folder / name, place.folder / f"unread-{name}") for name in (PAGE, RECORD)]
        for file, aside in kept:
            if file.is_file():
                file.replace(aside)
        return f"the plan that lay here is kept as {FOLDER}/unread-{PAGE}, for it cannot be read: {why}"


async def taken_back(place: Place, ledger: Plans, task: Task) -> Task:
    """The task with what somebody edited in its files: before anything happened to it, that counts."""
    lies = laid_out(place)
    if task.happened or lies is None or lies.task_id != task.plan.task_id:
        return task
    edited = _edited_page(place, task.plan)
    if lies == task.plan and edited == task.plan:
        return task
    if task.plan not in (lies, edited) and lies != edited:
        raise UserError(f"{FOLDER}/{RECORD} and {FOLDER}/{PAGE} were both edited: undo one of them")
    plan = lies if edited == task.plan else edited
    if not await ledger.edit_plan(plan):
        return await ledger.task(plan.task_id) or task
    lay_out(place, plan)
    return replace(task, plan=plan)


def _edited_page(place: Place, plan: Plan) -> Plan:
    file = place.folder / PAGE
    if not file.is_file():
        return plan
    try:
        return read_page(file.read_text(errors="replace"), plan)
    except NotUnderstood as wrong:
        raise NotRead(f"{FOLDER}/{PAGE} {wrong}") from None
