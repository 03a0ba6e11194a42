"""`sluice execute start | next | dispatched | resume`: what is due, and that somebody has it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.execute.options import Agent, Form, Output, StepId, TaskId
from bot.cli.options import Config
from bot.cli.output import console, print_json
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.cli.execute.sitting import Sitting
    from bot.ledger.ledger import SqlLedger

Terse = Annotated[bool, typer.Option("--terse", help="The prompt goes into a file, and only its name is printed.")]


def start(task_id: TaskId = "", terse: Terse = False, output: Output = Form.text, config: Config = FILE) -> None:
    """Begin the saved plan: its first action, and how to bind this shell to the task."""
    raise typer.Exit(asyncio.run(_start(config, task_id, terse, output)))


async def _start(config: Path, task_id: str, terse: bool, output: Form) -> int:
    from bot.cli.execute.sitting import sitting, who
    from bot.cli.execute.telling import code_of, present, show
    from bot.core.plans.happened import Started

    async with sitting(config, task_id) as sit:
        if sit.e.started is None:
            await sit.let(Started(sit.now, who()))
        sit.place.activate(sit.task)
        said = await present(sit, terse)
    binding = f"export SLUICE_TASK_ID={sit.task}"
    if output is Form.json:
        print_json({**said[0], "task_id": sit.task, "session_binding": binding})
    else:
        show(said, output)
        console.print(f"Session binding: {binding}")
    return code_of(said)


def next_action(
    all_of_it: Annotated[bool, typer.Option("--all", help="All that may be done side by side, as JSON.")] = False,
    terse: Terse = False,
    task_id: TaskId = "",
    output: Output = Form.text,
    config: Config = FILE,
) -> None:
    """What is due now: DISPATCH, GATE, APPROVAL, INTERACT, WAIT, COMPLETE or FAILED (exit code 1)."""
    raise typer.Exit(asyncio.run(_next(config, task_id, terse, all_of_it, output)))


async def _next(config: Path, task_id: str, terse: bool, all_of_it: bool, output: Form) -> int:
    from bot.cli.execute.sitting import sitting, started
    from bot.cli.execute.telling import code_of, present, show

    async with sitting(config, task_id) as sit:
        started(sit)
        said = await present(sit, terse, all_of_it)
    show(said, output, all_of_it)
    return code_of(said)


def dispatched(
    step: StepId,
    agent: Agent = "",
    task_id: TaskId = "",
    output: Output = Form.text,
    config: Config = FILE,
) -> None:
    """Note that an agent has the step, before it begins."""
    asyncio.run(_dispatched(config, task_id, step, agent))


async def _dispatched(config: Path, task_id: str, step: str, agent: str) -> None:
    from bot.cli.execute.sitting import sitting
    from bot.cli.execute.telling import knowledge_of
    from bot.core.plans.delegation import delivered
    from bot.core.plans.happened import Dispatched

    async with sitting(config, task_id) as sit:
        unit = sit.unit(step)
        given = delivered(knowledge_of(sit, unit))
        tree = await sit.files.tree()
        await sit.let(Dispatched(sit.now, step, agent or unit.step.agent, delivered=given, tree=tree))
    print_json({"status": "dispatched", "step_id": step})


def resume(task_id: TaskId = "", terse: Terse = False, output: Output = Form.text, config: Config = FILE) -> None:
    """After an interruption: what was dispatched by hand and never recorded is shown again, else what is due."""
    raise typer.Exit(asyncio.run(_resume(config, task_id, terse, output)))


async def _resume(config: Path, task_id: str, terse: bool, output: Form) -> int:
    """What a process of Sluice had that is gone is sent back, unless its agent had ended: that is taken up by `run`.
    What somebody else may still have is only shown."""
    from bot.cli.execute.sitting import sitting, started
    from bot.cli.execute.telling import action, code_of, present, show
    from bot.core.plans.due import Dispatch

    async with sitting(config, task_id) as sit:
        started(sit)
        if any(unit.dispatched and unit.dispatched.run for unit in sit.running):
            await _send_back_what_is_lost(sit)
        by_hand = [unit for unit in sit.running if unit.dispatched and not unit.dispatched.run]
        again = [await action(sit, Dispatch(unit), terse, len(by_hand) > 1) for unit in by_hand]
        said = again or await present(sit, terse)
    for each in said:
        show([each], output)
    return code_of(said)


async def _send_back_what_is_lost(sit: Sitting) -> None:
    """Unless a process has the task, here or on another machine; none takes it meanwhile."""
    from bot.drivers import lock_of
    from bot.locks import left

    async with sit.place.ledger() as ledger:
        if lock := left(lock_of(sit.place.folder, sit.task)):
            with lock:
                await _give_up(sit, ledger)


async def _give_up(sit: Sitting, ledger: SqlLedger) -> None:
    from bot.abandoned import give_up
    from bot.cli.execute.headless import folder_of
    from bot.core.plans.happened import SentBack

    gone = await give_up(ledger, sit.task, sit.now)
    lost = {run.step for run in gone if not (folder_of(sit) / "outcomes" / f"{run.key}.json").exists()}
    if task := await ledger.task(sit.task):  # a process may have had it since it was looked at
        sit.e, sit.happened = task.execution, task.happened
    steps = [unit.step.id for unit in sit.running if unit.step.id in lost]
    await sit.let(*(SentBack(sit.now, step, "", lost=True) for step in steps))
