"""`sluice execute status | list | switch | complete`: how tasks stand, which is meant, and what is filed at the end."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.execute.options import Form, Output, TaskId, say
from bot.cli.options import Config
from bot.cli.output import console, print_json, print_table
from bot.errors import UserError
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.cli.execute.sitting import Sitting
    from bot.cli.tasks import Place
    from bot.core.plans.execution import StepState
    from bot.ledger.plans import Task

COLUMNS = ("", "task id", "status", "steps", "pid", "summary")


def status(task_id: TaskId = "", output: Output = Form.text, config: Config = FILE) -> None:
    """How the task stands, and why this is the one that is meant."""
    asyncio.run(_status(config, task_id, output))


async def _status(config: Path, task_id: str, output: Form) -> None:
    from bot.cli.execute.sitting import sitting
    from bot.core.plans.labels import gates, standing, steps_done
    from bot.core.plans.retrospective import elapsed
    from bot.core.plans.usage import told_apart

    async with sitting(config, task_id) as sit:
        e, present = sit.e, sit.e.current
        passed, failed = gates(e)
        told: dict[str, object] = {
            "task": sit.task,
            "bound": _bound(sit.place, task_id),
            "status": standing(e),
            "phase": f"{present.phase.number} — {present.phase.name}" if present else "all are over",
            "steps": steps_done(e),
            "gates": f"{passed} passed, {failed} failed",
            "elapsed": f"{elapsed(e, sit.now).total_seconds():.0f}s",
            "usage": str(told_apart(sit.happened)),
            "under way": ", ".join(f"{unit.step.id} ({_whose(unit)})" for unit in sit.running),
        }
    if output is Form.json:
        print_json({key.replace(" ", "_"): value for key, value in told.items()})
        return
    for key, value in told.items():
        if value:
            console.print(f"{key.capitalize()}: {value}")


def _whose(unit: StepState) -> str:
    return unit.dispatched.agent if unit.dispatched else unit.step.agent


def _bound(place: Place, given: str) -> str:
    if given:
        return "by --task-id"
    return "by SLUICE_TASK_ID" if place.where.task_id else "to the active task"


def list_tasks(
    output: Output = Form.text,
    config: Config = FILE,
) -> None:
    """Every task of this repository, the newest first; the active one has a star."""
    asyncio.run(_list(config, output))


async def _list(config: Path, output: Form) -> None:
    from bot.cli.tasks import place_of

    place = place_of(config)
    async with place.plans() as ledger:
        tasks = await ledger.tasks(place.repo)
    meant = place.where.task_id or place.active
    rows = [_row(place, task, meant) for task in tasks]
    if output is Form.json:
        print_json({"tasks": rows})
        return
    print_table(COLUMNS, [["*" if row["active"] else "", *list(row.values())[1:]] for row in rows], whole=("task id",))


def _row(place: Place, task: Task, meant: str) -> dict[str, object]:
    from bot.core.plans.labels import standing, steps_done
    from bot.drivers import holder

    e = task.execution
    return {
        "active": e.plan.task_id == meant,
        "task_id": e.plan.task_id,
        "status": standing(e),
        "steps": steps_done(e),
        "pid": holder(place.folder, e.plan.task_id),
        "summary": e.plan.summary,
    }


def switch(
    task_id: Annotated[str, typer.Argument(metavar="TASK_ID")], output: Output = Form.text, config: Config = FILE
) -> None:
    """Another task is the active one from now on, for shells that are bound to none."""
    asyncio.run(_switch(config, task_id, output))


async def _switch(config: Path, task_id: str, output: Form) -> None:
    from bot.cli.tasks import place_of

    place = place_of(config)
    async with place.plans() as ledger:
        if await ledger.task(task_id) is None:
            raise UserError(f"there is no task {task_id}; `sluice execute list` shows all")
    place.activate(task_id)
    say(output, {"active": task_id}, f"Active task: {task_id}")
    if (bound := place.where.task_id) and bound != task_id:
        console.print(f"This shell stays bound to {bound}: export SLUICE_TASK_ID={task_id}")


def complete(task_id: TaskId = "", output: Output = Form.text, config: Config = FILE) -> None:
    """Everything is done: file the trace and the retrospective."""
    asyncio.run(_complete(config, task_id, output))


async def _complete(config: Path, task_id: str, output: Form) -> None:
    """Once it is filed it may be filed again: both files are computed from what happened."""
    from bot.cli.execute.sitting import sitting

    async with sitting(config, task_id) as sit:
        told = await finish(sit)
    if output is Form.json:
        print_json(told)
        return
    console.print(f"Task {told['task_id']} completed.")
    console.print(f"Steps: {told['steps']} | Gates passed: {told['gates_passed']} | Elapsed: {told['elapsed']}s")
    console.print(f"Trace: {told['trace']}")
    console.print(f"Retrospective: {told['retrospective']}")


async def finish(sit: Sitting) -> dict[str, object]:
    from bot.cli.execute.sitting import started, who
    from bot.core.plans.happened import Completed
    from bot.core.plans.labels import gates, steps_done
    from bot.core.plans.retrospective import elapsed

    started(sit)
    if sit.e.completed is None:
        await sit.let(Completed(sit.now, who()))
    return {
        "task_id": sit.task,
        "steps": steps_done(sit.e),
        "gates_passed": gates(sit.e)[0],
        "elapsed": round(elapsed(sit.e).total_seconds()),
        **await record_filed(sit),
    }


async def record_filed(sit: Sitting) -> dict[str, str]:
    """The paths of what is filed of a task: of one that is over, or of one that goes on no more by itself."""
    from bot.filing import filed, sent

    files = filed(sit.place.folder, sit.e, sit.happened)
    if problem := await asyncio.to_thread(sent, sit.place.settings.telemetry.otlp_url, sit.e, sit.happened):
        print(f"sluice: {problem}; the same command once more sends them again", file=sys.stderr)
    return {kind: file.relative_to(sit.place.top).as_posix() for kind, file in files.items()}
