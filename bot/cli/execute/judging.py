"""`sluice execute gate | retry-gate | approve`: what stands between two phases."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.execute.options import Form, Output, PhaseId, Result, TaskId, Word, say
from bot.cli.options import Config
from bot.cli.output import console, print_json
from bot.errors import UserError
from bot.whereabouts import FILE

if TYPE_CHECKING:
    from bot.cli.execute.sitting import Sitting
    from bot.core.plans.execution import PhaseState
    from bot.core.plans.happened import How

MOST_KEPT = 4_000  # characters of a gate's output
ResultOption = Annotated[Result | None, typer.Option("--result", help="As you saw it; it is noted as attested.")]
Notes = Annotated[str, typer.Option("--gate-output", "--notes", help="What the gate printed, or what is to be said.")]
Run = Annotated[bool, typer.Option("--run", help="Run the gate's commands here, and note what came of them.")]
SendBack = Annotated[bool, typer.Option("--send-back", help="A failed gate's phase goes back to who changed it last.")]
Feedback = Annotated[str, typer.Option("--feedback", help="With approve-with-feedback: what is to be done besides.")]
Answer = Annotated[Word, typer.Option("--result", help="The answer.")]


def gate(
    phase: PhaseId,
    result: ResultOption = None,
    notes: Notes = "",
    run: Run = False,
    send_back: SendBack = False,
    task_id: TaskId = "",
    output: Output = Form.text,
    config: Config = FILE,
) -> None:
    """What the gate of a phase came to: by your word, or run here and now (exit code 1 when it fails then)."""
    if run == (result is not None):
        raise UserError("say --result pass or --result fail, or let the gate run with --run")
    raise typer.Exit(asyncio.run(_gate(config, task_id, phase, result, notes, send_back, output)))


async def _gate(
    config: Path, task_id: str, number: int, result: Result | None, notes: str, send_back: bool, output: Form
) -> int:
    from bot.cli.execute.sitting import sitting, who
    from bot.core.foreign import plain
    from bot.core.plans.happened import GateJudged

    async with sitting(config, task_id) as sit:
        if result is None:
            passed, notes = await _run(sit, number)
        else:
            passed = result is Result.passed
        how: How = "command" if result is None else "attested"
        head = await sit.files.commit("HEAD")
        await sit.let(GateJudged(sit.now, number, passed, how, who(), head, plain(notes)[-MOST_KEPT:]))
        if send_back and not passed:
            await _send_back(sit, number)
    if output is Form.json:
        print_json({"phase_id": number, "result": "pass" if passed else "fail", "how": how, "output": notes})
    else:
        console.print(f"Gate recorded: phase {number} — {'PASS' if passed else 'FAIL'}")
        if result is None and not passed:
            console.print(notes)
    return 1 if result is None and not passed else 0


async def _run(sit: Sitting, number: int) -> tuple[bool, str]:
    """The gate's commands, in this tree, one after the other until one fails."""
    from bot.cli.execute.commands import run_in
    from bot.core.plans.accepting import refused
    from bot.core.plans.happened import GateJudged

    if why := refused(sit.e, GateJudged(sit.now, number, True)):
        raise UserError(why)
    phase = _phase(sit, number)
    assert phase.phase.gate
    if phase.phase.gate.workflow:
        raise UserError(f"workflow {phase.phase.gate.workflow} runs on GitHub Actions; say its result with --result")
    judged = await run_in(sit.place.top, phase.phase.gate.commands)
    now = await sit.ledger.task(sit.task)
    if now and now.execution.phase(number) != phase:
        raise UserError(f"phase {number} changed while its gate ran, which says nothing of it now: run it again")
    return judged


async def _send_back(sit: Sitting, number: int) -> None:
    from bot.core.plans.amending import last_changing
    from bot.core.plans.delegation import gate_failed
    from bot.core.plans.happened import SentBack

    phase = _phase(sit, number)
    if phase.gate is None or phase.phase.gate is None:
        raise UserError(f"the gate of phase {number} has not failed")
    why = gate_failed(phase.phase.gate.told, phase.gate.output)
    await sit.let(SentBack(sit.now, last_changing(phase).step.id, why))


def retry_gate(
    phase: PhaseId,
    send_back: SendBack = False,
    task_id: TaskId = "",
    output: Output = Form.text,
    config: Config = FILE,
) -> None:
    """A gate that failed is to be judged again; with --send-back, after its phase was mended."""
    asyncio.run(_retry_gate(config, task_id, phase, send_back, output))


async def _retry_gate(config: Path, task_id: str, number: int, send_back: bool, output: Form) -> None:
    from bot.cli.execute.sitting import sitting, who
    from bot.core.plans.happened import GateRetried

    async with sitting(config, task_id) as sit:
        if send_back:
            await _send_back(sit, number)
        else:
            await sit.let(GateRetried(sit.now, number, who()))
    say(output, {"status": "retried", "phase_id": number}, f"Gate of phase {number}: to be judged again")


def approve(
    phase: PhaseId,
    result: Answer = Word.approve,
    feedback: Feedback = "",
    task_id: TaskId = "",
    output: Output = Form.text,
    config: Config = FILE,
) -> None:
    """A person's word on a phase, or with --phase-id 0 on the plan itself; it is noted with your name."""
    asyncio.run(_approve(config, task_id, phase, result, feedback, output))


async def _approve(config: Path, task_id: str, number: int, word: Word, feedback: str, output: Form) -> None:
    from bot.cli.execute.sitting import sitting, who
    from bot.core.plans.amending import remedy
    from bot.core.plans.happened import Answered, Happened

    if (word is Word.feedback) != bool(feedback.strip()):
        raise UserError("--feedback TEXT goes with --result approve-with-feedback, and that with it")
    async with sitting(config, task_id) as sit:
        what: list[Happened] = [Answered(sit.now, number, word.value, who(), feedback)]
        if feedback and number and (phase := sit.e.phase(number)):
            what.append(remedy(sit.e, phase, feedback, who(), sit.now))
        await sit.let(*what)
    what_for = f"phase {number}" if number else "the plan"
    say(output, {"phase_id": number, "result": word.value}, f"Approval recorded: {what_for} — {word.value}")


def _phase(sit: Sitting, number: int) -> PhaseState:
    found = sit.e.phase(number)
    if found is None:
        raise UserError(f"there is no phase {number}")
    return found
