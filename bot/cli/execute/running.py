"""`sluice execute run`: the default way. Headless to the end, or to where a person is waited for."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.execute.options import Form, Output, TaskId, say
from bot.cli.options import Config
from bot.errors import UserError
from bot.whereabouts import FILE

TERMINATED, INTERRUPTED = 128 + signal.SIGTERM, 128 + signal.SIGINT
STOPPED = "it was told to end; no agent works any more, what they did is kept, and the same command goes on with it"
MaxSteps = Annotated[int | None, typer.Option("--max-steps", min=1, help="Dispatch no more than this many steps.")]
TokenBudget = Annotated[int | None, typer.Option("--token-budget", min=1, help="Tokens of the task in all: a cap.")]
Model = Annotated[str, typer.Option("--model", help="For every step, in place of its agent's own.")]
PlanFile = Annotated[Path | None, typer.Option("--plan", help="A plan.json: it is saved first, and this is its task.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and by whom; do nothing.")]


def run(
    max_steps: MaxSteps = None,
    token_budget: TokenBudget = None,
    model: Model = "",
    dry_run: DryRun = False,
    plan: PlanFile = None,
    task_id: TaskId = "",
    output: Output = Form.text,
    config: Config = FILE,
) -> None:
    """Drive the plan to its end: steps in worktrees of their own, gates, and a branch of the task. Where a person is
    waited for it stops with exit code 0, and goes on when it is called again."""
    try:
        code = asyncio.run(_run(config, task_id, plan, max_steps, token_budget, model, dry_run, output))
    except (asyncio.CancelledError, KeyboardInterrupt) as told:
        code = INTERRUPTED if isinstance(told, KeyboardInterrupt) else TERMINATED
        with suppress(OSError):  # its terminal may be gone
            say(output, {"status": "stopped", "message": STOPPED}, f"Stopped: {STOPPED}")
    raise typer.Exit(code)


async def _run(
    config: Path,
    task_id: str,
    plan: Path | None,
    max_steps: int | None,
    token_budget: int | None,
    model: str,
    dry_run: bool,
    output: Form,
) -> int:
    from bot.cli.execute.headless import Wish, drive, rehearse
    from bot.cli.execute.sitting import sitting

    task_id = await _saved(config, plan) if plan else task_id
    async with sitting(config, task_id) as sit:
        if dry_run:
            return rehearse(sit, output)
        return await drive(sit, Wish(max_steps, token_budget, model), output)


async def _saved(config: Path, file: Path) -> str:
    """The id of its task; one that is known already stays as it is."""
    from bot.cli.tasks import place_of
    from bot.plan_files.record import read_record

    if not file.is_file():
        raise UserError(f"--plan: there is no file {file}")
    found = read_record(file.read_text(errors="replace"))
    if isinstance(found, str):
        raise UserError(f"{file}: {found}")
    place = place_of(config)
    async with place.plans() as ledger:
        await ledger.save_plan(found, place.repo)
    return found.task_id
