"""`sluice execute amend | interact | retry-step | cancel`: what a person changes of a plan at work."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.execute.options import Form, Output, StepId, TaskId, say
from bot.cli.options import Config
from bot.errors import UserError
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.cli.execute.sitting import Sitting
    from bot.core.plans.happened import Happened

Description = Annotated[str, typer.Option("--description", help="Why, and what is to be done.")]
AddPhase = Annotated[list[str] | None, typer.Option("--add-phase", help="NAME:AGENT; again for more.")]
AddStep = Annotated[list[str] | None, typer.Option("--add-step", help="PHASE:AGENT:DESCRIPTION; again for more.")]
AfterPhase = Annotated[int | None, typer.Option("--after-phase", help="Where new phases go; else behind the present.")]
Input = Annotated[str, typer.Option("--input", help="Your turn: what the step's agent is to be told.")]
Done = Annotated[bool, typer.Option("--done", help="There is nothing more to say: the agent ends the step.")]
Asked = Annotated[str, typer.Option("--asked", help="By hand: what the agent ended its turn with.")]
Why = Annotated[str, typer.Option("--why", help="What is to be mended.")]
Reason = Annotated[str, typer.Option("--reason", help="Why.")]


def amend(
    description: Description,
    add_phase: AddPhase = None,
    add_step: AddStep = None,
    after_phase: AfterPhase = None,
    task_id: TaskId = "",
    output: Output = Form.text,
    config: Config = FILE,
) -> None:
    """Add phases and steps; what is there stays as it is, and what was added is kept with your name."""
    asyncio.run(_amend(config, task_id, description, add_phase or [], add_step or [], after_phase, output))


async def _amend(
    config: Path, task_id: str, description: str, phases: list[str], steps: list[str], after: int | None, output: Form
) -> None:
    from bot.cli.execute.sitting import sitting, who
    from bot.core.plans.amending import amended

    async with sitting(config, task_id) as sit:
        what = amended(sit.e, description, phases, steps, after, who(), sit.now)
        if isinstance(what, str):
            raise UserError(what)
        await sit.let(what)
    added = [f"phase {phase.number} ({phase.name})" for phase in what.phases]
    added += [f"step {step.id} ({step.agent})" for step in what.steps]
    say(output, {"status": "amended", "id": what.id, "added": added}, f"Amended ({what.id}): {', '.join(added)}")


def interact(
    step: StepId,
    text: Input = "",
    done: Done = False,
    asked: Asked = "",
    task_id: TaskId = "",
    output: Output = Form.text,
    config: Config = FILE,
) -> None:
    """A turn in an interactive step: yours (--input or --done), or by hand its agent's (--asked)."""
    if sum(map(bool, (text, done, asked))) != 1:
        raise UserError("say one of --input TEXT, --done and --asked TEXT")
    asyncio.run(_interact(config, task_id, step, text, done, asked, output))


async def _interact(config: Path, task_id: str, step: str, text: str, done: bool, asked: str, output: Form) -> None:
    from bot.cli.execute.sitting import sitting
    from bot.core.plans.happened import Asked as AgentAsked

    async with sitting(config, task_id) as sit:
        if asked:
            await sit.let(AgentAsked(sit.now, step, asked))
        else:
            await sit.let(*_turn(sit, step, text, done))
        unit = sit.unit(step)
    whose = "yours" if unit.state == "asking" else "its agent's"
    line = f"Interaction recorded: step {step} — turn {unit.turns}/{unit.step.max_turns}; the next is {whose}"
    say(output, {"status": unit.state, "step_id": step, "turns": unit.turns}, line)


def _turn(sit: Sitting, step: str, text: str, done: bool) -> list[Happened]:
    """By hand a person may speak though nobody noted that the agent's turn was over: it was, then."""
    from bot.cli.execute.sitting import who
    from bot.core.plans.happened import Asked as AgentAsked
    from bot.core.plans.happened import Interacted

    unit = sit.unit(step)
    by_hand = unit.state == "running" and unit.dispatched is not None and not unit.dispatched.run
    turn = Interacted(sit.now, step, who(), text, done)
    return [AgentAsked(sit.now, step, ""), turn] if by_hand else [turn]


def retry_step(
    step: StepId,
    why: Why = "",
    task_id: TaskId = "",
    output: Output = Form.text,
    config: Config = FILE,
) -> None:
    """A step of the present phase is to be done once more: one that failed, or one that is to be mended."""
    asyncio.run(_retry_step(config, task_id, step, why, output))


async def _retry_step(config: Path, task_id: str, step: str, why: str, output: Form) -> None:
    from bot.cli.execute.sitting import sitting
    from bot.core.plans.happened import SentBack

    async with sitting(config, task_id) as sit:
        unit = sit.unit(step)
        failed = unit.recorded.error or unit.recorded.outcome if unit.recorded else ""
        await sit.let(SentBack(sit.now, step, why or failed or "It is to be done once more.", asked=True))
    say(output, {"status": "pending", "step_id": step}, f"Sent back: step {step}")


def cancel(reason: Reason = "", task_id: TaskId = "", output: Output = Form.text, config: Config = FILE) -> None:
    """The task is given up; all that happened stays known."""
    asyncio.run(_cancel(config, task_id, reason, output))


async def _cancel(config: Path, task_id: str, reason: str, output: Form) -> None:
    """Once more it is filed again."""
    from bot.cli.execute.looking import record_filed
    from bot.cli.execute.sitting import sitting, who
    from bot.core.plans.happened import Cancelled

    async with sitting(config, task_id) as sit:
        if sit.e.cancelled is None:
            await sit.let(Cancelled(sit.now, who(), reason))
        files = await record_filed(sit)
    lines = (f"Task {sit.task} cancelled.", *(f"{kind.capitalize()}: {file}" for kind, file in files.items()))
    say(output, {"status": "cancelled", "task_id": sit.task, **files}, "\n".join(lines))
