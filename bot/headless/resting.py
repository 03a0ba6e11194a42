"""Where the loop comes to rest, or goes on: gates, a person's word, the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.core.plans import due as dues
from bot.core.plans.amending import last_changing
from bot.core.plans.delegation import gate_failed
from bot.core.plans.driving import rounds_left
from bot.core.plans.execution import Execution
from bot.core.plans.happened import GateJudged, Happened, SentBack
from bot.core.plans.plan import Phase

if TYPE_CHECKING:
    from bot.headless.driver import Driver

MOST_KEPT = 4_000  # characters of a gate's output
Ask = Callable[[Execution, dues.Due], Awaitable[Sequence[Happened]]]  # a person at a terminal; nothing: not now


@dataclass(frozen=True)
class Stop:
    """Why the loop came to rest."""

    kind: Literal["complete", "waits", "steps", "paused", "spent", "limited", "failed"]
    said: str
    due: dues.Due | None = None


async def at_rest(d: Driver) -> Stop | None:
    """What is due when nobody works. None: it goes on."""
    first = next(iter(dues.due(d.e)))
    if d.stopped and isinstance(first, dues.Dispatch):
        return d.stopped
    match first:
        case dues.JudgeGate(phase):
            return await _judge(d, phase)
        case dues.AskApproval(_, name, why):
            return await _ask(d, first, f"{name} waits for approval: {why}")
        case dues.Interact(unit):
            return await _ask(d, first, f"step {unit.step.id} waits for your turn")
        case dues.Wait(on, _):
            return Stop("waits", f"in somebody's hands, dispatched there: {', '.join(on)}", first)
        case dues.Failed(reason):
            return Stop("failed", reason, first)
        case dues.Complete():
            return Stop("complete", "", first)
        case dues.Dispatch():
            return None


def workflow_gate(phase: Phase, file: str, branch: str) -> str:
    return (
        f"The gate of phase {phase.number} runs {file} on GitHub Actions, and a task of the command line asks nothing "
        f"of GitHub: push {branch}, look what {file} says of it, and record that with "
        f"`sluice execute gate --phase-id {phase.number} --result pass` (or fail)."
    )


async def _ask(d: Driver, what: dues.Due, said: str) -> Stop | None:
    answer = await d.ask(d.e, what) if d.ask else ()
    if not answer:
        return Stop("waits", said, what)
    await d.let(*answer)
    return None


async def _judge(d: Driver, phase: Phase) -> Stop | None:
    assert phase.gate
    if phase.gate.workflow:
        return Stop("waits", workflow_gate(phase, phase.gate.workflow, d.bench.spec.branch), dues.JudgeGate(phase))
    head = d.e.work.head if d.e.work else d.bench.base
    passed, printed = await d.bench.judge(phase.gate, phase.number, head, any(p.offline for p in d.peers))
    if passed is None:
        return Stop("failed", f"the gate of phase {phase.number} could not be run: {printed}")
    what: list[Happened] = [GateJudged(d.now(), phase.number, passed, "command", d.by, head, printed[-MOST_KEPT:])]
    state = d.e.phase(phase.number)
    assert state
    last = last_changing(state).step.id
    if not passed and rounds_left(d.e, last, d.bench.rounds):
        what.append(SentBack(d.now(), last, gate_failed(phase.gate.told, printed)))
    await d.let(*what)
    d.say(f"Gate recorded: phase {phase.number} — {'PASS' if passed else 'FAIL'}")
    if len(what) > 1:
        d.say(f"Sent back: step {last}: the gate of phase {phase.number} failed")
    return None
